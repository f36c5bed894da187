"""The welcome: the challenge that new members are offered first, and what a member has kept and put away."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OFFERED = sa.text("welcome_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("challenge", sa.Column("welcome_at", MOMENT))
    op.add_column("person", sa.Column("welcomed_at", MOMENT))
    op.add_column("person", sa.Column("profile_kept_at", MOMENT))
    # What is offered first is no record of an import, so that this holds one row at most.
    op.create_index("uq_challenge_welcome", "challenge", ["is_record_only"], unique=True, sqlite_where=OFFERED, postgresql_where=OFFERED)


def downgrade() -> None:
    op.drop_index("uq_challenge_welcome", "challenge")
    op.drop_column("person", "profile_kept_at")
    op.drop_column("person", "welcomed_at")
    op.drop_column("challenge", "welcome_at")
