"""What every page about asks needs to put things into words."""

from typing import Any

from portal.acts.rules.asks import ASK_KIND_NAMES, ASK_STATE_NAMES, CHANNEL_NAMES
from portal.acts.rules.budget import BAND_NAMES
from portal.acts.rules.terms import BLOCK_NAMES
from portal.web.errors import sentence

NAMES: dict[str, Any] = {
    "kind_names": ASK_KIND_NAMES,
    "ask_states": ASK_STATE_NAMES,
    "channel_names": CHANNEL_NAMES,
    "band_names": BAND_NAMES,
    "block_names": BLOCK_NAMES,
    "sentence": sentence,
}
