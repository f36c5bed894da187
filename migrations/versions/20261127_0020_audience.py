"""Audiences: who is meant by something, as rules; and the index by which acts are counted for many people at once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
MODES = ("include_mode", "exclude_mode", "live_include_mode", "live_exclude_mode")
LIVE = sa.text("reversed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "audience",
        sa.Column("id", BIG, nullable=False),
        *[sa.Column(name, sa.String(4), nullable=False) for name in MODES],
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.String(36), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audience"),
        *[sa.CheckConstraint(f"{name} IN ('any', 'all')", name=op.f(f"ck_audience_{name}_known")) for name in MODES],
    )
    op.create_table(
        "audience_rule",
        sa.Column("id", BIG, nullable=False),
        sa.Column("audience_id", BIG, nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("options", JSON, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("live_at", MOMENT),
        sa.Column("removed_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_audience_rule"),
        sa.UniqueConstraint("made_by", name="uq_audience_rule_made_by"),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"], name="fk_audience_rule_audience_id"),
        sa.CheckConstraint("side IN ('include', 'exclude')", name=op.f("ck_audience_rule_side_known")),
        sa.CheckConstraint("ended_at IS NULL OR removed_at IS NOT NULL", name=op.f("ck_audience_rule_removed_before_ended")),
    )
    op.create_index("ix_audience_rule_audience_id_position", "audience_rule", ["audience_id", "position"])
    op.create_index("ix_act_record", "act", ["person_id", "track", "kind", "happened_at"], sqlite_where=LIVE, postgresql_where=LIVE)


def downgrade() -> None:
    op.drop_index("ix_act_record", "act")
    op.drop_table("audience_rule")
    op.drop_table("audience")
