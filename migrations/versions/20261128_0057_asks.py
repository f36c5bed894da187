"""The record of asks and what came of them, which the database keeps as they are; budgets, blocks and settings of goodwill."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
REPORTED = sa.text("is_outside OR overrode <> ''")
ENDS = sa.text("came <> 'accepted'")
STANDS = sa.text("lifted_at IS NULL")
KEPT = ("ask", "ask_outcome", "ask_effort", "ask_defaults")


def upgrade() -> None:
    _asks()
    _outcomes()
    _open()
    _goodwill()
    _blocks()
    _settings()
    for table in KEPT:
        for statement in _append_only(table)[op.get_bind().dialect.name]:
            op.execute(statement)


def _people(table: str, *names: str) -> list[sa.ForeignKeyConstraint]:
    return [sa.ForeignKeyConstraint([name], ["person.id"], name=f"fk_{table}_{name}") for name in names]


def _company(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=f"fk_{table}_company_id")


def _asks() -> None:
    op.create_table(
        "ask",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("company_id", BIG),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("about", sa.String(200), nullable=False),
        sa.Column("effort", sa.Integer(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_by_id", BIG),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("source_type", sa.String(40)),
        sa.Column("source_id", BIG),
        sa.Column("is_outside", sa.Boolean(), nullable=False),
        sa.Column("overrode", sa.String(200), nullable=False),
        sa.Column("override_reason", sa.String(500), nullable=False),
        sa.Column("approver_id", BIG),
        sa.Column("person_used", sa.Integer(), nullable=False),
        sa.Column("person_most", sa.Integer(), nullable=False),
        sa.Column("person_since", MOMENT, nullable=False),
        sa.Column("company_used", sa.Integer()),
        sa.Column("company_most", sa.Integer()),
        sa.Column("company_since", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_ask"),
        *_people("ask", "person_id", "asked_by_id", "approver_id"),
        _company("ask"),
        sa.UniqueConstraint("key", name="uq_ask_key"),
        sa.CheckConstraint("channel IN ('portal', 'email', 'phone', 'chat', 'person')", name=op.f("ck_ask_channel_known")),
        sa.CheckConstraint("effort >= 0", name=op.f("ck_ask_effort_not_negative")),
        sa.CheckConstraint("(source_type IS NULL) = (source_id IS NULL)", name=op.f("ck_ask_source_whole")),
        sa.CheckConstraint(
            "(overrode = '') = (approver_id IS NULL) AND (overrode = '') = (override_reason = '')", name=op.f("ck_ask_override_whole")
        ),
        sa.CheckConstraint(
            "approver_id IS NULL OR (approver_id <> person_id AND approver_id <> COALESCE(asked_by_id, 0))", name=op.f("ck_ask_approver_is_another")
        ),
        sa.CheckConstraint("NOT (is_outside AND overrode <> '')", name=op.f("ck_ask_outside_overrides_nothing")),
    )
    op.create_index("ix_ask_person_id_asked_at", "ask", ["person_id", "asked_at"])
    op.create_index("ix_ask_company_id_asked_at", "ask", ["company_id", "asked_at"])
    op.create_index("ix_ask_reported", "ask", ["recorded_at", "id"], sqlite_where=REPORTED, postgresql_where=REPORTED)
    op.create_index("ix_ask_recorded_at_id", "ask", ["recorded_at", "id"])
    op.create_index("ix_ask_source_type_source_id", "ask", ["source_type", "source_id"])


def _outcomes() -> None:
    op.create_table(
        "ask_outcome",
        sa.Column("id", BIG, nullable=False),
        sa.Column("ask_id", BIG, nullable=False),
        sa.Column("came", sa.String(10), nullable=False),
        sa.Column("minutes", sa.Integer()),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("by_id", BIG),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ask_outcome"),
        sa.ForeignKeyConstraint(["ask_id"], ["ask.id"], name="fk_ask_outcome_ask_id"),
        *_people("ask_outcome", "by_id"),
        sa.UniqueConstraint("ask_id", "came", name="uq_ask_outcome_ask_id_came"),
        sa.CheckConstraint("came IN ('accepted', 'declined', 'expired', 'withdrawn', 'completed', 'missed')", name=op.f("ck_ask_outcome_came_known")),
        sa.CheckConstraint("minutes >= 0", name=op.f("ck_ask_outcome_minutes_not_negative")),
    )
    op.create_index("uq_ask_outcome_end", "ask_outcome", ["ask_id"], unique=True, sqlite_where=ENDS, postgresql_where=ENDS)


def _open() -> None:
    op.create_table(
        "open_ask",
        sa.Column("ask_id", BIG, autoincrement=False, nullable=False),
        sa.Column("person_id", BIG, nullable=False),
        sa.Column("company_id", BIG),
        sa.Column("is_accepted", sa.Boolean(), nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("source_type", sa.String(40)),
        sa.Column("source_id", BIG),
        sa.PrimaryKeyConstraint("ask_id", name="pk_open_ask"),
        sa.ForeignKeyConstraint(["ask_id"], ["ask.id"], name="fk_open_ask_ask_id"),
        *_people("open_ask", "person_id"),
        _company("open_ask"),
        sa.UniqueConstraint("source_type", "source_id", name="uq_open_ask_source_type_source_id"),
    )
    op.create_index("ix_open_ask_is_accepted_expires_at", "open_ask", ["is_accepted", "expires_at"])
    op.create_index("ix_open_ask_person_id", "open_ask", ["person_id"])
    op.create_index("ix_open_ask_company_id", "open_ask", ["company_id"])


def _goodwill() -> None:
    for of in ("person", "company"):
        table = f"{of}_goodwill"
        op.create_table(
            table,
            sa.Column("most", sa.Integer()),
            sa.Column("days", sa.Integer()),
            sa.Column("unwanted", sa.String(240)),
            sa.Column("months_off", sa.String(40)),
            sa.Column("paused_until", sa.Date()),
            sa.Column("reason", sa.String(500), nullable=False),
            sa.Column("set_at", MOMENT),
            sa.Column(f"{of}_id", BIG, autoincrement=False, nullable=False),
            sa.Column("set_by_id", BIG),
            sa.PrimaryKeyConstraint(f"{of}_id", name=f"pk_{table}"),
            sa.ForeignKeyConstraint([f"{of}_id"], [f"{of}.id"], name=f"fk_{table}_{of}_id"),
            *_people(table, "set_by_id"),
            sa.CheckConstraint("most >= 0 AND days > 0", name=op.f(f"ck_{table}_numbers_make_sense")),
        )


def _blocks() -> None:
    op.create_table(
        "ask_block",
        sa.Column("id", BIG, nullable=False),
        sa.Column("person_id", BIG),
        sa.Column("company_id", BIG),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("set_by_id", BIG),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("lifted_by_id", BIG),
        sa.Column("lifted_at", MOMENT),
        sa.Column("lifted_reason", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ask_block"),
        *_people("ask_block", "person_id", "set_by_id", "lifted_by_id"),
        _company("ask_block"),
        sa.CheckConstraint("kind IN ('legal', 'escalation')", name=op.f("ck_ask_block_kind_known")),
        sa.CheckConstraint("(person_id IS NULL) <> (company_id IS NULL)", name=op.f("ck_ask_block_of_one")),
        sa.CheckConstraint("lifted_at IS NULL OR lifted_at >= set_at", name=op.f("ck_ask_block_lifted_later")),
    )
    once = {"unique": True, "sqlite_where": STANDS, "postgresql_where": STANDS}
    op.create_index("uq_ask_block_person", "ask_block", ["person_id", "kind"], **once)
    op.create_index("uq_ask_block_company", "ask_block", ["company_id", "kind"], **once)
    op.create_index("ix_ask_block_set_at_id", "ask_block", ["set_at", "id"])


def _settings() -> None:
    op.create_table(
        "ask_effort",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("effort", sa.Integer(), nullable=False),
        sa.Column("from_at", MOMENT, nullable=False),
        sa.Column("set_by_id", BIG),
        sa.PrimaryKeyConstraint("id", name="pk_ask_effort"),
        *_people("ask_effort", "set_by_id"),
        sa.CheckConstraint("effort >= 0", name=op.f("ck_ask_effort_effort_not_negative")),
    )
    op.create_index("ix_ask_effort_kind_from_at", "ask_effort", ["kind", "from_at"])
    numbers = ("person_most", "person_days", "company_most", "company_days", "answer_days")
    op.create_table(
        "ask_defaults",
        sa.Column("id", BIG, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in numbers),
        sa.Column("set_by_id", BIG),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ask_defaults"),
        *_people("ask_defaults", "set_by_id"),
        sa.CheckConstraint(
            "person_most >= 0 AND person_days > 0 AND company_most >= 0 AND company_days > 0 AND answer_days > 0",
            name=op.f("ck_ask_defaults_make_sense"),
        ),
    )


def _append_only(table: str) -> dict[str, list[str]]:
    """Copied from ``portal.kernel.schema``: a released migration stays as it is."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) {refuse}",
        ],
        "postgresql": [
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ],
    }


def downgrade() -> None:
    for table in ("ask_defaults", "ask_effort", "ask_block", "company_goodwill", "person_goodwill", "open_ask", "ask_outcome", "ask"):
        op.drop_table(table)
