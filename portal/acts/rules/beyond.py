"""Which limits an ask goes beyond, in words for whom it is asked of: their own ones by what they are, all others as what they are to them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from portal.kernel.text import N_

_OWN = {
    "PersonCapReached": N_("Beyond your limit of %(most)s in %(days)s days."),
    "PersonTakesNone": N_("Beyond your wish to be asked for nothing."),
    "KindNotWanted": N_("Beyond the wish not to be asked for this."),
    "Paused": N_("Beyond a pause that is not over."),
    "MonthOff": N_("In a month in which nobody was to ask."),
    "Resting": N_("Sooner than we wanted to ask you again."),
    "CompanyCapReached": N_("Beyond the limit of your company."),
    "CompanyTakesNone": N_("Beyond the wish of your company to be asked for nothing."),
}
ANOTHER = N_("Beyond a rule of ours for whom we ask.")
"""Rules of the search are about what staff know of somebody (a score, a renewal, who is at odds with whom), and are not theirs to read."""

NAMES_LENGTH = 200
"""As long as the column of the names of an ask."""


def kept_names(names: Iterable[str]) -> str:
    """Return what an ask keeps of the refusals that an override lifted: each name once, in their order, and only whole ones that have room.

    What has no room is not kept as lifted: an ask that takes this one's place is held to it anew, and nothing is lifted that nobody approved.
    """
    kept = ""
    for name in dict.fromkeys(names):
        longer = f"{kept} {name}".strip()
        kept = longer if len(longer) <= NAMES_LENGTH else kept
    return kept


def beyond(overrode: str, most: int, days: int) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the sentences, each with its facts, of the refusals that were lifted; ``most`` and ``days`` are the person's cap of that moment."""
    facts = {"most": most, "days": days}
    texts = dict.fromkeys(_OWN.get(name, ANOTHER) for name in overrode.split())
    return [(text, facts if "%(most)s" in text else {}) for text in texts]
