"""Who may see how a customer's person is reached, and when a contract ends. The one rule of it, for pages, exports, searches and mails alike."""

from enum import StrEnum

from portal.kernel.actor import Actor
from portal.kernel.text import N_
from portal.people.rules.company import looks_after


class Place(StrEnum):
    """Where contact details were shown."""

    PERSON = "person"
    PEOPLE_FILE = "people_file"
    REGISTRY = "registry"
    NOMINATION = "nomination"
    COMPANY = "company"
    REQUEST = "request"


PLACE_NAMES = {
    Place.PERSON: N_("Page of the person"),
    Place.PEOPLE_FILE: N_("Exported list of people"),
    Place.REGISTRY: N_("Registry"),
    Place.NOMINATION: N_("Nomination"),
    Place.COMPANY: N_("Page of the company"),
    Place.REQUEST: N_("Reference request"),
}


def may_see_contact(actor: Actor, *, owner_id: int | None, person_id: int, is_granted: bool) -> bool:
    """Tell whether ``actor`` may see the contact details (address) of ``person_id``, whose company ``owner_id`` looks after.

    Admins may, and the person themself. An employee may as the company's account owner, or by a grant that stands (``is_granted``): what
    the customer agreed to. Nobody else may, and no grant or ownership helps somebody who is no employee any more.
    """
    if actor.is_admin or (actor.id is not None and actor.id == person_id):
        return True
    return actor.is_employee and actor.id is not None and (is_granted or actor.id == owner_id)


def may_see_renewal(actor: Actor, owner_id: int | None) -> bool:
    """Tell whether ``actor`` may see when a contract is renewed with a company that ``owner_id`` looks after: its owner, and admins."""
    return looks_after(actor, owner_id)
