"""Consents: what members agreed to, word by word, where it may be shown, until when."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
NOT_WITHDRAWN = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("source_type", sa.String(40), nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("part", BIG, nullable=False),
        sa.Column("what", sa.String(12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("until", sa.Date()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("agreed_at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.Column("withdrawn_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_consent_person_id"),
        sa.CheckConstraint("what IN ('quote', 'logo', 'name', 'photo', 'case_study')", name=op.f("ck_consent_what_known")),
        sa.CheckConstraint("state IN ('sent', 'stands', 'void', 'withdrawn')", name=op.f("ck_consent_state_known")),
        sa.CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f("ck_consent_withdrawn_has_time")),
    )
    facts = {"unique": True, "sqlite_where": NOT_WITHDRAWN, "postgresql_where": NOT_WITHDRAWN}
    op.create_index("uq_consent_source", "consent", ["source_type", "source_id", "part"], **facts)
    op.create_index("ix_consent_person_id_id", "consent", ["person_id", "id"])


def downgrade() -> None:
    op.drop_table("consent")
