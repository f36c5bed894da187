"""What an advocate's and an employee's day looks like."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.acts.queries.asks import AskRow, waiting_asks
from portal.challenges.queries.own import newest_waiting
from portal.challenges.queries.picking import Picked, picked_for
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.ledger.queries.balances import Balance, balance_of
from portal.ledger.queries.lots import DayOfPoints, lapsing, waiting
from portal.recognition.models import Season
from portal.recognition.queries.board import BoardRow, find_own, top_of_board
from portal.recognition.queries.levels import list_levels
from portal.recognition.queries.seasons import current_season
from portal.recognition.queries.weeks import streak_for
from portal.recognition.rules.boards import month_of
from portal.recognition.rules.levels import Rung, rung_of
from portal.recognition.rules.seasons import season_key
from portal.recognition.rules.streaks import Streak
from portal.rewards.queries.catalogue import Offer, within_reach
from portal.rewards.queries.conditions import shopper_of
from portal.rewards.queries.wishes import nearest_wishes

WAITING, TOP = 5, 5
SOON = timedelta(days=30)


@dataclass(frozen=True)
class AdvocateHome:
    """An advocate's home. ``picked`` are the challenges suggested; ``waiting`` submissions with us, ``asks`` what waits for their
    answer, with the page of each.

    ``expiring`` are points that expire within a month, ``pending`` those that cannot be spent yet.

    The board is the running season's, this month's where there is none; ``period`` is its key.
    """

    balance: Balance
    expiring: DayOfPoints | None
    pending: list[DayOfPoints]
    top: list[BoardRow]
    own: BoardRow | None
    picked: Picked
    waiting: list[Any]
    asks: list[tuple[AskRow, str]]
    offers: list[Offer]
    wishes: list[Offer]
    rung: Rung
    streak: Streak
    season: Season | None
    period: str


def advocate_home(session: Session, person_id: int, now: datetime) -> AdvocateHome:
    """Return all that an advocate's home shows."""
    today = local_date(now, programme_zone(session))
    season = current_season(session, today)
    period = season_key(season.id) if season else month_of(today)
    balance = balance_of(session, person_id)
    shopper = shopper_of(session, person_id, now, balance)
    return AdvocateHome(
        balance=balance,
        expiring=next((part for part in lapsing(session, person_id, today, most=1) if part.day <= today + SOON), None),
        pending=waiting(session, person_id),
        top=top_of_board(session, period, TOP),
        own=find_own(session, period, person_id),
        picked=picked_for(session, person_id, now),
        waiting=newest_waiting(session, person_id, WAITING),
        asks=waiting_asks(session, person_id, now),
        offers=within_reach(session, shopper),
        wishes=nearest_wishes(session, shopper),
        rung=rung_of(list_levels(session), balance.lifetime),
        streak=streak_for(session, person_id, now),
        season=season,
        period=period,
    )
