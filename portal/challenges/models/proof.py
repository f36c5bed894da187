"""What is known of sites and pages outside: the review sites, and links as the worker found them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.challenges.rules.links import LinkState
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of


class ReviewSite(Base):
    """A review site as an organisation knows it. ``key`` is that of a site the product knows, or one of the organisation's own.

    Without ``facts`` the product's hold, and only the day on which somebody checked them is kept. ``version``
    counts edits and stands with every confirmation of a disclosure.
    """

    __tablename__ = "review_site"
    __table_args__ = (UniqueConstraint("key"), CheckConstraint("version > 0", name="version_positive"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(80))
    facts: Mapped[dict[str, Any] | None] = mapped_column(Json)
    version: Mapped[int]
    checked_on: Mapped[date | None]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class LinkCheck(Base):
    """Whether a page that was shared as proof is there, as the worker found it last. One row a submission, step and address.

    ``asked`` counts how often it was asked for; an answer to an earlier asking changes nothing. ``status`` is what
    the page answered, ``why`` the reason where it could not be asked, ``host`` where it ended.
    """

    __tablename__ = "link_check"
    __table_args__ = (
        one_of("state", LinkState),
        CheckConstraint("asked > 0", name="asked_positive"),
        CheckConstraint("(state = 'waiting') = (checked_at IS NULL)", name="checked"),
        UniqueConstraint("submission_id", "stage_id", "url"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    submission_id: Mapped[int] = mapped_column(BigId, ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(BigId, ForeignKey("stage.id"))
    url: Mapped[str] = mapped_column(String(600))
    state: Mapped[str] = mapped_column(String(12))
    asked: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    status: Mapped[int | None]
    why: Mapped[str | None] = mapped_column(String(16))
    host: Mapped[str | None] = mapped_column(String(255))
