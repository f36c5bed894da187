"""Rewards and redemptions."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "reward",
        sa.Column("id", big, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("summary", sa.String(240), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("search_key", sa.String(400), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("stock", sa.Integer()),
        sa.Column("limit_per_person", sa.Integer()),
        sa.Column("picture_id", big),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("made_by", sa.String(64)),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.CheckConstraint(
            "kind IN ('gift_card', 'merchandise', 'event', 'experience', 'donation', 'learning', 'perk')", name=op.f("ck_reward_kind_known")
        ),
        sa.CheckConstraint("state IN ('draft', 'live', 'retired')", name=op.f("ck_reward_state_known")),
        sa.CheckConstraint("price > 0", name=op.f("ck_reward_price_positive")),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_reward_stock_never_below_zero")),
        sa.CheckConstraint("limit_per_person > 0", name=op.f("ck_reward_limit_positive")),
        sa.PrimaryKeyConstraint("id", name="pk_reward"),
        sa.UniqueConstraint("made_by", name="uq_reward_made_by"),
        sa.ForeignKeyConstraint(["picture_id"], ["stored_file.id"], name="fk_reward_picture_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reward_state_price_id", "reward", ["state", "price", "id"])
    op.create_table(
        "redemption",
        sa.Column("id", big, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("reward_id", big, nullable=False),
        sa.Column("person_id", big, nullable=False),
        sa.Column("slot", sa.Integer()),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("has_stock", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("hold_id", big),
        sa.Column("capture_id", big),
        sa.Column("wish", sa.String(500), nullable=False),
        sa.Column("delivery", sa.String(1000), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("requested_at", moment, nullable=False),
        sa.Column("approved_by", big),
        sa.Column("approved_at", moment),
        sa.Column("fulfilled_by", big),
        sa.Column("fulfilled_at", moment),
        sa.Column("released_by", big),
        sa.Column("released_at", moment),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'fulfilled', 'declined', 'cancelled', 'returned')", name=op.f("ck_redemption_state_known")
        ),
        sa.CheckConstraint("price > 0", name=op.f("ck_redemption_price_positive")),
        sa.CheckConstraint(
            "(released_at IS NOT NULL) = (state IN ('declined', 'cancelled', 'returned'))", name=op.f("ck_redemption_released_when_given_back")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_redemption"),
        sa.UniqueConstraint("key", name="uq_redemption_key"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_redemption_reward_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_redemption_person_id"),
        sa.ForeignKeyConstraint(["hold_id"], ["transfer.id"], name="fk_redemption_hold_id"),
        sa.ForeignKeyConstraint(["capture_id"], ["transfer.id"], name="fk_redemption_capture_id"),
        sa.ForeignKeyConstraint(["approved_by"], ["person.id"], name="fk_redemption_approved_by"),
        sa.ForeignKeyConstraint(["fulfilled_by"], ["person.id"], name="fk_redemption_fulfilled_by"),
        sa.ForeignKeyConstraint(["released_by"], ["person.id"], name="fk_redemption_released_by"),
        sqlite_autoincrement=True,
    )
    unreleased = sa.text("released_at IS NULL")
    slot = ["reward_id", "person_id", "slot"]
    op.create_index("uq_redemption_slot", "redemption", slot, unique=True, sqlite_where=unreleased, postgresql_where=unreleased)
    op.create_index("ix_redemption_person_id_id", "redemption", ["person_id", "id"])
    op.create_index("ix_redemption_state_requested_at_id", "redemption", ["state", "requested_at", "id"])
    op.create_index("ix_redemption_reward_id_id", "redemption", ["reward_id", "id"])


def downgrade() -> None:
    op.drop_table("redemption")
    op.drop_table("reward")
