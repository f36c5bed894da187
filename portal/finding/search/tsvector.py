"""Text search of PostgreSQL: a GIN index over words that were folded before they were parsed."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.finding.rules.words import Asked
from portal.finding.search.port import Indexed


class TsVector:
    """The configuration is ``simple``: no stemming, no list of stop words, so that it finds what the other engine finds.

    The limit stands inside, before the order: else the planner walks the table in its order and looks at each row.
    """

    def matching(self, session: Session, where: Indexed, asked: Asked, *, is_all: bool, limit: int, first: int = 0) -> list[int]:
        if not asked:
            return []
        found = self._hits(session, where, asked, is_all=is_all, limit=limit, first=first, ending="")
        if len(found) < limit:
            found = self._hits(session, where, asked, is_all=is_all, limit=limit, first=first, ending=":*")
        return found

    def _hits(self, session: Session, where: Indexed, asked: Asked, *, is_all: bool, limit: int, first: int, ending: str) -> list[int]:
        """Return the hits of the words, the last one whole or begun. A beginning takes as long as all its words have hits together."""
        phrase = (" & " if is_all else " | ").join([*(f"'{word}'" for word in asked.whole), f"'{asked.begun}'{ending}"])
        behind = f" AND {where.row_id} >= :first" if first else ""
        said = f"{where.vector} @@ to_tsquery('simple', :phrase){behind}"
        hits = f"SELECT {where.row_id} AS found FROM {where.table} WHERE {said} LIMIT :limit"  # noqa: S608
        found = text(f"WITH hits AS MATERIALIZED ({hits}) SELECT found FROM hits ORDER BY found")  # noqa: S608
        return list(session.scalars(found, {"phrase": phrase, "limit": limit} | ({"first": first} if first else {})))

    def rebuild(self, session: Session, where: Indexed) -> None:
        session.execute(text(f"REINDEX TABLE {where.table}"))
