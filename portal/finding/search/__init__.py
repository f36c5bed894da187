"""Text search behind one port: what is asked the same way of both engines, and answered with the same people."""

from sqlalchemy.orm import Session

from portal.finding.search.fts5 import Fts5
from portal.finding.search.port import ITEMS, ROWS, Indexed, TextSearch
from portal.finding.search.tsvector import TsVector

__all__ = ["ITEMS", "ROWS", "Indexed", "TextSearch", "text_search"]


def text_search(session: Session) -> TextSearch:
    """Return the search of the engine that the session talks to."""
    return TsVector() if session.get_bind().dialect.name == "postgresql" else Fts5()
