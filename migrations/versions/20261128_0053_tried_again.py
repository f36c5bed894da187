"""What was declined and is tried once more is listed with what was begun: when its member went on stands on the submission.

The list of what was begun has one index for both. Nothing is entered into a declined submission but by its member or an outside event
meant for them, and each moves ``changed_at`` to when that was saved; so that tells which ones are tried again now.
"""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

BEGUN = sa.text("state IN ('open', 'more_wanted') AND dropped_at IS NULL")
UNDER_WAY = sa.text("(state IN ('open', 'more_wanted') OR again_at IS NOT NULL) AND dropped_at IS NULL")
TRIED_AGAIN = """UPDATE submission SET again_at = changed_at WHERE state = 'declined' AND dropped_at IS NULL AND EXISTS (
    SELECT 1 FROM submission_answer WHERE submission_answer.submission_id = submission.id AND submission_answer.saved_at >= submission.changed_at)
    AND NOT EXISTS (SELECT 1 FROM verdict WHERE verdict.submission_id = submission.id AND verdict.outcome <> 'feedback'
        AND verdict.decided_at >= submission.changed_at)"""


def upgrade() -> None:
    op.add_column("submission", sa.Column("again_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(TRIED_AGAIN)
    op.drop_index("ix_submission_begun", "submission")
    op.create_index("ix_submission_under_way", "submission", ["changed_at", "id"], sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY)


def downgrade() -> None:
    op.drop_index("ix_submission_under_way", "submission")
    op.create_index("ix_submission_begun", "submission", ["changed_at", "id"], sqlite_where=BEGUN, postgresql_where=BEGUN)
    op.drop_column("submission", "again_at")
