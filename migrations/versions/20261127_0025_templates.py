"""Templates of challenges: the organisation's own as documents, and which of ours are hidden."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "challenge_template",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("document", JSON, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(64)),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_challenge_template"),
        sa.UniqueConstraint("key", name="uq_challenge_template_key"),
        sa.UniqueConstraint("made_by", name="uq_challenge_template_made_by"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_challenge_template_changed_by_id"),
        sa.CheckConstraint("revision > 0", name=op.f("ck_challenge_template_revision_positive")),
    )
    op.create_table(
        "hidden_template",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("hidden_at", MOMENT, nullable=False),
        sa.Column("hidden_by_id", BIG),
        sa.PrimaryKeyConstraint("key", name="pk_hidden_template"),
        sa.ForeignKeyConstraint(["hidden_by_id"], ["person.id"], name="fk_hidden_template_hidden_by_id"),
    )


def downgrade() -> None:
    op.drop_table("hidden_template")
    op.drop_table("challenge_template")
