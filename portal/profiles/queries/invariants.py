"""What must always hold of reference profiles: a part of the one list in ``portal/invariants.py``."""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I13", "What a profile offers rests on a consent of the same person, to be asked as a reference.", "profile_activity",
        """SELECT a.person_id AS id, 'offers ' || a.activity || ' without a consent of their own' AS text FROM profile_activity a
        JOIN consent c ON c.id = a.consent_id WHERE c.person_id <> a.person_id OR c.item <> 'reference'""",
    ),
    Invariant(
        "I15", "A profile stands under legal hold together with the block that came with it, which keeps from every ask.", "reference_profile",
        """SELECT p.person_id AS id, 'is held without its block' AS text FROM reference_profile p WHERE p.status = 'legal_hold' AND NOT EXISTS
        (SELECT 1 FROM ask_block b WHERE b.person_id = p.person_id AND b.comes_with_profile AND b.lifted_at IS NULL)
        UNION ALL SELECT b.person_id AS id, 'has its block without being held' AS text FROM ask_block b WHERE b.comes_with_profile
        AND b.lifted_at IS NULL AND NOT EXISTS (SELECT 1 FROM reference_profile p WHERE p.person_id = b.person_id AND p.status = 'legal_hold')""",
    ),
)  # fmt: skip
