"""Presses of a verdict's button, so that two of them are one."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "review_press",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", "verdict", name="pk_review_press"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_review_press_person_id"),
    )
    op.create_index("ix_review_press_at", "review_press", ["at"])


def downgrade() -> None:
    op.drop_table("review_press")
