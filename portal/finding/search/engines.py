"""Which search answers: the one of the engine that the session talks to."""

from sqlalchemy.orm import Session

from portal.finding.search.fts5 import Fts5
from portal.finding.search.port import TextSearch
from portal.finding.search.tsvector import TsVector


def text_search(session: Session) -> TextSearch:
    """Return the search of the engine that the session talks to."""
    return TsVector() if session.get_bind().dialect.name == "postgresql" else Fts5()
