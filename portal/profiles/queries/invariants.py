"""What must always hold of reference profiles: a part of the one list in ``portal/invariants.py``."""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I13", "What a profile offers rests on a consent of the same person, to be asked as a reference.", "profile_activity",
        """SELECT a.person_id AS id, 'offers ' || a.activity || ' without a consent of their own' AS text FROM profile_activity a
        JOIN consent c ON c.id = a.consent_id WHERE c.person_id <> a.person_id OR c.item <> 'reference'""",
    ),
)  # fmt: skip
