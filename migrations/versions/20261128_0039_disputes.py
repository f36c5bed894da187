"""Disputes of lines of the statement."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STATES = "'waiting', 'correcting', 'righted', 'stands', 'withdrawn'"
OPEN = sa.text("state IN ('waiting', 'correcting')")
POINTS_AT = {"transfer_id": "transfer", "person_id": "person", "answered_by_id": "person", "adjustment_id": "adjustment"}
CHECKS = {
    "state_known": f"state IN ({STATES})",
    "tries_counted": "tries >= 0",
    "points_given": "points > 0",
    "open_is_unsettled": "(state IN ('waiting', 'correcting')) = (settled_at IS NULL)",
    "righted_has_correction": "(state IN ('correcting', 'righted')) = (adjustment_id IS NOT NULL)",
    "correction_has_points": "(adjustment_id IS NULL) = (points IS NULL)",
    "answered_by_somebody": "(state IN ('waiting', 'withdrawn')) = (answered_by_id IS NULL)",
    "another_answers": "answered_by_id IS NULL OR (answered_by_id <> person_id AND answered_by_id <> COALESCE(decided_by_id, 0))",
}


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", BIG, nullable=False),
        sa.Column("transfer_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("decided_by_id", BIG),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("answered_by_id", BIG),
        sa.Column("settled_at", MOMENT),
        sa.Column("answer", sa.String(500), nullable=False),
        sa.Column("points", sa.BigInteger()),
        sa.Column("adjustment_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_dispute"),
        *(sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_dispute_{name}") for name, table in POINTS_AT.items()),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_dispute_{name}")) for name, rule in CHECKS.items()),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_dispute_open", "dispute", ["transfer_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_dispute_transfer_id_id", "dispute", ["transfer_id", "id"])
    op.create_index("ix_dispute_state_made_at_id", "dispute", ["state", "made_at", "id"])
    op.create_index("ix_dispute_adjustment_id", "dispute", ["adjustment_id"])


def downgrade() -> None:
    op.drop_table("dispute")
