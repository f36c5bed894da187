"""Stored files."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "stored_file",
        sa.Column("id", big, nullable=False),
        sa.Column("storage_name", sa.String(40), nullable=False),
        sa.Column("filename", sa.String(160), nullable=False),
        sa.Column("media_type", sa.String(100), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("purpose", sa.String(20), nullable=False),
        sa.Column("owner_id", big),
        sa.Column("width", sa.Integer()),
        sa.Column("height", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("size > 0", name=op.f("ck_stored_file_size_positive")),
        sa.CheckConstraint("(width IS NULL) = (height IS NULL)", name=op.f("ck_stored_file_measured_whole")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_file")),
        sa.UniqueConstraint("storage_name", name=op.f("uq_stored_file_storage_name")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stored_file_owner_id_id", "stored_file", ["owner_id", "id"])


def downgrade() -> None:
    op.drop_table("stored_file")
