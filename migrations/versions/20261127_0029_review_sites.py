"""Review sites as an organisation knows them, and whether shared pages are there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "review_site",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("facts", JSON),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("checked_on", sa.Date()),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.Column("removed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_review_site"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_review_site_changed_by_id"),
        sa.UniqueConstraint("key", name="uq_review_site_key"),
        sa.CheckConstraint("version > 0", name=op.f("ck_review_site_version_positive")),
    )
    op.create_table(
        "link_check",
        sa.Column("id", BIG, nullable=False),
        sa.Column("submission_id", BIG, nullable=False),
        sa.Column("stage_id", BIG, nullable=False),
        sa.Column("url", sa.String(600), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT),
        sa.Column("status", sa.Integer()),
        sa.Column("why", sa.String(16)),
        sa.Column("host", sa.String(255)),
        sa.PrimaryKeyConstraint("id", name="pk_link_check"),
        sa.ForeignKeyConstraint(["submission_id"], ["submission.id"], name="fk_link_check_submission_id"),
        sa.ForeignKeyConstraint(["stage_id"], ["stage.id"], name="fk_link_check_stage_id"),
        sa.UniqueConstraint("submission_id", "stage_id", "url", name="uq_link_check_submission_id_stage_id_url"),
        sa.CheckConstraint("state IN ('waiting', 'live', 'gone', 'closed', 'failing', 'unreached')", name=op.f("ck_link_check_state_known")),
        sa.CheckConstraint("asked > 0", name=op.f("ck_link_check_asked_positive")),
        sa.CheckConstraint("(state = 'waiting') = (checked_at IS NULL)", name=op.f("ck_link_check_checked")),
    )


def downgrade() -> None:
    op.drop_table("link_check")
    op.drop_table("review_site")
