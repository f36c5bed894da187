"""What paying past completions the new points would come to, which repricings there were, and how far one is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import UNREWARDED
from portal.challenges.models.offering import Challenge
from portal.challenges.models.repricing import Repricing, RepricingLine
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.privilege import IMPORTED
from portal.challenges.rules.repricing import KIND, TO_DECIDE, UNSEEN, Forecast, Group, LineState, RepricingState
from portal.challenges.rules.states import AttemptState, SubmissionState
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.ledger.models import account
from portal.ledger.rules import POINTS, AccountKind
from portal.people.models import Person
from portal.web.paging import AnySelect, Page, page_by

SOURCE = "submission"
UNDOING = Repricing.state == RepricingState.UNDO_ASKED
WAITS_SINCE = case((UNDOING, Repricing.undo_asked_at), else_=Repricing.asked_at)
COMPLETION = ("submission_id", "person_id", "version", "paid", "is_partial")
# Asked for each completion by its own index, however much is known of the tables: not joined.
_OFFERED = select(Attempt.points).where(Attempt.submission_id == Submission.id, Attempt.state == AttemptState.APPROVED).limit(1).scalar_subquery()
_ACT_KIND = select(Act.kind).where(Act.source_type == SOURCE, Act.source_id == Submission.id, Act.reversed_at.is_(None)).limit(1).scalar_subquery()
# Sent by an import of what happened in another system, and paid what was paid there.
_IS_FROM_ELSEWHERE = (
    select(Attempt.id)
    .where(Attempt.submission_id == Submission.id, Attempt.state == AttemptState.APPROVED, Attempt.key.startswith(IMPORTED, autoescape=True))
    .exists()
)
_DIFFERENCES = (
    select(func.coalesce(func.sum(RepricingLine.difference), 0))
    .where(RepricingLine.submission_id == Submission.id, RepricingLine.state == LineState.PAID)
    .scalar_subquery()
)


def completions(challenge: Challenge) -> AnySelect:
    """Return every completion that stands, with what it was paid in all: (submission_id, person_id, version, paid, is_partial).

    What a reviewer paid in part stays as they decided; what may not be rewarded, and what was imported from elsewhere, are left out.
    """
    paid = func.coalesce(Submission.paid, 0)
    every = (
        select(
            Submission.id.label("submission_id"),
            Submission.person_id.label("person_id"),
            Submission.version.label("version"),
            paid.label("paid"),
            (paid - _DIFFERENCES < _OFFERED).label("is_partial"),
            _ACT_KIND.label("act_kind"),
        )
        .where(
            Submission.challenge_id == challenge.id,
            Submission.state == SubmissionState.APPROVED,
            Submission.dropped_at.is_(None),
            literal(not challenge.is_record_only),
            ~_IS_FROM_ELSEWHERE,
        )
        .subquery()
    )
    found: AnySelect = select(*(every.c[name] for name in COMPLETION)).where(every.c.act_kind != UNREWARDED)
    return found


def forecast(session: Session, challenge: Challenge, actor_id: int | None, now: datetime) -> Forecast:
    """Return what it would come to if ``actor_id`` paid past completions what the challenge is worth now.

    In two statements, or three where points are taken from somebody.
    """
    found = completions(challenge).subquery()
    differs, own = found.c.paid != challenge.points, found.c.person_id == (actor_id or 0)
    groups = session.execute(
        select(found.c.version, found.c.paid, found.c.is_partial, own.label("is_own"), func.count().label("people"))
        .where(differs)
        .group_by(found.c.version, found.c.paid, found.c.is_partial, own)
        .order_by(found.c.version, found.c.paid)
    ).all()
    kept = [Group(row.version, row.paid, challenge.points, row.people) for row in groups if not row.is_partial and not row.is_own]
    partial = sum(row.people for row in groups if row.is_partial)
    mine = sum(row.people for row in groups if row.is_own and not row.is_partial)
    short = _would_owe(session, found, challenge.points, ~own) if any(group.difference < 0 for group in kept) else 0
    return Forecast(challenge.version, challenge.points, kept, short, partial, mine, moved_alone(session, actor_id, now))


def moved_alone(session: Session, admin_id: int | None, now: datetime) -> int:
    """Return how many points an admin moved by repricings in this month of the programme that no second admin looked at and that stand."""
    zone = programme_zone(session)
    since = start_of_day(local_date(now, zone).replace(day=1), zone)
    by = Repricing.asked_by_id == admin_id if admin_id is not None else Repricing.asked_by_id.is_(None)
    own = (by, Repricing.asked_at >= since, Repricing.decided_by_id.is_(None), Repricing.state.in_(UNSEEN))
    return int(session.scalar(select(func.coalesce(func.sum(Repricing.moved), 0)).where(*own)) or 0)


def planned_lines(challenge: Challenge, actor_id: int | None) -> Select[Any]:
    """Return the completions that would be changed: (submission_id, person_id, version, paid, difference)."""
    found = completions(challenge).subquery()
    which = (found.c.paid != challenge.points, ~found.c.is_partial, found.c.person_id != (actor_id or 0))
    return select(found.c.submission_id, found.c.person_id, found.c.version, found.c.paid, (challenge.points - found.c.paid)).where(*which)


def get_repricing(session: Session, repricing_id: int) -> Repricing:
    """Return one. Raises ``NotFound``."""
    found = session.get(Repricing, repricing_id)
    if found is None:
        raise NotFound()
    return found


def repricings_of(session: Session, challenge_id: int, *, after: str | None = None, size: int = 20) -> Page:
    """Return one page of a challenge's repricings, the newest first."""
    found: AnySelect = select(Repricing).where(Repricing.challenge_id == challenge_id)
    return page_by(session, found, [(Repricing.asked_at, True), (Repricing.id, True)], after=after, size=size)


