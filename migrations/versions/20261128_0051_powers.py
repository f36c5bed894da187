"""Who was given a role or permission with which one may decide, when and by whom: so that nobody makes a second pair of eyes for themselves.

Who has one by now had it before such were noted, and is not in here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "power_grant",
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("power", sa.String(16), nullable=False),
        sa.Column("given_by_id", BIG, nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "power", name="pk_power_grant"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_power_grant_person_id"),
        sa.ForeignKeyConstraint(["given_by_id"], ["person.id"], name="fk_power_grant_given_by_id"),
        sa.CheckConstraint("power IN ('admin', 'attempts', 'redemptions', 'nominations')", name="power_known"),
    )


def downgrade() -> None:
    op.drop_table("power_grant")
