"""In which zone a prospect reads the time that they picked."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("request_meeting", sa.Column("prospect_zone", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("request_meeting", "prospect_zone")
