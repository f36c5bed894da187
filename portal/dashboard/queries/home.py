"""What an advocate's and an employee's day looks like."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.challenges.models import Submission
from portal.challenges.queries.catalogue import list_cards
from portal.challenges.queries.own import own_submissions
from portal.challenges.rules.states import SubmissionState
from portal.ledger.queries.balances import Balance, balance_of
from portal.recognition.queries.board import BoardRow, find_own, top_of_board
from portal.recognition.rules.boards import ALL
from portal.rewards.queries.catalogue import Offer, within_reach

CARDS, WAITING, TOP = 6, 5, 5


@dataclass(frozen=True)
class AdvocateHome:
    """An advocate's home. ``cards`` are challenges under way first, then open ones; ``waiting`` submissions with us."""

    balance: Balance
    top: list[BoardRow]
    own: BoardRow | None
    cards: Sequence[Any]
    open_challenges: int
    waiting: list[Any]
    offers: list[Offer]


def advocate_home(session: Session, person_id: int, now: datetime) -> AdvocateHome:
    """Return all that an advocate's home shows."""
    cards, open_challenges = list_cards(session, person_id, now, CARDS)
    sent = own_submissions(session, person_id, state=SubmissionState.WAITING).order_by(Submission.changed_at.desc(), Submission.id.desc())
    return AdvocateHome(
        balance=balance_of(session, person_id),
        top=top_of_board(session, ALL, TOP),
        own=find_own(session, ALL, person_id),
        cards=cards,
        open_challenges=open_challenges,
        waiting=list(session.execute(sent.limit(WAITING))),
        offers=within_reach(session, person_id),
    )
