"""Corrections, repricings and disputes never take a number again that one before them had, also where their tables were taken down in between.

Their numbers are in keys of the ledger and of notices, which are unique for ever: under an old number nothing would move and nobody be told.
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

TABLES = ("adjustment", "repricing", "dispute")


def upgrade() -> None:
    for table in TABLES:
        _begin_after(table, max(_in_the_ledger(table), _in_the_record(table)))


def _in_the_ledger(table: str) -> int:
    keys = op.get_bind().execute(sa.text("SELECT key FROM transfer WHERE key LIKE :start"), {"start": f"{table}:%"}).scalars()
    numbers = (key.split(":")[1] for key in keys)
    return max((int(number) for number in numbers if number.isascii() and number.isdigit() and len(number) < 19), default=0)


def _in_the_record(table: str) -> int:
    found = sa.text("SELECT MAX(subject_id) FROM audit_event WHERE subject_type = :table")
    return op.get_bind().execute(found, {"table": table}).scalar() or 0


def _begin_after(table: str, most: int) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        begin = "SELECT setval(pg_get_serial_sequence(:table, 'id'), :most) WHERE :most > 0 AND :most >= (SELECT last_value FROM {})"
        sequence = bind.execute(sa.text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table}).scalar()
        bind.execute(sa.text(begin.format(sequence)), {"table": table, "most": most})
        return
    facts = {"table": table, "most": most}
    if bind.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table"), facts).scalar() is None:
        bind.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :most)"), facts)
    bind.execute(sa.text("UPDATE sqlite_sequence SET seq = :most WHERE name = :table AND seq < :most"), facts)


def downgrade() -> None:
    """Numbers that were left out stay left out."""
