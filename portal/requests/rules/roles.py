"""Who may do what with a request: the requester, the admin who handles it, the account owner who is asked, and admins."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from portal.kernel.actor import Actor
from portal.profiles.rules.seeing import may_know
from portal.requests.rules.states import HOLDING, CandidateState, Move, State, moved

TIER_OF_STRANGERS = 2
"""Of somebody without a reference profile: asked through an admin."""
_AFTER_YES = (CandidateState.ACCEPTED, CandidateState.SCHEDULED, CandidateState.COMPLETED, CandidateState.MISSED)


@dataclass(frozen=True)
class Parties:
    """Whose request it is, who handles it, and the account owners who are or were asked about one of its candidates."""

    requester_id: int
    handler_id: int | None = None
    owner_ids: frozenset[int] = frozenset()
    """Every account owner who was asked."""
    owner_id: int | None = None
    """The account owner of the candidate of the moment."""
    released_ids: frozenset[int] = frozenset()
    """Those of ``owner_ids`` whom it does not concern any more: they refused, or it ended before their customer was asked."""


class Role(StrEnum):
    """What somebody is to a request. The customer and the prospect come by link, and act on nothing else."""

    REQUESTER = "requester"
    HANDLER = "handler"
    OWNER = "owner"
    ADMIN = "admin"


MAY: dict[Move, frozenset[Role]] = {
    Move.SEND: frozenset({Role.REQUESTER}),
    Move.TAKE_UP: frozenset({Role.ADMIN}),
    Move.PROPOSE: frozenset({Role.REQUESTER, Role.ADMIN}),
    Move.OWNER_AGREE: frozenset({Role.OWNER}),
    Move.OWNER_REFUSE: frozenset({Role.OWNER}),
    Move.ASK: frozenset({Role.REQUESTER, Role.OWNER, Role.ADMIN}),
    Move.TAKE_BACK: frozenset({Role.REQUESTER, Role.ADMIN}),
    Move.BOOK: frozenset({Role.REQUESTER, Role.ADMIN}),
    Move.REOPEN: frozenset({Role.REQUESTER, Role.ADMIN}),
    Move.DECLINE: frozenset({Role.ADMIN}),
    Move.CANCEL: frozenset({Role.REQUESTER, Role.ADMIN}),
    Move.WITHDRAW: frozenset({Role.REQUESTER, Role.ADMIN}),
    Move.PUT_DONE: frozenset({Role.ADMIN}),
    Move.PUT_MISSED: frozenset({Role.ADMIN}),
}
"""Who may make a move from a page of the portal. An admin answers for no account owner, unless they are the owner; for one who is
silent, an admin takes the proposal back, gives the company another owner, and proposes again. Whoever handles a request is an admin."""


def roles_of(actor: Actor, parties: Parties) -> frozenset[Role]:
    """Return what the actor is to the request: nothing for everybody else."""
    if actor.is_advocate and not (actor.is_employee or actor.is_admin):
        return frozenset()
    found = {Role.ADMIN} if actor.is_admin else set()
    if actor.id is not None and (actor.is_employee or actor.is_admin):
        found |= {Role.REQUESTER} if actor.id == parties.requester_id else set()
        found |= {Role.HANDLER} if actor.id == parties.handler_id else set()
        found |= {Role.OWNER} if actor.id == parties.owner_id else set()
    return frozenset(found)


def may_see(actor: Actor, parties: Parties) -> bool:
    """Tell whether the actor may read the request with its deal: its parties and admins.

    An account owner whose customer was asked reads what came of it; one who refused, or about whose customer nobody was asked, does no more.
    """
    was_asked = actor.is_employee and actor.id is not None and actor.id in parties.owner_ids - parties.released_ids
    return bool(roles_of(actor, parties)) or was_asked


def typed_prospect(actor: Actor, parties: Parties) -> bool:
    """Tell whether the actor knows how the prospect is reached, since it is their own request; to others each view is written down."""
    return actor.id is not None and Role.REQUESTER in roles_of(actor, parties)


def stays_unseen(actor: Actor, parties: Parties, stored: str) -> bool:
    """Tell whether ``stored``, of how the prospect is reached, stays where the actor leaves its field empty: they are not shown what it is."""
    return bool(stored) and not typed_prospect(actor, parties)


def may_see_prospect(actor: Actor, parties: Parties) -> bool:
    """Tell whether the actor may see how the prospect is reached: the requester, the account owner of the moment, and admins."""
    return bool(roles_of(actor, parties))


def may(move: Move, actor: Actor, parties: Parties) -> bool:
    """Tell whether the actor may make a move, as far as that is a matter of who they are."""
    return actor.is_system or bool(MAY.get(move, frozenset()) & roles_of(actor, parties))


def may_propose(actor: Actor, parties: Parties, tier: int) -> bool:
    """Tell whether the actor may propose somebody of a tier: the requester from tier 1, admins from all."""
    return actor.is_admin or (tier == 1 and may(Move.PROPOSE, actor, parties))


def passes_owner(owner_id: int | None, requester_id: int) -> str:
    """Return why no account owner is asked, a word of ``PASSED``; empty where one is: nobody looks after the company, or the requester does."""
    if owner_id is None:
        return "none"
    return "self" if owner_id == requester_id else ""


def may_come_again(state: CandidateState, *, was_asked: bool, has_answered: bool) -> bool:
    """Tell whether somebody who was proposed before may be proposed once more: they said nothing, nor were silent to what they were asked.

    So it is where staff took them back before they answered, and where the slot lapsed before anybody wrote to them.
    """
    if state is CandidateState.WITHDRAWN:
        return not has_answered
    return state is CandidateState.NO_ANSWER and not was_asked


def lets_owner_go(state: CandidateState, *, was_asked: bool) -> bool:
    """Tell whether it does not concern a candidate's account owner any more: they refused, or it ended before the customer was asked."""
    return state is CandidateState.OWNER_DECLINED or (state in (CandidateState.NO_ANSWER, CandidateState.WITHDRAWN) and not was_asked)


def may_know_who(actor: Actor, parties: Parties, *, tier: int, owner_id: int | None, state: CandidateState, was_named: bool = False) -> bool:
    """Tell whether the actor may read a candidate's name: whom the tier lets know, of those who see the request; after the yes all of them.

    ``was_named``: they said yes once, and whoever read the name then goes on reading it here, whatever came after.
    """
    if may_know(actor, owner_id=owner_id, tier=tier):
        return may_see(actor, parties)
    return (was_named or state in _AFTER_YES) and may_see(actor, parties)


def moves_open(actor: Actor, parties: Parties, state: State, moves: Iterable[Move]) -> frozenset[Move]:
    """Return which of ``moves`` the actor may make now."""
    return frozenset(move for move in moves if moved(state, move) is not None and may(move, actor, parties))


def holds(state: CandidateState | str) -> bool:
    """Tell whether a candidate is the one of the request."""
    return state in HOLDING
