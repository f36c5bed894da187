"""How it stands with one person: what they may accept, what they had this year, and what stops the next thing."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Select, and_, bindparam, func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.countries import country_code
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.kernel.money import Money
from portal.people.models import Company, Person
from portal.receiving.models import CompanyAccepts, PersonAccepts, ReceivedValue, ReceivedYear, TaxForm
from portal.receiving.rules.accepting import Rule, Stance, objection, stricter
from portal.receiving.rules.domains import Suggestion, suggestion_for
from portal.receiving.rules.refusals import AskedFirst, FormNeeded
from portal.receiving.rules.thresholds import Threshold, needs_form, strictest, threshold_on
from portal.receiving.rules.value import POINT_VALUE

YEAR = bindparam("year", type_=Integer)
STANDS = and_(ReceivedValue.person_id == Person.id, ReceivedValue.year == YEAR, ReceivedValue.taken_back_at.is_(None), ReceivedValue.country != "")
"""What was received in the year under the limit of a country that is known, and did not come back."""
_COUNTED = select(func.aggregate_strings(ReceivedValue.country, " ")).where(STANDS).correlate(Person).scalar_subquery()


@dataclass(frozen=True)
class Receiver:
    """One person as somebody who receives: ``own`` and ``companys`` are the rows where somebody said something."""

    person_id: int
    name: str
    company: str
    own: PersonAccepts | None
    companys: CompanyAccepts | None
    suggestion: Suggestion | None
    year: int
    cents: int
    country: str
    form: TaxForm | None

    @property
    def rule(self) -> Rule:
        """What holds: the stricter of the two."""
        return stricter(*(row.rule for row in (self.own, self.companys) if row is not None))

    @property
    def is_answered(self) -> bool:
        """Whether the person was asked, or somebody else said what holds. An admin who does not know it answers for nobody."""
        said = self.own is not None and (self.own.set_by_id == self.person_id or self.own.rule.stance is not Stance.UNKNOWN)
        return said or (self.companys is not None and self.companys.rule.stance is not Stance.UNKNOWN)

    @property
    def is_locked(self) -> bool:
        """Whether an admin entered what holds, so that the person cannot answer."""
        return self.own is not None and self.own.is_admins

    @property
    def must_answer(self) -> bool:
        """Whether they have to say what holds before their first reward: nobody has, and their domain suggests something."""
        return not self.is_answered and self.suggestion is not None

    @property
    def threshold(self) -> Threshold | None:
        return threshold_on(self.country, self.year)

    @property
    def limit(self) -> int | None:
        return self.threshold.cents if self.threshold else None

    def at(self, country: str) -> "Receiver":
        """Return the same for a parcel that goes to ``country``: it can bring a lower limit, and never takes one away."""
        is_entered = self.own is not None and self.own.country
        return self if is_entered or not country else replace(self, country=strictest({self.country, country}, self.year))

    def objection(self, cents: int, *, is_charity: bool, open_cents: int = 0) -> Refusal | None:
        """Return why they cannot ask for something worth ``cents``, or None; ``open_cents`` is what they asked for and was not sent yet."""
        if self.must_answer:
            return AskedFirst()
        return objection(self.rule, cents=cents, is_charity=is_charity, before=self.cents + open_cents, year=self.year)

    def stop(self, cents: int, *, is_charity: bool) -> Refusal | None:
        """Return why something worth ``cents`` cannot be sent to them now, or None: what they may not accept, or a form that is missing."""
        if refusal := objection(self.rule, cents=cents, is_charity=is_charity, before=self.cents, year=self.year):
            return refusal
        if needs_form(before=self.cents, cents=cents, limit=self.limit, has_form=self.form is not None):
            return FormNeeded(person=self.name, value=Money(self.cents + cents), year=str(self.year), limit=Money(self.limit or 0))
        return None


def joined() -> Select[*tuple[Any, ...]]:
    """Return the statement of people with all that is known of them as receivers in ``YEAR``."""
    return (
        select(Person, Company, PersonAccepts, CompanyAccepts, ReceivedYear, TaxForm, _COUNTED.label("counted"))
        .outerjoin(Company, Company.id == Person.company_id)
        .outerjoin(PersonAccepts, PersonAccepts.person_id == Person.id)
        .outerjoin(CompanyAccepts, CompanyAccepts.company_id == Person.company_id)
        .outerjoin(ReceivedYear, and_(ReceivedYear.person_id == Person.id, ReceivedYear.year == YEAR))
        .outerjoin(TaxForm, and_(TaxForm.person_id == Person.id, TaxForm.ended_at.is_(None)))
    )


_ONE = joined().where(Person.id == bindparam("person"))


def receiver_of(session: Session, person_id: int, now: datetime, *, sent_to: str = "") -> Receiver:
    """Return how it stands with one person, in the programme's calendar year of ``now``, in one statement. Raises NotFound.

    ``sent_to`` is the country of a parcel. It can bring a lower limit, and never takes one away.
    """
    row = session.execute(_ONE, {"person": person_id, "year": year_of(session, now)}, execution_options={"populate_existing": True}).first()
    if row is None:
        raise NotFound()
    return receiver_from(row, year_of(session, now), sent_to=sent_to)


def receiver_from(row: Any, year: int, *, sent_to: str = "") -> Receiver:
    """Return the receiver who stands in a row of ``joined``.

    The country that counts is the one an admin entered; else, of the company's, those that counted for what was received this year
    and the parcel's, the one with the lowest limit. ``limit_of`` in ``queries/lists.py`` is its twin for lists.
    """
    person, company, own, companys, received, form, counted = row[:7]
    known = {country_code(company.country if company else ""), *(counted or "").split(), *([sent_to] if sent_to else [])}
    country = (own.country if own else "") or strictest(known, year)
    suggestion = suggestion_for(person.email_key, company.domain if company else None)
    name, cents = company.name if company else "", received.cents if received else 0
    return Receiver(person.id, person.name, name, own, companys, suggestion, year, cents, country, form)


def year_of(session: Session, now: datetime) -> int:
    """Return the calendar year of ``now`` where the payer is: in the programme's zone."""
    return local_date(now, programme_zone(session)).year


def point_value(session: Session) -> Decimal:
    """Return what a point is worth in US dollars (``PORTAL_POINT_VALUE``)."""
    return Decimal(session.info.get("point_value", POINT_VALUE))


def receivers_of(session: Session, person_ids: Iterable[int], now: datetime) -> dict[int, Receiver]:
    """Return how it stands with each of ``person_ids``, in one statement."""
    year = year_of(session, now)
    found = session.execute(joined().where(Person.id.in_(set(person_ids))), {"year": year})
    return {row[0].id: receiver_from(row, year) for row in found}
