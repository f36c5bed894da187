"""Why another time is looked for, once a customer has said yes: what the prospect said of the times, or that whoever asked wants another one."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("request_wait") as batch:
        batch.add_column(sa.Column("word", sa.String(12), nullable=True))
        batch.add_column(sa.Column("words", sa.String(500), nullable=True))
        batch.create_check_constraint(op.f("ck_request_wait_word_known"), "word IN ('none_suits', 'not_needed', 'another')")


def downgrade() -> None:
    with op.batch_alter_table("request_wait") as batch:
        batch.drop_constraint(op.f("ck_request_wait_word_known"), type_="check")
        batch.drop_column("words")
        batch.drop_column("word")
