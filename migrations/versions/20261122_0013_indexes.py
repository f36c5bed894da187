"""Indexes for counting people, for finding the few who are admins, and for counting places without reading rows."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_person_is_advocate_name_key_id_state", "person", ["is_advocate", "name_key", "id", "state"])
    op.create_index("ix_person_admins", "person", ["id"], sqlite_where=sa.text("is_admin = 1"), postgresql_where=sa.text("is_admin"))
    op.create_index("ix_company_industry_region", "company", ["industry", "region"])
    _board_index(["period", "score", "first_neg", "member_id", "is_shown"], "is_shown")


def downgrade() -> None:
    _board_index(["period", "score", "first_neg", "member_id"], "is_shown AND score > 0")
    op.drop_index("ix_company_industry_region", "company")
    op.drop_index("ix_person_admins", "person")
    op.drop_index("ix_person_is_advocate_name_key_id_state", "person")


def _board_index(columns: list[str], condition: str) -> None:
    op.drop_index("ix_period_score_board", "period_score")
    op.create_index("ix_period_score_board", "period_score", columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))
