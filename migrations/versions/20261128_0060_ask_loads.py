"""What lists of people to ask are ranked and sifted by: the load of each person and company, when a slot frees, and until when somebody rests.

Loads are summed here; ranks stand as under the caps of the house, and the job that is promised here reckons them, and the moments, anew.
"""

from collections import defaultdict
from datetime import UTC, datetime
from math import log2

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
EPOCH, HALF_LIFE = datetime(2026, 1, 1, tzinfo=UTC), 45 * 86_400
WEIGHTS = {"missed": 0.7, "declined": 0.4, "expired": 0.4, "withdrawn": 0.4}
RATES = {"person": 4 / 90, "company": 8 / 90}
JOB = "goodwill.recount"
KEY = "goodwill:recount:0060"


def upgrade() -> None:
    for of, table in (("person", "ask_load"), ("company", "company_ask_load")):
        moments = ["full_until", *(["rests_until"] if of == "person" else [])]
        op.create_table(
            table,
            sa.Column("load", sa.Float(), nullable=False),
            sa.Column("rank", sa.BigInteger(), nullable=False),
            *(sa.Column(name, MOMENT) for name in moments),
            sa.Column(f"{of}_id", BIG, autoincrement=False, nullable=False),
            sa.PrimaryKeyConstraint(f"{of}_id", name=f"pk_{table}"),
            sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}.id"], name=f"fk_{table}_{of}_id"),
        )
        op.create_index(f"ix_{table}_rank_{of}_id", table, ["rank", f"{of}_id"])
    op.create_index("ix_ask_outcome_at", "ask_outcome", ["at"])
    _fill()


def _fill() -> None:
    """Add up what every ask weighs, with the last thing that came of it, and promise the job."""
    bind = op.get_bind()
    ends = {row.ask_id: row.came for row in bind.execute(sa.text("SELECT ask_id, came FROM ask_outcome WHERE came <> 'accepted'"))}
    asks = sa.table("ask", *(sa.column(name) for name in ("id", "person_id", "company_id", "effort")), sa.column("asked_at", MOMENT))
    sums: dict[str, dict[int, float]] = {"person": defaultdict(float), "company": defaultdict(float)}
    for row in bind.execute(sa.select(asks)):
        moment = row.asked_at if row.asked_at.tzinfo else row.asked_at.replace(tzinfo=UTC)
        kept = row.effort * WEIGHTS.get(ends.get(row.id, ""), 1.0) * 2.0 ** ((moment - EPOCH).total_seconds() / HALF_LIFE)
        sums["person"][row.person_id] += kept
        if row.company_id is not None:
            sums["company"][row.company_id] += kept
    for of, table in (("person", "ask_load"), ("company", "company_ask_load")):
        for its_id in bind.execute(sa.text(f"SELECT {of}_id FROM {of}_goodwill WHERE set_at IS NOT NULL")).scalars():
            sums[of][its_id] += 0.0
        rows = [
            {"its_id": its_id, "load": kept, "rank": round(1e6 * log2(kept / RATES[of])) if kept > 0 else -(10**15)}
            for its_id, kept in sorted(sums[of].items())
        ]
        if rows:
            bind.execute(sa.text(f"INSERT INTO {table} ({of}_id, load, rank) VALUES (:its_id, :load, :rank)"), rows)
    if sums["person"] or sums["company"]:
        now = datetime.now(UTC)
        jobs = sa.table("outbox_job", *(sa.column(name) for name in ("topic", "key", "tries")), sa.column("payload", sa.JSON()))
        jobs.append_column(sa.column("created_at", MOMENT))
        jobs.append_column(sa.column("available_at", MOMENT))
        moment = now if bind.dialect.name == "postgresql" else now.replace(tzinfo=None)
        promise = {"topic": JOB, "key": KEY, "tries": 0, "payload": {}, "created_at": moment, "available_at": moment}
        bind.execute(sa.insert(jobs).values(**promise))


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM outbox_job WHERE key = :key").bindparams(key=KEY))
    op.drop_index("ix_ask_outcome_at", "ask_outcome")
    op.drop_table("company_ask_load")
    op.drop_table("ask_load")
