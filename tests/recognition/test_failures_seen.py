"""What went wrong in other systems with boards and badges, by its name: each happened to somebody, none may happen here."""

import os
import signal
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any

from sqlalchemy import delete, event, func, insert, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.schema import Base
from portal.ledger.models import transfer
from portal.ledger.queries.balances import balance_of
from portal.notifications.jobs import Delivery
from portal.notifications.models import OutboxJob
from portal.notifications.rules import LEASE
from portal.people.models import Person
from portal.recognition.actions.badges import BACKFILL
from portal.recognition.actions.scores import adjust
from portal.recognition.jobs import JOBS, keep_fences, run_recount
from portal.recognition.models import BadgeHolding, Celebration, FenceBuild, PeriodScore
from portal.recognition.queries.levels import rung_for
from portal.recognition.rules.badges import BATCH
from portal.recognition.rules.boards import quarter_of
from tests.factories.people import make_contact
from tests.factories.recognition import do_act, give_points, make_badge, undo_act
from tests.support.counting import CountQueries

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def add_people(session: Session, number: int) -> list[int]:
    """Write many people at once; return their ids."""
    template = {c.name: getattr(make_contact(session), c.name) for c in Person.__table__.columns}
    ids = [template["id"] + 1_000 + n for n in range(number)]
    rows = [template | {"id": n, "email": None, "email_key": None, "made_by": None, "name": f"Member {n}"} for n in ids]
    session.execute(insert(Person.__table__), rows)
    return ids


def test_an_award_places_nobody_else_anew_and_asks_as_much_on_a_long_board_as_on_a_short_one(hearing: Database, count_queries: CountQueries) -> None:
    """Elsewhere the rank of everybody was computed inside each award."""
    standing = select(PeriodScore.member_id, PeriodScore.period, PeriodScore.score, PeriodScore.first_neg).order_by(
        PeriodScore.member_id, PeriodScore.period
    )
    asked = []
    for members in (3, 400):

        def prepare(session: Session, members: int = members) -> int:
            ids, periods = add_people(session, members), ("all", quarter_of(NOW.date()), f"{NOW:%Y-%m}")
            rows = [{"member_id": n, "period": p, "score": 10 + n % 7, "first_neg": -n, "is_shown": True} for n in ids for p in periods]
            session.execute(insert(PeriodScore.__table__), rows)
            return make_contact(session).id

        person_id = hearing.write(prepare)
        with hearing.reading() as session:
            others = session.execute(standing).all()
        with count_queries() as counted:
            hearing.write(lambda s, p=person_id: do_act(s, p, points=500, at=NOW, now=NOW))  # the new first
        asked.append(counted.total)
        with hearing.reading() as session:
            assert session.execute(standing.where(PeriodScore.member_id != person_id)).all() == others
            assert session.scalar(select(func.count()).select_from(FenceBuild)) == 0
    assert asked[0] == asked[1]


def test_only_the_boards_that_changed_are_looked_through_again(database: Database) -> None:
    """Elsewhere refreshing every board at once became what everybody waited for. An award adds to its own rows; months that are over rest."""
    people = database.write(lambda s: [make_contact(s).id for _ in range(6)])
    before = NOW - timedelta(days=30)

    def pay(session: Session, at: datetime) -> None:
        for person_id in people:
            give_points(session, person_id, 10 + person_id, at=at, now=NOW)

    for at in (before, NOW):
        database.write(lambda s, at=at: pay(s, at))
    over, running = f"{before:%Y-%m}", {"all", quarter_of(NOW.date()), f"{NOW:%Y-%m}"}
    assert set(keep_fences(database, NOW, step=2, beyond=5)) == {over, quarter_of(before.date()), *running}
    database.write(lambda s: give_points(s, people[0], 5, at=NOW, now=NOW))
    later = NOW + timedelta(hours=2)
    assert set(keep_fences(database, later, step=2, beyond=5)) == running
    assert keep_fences(database, later + timedelta(hours=2), step=2, beyond=5) == []


def deliver_and_die(url: str, job_id: int, moment: datetime) -> None:
    """Run a job as the worker does, and be killed without warning in the middle of its second batch. Runs in a process of its own."""
    database, given = Database(url), []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO badge_holding"):
            given.append(statement)
            if len(given) > BATCH + 60:
                os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", count)
    Delivery(database, JOBS, clock=lambda: moment).deliver(job_id)


