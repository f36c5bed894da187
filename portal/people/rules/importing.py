"""Why somebody whom an import added stays when it is undone."""

from collections.abc import Collection

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

UNDONE = "The import that added them was undone."
"""Kept as the reason of deactivating them: who comes with an import again is let in again by it."""
INVITED, EDITED, OTHERWISE = "invited", "edited", ""
STAYS = {
    INVITED: N_("%(name)s stays: they were invited, or have joined."),
    EDITED: N_("%(name)s stays: somebody changed their record here since."),
    "reference_profile": N_("%(name)s stays: they have a reference profile."),
    "ask": N_("%(name)s stays: they were asked for something."),
    "nomination": N_("%(name)s stays: somebody nominated them."),
    "stakeholder": N_("%(name)s stays: what sales handed over names them."),
    "act": N_("%(name)s stays: they did something."),
    "consent": N_("%(name)s stays: they agreed to something."),
    OTHERWISE: N_("%(name)s stays: something here speaks of them."),
}


class PersonStays(Refusal):
    """Somebody whom an import added is in use by now."""

    def __init__(self, why: str, *, name: str) -> None:
        super().__init__(name=name)
        self.message = STAYS[why]


def why_stays(*, is_contact: bool, is_edited: bool, tables: Collection[str]) -> str | None:
    """Return the first of ``STAYS`` that holds of somebody, None for who may go. ``tables`` are those in which something speaks of them."""
    if not is_contact:
        return INVITED
    named = next((why for why in STAYS if why in tables), None)
    return named or (EDITED if is_edited else None) or (OTHERWISE if tables else None)
