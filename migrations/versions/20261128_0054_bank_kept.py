"""When admins were told of a dispute, and of which weeks they were told what was corrected by hand.

Disputes made before are taken as told when they were made.
"""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0052"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispute", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE dispute SET told_at = made_at")
    op.create_table(
        "corrections_week",
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("corrections", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("corrections >= 0", name="ck_corrections_week_not_negative"),
        sa.PrimaryKeyConstraint("first_on", name="pk_corrections_week"),
    )


def downgrade() -> None:
    op.drop_table("corrections_week")
    op.drop_column("dispute", "told_at")
