"""States of a reference request, and of each person who is considered for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.kernel.text import N_
from portal.profiles.rules.activity import Activity


class State(StrEnum):
    """Where a request stands. A request is ``proposed`` once somebody was proposed for it, and goes back to ``matching`` when nobody is left."""

    DRAFT = "draft"
    OPEN = "open"
    MATCHING = "matching"
    PROPOSED = "proposed"
    OWNER_AGREED = "owner_agreed"
    CUSTOMER_ASKED = "customer_asked"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    MISSED = "missed"
    DECLINED = "declined"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"


class CandidateState(StrEnum):
    """Where one person stands who was proposed for a request."""

    PROPOSED = "proposed"
    OWNER_AGREED = "owner_agreed"
    ASKED = "asked"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    MISSED = "missed"
    OWNER_DECLINED = "owner_declined"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    WITHDRAWN = "withdrawn"


class DealStage(StrEnum):
    """How far a deal has come."""

    EARLY = "early"
    EVALUATION = "evaluation"
    PROPOSAL = "proposal"
    NEGOTIATION = "negotiation"


class DealOutcome(StrEnum):
    """What became of a deal."""

    WON = "won"
    LOST = "lost"


STATE_NAMES = {
    State.DRAFT: N_("Draft"),
    State.OPEN: N_("Open"),
    State.MATCHING: N_("Matching"),
    State.PROPOSED: N_("Waits for the account owner"),
    State.OWNER_AGREED: N_("Account owner agreed"),
    State.CUSTOMER_ASKED: N_("Customer asked"),
    State.ACCEPTED: N_("Customer said yes"),
    State.SCHEDULED: N_("Scheduled"),
    State.COMPLETED: N_("Completed"),
    State.MISSED: N_("Did not happen"),
    State.DECLINED: N_("Declined"),
    State.EXPIRED: N_("Expired"),
    State.CANCELLED: N_("Cancelled"),
    State.WITHDRAWN: N_("Withdrawn: the deal is lost"),
}
CANDIDATE_NAMES = {
    CandidateState.PROPOSED: N_("Waits for the account owner"),
    CandidateState.OWNER_AGREED: N_("Account owner agreed"),
    CandidateState.ASKED: N_("Asked"),
    CandidateState.ACCEPTED: N_("Said yes"),
    CandidateState.SCHEDULED: N_("Scheduled"),
    CandidateState.COMPLETED: N_("Completed"),
    CandidateState.MISSED: N_("Did not happen"),
    CandidateState.OWNER_DECLINED: N_("Account owner said no"),
    CandidateState.DECLINED: N_("Said no"),
    CandidateState.NO_ANSWER: N_("No answer"),
    CandidateState.WITHDRAWN: N_("Taken back"),
}
STAGE_NAMES = {
    DealStage.EARLY: N_("Early"),
    DealStage.EVALUATION: N_("Evaluation"),
    DealStage.PROPOSAL: N_("Proposal"),
    DealStage.NEGOTIATION: N_("Negotiation"),
}
OUTCOME_NAMES = {DealOutcome.WON: N_("Won"), DealOutcome.LOST: N_("Lost")}


class Move(StrEnum):
    """What moves a request, with the candidate of the moment where there is one."""

    SEND = "send"
    TAKE_UP = "take_up"
    PROPOSE = "propose"
    OWNER_AGREE = "owner_agree"
    OWNER_REFUSE = "owner_refuse"
    ASK = "ask"
    ACCEPT = "accept"
    REFUSE = "refuse"
    LAPSE = "lapse"
    TAKE_BACK = "take_back"
    BOOK = "book"
    REOPEN = "reopen"
    COMPLETE = "complete"
    MISS = "miss"
    DECLINE = "decline"
    EXPIRE = "expire"
    GIVE_UP = "give_up"
    CANCEL = "cancel"
    WITHDRAW = "withdraw"
    PUT_DONE = "put_done"
    PUT_MISSED = "put_missed"


@dataclass(frozen=True)
class Way:
    """From which states of the request a move leads to which; and for its candidate, where the move has to do with one."""

    start: tuple[State, ...]
    end: State
    candidate_start: tuple[CandidateState, ...] = ()
    candidate_end: CandidateState | None = None


_HELD = (State.PROPOSED, State.OWNER_AGREED, State.CUSTOMER_ASKED, State.ACCEPTED, State.SCHEDULED)
_HOLDS = (
    CandidateState.PROPOSED, CandidateState.OWNER_AGREED, CandidateState.ASKED, CandidateState.ACCEPTED, CandidateState.SCHEDULED
)  # fmt: skip
_BEFORE_YES = (State.OPEN, State.MATCHING, State.PROPOSED, State.OWNER_AGREED, State.CUSTOMER_ASKED)
LIVES = (*_BEFORE_YES, State.ACCEPTED, State.SCHEDULED)
"""Sent, and not at its end."""
_ENDS_WITH_ALL = (_HOLDS, CandidateState.WITHDRAWN)
WAYS: Mapping[Move, Way] = {
    Move.SEND: Way((State.DRAFT,), State.OPEN),
    Move.TAKE_UP: Way((State.OPEN, State.MATCHING), State.MATCHING),
    Move.PROPOSE: Way((State.OPEN, State.MATCHING), State.PROPOSED),
    Move.OWNER_AGREE: Way((State.PROPOSED,), State.OWNER_AGREED, (CandidateState.PROPOSED,), CandidateState.OWNER_AGREED),
    # Who agreed may still say no, as long as nobody has written to the customer.
    Move.OWNER_REFUSE: Way(
        (State.PROPOSED, State.OWNER_AGREED), State.MATCHING,
        (CandidateState.PROPOSED, CandidateState.OWNER_AGREED), CandidateState.OWNER_DECLINED,
    ),
    Move.ASK: Way((State.OWNER_AGREED,), State.CUSTOMER_ASKED, (CandidateState.OWNER_AGREED,), CandidateState.ASKED),
    Move.ACCEPT: Way((State.CUSTOMER_ASKED,), State.ACCEPTED, (CandidateState.ASKED,), CandidateState.ACCEPTED),
    # Who said yes may still have to say no.
    Move.REFUSE: Way(
        (State.CUSTOMER_ASKED, State.ACCEPTED, State.SCHEDULED), State.MATCHING,
        (CandidateState.ASKED, CandidateState.ACCEPTED, CandidateState.SCHEDULED), CandidateState.DECLINED,
    ),
    Move.LAPSE: Way(
        (State.PROPOSED, State.OWNER_AGREED, State.CUSTOMER_ASKED), State.MATCHING,
        (CandidateState.PROPOSED, CandidateState.OWNER_AGREED, CandidateState.ASKED), CandidateState.NO_ANSWER,
    ),
    Move.TAKE_BACK: Way(_HELD, State.MATCHING, *_ENDS_WITH_ALL),
    Move.BOOK: Way(
        (State.ACCEPTED, State.SCHEDULED), State.SCHEDULED,
        (CandidateState.ACCEPTED, CandidateState.SCHEDULED), CandidateState.SCHEDULED,
    ),
    # What was settled is off, and another time is looked for.
    Move.REOPEN: Way((State.SCHEDULED,), State.ACCEPTED, (CandidateState.SCHEDULED,), CandidateState.ACCEPTED),
    Move.COMPLETE: Way(
        (State.ACCEPTED, State.SCHEDULED), State.COMPLETED, (CandidateState.ACCEPTED, CandidateState.SCHEDULED), CandidateState.COMPLETED
    ),
    Move.MISS: Way((State.ACCEPTED, State.SCHEDULED), State.MISSED, (CandidateState.ACCEPTED, CandidateState.SCHEDULED), CandidateState.MISSED),
    Move.DECLINE: Way((State.OPEN, State.MATCHING), State.DECLINED),
    Move.EXPIRE: Way(_BEFORE_YES, State.EXPIRED, *_ENDS_WITH_ALL),
    # Agreed to, and nothing came of it for too long.
    Move.GIVE_UP: Way((State.ACCEPTED,), State.EXPIRED, (CandidateState.ACCEPTED,), CandidateState.WITHDRAWN),
    Move.CANCEL: Way((State.DRAFT, *LIVES), State.CANCELLED, *_ENDS_WITH_ALL),
    Move.WITHDRAW: Way(LIVES, State.WITHDRAWN, *_ENDS_WITH_ALL),
    # What was written down of it was not so.
    Move.PUT_DONE: Way((State.MISSED,), State.COMPLETED, (CandidateState.MISSED,), CandidateState.COMPLETED),
    Move.PUT_MISSED: Way((State.COMPLETED,), State.MISSED, (CandidateState.COMPLETED,), CandidateState.MISSED),
}  # fmt: skip
"""Every move that there is. What stands nowhere here is refused, by the guarded update that makes the move."""
HOLDING = _HOLDS
"""A candidate in these holds their slot of goodwill, and is the one of the request."""
KEEPS_SLOT = (CandidateState.COMPLETED, CandidateState.MISSED)
"""What was said yes to counts against the cap whatever came of it; every other end frees the slot."""
ENDED = (State.COMPLETED, State.MISSED, State.DECLINED, State.EXPIRED, State.CANCELLED, State.WITHDRAWN)
MEETINGS = (Activity.CALL, Activity.VISIT, Activity.ANALYST)
"""What takes place at a time: slots are offered, one is picked, both get an invitation. All else is agreed on and done."""


def moved(state: State, move: Move) -> State | None:
    """Return where a move leads from ``state``, or None where there is no such way."""
    way = WAYS[move]
    return way.end if state in way.start else None


def frees(state: CandidateState) -> bool:
    """Tell whether a candidate in this state holds no slot of goodwill any more."""
    return state not in HOLDING and state not in KEEPS_SLOT


class Turn(StrEnum):
    """Whose turn it is."""

    REQUESTER = "requester"
    ADMIN = "admin"
    OWNER = "owner"
    CUSTOMER = "customer"
    PROSPECT = "prospect"
    BOTH = "both"
    NOBODY = "nobody"


TURN_NAMES = {
    Turn.REQUESTER: N_("The requester’s turn"),
    Turn.ADMIN: N_("An admin’s turn"),
    Turn.OWNER: N_("The account owner’s turn"),
    Turn.CUSTOMER: N_("The customer’s turn"),
    Turn.PROSPECT: N_("The prospect’s turn"),
    Turn.BOTH: N_("The meeting, and what both say of it"),
    Turn.NOBODY: N_("Nobody’s turn"),
}


def turn(
    state: State,
    *,
    is_self_serve: bool,
    is_meeting: bool,
    has_prospect: bool,
    is_out_of_times: bool = False,
    is_unneeded: bool = False,
    is_disputed: bool = False,
) -> Turn:
    """Return whose turn it is. ``has_prospect``: there is an address to which the slots were sent; ``is_out_of_times``: the customer was asked
    for new ones; ``is_unneeded``: the prospect cannot come, or needs it no more; ``is_disputed``: the two sides do not say the same of it.
    """
    if is_disputed and state in (State.ACCEPTED, State.SCHEDULED):
        return Turn.ADMIN
    if state in (State.OPEN, State.MATCHING):
        return Turn.REQUESTER if is_self_serve else Turn.ADMIN
    if state in (State.DRAFT, State.OWNER_AGREED):
        return Turn.REQUESTER
    if state is State.PROPOSED:
        return Turn.OWNER
    if state is State.CUSTOMER_ASKED:
        return Turn.CUSTOMER
    if state is State.ACCEPTED and is_meeting and is_unneeded:
        return Turn.REQUESTER
    if state is State.ACCEPTED and is_meeting and is_out_of_times:
        return Turn.CUSTOMER
    if state is State.ACCEPTED:
        return Turn.PROSPECT if is_meeting and has_prospect else Turn.REQUESTER
    return Turn.BOTH if state is State.SCHEDULED else Turn.NOBODY
