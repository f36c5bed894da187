"""Terms of reviewing, whose what waits is, saved views, and who may review without being an admin."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reviewer",
        sa.Column("person_id", BIG, nullable=False, autoincrement=False),
        sa.Column("attempts", sa.Boolean(), nullable=False),
        sa.Column("redemptions", sa.Boolean(), nullable=False),
        sa.Column("nominations", sa.Boolean(), nullable=False),
        sa.Column("granted_by_id", BIG),
        sa.Column("granted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_reviewer"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_reviewer_person_id"),
        sa.ForeignKeyConstraint(["granted_by_id"], ["person.id"], name="fk_reviewer_granted_by_id"),
        sa.CheckConstraint("attempts OR redemptions OR nominations", name=op.f("ck_reviewer_grants_something")),
    )
    op.create_table(
        "review_terms",
        sa.Column("id", BIG, nullable=False, autoincrement=False),
        sa.Column("days", JSON, nullable=False),
        sa.Column("holidays", JSON, nullable=False),
        sa.Column("four_eyes_above", sa.Integer()),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_review_terms"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_review_terms_changed_by_id"),
        sa.CheckConstraint("id = 1", name=op.f("ck_review_terms_one_row")),
        sa.CheckConstraint("four_eyes_above >= 0", name=op.f("ck_review_terms_limit_not_negative")),
    )
    _cases()
    op.create_table(
        "saved_view",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("name_key", sa.String(120), nullable=False),
        sa.Column("query", sa.String(600), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_saved_view_person_id"),
        sa.UniqueConstraint("person_id", "name_key", name="uq_saved_view_person_id_name_key"),
    )


def _cases() -> None:
    whole = "(first_at IS NULL) = (first_by_id IS NULL) AND (first_at IS NULL) = (first_points IS NULL)"
    op.create_table(
        "review_case",
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("item_id", BIG, nullable=False, autoincrement=False),
        sa.Column("owner_id", BIG),
        sa.Column("told_step", sa.Integer(), nullable=False),
        sa.Column("first_by_id", BIG),
        sa.Column("first_at", MOMENT),
        sa.Column("first_points", sa.Integer()),
        sa.Column("first_note", sa.Text()),
        sa.PrimaryKeyConstraint("kind", "item_id", name="pk_review_case"),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name="fk_review_case_owner_id"),
        sa.ForeignKeyConstraint(["first_by_id"], ["person.id"], name="fk_review_case_first_by_id"),
        sa.CheckConstraint("told_step >= 0", name=op.f("ck_review_case_step_counted")),
        sa.CheckConstraint(whole, name=op.f("ck_review_case_first_whole")),
    )
    owned = sa.text("owner_id IS NOT NULL")
    op.create_index("ix_review_case_owner", "review_case", ["owner_id", "kind", "item_id"], sqlite_where=owned, postgresql_where=owned)


def downgrade() -> None:
    for table in ("saved_view", "review_case", "review_terms", "reviewer"):
        op.drop_table(table)
