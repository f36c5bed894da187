"""What must always hold of asks: a part of the one list in ``portal/invariants.py``.

Slots are counted anew from the record, as it stood when each ask was written: what was freed in the same moment counts as free.
"""

from portal.ledger.queries.invariants import Invariant

_FREED = "SELECT 1 FROM ask_outcome o WHERE o.ask_id = b.id AND o.came IN ('declined', 'expired', 'withdrawn') AND o.at <= a.recorded_at"


def _over(of: str) -> str:
    """Return the statement that finds asks beyond the cap of a person or company which no override lets through."""
    return (
        f"SELECT a.id, 'is beyond the cap of its {of}, and nobody approved that' AS text FROM ask a "  # noqa: S608
        f"WHERE NOT a.is_outside AND a.overrode = '' AND a.{of}_id IS NOT NULL AND (a.{of}_used >= a.{of}_most OR (SELECT COUNT(*) FROM ask b "
        f"WHERE b.{of}_id = a.{of}_id AND b.id < a.id AND b.asked_at > a.{of}_since AND NOT EXISTS ({_FREED})) >= a.{of}_most)"
    )


INVARIANTS = (
    Invariant("I15", "Nobody is asked beyond their own cap without an approver.", "ask", _over("person")),
    Invariant("I15", "No company's people are asked beyond its cap without an approver.", "ask", _over("company")),
    Invariant(
        "I15", "An ask ends once, and nothing comes after its end.", "ask_outcome",
        """SELECT o.id, 'comes after the end of ask ' || o.ask_id AS text FROM ask_outcome o JOIN ask_outcome e ON e.ask_id = o.ask_id
        AND e.id < o.id AND e.came <> 'accepted'""",
    ),
    Invariant(
        "I15", "An ask is open as long as nothing ended it, and known as accepted once it was.", "ask",
        """SELECT a.id, 'is not open, or accepted, as what came of it says' AS text FROM ask a LEFT JOIN open_ask p ON p.ask_id = a.id
        LEFT JOIN ask_outcome y ON y.ask_id = a.id AND y.came = 'accepted'
        LEFT JOIN ask_outcome e ON e.ask_id = a.id AND e.came <> 'accepted'
        WHERE (p.ask_id IS NULL) <> (e.id IS NOT NULL) OR (p.ask_id IS NOT NULL AND p.is_accepted <> (y.id IS NOT NULL))
        OR (p.ask_id IS NOT NULL AND p.person_id <> a.person_id)""",
    ),
    Invariant(
        "I14", "Each ask stands in the record.", "ask",
        """SELECT a.id, 'is not in the record' AS text FROM ask a WHERE NOT EXISTS (SELECT 1 FROM audit_event e
        WHERE e.subject_type = 'ask' AND e.subject_id = a.id AND e.name IN ('ask.made', 'ask.overridden', 'ask.logged'))""",
    ),
)  # fmt: skip
