"""What finance assumes of points, budgets of points a period, and the alarms they gave."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
SET = [sa.Column("reason", sa.String(500), nullable=False), sa.Column("set_by_id", BIG), sa.Column("set_at", MOMENT, nullable=False)]
CHECKS = {
    "finance_assumption": {
        "kind_known": "kind IN ('cost', 'expected')",
        "value_in_range": "value >= 0 AND value <= CASE kind WHEN 'cost' THEN 1000000000 ELSE 10000 END",
        "cost_has_currency": "(kind = 'cost') = (currency <> '')",
        "reason_given": "reason <> ''",
    },
    "points_budget": {
        "counts_known": "counts IN ('issued', 'redeemed')",
        "period_known": "period IN ('month', 'quarter', 'year')",
        "points_planned": "points > 0",
        "reason_given": "reason <> ''",
    },
}
COLUMNS = {
    "finance_assumption": (
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
    ),
    "points_budget": (
        sa.Column("counts", sa.String(12), nullable=False),
        sa.Column("period", sa.String(12), nullable=False),
        sa.Column("points", sa.BigInteger()),
    ),
}


def _guards(table: str, engine: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    if engine == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse}",
        ]
    return [
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ]


def upgrade() -> None:
    engine = op.get_bind().dialect.name
    for table, columns in COLUMNS.items():
        op.create_table(
            table,
            sa.Column("id", BIG, nullable=False),
            *(column._copy() for column in (*columns, *SET)),
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            sa.ForeignKeyConstraint(["set_by_id"], ["person.id"], name=f"fk_{table}_set_by_id"),
            *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in CHECKS[table].items()),
            sqlite_autoincrement=True,
        )
        for statement in _guards(table, engine):
            op.execute(statement)
    op.create_table(
        "budget_alarm",
        sa.Column("budget_id", BIG, nullable=False, autoincrement=False),
        sa.Column("period_on", sa.Date(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("budget_id", "period_on", "level", name="pk_budget_alarm"),
        sa.ForeignKeyConstraint(["budget_id"], ["points_budget.id"], name="fk_budget_alarm_budget_id"),
    )


def downgrade() -> None:
    for table in ("budget_alarm", "points_budget", "finance_assumption"):
        op.drop_table(table)
