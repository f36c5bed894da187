"""Decisions of the approvals queue that can be undone within the minute."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "review_decision",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item_id", BIG, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
        sa.Column("final", sa.String(16), nullable=False),
        sa.Column("before", JSON, nullable=False),
        sa.Column("decided_by_id", BIG, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_review_decision"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_review_decision_decided_by_id"),
        sa.CheckConstraint("undone_at IS NULL OR final = ''", name=op.f("ck_review_decision_final_stands")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_review_decision_decided_by_id_at", "review_decision", ["decided_by_id", "at"])
    op.create_index("ix_review_decision_at", "review_decision", ["at"])


def downgrade() -> None:
    op.drop_table("review_decision")
