"""Keeping the figures that the worker counted."""

from typing import Any

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from portal.dashboard.models import KeptFigures


def keep_figures(session: Session, row: dict[str, Any] | None) -> None:
    """Put ``row`` in the place of what was kept; with None keep nothing, so that pages count by themselves."""
    session.execute(delete(KeptFigures))
    if row is not None:
        session.execute(insert(KeptFigures).values(**row))
