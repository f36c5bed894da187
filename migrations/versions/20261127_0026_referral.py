"""Referrals: peers that members pass on, with their agreement."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
EMPTY = "erased_at IS NULL OR (name = '' AND email = '' AND company = '' AND words = '' AND search = '')"


def upgrade() -> None:
    op.create_table(
        "referral",
        sa.Column("id", BIG, nullable=False),
        sa.Column("referrer_id", BIG, nullable=False),
        sa.Column("source_type", sa.String(40), nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("part", BIG, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("company", sa.String(160), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("email_mark", sa.String(64)),
        sa.Column("agreement", sa.Text(), nullable=False),
        sa.Column("agreement_version", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(12), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT),
        sa.Column("decided_by_id", BIG),
        sa.Column("erased_at", MOMENT),
        sa.Column("erased_by_id", BIG),
        sa.Column("is_unwanted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_referral"),
        sa.UniqueConstraint("source_type", "source_id", "part", name="uq_referral_source_type_source_id_part"),
        sa.UniqueConstraint("email_mark", name="uq_referral_email_mark"),
        sa.ForeignKeyConstraint(["referrer_id"], ["person.id"], name="fk_referral_referrer_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_referral_decided_by_id"),
        sa.ForeignKeyConstraint(["erased_by_id"], ["person.id"], name="fk_referral_erased_by_id"),
        sa.CheckConstraint("state IN ('sent', 'confirmed', 'declined', 'withdrawn')", name=op.f("ck_referral_state_known")),
        sa.CheckConstraint(EMPTY, name=op.f("ck_referral_erased_is_empty")),
        sa.CheckConstraint("NOT is_unwanted OR erased_at IS NOT NULL", name=op.f("ck_referral_unwanted_is_erased")),
    )
    op.create_index("ix_referral_sent_at_id", "referral", ["sent_at", "id"])
    op.create_index("ix_referral_state_decided_at", "referral", ["state", "decided_at"])
    op.create_index("ix_referral_referrer_id", "referral", ["referrer_id"])


def downgrade() -> None:
    op.drop_table("referral")
