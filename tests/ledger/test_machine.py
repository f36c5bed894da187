"""The safe against a plain model: whatever verbs come in whatever order, the balances are what arithmetic says."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, get_state_machine_test, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from portal.kernel.db import Database
from portal.ledger.actions.expiring import expire
from portal.ledger.actions.pending import release_pending
from portal.ledger.actions.sealing import seal
from portal.ledger.models import lot, lot_line
from portal.ledger.queries import invariants
from portal.ledger.queries.balances import Balance, balance_of
from portal.ledger.queries.statement import statement_lines
from portal.ledger.queries.totals import programme_totals
from portal.ledger.rules import AccountKind, AlreadyResolved, AlreadyReversed, BalanceTooLow
from tests.ledger import verbs
from tests.ledger.test_lots import set_policy

OWNERS = st.sampled_from([1, 2])
AMOUNTS = st.integers(1, 40)


@dataclass
class Purse:
    """What one owner should have."""

    available: int = 0
    held: int = 0
    owed: int = 0
    lifetime: int = 0

    def gain(self, points: int) -> None:
        self.available += points
        self._settle()

    def lose(self, points: int) -> None:
        self.available -= points
        self._settle()

    def _settle(self) -> None:
        net = self.available - self.owed
        self.available, self.owed = max(net, 0), max(-net, 0)


@dataclass
class Made:
    """A transfer as the model knows it."""

    id: int
    owner: int
    points: int
    kind: str
    earned: int = 0
    is_done: bool = False
    replay: object = field(default=None, repr=False)


class Safe(RuleBasedStateMachine):
    """All verbs on two owners; one unit of work that is rolled back at the end."""

    holds = Bundle("holds")
    gifts = Bundle("gifts")

    def __init__(self, database: Database, kind: str = "fixed", done: list[int] | None = None) -> None:
        super().__init__()
        self.done = [] if done is None else done
        self.session = database._sessions()
        self.now = verbs.NOW
        self.expired = 0
        set_policy(self.session, kind, 2)
        self.purses = {1: Purse(), 2: Purse()}
        self.redeemed = 0
        self.made: list[Made] = []
        self.days = 0
        self.waiting: dict[int, tuple[int, int]] = {}
        for owner in self.purses:
            verbs.open_owner(self.session, owner)

    def _note(self, made: Made, replay) -> Made:
        made.replay = replay
        self.made.append(made)
        return made

    @rule(days=st.integers(1, 40))
    def wait(self, days: int) -> None:
        """Time goes by, and the job lets lapse what is due."""
        self.now += timedelta(days=days)
        day = self.now.date()
        due = self.session.execute(select(lot).where(lot.c.open > 0, lot.c.expires_on < day)).all()
        for row in due:
            lapsed = expire(self.session, verbs.ADMIN, lot_id=row.id, day=day, now=self.now)
            assert lapsed.points == row.open
            assert expire(self.session, verbs.ADMIN, lot_id=row.id, day=day, now=self.now) is None
            self.purses[row.owner_id].available -= row.open
            self.expired += row.open

    @rule(kind=st.sampled_from(["fixed", "inactivity"]), months=st.integers(1, 3), days=st.sampled_from([0, 0, 7]))
    def terms(self, kind: str, months: int, days: int) -> None:
        """What is earned from now on lapses otherwise, or waits."""
        set_policy(self.session, kind, months, days=days, at=self.now)
        self.days = days

    @rule(target=gifts, owner=OWNERS, points=AMOUNTS, ago=st.integers(0, 100))
    def award(self, owner: int, points: int, ago: int) -> Made:
        key, moment, purse = verbs.new_key(), self.now - timedelta(days=ago), self.purses[owner]
        written = verbs.award(self.session, points, owner, key=key, effective_at=moment, now=self.now)
        opened = points - min(points, purse.owed)
        purse.gain(points)
        purse.lifetime += points
        if self.days and opened:
            self.waiting[written.id] = (owner, opened)
            purse.available -= opened
            purse.held += opened
        return self._note(
            Made(written.id, owner, points, "award", points), lambda: verbs.award(self.session, points, owner, key=key, effective_at=moment)
        )

    @rule(number=st.integers(0, 10_000))
    def let_go(self, number: int) -> None:
        """The day comes of points that wait: once, and a second time does nothing."""
        if self.waiting:
            award_id = sorted(self.waiting)[number % len(self.waiting)]
            released = release_pending(self.session, verbs.ADMIN, award_id=award_id, now=self.now)
            assert (released.owner_id, released.points) == self.waiting[award_id]
            assert release_pending(self.session, verbs.ADMIN, award_id=award_id, now=self.now) is None
            self._let_go(award_id)

    def _let_go(self, award_id: int) -> int:
        """Let points of an award wait no longer; return what of them can be spent then, if any waited."""
        owner, points = self.waiting.pop(award_id, (0, 0))
        if not points:
            return 0
        paid = min(points, self.purses[owner].owed)
        self.purses[owner].held -= points
        self.purses[owner].gain(points)
        return points - paid

    @rule(target=gifts, owner=OWNERS, points=AMOUNTS, sign=st.sampled_from([1, -1]), earned=st.booleans())
    def adjust(self, owner: int, points: int, sign: int, earned: bool) -> Made:
        key, points = verbs.new_key(), points * sign
        written = verbs.adjust(self.session, points, owner, counts_as_earned=earned, key=key, now=self.now)
        self.purses[owner].gain(points) if points > 0 else self.purses[owner].lose(-points)
        self.purses[owner].lifetime += points * earned
        made = Made(written.id, owner, points, "adjust", points * earned)
        return self._note(made, lambda: verbs.adjust(self.session, points, owner, counts_as_earned=earned, key=key))

    @rule(target=holds, owner=OWNERS, points=AMOUNTS)
    def hold(self, owner: int, points: int) -> Made:
        purse, key = self.purses[owner], verbs.new_key()
        if points > purse.available:
            with pytest.raises(BalanceTooLow) as refused:
                verbs.hold(self.session, points, owner, key=key)
            assert refused.value.facts == {"needed": points, "available": purse.available}
            return Made(0, owner, points, "refused", is_done=True)
        written = verbs.hold(self.session, points, owner, key=key, now=self.now)
        purse.available -= points
        purse.held += points
        return self._note(Made(written.id, owner, points, "hold"), lambda: verbs.hold(self.session, points, owner, key=key))

    @rule(target=gifts, made=holds, spend=st.booleans())
    def settle(self, made: Made, spend: bool) -> Made:
        verb, key = (verbs.capture if spend else verbs.release), verbs.new_key()
        if made.kind == "refused":
            return made
        if made.is_done:
            with pytest.raises(AlreadyResolved):
                verb(self.session, made.id, key=key)
            return Made(0, made.owner, made.points, "refused", is_done=True)
        written = verb(self.session, made.id, key=key, now=self.now)
        made.is_done = True
        self.purses[made.owner].held -= made.points
        if spend:
            self.redeemed += made.points
        else:
            self.purses[made.owner].gain(made.points)
        done = Made(written.id, made.owner, made.points, "capture" if spend else "refused")
        return self._note(done, lambda: verb(self.session, made.id, key=key))

    @rule(made=gifts)
    def reverse(self, made: Made) -> None:
        if made.kind == "refused":
            return
        if made.is_done:
            with pytest.raises(AlreadyReversed):
                verbs.reverse(self.session, made.id)
            return
        key, settled = verbs.new_key(), self._expired_of(made, self._let_go(made.id))
        written = verbs.reverse(self.session, made.id, key=key, now=self.now)
        made.is_done = True
        purse, back = self.purses[made.owner], made.points if made.kind == "capture" else settled - made.points
        self.expired -= settled
        purse.gain(back) if back > 0 else purse.lose(-back)
        purse.lifetime -= made.earned
        self.redeemed -= made.points if made.kind == "capture" else 0
        self._note(Made(written.id, made.owner, -made.points, "refused"), lambda: verbs.reverse(self.session, made.id, key=key))

    def _expired_of(self, made: Made, let_go: int) -> int:
        """Return what has expired of a gift, behind what is open of its month and terms. ``let_go`` of it waits no longer."""
        if made.kind == "capture" or made.points < 0:
            return 0
        own = self.session.execute(select(lot.c.month, lot.c.policy_id).join(lot_line).where(lot_line.c.transfer_id == made.id).limit(1)).one()
        kin = (lot.c.owner_id == made.owner, lot.c.month == own.month, lot.c.policy_id == own.policy_id)
        rows = self.session.execute(select(lot).where(*kin)).all()
        return min(max(made.points - let_go - sum(row.open for row in rows), 0), sum(row.expired for row in rows))

    @rule(number=st.integers(0, 10_000))
    def repeat(self, number: int) -> None:
        """A double click on any decision ever made."""
        if self.made:
            made = self.made[number % len(self.made)]
            again = made.replay()
            assert (again.id, again.is_replay) == (made.id, True)

    @rule(size=st.integers(1, 5))
    def seal(self, size: int) -> None:
        seal(self.session, now=verbs.NOW, size=size)

    @invariant()
    def balances_are_what_arithmetic_says(self) -> None:
        self.done.append(1)
        for owner, purse in self.purses.items():
            assert balance_of(self.session, owner) == Balance(purse.available, purse.held, purse.owed, purse.lifetime)

    def teardown(self) -> None:
        try:
            assert invariants.check(self.session) == []
            totals = programme_totals(self.session)
            assert (totals[AccountKind.REDEEMED], totals[AccountKind.EXPIRED]) == (self.redeemed, self.expired)
            for owner, purse in self.purses.items():
                lines = statement_lines(self.session, owner)
                balance = 0
                for line in reversed(lines):
                    balance += line.points
                    assert line.balance_after == balance
                assert balance == purse.available - purse.owed
        finally:
            self.session.rollback()
            self.session.close()


CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large]
SEEDS, STEPS = 20, 10_000


@pytest.mark.parametrize("kind", ["fixed", "inactivity"])
def test_any_order_of_verbs_keeps_the_books(database: Database, kind: str) -> None:
    run_state_machine_as_test(
        lambda: Safe(database, kind),
        settings=settings(max_examples=12, stateful_step_count=40, deadline=None, suppress_health_check=CHECKS, print_blob=True, database=None),
    )


@pytest.mark.nightly
@pytest.mark.parametrize("number", range(SEEDS))
def test_ten_thousand_steps_of_a_seed_keep_the_books(database: Database, number: int) -> None:
    """Balances after each step, the whole list of invariants after every fifty."""
    told = settings(max_examples=25, stateful_step_count=50, deadline=None, suppress_health_check=CHECKS, print_blob=True, database=None)
    done: list[int] = []

    def start() -> Safe:
        return Safe(database, ("fixed", "inactivity")[number % 2], done)

    turn = 0
    while len(done) < STEPS:
        seed(number * 1_000 + turn)(get_state_machine_test(start, settings=told))()
        turn += 1
