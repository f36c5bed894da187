"""What customers said that reaches their account owner, with its weekly mail; and which fields people changed by hand since an import."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TABLES = ("account_insight", "insight_week", "insight_mail_off", "hand_edit")


def upgrade() -> None:
    op.create_table(
        "account_insight",
        sa.Column("id", BIG, nullable=False),
        sa.Column("company_id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("question", sa.String(length=300), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("score", sa.Integer()),
        sa.Column("source_type", sa.String(length=40), nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("part", BIG, nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.Column("heard_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.CheckConstraint("kind IN ('answer', 'score')", name=op.f("ck_account_insight_kind_known")),
        sa.CheckConstraint("score BETWEEN 0 AND 10", name=op.f("ck_account_insight_score_in_range")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_account_insight_company_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_account_insight_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_account_insight"),
        sa.UniqueConstraint("source_type", "source_id", "part", name="uq_account_insight_source_type_source_id_part"),
    )
    stands = {"sqlite_where": sa.text("ended_at IS NULL"), "postgresql_where": sa.text("ended_at IS NULL")}
    op.create_index("ix_account_insight_company", "account_insight", ["company_id", "heard_at", "id"], **stands)
    op.create_index("ix_account_insight_heard", "account_insight", ["heard_at", "id"], **stands)
    op.create_table(
        "insight_week",
        sa.Column("owner_id", BIG, autoincrement=False, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("insights", sa.Integer(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_insight_week_owner_id"),
        sa.PrimaryKeyConstraint("owner_id", "first_on", name="pk_insight_week"),
    )
    op.create_table(
        "insight_mail_off",
        sa.Column("owner_id", BIG, autoincrement=False, nullable=False),
        sa.Column("off_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_insight_mail_off_owner_id"),
        sa.PrimaryKeyConstraint("owner_id", name="pk_insight_mail_off"),
    )
    op.create_table(
        "hand_edit",
        sa.Column("subject_type", sa.String(length=8), nullable=False),
        sa.Column("subject_id", BIG, autoincrement=False, nullable=False),
        sa.Column("field", sa.String(length=40), nullable=False),
        sa.Column("by_id", BIG),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("subject_type IN ('company', 'person')", name=op.f("ck_hand_edit_subject_known")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name="fk_hand_edit_by_id"),
        sa.PrimaryKeyConstraint("subject_type", "subject_id", "field", name="pk_hand_edit"),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
