"""The rule of tiers (``rules.seeing``) as conditions, and whose profile somebody may read."""

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select, true
from sqlalchemy.orm import Session

from portal.accounts.queries.seeing import granted_to
from portal.acts.queries.blocks import stands_on
from portal.acts.rules.terms import BlockKind
from portal.kernel.actor import Actor
from portal.kernel.schema import BigId
from portal.people.models import Company, Person
from portal.people.queries.knowing import READER
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.seeing import OPEN_TIER, may_see
from portal.profiles.rules.states import Status


def known(reader_id: int) -> ColumnElement[bool]:
    """Return ``may_know`` over ``Person`` for an employee who is no admin: handed to ``people.queries.knowing`` by ``app.py``."""
    reader = bindparam(READER, reader_id, type_=BigId)
    veiled = select(1).where(ReferenceProfile.person_id == Person.id, ReferenceProfile.tier > OPEN_TIER).correlate(Person).exists()
    looked_after = select(1).where(Company.id == Person.company_id, Company.owner_id == reader).correlate(Person).exists()
    return or_(~veiled, Person.id == reader, looked_after, granted_to(reader))


def readable(actor: Actor) -> ColumnElement[bool]:
    """Return ``may_see`` over ``ReferenceProfile`` joined with ``Company``."""
    if actor.is_admin:
        return true()
    everybody = and_(ReferenceProfile.tier <= OPEN_TIER, ReferenceProfile.is_visible, ReferenceProfile.status == Status.ACTIVE)
    return or_(Company.owner_id == (actor.id or 0), everybody) if actor.is_employee else Person.id.is_(None)


def shown_status(actor: Actor, *, of_all: bool = False) -> ColumnElement[str]:
    """Return ``rules.states.shown_as`` over ``ReferenceProfile`` joined with ``Person`` and ``Company``; for whoever may not know which block
    stands (``acts.rules.seeing``), the status of the profile itself. ``of_all`` as ``stands_on`` has it.
    """
    return case((_is_held(actor, of_all=of_all), Status.LEGAL_HOLD.value), else_=ReferenceProfile.status)


def is_shown_as(actor: Actor, status: str) -> ColumnElement[bool]:
    """Return the condition that ``shown_status`` is ``status``."""
    own, held = ReferenceProfile.status == status, _is_held(actor, of_all=True)
    return or_(own, held) if status == Status.LEGAL_HOLD else and_(own, ~held)


def _is_held(actor: Actor, *, of_all: bool) -> ColumnElement[bool]:
    knows = true() if actor.is_admin else func.coalesce(Company.owner_id, 0) == (actor.id or -1)
    return and_(ReferenceProfile.status != Status.RETIRED, stands_on(BlockKind.LEGAL, of_all=of_all), knows)


def may_read(session: Session, actor: Actor, person_id: int) -> bool:
    """Tell whether ``actor`` may read somebody's profile; not where there is none."""
    found = select(ReferenceProfile, Company.owner_id).join(Person, Person.id == ReferenceProfile.person_id)
    row = session.execute(found.outerjoin(Company, Company.id == Person.company_id).where(ReferenceProfile.person_id == person_id)).first()
    if row is None:
        return False
    profile, owner_id = row
    return may_see(actor, owner_id=owner_id, tier=profile.tier, status=Status(profile.status), is_visible=profile.is_visible)
