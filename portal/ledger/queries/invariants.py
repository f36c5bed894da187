"""What must always hold of the safe: run by ``flask ledger check``, and after every test that touched points.

Each statement finds the rows that break one invariant and returns their ``id`` and, in ``text``,
what is wrong; no row is good news. The numbers are those of ``portal/invariants.py``, where all rooms' are one list.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from portal.ledger.lots import PLACES, Policy, PolicyKind, may_lapse_on
from portal.ledger.models import account, entry, lot, points_policy, programme_total
from portal.ledger.queries import proof
from portal.ledger.queries.sealed import head, within
from portal.ledger.rules import Problem


@dataclass(frozen=True)
class Invariant:
    """One sentence that must be true, the table where a breach shows, and the statement that finds it; or what finds it besides statements."""

    name: str
    sentence: str
    table: str
    sql: str = ""
    find: Callable[[Session], Iterable[Problem]] | None = None

    def breaches(self, session: Session) -> list[Problem]:
        """Return the rows that break it; nothing if it holds."""
        if self.find is not None:
            return list(self.find(session))
        return [Problem(self.name, self.table, row.id, row.text) for row in session.connection().execute(text(self.sql))]


_PER_TRANSFER = """
    SELECT e.transfer_id,
        SUM(CASE WHEN a.kind IN ('available', 'owed') THEN e.amount ELSE 0 END) AS own,
        SUM(CASE WHEN a.kind = 'held' THEN e.amount ELSE 0 END) AS held,
        SUM(CASE WHEN a.kind = 'expired' THEN e.amount ELSE 0 END) AS lapsed,
        MIN(CASE WHEN a.owner_id IS NULL AND a.kind <> 'expired' THEN a.kind END) AS other,
        COUNT(DISTINCT CASE WHEN a.owner_id IS NULL AND a.kind <> 'expired' THEN a.kind END) AS others
    FROM entry e JOIN account a ON a.id = e.account_id GROUP BY e.transfer_id