def counts_by_state(session: Session, repricing_id: int) -> dict[str, int]:
    """Return how many lines stand in each state."""
    counted = select(RepricingLine.state, func.count().label("number")).where(RepricingLine.repricing_id == repricing_id)
    return {row.state: row.number for row in session.execute(counted.group_by(RepricingLine.state))}


def groups_of(session: Session, repricing: Repricing) -> Sequence[Group]:
    """Return the lines of a repricing by version and what was paid."""
    grouped = select(RepricingLine.version, RepricingLine.paid, RepricingLine.difference, func.count().label("people"))
    grouped = grouped.where(RepricingLine.repricing_id == repricing.id)
    rows = session.execute(grouped.group_by(RepricingLine.version, RepricingLine.paid, RepricingLine.difference).order_by(RepricingLine.version))
    return [Group(row.version, row.paid, row.paid + row.difference, row.people) for row in rows]


def is_outdated(session: Session, repricing: Repricing) -> bool:
    """Tell whether a newer version of the challenge was published since the repricing was asked for."""
    return session.scalar(select(Challenge.version).where(Challenge.id == repricing.challenge_id)) != repricing.version


def later_standing(session: Session, repricing: Repricing) -> int | None:
    """Return the newest repricing of the challenge that was paid after this one and stands, None if this is the newest."""
    later = (Repricing.challenge_id == repricing.challenge_id, Repricing.id > repricing.id, Repricing.state == RepricingState.DONE)
    return session.scalar(select(Repricing.id).where(*later).order_by(Repricing.id.desc()).limit(1))


def is_among(session: Session, repricing_id: int, person_id: int | None) -> bool:
    """Tell whether a completion of the person's is changed by it."""
    mine = (RepricingLine.repricing_id == repricing_id, RepricingLine.person_id == person_id)
    return person_id is not None and session.scalar(select(RepricingLine.id).where(*mine).limit(1)) is not None


def waiting_repricings() -> AnySelect:
    """Return what waits for a second admin, for the approvals queue; the person is who asked."""
    asked_by = case((UNDOING, Repricing.undone_by_id), else_=Repricing.asked_by_id)
    found: AnySelect = (
        select(
            literal(KIND).label("kind"),
            Repricing.id.label("id"),
            WAITS_SINCE.label("waiting_since"),
            Person.id.label("person_id"),
            Person.name.label("person"),
            Challenge.title.label("title"),
            Challenge.track.label("track"),
            case((UNDOING, -Repricing.total), else_=Repricing.total).label("points"),
        )
        .join(Challenge, Challenge.id == Repricing.challenge_id)
        .join(Person, Person.id == asked_by)
        .where(Repricing.state.in_(TO_DECIDE))
    )
    return found


def _would_owe(session: Session, found: Any, points: int, others: ColumnElement[bool]) -> int:
    """Return how many people have less to spend than would be taken from them."""
    loss = func.sum(found.c.paid - points)
    losers = select(found.c.person_id, loss.label("loss")).where(~found.c.is_partial, others).group_by(found.c.person_id).having(loss > 0).subquery()
    own = (account.c.owner_id == losers.c.person_id, account.c.unit == POINTS, account.c.kind == AccountKind.AVAILABLE)
    counted = select(func.count()).select_from(losers).join(account, and_(*own)).where(account.c.balance < losers.c.loss)
    return session.scalar(counted) or 0
