"""Sealed codes, orders of gift cards, and the provider's balance."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
OPEN_OR_MADE = sa.text("state IN ('noted', 'doubt', 'made')")
HAS_REFERENCE = sa.text("reference <> ''")
BATCH = {
    "counted": "added >= 0 AND removed >= 0 AND left_out >= 0",
    "removed_when_undone": "undone_at IS NOT NULL OR removed = 0",
}
CODE = {
    "state_known": "state IN ('staged', 'free', 'taken', 'ready', 'shown')",
    "held_when_taken": "(holder IS NULL) = (state IN ('staged', 'free'))",
    "taken_has_time": "(holder IS NULL) = (taken_at IS NULL)",
    "shown_has_time": "(shown_at IS NULL) = (times_shown = 0)",
    "shown_is_counted": "state <> 'shown' OR times_shown > 0",
}
ORDER = {
    "state_known": "state IN ('noted', 'doubt', 'made', 'refused', 'given_up')",
    "counted": "turn > 0 AND tries >= 0 AND amount_cents > 0",
    "settled_when_known": "(settled_at IS NULL) = (state IN ('noted', 'doubt'))",
    "doubt_was_asked": "state <> 'doubt' OR asked_at IS NOT NULL",
}


def checks(table: str, rules: dict[str, str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in rules.items()]


def upgrade() -> None:
    op.create_table(
        "code_batch",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shelf", sa.String(40), nullable=False),
        sa.Column("filename", sa.String(120), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("faults", JSON, nullable=False),
        sa.Column("added_by_id", BIG),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("undone_by_id", BIG),
        sa.Column("undone_at", MOMENT),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_code_batch"),
        sa.UniqueConstraint("made_by", name="uq_code_batch_made_by"),
        *checks("code_batch", BATCH),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_code_batch_shelf_id", "code_batch", ["shelf", "id"])
    op.create_index("ix_code_batch_confirmed_at_added_at", "code_batch", ["confirmed_at", "added_at"])
    op.create_table(
        "vault_code",
        sa.Column("id", BIG, nullable=False),
        sa.Column("shelf", sa.String(40), nullable=False),
        sa.Column("batch_id", BIG),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("sealed_with", sa.String(16), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("holder", sa.String(60)),
        sa.Column("taken_at", MOMENT),
        sa.Column("shown_at", MOMENT),
        sa.Column("times_shown", sa.Integer(), nullable=False),
        sa.Column("shown_key", sa.String(64)),
        sa.Column("asked_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_vault_code"),
        sa.UniqueConstraint("fingerprint", name="uq_vault_code_fingerprint"),
        sa.UniqueConstraint("holder", name="uq_vault_code_holder"),
        sa.ForeignKeyConstraint(["batch_id"], ["code_batch.id"], name="fk_vault_code_batch_id"),
        *checks("vault_code", CODE),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vault_code_shelf_state_id", "vault_code", ["shelf", "state", "id"])
    op.create_index("ix_vault_code_batch_id_state", "vault_code", ["batch_id", "state"])
    op.create_index("ix_vault_code_sealed_with_id", "vault_code", ["sealed_with", "id"])
    op.create_table(
        "card_order",
        sa.Column("id", BIG, nullable=False),
        sa.Column("redemption_id", BIG, nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.String(80), nullable=False),
        sa.Column("product", sa.String(80), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("reference", sa.String(100), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.Column("asked_at", MOMENT),
        sa.Column("claimed_until", MOMENT),
        sa.Column("settled_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_card_order"),
        sa.UniqueConstraint("order_id", name="uq_card_order_order_id"),
        sa.UniqueConstraint("redemption_id", "turn", name="uq_card_order_redemption_id_turn"),
        sa.ForeignKeyConstraint(["redemption_id"], ["redemption.id"], name="fk_card_order_redemption_id"),
        *checks("card_order", ORDER),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_card_order_one", "card_order", ["redemption_id"], unique=True, sqlite_where=OPEN_OR_MADE, postgresql_where=OPEN_OR_MADE)
    op.create_index("uq_card_order_reference", "card_order", ["reference"], unique=True, sqlite_where=HAS_REFERENCE, postgresql_where=HAS_REFERENCE)
    op.create_index("ix_card_order_state_noted_at_id", "card_order", ["state", "noted_at", "id"])
    op.create_table(
        "card_balance",
        sa.Column("id", BIG, nullable=False, autoincrement=False),
        sa.Column("cents", sa.BigInteger()),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("looked_at", MOMENT),
        sa.Column("failed_at", MOMENT),
        sa.Column("warned_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_card_balance"),
        *checks("card_balance", {"one_row": "id = 1", "amount_whole": "(cents IS NULL) = (currency = '')"}),
    )


def downgrade() -> None:
    for table in ("card_balance", "card_order", "vault_code", "code_batch"):
        op.drop_table(table)
