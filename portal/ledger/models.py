"""Tables of the safe. Core tables, no mapped classes: transfers and entries are written by constant statements.

``account.owner_id`` and ``transfer.actor_id`` are numbers without a foreign key: the safe knows no
person, and its rows outlive an erased one. Rows of transfer, entry, block, lot_line and points_policy are
never changed or removed; of an account only balance, version and lifetime move, of a lot its sums, its last day and how often
it lapsed, of points that wait only when they were released.
"""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Index, Integer, String, Table, Text, text

from portal.kernel.schema import Base, BigId, UTCDateTime, append_only_ddl, attach_ddl, one_of
from portal.ledger.lots import MOST_MONTHS, MOST_PENDING_DAYS, PLACES, PolicyKind
from portal.ledger.rules import MOST_POINTS, AccountKind, TransferKind

_OWN = "'available', 'held', 'owed'"

account = Table(
    "account",
    Base.metadata,
    Column("id", BigId, primary_key=True),
    Column("owner_id", BigInteger),
    Column("kind", String(16), nullable=False),
    Column("unit", String(16), nullable=False),
    Column("balance", BigInteger),
    Column("version", BigInteger),
    Column("lifetime", BigInteger),
    one_of("kind", AccountKind),
    CheckConstraint(f"(owner_id IS NOT NULL) = (kind IN ({_OWN}))", name="owner_fits_kind"),
    CheckConstraint("(owner_id IS NULL) = (balance IS NULL)", name="balance_is_owned"),
    CheckConstraint("(owner_id IS NULL) = (version IS NULL)", name="version_is_owned"),
    CheckConstraint("(kind = 'available') = (lifetime IS NOT NULL)", name="lifetime_is_on_available"),
    CheckConstraint("kind = 'owed' OR balance IS NULL OR balance >= 0", name="not_overdrawn"),
    CheckConstraint("kind <> 'owed' OR balance <= 0", name="owed_is_a_debt"),
    Index("uq_account_owner_id_unit_kind", "owner_id", "unit", "kind", unique=True),
    # NULLs are distinct in a unique index, so the programme's accounts need their own.
    Index("uq_account_unit_kind", "unit", "kind", unique=True, sqlite_where=text("owner_id IS NULL"), postgresql_where=text("owner_id IS NULL")),
    sqlite_autoincrement=True,
    postgresql_with={"fillfactor": 80},
)

transfer_note = Table(
    "transfer_note",
    Base.metadata,
    Column("id", BigId, primary_key=True),
    Column("body", Text),
    Column("salt", String(64)),
    Column("erased_at", UTCDateTime),
    CheckConstraint("(body IS NULL) = (erased_at IS NOT NULL) AND (salt IS NULL) = (erased_at IS NOT NULL)", name="erased_as_a_whole"),
    sqlite_autoincrement=True,
)

