"""Tables of the engine: batches, what came of each row, and what other systems call things."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.imports.rules.records import BatchState, Outcome
from portal.kernel.schema import Base, BigId, Json, UTCDateTime, one_of

_RUNNING = text("state = 'running'")


class ImportBatch(Base):
    """One import of one file. ``fingerprint`` is file and plan together: a killed import is found again by it.

    ``steps_done`` of ``steps_total`` is the progress, and the guard that lets only one process
    work on a batch. ``file_id`` is the upload of the admin page; the command reads the file itself.
    ``preview`` holds what a check found, ``counts`` the rows by outcome once it has ended. ``started_by_id`` is a person, without foreign key.
    """

    __tablename__ = "import_batch"
    __table_args__ = (
        one_of("state", BatchState),
        CheckConstraint("steps_done >= 0 AND steps_done <= steps_total", name="progress_within"),
        Index("uq_import_batch_running", "fingerprint", unique=True, sqlite_where=_RUNNING, postgresql_where=_RUNNING),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(80))
    filename: Mapped[str] = mapped_column(String(160))
    file_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("stored_file.id"))
    fingerprint: Mapped[str] = mapped_column(String(64))
    plan: Mapped[dict[str, Any]] = mapped_column(Json)
    preview: Mapped[dict[str, Any] | None] = mapped_column(Json)
    counts: Mapped[dict[str, int] | None] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(12))
    rows_total: Mapped[int]
    steps_total: Mapped[int]
    steps_done: Mapped[int]
    started_by_id: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class ImportRow(Base):
    """What came of one row. ``steps_done`` lets a killed import go on inside a row; ``before`` is what an edit replaced.

    ``is_kept``: undoing the batch left the thing alone because it is in use.
    """

    __tablename__ = "import_row"
    __table_args__ = (
        one_of("outcome", Outcome),
        CheckConstraint("outcome IN ('repeated', 'bad') OR subject_id IS NOT NULL", name="good_has_subject"),
        UniqueConstraint("batch_id", "line"),
        Index(None, "batch_id", "outcome", "line"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("import_batch.id"))
    line: Mapped[int]
    external_id: Mapped[str] = mapped_column(String(200))
    outcome: Mapped[str] = mapped_column(String(12))
    faults: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    subject_id: Mapped[int | None] = mapped_column(BigId)
    steps_done: Mapped[int]
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    is_kept: Mapped[bool]


class ImportIdentity(Base):
    """What ``source`` calls a thing that an import of this ``kind`` made. Undoing the batch frees it."""

    __tablename__ = "import_identity"
    __table_args__ = (UniqueConstraint("kind", "source", "external_id"), Index(None, "batch_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(80))
    external_id: Mapped[str] = mapped_column(String(200))
    subject_id: Mapped[int] = mapped_column(BigId)
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("import_batch.id"))
