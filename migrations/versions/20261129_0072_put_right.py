"""Whether what was asked for was done may be put right: the record of what came of an ask has one more row then, which stands."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

TABLE = "ask_outcome"
ENDS = sa.text("came <> 'accepted'")
SUPERSEDED = f"DELETE FROM {TABLE} WHERE EXISTS (SELECT 1 FROM {TABLE} AS later WHERE later.ask_id = {TABLE}.ask_id AND later.nth > {TABLE}.nth"


def upgrade() -> None:
    _unlock()
    op.drop_index("uq_ask_outcome_end", table_name=TABLE)
    with op.batch_alter_table(TABLE) as batch:
        batch.add_column(sa.Column("nth", sa.Integer(), nullable=False, server_default=sa.text("0")))
        batch.drop_constraint("uq_ask_outcome_ask_id_came", type_="unique")
        batch.create_unique_constraint("uq_ask_outcome_ask_id_came_nth", ["ask_id", "came", "nth"])
        batch.create_check_constraint(op.f("ck_ask_outcome_put_right"), "nth = 0 OR (nth > 0 AND came IN ('completed', 'missed'))")
    op.create_index("uq_ask_outcome_end", TABLE, ["ask_id", "nth"], unique=True, sqlite_where=ENDS, postgresql_where=ENDS)
    _lock()


def downgrade() -> None:
    """What was put right stands as it did last."""
    _unlock()
    op.execute(f"{SUPERSEDED} AND {TABLE}.came <> 'accepted')")
    op.drop_index("uq_ask_outcome_end", table_name=TABLE)
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(op.f("ck_ask_outcome_put_right"), type_="check")
        batch.drop_constraint("uq_ask_outcome_ask_id_came_nth", type_="unique")
        batch.drop_column("nth")
        batch.create_unique_constraint("uq_ask_outcome_ask_id_came", ["ask_id", "came"])
    op.create_index("uq_ask_outcome_end", TABLE, ["ask_id"], unique=True, sqlite_where=ENDS, postgresql_where=ENDS)
    _lock()


def _unlock() -> None:
    names = {"sqlite": ("no_update", "no_delete", "no_replace"), "postgresql": ("no_change", "no_truncate")}
    engine = op.get_bind().dialect.name
    for name in names[engine]:
        op.execute(f"DROP TRIGGER {TABLE}_{name}" + (f" ON {TABLE}" if engine == "postgresql" else ""))


def _lock() -> None:
    """Copied from ``portal.kernel.schema``: a released migration stays as it is."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{TABLE} is append-only'); END"
    statements = {
        "sqlite": [
            f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} {refuse}",
            f"CREATE TRIGGER {TABLE}_no_delete BEFORE DELETE ON {TABLE} {refuse}",
            f"CREATE TRIGGER {TABLE}_no_replace BEFORE INSERT ON {TABLE} WHEN EXISTS (SELECT 1 FROM {TABLE} WHERE id = NEW.id) {refuse}",
        ],
        "postgresql": [
            f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ],
    }
    for statement in statements[op.get_bind().dialect.name]:
        op.execute(statement)
