"""Outbox and notices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN = sa.text("done_at IS NULL AND dead_at IS NULL")
DEAD = sa.text("dead_at IS NOT NULL")
UNREAD = sa.text("read_at IS NULL")


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "outbox_job",
        sa.Column("id", big, nullable=False),
        sa.Column("topic", sa.String(60), nullable=False),
        sa.Column("payload", json, nullable=False),
        sa.Column("key", sa.String(200)),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("available_at", moment, nullable=False),
        sa.Column("lease_until", moment),
        sa.Column("leased_by", sa.String(64)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text()),
        sa.Column("done_at", moment),
        sa.Column("dead_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_outbox_job"),
        sa.UniqueConstraint("key", name="uq_outbox_job_key"),
        sa.CheckConstraint("done_at IS NULL OR dead_at IS NULL", name=op.f("ck_outbox_job_one_end")),
        sa.CheckConstraint("(lease_until IS NULL) = (leased_by IS NULL)", name=op.f("ck_outbox_job_lease_whole")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_outbox_job_tries_counted")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_job_open", "outbox_job", ["available_at", "id"], sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_outbox_job_dead", "outbox_job", ["dead_at", "id"], sqlite_where=DEAD, postgresql_where=DEAD)
    op.create_table(
        "notice",
        sa.Column("id", big, nullable=False),
        sa.Column("person_id", big, nullable=False),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("data", json, nullable=False),
        sa.Column("link", sa.String(300)),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("read_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("person_id", "key", name="uq_notice_person_id_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notice_person_id_created_at_id", "notice", ["person_id", "created_at", "id"])
    op.create_index("ix_notice_unread", "notice", ["person_id"], sqlite_where=UNREAD, postgresql_where=UNREAD)


def downgrade() -> None:
    op.drop_table("notice")
    op.drop_table("outbox_job")
