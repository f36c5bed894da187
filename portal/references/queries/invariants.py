"""What must always hold of nominations: a part of the one list in ``portal/invariants.py``."""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I13", "Nobody decides about whom they nominated.", "nomination",
        "SELECT id, 'was decided by its own nominator' AS text FROM nomination WHERE decided_by_id = nominator_id",
    ),
)  # fmt: skip
