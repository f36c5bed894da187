"""What a line of the statement is called, how its parts are put together, and the months it can be narrowed to."""

from collections.abc import Iterable
from datetime import date

from portal.kernel.text import N_
from portal.ledger.rules import TransferKind

LINE_NAMES = {
    TransferKind.AWARD: N_("Earned"),
    TransferKind.HOLD: N_("Held for a reward"),
    TransferKind.RELEASE: N_("Given back"),
    TransferKind.ADJUST: N_("Corrected by hand"),
    TransferKind.REVERSE: N_("Taken back"),
    TransferKind.EXPIRE: N_("Expired"),
}
RETURNED = N_("Returned")
WAITS = N_("Pending until %(day)s")
WAITED = N_("No longer pending")
# Lines whose reason says more than their kind.
REASON_NAMES = {
    "bank.undone": N_("Correction undone"),
    "bank.import_undone": N_("Correction undone with its import"),
    "challenge.repriced": N_("New points for a challenge"),
    "challenge.reprice_undone": N_("New points for a challenge undone"),
}


MOST_MONTHS = 120
"""So many months are offered to choose from; older lines are found by days, and the list says so."""


def dotted(parts: Iterable[str]) -> list[str]:
    """Return the parts that are not empty, each but the last without the full stop at its end, to be joined by dots."""
    said = [part for part in parts if part]
    return [part if part is said[-1] or part.endswith("..") else part.removesuffix(".") for part in said]


def months_between(first: date, last: date) -> list[date]:
    """Return the first days of all months from that of ``first`` to that of ``last``, the last first, ``MOST_MONTHS`` at most."""
    begins, ends = (day.year * 12 + day.month - 1 for day in (first, last))
    return [date(month // 12, month % 12 + 1, 1) for month in range(ends, max(begins, ends - MOST_MONTHS + 1) - 1, -1)]


def line_name(kind: TransferKind, points: int, reason: str = "") -> str:
    """Return what a line is called, marked for translation. A reversed fulfilment gives points, any other reversal takes them."""
    if reason in REASON_NAMES:
        return REASON_NAMES[reason]
    return RETURNED if kind is TransferKind.REVERSE and points > 0 else LINE_NAMES[kind]
