"""Who can be asked now and who cannot, as conditions over people: for lists and searches that are sifted and ranked in the database.

``ready`` gives the joins and the conditions together; what it says is what ``Standing.against`` says of one person, kinds apart, which a test
holds together. It reads what is kept with every ask (``ask_load``), so it counts nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, and_, false, func, literal, not_, or_, select, true, type_coerce, union_all
from sqlalchemy.orm import Session

from portal.acts.models.asks import AskBlock, AskLoad, CompanyAskLoad, CompanyGoodwill, PersonGoodwill
from portal.acts.queries.blocks import stands_on
from portal.acts.queries.settings import defaults_of, efforts_at
from portal.acts.rules.asks import AskKind
from portal.acts.rules.budget import AMBER, RED, Band
from portal.acts.rules.loads import NEVER_ASKED, rank_at
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.text import N_
from portal.people.models import Person

FEW = 2_000
"""Up to so many are looked at one by one: the engines cannot tell beforehand that they are few, and would look at everybody."""
RANK: ColumnElement[int] = func.coalesce(AskLoad.rank, literal(NEVER_ASKED, BigInteger), type_=BigInteger)
"""The rank of a person by strain, never NULL: ascending is most rested first (``rules/loads.py``)."""


class Ready(StrEnum):
    """How somebody stands before one more ask. What somebody wants of a kind is not among it."""

    NOW = "now"
    RESTING = "resting"
    FULL = "full"
    PAUSED = "paused"
    BLOCKED = "blocked"


READY_NAMES = {
    Ready.NOW: N_("Can be asked now"),
    Ready.RESTING: N_("Resting after several noes"),
    Ready.FULL: N_("Cap reached"),
    Ready.PAUSED: N_("Paused, or not in this month"),
    Ready.BLOCKED: N_("Blocked"),
}


@dataclass(frozen=True)
class Sifting:
    """What a statement over ``Person`` needs to be sifted by who can be asked."""

    where: Mapping[Ready, ColumnElement[bool]]
    among: Mapping[Ready, Any]
    """The statement of ids of whom it is written down, or of whose company, that they stand so; what ``where`` says besides decides. A state
    that is not here may be anybody's."""
    bands: Sequence[tuple[Band, ColumnElement[bool]]]
    """Who has which colour, as pages show it: of the person and their company the worse. The most rested first."""

    def joined(self, statement: Any) -> Any:
        """Return the statement with the tables that the conditions and ``RANK`` read, each joined by its key."""
        joined = statement.outerjoin(AskLoad, AskLoad.person_id == Person.id).outerjoin(PersonGoodwill, PersonGoodwill.person_id == Person.id)
        joined = joined.outerjoin(CompanyAskLoad, CompanyAskLoad.company_id == Person.company_id)
        return joined.outerjoin(CompanyGoodwill, CompanyGoodwill.company_id == Person.company_id)


def ready(session: Session, now: datetime) -> Sifting:
    """Return the conditions as they are at ``now``, and the joins they need."""
    defaults, today = defaults_of(session), local_date(now, programme_zone(session))
    of_person = _full(AskLoad.full_until, AskLoad.person_id, defaults.person.most, now)
    of_company = and_(Person.company_id.is_not(None), _full(CompanyAskLoad.full_until, CompanyAskLoad.company_id, defaults.company.most, now))
    said = [_off(said, today.month) | _is(said.paused_until > today) for said in (PersonGoodwill, CompanyGoodwill)]
    where = {
        Ready.RESTING: _is(AskLoad.rests_until > now),
        Ready.FULL: or_(of_person, of_company),
        Ready.PAUSED: or_(*said),
        Ready.BLOCKED: stands_on(),
    }
    loads = ((AskLoad.person_id, AskLoad.full_until), (CompanyAskLoad.company_id, CompanyAskLoad.full_until))
    goodwill = zip((PersonGoodwill.person_id, CompanyGoodwill.company_id), said, strict=True)
    blocks = (AskBlock.person_id, AskBlock.company_id)
    among = {
        Ready.RESTING: _of(select(AskLoad.person_id).where(AskLoad.rests_until > now)),
        Ready.PAUSED: _of(*(select(key).where(condition) for key, condition in goodwill)),
        Ready.BLOCKED: _of(*(select(key).where(AskBlock.lifted_at.is_(None), key.is_not(None)) for key in blocks)),
    }
    if defaults.person.most and defaults.company.most:
        among[Ready.FULL] = _of(*(select(key).where(until > now) for key, until in loads))
    return Sifting(where | {Ready.NOW: not_(or_(*where.values()))}, among, _bands(session, now))


def few(session: Session, sifting: Sifting, state: Ready) -> Any:
    """Return the ids of who may stand so, found beforehand where they are few; the statement of them where they are many."""
    found = list(session.scalars(sifting.among[state].limit(FEW + 1)))
    return found if len(found) <= FEW else sifting.among[state]


def _of(people: Any, companies: Any = None) -> Any:
    return people if companies is None else union_all(people, select(Person.id).where(Person.company_id.in_(companies)))


def _bands(session: Session, now: datetime) -> list[tuple[Band, ColumnElement[bool]]]:
    call_effort = efforts_at(session, now)[AskKind.CALL]
    company = func.coalesce(CompanyAskLoad.rank, literal(NEVER_ASKED, BigInteger), type_=BigInteger)
    green, red = (and_(*(side < rank_at(edge, now, call_effort) for side in (RANK, company))) for edge in (AMBER, RED))
    return [(Band.GREEN, green), (Band.AMBER, and_(red, not_(green))), (Band.RED, not_(red))]


def _full(until: Any, key: Any, usual: int, now: datetime) -> ColumnElement[bool]:
    """Return the condition that no slot is free; who has no row stands under the programme's number, and nothing is taken."""
    return or_(and_(key.is_(None), false() if usual else true()), _is(until > now))


def _off(said: Any, month: int) -> ColumnElement[bool]:
    return _is((literal(",") + type_coerce(said.months_off, String) + literal(",")).contains(f",{month},"))


def _is(condition: Any) -> ColumnElement[bool]:
    """Return the condition with NULL as no."""
    return func.coalesce(condition, false())
