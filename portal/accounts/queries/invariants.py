"""What must always hold of what is known of companies: a part of the one list in ``portal/invariants.py``."""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I14", "Each hand-over of a customer stands in the record.", "company_account",
        """SELECT a.company_id AS id, 'was handed over, and nobody is known to have done it' AS text FROM company_account a
        WHERE a.handed_over_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_event e
        WHERE e.subject_type = 'company' AND e.subject_id = a.company_id AND e.name = 'company.handed_over')""",
    ),
)  # fmt: skip
