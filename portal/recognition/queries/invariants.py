"""What must always hold of boards: a part of the one list in ``portal/invariants.py``."""

from portal.ledger.queries.invariants import Invariant

_COUNTED = """SELECT p.company_id, s.period, CAST(SUM(s.score) AS BIGINT) AS points, COUNT(*) AS members, MIN(s.first_neg) AS first_neg
    FROM period_score s JOIN person p ON p.id = s.member_id
    WHERE s.is_shown AND s.score > 0 AND p.board_name IS NULL AND p.company_id IS NOT NULL GROUP BY p.company_id, s.period"""
_KEPT = "SELECT company_id, period, points, members, first_neg FROM company_score"
INVARIANTS = (
    Invariant(
        "I2", "What a company has on a board is what its people have who stand there by name.", "company_score",
        f"WITH counted AS ({_COUNTED}) SELECT company_id AS id, 'has people who count on ' || period || ' otherwise than is kept' AS text "
        f"FROM (SELECT * FROM counted EXCEPT {_KEPT}) AS missing UNION ALL SELECT company_id, 'is kept on ' || period || ' otherwise than its people count' "
        f"FROM ({_KEPT} EXCEPT SELECT * FROM counted) AS kept",
    ),
)  # fmt: skip
