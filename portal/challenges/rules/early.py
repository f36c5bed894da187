"""Early acceptance: a reviewer takes what was entered so far, which the member themselves has not sent."""

from collections.abc import Collection, Sequence
from typing import Protocol, TypeVar

from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.challenges.rules.verdicts import Said, standing_verdict

EARLY = "accepted:"
_STOOD = {
    Outcome.MORE_WANTED: SubmissionState.MORE_WANTED,
    Outcome.DECLINED: SubmissionState.DECLINED,
    Outcome.UPHELD: SubmissionState.DECLINED,
    Outcome.REVERSED: SubmissionState.DECLINED,
}


class Sent(Protocol):
    """What is asked of an attempt here."""

    @property
    def key(self) -> str: ...

    @property
    def state(self) -> str: ...


class Numbered(Sent, Protocol):
    """An attempt with its id."""

    @property
    def id(self) -> int: ...


A = TypeVar("A", bound=Sent)


def early_key(number: int) -> str:
    """Return the key of an attempt that an early acceptance makes; no member's form can send it (``key_of_form``)."""
    return f"{EARLY}{number}"


def key_of_form(key: str) -> str:
    """Return the key a form sent, set apart where it looks like that of an early acceptance."""
    return f"sent:{key}" if key.startswith(EARLY) else key


def is_early(attempt: Sent) -> bool:
    """Tell whether a reviewer made the attempt, of what the member had entered but not sent."""
    return attempt.key.startswith(EARLY)


def is_unsent(attempt: Sent) -> bool:
    """Tell whether what the attempt holds was never sent and is not accepted either: nobody but the member reads it."""
    return is_early(attempt) and attempt.state == AttemptState.WITHDRAWN


def waits_early(attempt: Sent) -> bool:
    """Tell whether an early acceptance has its first approval and waits for the second."""
    return is_early(attempt) and attempt.state == AttemptState.WAITING


def seen_by_member(attempts: Sequence[A]) -> list[A]:
    """Return the attempts a member reads of: an early acceptance that came to nothing leaves no trace with them."""
    return [attempt for attempt in attempts if not is_unsent(attempt)]


def came_to_nothing(attempts: Sequence[Numbered], decided: Collection[int]) -> bool:
    """Tell whether the last thing that became of a submission is an early acceptance to which the second approver said no.

    ``attempts`` are all of it, newest first, ``decided`` the numbers (ids) of those that verdicts are about: an undo is told by itself.
    """
    return bool(attempts) and is_unsent(attempts[0]) and attempts[0].id not in decided


def sent_numbers(attempts: Sequence[Numbered]) -> dict[int, int]:
    """Return by id how many times the member had sent it with each attempt they sent; ``attempts`` are newest first."""
    own = [attempt for attempt in reversed(attempts) if not is_early(attempt)]
    return {attempt.id: number for number, attempt in enumerate(own, start=1)}


def stood_before(verdicts: Sequence[Said]) -> SubmissionState:
    """Return where a submission stood before something that was no verdict; ``verdicts`` are all of it, newest first."""
    last = standing_verdict(verdicts)
    return SubmissionState.OPEN if last is None else _STOOD.get(Outcome(last.outcome), SubmissionState.OPEN)
