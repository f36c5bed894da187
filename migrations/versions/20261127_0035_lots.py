"""Lots of points, on what terms they are earned, points that wait; and points that lapse.

What every owner has is put into lots by replaying the transfers in the order in which they moved the
accounts: by month of effect (UTC, since the zone of the programme is no fact of the database), under no
policy, so nothing earned before ever lapses. Going down is refused once terms were set, or points
lapsed or wait: only these tables know of it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
NEVER, NO_GRACE = date(9999, 12, 31), date.min
CHUNK = 5_000
OLD_KINDS = "kind IN ('award', 'hold', 'release', 'capture', 'adjust', 'reverse')"
NEW_KINDS = "kind IN ('award', 'hold', 'release', 'capture', 'adjust', 'reverse', 'expire')"
OLD_EARNED = "OR (kind IN ('hold', 'release', 'capture') AND earned = 0)"
NEW_EARNED = "OR (kind IN ('hold', 'release', 'capture', 'expire') AND earned = 0)"
GIVEN = "(kind = 'award' AND earned = points) OR (kind IN ('adjust', 'reverse') AND earned IN (0, points)) "
SUMS = ("earned", "open", "held", "spent", "expired", "reversed", "corrected", "paid")
ADDS_UP = "earned = open + held + spent + expired + reversed + corrected + paid"
OPEN, LAPSING, WAITING = "open > 0", "open > 0 AND expires_on < '9999-12-31'", "released_at IS NULL"
KEPT = {
    "lot": ("id, owner_id, unit, month, policy_id, grace_until", "id = NEW.id", ""),
    "pending": (
        "award_id, hold_id, owner_id, unit, points, until",
        "award_id = NEW.award_id OR hold_id = NEW.hold_id",
        "OLD.released_at IS NOT NULL",
    ),
}
TRIGGERS = {
    "sqlite": [
        "CREATE TRIGGER points_policy_no_update BEFORE UPDATE ON points_policy BEGIN SELECT RAISE(ABORT, 'points_policy is append-only'); END",
        "CREATE TRIGGER points_policy_no_delete BEFORE DELETE ON points_policy BEGIN SELECT RAISE(ABORT, 'points_policy is append-only'); END",
        "CREATE TRIGGER points_policy_no_replace BEFORE INSERT ON points_policy WHEN EXISTS (SELECT 1 FROM points_policy WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'points_policy is append-only'); END",
        "CREATE TRIGGER lot_line_no_update BEFORE UPDATE ON lot_line BEGIN SELECT RAISE(ABORT, 'lot_line is append-only'); END",
        "CREATE TRIGGER lot_line_no_delete BEFORE DELETE ON lot_line BEGIN SELECT RAISE(ABORT, 'lot_line is append-only'); END",
        "CREATE TRIGGER lot_line_no_replace BEFORE INSERT ON lot_line WHEN EXISTS (SELECT 1 FROM lot_line WHERE transfer_id = NEW.transfer_id "
        "AND lot_id = NEW.lot_id) BEGIN SELECT RAISE(ABORT, 'lot_line is append-only'); END",
    ],
    "postgresql": [
        f"CREATE TRIGGER {table}_no_{act} BEFORE {what} ON {table} FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        for table in ("points_policy", "lot_line")
        for act, what, each in (("change", "UPDATE OR DELETE", "ROW"), ("truncate", "TRUNCATE", "STATEMENT"))
    ],
}


def _keep(engine: str) -> Iterator[str]:
    """Give the triggers of tables whose rows stay what they are: a lot its owner's and its month's, and what waits the award's."""
    for table, (key, clash, once) in KEPT.items():
        if engine == "sqlite":
            moved = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in key.split(", ")) + (f" OR {once}" if once else "")
            refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            yield f"CREATE TRIGGER {table}_no_move BEFORE UPDATE ON {table} WHEN {moved} {refuse}"
            yield f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}"
            yield f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {clash}) {refuse}"
            continue
        refuse = "EXECUTE FUNCTION refuse_change()"
        yield f"CREATE TRIGGER {table}_no_move BEFORE UPDATE OF {key} ON {table} FOR EACH ROW {refuse}"
        if once:
            yield f"CREATE TRIGGER {table}_once BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({once}) {refuse}"
        yield f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}"
        yield f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")  # every transfer there is is read, and its lots are written
    _know_kinds(((OLD_KINDS, NEW_KINDS), (OLD_EARNED, NEW_EARNED)))
    _make_tables()
    _fill(connection)
    for statement in (*TRIGGERS[connection.dialect.name], *_keep(connection.dialect.name)):
        op.execute(statement)


