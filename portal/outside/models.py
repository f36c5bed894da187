"""Tables of what other systems tell us."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.schema import Base, BigId, Json, UTCDateTime, attach_ddl, one_of
from portal.outside.rules import Outcome

_STANDS = text("released_at IS NULL")


class OutsideEvent(Base):
    """One event as it came; ``given_id`` is unique per ``source`` (a token, an import) for ever.

    ``email_key`` is whose it is, or ``person_id``, as known when it came. Append-only but for what may name somebody who
    asks to be forgotten (address and ``data``), and for ``dropped_at``, when an import was undone or a stranger forgotten. ``outcome`` is what the
    sender was told.
    """

    __tablename__ = "outside_event"
    __table_args__ = (
        one_of("outcome", Outcome),
        UniqueConstraint("source", "given_id"),
        CheckConstraint("email_key IS NOT NULL OR person_id IS NOT NULL OR dropped_at IS NOT NULL", name="is_somebodys"),
        Index(None, "person_id", "code"),
        Index(None, "email_key", "code"),
        Index(None, "received_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source: Mapped[str] = mapped_column(String(120))
    token_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("api_token.id"))
    given_id: Mapped[str] = mapped_column(String(200))
    digest: Mapped[str] = mapped_column(String(64))
    code: Mapped[str] = mapped_column(String(60))
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254))
    person_id: Mapped[int | None] = mapped_column(BigId)
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    outcome: Mapped[str] = mapped_column(String(12))
    happened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    dropped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class EventUse(Base):
    """Which step of which submission an event completed. One that stands of each event, and of each step; a withdrawal releases it.

    ``used_by_id`` is the admin who matched it by hand.
    """

    __tablename__ = "event_use"
    __table_args__ = (
        Index("uq_event_use_event_id", "event_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
        Index("uq_event_use_step", "submission_id", "stage_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    event_id: Mapped[int] = mapped_column(BigId, ForeignKey("outside_event.id"))
    submission_id: Mapped[int] = mapped_column(BigId, ForeignKey("submission.id"))
    stage_id: Mapped[int] = mapped_column(BigId, ForeignKey("stage.id"))
    used_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_by_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"))
    released_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


FIXED = "source, token_id, given_id, digest, code, person_id, happened_at, received_at"


def event_ddl() -> dict[str, list[str]]:
    """Return the triggers that keep events in place and as they came, but for what may have to be forgotten."""
    sqlite = [
        f"CREATE TRIGGER outside_event_no_update BEFORE UPDATE OF {FIXED} ON outside_event "
        "BEGIN SELECT RAISE(ABORT, 'outside_event is append-only'); END",
        "CREATE TRIGGER outside_event_no_delete BEFORE DELETE ON outside_event BEGIN SELECT RAISE(ABORT, 'outside_event is append-only'); END",
    ]
    postgresql = [
        f"CREATE TRIGGER outside_event_no_update BEFORE UPDATE OF {FIXED} ON outside_event FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER outside_event_no_delete BEFORE DELETE ON outside_event FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ]
    return {"sqlite": sqlite, "postgresql": postgresql}


attach_ddl(OutsideEvent.__table__, event_ddl())  # type: ignore[arg-type]
