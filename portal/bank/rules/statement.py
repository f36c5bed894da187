"""What a line of the statement is called."""

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
    "challenge.repriced": N_("New points for a challenge"),
    "challenge.reprice_undone": N_("New points for a challenge undone"),
}


def line_name(kind: TransferKind, points: int, reason: str = "") -> str:
    """Return what a line is called, marked for translation. A reversed fulfilment gives points, any other reversal takes them."""
    if reason in REASON_NAMES:
        return REASON_NAMES[reason]
    return RETURNED if kind is TransferKind.REVERSE and points > 0 else LINE_NAMES[kind]