def _know_kinds(changes: tuple[tuple[str, str], ...]) -> None:
    """Let transfers be of other kinds. SQLite copies the table, as it is, with its indexes and triggers."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for name, (_old, new) in zip(("kind_known", "earned_fits_kind"), changes, strict=True):
            op.drop_constraint(op.f(f"ck_transfer_{name}"), "transfer", type_="check")
            op.create_check_constraint(op.f(f"ck_transfer_{name}"), "transfer", new if name == "kind_known" else GIVEN + new)
        return
    described = connection.exec_driver_sql("SELECT type, sql FROM sqlite_master WHERE tbl_name = 'transfer' AND sql IS NOT NULL ORDER BY rowid").all()
    table = next(sql for kind, sql in described if kind == "table")
    body = table[table.index("(") :]
    for old, new in changes:
        assert body.count(old) == 1, "the table of transfers is another than expected"
        body = body.replace(old, new)
    connection.exec_driver_sql(f"CREATE TABLE transfer_new {body}")
    connection.exec_driver_sql("INSERT INTO transfer_new SELECT * FROM transfer")
    connection.exec_driver_sql("DROP TABLE transfer")
    connection.exec_driver_sql("ALTER TABLE transfer_new RENAME TO transfer")
    for kind, sql in described:
        if kind != "table":
            connection.exec_driver_sql(sql)


def _make_tables() -> None:
    op.create_table(
        "points_policy",
        sa.Column("id", BIG, nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("months", sa.Integer()),
        sa.Column("pending_days", sa.Integer(), nullable=False),
        sa.Column("from_at", MOMENT, nullable=False),
        sa.Column("set_by", sa.BigInteger()),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.CheckConstraint("kind IN ('none', 'fixed', 'inactivity')", name=op.f("ck_points_policy_kind_known")),
        sa.CheckConstraint(
            "(kind = 'none') = (months IS NULL) AND (months IS NULL OR months BETWEEN 1 AND 120)", name=op.f("ck_points_policy_months_fit_kind")
        ),
        sa.CheckConstraint("pending_days BETWEEN 0 AND 365", name=op.f("ck_points_policy_pending_days_in_range")),
        sa.CheckConstraint("from_at >= set_at", name=op.f("ck_points_policy_changes_future")),
        sa.PrimaryKeyConstraint("id", name="pk_points_policy"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lot",
        sa.Column("id", BIG, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("grace_until", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("lapses", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.CheckConstraint(ADDS_UP, name=op.f("ck_lot_adds_up")),
        sa.CheckConstraint(" AND ".join(f"{name} >= 0" for name in (*SUMS, "lapses")), name=op.f("ck_lot_not_negative")),
        sa.PrimaryKeyConstraint("id", name="pk_lot"),
        sqlite_autoincrement=True,
        postgresql_with={"fillfactor": 80},
    )
    key = ["owner_id", "unit", "month", "policy_id", "grace_until"]
    op.create_index(f"uq_lot_{'_'.join(key)}", "lot", key, unique=True)
    _partial("lot", OPEN, open=["owner_id", "unit", "expires_on", "id"])
    _partial("lot", LAPSING, lapsing=["expires_on", "id"])
    op.create_table(
        "lot_line",
        sa.Column("transfer_id", BIG, nullable=False, autoincrement=False),
        sa.Column("lot_id", BIG, nullable=False, autoincrement=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.CheckConstraint(ADDS_UP, name=op.f("ck_lot_line_adds_up")),
        sa.PrimaryKeyConstraint("transfer_id", "lot_id", name="pk_lot_line"),
        sa.ForeignKeyConstraint(["transfer_id"], ["transfer.id"], name="fk_lot_line_transfer_id"),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_lot_line_lot_id"),
    )
    op.create_table(
        "pending",
        sa.Column("award_id", BIG, nullable=False, autoincrement=False),
        sa.Column("hold_id", BIG, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("released_at", MOMENT),
        sa.CheckConstraint("points > 0", name=op.f("ck_pending_points_wait")),
        sa.PrimaryKeyConstraint("award_id", name="pk_pending"),
        sa.ForeignKeyConstraint(["award_id"], ["transfer.id"], name="fk_pending_award_id"),
        sa.ForeignKeyConstraint(["hold_id"], ["transfer.id"], name="fk_pending_hold_id"),
    )
    op.create_index("uq_pending_hold_id", "pending", ["hold_id"], unique=True)
    op.create_table(
        "lapse_notice",
        sa.Column("owner_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("unit", sa.String(16), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("points", sa.BigInteger(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("owner_id", "unit", "expires_on", "step", name="pk_lapse_notice"),
    )
    _partial("pending", WAITING, open=["until", "award_id"], own=["owner_id", "until"])


def _partial(table: str, where: str, **indexes: list[str]) -> None:
    for name, columns in indexes.items():
        op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _fill(connection: sa.Connection) -> None:
    """Write the lots and lines of every transfer there is, owner by owner, in pieces."""
    kept = [sa.column(name, sa.BigInteger()) for name in ("owner_id", "policy_id", "lapses", *SUMS)]
    days = [sa.column(name, sa.Date()) for name in ("month", "grace_until", "expires_on")]
    lot = sa.table("lot", sa.column("id", BIG), sa.column("unit", sa.String), *kept, *days)
    line = sa.table("lot_line", *(sa.column(name, sa.BigInteger()) for name in ("transfer_id", "lot_id", *SUMS)))
    lots: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    number = 0
    for (owner_id, unit), transfers in groupby(_history(connection), key=lambda row: (row.owner_id, row.unit)):
        book = Book(number)
        for row in transfers:
            lines += book.follow(row)
        for (month, lot_id), sums in zip(book.months.items(), book.sums.values(), strict=True):
            facts = {"owner_id": owner_id, "unit": unit, "month": month, "policy_id": 0, "grace_until": NO_GRACE, "expires_on": NEVER, "lapses": 0}
            lots.append({"id": lot_id} | facts | sums)
        number += len(book.sums)
        if len(lines) >= CHUNK:
            _write(connection, lot, lots, line, lines)
    _write(connection, lot, lots, line, lines)
    if connection.dialect.name == "postgresql" and number:
        connection.execute(sa.text("SELECT setval(pg_get_serial_sequence('lot', 'id'), :last)"), {"last": number})


def _write(connection: sa.Connection, lot: Any, lots: list[dict[str, Any]], line: Any, lines: list[dict[str, Any]]) -> None:
    if lots:
        connection.execute(sa.insert(lot), lots)
    if lines:
        connection.execute(sa.insert(line), lines)
    lots.clear()
    lines.clear()


def _history(connection: sa.Connection) -> Iterator[Any]:
    """Give the transfers of each owner as they moved the accounts: lines were written while the accounts were locked, ids of transfers before."""
    moved = """SELECT e.transfer_id, MIN(e.id) AS first, SUM(CASE WHEN a.kind = 'available' THEN e.amount ELSE 0 END) AS opened
        FROM entry e JOIN account a ON a.id = e.account_id WHERE a.owner_id IS NOT NULL GROUP BY e.transfer_id"""
    found = sa.text(
        "SELECT t.id, t.kind, t.owner_id, t.unit, t.points, t.effective_at, t.reverses_id, t.resolves_id, m.opened "
        f"FROM transfer t JOIN ({moved}) m ON m.transfer_id = t.id ORDER BY t.owner_id, t.unit, m.first"
    ).columns(effective_at=MOMENT)
    for rows in connection.execute(found, execution_options={"yield_per": CHUNK}).partitions():
        yield from rows


def _month(moment: datetime) -> date:
    """Return the month in UTC; PostgreSQL gives moments in the zone of the connection, SQLite without one."""
    return (moment.astimezone(UTC) if moment.tzinfo else moment).date().replace(day=1)


class Book:
    """The lots of one owner while the transfers are replayed. All lapse never, so the oldest lot is taken first."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.months: dict[date, int] = {}
        self.sums: dict[int, dict[str, int]] = {}
        self.lines: dict[int, dict[int, dict[str, int]]] = {}
        self.kinds: dict[int, str] = {}

    def follow(self, row: Any) -> list[dict[str, Any]]:
        """Do what the transfer did, and return its lines."""
        opened, told = int(row.opened), {}
        self.kinds[row.id] = row.kind
        if row.kind in ("award", "adjust") and row.points > 0:
            told = {self._lot(_month(row.effective_at)): {"earned": row.points, "open": opened, "paid": row.points - opened}}
        elif row.kind == "hold":
            told = {i: {"open": -n, "held": n} for i, n in self._open(row.points)}
        elif row.kind == "release":
            told = self._back(row.resolves_id, "held", opened)
        elif row.kind == "capture":
            told = {i: {"held": -sums["held"], "spent": sums["held"]} for i, sums in self.lines[row.resolves_id].items()}
        elif row.kind == "reverse" and self.kinds[row.reverses_id] == "capture":
            told = self._back(row.reverses_id, "spent", opened)
        elif row.points < 0:
            place = "reversed" if row.kind == "reverse" else "corrected"
            told = {i: {"open": -n, place: n} for i, n in self._open(-opened, row.reverses_id)}
        else:
            told = self._restored(row.reverses_id, opened)
        self.lines[row.id] = told
        for lot_id, moves in told.items():
            for name, points in moves.items():
                self.sums[lot_id][name] += points
        return [dict.fromkeys(SUMS, 0) | moves | {"transfer_id": row.id, "lot_id": lot_id} for lot_id, moves in told.items()]

    def _lot(self, month: date) -> int:
        if month not in self.months:
            self.number += 1
            self.months[month] = self.number
            self.sums[self.number] = dict.fromkeys(SUMS, 0)
        return self.months[month]

    def _open(self, points: int, of: int | None = None) -> list[tuple[int, int]]:
        own = list(self.lines.get(of, ()) if of is not None else ())
        return self._take([*own, *(i for i in self.sums if i not in own)], "open", points)

    def _restored(self, of: int, opened: int) -> dict[int, dict[str, int]]:
        """What a correction took comes back; where later points paid its debt, those: from the newest lots that paid some."""
        own = sum(moves.get("corrected", 0) for moves in self.lines[of].values())
        told = self._back(of, "corrected", min(opened, own))
        newest = [i for _month, i in sorted(self.months.items(), reverse=True)]
        for i, part in self._take(newest, "paid", max(opened - own, 0)):
            moves = told.setdefault(i, {"corrected": 0, "open": 0, "paid": 0})
            moves["open"] += part
            moves["paid"] -= part
        return told

    def _take(self, order: list[int], name: str, points: int) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []
        for i in order if points else ():
            part = min(self.sums[i][name], points)
            if part > 0:
                found.append((i, part))
                points -= part
            if not points:
                break
        assert not points, "lots hold what was moved"
        return found

    def _back(self, of: int, name: str, opened: int) -> dict[int, dict[str, int]]:
        parts = [(i, moves[name]) for i, moves in self.lines[of].items()]
        owed, told = sum(part for _i, part in parts) - opened, {}
        for i, part in parts:
            paid = min(part, owed)
            owed -= paid
            told[i] = {name: -part, "open": part - paid, "paid": paid}
        return told


def downgrade() -> None:
    _require_nothing_lost(op.get_bind())
    for table in ("lapse_notice", "pending", "lot_line", "lot", "points_policy"):
        op.drop_table(table)
    _know_kinds(((NEW_KINDS, OLD_KINDS), (NEW_EARNED, OLD_EARNED)))


def _require_nothing_lost(connection: sa.Connection) -> None:
    """What only these tables know is somebody's points: until when they last, and when they can be spent."""
    for found, loss in (
        ("transfer WHERE kind = 'expire'", "points have lapsed, and a ledger without lots cannot say so"),
        ("pending WHERE released_at IS NULL", "points wait for their day, and without these tables nothing would ever release them"),
        ("points_policy", "terms of points were set, and without these tables points earned on them would never lapse"),
    ):
        if connection.execute(sa.text(f"SELECT 1 FROM {found} LIMIT 1")).first():
            raise RuntimeError(loss)
