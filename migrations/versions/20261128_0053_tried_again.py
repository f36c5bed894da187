"""What was declined and is tried once more is listed with what was begun: when its member went on stands on the submission.

The list of what was begun has one index for both. Nothing is entered into a declined submission but by its member or an outside event
meant for them; so what was saved after the decline tells which ones are tried again now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

BEGUN = sa.text("state IN ('open', 'more_wanted') AND dropped_at IS NULL")
UNDER_WAY = sa.text("(state IN ('open', 'more_wanted') OR again_at IS NOT NULL) AND dropped_at IS NULL")
ENTERED = "(SELECT MAX(saved_at) FROM submission_answer WHERE submission_answer.submission_id = submission.id)"
DECLINED = "(SELECT MAX(decided_at) FROM verdict WHERE verdict.submission_id = submission.id AND verdict.outcome IN ('declined', 'reversed'))"
# What an appeal upheld since changes nothing about that.
TRIED_AGAIN = f"UPDATE submission SET again_at = {ENTERED} WHERE state = 'declined' AND dropped_at IS NULL AND {ENTERED} > {DECLINED}"


def upgrade() -> None:
    op.add_column("submission", sa.Column("again_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(TRIED_AGAIN)
    op.drop_index("ix_submission_begun", "submission")
    op.create_index("ix_submission_under_way", "submission", ["changed_at", "id"], sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY)


def downgrade() -> None:
    op.drop_index("ix_submission_under_way", "submission")
    op.create_index("ix_submission_begun", "submission", ["changed_at", "id"], sqlite_where=BEGUN, postgresql_where=BEGUN)
    op.drop_column("submission", "again_at")
