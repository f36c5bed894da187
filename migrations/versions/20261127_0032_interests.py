"""What a challenge asks of people: what they may like, and what they may have ruled out."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty columns, so that SQLite rebuilds no table under the rows that point at it."""
    op.add_column("challenge", sa.Column("interests", sa.String(80)))
    op.add_column("challenge_version", sa.Column("interests", sa.String(80)))


def downgrade() -> None:
    op.drop_column("challenge_version", "interests")
    op.drop_column("challenge", "interests")
