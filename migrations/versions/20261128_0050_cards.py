"""What card was asked for, shelves of spare cards, and since when admins know that codes run low.

Redemptions of gift cards that came before get what their order says, or what their reward says today. A card whose amount is in US dollars is
worth that amount from now on.
"""

import json
import re
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHOLE = "(amount_cents IS NULL) = (currency = '')"


def upgrade() -> None:
    op.create_table(
        "card_shelf",
        sa.Column("id", BIG, nullable=False),
        sa.Column("product", sa.String(80), nullable=False),
        sa.Column("amount_cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_card_shelf"),
        sa.UniqueConstraint("product", "amount_cents", "currency", name="uq_card_shelf_product_amount_cents_currency"),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_card_shelf_amount_positive")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "redemption_card",
        sa.Column("redemption_id", BIG, nullable=False, autoincrement=False),
        sa.Column("product", sa.String(80), nullable=False),
        sa.Column("amount_cents", sa.Integer()),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("value_cents", sa.Integer()),
        sa.PrimaryKeyConstraint("redemption_id", name="pk_redemption_card"),
        sa.ForeignKeyConstraint(["redemption_id"], ["redemption.id"], name="fk_redemption_card_redemption_id"),
        sa.CheckConstraint(WHOLE, name=op.f("ck_redemption_card_amount_whole")),
        sa.CheckConstraint("amount_cents > 0 AND value_cents >= 0", name=op.f("ck_redemption_card_amounts_positive")),
    )
    op.add_column("reward", sa.Column("warned_at", sa.DateTime(timezone=True)))
    _keep_what_was_asked()


def _keep_what_was_asked() -> None:
    bind = op.get_bind()
    text = "options" if bind.dialect.name == "sqlite" else "CAST(options AS TEXT)"
    found = bind.execute(sa.text(f"SELECT id, value_cents, {text} AS options FROM reward WHERE kind = 'gift_card'")).all()
    for reward in found:
        options: dict[str, Any] = _json(reward.options)
        if options.get("source") not in ("vault", "provider"):
            continue
        amount, currency = _cents(str(options.get("amount", ""))), str(options.get("currency", ""))
        if amount is None or not re.fullmatch("[A-Z]{3}", currency):
            amount, currency = None, ""
        worth = amount if currency == "USD" else reward.value_cents
        if worth != reward.value_cents:
            bind.execute(sa.text("UPDATE reward SET value_cents = :worth WHERE id = :id"), {"worth": worth, "id": reward.id})
        product = str(options.get("product", "")) if options["source"] == "provider" else ""
        facts = {"reward": reward.id, "product": product, "amount": amount, "currency": currency, "worth": worth}
        keep = (
            "INSERT INTO redemption_card (redemption_id, product, amount_cents, currency, value_cents) "
            "SELECT r.id, COALESCE(o.product, :product), COALESCE(o.amount_cents, :amount), COALESCE(o.currency, :currency), "
            "CASE WHEN o.currency = 'USD' THEN o.amount_cents ELSE :worth END FROM redemption r LEFT JOIN card_order o "
            "ON o.redemption_id = r.id AND o.turn = (SELECT MAX(turn) FROM card_order l WHERE l.redemption_id = r.id) WHERE r.reward_id = :reward"
        )
        typed = [sa.bindparam("amount", type_=sa.Integer()), sa.bindparam("worth", type_=sa.Integer())]
        bind.execute(sa.text(keep).bindparams(*typed), facts)


def _json(said: Any) -> dict[str, Any]:
    found = json.loads(said) if isinstance(said, str) else said
    return found if isinstance(found, dict) else {}


def _cents(amount: str) -> int | None:
    return int(Decimal(amount) * 100) or None if re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,2})?", amount) else None


def downgrade() -> None:
    """What card a redemption is for is forgotten. Spare cards stay in the vault, on shelves from which nothing is ever taken again."""
    op.execute("UPDATE vault_code SET shelf = 'was-' || shelf WHERE shelf LIKE 'card:%'")
    op.drop_column("reward", "warned_at")
    op.drop_table("redemption_card")
    op.drop_table("card_shelf")
