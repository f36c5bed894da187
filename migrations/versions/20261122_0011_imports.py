"""Imports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "import_batch",
        sa.Column("id", big, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("filename", sa.String(160), nullable=False),
        sa.Column("file_id", big),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("plan", json, nullable=False),
        sa.Column("preview", json),
        sa.Column("counts", json),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("steps_total", sa.Integer(), nullable=False),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("started_by_id", big),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "state IN ('draft', 'checking', 'checked', 'running', 'done', 'failed', 'undoing', 'undone')", name=op.f("ck_import_batch_state_known")
        ),
        sa.CheckConstraint("steps_done >= 0 AND steps_done <= steps_total", name=op.f("ck_import_batch_progress_within")),
        sa.ForeignKeyConstraint(["file_id"], ["stored_file.id"], name=op.f("fk_import_batch_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
        sqlite_autoincrement=True,
    )
    running = sa.text("state = 'running'")
    op.create_index("uq_import_batch_running", "import_batch", ["fingerprint"], unique=True, sqlite_where=running, postgresql_where=running)
    op.create_table(
        "import_row",
        sa.Column("id", big, nullable=False),
        sa.Column("batch_id", big, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("outcome", sa.String(12), nullable=False),
        sa.Column("faults", json, nullable=False),
        sa.Column("subject_id", big),
        sa.Column("steps_done", sa.Integer(), nullable=False),
        sa.Column("before", json),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("is_kept", sa.Boolean(), nullable=False),
        sa.CheckConstraint("outcome IN ('created', 'changed', 'unchanged', 'repeated', 'bad')", name=op.f("ck_import_row_outcome_known")),
        sa.CheckConstraint("outcome IN ('repeated', 'bad') OR subject_id IS NOT NULL", name=op.f("ck_import_row_good_has_subject")),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_row_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_row")),
        sa.UniqueConstraint("batch_id", "line", name=op.f("uq_import_row_batch_id_line")),
    )
    op.create_index("ix_import_row_batch_id_outcome_line", "import_row", ["batch_id", "outcome", "line"])
    op.create_table(
        "import_identity",
        sa.Column("id", big, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("source", sa.String(80), nullable=False),
        sa.Column("external_id", sa.String(200), nullable=False),
        sa.Column("subject_id", big, nullable=False),
        sa.Column("batch_id", big, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["import_batch.id"], name=op.f("fk_import_identity_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_identity")),
        sa.UniqueConstraint("kind", "source", "external_id", name=op.f("uq_import_identity_kind_source_external_id")),
    )
    op.create_index("ix_import_identity_batch_id", "import_identity", ["batch_id"])


def downgrade() -> None:
    op.drop_table("import_identity")
    op.drop_table("import_row")
    op.drop_table("import_batch")
