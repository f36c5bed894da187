"""Conditions of a reward: when it is on sale, in which period a limit counts, from which level, in which countries, for which audience."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STANDS = sa.text("released_at IS NULL")
SLOT, PERIODS = "uq_redemption_slot", "period IN ('once', 'month', 'quarter', 'year')"


def upgrade() -> None:
    op.create_table(
        "reward_conditions",
        sa.Column("reward_id", BIG, autoincrement=False, nullable=False),
        sa.Column("sale_from", sa.Date()),
        sa.Column("sale_to", sa.Date()),
        sa.Column("is_shown_before", sa.Boolean(), nullable=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("level_id", BIG),
        sa.Column("countries", sa.String(1000)),
        sa.PrimaryKeyConstraint("reward_id", name="pk_reward_conditions"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_reward_conditions_reward_id"),
        sa.ForeignKeyConstraint(["level_id"], ["level.id"], name="fk_reward_conditions_level_id"),
        sa.CheckConstraint(PERIODS, name=op.f("ck_reward_conditions_period_known")),
        sa.CheckConstraint("sale_to >= sale_from", name=op.f("ck_reward_conditions_ends_after_it_begins")),
    )
    op.create_table(
        "reward_audience",
        sa.Column("reward_id", BIG, autoincrement=False, nullable=False),
        sa.Column("audience_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("reward_id", name="pk_reward_audience"),
        sa.UniqueConstraint("audience_id", name="uq_reward_audience_audience_id"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_reward_audience_reward_id"),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"], name="fk_reward_audience_audience_id"),
    )
    op.add_column("redemption", sa.Column("period_key", sa.String(8), server_default="once", nullable=False))
    _slots("reward_id", "person_id", "period_key", "slot")


def downgrade() -> None:
    # Places of a month or year would stand beside each other as places for all time.
    op.execute("UPDATE redemption SET slot = NULL WHERE period_key <> 'once'")
    _slots("reward_id", "person_id", "slot")
    op.execute("ALTER TABLE redemption DROP COLUMN period_key")
    op.drop_table("reward_audience")
    op.drop_table("reward_conditions")


def _slots(*columns: str) -> None:
    op.drop_index(SLOT, "redemption")
    op.create_index(SLOT, "redemption", list(columns), unique=True, sqlite_where=STANDS, postgresql_where=STANDS)
