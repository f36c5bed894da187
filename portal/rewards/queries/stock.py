"""How the stock of a reward moved, for admins: who, when, why, and how many were there then."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from portal.people.models import Person
from portal.rewards.models.offering import RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.models.stock import StockMovement
from portal.web.paging import AnySelect, Page, page_by

_NEWEST = ((StockMovement.id, True),)
_BY, _FOR = aliased(Person), aliased(Person)


@dataclass(frozen=True)
class Moved:
    """One movement, and how many were on its shelf after it. ``by`` is who did it, empty for the portal itself; ``person`` who redeemed,
    who did it themself where ``is_own``.
    """

    movement: StockMovement
    variant: str
    by: str
    person: str
    is_own: bool
    left: int


def list_movements(session: Session, reward_id: int, *, after: str | None = None, size: int = 50) -> Page:
    """Return a page of ``Moved``, the newest first, of a reward and of all that it comes in."""
    page = page_by(session, _movements(reward_id), _NEWEST, after=after, size=size)
    if not page.rows:
        return page
    sums = select(StockMovement.variant_id, func.sum(StockMovement.pieces)).where(StockMovement.reward_id == reward_id)
    stood: dict[int | None, int] = dict(session.execute(sums.where(StockMovement.id <= page.rows[0][0].id).group_by(StockMovement.variant_id)).all())
    lines = []
    for row in page.rows:
        movement: StockMovement = row[0]
        lines.append(_moved(row, stood[movement.variant_id]))
        stood[movement.variant_id] -= movement.pieces
    return replace(page, rows=lines)


def iter_movements(session: Session, reward_id: int) -> Iterator[Moved]:
    """Yield all of them, the first first."""
    stood: dict[int | None, int] = {}
    for row in session.execute(_movements(reward_id).order_by(StockMovement.id), execution_options={"yield_per": 1000}):
        shelf = row[0].variant_id
        stood[shelf] = stood.get(shelf, 0) + row[0].pieces
        yield _moved(row, stood[shelf])


def _moved(row: Any, left: int) -> Moved:
    return Moved(
        row[0], row.variant or "", row.by_name or "", row.person_name or "", row[0].person_id is not None and row[0].person_id == row.person_id, left
    )


def _movements(reward_id: int) -> AnySelect:
    return (
        select(StockMovement, RewardVariant.name.label("variant"), _BY.name.label("by_name"), _FOR.name.label("person_name"), Redemption.person_id)
        .outerjoin(RewardVariant, RewardVariant.id == StockMovement.variant_id)
        .outerjoin(_BY, _BY.id == StockMovement.person_id)
        .outerjoin(Redemption, Redemption.id == StockMovement.redemption_id)
        .outerjoin(_FOR, _FOR.id == Redemption.person_id)
        .where(StockMovement.reward_id == reward_id)
    )
