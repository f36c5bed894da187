"""Wishes, the waiting list of what is sold out, and the pieces that came back while people waited."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
AS_IT_IS, ONE = sa.text("variant_id IS NULL"), sa.text("variant_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "reward_wish",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("reward_id", BIG, autoincrement=False, nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("reached_at", MOMENT),
        sa.PrimaryKeyConstraint("person_id", "reward_id", name="pk_reward_wish"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_reward_wish_person_id"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_reward_wish_reward_id"),
    )
    op.create_index("ix_reward_wish_reward_id", "reward_wish", ["reward_id"])
    op.create_table(
        "reward_wait",
        sa.Column("id", BIG, nullable=False),
        sa.Column("reward_id", BIG, nullable=False),
        sa.Column("variant_id", BIG),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("turn_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_reward_wait"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_reward_wait_reward_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["reward_variant.id"], name="fk_reward_wait_variant_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_reward_wait_person_id"),
        sa.CheckConstraint("told_at IS NULL OR turn_at = told_at", name=op.f("ck_reward_wait_told_goes_behind")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_reward_wait_reward", "reward_wait", ["reward_id", "person_id"], unique=True, sqlite_where=AS_IT_IS, postgresql_where=AS_IT_IS)
    op.create_index("uq_reward_wait_variant", "reward_wait", ["variant_id", "person_id"], unique=True, sqlite_where=ONE, postgresql_where=ONE)
    op.create_index("ix_reward_wait_reward_id_turn_at_id", "reward_wait", ["reward_id", "turn_at", "id"])
    op.create_index("ix_reward_wait_person_id_id", "reward_wait", ["person_id", "id"])
    op.create_table(
        "stock_return",
        sa.Column("id", BIG, nullable=False),
        sa.Column("reward_id", BIG, nullable=False),
        sa.Column("variant_id", BIG),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("was_empty", sa.Boolean(), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stock_return"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_stock_return_reward_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["reward_variant.id"], name="fk_stock_return_variant_id"),
        sa.CheckConstraint("pieces > 0", name=op.f("ck_stock_return_pieces_positive")),
        sa.CheckConstraint("open >= 0 AND told >= 0 AND told + open <= pieces", name=op.f("ck_stock_return_told_within_pieces")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stock_return_reward_id_id", "stock_return", ["reward_id", "id"])


def downgrade() -> None:
    for table in ("stock_return", "reward_wait", "reward_wish"):
        op.drop_table(table)
