"""Versions of challenges with their steps, points of a step, and the states a challenge may be in."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OFFER = "track, title, summary, text, points, minutes, opens_on, closes_on, period, per_period, max_attempts"
OF_VERSION = ["challenge_version.challenge_id", "challenge_version.number"]
PUBLISHER = """(SELECT actor_id FROM audit_event WHERE name = 'challenge.published' AND subject_type = 'challenge'
    AND subject_id = challenge.id ORDER BY id DESC LIMIT 1)"""
STAGE_FUNCTION = (
    "CREATE OR REPLACE FUNCTION refuse_frozen_stage() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "DECLARE it stage := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END; BEGIN "
    "IF EXISTS (SELECT 1 FROM challenge_version v WHERE v.challenge_id = it.challenge_id AND v.number = it.version AND v.published_at IS NOT NULL) "
    "THEN RAISE EXCEPTION USING MESSAGE = 'stage is frozen', ERRCODE = 'restrict_violation'; END IF; "
    "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$"
)


def upgrade() -> None:
    """What was offered becomes version 1 with its steps, and what was begun belongs to it."""
    _versions()
    op.execute(f"""INSERT INTO challenge_version (challenge_id, number, {OFFER}, made_at, published_at, published_by_id)
        SELECT id, 1, {OFFER}, created_at, CASE WHEN state = 'draft' THEN NULL ELSE coalesce(published_at, created_at) END,
        CASE WHEN state = 'draft' THEN NULL ELSE {PUBLISHER} END FROM challenge""")
    with op.batch_alter_table("challenge") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.drop_constraint(op.f("ck_challenge_state_known"), type_="check")
        batch.create_check_constraint(op.f("ck_challenge_state_known"), "state IN ('draft', 'live', 'paused', 'closed', 'archived')")
    with op.batch_alter_table("challenge") as batch:
        batch.alter_column("version", server_default=None)
    op.drop_index("ix_stage_challenge_id_position", "stage")
    with op.batch_alter_table("stage") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.add_column(sa.Column("origin_id", BIG, nullable=True))
        batch.add_column(sa.Column("points", sa.Integer(), nullable=False, server_default="0"))
        batch.create_check_constraint(op.f("ck_stage_points_not_negative"), "points >= 0")
        batch.create_foreign_key("fk_stage_challenge_id_version", "challenge_version", ["challenge_id", "version"], ["challenge_id", "number"])
        batch.create_foreign_key("fk_stage_origin_id", "stage", ["origin_id"], ["id"])
    with op.batch_alter_table("stage") as batch:
        batch.alter_column("version", server_default=None)
        batch.alter_column("points", server_default=None)
    op.create_index("ix_stage_challenge_id_version_position", "stage", ["challenge_id", "version", "position"])
    with op.batch_alter_table("submission") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch.create_foreign_key("fk_submission_challenge_id_version", "challenge_version", ["challenge_id", "version"], ["challenge_id", "number"])
    with op.batch_alter_table("submission") as batch:
        batch.alter_column("version", server_default=None)
    _payments()
    _triggers(sqlite=op.get_bind().dialect.name == "sqlite")


def _versions() -> None:
    op.create_table(
        "challenge_version",
        sa.Column("challenge_id", BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("track", sa.String(16), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("summary", sa.String(240), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer()),
        sa.Column("opens_on", sa.Date()),
        sa.Column("closes_on", sa.Date()),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("per_period", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer()),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT),
        sa.Column("asked_by_id", BIG),
        sa.Column("published_at", MOMENT),
        sa.Column("published_by_id", BIG),
        sa.PrimaryKeyConstraint("challenge_id", "number", name="pk_challenge_version"),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenge.id"], name="fk_challenge_version_challenge_id"),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name="fk_challenge_version_asked_by_id"),
        sa.ForeignKeyConstraint(["published_by_id"], ["person.id"], name="fk_challenge_version_published_by_id"),
        sa.CheckConstraint("track IN ('engage', 'endorse', 'earn')", name=op.f("ck_challenge_version_track_known")),
        sa.CheckConstraint("period IN ('once', 'day', 'week', 'month')", name=op.f("ck_challenge_version_period_known")),
        sa.CheckConstraint("number > 0", name=op.f("ck_challenge_version_number_positive")),
        sa.CheckConstraint("points >= 0", name=op.f("ck_challenge_version_points_not_negative")),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_challenge_version_minutes_positive")),
        sa.CheckConstraint("per_period > 0", name=op.f("ck_challenge_version_per_period_positive")),
        sa.CheckConstraint("max_attempts > 0", name=op.f("ck_challenge_version_max_attempts_positive")),
        sa.CheckConstraint("closes_on >= opens_on", name=op.f("ck_challenge_version_dates_in_order")),
        sa.CheckConstraint("(asked_by_id IS NULL) OR (asked_at IS NOT NULL)", name=op.f("ck_challenge_version_asked_has_time")),
    )
    draft = sa.text("published_at IS NULL")
    op.create_index("uq_challenge_version_draft", "challenge_version", ["challenge_id"], unique=True, sqlite_where=draft, postgresql_where=draft)


def _payments() -> None:
    op.create_table(
        "stage_payment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("stage_id", BIG, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("transfer_id", BIG, nullable=False),
        sa.Column("paid_at", MOMENT, nullable=False),
        sa.Column("taken_back_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_stage_payment"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_stage_payment_submission_id"),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name="fk_stage_payment_stage_id"),
        sa.UniqueConstraint("submission_id", "stage_id", name="uq_stage_payment_submission_id_stage_id"),
        sa.CheckConstraint("points > 0", name=op.f("ck_stage_payment_points_positive")),
    )


def _triggers(*, sqlite: bool) -> None:
    """Freeze what is published."""
    when = "OLD.published_at IS NOT NULL"
    of_row = "SELECT 1 FROM challenge_version WHERE challenge_id = {row}.challenge_id AND number = {row}.version AND published_at IS NOT NULL"
    if not sqlite:
        op.execute(STAGE_FUNCTION)
    for event in ("update", "delete"):
        head = f"CREATE TRIGGER challenge_version_no_{event} BEFORE {event.upper()} ON challenge_version"
        if sqlite:
            op.execute(f"{head} WHEN {when} BEGIN SELECT RAISE(ABORT, 'challenge_version is frozen'); END")
        else:
            op.execute(f"{head} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse_change()")
    for event, row in (("insert", "NEW"), ("update", "OLD"), ("delete", "OLD")):
        head = f"CREATE TRIGGER stage_no_{event} BEFORE {event.upper()} ON stage"
        if sqlite:
            op.execute(f"{head} WHEN EXISTS ({of_row.format(row=row)}) BEGIN SELECT RAISE(ABORT, 'stage is frozen'); END")
        else:
            op.execute(f"{head} FOR EACH ROW EXECUTE FUNCTION refuse_frozen_stage()")


def downgrade() -> None:
    """Keep what is live now. Steps of other versions stay for the answers that point at them, as removed ones."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for event in ("insert", "update", "delete"):
        op.execute(f"DROP TRIGGER stage_no_{event}" + ("" if sqlite else " ON stage"))
    if not sqlite:
        op.execute("DROP FUNCTION refuse_frozen_stage()")
    op.drop_table("stage_payment")
    op.execute("""UPDATE stage SET removed_at = coalesce(removed_at, (SELECT changed_at FROM challenge WHERE id = stage.challenge_id))
        WHERE version <> (SELECT version FROM challenge WHERE id = stage.challenge_id)""")
    with op.batch_alter_table("submission") as batch:
        batch.drop_constraint(op.f("fk_submission_challenge_id_version"), type_="foreignkey")
        batch.drop_column("version")
    op.drop_index("ix_stage_challenge_id_version_position", "stage")
    with op.batch_alter_table("stage") as batch:
        batch.drop_constraint(op.f("fk_stage_challenge_id_version"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_stage_origin_id"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_stage_points_not_negative"), type_="check")
        batch.drop_column("version")
        batch.drop_column("origin_id")
        batch.drop_column("points")
    op.create_index("ix_stage_challenge_id_position", "stage", ["challenge_id", "position"])
    op.execute("UPDATE challenge SET state = 'closed' WHERE state IN ('paused', 'archived')")
    with op.batch_alter_table("challenge") as batch:
        batch.drop_constraint(op.f("ck_challenge_state_known"), type_="check")
        batch.create_check_constraint(op.f("ck_challenge_state_known"), "state IN ('draft', 'live', 'closed')")
        batch.drop_column("version")
    op.drop_table("challenge_version")
