"""What must always hold of nominations: a part of the one list in ``portal/invariants.py``."""

from portal.ledger.queries.invariants import Invariant

INVARIANTS = (
    Invariant(
        "I13", "Nobody decides about whom they nominated.", "nomination",
        "SELECT id, 'was decided by its own nominator' AS text FROM nomination WHERE decided_by_id = nominator_id OR decided_by_id = colleague_id",
    ),
    Invariant(
        "I13", "No rule approves what its own maker nominated.", "nomination",
        """SELECT n.id, 'was approved by a rule of its own nominator' AS text FROM nomination n JOIN nomination_rule r ON r.id = n.rule_id
        WHERE r.made_by_id = n.nominator_id OR r.made_by_id = n.colleague_id""",
    ),
    Invariant(
        "I13", "Who said yes by link gave a consent with it.", "nomination",
        """SELECT n.id, 'was agreed to without consent' AS text FROM nomination n WHERE n.state = 'accepted' AND EXISTS
        (SELECT 1 FROM nomination_link l WHERE l.nomination_id = n.id) AND NOT EXISTS (SELECT 1 FROM consent c
        WHERE c.source_type = 'nomination' AND c.source_id = n.id)""",
    ),
)  # fmt: skip
