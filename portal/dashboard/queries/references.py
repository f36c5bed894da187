"""The programme owner's figures about references, counted from requests, profiles and asks. Each takes one statement, whatever there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.acts.models.asks import Ask, AskOutcome
from portal.acts.queries.asks import stands
from portal.acts.queries.blocks import stands_on
from portal.acts.rules.asks import AskKind, Came
from portal.acts.rules.terms import BlockKind
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.people.models import Person
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import ASK_OF
from portal.profiles.rules.states import Status
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestMeeting
from portal.requests.rules.deals import Deals, Told, deals_of, won
from portal.requests.rules.figures import Share, Spread, filled_in_time, gini, spread
from portal.requests.rules.states import ENDED, CandidateState, State
from portal.requests.rules.terms import DUE_SOON

YEAR = timedelta(days=365)
SHOWN_DUE = 20
AT_ONCE = 2_000
"""So many rows are read at once where all of a year are looked at."""
LIVES = ReferenceRequest.state.not_in((State.DRAFT, *ENDED))
_requester = aliased(Person)


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
    deals: Deals
    requests: int


def glance(session: Session, now: datetime, currency: str) -> Glance:
    """Return the figures of the last twelve months up to ``now``; deals in ``currency`` alone, so that bands mean one thing."""
    today, since = local_date(now, programme_zone(session)), now - YEAR
    proposals, completions, filled, number = _speed(session, since, today)
    due, number_due = due_soon(session, now)
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
        deals=_deals(session, since, currency),
        requests=number,
    )


def due_soon(session: Session, now: datetime) -> tuple[Sequence[Any], int]:
    """Return (ReferenceRequest, requester) of what is needed within 72 hours or is overdue, the first first, and how many that are in all."""
    last = local_date(now + DUE_SOON, programme_zone(session))
    due = (LIVES, ReferenceRequest.needed_by <= last)
    found = select(ReferenceRequest, _requester.name.label("requester")).join(_requester, _requester.id == ReferenceRequest.requester_id)
    rows = session.execute(found.where(*due).order_by(ReferenceRequest.needed_by, ReferenceRequest.id).limit(SHOWN_DUE)).all()
    return rows, session.scalar(select(func.count()).select_from(ReferenceRequest).where(*due)) or 0


def _speed(session: Session, since: datetime, today: date) -> tuple[Spread, Spread, Share, int]:
    """Return time to the first proposal and to completion, how many were filled in time, and how many requests there were."""
    one = ReferenceRequest
    columns = (one.opened_at, one.first_proposed_at, _done_at().label("done_at"), one.state, one.needed_by)
    zone, number = programme_zone(session), 0
    proposals, completions, judged = list[timedelta](), list[timedelta](), list[tuple[date, date | None, bool]]()
    for row in session.execute(select(*columns).where(one.opened_at >= since), execution_options={"yield_per": AT_ONCE}):
        number += 1
        if row.first_proposed_at:
            proposals.append(row.first_proposed_at - row.opened_at)
        if row.done_at:
            completions.append(row.done_at - row.opened_at)
        if row.needed_by is not None and row.state not in (State.CANCELLED, State.WITHDRAWN):
            judged.append((row.needed_by, local_date(row.done_at, zone) if row.done_at else None, row.state in ENDED))
    return spread(proposals), spread(completions), filled_in_time(judged, today), number


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
    """Return how many profiles are verified and not due to be asked again, of all that are in use or were until silence or doubt hid them. Those
    under a legal hold, of their own or of goodwill, are in no use.
    """
    hidden = ReferenceProfile.status == Status.NEEDS_VERIFICATION
    fresh = case((ReferenceProfile.verified_at.is_not(None) & (ReferenceProfile.verify_on > today) & ~hidden, 1), else_=0)
    known = (Status.ACTIVE, Status.RESTING, Status.NEEDS_VERIFICATION)
    found = (
        select(func.count(), func.coalesce(func.sum(fresh), 0)).select_from(ReferenceProfile).join(Person, Person.id == ReferenceProfile.person_id)
    )
    row = session.execute(found.where(ReferenceProfile.status.in_(known), ~stands_on(BlockKind.LEGAL, of_all=True))).one()
    return Share(int(row[1]), row[0])


def _concentration(session: Session, since: datetime) -> float | None:
    """Return the Gini of what active references, under no legal hold, completed; those who completed nothing count too."""
    done = (
        select(Ask.person_id, func.count().label("done"))
        .join(AskOutcome, AskOutcome.ask_id == Ask.id)
        .where(AskOutcome.came == Came.COMPLETED, AskOutcome.at >= since, stands(), Ask.kind.in_(sorted(set(ASK_OF.values()))))
        .group_by(Ask.person_id)
        .subquery()
    )
    found = select(done.c.done, func.count().label("people")).select_from(ReferenceProfile).join(Person, Person.id == ReferenceProfile.person_id)
    found = found.outerjoin(done, done.c.person_id == ReferenceProfile.person_id)
    found = found.where(ReferenceProfile.status == Status.ACTIVE, ~stands_on(BlockKind.LEGAL, of_all=True)).group_by(done.c.done)
    return gini({row.done or 0: row.people for row in session.execute(found)})


def _bypass(session: Session, since: datetime) -> Share:
    """Return how many reference calls that took place were logged after the fact, of all that took place: a no is no call."""
    found = select(func.count(), func.coalesce(func.sum(case((Ask.is_outside, 1), else_=0)), 0))
    took_place = exists().where(AskOutcome.ask_id == Ask.id, AskOutcome.came == Came.COMPLETED, stands())
    row = session.execute(found.where(Ask.kind == AskKind.CALL, Ask.recorded_at >= since, took_place)).one()
    return Share(int(row[1]), row[0])


def _deals(session: Session, since: datetime, currency: str) -> Deals:
    """Return the deals that were closed since then, of all requests of them: closed ones, and completed ones of up to three years ago."""
    one, first_on = ReferenceRequest, local_date(since, programme_zone(session))
    told = (one.id, one.deal_ref, one.deal_name, one.prospect, one.deal_stage, one.deal_value, one.currency, one.deal_outcome, one.deal_closed_on)
    helped = (one.state == State.COMPLETED) & (one.opened_at >= since - 2 * YEAR)
    found = select(*told, one.state).where(or_(one.deal_closed_on >= first_on, helped))
    rows = session.execute(found, execution_options={"yield_per": AT_ONCE})
    deals = deals_of(Told(row[0], row[1] or "", *row[2:9], is_done=row.state == State.COMPLETED) for row in rows)
    return won((deal for deal in deals if deal.closed_on >= first_on), currency)


def by_month(session: Session, starts: Sequence[datetime]) -> list[tuple[int, int]]:
    """Return how many requests were opened, and how many completed, in each time that begins with one of ``starts`` (in order)."""
    counts = []
    ended = ReferenceRequest.ended_at >= starts[0]  # what was done since then ended since then
    for column, only in ((ReferenceRequest.opened_at, ()), (_done_at(), (ReferenceRequest.state == State.COMPLETED, ended))):
        which = case(*((column >= start, place) for place, start in reversed(list(enumerate(starts)))), else_=-1)
        found = select(which.label("place"), func.count().label("number")).where(column >= starts[0], *only).group_by("place")
        counts.append({row.place: row.number for row in session.execute(found)})
    return [(counts[0].get(place, 0), counts[1].get(place, 0)) for place in range(len(starts))]
