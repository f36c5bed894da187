"""Tokens by which other systems are let in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", BIG, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("beginning", sa.String(20), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("made_by_key", sa.String(64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by_id", BIG),
        sa.Column("last_used_at", MOMENT),
        sa.Column("revoked_at", MOMENT),
        sa.Column("revoked_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_api_token"),
        sa.UniqueConstraint("token_hash", name="uq_api_token_token_hash"),
        sa.UniqueConstraint("made_by_key", name="uq_api_token_made_by_key"),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_api_token_made_by_id"),
        sa.ForeignKeyConstraint(["revoked_by_id"], ["person.id"], name="fk_api_token_revoked_by_id"),
    )
    op.create_index("ix_api_token_made_at_id", "api_token", ["made_at", "id"])


def downgrade() -> None:
    op.drop_table("api_token")
