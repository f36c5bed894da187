"""Which audience a challenge is meant for."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "challenge_audience",
        sa.Column("challenge_id", BIG, autoincrement=False, nullable=False),
        sa.Column("audience_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("challenge_id", name="pk_challenge_audience"),
        sa.UniqueConstraint("audience_id", name="uq_challenge_audience_audience_id"),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenge.id"], name="fk_challenge_audience_challenge_id"),
        sa.ForeignKeyConstraint(["audience_id"], ["audience.id"], name="fk_challenge_audience_audience_id"),
    )


def downgrade() -> None:
    op.drop_table("challenge_audience")
