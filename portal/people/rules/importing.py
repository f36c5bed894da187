"""Why somebody whom an import added stays when it is undone."""

from collections.abc import Collection, Mapping

from portal.kernel.errors import Refusal
from portal.kernel.text import N_

UNDONE = "The import that added them was undone."
"""Kept as the reason of deactivating them: who comes with an import again is let in again by it."""


class PersonStays(Refusal):
    """Something here speaks of somebody whom an import added."""

    message = N_("%(name)s stays: something here speaks of them.")


class InvitedStays(PersonStays):
    """No contact any more."""

    message = N_("%(name)s stays: they were invited, or have joined.")


class EditedStays(PersonStays):
    """What stands here is not the import's alone."""

    message = N_("%(name)s stays: somebody changed their record here since.")


class ReferenceStays(PersonStays):
    """There is a reference profile."""

    message = N_("%(name)s stays: they have a reference profile.")


class AskedStays(PersonStays):
    """There is an ask."""

    message = N_("%(name)s stays: they were asked for something.")


class NominatedStays(PersonStays):
    """There is a nomination."""

    message = N_("%(name)s stays: somebody nominated them.")


class NamedStays(PersonStays):
    """What sales handed over names them."""

    message = N_("%(name)s stays: what sales handed over names them.")


class ActedStays(PersonStays):
    """There is an act."""

    message = N_("%(name)s stays: they did something.")


class AgreedStays(PersonStays):
    """There is a consent."""

    message = N_("%(name)s stays: they agreed to something.")


IN_TABLES: Mapping[str, type[PersonStays]] = {
    "reference_profile": ReferenceStays,
    "ask": AskedStays,
    "nomination": NominatedStays,
    "stakeholder": NamedStays,
    "act": ActedStays,
    "consent": AgreedStays,
}


def why_stays(*, is_contact: bool, is_edited: bool, tables: Collection[str]) -> type[PersonStays] | None:
    """Return why somebody stays, None for who may go. ``tables`` are those in which something speaks of them."""
    if not is_contact:
        return InvitedStays
    named = next((stays for table, stays in IN_TABLES.items() if table in tables), None)
    return named or (EditedStays if is_edited else None) or (PersonStays if tables else None)
