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


def _places(key: str) -> Any:
    label = f"SELECT {_LABELS[key]} FROM finding_row r JOIN company c ON c.id = r.company_id WHERE r.is_found = true AND r.{key} = t.v LIMIT 1"  # noqa: S608
    return text(_KEYS.format(key=key, table="finding_row", of="is_found = true", label=label, most=MOST))


_PLACES = {"industry": _places("industry_key"), "region": _places("region_key")}
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
    """Return the industries and the regions of the companies whose people can be found."""
    found = [[row.label for row in session.execute(_PLACES[name])] for name in ("industry", "region")]
    return found[0], found[1]


def words(session: Session, kind: str) -> list[str]:
    """Return the words of a kind that profiles have."""
    return [row.label for row in session.execute(_WORDS, {"kind": kind})]
