"""What advocates put aside as not for them, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
REASONS = "'no_time', 'not_my_thing', 'elsewhere', 'not_allowed', 'other'"


def upgrade() -> None:
    op.create_table(
        "challenge_dismissal",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("challenge_id", BIG, autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(12), nullable=False),
        sa.Column("words", sa.String(500), nullable=False),
        sa.Column("dismissed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "challenge_id", name="pk_challenge_dismissal"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_challenge_dismissal_person_id"),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenge.id"], name="fk_challenge_dismissal_challenge_id"),
        sa.CheckConstraint(f"reason IN ({REASONS})", name=op.f("ck_challenge_dismissal_reason_known")),
    )
    op.create_index("ix_challenge_dismissal_challenge_id_reason", "challenge_dismissal", ["challenge_id", "reason"])


def downgrade() -> None:
    op.drop_table("challenge_dismissal")
