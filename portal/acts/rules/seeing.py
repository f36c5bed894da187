"""Who may know which block stands on a customer: admins, and who looks after the company. Others read that nobody is to be asked. Pure."""

from collections.abc import Iterable

from portal.acts.rules.refusals import LegalHold, NotToBeAsked, OpenEscalation
from portal.kernel.actor import Actor
from portal.kernel.errors import Refusal
from portal.people.rules.company import looks_after

HELD = (LegalHold, OpenEscalation)


def told_to(actor: Actor, stops: Iterable[Refusal], owner_id: int | None) -> list[Refusal]:
    """Return what ``actor`` may read of what stands against an ask of somebody whose company ``owner_id`` looks after.

    Whoever may not know which block stands, or how many, reads in the place of the first that somebody is not to be asked.
    """
    listed = list(stops)
    if looks_after(actor, owner_id):
        return listed
    held = [NotToBeAsked(name=one.facts["name"]) for one in listed if isinstance(one, HELD)]
    return [*held[:1], *(one for one in listed if not isinstance(one, HELD))]
