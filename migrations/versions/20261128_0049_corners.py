"""Budgets in money with a level of their own, from which balance the provider's is low, codes that lapse, marks of sign-ins."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0047"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
TERMS = {
    "near_before_used_up": "near BETWEEN 1 AND 99",
    "money_planned": "cents > 0",
    "money_has_currency": "cents IS NULL OR currency <> ''",
}
STATES = ("staged", "free", "taken", "ready", "shown")
UNHELD = ("staged", "free")
LAPSED = ("lapsed",)


def upgrade() -> None:
    op.create_table(
        "budget_terms",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("near", sa.Integer(), nullable=False),
        sa.Column("cents", sa.BigInteger()),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budget_terms"),
        sa.ForeignKeyConstraint(["id"], ["points_budget.id"], name="fk_budget_terms_id"),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_budget_terms_{name}")) for name, rule in TERMS.items()),
    )
    for statement in _guards("budget_terms"):
        op.execute(statement)
    op.create_table(
        "card_terms",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("low_cents", sa.Integer(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("changed_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_card_terms"),
        sa.ForeignKeyConstraint(["changed_by_id"], ["person.id"], name="fk_card_terms_changed_by_id"),
        sa.CheckConstraint("id = 1", name=op.f("ck_card_terms_one_row")),
        sa.CheckConstraint("low_cents >= 0", name=op.f("ck_card_terms_not_negative")),
    )
    op.create_table(
        "sign_in_mark",
        sa.Column("person_id", BIG, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("device", sa.String(32), nullable=False),
        sa.Column("address", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "day", "device", name="pk_sign_in_mark"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sign_in_mark_person_id"),
    )
    op.create_index("ix_sign_in_mark_address", "sign_in_mark", ["address"])
    op.create_index("ix_sign_in_mark_day", "sign_in_mark", ["day"])
    op.drop_index("ix_vault_code_shelf_state_id", "vault_code")
    _states((*STATES, *LAPSED), (*UNHELD, *LAPSED), expires=True)
    op.create_index("ix_vault_code_shelf_state_expires_on_id", "vault_code", ["shelf", "state", "expires_on", "id"])


def downgrade() -> None:
    """Budgets in money are ended; codes forget their last day; those that lapsed go back to their import, off the shelf, for ever."""
    op.drop_index("ix_vault_code_shelf_state_expires_on_id", "vault_code")
    _states(STATES, UNHELD, expires=False)
    op.create_index("ix_vault_code_shelf_state_id", "vault_code", ["shelf", "state", "id"])
    for table in ("sign_in_mark", "card_terms", "budget_terms"):
        op.drop_table(table)


def _states(states: tuple[str, ...], unheld: tuple[str, ...], *, expires: bool) -> None:
    with _anew() as batch:
        batch.drop_constraint(op.f("ck_vault_code_state_known"), type_="check")
        batch.drop_constraint(op.f("ck_vault_code_held_when_taken"), type_="check")
        if expires:
            batch.add_column(sa.Column("expires_on", sa.Date(), nullable=False, server_default="9999-12-31"))
        else:
            batch.drop_column("expires_on")
    if not expires:
        op.execute("UPDATE vault_code SET state = 'staged' WHERE state = 'lapsed'")
    with _anew() as batch:
        if expires:
            batch.alter_column("expires_on", existing_type=sa.Date(), server_default=None)
        batch.create_check_constraint(op.f("ck_vault_code_state_known"), f"state IN ({_words(states)})")
        batch.create_check_constraint(op.f("ck_vault_code_held_when_taken"), f"(holder IS NULL) = (state IN ({_words(unheld)}))")


def _anew() -> Any:
    """Change the codes; SQLite makes their table anew, and its numbers go on to grow."""
    return op.batch_alter_table("vault_code", table_kwargs={"sqlite_autoincrement": True})


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(repr(word) for word in words)


def _guards(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse}",
        ]
    return [
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]
