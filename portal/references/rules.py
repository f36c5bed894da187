"""Nominations: states, what a nominee might do, and who may decide what. Pure decisions, read before lunch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, NotAllowed, Refusal
from portal.kernel.text import N_, clean_line, fold
from portal.people.rules.person import PersonState, require_email_shape


class State(StrEnum):
    """What was decided on one nomination."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    DUPLICATE = "duplicate"


class Standing(StrEnum):
    """How a nominee stands in the nominator's eyes: the decision, and what the invited person made of it."""

    WAITING = "waiting"
    INVITED = "invited"
    JOINED = "joined"
    LEFT = "left"
    DECLINED = "declined"


STANDING_NAMES = {
    Standing.WAITING: N_("Waiting for review"),
    Standing.INVITED: N_("Invited"),
    Standing.JOINED: N_("Joined"),
    Standing.LEFT: N_("No longer with us"),
    Standing.DECLINED: N_("Declined"),
}
STANDING_STEPS = {Standing.WAITING: 2, Standing.DECLINED: 2, Standing.INVITED: 3, Standing.JOINED: 4, Standing.LEFT: 4}


class Activity(StrEnum):
    """What a nominee might do for us."""

    CALL = "call"
    REVIEW = "review"
    CASE_STUDY = "case_study"
    SPEAKING = "speaking"
    PRESS = "press"
    ADVISORY_BOARD = "advisory_board"
    VIDEO = "video"
    REFERRAL = "referral"


ACTIVITY_NAMES = {
    Activity.CALL: N_("Reference call"),
    Activity.REVIEW: N_("Review"),
    Activity.CASE_STUDY: N_("Case study"),
    Activity.SPEAKING: N_("Speaking"),
    Activity.PRESS: N_("Press"),
    Activity.ADVISORY_BOARD: N_("Advisory board"),
    Activity.VIDEO: N_("Video"),
    Activity.REFERRAL: N_("Referral"),
}


class KnownAs(StrEnum):
    """What we know of an address before somebody nominates it."""

    MEMBER = "member"
    TEAM = "team"
    INVITED = "invited"
    NOMINATED = "nominated"
    OWN = "own"


@dataclass(frozen=True)
class Known:
    """Somebody who is about to be nominated and is known already. ``at`` is when they were nominated or invited."""

    as_what: KnownAs
    name: str
    nominator: str = ""
    at: datetime | None = None


class AlreadyMember(Refusal):
    """The nominee takes part already."""

    message = N_("%(name)s is a member already, so there is nothing left to do. You find them in the registry.")
    field = "email"


class NotACustomer(Refusal):
    """The nominee works on our side: employee, reviewer or admin, and no advocate."""

    message = N_("%(name)s is one of our own team. Nominations are for people at our customers.")
    field = "email"


class NominatedBySelf(Refusal):
    """The same employee named the same person before, and that nomination still stands."""

    message = N_("You nominated %(name)s already. See how it stands under “My nominations”.")
    field = "email"


class OwnNomination(NotAllowed):
    """Nobody decides on their own nomination: not on the first, not on one they added their voice to, and none in favour of their own."""

    message = N_("You nominated this person, so another admin has to decide.")


class AlreadyDecided(Conflict):
    """Somebody else decided first."""

    message = N_("This nomination has been decided already. Nothing was changed.")


class ReasonMissing(Refusal):
    """A decline without a reason."""

    message = N_("Say why, so that the nominator knows. They read this.")
    field = "reason"


class NotAnOriginal(Refusal):
    """The nomination to credit is the same one, or it does not stand any more."""

    message = N_("Choose another nomination, one that waits or was accepted.")
    field = "first_id"


class NominatedAgain(Conflict):
    """Another nomination of the same address stands by now."""

    message = N_("Somebody has nominated this person again by now, so this decision stands. Decide on the new one.")


class InvitationOut(Conflict):
    """The nominee was invited once more, or joined."""

    message = N_("The invitation is out by now, so this decision stands.")


class NomineeDeactivated(Refusal):
    """The nominee's account was closed; an invitation alone would not open it."""

    message = N_("%(name)s has a deactivated account. Decline with a reason, or reactivate the account under “People” first.")


def require_employee(actor: Actor) -> None:
    """Refuse unless ``actor`` is an employee: nominations come from people who know the customer."""
    if actor.id is None or not actor.is_employee:
        raise NotAllowed()


def is_team(person_state: str | None, *, is_advocate: bool) -> bool:
    """Tell whether somebody works on our side: they may sign in, or soon, and are no advocate. The registry does not list them."""
    return not is_advocate and person_state in (PersonState.ACTIVE, PersonState.INVITED)


def require_nominee(email: str, person_name: str | None, person_state: str | None, *, is_advocate: bool = True) -> None:
    """Refuse an address without the shape of one, one of our own team (``NotACustomer``), and a person who takes part already.

    A contact or an invited advocate is fine.
    """
    require_email_shape(email)
    if is_team(person_state, is_advocate=is_advocate):
        raise NotACustomer(name=person_name)
    if person_state == PersonState.ACTIVE:
        raise AlreadyMember(name=person_name)


def require_decidable(actor: Actor, nominators: Iterable[int]) -> None:
    """Refuse unless ``actor`` may decide on nominations, and is none of those who nominated."""
    if not actor.may_decide("nomination"):
        raise NotAllowed()
    if actor.id is not None and actor.id in set(nominators):
        raise OwnNomination()


def require_reason(reason: str) -> str:
    """Return the reason without blank ends; refuse an empty one."""
    if not reason.strip():
        raise ReasonMissing()
    return reason.strip()


def standing(state: State, person_state: str | None) -> Standing:
    """Return how a nominee stands. ``state`` is the one of the first nomination, ``person_state`` the nominee's own."""
    if state is State.DECLINED:
        return Standing.DECLINED
    if state is not State.ACCEPTED:
        return Standing.WAITING
    if person_state == PersonState.ACTIVE:
        return Standing.JOINED
    return Standing.LEFT if person_state == PersonState.DEACTIVATED else Standing.INVITED


def timeline(standing: Standing, created_at: datetime, decided_at: datetime | None, joined_at: datetime | None) -> list[tuple[datetime, str]]:
    """Return the steps of a nomination so far, as (moment, sentence marked for translation), oldest first."""
    steps = [(created_at, N_("Nominated"))]
    if decided_at is not None:
        steps.append((decided_at, N_("Declined") if standing is Standing.DECLINED else N_("Accepted and invited")))
    if joined_at is not None and standing in (Standing.JOINED, Standing.LEFT):
        steps.append((joined_at, N_("Joined")))
    return sorted(steps, key=lambda step: step[0])


def search_text(*parts: str | None) -> str:
    """Return what a search looks through: the parts without accents and case."""
    return fold(" ".join(clean_line(part) for part in parts if part))
