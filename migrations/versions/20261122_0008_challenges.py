"""Challenges, submissions, attempts and verdicts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)

FIXED = {
    "attempt": "submission_id, number, key, points, submitted_at, recorded_at",
    "verdict": "submission_id, attempt_id, number, outcome, points, transfer_id, decided_by_id, decided_at, recorded_at",
}


def upgrade() -> None:
    _challenges()
    _submissions()
    _attempts()
    _verdicts()
    _triggers(sqlite=op.get_bind().dialect.name == "sqlite")


def _challenges() -> None:
    op.create_table(
        "challenge",
        sa.Column("id", BIG, nullable=False),
        sa.Column("track", sa.String(16), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("summary", sa.String(240), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer()),
        sa.Column("opens_on", sa.Date()),
        sa.Column("closes_on", sa.Date()),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("per_period", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer()),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("is_record_only", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("published_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_challenge"),
        sa.UniqueConstraint("made_by", name="uq_challenge_made_by"),
        sa.CheckConstraint("track IN ('engage', 'endorse', 'earn')", name=op.f("ck_challenge_track_known")),
        sa.CheckConstraint("period IN ('once', 'day', 'week', 'month')", name=op.f("ck_challenge_period_known")),
        sa.CheckConstraint("state IN ('draft', 'live', 'closed')", name=op.f("ck_challenge_state_known")),
        sa.CheckConstraint("points >= 0", name=op.f("ck_challenge_points_not_negative")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_challenge_minutes_positive")),
        sa.CheckConstraint("per_period > 0", name=op.f("ck_challenge_per_period_positive")),
        sa.CheckConstraint("max_attempts > 0", name=op.f("ck_challenge_max_attempts_positive")),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_challenge_dates_in_order")),
    )
    op.create_index("ix_challenge_state_track", "challenge", ["state", "track"])
    op.create_index("ix_challenge_title", "challenge", ["title"])
    op.create_table(
        "stage",
        sa.Column("id", BIG, nullable=False),
        sa.Column("challenge_id", BIG, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("made_by", sa.String(64)),
        sa.Column("removed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_stage"),
        sa.UniqueConstraint("made_by", name="uq_stage_made_by"),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenge.id"], name="fk_stage_challenge_id"),
    )
    op.create_index("ix_stage_challenge_id_position", "stage", ["challenge_id", "position"])


def _submissions() -> None:
    op.create_table(
        "submission",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("challenge_id", BIG, nullable=False),
        sa.Column("period_key", sa.String(16), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("declines", sa.Integer(), nullable=False),
        sa.Column("decisions", sa.Integer(), nullable=False),
        sa.Column("paid", sa.Integer()),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("dropped_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_submission"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_submission_person_id"),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenge.id"], name="fk_submission_challenge_id"),
        sa.CheckConstraint("state IN ('open', 'waiting', 'more_wanted', 'declined', 'approved')", name=op.f("ck_submission_state_known")),
        sa.CheckConstraint("nth > 0", name=op.f("ck_submission_nth_positive")),
    )
    live = sa.text("dropped_at IS NULL")
    slot = ["person_id", "challenge_id", "period_key", "nth"]
    op.create_index("uq_submission_slot", "submission", slot, unique=True, sqlite_where=live, postgresql_where=live)
    op.create_index("ix_submission_person_id_changed_at_id", "submission", ["person_id", "changed_at", "id"])
    op.create_index("ix_submission_challenge_id_changed_at_id", "submission", ["challenge_id", "changed_at", "id"])
    op.create_table(
        "submission_answer",
        sa.Column("id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("stage_id", BIG, nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("saved_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_submission_answer"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_submission_answer_submission_id"),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name="fk_submission_answer_stage_id"),
        sa.UniqueConstraint("submission_id", "stage_id", name="uq_submission_answer_submission_id_stage_id"),
    )


def _attempts() -> None:
    states = "'waiting', 'approved', 'more_wanted', 'declined', 'closed', 'reversed', 'withdrawn'"
    op.create_table(
        "attempt",
        sa.Column("id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("submitted_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_attempt"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_attempt_submission_id"),
        sa.UniqueConstraint("submission_id", "number", name="uq_attempt_submission_id_number"),
        sa.UniqueConstraint("submission_id", "key", name="uq_attempt_submission_id_key"),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_attempt_state_known")),
        sa.CheckConstraint("points >= 0", name=op.f("ck_attempt_points_not_negative")),
    )
    op.create_index("ix_attempt_state_submitted_at_id", "attempt", ["state", "submitted_at", "id"])


def _verdicts() -> None:
    op.create_table(
        "verdict",
        sa.Column("id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("attempt_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("transfer_id", BIG),
        sa.Column("decided_by_id", BIG),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_verdict"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_verdict_submission_id"),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name="fk_verdict_attempt_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_verdict_decided_by_id"),
        sa.UniqueConstraint("submission_id", "number", name="uq_verdict_submission_id_number"),
        sa.CheckConstraint("outcome IN ('approved', 'more_wanted', 'declined', 'reversed')", name=op.f("ck_verdict_outcome_known")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_verdict_attempt_id", "verdict", ["attempt_id"])
    op.create_index("ix_verdict_decided_at", "verdict", ["decided_at"])


def _triggers(*, sqlite: bool) -> None:
    """Keep attempts and verdicts as they were written: only the state of an attempt and erasable free text may change."""
    for table, columns in FIXED.items():
        if sqlite:
            refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} {refuse}")
            op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
        else:
            refuse = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {columns} ON {table} {refuse}")
            op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")


def downgrade() -> None:
    for table in ("verdict", "attempt", "submission_answer", "submission", "stage", "challenge"):
        op.drop_table(table)
