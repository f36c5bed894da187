"""Nominations and the registry."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPEN = "state = 'submitted' OR state = 'accepted'"
INDEXES = {
    "nomination": [
        ("nominator_id", "created_at", "id"),
        ("state", "created_at", "id"),
        ("state", "name_key", "id"),
        ("email_key",),
        ("duplicate_of_id",),
        ("person_id",),
        ("company_id",),
    ],
    "nomination_activity": [("activity", "nomination_id")],
}


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "nomination",
        sa.Column("id", big, nullable=False),
        sa.Column("nominator_id", big, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("name_key", sa.String(240), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("title", sa.String(120), nullable=False),
        sa.Column("company_name", sa.String(160), nullable=False),
        sa.Column("company_id", big),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("duplicate_of_id", big),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("person_id", big),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("decided_at", moment),
        sa.Column("decided_by_id", big),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_nomination"),
        sa.ForeignKeyConstraint(["nominator_id"], ["person.id"], name="fk_nomination_nominator_id"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_nomination_company_id"),
        sa.ForeignKeyConstraint(["duplicate_of_id"], ["nomination.id"], name="fk_nomination_duplicate_of_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_nomination_person_id"),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_nomination_decided_by_id"),
        sa.UniqueConstraint("nominator_id", "key", name="uq_nomination_nominator_id_key"),
        sa.CheckConstraint("state IN ('submitted', 'accepted', 'declined', 'duplicate')", name="state_known"),
        sa.CheckConstraint("(state = 'submitted') = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("(state = 'duplicate') = (duplicate_of_id IS NOT NULL)", name="duplicate"),
        sa.CheckConstraint("duplicate_of_id <> id", name="not_of_itself"),
        sa.CheckConstraint("state <> 'declined' OR reason <> ''", name="reason_given"),
        sa.CheckConstraint("repeats >= 0", name="repeats"),
    )
    op.create_table(
        "nomination_activity",
        sa.Column("nomination_id", big, nullable=False),
        sa.Column("activity", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("nomination_id", "activity", name="pk_nomination_activity"),
        sa.ForeignKeyConstraint(["nomination_id"], ["nomination.id"], name="fk_nomination_activity_nomination_id", ondelete="CASCADE"),
        sa.CheckConstraint(
            "activity IN ('call', 'review', 'case_study', 'speaking', 'press', 'advisory_board', 'video', 'referral')",
            name="activity_known",
        ),
    )
    for table, indexes in INDEXES.items():
        for columns in indexes:
            op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))
    where = sa.text(OPEN)
    op.create_index("uq_nomination_email_key_open", "nomination", ["email_key"], unique=True, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_table("nomination_activity")
    op.drop_table("nomination")
