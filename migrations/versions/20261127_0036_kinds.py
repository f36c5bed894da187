"""Kinds of rewards with what each needs, variants, addresses, terms, and every step of a redemption.

What was fulfilled is received: an admin had marked it as handed over, which was the end of it, and nobody
is to be asked, weeks later, whether it came. Learning becomes the voucher that it always was.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
OLD_KINDS = ("gift_card", "merchandise", "event", "experience", "donation", "learning", "perk")
KINDS = ("gift_card", "merchandise", "event", "experience", "donation", "voucher", "digital", "perk")
OLD_STATES = ("requested", "approved", "fulfilled", "declined", "cancelled", "returned")
STATES = ("requested", "approved", "ordered", "sent", "received", "failed", "declined", "cancelled", "ended", "returned")
OLD_BACK, BACK = ("declined", "cancelled", "returned"), ("declined", "cancelled", "ended", "returned")
STEPS = ("ordered", "received", "failed", "retried")
ADDRESS = {"name": 120, "street": 240, "postcode": 20, "city": 120, "region": 120, "country": 2}


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "reward_variant",
        sa.Column("id", BIG, nullable=False),
        sa.Column("reward_id", BIG, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("happens_on", sa.Date()),
        sa.Column("stock", sa.Integer()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("stock >= 0", name=op.f("ck_reward_variant_stock_never_below_zero")),
        sa.PrimaryKeyConstraint("id", name="pk_reward_variant"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_reward_variant_reward_id"),
        sa.UniqueConstraint("reward_id", "name", name="uq_reward_variant_reward_id_name"),
        sqlite_autoincrement=True,
    )
    with _anew("reward") as batch:
        batch.add_column(sa.Column("options", json, nullable=False, server_default="{}"))
        batch.add_column(sa.Column("terms", sa.Text(), nullable=False, server_default=""))
        batch.drop_constraint(op.f("ck_reward_kind_known"), type_="check")
    op.execute("UPDATE reward SET kind = 'voucher' WHERE kind = 'learning'")
    with _anew("reward") as batch:
        batch.alter_column("options", server_default=None)
        batch.alter_column("terms", server_default=None)
        batch.create_check_constraint(op.f("ck_reward_kind_known"), _one_of("kind", KINDS))
    _loosen()
    with _anew("redemption") as batch:
        batch.add_column(sa.Column("variant_id", BIG))
        batch.add_column(sa.Column("variant", sa.String(80), nullable=False, server_default=""))
        batch.add_column(sa.Column("happens_on", sa.Date()))
        batch.add_column(sa.Column("answers", json, nullable=False, server_default="{}"))
        batch.add_column(sa.Column("terms_hash", sa.String(64), nullable=False, server_default=""))
        batch.add_column(sa.Column("terms_at", MOMENT))
        batch.add_column(sa.Column("handed", json, nullable=False, server_default="{}"))
        for step in STEPS:
            batch.add_column(sa.Column(f"{step}_by", BIG))
            batch.add_column(sa.Column(f"{step}_at", MOMENT))
        batch.drop_constraint("fk_redemption_fulfilled_by", type_="foreignkey")
        batch.alter_column("fulfilled_by", new_column_name="sent_by", existing_type=BIG)
        batch.alter_column("fulfilled_at", new_column_name="sent_at", existing_type=MOMENT)
    op.execute("UPDATE redemption SET received_at = sent_at WHERE sent_at IS NOT NULL AND state = 'fulfilled'")
    op.execute("UPDATE redemption SET state = 'received' WHERE state = 'fulfilled'")
    with _anew("redemption") as batch:
        for name in ("variant", "answers", "terms_hash", "handed"):
            batch.alter_column(name, server_default=None)
        batch.create_foreign_key("fk_redemption_variant_id", "reward_variant", ["variant_id"], ["id"])
        for step in (*STEPS, "sent"):
            batch.create_foreign_key(f"fk_redemption_{step}_by", "person", [f"{step}_by"], ["id"])
        batch.create_check_constraint(op.f("ck_redemption_state_known"), _one_of("state", STATES))
        batch.create_check_constraint(op.f("ck_redemption_released_when_given_back"), f"(released_at IS NOT NULL) = ({_one_of('state', BACK)})")
        batch.create_check_constraint(op.f("ck_redemption_terms_have_time"), "(terms_at IS NULL) = (terms_hash = '')")
        batch.create_check_constraint(op.f("ck_redemption_approved_by_another"), "approved_by <> person_id")
    for table, of in (("redemption_address", "redemption"), ("kept_address", "person")):
        op.create_table(
            table,
            *(sa.Column(name, sa.String(length), nullable=False) for name, length in ADDRESS.items()),
            sa.Column(f"{of}_id", BIG, nullable=False, autoincrement=False),
            *([sa.Column("kept_at", MOMENT, nullable=False)] if of == "person" else []),
            sa.PrimaryKeyConstraint(f"{of}_id", name=f"pk_{table}"),
            sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}.id"], name=f"fk_{table}_{of}_id"),
        )
    _rename_news("redemption_fulfilled", "redemption_sent")


def downgrade() -> None:
    """Steps that did not exist before go back to the nearest that did; where points are spent stays so."""
    op.drop_table("kept_address")
    op.drop_table("redemption_address")
    with _anew("redemption") as batch:
        batch.drop_constraint("fk_redemption_variant_id", type_="foreignkey")
        for step in (*STEPS, "sent"):
            batch.drop_constraint(f"fk_redemption_{step}_by", type_="foreignkey")
        batch.drop_constraint(op.f("ck_redemption_terms_have_time"), type_="check")
        batch.drop_constraint(op.f("ck_redemption_approved_by_another"), type_="check")
        batch.drop_constraint(op.f("ck_redemption_state_known"), type_="check")
        batch.drop_constraint(op.f("ck_redemption_released_when_given_back"), type_="check")
    op.execute("UPDATE redemption SET state = 'fulfilled' WHERE state IN ('sent', 'received')")
    op.execute("UPDATE redemption SET state = 'approved' WHERE state IN ('ordered', 'failed')")
    op.execute("UPDATE redemption SET state = 'declined' WHERE state = 'ended'")
    with _anew("redemption") as batch:
        batch.alter_column("sent_by", new_column_name="fulfilled_by", existing_type=BIG)
        batch.alter_column("sent_at", new_column_name="fulfilled_at", existing_type=MOMENT)
        for step in STEPS:
            batch.drop_column(f"{step}_by")
            batch.drop_column(f"{step}_at")
        for name in ("variant_id", "variant", "happens_on", "answers", "terms_hash", "terms_at", "handed"):
            batch.drop_column(name)
    with _anew("redemption") as batch:
        batch.create_foreign_key("fk_redemption_fulfilled_by", "person", ["fulfilled_by"], ["id"])
        batch.create_check_constraint(op.f("ck_redemption_state_known"), _one_of("state", OLD_STATES))
        batch.create_check_constraint(op.f("ck_redemption_released_when_given_back"), f"(released_at IS NOT NULL) = ({_one_of('state', OLD_BACK)})")
    with _anew("reward") as batch:
        batch.drop_constraint(op.f("ck_reward_kind_known"), type_="check")
    op.execute("UPDATE reward SET kind = 'learning' WHERE kind = 'voucher'")
    op.execute("UPDATE reward SET kind = 'perk' WHERE kind = 'digital'")
    with _anew("reward") as batch:
        batch.drop_column("options")
        batch.drop_column("terms")
        batch.create_check_constraint(op.f("ck_reward_kind_known"), _one_of("kind", OLD_KINDS))
    op.drop_table("reward_variant")
    _rename_news("redemption_sent", "redemption_fulfilled")


def _anew(table: str) -> Any:
    """Change a table; SQLite makes it anew, and its numbers go on to grow."""
    return op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True})


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _loosen() -> None:
    with _anew("redemption") as batch:
        batch.drop_constraint(op.f("ck_redemption_state_known"), type_="check")
        batch.drop_constraint(op.f("ck_redemption_released_when_given_back"), type_="check")


def _rename_news(old: str, new: str) -> None:
    """Lines in inboxes, and mails that are still on their way, keep their words under the new name."""
    op.execute(f"UPDATE notice SET kind = '{new}' WHERE kind = '{old}'")
    text, back = ("payload::text", "::jsonb") if op.get_bind().dialect.name == "postgresql" else ("payload", "")
    op.execute(f"UPDATE outbox_job SET payload = replace({text}, '\"{old}\"', '\"{new}\"'){back} WHERE done_at IS NULL AND {text} LIKE '%\"{old}\"%'")
