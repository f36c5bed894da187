"""When admins were told of a dispute, and of which weeks they were told what was corrected by hand; months that are over, as finance counted them.

Disputes made before are taken as told when they were made.
"""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SUMS = ("earned", "open", "held", "spent", "expired", "reversed", "corrected", "paid")


def upgrade() -> None:
    op.add_column("dispute", sa.Column("told_at", MOMENT, nullable=True))
    op.execute("UPDATE dispute SET told_at = made_at")
    op.create_table(
        "corrections_week",
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("corrections", sa.BigInteger(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.CheckConstraint("corrections >= 0", name=op.f("ck_corrections_week_not_negative")),
        sa.PrimaryKeyConstraint("first_on", name="pk_corrections_week"),
    )

    op.create_table(
        "finance_month",
        *_key(),
        sa.Column("begins_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("given", "redeemed", "expired")),
        sa.Column("kept_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("unit", "zone", "first_on", name="pk_finance_month"),
    )
    op.create_table(
        "finance_month_lots",
        *_key(),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint("unit", "zone", "first_on", "month", name="pk_finance_month_lots"),
        sa.ForeignKeyConstraint(
            ["unit", "zone", "first_on"],
            ["finance_month.unit", "finance_month.zone", "finance_month.first_on"],
            name="fk_finance_month_lots_unit_zone_first_on",
        ),
    )


def _key() -> list[sa.Column[object]]:
    return [
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
    ]


def downgrade() -> None:
    op.drop_table("finance_month_lots")
    op.drop_table("finance_month")
    op.drop_table("corrections_week")
    op.drop_column("dispute", "told_at")
