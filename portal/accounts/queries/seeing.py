"""Whose contact details, and which renewals, somebody may see. What is shown of them is written down: see ``actions.seeing``."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, case, false, or_, select, true
from sqlalchemy.orm import Session

from portal.accounts.models import CompanyAccount, ContactGrant
from portal.accounts.rules.seeing import may_see_contact
from portal.kernel.actor import Actor
from portal.people.models import Company, Person

AT_ONCE = 500


@dataclass(frozen=True)
class Contact:
    """How a person is reached. ``email`` is None where nobody knows an address; ``phones`` are what a nominator wrote down."""

    person_id: int
    name: str
    email: str | None
    phones: tuple[str, ...] = ()


def contacts_for(session: Session, actor: Actor, person_ids: Collection[int]) -> dict[int, Contact | None]:
    """Return the contact details of those of ``person_ids`` that ``actor`` may see, None for the others: one statement for a page's people.

    Nothing of it is to be shown without ``actions.seeing.see_contact``. Whoever there is not is left out.
    """
    wanted, found = sorted(set(person_ids)), dict[int, Contact | None]()
    for start in range(0, len(wanted), AT_ONCE):
        granted = granted_to(actor.id or 0).label("granted")
        people = select(Person.id, Person.name, Person.email, Company.owner_id, granted).outerjoin(Company, Company.id == Person.company_id)
        for row in session.execute(people.where(Person.id.in_(wanted[start : start + AT_ONCE]))):
            may = may_see_contact(actor, owner_id=row.owner_id, person_id=row.id, is_granted=bool(row.granted))
            found[row.id] = Contact(row.id, row.name, row.email) if may else None
    return found


def seen_by(session: Session, actor: Actor, person_ids: Collection[int]) -> frozenset[int]:
    """Return those of ``person_ids`` whose contact details ``actor`` may see: where a page offers to show them."""
    return frozenset(person_id for person_id, contact in contacts_for(session, actor, person_ids).items() if contact is not None)


def may_search_contact(actor: Actor) -> ColumnElement[bool]:
    """Return the condition over ``Person`` under which a search by address may find somebody: ``may_see_contact`` in SQL.

    A search that finds people by parts of an address tells the address to whoever tries long enough.
    """
    if actor.is_admin:
        return true()
    own = Person.id == (actor.id or 0)
    if not actor.is_employee:
        return own
    looked_after = select(Company.id).where(Company.owner_id == (actor.id or 0)).scalar_subquery()
    return or_(own, Person.company_id.in_(looked_after), granted_to(actor.id or 0))


def renewal_for(actor: Actor) -> ColumnElement[date | None]:
    """Return the day on which a contract is renewed, over ``Company`` and ``CompanyAccount``; NULL where ``actor`` may not see it.

    ``may_see_renewal`` in SQL.
    """
    if actor.is_admin:
        return case((true(), CompanyAccount.renewal_on))
    mine = Company.owner_id == (actor.id or 0) if actor.is_employee else false()
    return case((mine, CompanyAccount.renewal_on))


def granted_to(viewer_id: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition over ``Person`` that somebody was granted their contact details, and is still."""
    grants = select(ContactGrant.id).where(ContactGrant.viewer_id == viewer_id, ContactGrant.person_id == Person.id)
    return grants.where(ContactGrant.ended_at.is_(None)).correlate(Person).exists()
