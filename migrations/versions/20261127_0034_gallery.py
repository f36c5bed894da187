"""The gallery: uploads that all members see once their answer is approved."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
SHOWN = sa.text("taken_back_at IS NULL AND withdrawn_at IS NULL AND hidden_at IS NULL")
HIDDEN = sa.text("hidden_at IS NOT NULL")
POINTS_AT = {
    "submission_id": "submission",
    "stage_id": "stage",
    "attempt_id": "attempt",
    "file_id": "stored_file",
    "person_id": "person",
    "challenge_id": "challenge",
    "hidden_by_id": "person",
}


def upgrade() -> None:
    op.create_table(
        "gallery_item",
        sa.Column("id", BIG, nullable=False),
        *(sa.Column(name, BIG, nullable=name == "hidden_by_id") for name in POINTS_AT),
        sa.Column("agreed_text", sa.Text(), nullable=False),
        sa.Column("agreed_language", sa.String(12), nullable=False),
        sa.Column("agreed_version", sa.Integer(), nullable=False),
        sa.Column("agreed_at", MOMENT, nullable=False),
        sa.Column("shown_at", MOMENT, nullable=False),
        sa.Column("taken_back_at", MOMENT),
        sa.Column("withdrawn_at", MOMENT),
        sa.Column("hidden_at", MOMENT),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gallery_item"),
        *(sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"fk_gallery_item_{name}") for name, table in POINTS_AT.items()),
        sa.UniqueConstraint("submission_id", "stage_id", name="uq_gallery_item_submission_id_stage_id"),
        sa.CheckConstraint("(hidden_at IS NULL) = (reason = '')", name=op.f("ck_gallery_item_hidden_has_reason")),
        sa.CheckConstraint("hidden_by_id IS NULL OR hidden_at IS NOT NULL", name=op.f("ck_gallery_item_hidden_by_has_time")),
        sa.CheckConstraint("agreed_text <> '' AND agreed_version > 0", name=op.f("ck_gallery_item_agreed")),
    )
    for where, indexes in (
        (SHOWN, {"shown": ["shown_at", "id"], "challenge_shown": ["challenge_id", "shown_at", "id"]}),
        (HIDDEN, {"hidden": ["shown_at", "id"]}),
        (None, {"person_id_shown_at_id": ["person_id", "shown_at", "id"], "file_id": ["file_id"]}),
    ):
        for name, columns in indexes.items():
            op.create_index(f"ix_gallery_item_{name}", "gallery_item", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_table("gallery_item")
