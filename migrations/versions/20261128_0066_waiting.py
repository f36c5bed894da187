"""The clock of requests that a customer said yes to, its terms, and what took place outside the portal."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ENDS = "ck_request_terms_ends_after_yes"
DAYS = {"pick_days": 3, "done_days": 21, "last_days": 21}


def upgrade() -> None:
    op.create_table(
        "request_wait",
        sa.Column("candidate_id", BIG, autoincrement=False, nullable=False),
        sa.Column("since_at", MOMENT, nullable=False),
        sa.Column("reminded_at", MOMENT),
        sa.Column("asked_at", MOMENT),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("candidate_id", name="pk_request_wait"),
        sa.ForeignKeyConstraint(["candidate_id"], ["request_candidate.id"], name="fk_request_wait_candidate_id"),
        sa.CheckConstraint("rounds >= 0", name=op.f("ck_request_wait_rounds_count")),
    )
    op.create_table(
        "request_outside",
        sa.Column("candidate_id", BIG, autoincrement=False, nullable=False),
        sa.Column("who", sa.String(200), nullable=False),
        sa.Column("noted_by_id", BIG, nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("candidate_id", name="pk_request_outside"),
        sa.ForeignKeyConstraint(["candidate_id"], ["request_candidate.id"], name="fk_request_outside_candidate_id"),
        sa.ForeignKeyConstraint(["noted_by_id"], ["person.id"], name="fk_request_outside_noted_by_id"),
    )
    with op.batch_alter_table("request_terms") as batch:
        for name, days in DAYS.items():
            batch.add_column(sa.Column(name, sa.Integer(), nullable=False, server_default=str(days)))
    # Where customers are reminded later than that, it ends later still.
    op.execute("UPDATE request_terms SET last_days = remind_days + 1 WHERE remind_days >= last_days")
    with op.batch_alter_table("request_terms") as batch:
        for name in DAYS:
            batch.alter_column(name, server_default=None)
        batch.create_check_constraint(op.f(ENDS), "pick_days > 0 AND done_days > 0 AND last_days > 0")


def downgrade() -> None:
    with op.batch_alter_table("request_terms") as batch:
        batch.drop_constraint(op.f(ENDS), type_="check")
    with op.batch_alter_table("request_terms") as batch:
        for name in DAYS:
            batch.drop_column(name)
    op.drop_table("request_outside")
    op.drop_table("request_wait")
