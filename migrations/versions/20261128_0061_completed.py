"""What a nominee completes is credited to who nominated them; how to reach a nominee, and notes; drafts by age, employees by name."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
CREDIT = "ck_nomination_terms_credit_not_negative"
COMPLETED, WELL_DONE = 50, 20


def upgrade() -> None:
    with op.batch_alter_table("nomination_terms") as batch:
        batch.drop_constraint(op.f(CREDIT), type_="check")
        batch.add_column(sa.Column("completed", sa.Integer(), nullable=False, server_default=str(COMPLETED)))
        batch.add_column(sa.Column("well_done", sa.Integer(), nullable=False, server_default=str(WELL_DONE)))
    # Where nothing was credited so far, nothing is from now on.
    op.execute("UPDATE nomination_terms SET completed = 0, well_done = 0 WHERE approved = 0 AND agreed = 0")
    with op.batch_alter_table("nomination_terms") as batch:
        batch.alter_column("completed", server_default=None)
        batch.alter_column("well_done", server_default=None)
        batch.create_check_constraint(op.f(CREDIT), "approved >= 0 AND agreed >= 0 AND completed >= 0 AND well_done >= 0")
    with op.batch_alter_table("nomination_detail") as batch:
        batch.add_column(sa.Column("phone", sa.String(40), nullable=False, server_default=""))
        batch.add_column(sa.Column("ways", JSON, nullable=False, server_default="[]"))
        batch.add_column(sa.Column("notes", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("nomination_detail") as batch:
        for name in ("phone", "ways", "notes"):
            batch.alter_column(name, server_default=None)
    op.create_index("ix_nomination_draft_saved_at", "nomination_draft", ["saved_at"])
    employed = {"sqlite_where": sa.text("is_employee = 1"), "postgresql_where": sa.text("is_employee")}
    op.create_index("ix_person_employees", "person", ["name_key", "id"], **employed)
    op.create_table(
        "nomination_completion",
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("nomination_id", BIG, nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("completed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_nomination_completion"),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name="fk_nomination_completion_nomination_id"),
        sa.CheckConstraint("source <> ''", name=op.f("ck_nomination_completion_has_source")),
        sa.CheckConstraint("grade BETWEEN 1 AND 5", name=op.f("ck_nomination_completion_grade_known")),
    )
    op.create_index("ix_nomination_completion_nomination_id", "nomination_completion", ["nomination_id"])


def downgrade() -> None:
    op.drop_table("nomination_completion")
    op.drop_index("ix_person_employees", "person")
    op.drop_index("ix_nomination_draft_saved_at", "nomination_draft")
    with op.batch_alter_table("nomination_detail") as batch:
        for name in ("phone", "ways", "notes"):
            batch.drop_column(name)
    with op.batch_alter_table("nomination_terms") as batch:
        batch.drop_constraint(op.f(CREDIT), type_="check")
        batch.drop_column("completed")
        batch.drop_column("well_done")
    with op.batch_alter_table("nomination_terms") as batch:
        batch.create_check_constraint(op.f(CREDIT), "approved >= 0 AND agreed >= 0")