"""
_EXPECTED_OWN = """CASE WHEN t.kind IN ('award', 'adjust', 'release') THEN t.points WHEN t.kind IN ('hold', 'expire') THEN -t.points
    WHEN t.kind = 'reverse' AND o.kind = 'capture' THEN -t.points WHEN t.kind = 'reverse' THEN t.points - m.lapsed ELSE 0 END"""
_EXPECTED_HELD = "CASE WHEN t.kind = 'hold' THEN t.points WHEN t.kind IN ('release', 'capture') THEN -t.points ELSE 0 END"
_EXPECTED_OTHER = """CASE COALESCE(o.kind, t.kind) WHEN 'award' THEN 'issued' WHEN 'adjust' THEN 'adjusted' WHEN 'capture' THEN 'redeemed'
    ELSE '' END"""
# Of a gift that is reversed, what has expired is settled with the programme's account ``expired``; nothing else but expiry moves that.
_GIFT_REVERSED = "(t.kind = 'reverse' AND o.kind IN ('award', 'adjust') AND o.points > 0)"
_LAPSED_WRONG = f"CASE WHEN t.kind = 'expire' THEN m.lapsed <> t.points WHEN {_GIFT_REVERSED} THEN m.lapsed > 0 ELSE m.lapsed <> 0 END"
_POLICIES = select(points_policy.c.id, points_policy.c.kind, points_policy.c.months)
_DAY_OF = (lot.c.policy_id, lot.c.month, lot.c.grace_until, lot.c.expires_on)
_DAYS = select(*_DAY_OF, func.min(lot.c.id).label("id")).group_by(*_DAY_OF)
_SUMS = ("earned", *PLACES)
_LOT_SUMS = ", ".join(f"SUM({name}) AS {name}" for name in _SUMS)
_LOT_DIFFERS = " OR ".join(f"x.{name} <> COALESCE(s.{name}, 0)" for name in _SUMS)
_LOT_ADDS_UP = f"x.earned = x.{' + x.'.join(PLACES)}"
# What each kind of transfer does to lots, all its lines together; ``paid`` is the rest, since lines add up.
_EXPECTED_LINES = {
    "earned": "CASE WHEN t.kind IN ('award', 'adjust') AND t.points > 0 THEN t.points ELSE 0 END",
    "open": "m.open",
    "held": "m.held",
    "spent": "CASE WHEN t.kind = 'capture' THEN t.points WHEN o.kind = 'capture' THEN t.points ELSE 0 END",
    "expired": "m.lapsed",
    "reversed": f"CASE WHEN {_GIFT_REVERSED} THEN -m.open - m.lapsed ELSE 0 END",
    "corrected": """CASE WHEN t.kind = 'adjust' AND t.points < 0 THEN -m.open
        WHEN t.kind = 'reverse' AND o.kind = 'adjust' AND o.points < 0 THEN -COALESCE(so.corrected, 0) ELSE 0 END""",
}
_LINES_DIFFER = " OR ".join(f"COALESCE(s.{name}, 0) <> {expected}" for name, expected in _EXPECTED_LINES.items())
_LINES_OF = f"(SELECT transfer_id, {_LOT_SUMS} FROM lot_line GROUP BY transfer_id)"  # noqa: S608


def _wrong_days(session: Session) -> Iterator[Problem]:
    """A lot lasts as long as its policy says, by its month, its last activity or its grace (I6)."""
    policies = {row.id: Policy(row.id, PolicyKind(row.kind), row.months or 0) for row in session.connection().execute(_POLICIES)}
    for row in session.connection().execute(_DAYS):
        policy = policies.get(row.policy_id, None if row.policy_id else Policy())
        if policy is None or not may_lapse_on(policy, row.expires_on, month=row.month, grace_until=row.grace_until):
            yield Problem("I6", "lot", row.id, f"lasts until {row.expires_on}, which its policy {row.policy_id} does not say")


def _wrong_totals(session: Session) -> Iterator[Problem]:
    """The programme's totals are the sums of what the blocks cover (I2)."""
    end = head(session)
    not_sealed = or_(entry.c.transfer_id > end.upto_id, *within(entry.c.transfer_id, end.gaps))
    sealed = select(entry.c.account_id, func.sum(entry.c.amount).label("total")).join(account).where(account.c.owner_id.is_(None), ~not_sealed)
    sums = {row.account_id: int(row.total) for row in session.connection().execute(sealed.group_by(entry.c.account_id))}
    totals = {row.account_id: row.total for row in session.connection().execute(select(programme_total))}
    for account_id in sorted(sums.keys() | totals.keys()):
        have, want = totals.get(account_id, 0), sums.get(account_id, 0)
        if have != want:
            yield Problem("I2", "programme_total", account_id, f"stands at {have}, its sealed entries sum to {want}")


