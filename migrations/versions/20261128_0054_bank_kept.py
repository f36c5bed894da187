"""When admins were told of a dispute.

Of those made before, it is taken for the moment in which they were made.
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


def downgrade() -> None:
    op.drop_column("dispute", "told_at")
