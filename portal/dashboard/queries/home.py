"""What an advocate's and an employee's day looks like."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.challenges.models import Submission
from portal.challenges.queries.catalogue import TrackCount, Wanted, count_by_track, list_challenges
from portal.challenges.queries.own import own_submissions
from portal.challenges.rules.standing import Standing
from portal.challenges.rules.states import SubmissionState
from portal.ledger.queries.balances import Balance, balance_of
from portal.recognition.queries.board import BoardRow, find_own, top_of_board
from portal.recognition.rules import ALL
from portal.rewards.queries.catalogue import Offer, within_reach

CARDS, WAITING, TOP = 6, 5, 5


@dataclass(frozen=True)
class AdvocateHome:
    """An advocate's home. ``cards`` are challenges under way first, then open ones; ``waiting`` submissions with us."""

    balance: Balance
    top: list[BoardRow]
    own: BoardRow | None
    cards: list[Any]
    open_challenges: int
    waiting: list[Any]
    offers: list[Offer]


def advocate_home(session: Session, person_id: int, now: datetime) -> AdvocateHome:
    """Return all that an advocate's home shows."""
    under_way = list_challenges(session, person_id, Wanted(standing=Standing.UNDER_WAY), now, after=None)
    fresh = list_challenges(session, person_id, Wanted(standing=Standing.OPEN, sort="newest"), now, after=None)
    counts = count_by_track(session, person_id, now)
    sent = own_submissions(session, person_id, state=SubmissionState.WAITING).order_by(Submission.changed_at.desc(), Submission.id.desc())
    return AdvocateHome(
        balance=balance_of(session, person_id),
        top=top_of_board(session, ALL, TOP),
        own=find_own(session, ALL, person_id),
        cards=[*under_way.rows, *fresh.rows][:CARDS],
        open_challenges=_open(counts),
        waiting=list(session.execute(sent.limit(WAITING))),
        offers=within_reach(session, person_id),
    )


def _open(counts: dict[str, TrackCount]) -> int:
    return sum(count.open for count in counts.values())
