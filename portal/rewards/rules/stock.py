"""Why the stock of a shelf moved, and under which key a redemption takes its piece and gives it back."""

from enum import StrEnum

from portal.kernel.text import N_


class Why(StrEnum):
    """Why pieces came onto a shelf or left it. A shelf is a reward, or one of its variants."""

    OPENING = "opening"
    ADDED = "added"
    COUNTED = "counted"
    CHANGED = "changed"
    UNCOUNTED = "uncounted"
    TAKEN = "taken"
    BACK = "back"
    CODES_ADDED = "codes_added"
    CODES_REMOVED = "codes_removed"
    LAPSED = "lapsed"
    RENEWED = "renewed"
    SOURCE = "source"


OF_REDEMPTIONS = (Why.TAKEN, Why.BACK, Why.RENEWED)
WHY_NAMES: dict[Why, str] = {
    Why.OPENING: N_("There when movements began to be kept"),
    Why.ADDED: N_("There when it was added"),
    Why.COUNTED: N_("Counting began"),
    Why.CHANGED: N_("Changed by hand"),
    Why.UNCOUNTED: N_("Counting ended"),
    Why.TAKEN: N_("Redeemed"),
    Why.BACK: N_("Came back"),
    Why.CODES_ADDED: N_("Codes imported"),
    Why.CODES_REMOVED: N_("Codes taken out"),
    Why.LAPSED: N_("Codes past their last day"),
    Why.RENEWED: N_("Another code for one past its last day"),
    Why.SOURCE: N_("Cards come from elsewhere from here on"),
}


def taken_key(redemption_id: int, after_hold: int | None) -> str:
    """Return the key under which a redemption takes its piece: at first, or once more after the hold that a decline released."""
    return f"taken:{redemption_id}:{after_hold or 0}"


def back_key(redemption_id: int, hold_id: int | None) -> str:
    """Return the key under which it gives that piece back; each hold of its points ends once, and so does the piece."""
    return f"back:{redemption_id}:{hold_id or 0}"
