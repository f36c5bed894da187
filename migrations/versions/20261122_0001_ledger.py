"""The safe: accounts, transfers, entries, blocks."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSE = (
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only', ERRCODE = 'restrict_violation'; END $$"
)
SQLITE = [
    (
        "CREATE TRIGGER account_no_move BEFORE UPDATE ON account WHEN NEW.id IS NOT OLD.id OR NEW.owner_id IS NOT OLD.owner_id OR "
        "NEW.kind IS NOT OLD.kind OR NEW.unit IS NOT OLD.unit BEGIN SELECT RAISE(ABORT, 'account stays what it is'); END"
    ),
    "CREATE TRIGGER account_no_delete BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'account is append-only'); END",
    (
        "CREATE TRIGGER account_no_replace BEFORE INSERT ON account WHEN EXISTS (SELECT 1 FROM account WHERE id = NEW.id OR (owner_id "
        "IS NEW.owner_id AND unit = NEW.unit AND kind = NEW.kind)) BEGIN SELECT RAISE(ABORT, 'account is append-only'); END"
    ),
    "CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer is append-only'); END",
    "CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer is append-only'); END",
    (
        "CREATE TRIGGER transfer_no_replace BEFORE INSERT ON transfer WHEN EXISTS (SELECT 1 FROM transfer WHERE id = NEW.id OR key = "
        "NEW.key OR reverses_id = NEW.reverses_id OR resolves_id = NEW.resolves_id) BEGIN SELECT RAISE(ABORT, 'transfer is "
        "append-only'); END"
    ),
    "CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entry is append-only'); END",
    "CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entry is append-only'); END",
    (
        "CREATE TRIGGER entry_no_replace BEFORE INSERT ON entry WHEN EXISTS (SELECT 1 FROM entry WHERE id = NEW.id OR (account_id = "
        "NEW.account_id AND version = NEW.version)) BEGIN SELECT RAISE(ABORT, 'entry is append-only'); END"
    ),
    "CREATE TRIGGER block_no_update BEFORE UPDATE ON block BEGIN SELECT RAISE(ABORT, 'block is append-only'); END",
    "CREATE TRIGGER block_no_delete BEFORE DELETE ON block BEGIN SELECT RAISE(ABORT, 'block is append-only'); END",
    (
        "CREATE TRIGGER block_no_replace BEFORE INSERT ON block WHEN EXISTS (SELECT 1 FROM block WHERE id = NEW.id OR prev_hash = "
        "NEW.prev_hash OR hash = NEW.hash) BEGIN SELECT RAISE(ABORT, 'block is append-only'); END"
    ),
]
POSTGRESQL = [
    "CREATE TRIGGER account_no_move BEFORE UPDATE OF id, owner_id, kind, unit ON account FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER account_no_delete BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER account_no_truncate BEFORE TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER transfer_no_change BEFORE UPDATE OR DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER transfer_no_truncate BEFORE TRUNCATE ON transfer FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER entry_no_change BEFORE UPDATE OR DELETE ON entry FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER entry_no_truncate BEFORE TRUNCATE ON entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER block_no_change BEFORE UPDATE OR DELETE ON block FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "CREATE TRIGGER block_no_truncate BEFORE TRUNCATE ON block FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
]


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    _make_account()
    _make_transfer()
    _make_entry()
    _make_block()
    if not sqlite:
        op.execute(REFUSE)
    for statement in SQLITE if sqlite else POSTGRESQL:
        op.execute(statement)


def _make_account() -> None:
    op.create_table(
        "account",
        sa.Column("id", BIG, nullable=False),
        sa.Column("owner_id", sa.BigInteger()),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("balance", sa.BigInteger()),
        sa.Column("version", sa.BigInteger()),
        sa.Column("lifetime", sa.BigInteger()),
        sa.CheckConstraint("(kind = 'available') = (lifetime IS NOT NULL)", name=op.f("ck_account_lifetime_is_on_available")),
        sa.CheckConstraint("(owner_id IS NOT NULL) = (kind IN ('available', 'held', 'owed'))", name=op.f("ck_account_owner_fits_kind")),
        sa.CheckConstraint("kind <> 'owed' OR balance <= 0", name=op.f("ck_account_owed_is_a_debt")),
        sa.CheckConstraint("kind = 'owed' OR balance IS NULL OR balance >= 0", name=op.f("ck_account_not_overdrawn")),
        sa.CheckConstraint("kind IN ('available', 'held', 'owed', 'issued', 'redeemed', 'expired', 'adjusted')", name=op.f("ck_account_kind_known")),
        sa.CheckConstraint("(owner_id IS NULL) = (balance IS NULL)", name=op.f("ck_account_balance_is_owned")),
        sa.CheckConstraint("(owner_id IS NULL) = (version IS NULL)", name=op.f("ck_account_version_is_owned")),
        sa.PrimaryKeyConstraint("id", name="pk_account"),
        postgresql_with={"fillfactor": 80},
        sqlite_autoincrement=True,
    )
    op.create_index("uq_account_owner_id_unit_kind", "account", ["owner_id", "unit", "kind"], unique=True)
    op.create_index(
        "uq_account_unit_kind",
        "account",
        ["unit", "kind"],
        unique=True,
        sqlite_where=sa.text("owner_id IS NULL"),
        postgresql_where=sa.text("owner_id IS NULL"),
    )


def _make_transfer() -> None:
    op.create_table(
        "transfer_note",
        sa.Column("id", BIG, nullable=False),
        sa.Column("body", sa.Text()),
        sa.Column("salt", sa.String(64)),
        sa.Column("erased_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "(body IS NULL) = (erased_at IS NOT NULL) AND (salt IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_transfer_note_erased_as_a_whole")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transfer_note"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "transfer",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("earned", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("source_type", sa.String(40)),
        sa.Column("source_id", sa.BigInteger()),
        sa.Column("actor_id", sa.BigInteger()),
        sa.Column("batch_id", sa.BigInteger()),
        sa.Column("reverses_id", BIG),
        sa.Column("resolves_id", BIG),
        sa.Column("note_id", BIG),
        sa.Column("note_hash", sa.String(64)),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'award' AND earned = points) OR (kind IN ('adjust', 'reverse') AND earned IN (0, points)) "
            "OR (kind IN ('hold', 'release', 'capture') AND earned = 0)",
            name=op.f("ck_transfer_earned_fits_kind"),
        ),
        sa.CheckConstraint("(kind = 'reverse') = (reverses_id IS NOT NULL)", name=op.f("ck_transfer_reversal_names_original")),
        sa.CheckConstraint("(kind IN ('release', 'capture')) = (resolves_id IS NOT NULL)", name=op.f("ck_transfer_resolution_names_hold")),
        sa.CheckConstraint("key <> ''", name=op.f("ck_transfer_key_given")),
        sa.CheckConstraint("kind IN ('award', 'hold', 'release', 'capture', 'adjust', 'reverse')", name=op.f("ck_transfer_kind_known")),
        sa.CheckConstraint("points > 0 OR kind IN ('adjust', 'reverse')", name=op.f("ck_transfer_sign_fits_kind")),
        sa.CheckConstraint("(note_id IS NULL) = (note_hash IS NULL)", name=op.f("ck_transfer_note_is_hashed")),
        sa.CheckConstraint("points <> 0 AND points BETWEEN -1000000000 AND 1000000000", name=op.f("ck_transfer_points_in_range")),
        sa.ForeignKeyConstraint(["note_id"], ["transfer_note.id"], name="fk_transfer_note_id"),
        sa.ForeignKeyConstraint(["resolves_id"], ["transfer.id"], name="fk_transfer_resolves_id"),
        sa.ForeignKeyConstraint(["reverses_id"], ["transfer.id"], name="fk_transfer_reverses_id"),
        sa.PrimaryKeyConstraint("id", name="pk_transfer"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_transfer_batch_id",
        "transfer",
        ["batch_id"],
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_index("uq_transfer_key", "transfer", ["key"], unique=True)
    op.create_index("uq_transfer_resolves_id", "transfer", ["resolves_id"], unique=True)
    op.create_index("uq_transfer_reverses_id", "transfer", ["reverses_id"], unique=True)


def _make_entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", BIG, nullable=False),
        sa.Column("transfer_id", BIG, nullable=False),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("balance_after", sa.BigInteger()),
        sa.Column("version", sa.BigInteger()),
        sa.CheckConstraint("(balance_after IS NULL) = (version IS NULL)", name=op.f("ck_entry_balance_has_version")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_entry_amount_moves")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_entry_account_id"),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name="fk_entry_transfer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_entry"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_entry_transfer_id", "entry", ["transfer_id"])
    op.create_index(
        "uq_entry_account_id_version",
        "entry",
        ["account_id", "version"],
        unique=True,
        sqlite_where=sa.text("version IS NOT NULL"),
        postgresql_where=sa.text("version IS NOT NULL"),
    )


def _make_block() -> None:
    op.create_table(
        "block",
        sa.Column("id", BIG, nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("from_id", sa.BigInteger(), nullable=False),
        sa.Column("upto_id", sa.BigInteger(), nullable=False),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("gaps", sa.Text(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("row_count > 0", name=op.f("ck_block_rows_sealed")),
        sa.PrimaryKeyConstraint("id", name="pk_block"),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_block_hash", "block", ["hash"], unique=True)
    op.create_index("uq_block_prev_hash", "block", ["prev_hash"], unique=True)
    op.create_table(
        "programme_total",
        sa.Column("account_id", BIG, autoincrement=False, nullable=False),
        sa.Column("block_id", BIG, nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_programme_total_account_id"),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name="fk_programme_total_block_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_programme_total"),
    )


def downgrade() -> None:
    for table in ("programme_total", "block", "entry", "transfer", "transfer_note", "account"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
