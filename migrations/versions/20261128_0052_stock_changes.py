"""Changes of a stock by hand, each with the key of its form; and repricings take no number again that the audit log knows of.

A repricing is recorded under its challenge, so 0045 did not see one that was declined and paid nothing.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "stock_change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("reward_id", BIG, nullable=False),
        sa.Column("variant_id", BIG, nullable=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stock_change"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_stock_change_reward_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["reward_variant.id"], name="fk_stock_change_variant_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_stock_change_person_id"),
        sa.UniqueConstraint("key", name="uq_stock_change_key"),
    )
    most = _most_repricing()
    if most:
        _begin_after("repricing", most)


def _most_repricing() -> int:
    """Return the highest number of a repricing that the audit log names."""
    found = op.get_bind().execute(sa.text("SELECT data FROM audit_event WHERE name LIKE 'challenge.repric%'")).scalars()
    told = (json.loads(data) if isinstance(data, str) else data for data in found)
    return max((int(data.get("repricing_id") or 0) for data in told), default=0)


def _begin_after(table: str, most: int) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        sequence = bind.execute(sa.text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table}).scalar()
        begin = "SELECT setval(pg_get_serial_sequence(:table, 'id'), :most) WHERE :most >= (SELECT last_value FROM {})"
        bind.execute(sa.text(begin.format(sequence)), {"table": table, "most": most})
        return
    facts = {"table": table, "most": most}
    if bind.execute(sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table"), facts).scalar() is None:
        bind.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :most)"), facts)
    bind.execute(sa.text("UPDATE sqlite_sequence SET seq = :most WHERE name = :table AND seq < :most"), facts)


def downgrade() -> None:
    op.drop_table("stock_change")
