"""Lists of requests: one's own, those to agree to, those that no admin has, those that go on, and for admins all."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.requests.models import ReferenceRequest, RequestCandidate, RequestOutcome, RequestWait
from portal.requests.queries.parties import masked, parties_of_many
from portal.requests.rules.lists import Tab
from portal.requests.rules.outcome import Side
from portal.requests.rules.roles import TIER_OF_STRANGERS, may_know_who
from portal.requests.rules.states import ENDED, HOLDING, LIVES, MEETINGS, CandidateState, State, Turn, turn
from portal.requests.rules.terms import DUE_SOON
from portal.requests.rules.waiting import WaitWord
from portal.web.paging import SIZE, AnySelect, Page, page_by

_requester, _handler = aliased(Person), aliased(Person)
_one, _other = aliased(RequestOutcome), aliased(RequestOutcome)
AT_ONCE = 500


@dataclass(frozen=True)
class Listed:
    """One request in a list. ``who`` is the candidate of the moment, by what the reader may know of them; ``deal`` the name of the deal."""

    id: int
    prospect: str
    activity: Activity
    state: State
    needed_by: date | None
    is_due: bool
    requester: str
    handler: str
    who: str
    deal: str
    turn: Turn
    made_at: datetime
    request: ReferenceRequest


def list_requests(
    session: Session,
    actor: Actor,
    tab: Tab,
    *,
    q: str = "",
    state: str = "",
    activity: str = "",
    due: bool = False,
    after: str | None = None,
    now: datetime,
) -> Page:
    """Return a page of ``Listed``: what waits longest for its day first, one's own and all the newest first."""
    found = _narrowed(_statement().where(*_in_tab(actor, tab)), q, state, activity, _due_by(session, now) if due else None)
    if tab in (Tab.MINE, Tab.ALL):
        keys: Sequence[tuple[Any, bool]] = [(ReferenceRequest.made_at, True), (ReferenceRequest.id, True)]
    else:
        keys = [(ReferenceRequest.needed_by, False), (ReferenceRequest.id, False)]
    page = page_by(session, found, keys, after=after, size=SIZE)
    return replace(page, rows=listed(session, actor, page.rows, now))


def iter_requests(
    session: Session, actor: Actor, tab: Tab, *, q: str = "", state: str = "", activity: str = "", due: bool = False, now: datetime
) -> Iterator[Listed]:
    """Yield all of a list, the newest first, for a file: numbers at once, rows by the hundred."""
    found = _narrowed(_statement().where(*_in_tab(actor, tab)), q, state, activity, _due_by(session, now) if due else None)
    newest = (ReferenceRequest.made_at.desc(), ReferenceRequest.id.desc())
    ids = session.scalars(found.with_only_columns(ReferenceRequest.id).order_by(*newest)).all()
    for start in range(0, len(ids), AT_ONCE):
        some = _statement().where(ReferenceRequest.id.in_(ids[start : start + AT_ONCE])).order_by(*newest)
        yield from listed(session, actor, session.execute(some).all(), now)


def going_on(session: Session, actor: Actor, now: datetime, most: int) -> list[Listed]:
    """Return up to ``most`` of somebody's own requests that go on, those first that are needed first; a draft is not sent and not among them."""
    mine = _statement().where(ReferenceRequest.requester_id == actor.id, ReferenceRequest.state.in_(LIVES))
    found = mine.order_by(ReferenceRequest.needed_by, ReferenceRequest.id).limit(most)
    return listed(session, actor, session.execute(found).all(), now)


def counts_of(session: Session, actor: Actor) -> dict[Tab, int]:
    """Return how many wait in each list that somebody may open, besides all."""
    tabs = [tab for tab in tabs_of(actor) if tab not in (Tab.ALL, Tab.MINE)]
    counted = [func.count().filter(*_in_tab(actor, tab)) for tab in tabs]
    row = session.execute(select(*counted).select_from(ReferenceRequest).where(ReferenceRequest.state.in_(LIVES))).one()
    return dict(zip(tabs, row, strict=True))


def tabs_of(actor: Actor) -> list[Tab]:
    """Return the lists of somebody: employees read their own and what they are to agree to, admins every one."""
    return [Tab.MINE, Tab.AGREE, *([Tab.UNASSIGNED, Tab.DECIDE, Tab.ACTIVE, Tab.ALL] if actor.is_admin else [])]


