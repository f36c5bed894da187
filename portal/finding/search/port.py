"""What a text search does, whatever the engine."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from portal.finding.models.library import WORDS_OF_ITEMS
from portal.finding.models.rows import WORDS_OF_ROWS
from portal.finding.rules.words import Asked


@dataclass(frozen=True)
class Indexed:
    """A table whose words are searched: its key, its index on SQLite, and the expression that is indexed on PostgreSQL."""

    table: str
    row_id: str
    index: str
    vector: str


ROWS = Indexed("finding_row", "person_id", "finding_words", WORDS_OF_ROWS)
ITEMS = Indexed("library_item", "id", "library_words", WORDS_OF_ITEMS)


class TextSearch(Protocol):
    """Finds rows that hold words. Words are those of ``rules.words``: folded letters and digits, so nothing typed is an operator."""

    def matching(self, session: Session, where: Indexed, asked: Asked, *, is_all: bool, limit: int, first: int = 0) -> list[int]:
        """Return ids, in their order, of rows with all (or any) of the words; of the last one the beginning is enough.

        At most ``limit``, none below ``first``; where so many have the last word whole, those in which it is only begun may be left out. Hits
        are not ranked: a rank would have to read all there are of a word.
        """
        ...

    def rebuild(self, session: Session, where: Indexed) -> None:
        """Make the index of a table anew."""
        ...
