"""Paying, taking back and correcting points. Rooms that pay call these; they call the ledger and keep the boards in the same transaction.

The boards of a track follow the act instead of the payment, since the act knows its track: see ``following``. What a company has together
follows the scores by itself: see ``sums``.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import micros
from portal.ledger.actions import adjusting, earning
from portal.ledger.queries.transfers import get_transfer
from portal.ledger.rules import Transfer
from portal.people.models import Person
from portal.recognition.actions.levels import follow_lifetime
from portal.recognition.models import PeriodScore
from portal.recognition.queries.earned import last_act, last_raise
from portal.recognition.queries.names import COUNTED_FOR, LISTED
from portal.recognition.queries.seasons import spans_at
from portal.recognition.rules.boards import UNIT, board_key

_SCORE: Any = PeriodScore.__table__
_PERSON: Any = Person.__table__


def _upsert(dialect: Any) -> Any:
    """Return the statement that adds points to a person's score of one period; whether they are listed, and for which company, is in their own row.

    The person's row is locked for sharing, so that a change of role that is being made at this moment is waited for.
    """
    person = (
        select(
            _PERSON.c.id,
            bindparam("of_period", type_=String),
            bindparam("points", type_=BigInteger),
            bindparam("first", type_=BigInteger),
            LISTED,
            COUNTED_FOR,
        )
        .where(_PERSON.c.id == bindparam("of_member", type_=BigInteger))
        .with_for_update(read=True)
    )
    insert = dialect.insert(_SCORE).from_select(["member_id", "period", "score", "first_neg", "is_shown", "company_id"], person)
    new = insert.excluded
    return insert.on_conflict_do_update(
        index_elements=["member_id", "period"],
        set_={
            "score": _SCORE.c.score + new.score,
            "first_neg": case((new.first_neg < _SCORE.c.first_neg, new.first_neg), else_=_SCORE.c.first_neg),
            "is_shown": new.is_shown,
            "company_id": new.company_id,
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
        count(session, person_id, points, effective_at)
        follow_lifetime(session, actor, person_id=person_id, earned=points, at=effective_at, now=now)
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
    source_type: str | None = None,
    source_id: int | None = None,
    batch_id: int | None = None,
) -> Transfer:
    """Add or take ``points`` by hand. Only what counts as earned moves the boards, in the periods of ``effective_at`` (now if not given)."""
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
        source_type=source_type,
        source_id=source_id,
        batch_id=batch_id,
    )
    if transfer.earned and not transfer.is_replay:
        count(session, person_id, transfer.earned, transfer.effective_at)
        follow_lifetime(session, actor, person_id=person_id, earned=transfer.earned, at=transfer.effective_at, now=now)
    return transfer


def reverse(session: Session, actor: Actor, *, transfer_id: int, key: str, reason: str, now: datetime, note: str | None = None) -> Transfer:
    """Take an award, an adjustment or a fulfilment back.

    What was earned leaves the periods in which it counted, and who reached a score first is asked
    again of what still stands. The level, being derived, falls by itself.
    """
    transfer = earning.reverse(session, actor, transfer_id=transfer_id, key=key, reason=reason, now=now, note=note)
    if transfer.earned and not transfer.is_replay:
        take_back(session, transfer.owner_id, -transfer.earned, get_transfer(session, transfer_id).effective_at)
        follow_lifetime(session, actor, person_id=transfer.owner_id, earned=transfer.earned, at=now, now=now)
    return transfer


def person_changed(session: Session, person_id: int) -> None:
    """List or unlist a person on every board, as their roles, state and choice now say. Called by people in the transaction of the change."""
    listed = select(LISTED).where(_PERSON.c.id == person_id).scalar_subquery()
    session.execute(update(_SCORE).where(_SCORE.c.member_id == person_id).values(is_shown=listed))


def count(session: Session, person_id: int, points: int, moment: datetime, *, track: str | None = None) -> None:
    """Add to the person's scores of ``moment``, of one ``track`` or of all. What lowers a score does not change when it was reached."""
    first = -micros(moment) if points > 0 else 0
    boards = [board_key(period, track) for period in spans_at(session, moment)]
    rows = [{"of_member": person_id, "of_period": board, "points": points, "first": first} for board in boards]
    connection = session.connection()
    connection.execute(_UPSERTS[connection.dialect.name], rows)


def take_back(session: Session, person_id: int, points: int, moment: datetime, *, track: str | None = None) -> None:
    """Take from the person's scores of ``moment``, and ask anew when each was reached.

    The person's row is locked for sharing first, so that who counts their scores anew at this moment is waited for, or waits.
    """
    session.execute(select(_PERSON.c.id).where(_PERSON.c.id == person_id).with_for_update(read=True))
    rows = []
    for period, span in spans_at(session, moment).items():
        raised = last_act(session, person_id, track, span) if track else last_raise(session, person_id, span)
        rows.append({"of_member": person_id, "of_period": board_key(period, track), "points": points, "first": -micros(raised) if raised else 0})
    session.connection().execute(_TAKE_BACK, rows)
