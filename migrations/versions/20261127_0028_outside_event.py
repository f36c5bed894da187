"""Events from outside, and the steps they completed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
STANDS = sa.text("released_at IS NULL")
FIXED = "source, token_id, given_id, digest, code, person_id, happened_at, received_at"
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER outside_event_no_update BEFORE UPDATE OF {FIXED} ON outside_event "
        "BEGIN SELECT RAISE(ABORT, 'outside_event is append-only'); END",
        "CREATE TRIGGER outside_event_no_delete BEFORE DELETE ON outside_event BEGIN SELECT RAISE(ABORT, 'outside_event is append-only'); END",
    ],
    "postgresql": [
        f"CREATE TRIGGER outside_event_no_update BEFORE UPDATE OF {FIXED} ON outside_event FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER outside_event_no_delete BEFORE DELETE ON outside_event FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "outside_event",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("token_id", BIG),
        sa.Column("given_id", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("code", sa.String(60), nullable=False),
        sa.Column("email", sa.String(254)),
        sa.Column("email_key", sa.String(254)),
        sa.Column("person_id", BIG),
        sa.Column("data", JSON, nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("happened_at", MOMENT, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("dropped_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_outside_event"),
        sa.UniqueConstraint("source", "given_id", name="uq_outside_event_source_given_id"),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name="fk_outside_event_token_id"),
        sa.CheckConstraint("outcome IN ('matched', 'waiting', 'unmatched')", name=op.f("ck_outside_event_outcome_known")),
        sa.CheckConstraint("email_key IS NOT NULL OR person_id IS NOT NULL OR dropped_at IS NOT NULL", name=op.f("ck_outside_event_is_somebodys")),
    )
    op.create_index("ix_outside_event_person_id_code", "outside_event", ["person_id", "code"])
    op.create_index("ix_outside_event_email_key_code", "outside_event", ["email_key", "code"])
    op.create_index("ix_outside_event_received_at_id", "outside_event", ["received_at", "id"])
    op.create_table(
        "event_use",
        sa.Column("id", BIG, nullable=False),
        sa.Column("event_id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("stage_id", BIG, nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.Column("used_by_id", BIG),
        sa.Column("released_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_event_use"),
        sa.ForeignKeyConstraint(["event_id"], ["outside_event.id"], name="fk_event_use_event_id"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_event_use_submission_id"),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name="fk_event_use_stage_id"),
        sa.ForeignKeyConstraint(["used_by_id"], ["person.id"], name="fk_event_use_used_by_id"),
    )
    once = {"unique": True, "sqlite_where": STANDS, "postgresql_where": STANDS}
    op.create_index("uq_event_use_event_id", "event_use", ["event_id"], **once)
    op.create_index("uq_event_use_step", "event_use", ["submission_id", "stage_id"], **once)
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("event_use")
    op.drop_table("outside_event")
