"""What every page about asks needs to put things into words."""

from typing import Any

from portal.acts.rules.asks import ASK_KIND_NAMES, ASK_STATE_NAMES, CHANNEL_NAMES
from portal.acts.rules.budget import BAND_NAMES
from portal.acts.rules.refusals import LegalHold, NotToBeAsked, OpenEscalation
from portal.acts.rules.terms import BLOCK_NAMES, BlockKind
from portal.kernel.text import N_
from portal.web.errors import sentence

BARRED_NAMES = {
    LegalHold.__name__: BLOCK_NAMES[BlockKind.LEGAL],
    OpenEscalation.__name__: BLOCK_NAMES[BlockKind.ESCALATION],
    NotToBeAsked.__name__: N_("Not to be asked now"),
}
"""What stands, in a word or two, by the name of the refusal."""
NAMES: dict[str, Any] = {
    "kind_names": ASK_KIND_NAMES,
    "ask_states": ASK_STATE_NAMES,
    "channel_names": CHANNEL_NAMES,
    "band_names": BAND_NAMES,
    "block_names": BLOCK_NAMES,
    "barred_names": BARRED_NAMES,
    "sentence": sentence,
}
