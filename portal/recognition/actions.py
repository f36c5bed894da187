"""Paying, taking back and correcting points. Rooms that pay call these; they call the ledger and keep the boards in the same transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, and_, bindparam, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.kernel.db import programme_zone
from portal.ledger.actions import adjusting, earning
from portal.ledger.queries.transfers import get_transfer
from portal.ledger.rules import Transfer
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.recognition.models import Fence, FenceBuild, PeriodScore
from portal.recognition.queries.earned import last_raise
from portal.recognition.queries.fences import Look
from portal.recognition.rules import UNIT, periods_of, span_of

_SCORE: Any = PeriodScore.__table__
_PERSON: Any = Person.__table__
_LISTED = and_(~_PERSON.c.is_employee, ~_PERSON.c.is_admin, _PERSON.c.state != PersonState.DEACTIVATED)


def _upsert(dialect: Any) -> Any:
    """Return the statement that adds points to a person's score of one period; whether they are listed is read from the person's own row.

    The person's row is locked for sharing, so that a change of role that is being made at this moment is waited for.
    """
    person = (
        select(
            _PERSON.c.id,
            bindparam("of_period", type_=String),
            bindparam("points", type_=BigInteger),
            bindparam("first", type_=BigInteger),
            _LISTED,
        )
        .where(_PERSON.c.id == bindparam("of_member", type_=BigInteger))
        .with_for_update(read=True)
    )
    insert = dialect.insert(_SCORE).from_select(["member_id", "period", "score", "first_neg", "is_shown"], person)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["member_id", "period"],
        set_={
            "score": _SCORE.c.score + new.score,
            "first_neg": case((new.first_neg < _SCORE.c.first_neg, new.first_neg), else_=_SCORE.c.first_neg),
            "is_shown": new.is_shown,
        },
    )


_UPSERTS = {"sqlite": _upsert(sqlite), "postgresql": _upsert(postgresql)}
_TAKE_BACK = (
    update(_SCORE)
    .where(_SCORE.c.member_id == bindparam("of_member"), _SCORE.c.period == bindparam("of_period"))
    .values(score=_SCORE.c.score - bindparam("points", type_=BigInteger), first_neg=bindparam("first", type_=BigInteger))
)


def award(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    points: int,
    key: str,
    reason: str,
    source_type: str,
    source_id: int,
    effective_at: datetime,
    now: datetime,
    note: str | None = None,
    batch_id: int | None = None,
) -> Transfer:
    """Pay ``points`` to a person once for ``key``, and count them in the periods of ``effective_at``."""
    transfer = earning.award(
        session,
        actor,
        owner_id=person_id,
        points=points,
        key=key,
        reason=reason,
        source_type=source_type,
        source_id=source_id,
        effective_at=effective_at,
        now=now,
        unit=UNIT,
        note=note,
        batch_id=batch_id,
    )
    if not transfer.is_replay:
        _count(session, person_id, points, effective_at)
    return transfer


def adjust(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    points: int,
    counts_as_earned: bool,
    key: str,
    reason: str,
    now: datetime,
    effective_at: datetime | None = None,
    note: str | None = None,
) -> Transfer:
    """Add or take ``points`` by hand. Only what counts as earned moves the boards."""
    transfer = adjusting.adjust(
        session,
        actor,
        owner_id=person_id,
        points=points,
        counts_as_earned=counts_as_earned,
        key=key,
        reason=reason,
        effective_at=effective_at,
        now=now,
        note=note,
    )
    if transfer.earned and not transfer.is_replay:
        _count(session, person_id, transfer.earned, transfer.effective_at)
    return transfer


def reverse(session: Session, actor: Actor, *, transfer_id: int, key: str, reason: str, now: datetime, note: str | None = None) -> Transfer:
    """Take an award, an adjustment or a fulfilment back.

    What was earned leaves the periods in which it counted, and who reached a score first is asked
    again of what still stands.
    """
    transfer = earning.reverse(session, actor, transfer_id=transfer_id, key=key, reason=reason, now=now, note=note)
    if transfer.earned and not transfer.is_replay:
        _take_back(session, transfer.owner_id, -transfer.earned, get_transfer(session, transfer_id).effective_at)
    return transfer


def person_changed(session: Session, person_id: int) -> None:
    """List or unlist a person on every board, as their roles and state now say. Called by people in the transaction of the change."""
    listed = select(_LISTED).where(_PERSON.c.id == person_id).scalar_subquery()
    session.execute(update(_SCORE).where(_SCORE.c.member_id == person_id).values(is_shown=listed))


def replace_fences(session: Session, *, period: str, posts: Sequence[Sequence[int]], look: Look, now: datetime) -> None:
    """Put new fence posts in the place of the old ones. ``posts`` are (score, first_neg, member_id, position)."""
    session.execute(delete(Fence).where(Fence.period == period))
    rows = [{"period": period, "score": s, "first_neg": f, "member_id": m, "position": p} for s, f, m, p in posts]
    if rows:
        session.execute(insert(Fence.__table__), rows)  # type: ignore[arg-type]
    session.merge(FenceBuild(period=period, built_at=now, looked_at=now, members=look.members, points=look.points, latest_neg=look.latest_neg))
    session.flush()


def note_look(session: Session, *, period: str, now: datetime) -> None:
    """Remember that the board was compared and is the same."""
    session.execute(update(FenceBuild).where(FenceBuild.period == period).values(looked_at=now, built_at=now))


def drop_fences(session: Session, *, period: str) -> None:
    """Take the fence posts of a board away that is short enough for counting."""
    session.execute(delete(Fence).where(Fence.period == period))
    session.execute(delete(FenceBuild).where(FenceBuild.period == period))


def _count(session: Session, person_id: int, points: int, moment: datetime) -> None:
    """Add to the person's scores. What lowers a score does not change when it was reached."""
    first = -micros(moment) if points > 0 else 0
    rows = [{"of_member": person_id, "of_period": period, "points": points, "first": first} for period in periods_of(moment, programme_zone(session))]
    connection = session.connection()
    connection.execute(_UPSERTS[connection.dialect.name], rows)


def _take_back(session: Session, person_id: int, points: int, moment: datetime) -> None:
    zone = programme_zone(session)
    rows = []
    for period in periods_of(moment, zone):
        raised = last_raise(session, person_id, span_of(period, zone))
        rows.append({"of_member": person_id, "of_period": period, "points": points, "first": -micros(raised) if raised else 0})
    session.connection().execute(_TAKE_BACK, rows)
