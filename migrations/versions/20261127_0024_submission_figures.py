"""Figures of a challenge are read from an index alone."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_submission_figures", "submission", ["challenge_id", "dropped_at", "state", "paid"])


def downgrade() -> None:
    op.drop_index("ix_submission_figures", "submission")
