"""What an admin sees first: acts by month and track, who is active, and points."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Integer, case, distinct, func, literal, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.dashboard.rules import Stretch
from portal.kernel.clock import start_of_day
from portal.kernel.tracks import Track
from portal.ledger.models import account
from portal.ledger.rules import POINTS, AccountKind
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.states import SPENT, State

ACTIVE_WITHIN = timedelta(days=90)
_TO_FULFIL = select(func.count(), func.min(Redemption.approved_at)).where(Redemption.state.in_((State.APPROVED, State.ORDERED, State.FAILED)))


@dataclass(frozen=True)
class Month:
    """The acts of one month, by track."""

    first: date
    acts: dict[str, int]

    @property
    def total(self) -> int:
        return sum(self.acts.values())


@dataclass(frozen=True)
class PointsTotals:
    """Points of everybody: to spend, set aside for redemptions, owed (as a positive number), ever earned, and spent on rewards that were sent."""

    available: int
    held: int
    owed: int
    earned: int
    spent: int

    @property
    def outstanding(self) -> int:
        return self.available + self.held

    @property
    def corrected(self) -> int:
        """Points given or taken by hand that do not count as earned: outstanding = earned - spent + corrected + owed."""
        return self.outstanding - self.owed - self.earned + self.spent


def acts_by_month(session: Session, starts: Sequence[date], zone: str, now: datetime) -> list[Month]:
    """Return the live acts of each month that begins on one of ``starts``, in one statement."""
    moments = [start_of_day(first, zone) for first in starts]
    which: ColumnElement[int] = case(
        *((Act.happened_at < moment, literal(index, Integer)) for index, moment in enumerate(moments[1:])),
        else_=literal(len(moments) - 1, Integer),
    )
    within = (Act.happened_at >= moments[0], Act.happened_at < now, Act.reversed_at.is_(None))
    inner = select(which.label("month"), Act.track).where(*within).subquery()
    counted = session.execute(select(inner.c.month, inner.c.track, func.count().label("number")).group_by(inner.c.month, inner.c.track))
    found: dict[int, dict[str, int]] = {}
    for row in counted:
        found.setdefault(row.month, {})[row.track] = row.number
    return [Month(first, {track.value: found.get(index, {}).get(track, 0) for track in Track}) for index, first in enumerate(starts)]


def acts_in(session: Session, *stretches: Stretch) -> list[dict[str, int]]:
    """Return the live acts of each stretch by track, in one statement."""
    columns = [func.count(case((_within(stretch), 1))).label(f"stretch{index}") for index, stretch in enumerate(stretches)]
    since, until = min(stretch.since for stretch in stretches), max(stretch.until for stretch in stretches)
    counted = select(Act.track, *columns).where(Act.happened_at >= since, Act.happened_at < until, Act.reversed_at.is_(None)).group_by(Act.track)
    rows = {row.track: row for row in session.execute(counted)}
    return [{track.value: int(rows[track][index + 1]) if track in rows else 0 for track in Track} for index in range(len(stretches))]


def active_advocates(session: Session, now: datetime) -> tuple[int, int]:
    """Return how many advocates did something in the last 90 days, and how many have joined."""
    recent = select(func.count(distinct(Act.person_id))).where(Act.happened_at >= now - ACTIVE_WITHIN, Act.reversed_at.is_(None))
    joined = select(func.count()).select_from(Person).where(Person.is_advocate, Person.state == PersonState.ACTIVE)
    row = session.execute(select(recent.scalar_subquery(), joined.scalar_subquery())).one()
    return row[0], row[1]


def points_totals(session: Session) -> PointsTotals:
    """Return the points of all people together."""
    own = select(account.c.kind, func.sum(account.c.balance).label("balance"), func.sum(account.c.lifetime).label("lifetime"))
    rows = {row.kind: row for row in session.execute(own.where(account.c.owner_id.is_not(None), account.c.unit == POINTS).group_by(account.c.kind))}
    spent = session.scalar(select(func.sum(Redemption.price)).where(Redemption.state.in_(SPENT)))
    balances = {kind: int(rows[kind].balance) if kind in rows else 0 for kind in (AccountKind.AVAILABLE, AccountKind.HELD, AccountKind.OWED)}
    earned = int(rows[AccountKind.AVAILABLE].lifetime) if AccountKind.AVAILABLE in rows else 0
    return PointsTotals(balances[AccountKind.AVAILABLE], balances[AccountKind.HELD], -balances[AccountKind.OWED], earned, int(spent or 0))


def count_to_fulfil(session: Session) -> tuple[int, datetime | None]:
    """Return how many approved redemptions wait to be ordered, sent or looked into, and since when the oldest does."""
    row = session.execute(_TO_FULFIL).one()
    return row[0], row[1]


def _within(stretch: Stretch) -> ColumnElement[bool]:
    return (Act.happened_at >= stretch.since) & (Act.happened_at < stretch.until)