INVARIANTS = (
    Invariant(
        "I1", "Each transfer sums to zero.", "transfer",
        "SELECT transfer_id AS id, 'sums to ' || SUM(amount) AS text FROM entry GROUP BY transfer_id HAVING SUM(amount) <> 0",
    ),
    Invariant(
        "I1", "The entries of a transfer are in its unit and, where they are a person's, its owner's.", "entry",
        """SELECT e.id, 'is on an account of another unit or owner' AS text FROM entry e JOIN transfer t ON t.id = e.transfer_id
        JOIN account a ON a.id = e.account_id WHERE a.unit <> t.unit OR a.owner_id <> t.owner_id""",
    ),
    Invariant(
        "I1", "The entries move what the transfer says, between the accounts its kind names.", "transfer",
        f"""SELECT t.id, 'has entries that do not do what the ' || t.kind || ' of ' || t.points || ' says' AS text
        FROM transfer t LEFT JOIN transfer o ON o.id = t.reverses_id JOIN ({_PER_TRANSFER}) m ON m.transfer_id = t.id
        WHERE m.own <> {_EXPECTED_OWN} OR m.held <> {_EXPECTED_HELD} OR m.others > 1 OR COALESCE(m.other, '') <> {_EXPECTED_OTHER}
        OR {_LAPSED_WRONG}""",  # noqa: S608
    ),
    Invariant(
        "I2", "A balance is the sum of its entries.", "account",
        """SELECT a.id, 'has balance ' || a.balance || ', its entries sum to ' || COALESCE(SUM(e.amount), 0) AS text
        FROM account a LEFT JOIN entry e ON e.account_id = a.id WHERE a.owner_id IS NOT NULL
        GROUP BY a.id, a.balance HAVING a.balance <> COALESCE(SUM(e.amount), 0)""",
    ),
    Invariant(
        "I2", "The lifetime total is what the transfers say was earned.", "account",
        """SELECT a.id, 'has lifetime ' || a.lifetime || ', its transfers say ' || COALESCE(s.earned, 0) AS text FROM account a
        LEFT JOIN (SELECT owner_id, unit, SUM(earned) AS earned FROM transfer GROUP BY owner_id, unit) s
        ON s.owner_id = a.owner_id AND s.unit = a.unit WHERE a.kind = 'available' AND a.lifetime <> COALESCE(s.earned, 0)""",
    ),
    Invariant(
        "I3", "Available and held are never below zero, owed never above, now or at any entry.", "account",
        """SELECT a.id, 'stands at ' || a.balance AS text FROM account a
        WHERE (a.kind IN ('available', 'held') AND a.balance < 0) OR (a.kind = 'owed' AND a.balance > 0)""",
    ),
    Invariant(
        "I3", "Available and held are never below zero, owed never above, now or at any entry.", "entry",
        """SELECT e.id, 'left its account at ' || e.balance_after AS text FROM entry e JOIN account a ON a.id = e.account_id
        WHERE (a.kind IN ('available', 'held') AND e.balance_after < 0) OR (a.kind = 'owed' AND e.balance_after > 0)""",
    ),
    Invariant(
        "I3", "Who has points to spend owes nothing.", "account",
        """SELECT a.id, 'has ' || a.balance || ' available while ' || o.balance || ' is owed' AS text FROM account a
        JOIN account o ON o.owner_id = a.owner_id AND o.unit = a.unit AND o.kind = 'owed'
        WHERE a.kind = 'available' AND a.balance > 0 AND o.balance < 0""",
    ),
    Invariant(
        "I4", "The versions of an account run from 1 to its own, without a gap.", "account",
        """SELECT a.id, 'is at version ' || a.version || ' with ' || COUNT(e.id) || ' entries' AS text
        FROM account a LEFT JOIN entry e ON e.account_id = a.id WHERE a.owner_id IS NOT NULL GROUP BY a.id, a.version
        HAVING COUNT(DISTINCT e.version) <> a.version OR COUNT(e.id) <> a.version OR COALESCE(MAX(e.version), 0) <> a.version
        OR COALESCE(MIN(e.version), 1) <> 1""",
    ),
    Invariant(
        "I4", "Persons' entries carry a version, the programme's do not.", "entry",
        """SELECT e.id, 'has no version, or one too many' AS text FROM entry e JOIN account a ON a.id = e.account_id
        WHERE (a.owner_id IS NULL) = (e.version IS NOT NULL)""",
    ),
    Invariant(
        "I5", "A balance after an entry is the balance before it and its amount.", "entry",
        """SELECT x.id, 'says balance ' || x.balance_after || ' after ' || x.amount || ' on ' || x.prior AS text FROM (
        SELECT e.id, e.amount, e.balance_after, LAG(e.balance_after, 1, CAST(0 AS BIGINT)) OVER (PARTITION BY e.account_id ORDER BY e.version)
        AS prior FROM entry e WHERE e.version IS NOT NULL) x WHERE x.prior + x.amount <> x.balance_after""",
    ),
    Invariant(
        "I6", "The sums of a lot are those of its lines, and add up.", "lot",
        f"""SELECT x.id, 'is not what its lines say' AS text FROM lot x LEFT JOIN (SELECT lot_id, {_LOT_SUMS} FROM lot_line GROUP BY lot_id) s
        ON s.lot_id = x.id WHERE {_LOT_DIFFERS} OR NOT ({_LOT_ADDS_UP})""",  # noqa: S608
    ),
    Invariant(
        "I6", "What is open and held in lots is what the owner has available and held.", "account",
        """SELECT a.id, 'stands at ' || a.balance || ', its lots hold ' || COALESCE(CASE a.kind WHEN 'held' THEN s.held ELSE s.open END, 0) AS text
        FROM account a LEFT JOIN (SELECT owner_id, unit, SUM(open) AS open, SUM(held) AS held FROM lot GROUP BY owner_id, unit) s
        ON s.owner_id = a.owner_id AND s.unit = a.unit WHERE a.kind IN ('available', 'held')
        AND a.balance <> COALESCE(CASE a.kind WHEN 'held' THEN s.held ELSE s.open END, 0)""",
    ),
    Invariant(
        "I6", "What a transfer did to lots is what its kind says and what it did to balances.", "transfer",
        f"""SELECT t.id, 'moved points of lots to other places than the ' || t.kind || ' of ' || t.points || ' says' AS text FROM transfer t
        LEFT JOIN transfer o ON o.id = t.reverses_id JOIN (SELECT e.transfer_id, SUM(CASE WHEN a.kind = 'available' THEN e.amount ELSE 0 END) AS open,
        SUM(CASE WHEN a.kind = 'held' THEN e.amount ELSE 0 END) AS held, SUM(CASE WHEN a.kind = 'expired' THEN e.amount ELSE 0 END) AS lapsed
        FROM entry e JOIN account a ON a.id = e.account_id GROUP BY e.transfer_id) m ON m.transfer_id = t.id
        LEFT JOIN {_LINES_OF} s ON s.transfer_id = t.id LEFT JOIN {_LINES_OF} so ON so.transfer_id = t.reverses_id WHERE {_LINES_DIFFER}""",  # noqa: S608
    ),
    Invariant(
        "I6", "A transfer moves lots of its own owner and unit.", "transfer",
        """SELECT DISTINCT t.id, 'moved points of lot ' || x.id || ', which is somebody else''s or of another unit' AS text FROM lot_line l
        JOIN transfer t ON t.id = l.transfer_id JOIN lot x ON x.id = l.lot_id WHERE x.owner_id <> t.owner_id OR x.unit <> t.unit""",
    ),
    Invariant(
        "I6", "A lot counts how often it lapsed.", "lot",
        """SELECT x.id, 'says it lapsed ' || x.lapses || ' times, its lines say ' || COALESCE(s.times, 0) AS text FROM lot x
        LEFT JOIN (SELECT lot_id, COUNT(*) AS times FROM lot_line WHERE expired > 0 GROUP BY lot_id) s ON s.lot_id = x.id
        WHERE x.lapses <> COALESCE(s.times, 0)""",
    ),
    Invariant(
        "I7", "A hold ends at most once, with its own points.", "transfer",
        """SELECT r.id, 'does not settle hold ' || r.resolves_id || ' as it was made' AS text FROM transfer r
        LEFT JOIN transfer h ON h.id = r.resolves_id WHERE r.resolves_id IS NOT NULL AND (h.id IS NULL OR h.kind <> 'hold'
        OR h.points <> r.points OR h.owner_id <> r.owner_id OR h.unit <> r.unit)""",
    ),
    Invariant(
        "I7", "A hold ends at most once, with its own points.", "transfer",
        "SELECT resolves_id AS id, 'is settled ' || COUNT(*) || ' times' AS text FROM transfer WHERE resolves_id IS NOT NULL "
        "GROUP BY resolves_id HAVING COUNT(*) > 1",
    ),
    Invariant(
        "I7", "What is held is the sum of the open holds.", "account",
        """SELECT a.id, 'holds ' || a.balance || ', its open holds sum to ' || COALESCE(s.points, 0) AS text FROM account a
        LEFT JOIN (SELECT h.owner_id, h.unit, SUM(h.points) AS points FROM transfer h LEFT JOIN transfer r ON r.resolves_id = h.id
        WHERE h.kind = 'hold' AND r.id IS NULL GROUP BY h.owner_id, h.unit) s ON s.owner_id = a.owner_id AND s.unit = a.unit
        WHERE a.kind = 'held' AND a.balance <> COALESCE(s.points, 0)""",
    ),
    Invariant(
        "I7", "Points that wait are held by an open hold of their own, and such a hold waits for its day.", "transfer",
        """SELECT h.id, 'holds points that wait, and nothing says so' AS text FROM transfer h LEFT JOIN transfer r ON r.resolves_id = h.id
        LEFT JOIN pending p ON p.hold_id = h.id AND p.owner_id = h.owner_id AND p.unit = h.unit AND p.points = h.points
        WHERE h.kind = 'hold' AND h.reason = 'bank.pending' AND (p.hold_id IS NULL OR (p.released_at IS NULL) <> (r.id IS NULL))""",
    ),
    Invariant(
        "I7", "Points that wait are held by an open hold of their own, and such a hold waits for its day.", "pending",
        """SELECT p.award_id AS id, 'waits without a hold of its own award' AS text FROM pending p LEFT JOIN transfer h ON h.id = p.hold_id
        LEFT JOIN transfer a ON a.id = p.award_id WHERE h.id IS NULL OR a.id IS NULL OR h.kind <> 'hold' OR h.reason <> 'bank.pending'
        OR a.kind <> 'award' OR a.owner_id <> p.owner_id OR a.unit <> p.unit""",
    ),
    Invariant(
        "I9", "A reversal undoes exactly its original.", "transfer",
        """SELECT r.id, 'does not undo transfer ' || r.reverses_id AS text FROM transfer r LEFT JOIN transfer o ON o.id = r.reverses_id
        WHERE r.reverses_id IS NOT NULL AND (o.id IS NULL OR o.kind NOT IN ('award', 'adjust', 'capture') OR o.points <> -r.points
        OR o.earned <> -r.earned OR o.owner_id <> r.owner_id OR o.unit <> r.unit)""",
    ),
    Invariant(
        "I9", "A transfer is reversed at most once.", "transfer",
        "SELECT reverses_id AS id, 'is reversed ' || COUNT(*) || ' times' AS text FROM transfer WHERE reverses_id IS NOT NULL "
        "GROUP BY reverses_id HAVING COUNT(*) > 1",
    ),
    Invariant(
        "I11", "A transfer has two sides.", "transfer",
        """SELECT t.id, 'has ' || COUNT(e.id) || ' entries' AS text FROM transfer t LEFT JOIN entry e ON e.transfer_id = t.id
        GROUP BY t.id HAVING COUNT(e.id) < 2""",
    ),
    Invariant(
        "I11", "An entry belongs to a transfer and an account.", "entry",
        """SELECT e.id, 'points to a missing transfer or account' AS text FROM entry e LEFT JOIN transfer t ON t.id = e.transfer_id
        LEFT JOIN account a ON a.id = e.account_id WHERE t.id IS NULL OR a.id IS NULL""",
    ),
    Invariant(
        "I11", "An owner has the three accounts of a unit.", "account",
        """SELECT MIN(id) AS id, 'has ' || COUNT(*) || ' accounts beside it instead of three' AS text FROM account WHERE owner_id IS NOT NULL
        GROUP BY owner_id, unit HAVING COUNT(*) <> 3 OR COUNT(DISTINCT kind) <> 3""",
    ),
    Invariant(
        "I13", "Nobody awards or adjusts their own points.", "transfer",
        "SELECT id, 'was decided by its own owner' AS text FROM transfer WHERE kind IN ('award', 'adjust') AND actor_id = owner_id",
    ),
    Invariant("I2", "The programme's totals are the sums of what is sealed.", "programme_total", find=_wrong_totals),
    Invariant("I6", "A lot lasts as long as its policy says.", "lot", find=_wrong_days),
    Invariant("I10", "The seals are those of the rows, one after the other, and the noted heads are among them.", "block", find=proof.verify),
)  # fmt: skip


def check(session: Session, *, also: Sequence[Invariant] = ()) -> list[Problem]:
    """Return every breach of an invariant with its row, the seals (I10) included; nothing if all hold.

    ``also`` are those of rooms that stand on the safe.
    """
    return [problem for invariant in (*INVARIANTS, *also) for problem in invariant.breaches(session)]
