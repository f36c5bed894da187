"""Boards."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    on_board = sa.text("is_shown AND score > 0")
    op.create_table(
        "period_score",
        sa.Column("member_id", big, nullable=False, autoincrement=False),
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False),
        sa.Column("first_neg", sa.BigInteger(), nullable=False),
        sa.Column("is_shown", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("member_id", "period", name="pk_period_score"),
        sa.ForeignKeyConstraint(["member_id"], ["person.id"], name="fk_period_score_member_id"),
        postgresql_with={"autovacuum_vacuum_scale_factor": 0.02},
    )
    op.create_index(
        "ix_period_score_board",
        "period_score",
        ["period", "score", "first_neg", "member_id"],
        sqlite_where=on_board,
        postgresql_where=on_board,
    )
    op.create_table(
        "fence",
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("score", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("first_neg", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("member_id", big, nullable=False, autoincrement=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("period", "score", "first_neg", "member_id", name="pk_fence"),
    )
    op.create_table(
        "fence_build",
        sa.Column("period", sa.String(8), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("members", sa.BigInteger(), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("latest_neg", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("period", name="pk_fence_build"),
    )


def downgrade() -> None:
    op.drop_table("fence_build")
    op.drop_table("fence")
    op.drop_table("period_score")
