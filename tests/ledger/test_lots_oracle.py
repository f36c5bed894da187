"""Three years of one member, judged by Beancount: it books the same acts first in, first out, and must be left with the same lots."""

import csv
import io
import random
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from beancount import loader
from beancount.core.data import Transaction
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.ledger.actions.expiring import expire
from portal.ledger.lots import PLACES
from portal.ledger.models import lot
from portal.ledger.queries.balances import balance_of
from tests.ledger.books import fill
from tests.ledger.test_lots import set_policy
from tests.ledger.verbs import ADMIN, OWNER, award, capture, hold, open_owner, release

MONTHS, GOOD_FOR = 36, 6


class Oracle:
    """What Beancount makes of it. Lots are told apart by the month in their cost; what leaves names no lot, so Beancount chooses."""

    def __init__(self) -> None:
        accounts = ("Assets:Held", "Equity:Issued", "Equity:Redeemed", "Equity:Expired")
        self.lines = ['2019-01-01 open Assets:Available PTS "FIFO"', *(f"2019-01-01 open {name}" for name in accounts)]

    def book(self, day: date, link: str, *postings: str) -> None:
        self.lines += [f'{day} * "{link}" ^{link}', *(f"  {posting}" for posting in postings)]

    def read(self) -> list[Transaction]:
        entries, errors, _options = loader.load_string("\n".join(self.lines) + "\n")
        assert errors == []
        return [entry for entry in entries if isinstance(entry, Transaction)]

    def left(self) -> dict[date, int]:
        """Return what is left of each month."""
        found: Counter[date] = Counter()
        for entry in self.read():
            for posting in entry.postings:
                if posting.account == "Assets:Available":
                    found[posting.cost.date] += int(posting.units.number)
        return {month: points for month, points in sorted(found.items()) if points}

    def taken_by(self, link: str) -> dict[date, int]:
        """Return the lots from which a hold was booked."""
        booked = next(entry for entry in self.read() if link in entry.links)
        return {p.cost.date: -int(p.units.number) for p in booked.postings if p.account == "Assets:Available"}


class Life:
    """One member's three years: several acts a month, and the job on each first day."""

    def __init__(self, session: Session, seed: int) -> None:
        self.session, self.random, self.oracle = session, random.Random(seed), Oracle()
        self.holds: dict[int, int] = {}
        self.done: Counter[str] = Counter()
        open_owner(session)
        set_policy(session, "fixed", GOOD_FOR, at=datetime(2019, 12, 1, tzinfo=UTC))

    def live(self) -> None:
        for number in range(MONTHS):
            year, month = divmod(2020 * 12 + number, 12)
            self.expire(date(year, month + 1, 1))
            # Up to the 20th: a week of grace then ends before the month does, so oldest first and first to expire are the same.
            for day in sorted(self.random.choices(range(2, 21), k=8)):
                act = self.random.choice([self.award, self.award, self.hold, self.hold, self.settle])
                act(datetime(year, month + 1, day, 12, tzinfo=UTC))

    def award(self, at: datetime) -> None:
        points = self.random.randint(1, 60)
        given = award(self.session, points, effective_at=at, now=at)
        self.oracle.book(at.date(), f"t{given.id}", f"Assets:Available  {points} PTS {{1 EUR, {at.date().replace(day=1)}}}", "Equity:Issued")
        self.done["award"] += 1

    def hold(self, at: datetime) -> None:
        available = balance_of(self.session, OWNER).available
        if available:
            points = self.random.randint(1, min(available, 80))
            held = hold(self.session, points, now=at)
            self.holds[held.id] = points
            self.oracle.book(at.date(), f"t{held.id}", f"Assets:Available  -{points} PTS {{}}", "Assets:Held")
            self.done["hold"] += 1

    def settle(self, at: datetime) -> None:
        if not self.holds:
            return
        hold_id = self.random.choice(list(self.holds))
        points = self.holds.pop(hold_id)
        if self.random.random() < 0.5:
            spent = capture(self.session, hold_id, now=at)
            self.oracle.book(at.date(), f"t{spent.id}", f"Assets:Held  -{points} EUR", "Equity:Redeemed")
            self.done["capture"] += 1
            return
        back = release(self.session, hold_id, now=at)
        lots = [f"Assets:Available  {part} PTS {{1 EUR, {month}}}" for month, part in self.oracle.taken_by(f"t{hold_id}").items()]
        self.oracle.book(at.date(), f"t{back.id}", *lots, "Assets:Held")
        self.done["release"] += 1

    def expire(self, day: date) -> None:
        # By the oracle's own calendar, and whatever it has left of those months; only the acts are ours.
        for month, points in self.oracle.left().items():
            if (day.year - month.year) * 12 + day.month - month.month > GOOD_FOR:
                self.oracle.book(day, f"expired-{month}-{day}", f"Assets:Available  -{points} PTS {{1 EUR, {month}}}", "Equity:Expired")
        due = self.session.scalars(select(lot.c.id).where(lot.c.open > 0, lot.c.expires_on < day).order_by(lot.c.expires_on)).all()
        for lot_id in due:
            lapsed = expire(self.session, ADMIN, lot_id=lot_id, day=day, now=datetime(day.year, day.month, day.day, 3, tzinfo=UTC))
            assert lapsed is not None
            self.done["expire"] += 1


@pytest.mark.parametrize("seed", [1, 2])
def test_beancount_is_left_with_the_same_lots_as_the_export_after_three_years(app: Flask, database: Database, seed: int) -> None:
    def live(session: Session) -> Life:
        life = Life(session, seed)
        life.live()
        return life

    life = database.write(live)
    assert min(life.done[act] for act in ("award", "hold", "capture", "release", "expire")) >= 5, life.done
    result = app.test_cli_runner().invoke(args=["ledger", "export", "--format", "lots"])
    exported: Counter[date] = Counter()
    for row in csv.DictReader(io.StringIO(result.output)):
        exported[date.fromisoformat(row["month"])] += int(row["open"])
    assert {month: points for month, points in sorted(exported.items()) if points} == life.oracle.left() != {}


def test_the_export_lists_every_lot_with_its_sums(app: Flask, database: Database) -> None:
    fill(database, owners=2)
    database.write(lambda session: set_policy(session, "fixed", 12))
    database.write(lambda session: award(session, 7, 2))
    result = app.test_cli_runner().invoke(args=["ledger", "export", "--format", "lots"])
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.output)))
    with database.reading() as session:
        found = session.execute(select(lot)).mappings().all()
    assert len(rows) == len(found)
    for name in ("earned", *PLACES):
        assert sum(int(row[name]) for row in rows) == sum(row[name] for row in found)
    assert [(row["owner"], row["unit"], row["month"], row["expires_on"], row["open"]) for row in rows][-1] == (
        "2",
        "points",
        "2026-03-01",
        "2027-03-31",
        "7",
    )
    assert {row["expires_on"] for row in rows[:-1]} == {""}, "what never expires has no day"
