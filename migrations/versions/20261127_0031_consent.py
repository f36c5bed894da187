"""Consents: what members allowed, in which words, where, until when, and how it ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
STANDING = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "consent",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("company_id", BIG),
        sa.Column("item", sa.String(16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("quote", sa.Text(), nullable=False),
        sa.Column("scope", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_type", sa.String(40), nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("part", BIG, nullable=False),
        sa.Column("evidence_id", BIG, nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("expires_on", sa.Date()),
        sa.Column("ended_at", MOMENT),
        sa.Column("ended_as", sa.String(12)),
        sa.Column("ended_by_id", BIG),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_consent_person_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_consent_company_id"),
        sa.ForeignKeyConstraint(["ended_by_id"], ["person.id"], name="fk_consent_ended_by_id"),
        sa.CheckConstraint("item IN ('quote', 'logo', 'name', 'photo', 'case_study')", name=op.f("ck_consent_item_known")),
        sa.CheckConstraint("ended_as IN ('withdrawn', 'taken_back')", name=op.f("ck_consent_ended_as_known")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_as IS NULL)", name=op.f("ck_consent_ended")),
        sa.CheckConstraint("words <> ''", name=op.f("ck_consent_has_words")),
        sa.CheckConstraint("item <> 'quote' OR quote <> ''", name=op.f("ck_consent_quote_has_text")),
    )
    standing = {"unique": True, "sqlite_where": STANDING, "postgresql_where": STANDING}
    op.create_index("uq_consent_standing", "consent", ["source_type", "source_id", "part"], **standing)
    op.create_index("ix_consent_evidence_id_part", "consent", ["evidence_id", "part"])
    op.create_index("ix_consent_person_id_given_at_id", "consent", ["person_id", "given_at", "id"])
    op.create_index("ix_consent_given_at_id", "consent", ["given_at", "id"])
    op.create_index("ix_consent_item_given_at_id", "consent", ["item", "given_at", "id"])


def downgrade() -> None:
    op.drop_table("consent")
