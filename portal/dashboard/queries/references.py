"""The programme owner's figures about references, counted from requests, profiles and asks. Each takes one statement, whatever there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from portal.acts.models.asks import Ask, AskOutcome, CompanyGoodwill, OpenAsk, PersonGoodwill
from portal.acts.queries.settings import defaults_of
from portal.acts.rules.asks import AskKind, Came
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.people.models import Company, Person
from portal.profiles.models import ProfileWord, ReferenceProfile
from portal.profiles.rules.activity import ASK_OF
from portal.profiles.rules.states import Status, WordKind
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting
from portal.requests.rules.figures import (
    DUE_WITHIN,
    HORIZON_DAYS,
    Cell,
    Gap,
    Share,
    Spread,
    Verdict,
    compared,
    deal_band,
    filled_in_time,
    gaps,
    gini,
    spread,
)
from portal.requests.rules.states import CandidateState, State

YEAR = timedelta(days=365)
MOST = 20_000
"""So many requests of a year, the latest first, are measured at most."""
SHOWN_DUE, SHOWN_GAPS = 20, 200
ENDED = (State.COMPLETED, State.MISSED, State.DECLINED, State.EXPIRED, State.CANCELLED, State.WITHDRAWN)
_LIVES = ReferenceRequest.state.not_in((State.DRAFT, *ENDED))
_requester, _held = aliased(Person), aliased(OpenAsk)


@dataclass(frozen=True)
class DealLine:
    """Deals of one stage and size band: how many were won with a completed reference, and without, and what that says."""

    stage: str
    band: str
    with_reference: Share
    without: Share

    @property
    def verdict(self) -> Verdict:
        return compared(self.with_reference, self.without)


@dataclass(frozen=True)
class Glance:
    """All figures of the page. ``due`` are (ReferenceRequest, requester), ``months`` (first day, opened, completed)."""

    due: Sequence[Any]
    number_due: int
    to_proposal: Spread
    to_completion: Spread
    filled: Share
    unfilled_by: list[tuple[str, int]]
    verified: Share
    concentration: float | None
    bypass: Share
    deals: list[DealLine]
    other_currencies: int
    requests: int


def glance(session: Session, now: datetime, currency: str) -> Glance:
    """Return the figures of the last twelve months up to ``now``; deals in ``currency`` alone, so that bands mean one thing."""
    today, since = local_date(now, programme_zone(session)), now - YEAR
    proposals, completions, filled, number = _speed(session, since, today)
    due, number_due = due_soon(session, now)
    deals, others = _deals(session, since, currency)
    return Glance(
        due=due,
        number_due=number_due,
        to_proposal=proposals,
        to_completion=completions,
        filled=filled,
        unfilled_by=_unfilled(session, since),
        verified=_verified(session, today),
        concentration=_concentration(session, since),
        bypass=_bypass(session, since),
        deals=deals,
        other_currencies=others,
        requests=number,
    )


def due_soon(session: Session, now: datetime) -> tuple[Sequence[Any], int]:
    """Return (ReferenceRequest, requester) of what is needed within 72 hours or is overdue, the first first, and how many that are in all."""
    last = local_date(now + DUE_WITHIN, programme_zone(session))
    due = (_LIVES, ReferenceRequest.needed_by <= last)
    found = select(ReferenceRequest, _requester.name.label("requester")).join(_requester, _requester.id == ReferenceRequest.requester_id)
    rows = session.execute(found.where(*due).order_by(ReferenceRequest.needed_by, ReferenceRequest.id).limit(SHOWN_DUE)).all()
    return rows, session.scalar(select(func.count()).select_from(ReferenceRequest).where(*due)) or 0


def _speed(session: Session, since: datetime, today: date) -> tuple[Spread, Spread, Share, int]:
    """Return time to the first proposal and to completion, how many were filled in time, and how many requests there were."""
    one = ReferenceRequest
    columns = (one.opened_at, one.first_proposed_at, _done_at().label("done_at"), one.state, one.needed_by)
    rows = session.execute(select(*columns).where(one.opened_at >= since).order_by(one.opened_at.desc()).limit(MOST)).all()
    zone = programme_zone(session)
    proposals = [row.first_proposed_at - row.opened_at for row in rows if row.first_proposed_at]
    completions = [row.done_at - row.opened_at for row in rows if row.done_at]
    judged = (
        (row.needed_by, local_date(row.done_at, zone) if row.done_at else None, row.state in ENDED)
        for row in rows
        if row.needed_by is not None and row.state not in (State.CANCELLED, State.WITHDRAWN)
    )
    return spread(proposals), spread(completions), filled_in_time(judged, today), len(rows)


def _done_at() -> Any:
    """Return when a request was completed, NULL for every other: its meeting, if it had one; that it took place is said days later."""
    held = select(RequestMeeting.starts_at).join(RequestCandidate, RequestCandidate.id == RequestMeeting.candidate_id)
    held = held.where(RequestCandidate.request_id == ReferenceRequest.id, RequestCandidate.state == CandidateState.COMPLETED).limit(1)
    day = func.coalesce(held.correlate(ReferenceRequest).scalar_subquery(), ReferenceRequest.ended_at)
    return case((ReferenceRequest.state == State.COMPLETED, day))


def _unfilled(session: Session, since: datetime) -> list[tuple[str, int]]:
    """Return the criteria that left requests unfilled, with how often, the most frequent first."""
    one, number = ReferenceRequest, func.count().label("number")
    found = select(one.unfilled_by, number).where(one.opened_at >= since, one.unfilled_by != "", one.state != State.COMPLETED)
    return [(row.unfilled_by, row.number) for row in session.execute(found.group_by(one.unfilled_by).order_by(number.desc(), one.unfilled_by))]


def _verified(session: Session, today: date) -> Share:
    """Return how many profiles are verified and not due to be asked again, of all that are in use or were until silence or doubt hid them."""
    hidden = ReferenceProfile.status == Status.NEEDS_VERIFICATION
    fresh = case((ReferenceProfile.verified_at.is_not(None) & (ReferenceProfile.verify_on > today) & ~hidden, 1), else_=0)
    known = (Status.ACTIVE, Status.RESTING, Status.NEEDS_VERIFICATION)
    row = session.execute(select(func.count(), func.coalesce(func.sum(fresh), 0)).where(ReferenceProfile.status.in_(known))).one()
    return Share(int(row[1]), row[0])


def _concentration(session: Session, since: datetime) -> float | None:
    """Return the Gini of what active references completed; those who completed nothing count too."""
    done = (
        select(Ask.person_id, func.count().label("done"))
        .join(AskOutcome, AskOutcome.ask_id == Ask.id)
        .where(AskOutcome.came == Came.COMPLETED, AskOutcome.at >= since, Ask.kind.in_(sorted(set(ASK_OF.values()))))
        .group_by(Ask.person_id)
        .subquery()
    )
    found = select(done.c.done, func.count().label("people")).select_from(ReferenceProfile)
    found = (
        found.outerjoin(done, done.c.person_id == ReferenceProfile.person_id).where(ReferenceProfile.status == Status.ACTIVE).group_by(done.c.done)
    )
    return gini({row.done or 0: row.people for row in session.execute(found)})


def _bypass(session: Session, since: datetime) -> Share:
    """Return how many reference calls that took place were logged after the fact, of all that took place: a no is no call."""
    found = select(func.count(), func.coalesce(func.sum(case((Ask.is_outside, 1), else_=0)), 0))
    took_place = exists().where(AskOutcome.ask_id == Ask.id, AskOutcome.came == Came.COMPLETED)
    row = session.execute(found.where(Ask.kind == AskKind.CALL, Ask.recorded_at >= since, took_place)).one()
    return Share(int(row[1]), row[0])


def _deals(session: Session, since: datetime, currency: str) -> tuple[list[DealLine], int]:
    """Return closed deals by stage and size band, and how many are left out because their value is in another currency."""
    one = ReferenceRequest
    is_won, is_done = case((one.deal_outcome == "won", 1), else_=0), case((one.state == State.COMPLETED, 1), else_=0)
    band = case(
        (one.deal_value < 10_000, 0), (one.deal_value < 50_000, 10_000), (one.deal_value < 250_000, 50_000), else_=250_000
    )  # deal_band reads the least value of each
    columns = (one.deal_stage, band.label("band"), is_done.label("done"), is_won.label("won"), func.count().label("number"))
    closed = (one.deal_outcome.is_not(None), one.opened_at >= since, one.deal_value.is_not(None), one.deal_stage.is_not(None))
    found = select(*columns).where(*closed, one.currency == currency).group_by(one.deal_stage, "band", "done", "won")
    counted: dict[tuple[str, str], dict[tuple[int, int], int]] = {}
    for row in session.execute(found):
        counted.setdefault((row.deal_stage, deal_band(row.band) or ""), {})[(row.done, row.won)] = row.number
    others = session.scalar(select(func.count()).select_from(one).where(*closed, one.currency != currency)) or 0
    lines = [DealLine(stage, name, _won(numbers, 1), _won(numbers, 0)) for (stage, name), numbers in counted.items()]
    return sorted(lines, key=lambda line: -(line.with_reference.of + line.without.of)), others


def _won(numbers: dict[tuple[int, int], int], done: int) -> Share:
    return Share(numbers.get((done, 1), 0), numbers.get((done, 0), 0) + numbers.get((done, 1), 0))


def by_month(session: Session, starts: Sequence[datetime]) -> list[tuple[int, int]]:
    """Return how many requests were opened, and how many completed, in each time that begins with one of ``starts`` (in order)."""
    counts = []
    ended = ReferenceRequest.ended_at >= starts[0]  # what was done since then ended since then
    for column, only in ((ReferenceRequest.opened_at, ()), (_done_at(), (ReferenceRequest.state == State.COMPLETED, ended))):
        which = case(*((column >= start, place) for place, start in reversed(list(enumerate(starts)))), else_=-1)
        found = select(which.label("place"), func.count().label("number")).where(column >= starts[0], *only).group_by("place")
        counts.append({row.place: row.number for row in session.execute(found)})
    return [(counts[0].get(place, 0), counts[1].get(place, 0)) for place in range(len(starts))]


def coverage(session: Session, now: datetime) -> list[Gap]:
    """Return where what was asked for in a year, or is open, exceeds what active references can be asked in 90 days, the worst first."""
    one, number = ReferenceRequest, func.count().label("number")
    cells = (one.industry, one.size, one.region, one.product)
    wanted = select(*cells, number).where(or_(one.opened_at >= now - YEAR, _LIVES), one.state != State.DRAFT)
    rows = session.execute(wanted.group_by(*cells).order_by(number.desc(), *cells).limit(2_000))
    demand = {Cell(row.industry, row.size, row.region, row.product): row.number for row in rows}
    return gaps(_supply(session, now, by_product=False) | _supply(session, now, by_product=True), demand)[:SHOWN_GAPS] if demand else []


def _supply(session: Session, now: datetime, *, by_product: bool) -> dict[Cell, int]:
    """Return free slots in 90 days of active, visible profiles by their company's place: each person within their own cap, and all within the
    company's. ``rules.figures.free_slots`` in SQL; a pause that lasts all that time leaves none.
    """
    defaults, today = defaults_of(session), local_date(now, programme_zone(session))
    until = today + timedelta(days=HORIZON_DAYS)
    person_open = select(func.count()).where(OpenAsk.person_id == ReferenceProfile.person_id).correlate(ReferenceProfile).scalar_subquery()
    own = _slots(PersonGoodwill, defaults.person.most, defaults.person.days, person_open)
    paused = case((PersonGoodwill.paused_until >= until, 0), else_=own)
    product: Any = ProfileWord.word if by_product else literal("")
    people = select(Person.company_id, product.label("product"), func.sum(paused).label("slots")).select_from(ReferenceProfile)
    people = people.join(Person, Person.id == ReferenceProfile.person_id).outerjoin(PersonGoodwill, PersonGoodwill.person_id == Person.id)
    if by_product:
        people = people.join(ProfileWord, (ProfileWord.person_id == Person.id) & (ProfileWord.kind == WordKind.PRODUCT))
    shown = (ReferenceProfile.status == Status.ACTIVE, ReferenceProfile.is_visible, Person.company_id.is_not(None))
    firms = people.where(*shown).group_by(Person.company_id, *([product] if by_product else ())).subquery()
    firm_open = select(func.count()).where(_held.company_id == Company.id).correlate(Company).scalar_subquery()
    most = _slots(CompanyGoodwill, defaults.company.most, defaults.company.days, firm_open)
    slots = func.sum(case((firms.c.slots > most, most), else_=firms.c.slots)).label("slots")
    places = (Company.industry, Company.size, Company.region, firms.c.product)
    found = select(*places, slots).select_from(firms).join(Company, Company.id == firms.c.company_id)
    found = found.outerjoin(CompanyGoodwill, CompanyGoodwill.company_id == Company.id).group_by(*places)
    return {Cell(row.industry, row.size, row.region, row.product): int(row.slots) for row in session.execute(found)}


def _slots(goodwill: Any, most: int, days: int, held: Any) -> Any:
    """Return ``free_slots`` as a column: of the row of goodwill where it says something, else of the programme's cap."""
    left = func.coalesce(goodwill.most, most) * HORIZON_DAYS // func.coalesce(goodwill.days, days) - held
    return case((left < 0, 0), else_=left)
