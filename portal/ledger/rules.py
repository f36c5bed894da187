"""What may move where, and how much: pure decisions of the safe, its kinds, its refusals and the shape of a transfer.

Signs: a person's ``available`` and ``held`` are zero or more, ``owed`` is what the person owes and
therefore zero or less. Who has points to spend owes nothing, and who owes has nothing to spend:
whatever comes in pays what is owed first.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_

POINTS, STAFF = "points", "staff"
"""The units: what members earn, and employees' credit, which is never mixed with it."""
MOST_POINTS = 1_000_000_000
PENDING = "bank.pending"
"""The reason of a hold that is no reward's: what was earned waits for its day."""
_REASON = re.compile(r"[a-z][a-z0-9_.:-]{0,63}")


class AccountKind(StrEnum):
    """Three accounts a person, four of the programme; the programme's carry no running balance, so no award waits for them."""

    AVAILABLE = "available"
    HELD = "held"
    OWED = "owed"
    ISSUED = "issued"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"


OWN_KINDS = (AccountKind.AVAILABLE, AccountKind.HELD, AccountKind.OWED)
PROGRAMME_KINDS = (AccountKind.ISSUED, AccountKind.REDEEMED, AccountKind.EXPIRED, AccountKind.ADJUSTED)


class TransferKind(StrEnum):
    """What a transfer does."""

    AWARD = "award"
    HOLD = "hold"
    RELEASE = "release"
    CAPTURE = "capture"
    ADJUST = "adjust"
    REVERSE = "reverse"
    EXPIRE = "expire"


# The programme's account on the other side of what a person gains or loses, by kinds that can be reversed.
OTHER_SIDE = {
    TransferKind.AWARD: AccountKind.ISSUED,
    TransferKind.ADJUST: AccountKind.ADJUSTED,
    TransferKind.CAPTURE: AccountKind.REDEEMED,
}


@dataclass(frozen=True)
class Transfer:
    """One decision about points, as written.

    ``points`` is what was decided: signed for an adjustment, the original's with the opposite sign
    for a reversal, above zero otherwise. ``earned`` is what it adds to the lifetime total. A release
    or capture names its hold in ``resolves_id``, a reversal its original in ``reverses_id``.
    ``is_replay`` tells that the key was known and nothing was written this time.
    """

    id: int
    key: str
    kind: TransferKind
    owner_id: int
    unit: str
    points: int
    earned: int
    reason: str
    source_type: str | None
    source_id: int | None
    effective_at: datetime
    recorded_at: datetime
    actor_id: int | None
    batch_id: int | None = None
    reverses_id: int | None = None
    resolves_id: int | None = None
    note_id: int | None = None
    note_hash: str | None = None
    is_replay: bool = False


class BalanceTooLow(Refusal):
    """There are fewer points available than the act needs."""

    message = N_("You need %(needed)s points for this and have %(available)s available.")
    field = "price"


class AlreadyResolved(Conflict):
    """The hold was released or captured before; that stands."""

    message = N_("This was already settled, so nothing was changed.")


class AlreadyReversed(Conflict):
    """The transfer was reversed before; that stands."""

    message = N_("This was already taken back, so nothing was changed.")


class NotReversible(Refusal):
    """Only an award, an adjustment and a fulfilment can be reversed; a hold is released instead."""

    message = N_("This cannot be taken back.")


class KeyReused(Conflict):
    """The key names another decision, with other facts. A repeat must repeat the facts."""

    message = N_("This form was already used for something else. Nothing was changed; please open the page again.")


def require_points(points: int, *, signed: bool = False) -> int:
    """Return ``points`` if they are a whole number a transfer may carry; anything else is a programming error."""
    if type(points) is not int or points == 0 or abs(points) > MOST_POINTS or (points < 0 and not signed):
        raise ValueError(f"{points!r} is not a number of points to move")
    return points


def require_reason(reason: str) -> str:
    """Return ``reason`` if it is a code (``challenge.approved``): it is sealed for ever, so free text belongs in the note."""
    if not _REASON.fullmatch(reason):
        raise ValueError(f"{reason!r} is not a reason code; put free text into the note")
    return reason


def gain(points: int, *, owed: int) -> dict[AccountKind, int]:
    """Return the moves that give ``points`` to a person who owes ``-owed``: what is owed is paid first."""
    paid = min(points, -owed)
    return _moved({AccountKind.AVAILABLE: points - paid, AccountKind.OWED: paid})


def loss(points: int, *, available: int) -> dict[AccountKind, int]:
    """Return the moves that take ``points``: from what is available, and the rest becomes owed."""
    taken = min(points, available)
    return _moved({AccountKind.AVAILABLE: -taken, AccountKind.OWED: taken - points})


def change(points: int, *, available: int, owed: int) -> dict[AccountKind, int]:
    """Return the moves for a signed number of points."""
    return gain(points, owed=owed) if points > 0 else loss(-points, available=available)


def _moved(moves: dict[AccountKind, int]) -> dict[AccountKind, int]:
    return {kind: amount for kind, amount in moves.items() if amount}


def require_same(first: Transfer, **facts: object) -> Transfer:
    """Return the transfer that stands under the key, or refuse if the repeat tells other ``facts``."""
    for name, value in facts.items():
        if getattr(first, name) != value:
            raise KeyReused(key=first.key, differs=name)
    return first


@dataclass(frozen=True)
class Problem:
    """Something in the safe that is not as it must be, and the row where it shows."""

    rule: str
    table: str
    row_id: int
    text: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.table} {self.row_id} {self.text}"
