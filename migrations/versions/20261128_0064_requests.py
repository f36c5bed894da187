"""What requests for references need besides: links, offered times, meetings, what both sides say, terms; how customers hear of a prospect."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
UNASKED = sa.text("asked_at IS NULL AND cancelled_at IS NULL")
ON_REQUESTS = {"deal_ref": sa.String(80), "told_as": sa.String(160), "words": sa.Text()}
ON_CANDIDATES = {
    "owner_code": sa.String(20),
    "owner_said": sa.String(500),
    "owner_reminded_at": MOMENT,
    "escalated_at": MOMENT,
    "customer_reminded_at": MOMENT,
    "told_result_at": MOMENT,
}
TABLES = ("request_terms", "request_outcome", "request_meeting", "request_slot", "request_link")


def upgrade() -> None:
    for name, kind in ON_REQUESTS.items():
        op.add_column("reference_request", sa.Column(name, kind))
    op.create_index("ix_reference_request_deal_ref", "reference_request", ["deal_ref"])
    for name, kind in ON_CANDIDATES.items():
        op.add_column("request_candidate", sa.Column(name, kind))
    _links()
    _meetings()
    _outcomes()
    _terms()


def _candidate(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["candidate_id"], ["request_candidate.id"], name=f"fk_{table}_candidate_id")


def _links() -> None:
    op.create_table(
        "request_link",
        sa.Column("id", BIG, nullable=False),
        sa.Column("candidate_id", BIG, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_request_link"),
        _candidate("request_link"),
        sa.CheckConstraint("kind IN ('owner', 'customer', 'prospect')", name=op.f("ck_request_link_kind_known")),
    )
    op.create_index("ix_request_link_token_hash", "request_link", ["token_hash"], unique=True)
    op.create_index("ix_request_link_candidate_id", "request_link", ["candidate_id"])


def _meetings() -> None:
    op.create_table(
        "request_slot",
        sa.Column("id", BIG, nullable=False),
        sa.Column("candidate_id", BIG, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("is_offered", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_request_slot"),
        _candidate("request_slot"),
        sa.UniqueConstraint("candidate_id", "starts_at", name="uq_request_slot_candidate_id_starts_at"),
    )
    op.create_table(
        "request_meeting",
        sa.Column("candidate_id", BIG, autoincrement=False, nullable=False),
        sa.Column("uid", sa.String(64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(64), nullable=False),
        sa.Column("place", sa.String(500), nullable=False),
        sa.Column("booked_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT),
        sa.Column("cancelled_at", MOMENT),
        sa.PrimaryKeyConstraint("candidate_id", name="pk_request_meeting"),
        _candidate("request_meeting"),
        sa.UniqueConstraint("uid", name="uq_request_meeting_uid"),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_request_meeting_takes_time")),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_request_meeting_sequence_counts")),
    )
    op.create_index("ix_request_meeting_unasked", "request_meeting", ["starts_at"], sqlite_where=UNASKED, postgresql_where=UNASKED)


def _outcomes() -> None:
    op.create_table(
        "request_outcome",
        sa.Column("id", BIG, nullable=False),
        sa.Column("candidate_id", BIG, nullable=False),
        sa.Column("side", sa.String(12), nullable=False),
        sa.Column("came", sa.Boolean(), nullable=False),
        sa.Column("grade", sa.Integer()),
        sa.Column("minutes", sa.Integer()),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("said_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_request_outcome"),
        _candidate("request_outcome"),
        sa.UniqueConstraint("candidate_id", "side", name="uq_request_outcome_candidate_id_side"),
        sa.CheckConstraint("side IN ('requester', 'customer')", name=op.f("ck_request_outcome_side_known")),
        sa.CheckConstraint("grade BETWEEN 1 AND 5", name=op.f("ck_request_outcome_grade_in_range")),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_request_outcome_minutes_not_negative")),
    )


def _terms() -> None:
    op.create_table(
        "request_terms",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("owner_days", "escalate_days", "remind_days", "silent_days", "confirm_days", "minutes")
        ),
        sa.Column("points", JSON, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_request_terms"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_request_terms_changed_by_id"),
        sa.CheckConstraint("id = 1", name=op.f("ck_request_terms_one_row")),
        sa.CheckConstraint(
            "owner_days > 0 AND escalate_days > owner_days AND remind_days > 0 AND silent_days > remind_days",
            name=op.f("ck_request_terms_days_in_order"),
        ),
        sa.CheckConstraint("confirm_days > 0 AND minutes IN (30, 60)", name=op.f("ck_request_terms_lengths_known")),
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("ix_reference_request_deal_ref", "reference_request")
    for table, columns in {"request_candidate": ON_CANDIDATES, "reference_request": ON_REQUESTS}.items():
        with op.batch_alter_table(table) as batch:
            for name in columns:
                batch.drop_column(name)