def test_a_backfill_that_is_killed_midway_goes_on_and_gives_every_badge_once(database: Database) -> None:
    """Elsewhere one transaction for everybody was killed at its time limit, each time, and nobody got a badge any more."""

    def prepare(session: Session) -> tuple[int, int, list[int]]:
        ids = add_people(session, BATCH + 120)
        act = {"company_id": None, "kind": "test", "track": "engage", "source_type": "test", "points": 10, "recorded_at": NOW, "reversed_at": None}
        session.execute(insert(Act.__table__), [act | {"person_id": n, "source_id": n, "happened_at": NOW + timedelta(seconds=n)} for n in ids])
        badge_id = make_badge(session, options={"number": 1}, now=NOW).id
        return badge_id, session.scalars(select(OutboxJob.id).where(OutboxJob.topic == BACKFILL)).one(), ids

    def holders() -> list[tuple[int, int]]:
        """Everybody with the badge, and how often each was congratulated on it."""
        congratulated = select(func.count()).where(Celebration.person_id == BadgeHolding.person_id, Celebration.subject_id == badge_id)
        with database.reading() as session:
            held = select(BadgeHolding.person_id, congratulated.scalar_subquery()).where(BadgeHolding.badge_id == badge_id)
            return [(row[0], row[1]) for row in session.execute(held.order_by(BadgeHolding.person_id))]

    badge_id, job_id, ids = database.write(prepare)
    start = NOW + timedelta(days=1)
    worker = get_context("spawn").Process(target=deliver_and_die, args=(database.url, job_id, start))
    worker.start()
    worker.join()
    assert worker.exitcode == -signal.SIGKILL
    assert holders() == [(person_id, 1) for person_id in ids[:BATCH]]
    Delivery(database, JOBS, clock=lambda: start + timedelta(seconds=1)).deliver(job_id)
    assert len(holders()) == BATCH  # its lease still holds: the worker might only be slow
    for after in (LEASE, 2 * LEASE):
        moment = start + after + timedelta(seconds=1)
        Delivery(database, JOBS, clock=lambda moment=moment: moment).deliver(job_id)
        assert holders() == [(person_id, 1) for person_id in ids]
    with database.reading() as session:
        assert session.get_one(OutboxJob, job_id).done_at == start + LEASE + timedelta(seconds=1)


POINTS_OF_PEOPLE = {
    "account_insight": "what somebody answered, from 0 to 10",
    "act": "the record of one act",
    "adjustment": "the record of one correction",
    "challenge_version": "what is offered",
    "dispute": "what one answer gave",
    "period_score": "counted, from the ledger and the acts",
    "points_budget": "what is planned",
    "redemption": "the record of one redemption",
    "repricing": "the record of one decision",
    "repricing_line": "the record of one completion paid anew",
    "request_terms": "what is paid for each kind of help",
    "season_standing": "kept as it was when a season closed",
    "verdict": "the record of one verdict",
}
"""Every table that names a person by a foreign key and holds points, and what those are. One is a sum that counts: ``period_score``."""


def test_points_of_people_are_summed_in_one_table_alone_and_counted_anew_from_the_ledger_nothing_comes_back(hearing: Database) -> None:
    """Elsewhere a second table of points was forgotten when accounts were joined, and its points came back with the next count.

    Nobody joins accounts here. What is held instead: the tables are found by their foreign keys, so that a new one has to be named here;
    and all that counts (every board, lifetime points, the level) follows from the ledger alone.
    """
    holding = {
        table.name
        for table in Base.metadata.sorted_tables
        if any(key.target_fullname == "person.id" for column in table.columns for key in column.foreign_keys)
        and {"points", "score", "balance", "lifetime", "price", "difference", "total", "earned"} & set(table.columns.keys())
    }
    assert holding == set(POINTS_OF_PEOPLE)

    def prepare(session: Session) -> list[int]:
        people = [make_contact(session).id for _ in range(3)]
        for n, person_id in enumerate(people):
            do_act(session, person_id, points=400 * (n + 1), track=("engage", "endorse", "earn")[n], at=NOW, now=NOW)
        gone = do_act(session, people[0], points=5_000, at=NOW, now=NOW)
        facts = {"counts_as_earned": True, "reason": "test.adjusted", "now": NOW}
        adjust(session, system("test"), person_id=people[1], points=-100, key="less", **facts)
        undo_act(session, gone, now=NOW)
        return people

    people = hearing.write(prepare)
    counted = select(PeriodScore.member_id, PeriodScore.period, PeriodScore.score).where(PeriodScore.score != 0)
    with hearing.reading() as session:
        before = set(session.execute(counted).all())
        earned = dict(session.execute(select(transfer.c.owner_id, func.sum(transfer.c.earned)).group_by(transfer.c.owner_id)).all())
        levels = {one: rung_for(session, one) for one in people}
    assert {member: score for member, period, score in before if period == "all"} == earned == dict(zip(people, (400, 700, 1_200), strict=True))
    hearing.write(lambda s: s.execute(delete(PeriodScore)))
    for _ in range(2):
        run_recount(hearing, {"boards": "everything"}, NOW)
        with hearing.reading() as session:
            assert set(session.execute(counted).all()) == before
            assert {one: balance_of(session, one).lifetime for one in people} == earned
            assert {one: rung_for(session, one) for one in people} == levels
