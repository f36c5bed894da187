"""Whose cap is reached and who rests are found without looking at everybody."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_ask_load_full_until", "ask_load", "full_until"),
    ("ix_ask_load_rests_until", "ask_load", "rests_until"),
    ("ix_company_ask_load_full_until", "company_ask_load", "full_until"),
)


def upgrade() -> None:
    for name, table, column in INDEXES:
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, table, _column in reversed(INDEXES):
        op.drop_index(name, table_name=table)
