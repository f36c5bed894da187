"""Corrections by hand with their limits, and new points for past completions."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CATEGORIES = "'error', 'goodwill', 'event', 'contest', 'promotion', 'misuse', 'other'"
STATES = "'waiting', 'booked', 'declined', 'withdrawn', 'undone'"
REPRICING_STATES = "'waiting', 'running', 'done', 'declined', 'withdrawn', 'undo_asked', 'reversing', 'reversed'"
LINE_STATES = "'planned', 'paid', 'skipped', 'undone', 'taken_back'"
OF_BATCH = sa.text("batch_id IS NOT NULL")
OPEN = sa.text("state IN ('waiting', 'running', 'undo_asked', 'reversing')")


def upgrade() -> None:
    _adjustments()
    _limits()
    _repricing()


def _adjustments() -> None:
    op.create_table(
        "adjustment",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(320), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("counts_as_earned", sa.Boolean(), nullable=False),
        sa.Column("category", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("counts_from", MOMENT),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("asked_by_id", BIG),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_by_id", BIG),
        sa.Column("settled_at", MOMENT),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("transfer_id", BIG),
        sa.Column("batch_id", BIG),
        sa.Column("is_told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_adjustment"),
        *(sa.ForeignKeyConstraint([name], ["person.id"], name=f"fk_adjustment_{name}") for name in ("person_id", "asked_by_id", "decided_by_id")),
        sa.UniqueConstraint("key", name="uq_adjustment_key"),
        sa.CheckConstraint(f"category IN ({CATEGORIES})", name=op.f("ck_adjustment_category_known")),
        sa.CheckConstraint(f"state IN ({STATES})", name=op.f("ck_adjustment_state_known")),
        sa.CheckConstraint("points <> 0", name=op.f("ck_adjustment_points_move")),
        sa.CheckConstraint("asked_by_id IS NULL OR asked_by_id <> person_id", name=op.f("ck_adjustment_nobody_gives_themselves")),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR (decided_by_id <> person_id AND decided_by_id <> COALESCE(asked_by_id, 0))",
            name=op.f("ck_adjustment_second_is_another"),
        ),
        sa.CheckConstraint("(state IN ('booked', 'undone')) = (transfer_id IS NOT NULL)", name=op.f("ck_adjustment_booked_has_transfer")),
        sa.CheckConstraint("(state = 'waiting') = (settled_at IS NULL)", name=op.f("ck_adjustment_waiting_is_open")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_adjustment_asked_at_id", "adjustment", ["asked_at", "id"])
    op.create_index("ix_adjustment_state_asked_at_id", "adjustment", ["state", "asked_at", "id"])
    op.create_index("ix_adjustment_person_id", "adjustment", ["person_id"])
    op.create_index("ix_adjustment_batch_id", "adjustment", ["batch_id"], sqlite_where=OF_BATCH, postgresql_where=OF_BATCH)


def _limits() -> None:
    op.create_table(
        "adjust_tally",
        sa.Column("admin_id", BIG, autoincrement=False, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("given", sa.BigInteger(), nullable=False),
        sa.Column("taken", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("admin_id", "month", name="pk_adjust_tally"),
        sa.CheckConstraint("given >= 0 AND taken >= 0", name=op.f("ck_adjust_tally_not_negative")),
    )
    op.create_table(
        "adjust_limits",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("given", sa.BigInteger()),
        sa.Column("taken", sa.BigInteger()),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_adjust_limits"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_adjust_limits_changed_by_id"),
        sa.CheckConstraint("id = 1", name=op.f("ck_adjust_limits_one_row")),
        sa.CheckConstraint("given >= 0 AND taken >= 0", name=op.f("ck_adjust_limits_not_negative")),
    )


def _repricing() -> None:
    people = ("asked_by_id", "decided_by_id", "undone_by_id", "undo_decided_by_id")
    op.create_table(
        "repricing",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("challenge_id", BIG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("asked_by_id", BIG),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_by_id", BIG),
        sa.Column("settled_at", MOMENT),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("undone_by_id", BIG),
        sa.Column("undo_asked_at", MOMENT),
        sa.Column("undo_decided_by_id", BIG),
        sa.Column("undone_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_repricing"),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenge.id"], name="fk_repricing_challenge_id"),
        *(sa.ForeignKeyConstraint([name], ["person.id"], name=f"fk_repricing_{name}") for name in people),
        sa.UniqueConstraint("key", name="uq_repricing_key"),
        sa.CheckConstraint(f"state IN ({REPRICING_STATES})", name=op.f("ck_repricing_state_known")),
        sa.CheckConstraint("people > 0 AND moved > 0", name=op.f("ck_repricing_something_moves")),
        sa.CheckConstraint("decided_by_id IS NULL OR decided_by_id <> COALESCE(asked_by_id, 0)", name=op.f("ck_repricing_second_is_another")),
        sa.CheckConstraint(
            "undo_decided_by_id IS NULL OR undo_decided_by_id <> COALESCE(undone_by_id, 0)", name=op.f("ck_repricing_undo_second_is_another")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_repricing_open", "repricing", ["challenge_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_repricing_challenge_id_asked_at", "repricing", ["challenge_id", "asked_at"])
    op.create_index("ix_repricing_state_asked_at_id", "repricing", ["state", "asked_at", "id"])
    points_at = {"repricing_id": "repricing", "submission_id": "submission", "person_id": "person"}
    op.create_table(
        "repricing_line",
        sa.Column("id", BIG, nullable=False),
        *(sa.Column(name, BIG, nullable=False) for name in points_at),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("paid", sa.Integer(), nullable=False),
        sa.Column("difference", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("transfer_id", BIG),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_repricing_line"),
        *(sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_repricing_line_{name}") for name, table in points_at.items()),
        sa.UniqueConstraint("repricing_id", "submission_id", name="uq_repricing_line_repricing_id_submission_id"),
        sa.CheckConstraint(f"state IN ({LINE_STATES})", name=op.f("ck_repricing_line_state_known")),
        sa.CheckConstraint("difference <> 0", name=op.f("ck_repricing_line_difference_moves")),
        sa.CheckConstraint("(state IN ('planned', 'skipped')) = (transfer_id IS NULL)", name=op.f("ck_repricing_line_paid_has_transfer")),
    )
    by_people = ["repricing_id", "state", "person_id", "submission_id"]
    op.create_index("ix_repricing_line_repricing_id_state_person_id_submission_id", "repricing_line", by_people)
    op.create_index("ix_repricing_line_submission_id_state", "repricing_line", ["submission_id", "state"])


def downgrade() -> None:
    for table in ("repricing_line", "repricing", "adjust_limits", "adjust_tally", "adjustment"):
        op.drop_table(table)
