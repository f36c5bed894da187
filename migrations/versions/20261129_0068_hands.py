"""Which fields of a profile staff wrote last, beside those that the person wrote themself."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("profile_edit") as batch:
        batch.add_column(sa.Column("is_own", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("profile_edit") as batch:
        batch.alter_column("is_own", server_default=None)


def downgrade() -> None:
    # The release before takes every row for the person's own.
    op.execute(sa.text("DELETE FROM profile_edit WHERE NOT is_own"))
    with op.batch_alter_table("profile_edit") as batch:
        batch.drop_column("is_own")
