"""What must always hold of the search: a part of the one list in ``portal/invariants.py``."""

from sqlalchemy.orm import Session

from portal.ledger.queries.invariants import Invariant
from portal.ledger.rules import Problem

_LEFT = "LEFT JOIN company c ON c.id = h.company_id LEFT JOIN finding_row r ON r.person_id = p.person_id"
# Words in whatever order have one length together.
_SPOKEN = """COALESCE((SELECT SUM(length(replace(w.word, 'ß', 'ss')) + 1) - 1 FROM profile_word w WHERE w.person_id = p.person_id
    AND w.kind IN ('product', 'use_case', 'replaced')), 0)"""
_TOLD = f"length(replace(COALESCE(c.industry, '') || ' ' || p.story || ' ' || p.results || ' ', 'ß', 'ss')) + {_SPOKEN}"
INVARIANTS = (
    Invariant(
        "I14", "What a search looks through is what profiles, people and companies say.", "reference_profile",
        f"""SELECT p.person_id AS id, 'is not in the search as it stands' AS text FROM reference_profile p JOIN person h ON h.id = p.person_id {_LEFT}
        WHERE r.person_id IS NULL OR r.tier <> p.tier OR r.is_found <> (p.status = 'active' AND p.is_visible)
        OR COALESCE(r.company_id, 0) <> COALESCE(h.company_id, 0) OR r.industry_key <> lower(COALESCE(c.industry, ''))
        OR r.region_key <> lower(COALESCE(c.region, '')) OR r.size <> COALESCE(c.size, '')
        OR (r.verified_at IS NULL) <> (p.verified_at IS NULL) OR r.verified_at <> p.verified_at
        OR r.names <> replace(h.name || ' ' || h.title || ' ' || COALESCE(c.name, ''), 'ß', 'ss') OR length(r.words) <> {_TOLD}
        UNION ALL SELECT r.person_id, 'is in the search without a profile' FROM finding_row r
        WHERE NOT EXISTS (SELECT 1 FROM reference_profile p WHERE p.person_id = r.person_id)""",  # noqa: S608
    ),
)  # fmt: skip


def disagreeing(session: Session) -> list[Problem]:
    """Return the profiles whose row in the search is not as it must be."""
    return [problem for part in INVARIANTS for problem in part.breaches(session)]