def listed(session: Session, actor: Actor, rows: Sequence[Any], now: datetime) -> list[Listed]:
    """Return rows of the statement as they are shown, with as many statements for fifty as for one."""
    requests, last = [row[0] for row in rows], _due_by(session, now)
    parties = parties_of_many(session, requests)
    found = (
        select(RequestCandidate, Person.name, Company, ReferenceProfile.tier, RequestWait.asked_at, RequestWait.word, _do_differ())
        .join(Person, Person.id == RequestCandidate.person_id)
        .outerjoin(Company, Company.id == RequestCandidate.company_id)
        .outerjoin(ReferenceProfile, ReferenceProfile.person_id == RequestCandidate.person_id)
        .outerjoin(RequestWait, RequestWait.candidate_id == RequestCandidate.id)
        .where(RequestCandidate.request_id.in_([one.id for one in requests]))
        .where(RequestCandidate.state.in_((*HOLDING, CandidateState.COMPLETED, CandidateState.MISSED)))
    )
    who, out_of_times, unneeded, disputed = {}, set(), set(), set()
    for candidate, name, company, tier, times_asked_at, word, do_differ in session.execute(found):
        if do_differ:
            disputed.add(candidate.request_id)
        if word == WaitWord.NOT_NEEDED:
            unneeded.add(candidate.request_id)
        if times_asked_at is not None:
            out_of_times.add(candidate.request_id)
        facts: dict[str, Any] = {"tier": tier or TIER_OF_STRANGERS, "owner_id": candidate.owner_id, "state": CandidateState(candidate.state)}
        knows = may_know_who(actor, parties[candidate.request_id], **facts)
        who[candidate.request_id] = ", ".join(filter(None, (name, company.name if company else ""))) if knows else masked(company)
    return [
        Listed(
            id=one.id, prospect=one.prospect, activity=Activity(one.activity), state=State(one.state), needed_by=one.needed_by,
            is_due=one.state in LIVES and one.needed_by is not None and one.needed_by <= last,
            requester=row[1], handler=row[2] or "", who=who.get(one.id, ""), deal=one.deal_name,
            turn=turn(
                State(one.state), is_self_serve=one.is_self_serve, is_meeting=one.activity in MEETINGS, has_prospect=bool(one.prospect_email),
                is_out_of_times=one.id in out_of_times, is_unneeded=one.id in unneeded,
                is_disputed=one.id in disputed,
            ),
            made_at=one.made_at, request=one,
        )
        for one, row in zip(requests, rows, strict=True)
    ]  # fmt: skip


def _statement() -> AnySelect:
    found: AnySelect = select(ReferenceRequest, _requester.name.label("requester"), _handler.name.label("handler"))
    found = found.join(_requester, _requester.id == ReferenceRequest.requester_id)
    return found.outerjoin(_handler, _handler.id == ReferenceRequest.handler_id)


def _in_tab(actor: Actor, tab: Tab) -> list[ColumnElement[bool]]:
    asked = select(RequestCandidate.request_id).where(RequestCandidate.owner_id == actor.id, RequestCandidate.state == CandidateState.PROPOSED)
    if tab is Tab.MINE:
        return [ReferenceRequest.requester_id == actor.id]
    if tab is Tab.AGREE:
        return [ReferenceRequest.state == State.PROPOSED, ReferenceRequest.id.in_(asked)]
    if tab is Tab.UNASSIGNED:
        waits = (State.OPEN, State.MATCHING)
        return [ReferenceRequest.is_self_serve.is_(False), ReferenceRequest.handler_id.is_(None), ReferenceRequest.state.in_(waits)]
    if tab is Tab.DECIDE:
        here = (RequestCandidate.request_id == ReferenceRequest.id, RequestCandidate.state.in_(HOLDING), _do_differ())
        return [ReferenceRequest.state.in_((State.ACCEPTED, State.SCHEDULED)), exists().where(*here)]
    if tab is Tab.ACTIVE:
        return [ReferenceRequest.state.in_(LIVES)]
    return [ReferenceRequest.opened_at.is_not(None)]  # a draft is its writer's alone, a cancelled one too


def _do_differ() -> ColumnElement[bool]:
    """Tell of a candidate in a statement whether the two sides do not say the same of what happened."""
    sides = (_one.side == Side.REQUESTER, _other.side == Side.CUSTOMER, _one.came != _other.came)
    return exists().where(_one.candidate_id == RequestCandidate.id, _other.candidate_id == RequestCandidate.id, *sides)


def _due_by(session: Session, now: datetime) -> date:
    """Return the last day, in the programme's zone, that is due soon."""
    return local_date(now + DUE_SOON, programme_zone(session))


def _narrowed(found: AnySelect, q: str, state: str, activity: str, due_by: date | None) -> AnySelect:
    for word in fold(q).split():
        pattern = like_pattern(word)
        named = ReferenceRequest.requester_id.in_(select(Person.id).where(Person.name_key.like(pattern, escape="\\")))
        found = found.where(or_(ReferenceRequest.search.like(pattern, escape="\\"), named))
    if state:
        found = found.where(ReferenceRequest.state == state)
    if activity:
        found = found.where(ReferenceRequest.activity == activity)
    if due_by is not None:
        found = found.where(ReferenceRequest.needed_by <= due_by, ReferenceRequest.state.not_in((*ENDED, State.DRAFT)))
    return found
