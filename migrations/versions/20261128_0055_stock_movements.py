"""Every movement of a stock is a row; changes by hand become such rows, and each shelf begins with what makes its sum right.

Redemptions that have a piece get the row of taking it. What was redeemed and given back before leaves no trace here.
"""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHYS = "'opening', 'added', 'counted', 'changed', 'uncounted', 'taken', 'back', 'codes_added', 'codes_removed', 'lapsed', 'renewed', 'source'"
CHECKS = {
    "why_known": f"why IN ({WHYS})",
    "redeemed_or_not": "(redemption_id IS NOT NULL) = (why IN ('taken', 'back', 'renewed'))",
    "one_piece": "why NOT IN ('taken', 'back', 'renewed') OR pieces = CASE why WHEN 'back' THEN 1 ELSE -1 END",
}
TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER stock_movement_no_update BEFORE UPDATE ON stock_movement BEGIN SELECT RAISE(ABORT, 'stock_movement is append-only'); END",
        "CREATE TRIGGER stock_movement_no_delete BEFORE DELETE ON stock_movement BEGIN SELECT RAISE(ABORT, 'stock_movement is append-only'); END",
        "CREATE TRIGGER stock_movement_no_replace BEFORE INSERT ON stock_movement WHEN EXISTS (SELECT 1 FROM stock_movement WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'stock_movement is append-only'); END",
    ),
    "postgresql": (
        "CREATE TRIGGER stock_movement_no_change BEFORE UPDATE OR DELETE ON stock_movement FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER stock_movement_no_truncate BEFORE TRUNCATE ON stock_movement FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ),
}
# A shelf: its stock, the redemptions that have a piece of it, those that have one without a piece, and what was changed by hand.
HAS_A_PIECE = "r.has_stock AND r.released_at IS NULL"
SHELVES = f"""
    SELECT s.reward_id, s.variant_id, s.stock,
        COALESCE((SELECT COUNT(*) FROM redemption r WHERE r.reward_id = s.reward_id AND COALESCE(r.variant_id, 0) = COALESCE(s.variant_id, 0)
            AND {HAS_A_PIECE}), 0) AS taken,
        COALESCE((SELECT COUNT(*) FROM redemption r WHERE r.reward_id = s.reward_id AND COALESCE(r.variant_id, 0) = COALESCE(s.variant_id, 0)
            AND NOT r.has_stock), 0) AS uncounted,
        COALESCE((SELECT SUM(c.change) FROM stock_change c WHERE c.reward_id = s.reward_id
            AND COALESCE(c.variant_id, 0) = COALESCE(s.variant_id, 0)), 0) AS changed
    FROM (SELECT id AS reward_id, CAST(NULL AS INTEGER) AS variant_id, stock FROM reward
        UNION ALL SELECT reward_id, id, stock FROM reward_variant) s
    ORDER BY s.reward_id, s.variant_id
"""
OPEN = (
    "INSERT INTO stock_movement (reward_id, variant_id, why, pieces, at) SELECT w.id, :variant, :why, :pieces, w.created_at "
    "FROM reward w WHERE w.id = :reward"
)
CHANGES = (
    "INSERT INTO stock_movement (reward_id, variant_id, why, pieces, key, person_id, at) "
    "SELECT reward_id, variant_id, 'changed', change, key, person_id, at FROM stock_change ORDER BY id"
)
TAKEN = (
    "INSERT INTO stock_movement (reward_id, variant_id, redemption_id, why, pieces, key, person_id, at) "
    "SELECT r.reward_id, r.variant_id, r.id, 'taken', -1, 'taken\\:' || CAST(r.id AS VARCHAR(20)) || '\\:0', r.person_id, r.requested_at "
    f"FROM redemption r WHERE {HAS_A_PIECE} ORDER BY r.id"
)
KEPT = (
    "INSERT INTO stock_change (reward_id, variant_id, key, change, person_id, at) SELECT reward_id, variant_id, key, pieces, person_id, at "
    "FROM stock_movement WHERE key IS NOT NULL AND redemption_id IS NULL ORDER BY id"
)


def upgrade() -> None:
    op.create_table(
        "stock_movement",
        sa.Column("id", BIG, nullable=False),
        sa.Column("reward_id", BIG, nullable=False),
        sa.Column("variant_id", BIG),
        sa.Column("redemption_id", BIG),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(64)),
        sa.Column("person_id", BIG),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stock_movement"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_stock_movement_reward_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["reward_variant.id"], name="fk_stock_movement_variant_id"),
        sa.ForeignKeyConstraint(["redemption_id"], ["redemption.id"], name="fk_stock_movement_redemption_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_stock_movement_person_id"),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_stock_movement_{name}")) for name, rule in CHECKS.items()),
        sa.UniqueConstraint("key", name="uq_stock_movement_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stock_movement_reward_id_id", "stock_movement", ["reward_id", "id"])
    op.create_index("ix_stock_movement_redemption_id", "stock_movement", ["redemption_id"])
    bind = op.get_bind()
    for shelf in bind.execute(sa.text(SHELVES)).all():
        _open(bind, shelf)
    bind.execute(sa.text(CHANGES))
    bind.execute(sa.text(TAKEN))
    op.drop_table("stock_change")
    for statement in TRIGGERS[bind.dialect.name]:
        op.execute(statement)


def _open(bind: sa.Connection, shelf: sa.Row[tuple[int, ...]]) -> None:
    """Begin a shelf so that its sum holds; one that was uncounted at some time says so, since what was redeemed then took nothing."""
    pieces = (shelf.stock or 0) + shelf.taken - shelf.changed
    begins = shelf.stock is not None or pieces != 0
    facts = {"reward": shelf.reward_id, "variant": shelf.variant_id}
    statement = sa.text(OPEN).bindparams(sa.bindparam("variant", type_=BIG), sa.bindparam("pieces", type_=sa.Integer()))
    if begins and (shelf.uncounted or shelf.stock is None):
        bind.execute(statement, facts | {"why": "uncounted", "pieces": 0})
    if begins:
        bind.execute(statement, facts | {"why": "opening", "pieces": pieces})


def downgrade() -> None:
    """Changes by hand that came with a form stay; how else a stock moved is forgotten."""
    op.create_table(
        "stock_change",
        sa.Column("id", BIG, nullable=False),
        sa.Column("reward_id", BIG, nullable=False),
        sa.Column("variant_id", BIG, nullable=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("person_id", BIG, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stock_change"),
        sa.ForeignKeyConstraint(["reward_id"], ["reward.id"], name="fk_stock_change_reward_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["reward_variant.id"], name="fk_stock_change_variant_id"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_stock_change_person_id"),
        sa.UniqueConstraint("key", name="uq_stock_change_key"),
    )
    op.execute(KEPT)
    op.drop_table("stock_movement")
