"""Text search of SQLite: FTS5, whose tokenizer folds case, and accents of Latin letters; others are looked for as they were typed, too."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.finding.rules.words import Asked
from portal.finding.search.port import Indexed


class Fts5:
    """Words stand in quotes, so that none of them is an operator."""

    def matching(self, session: Session, where: Indexed, asked: Asked, *, is_all: bool, limit: int, first: int = 0) -> list[int]:
        if not asked:
            return []
        found = self._hits(session, where, asked, is_all=is_all, limit=limit, first=first, ending="")
        if len(found) < limit:
            found = self._hits(session, where, asked, is_all=is_all, limit=limit, first=first, ending="*")
        return found

    def _hits(self, session: Session, where: Indexed, asked: Asked, *, is_all: bool, limit: int, first: int, ending: str) -> list[int]:
        """Return the hits of the words, the last one whole or begun. A beginning takes as long as all its words have hits together."""
        spelled = [tuple(dict.fromkeys(pair)) for pair in zip(asked.words, asked.typed, strict=True)]
        each = [" OR ".join(f'"{word}"{ending if number == len(spelled) else ""}' for word in pair) for number, pair in enumerate(spelled, 1)]
        phrase = (" AND " if is_all else " OR ").join(f"({one})" for one in each)
        hits = f"SELECT rowid FROM {where.index} WHERE {where.index} MATCH :phrase"  # noqa: S608
        found = text(f"{hits} AND rowid >= :first ORDER BY rowid LIMIT :limit")
        return list(session.scalars(found, {"phrase": phrase, "first": first, "limit": limit}))

    def rebuild(self, session: Session, where: Indexed) -> None:
        session.execute(text(f"INSERT INTO {where.index} ({where.index}) VALUES ('rebuild')"))  # noqa: S608
