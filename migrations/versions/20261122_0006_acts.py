"""Acts of advocacy."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "act",
        sa.Column("id", big, nullable=False),
        sa.Column("person_id", big, nullable=False),
        sa.Column("company_id", big),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("track", sa.String(16), nullable=False),
        sa.Column("source_type", sa.String(40), nullable=False),
        sa.Column("source_id", big, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_act"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_act_person_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_act_company_id"),
        sa.CheckConstraint("track IN ('engage', 'endorse', 'earn')", name=op.f("ck_act_track_known")),
        sa.CheckConstraint("points >= 0", name=op.f("ck_act_points_not_negative")),
    )
    live = sa.text("reversed_at IS NULL")
    op.create_index("uq_act_live_source", "act", ["source_type", "source_id"], unique=True, sqlite_where=live, postgresql_where=live)
    op.create_index("ix_act_person_id_happened_at", "act", ["person_id", "happened_at"])
    op.create_index("ix_act_company_id_happened_at", "act", ["company_id", "happened_at"])
    op.create_index("ix_act_happened_at", "act", ["happened_at"])


def downgrade() -> None:
    op.drop_table("act")
