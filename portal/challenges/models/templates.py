"""Templates as this organisation has them: its own, and those of the product that it hides."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime


class OwnTemplate(Base):
    """A template of the organisation's own, as a document (``rules/templates.py``). One with the key of ours stands in its place until it is removed.

    ``revision`` counts edits, so that nobody overwrites what they have not seen; ``made_by`` is the key of the form that made it.
    """

    __tablename__ = "challenge_template"
    __table_args__ = (UniqueConstraint("key"), UniqueConstraint("made_by"), CheckConstraint("revision > 0", name="revision_positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]] = mapped_column(Json)
    revision: Mapped[int]
    made_by: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))


class HiddenTemplate(Base):
    """That a template of ours is not offered here."""

    __tablename__ = "hidden_template"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    hidden_at: Mapped[datetime] = mapped_column(UTCDateTime)
    hidden_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
