"""What can be asked for: places, products and languages that somebody of the search has, each read once and never by walking all rows."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST = 100
_LABELS = {"industry_key": "c.industry", "region_key": "c.region"}
# The engines have no skip scan: the next larger key is looked up in the index, once for each that there is. `= true`: without it SQLite
# leads by no index that begins with the column.
_KEYS = """WITH RECURSIVE t(v, n) AS (SELECT min({key}), 1 FROM {table} WHERE {of} UNION ALL
    SELECT (SELECT min({key}) FROM {table} WHERE {of} AND {key} > t.v), t.n + 1 FROM t WHERE t.v IS NOT NULL AND t.n < {most})
    SELECT t.v AS key, ({label}) AS label FROM t WHERE t.v IS NOT NULL AND t.v <> '' ORDER BY t.v"""


def _places(key: str, is_found: str) -> Any:
    of = f"is_found = {is_found}"
    label = f"SELECT {_LABELS[key]} FROM finding_row r JOIN company c ON c.id = r.company_id WHERE r.{of} AND r.{key} = t.v LIMIT 1"  # noqa: S608
    return text(_KEYS.format(key=key, table="finding_row", of=of, label=label, most=MOST))


# Also of who is not found now: a near miss is shown, so that one can look for others like it. Apart, since the index leads by it.
_PLACES = {name: [_places(f"{name}_key", is_found) for is_found in ("true", "false")] for name in ("industry", "region")}
_WORDS = text(
    _KEYS.format(
        key="key",
        table="profile_word",
        of="kind = :kind",
        label="SELECT w.word FROM profile_word w WHERE w.kind = :kind AND w.key = t.v LIMIT 1",
        most=MOST,
    )
)


def places(session: Session) -> tuple[list[str], list[str]]:
    """Return the industries and the regions of the companies whose people are shown: those found, and near misses."""
    return _labels(session, "industry"), _labels(session, "region")


def _labels(session: Session, name: str) -> list[str]:
    found = {row.key: row.label for statement in reversed(_PLACES[name]) for row in session.execute(statement)}
    return [found[key] for key in sorted(found)]


def words(session: Session, kind: str) -> list[str]:
    """Return the words of a kind that profiles have."""
    return [row.label for row in session.execute(_WORDS, {"kind": kind})]