transfer = Table(
    "transfer",
    Base.metadata,
    Column("id", BigId, primary_key=True),
    Column("key", String(200), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("earned", BigInteger, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("source_type", String(40)),
    Column("source_id", BigInteger),
    Column("actor_id", BigInteger),
    Column("batch_id", BigInteger),
    Column("reverses_id", BigId, ForeignKey("transfer.id")),
    Column("resolves_id", BigId, ForeignKey("transfer.id")),
    Column("note_id", BigId, ForeignKey("transfer_note.id")),
    Column("note_hash", String(64)),
    Column("effective_at", UTCDateTime, nullable=False),
    Column("recorded_at", UTCDateTime, nullable=False),
    one_of("kind", TransferKind),
    CheckConstraint("key <> ''", name="key_given"),
    CheckConstraint(f"points <> 0 AND points BETWEEN -{MOST_POINTS} AND {MOST_POINTS}", name="points_in_range"),
    CheckConstraint("points > 0 OR kind IN ('adjust', 'reverse')", name="sign_fits_kind"),
    CheckConstraint(
        "(kind = 'award' AND earned = points) OR (kind IN ('adjust', 'reverse') AND earned IN (0, points)) "
        "OR (kind IN ('hold', 'release', 'capture', 'expire') AND earned = 0)",
        name="earned_fits_kind",
    ),
    CheckConstraint("(kind = 'reverse') = (reverses_id IS NOT NULL)", name="reversal_names_original"),
    CheckConstraint("(kind IN ('release', 'capture')) = (resolves_id IS NOT NULL)", name="resolution_names_hold"),
    CheckConstraint("(note_id IS NULL) = (note_hash IS NULL)", name="note_is_hashed"),
    Index("uq_transfer_key", "key", unique=True),
    Index("uq_transfer_reverses_id", "reverses_id", unique=True),
    Index("uq_transfer_resolves_id", "resolves_id", unique=True),
    Index("ix_transfer_batch_id", "batch_id", sqlite_where=text("batch_id IS NOT NULL"), postgresql_where=text("batch_id IS NOT NULL")),
    sqlite_autoincrement=True,
)

entry = Table(
    "entry",
    Base.metadata,
    Column("id", BigId, primary_key=True),
    Column("transfer_id", BigId, ForeignKey("transfer.id"), nullable=False),
    Column("account_id", BigId, ForeignKey("account.id"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance_after", BigInteger),
    Column("version", BigInteger),
    CheckConstraint("amount <> 0", name="amount_moves"),
    CheckConstraint("(balance_after IS NULL) = (version IS NULL)", name="balance_has_version"),
    Index("ix_entry_transfer_id", "transfer_id"),
    # A line a version: two writers cannot both have followed the same balance.
    Index(
        "uq_entry_account_id_version",
        "account_id",
        "version",
        unique=True,
        sqlite_where=text("version IS NOT NULL"),
        postgresql_where=text("version IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

block = Table(
    "block",
    Base.metadata,
    Column("id", BigId, primary_key=True),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("from_id", BigInteger, nullable=False),
    Column("upto_id", BigInteger, nullable=False),
    Column("ids", Text, nullable=False),
    Column("gaps", Text, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("marks", Text, nullable=False),
    Column("sealed_at", UTCDateTime, nullable=False),
    CheckConstraint("row_count > 0", name="rows_sealed"),
    # Two blocks cannot follow the same one: a fork is impossible whoever seals.
    Index("uq_block_prev_hash", "prev_hash", unique=True),
    Index("uq_block_hash", "hash", unique=True),
    sqlite_autoincrement=True,
)

programme_total = Table(
    "programme_total",
    Base.metadata,
    Column("account_id", BigId, ForeignKey("account.id"), primary_key=True, autoincrement=False),
    Column("block_id", BigId, ForeignKey("block.id"), nullable=False),
    Column("total", BigInteger, nullable=False),
)

points_policy = Table(
    "points_policy",
    Base.metadata,
    Column("id", BigId, primary_key=True),
    Column("unit", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("months", Integer),
    Column("pending_days", Integer, nullable=False),
    Column("from_at", UTCDateTime, nullable=False),
    Column("set_by", BigInteger),
    Column("set_at", UTCDateTime, nullable=False),
    one_of("kind", PolicyKind),
    CheckConstraint(f"(kind = 'none') = (months IS NULL) AND (months IS NULL OR months BETWEEN 1 AND {MOST_MONTHS})", name="months_fit_kind"),
    CheckConstraint(f"pending_days BETWEEN 0 AND {MOST_PENDING_DAYS}", name="pending_days_in_range"),
    CheckConstraint("from_at >= set_at", name="changes_future"),
    sqlite_autoincrement=True,
)

_SUMS = ("earned", *PLACES)
_ADDS_UP = f"earned = {' + '.join(PLACES)}"
lot = Table(
    "lot",
    Base.metadata,
    Column("id", BigId, primary_key=True),
    Column("owner_id", BigInteger, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("month", Date, nullable=False),
    # 0 where no policy stood, so that one unique key holds for all.
    Column("policy_id", BigInteger, nullable=False),
    # The day of a lot for what came in after the month's own had lapsed; a day long gone for the month's own.
    Column("grace_until", Date, nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("lapses", Integer, nullable=False),
    *(Column(name, BigInteger, nullable=False) for name in _SUMS),
    CheckConstraint(_ADDS_UP, name="adds_up"),
    CheckConstraint(" AND ".join(f"{name} >= 0" for name in (*_SUMS, "lapses")), name="not_negative"),
    Index("uq_lot_owner_id_unit_month_policy_id_grace_until", "owner_id", "unit", "month", "policy_id", "grace_until", unique=True),
    # What is spent next.
    Index("ix_lot_open", "owner_id", "unit", "expires_on", "id", sqlite_where=text("open > 0"), postgresql_where=text("open > 0")),
    # What lapses next, whosever it is; lots that never do stay out of it.
    Index(
        "ix_lot_lapsing",
        "expires_on",
        "id",
        sqlite_where=text("open > 0 AND expires_on < '9999-12-31'"),
        postgresql_where=text("open > 0 AND expires_on < '9999-12-31'"),
    ),
    sqlite_autoincrement=True,
    postgresql_with={"fillfactor": 80},
)

lot_line = Table(
    "lot_line",
    Base.metadata,
    Column("transfer_id", BigId, ForeignKey("transfer.id"), primary_key=True, autoincrement=False),
    Column("lot_id", BigId, ForeignKey("lot.id"), primary_key=True, autoincrement=False),
    *(Column(name, BigInteger, nullable=False) for name in _SUMS),
    CheckConstraint(_ADDS_UP, name="adds_up"),
)

pending = Table(
    "pending",
    Base.metadata,
    Column("award_id", BigId, ForeignKey("transfer.id"), primary_key=True, autoincrement=False),
    Column("hold_id", BigId, ForeignKey("transfer.id"), nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("unit", String(16), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("until", Date, nullable=False),
    Column("released_at", UTCDateTime),
    CheckConstraint("points > 0", name="points_wait"),
    Index("uq_pending_hold_id", "hold_id", unique=True),
    Index("ix_pending_open", "until", "award_id", sqlite_where=text("released_at IS NULL"), postgresql_where=text("released_at IS NULL")),
    Index("ix_pending_own", "owner_id", "until", sqlite_where=text("released_at IS NULL"), postgresql_where=text("released_at IS NULL")),
)

lapse_notice = Table(
    "lapse_notice",
    Base.metadata,
    Column("owner_id", BigInteger, primary_key=True, autoincrement=False),
    Column("unit", String(16), primary_key=True),
    Column("expires_on", Date, primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("points", BigInteger, nullable=False),
    Column("told_at", UTCDateTime, nullable=False),
)


def _insert_guard(table: str, clash: str) -> str:
    """Return a trigger against ``INSERT OR REPLACE``, which on SQLite removes the row it clashes with and fires no delete trigger."""
    return (
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {clash}) "  # noqa: S608
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _guarded(table: str, clash: str) -> dict[str, list[str]]:
    statements = append_only_ddl(table)
    statements["sqlite"][2] = _insert_guard(table, f"id = NEW.id OR {clash}")
    return statements


_IDENTITY = "id, owner_id, kind, unit"
_MOVED = "NEW.id IS NOT OLD.id OR NEW.owner_id IS NOT OLD.owner_id OR NEW.kind IS NOT OLD.kind OR NEW.unit IS NOT OLD.unit"
ACCOUNT_DDL = {
    "sqlite": [
        f"CREATE TRIGGER account_no_move BEFORE UPDATE ON account WHEN {_MOVED} BEGIN SELECT RAISE(ABORT, 'account stays what it is'); END",
        "CREATE TRIGGER account_no_delete BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'account is append-only'); END",
        _insert_guard("account", "id = NEW.id OR (owner_id IS NEW.owner_id AND unit = NEW.unit AND kind = NEW.kind)"),
    ],
    "postgresql": [
        # The function first: which table is made first follows from foreign keys, not from the order of this file.
        append_only_ddl("account")["postgresql"][0],
        f"CREATE TRIGGER account_no_move BEFORE UPDATE OF {_IDENTITY} ON account FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER account_no_delete BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        "CREATE TRIGGER account_no_truncate BEFORE TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
    ],
}
LINE_DDL = append_only_ddl("lot_line")
LINE_DDL["sqlite"][2] = _insert_guard("lot_line", "transfer_id = NEW.transfer_id AND lot_id = NEW.lot_id")
_LOT_KEY = ("id", "owner_id", "unit", "month", "policy_id", "grace_until")
_PENDING_KEY = ("award_id", "hold_id", "owner_id", "unit", "points", "until")


def _kept_ddl(table: str, key: tuple[str, ...], clash: str, once: str = "") -> dict[str, list[str]]:
    """Return the triggers of a table whose rows stay what they are, and move only in other columns; not at all where ``once`` is true of them."""
    moved = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in key) + (f" OR OLD.{once}" if once else "")
    refuse = "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    rules = append_only_ddl(table)
    return {
        "sqlite": [
            f"CREATE TRIGGER {table}_no_move BEFORE UPDATE ON {table} WHEN {moved} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
            rules["sqlite"][1],
            # By its number only: a BEFORE INSERT trigger would also stop the upsert that finds the key taken.
            _insert_guard(table, clash),
        ],
        "postgresql": [
            rules["postgresql"][0],
            f"CREATE TRIGGER {table}_no_move BEFORE UPDATE OF {', '.join(key)} ON {table} {refuse}",
            *([f"CREATE TRIGGER {table}_once BEFORE UPDATE ON {table} FOR EACH ROW WHEN (OLD.{once}) {refuse[13:]}"] if once else []),
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ],
    }


TRIGGERS = {
    "transfer": _guarded("transfer", "key = NEW.key OR reverses_id = NEW.reverses_id OR resolves_id = NEW.resolves_id"),
    "entry": _guarded("entry", "(account_id = NEW.account_id AND version = NEW.version)"),
    "block": _guarded("block", "prev_hash = NEW.prev_hash OR hash = NEW.hash"),
    "account": ACCOUNT_DDL,
    "points_policy": append_only_ddl("points_policy"),
    "lot_line": LINE_DDL,
    "lot": _kept_ddl("lot", _LOT_KEY, "id = NEW.id"),
    "pending": _kept_ddl("pending", _PENDING_KEY, "award_id = NEW.award_id OR hold_id = NEW.hold_id", "released_at IS NOT NULL"),
}
for _table in (transfer, entry, block, account, points_policy, lot_line, lot, pending):
    attach_ddl(_table, TRIGGERS[_table.name])
