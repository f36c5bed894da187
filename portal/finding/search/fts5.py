"""Text search of SQLite: FTS5, whose tokenizer folds case, and accents of Latin letters; others are looked for as they were typed, too."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.finding.rules.words import Asked
from portal.finding.search.port import Indexed


class Fts5:
    """Words stand in quotes, so that none of them is an operator."""

    def matching(self, session: Session, where: Indexed, asked: Asked, *, is_all: bool, limit: int) -> list[int]:
        if not asked:
            return []
        spelled = [tuple(dict.fromkeys(pair)) for pair in zip(asked.words, asked.typed, strict=True)]
        each = [" OR ".join(f'"{word}"{"*" if number == len(spelled) else ""}' for word in pair) for number, pair in enumerate(spelled, 1)]
        phrase = (" AND " if is_all else " OR ").join(f"({one})" for one in each)
        found = text(f"SELECT rowid FROM {where.index} WHERE {where.index} MATCH :phrase ORDER BY rowid LIMIT :limit")  # noqa: S608
        return list(session.scalars(found, {"phrase": phrase, "limit": limit}))

    def rebuild(self, session: Session, where: Indexed) -> None:
        session.execute(text(f"INSERT INTO {where.index} ({where.index}) VALUES ('rebuild')"))  # noqa: S608
