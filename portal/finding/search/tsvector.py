"""Text search of PostgreSQL: a GIN index over words that were folded before they were parsed."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.finding.rules.words import Asked
from portal.finding.search.port import Indexed


class TsVector:
    """The configuration is ``simple``: no stemming, no list of stop words, so that it finds what the other engine finds.

    The limit stands inside, before the order: else the planner walks the table in its order and parses each row.
    """

    def matching(self, session: Session, where: Indexed, asked: Asked, *, is_all: bool, limit: int, first: int = 0) -> list[int]:
        if not asked:
            return []
        phrase = (" & " if is_all else " | ").join([*(f"'{word}'" for word in asked.whole), f"'{asked.begun}':*"])
        behind = f" AND {where.row_id} >= :first" if first else ""
        hits = f"SELECT {where.row_id} AS found FROM {where.table} WHERE {where.vector} @@ to_tsquery('simple', :phrase){behind} LIMIT :limit"  # noqa: S608
        found = text(f"WITH hits AS MATERIALIZED ({hits}) SELECT found FROM hits ORDER BY found")  # noqa: S608
        return list(session.scalars(found, {"phrase": phrase, "limit": limit} | ({"first": first} if first else {})))

    def rebuild(self, session: Session, where: Indexed) -> None:
        session.execute(text(f"REINDEX TABLE {where.table}"))
