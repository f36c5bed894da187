"""What must always hold of boards: a part of the one list in ``portal/invariants.py``."""

from portal.ledger.queries.invariants import Invariant

_COUNTED = """SELECT p.company_id, s.period, CAST(SUM(s.score) AS BIGINT) AS points, COUNT(*) AS members, MIN(s.first_neg) AS first_neg
    FROM period_score s JOIN person p ON p.id = s.member_id
    WHERE s.is_shown AND s.score > 0 AND p.board_name IS NULL AND p.company_id IS NOT NULL GROUP BY p.company_id, s.period"""
_KEPT = "SELECT company_id, period, points, members, first_neg FROM company_score"
_DIFFERS = """SELECT company_id AS id, 'has people who count otherwise on ' || period AS text FROM (SELECT * FROM counted EXCEPT {kept}) AS missing
    UNION ALL SELECT company_id, 'is kept otherwise on ' || period || ' than its people count' FROM ({kept} EXCEPT SELECT * FROM counted) AS kept"""
INVARIANTS = (
    Invariant(
        "I2", "What a company has on a board is what its people have who stand there by name.", "company_score",
        f"WITH counted AS ({_COUNTED}) {_DIFFERS.format(kept=_KEPT)}",
    ),
)  # fmt: skip
