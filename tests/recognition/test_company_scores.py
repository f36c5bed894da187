"""What is kept of companies is what their people have: whatever happens to scores and people, at once too, and whoever does it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from portal.invariants import problems
from portal.kernel import migrate
from portal.kernel.actor import system
from portal.kernel.clock import micros, utcnow
from portal.kernel.db import Database
from portal.people.actions.boards import choose_board
from portal.people.actions.profile import edit_person
from portal.people.actions.states import change_roles, deactivate_person, reactivate_person
from portal.people.models import Company, Person
from portal.recognition.actions.recounting import recount
from portal.recognition.actions.scores import adjust, reverse
from portal.recognition.actions.seasons import add_season, close_season
from portal.recognition.jobs import close_seasons, run_recount
from portal.recognition.models import CompanyScore, PeriodScore
from portal.recognition.queries.companies import companies_around, company_board, iter_companies
from tests.factories.challenges import as_admin
from tests.factories.people import make_admin, make_company, make_contact
from tests.factories.recognition import do_act, give_points, undo_act
from tests.rewards.racing import all_at_once

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START = datetime(2026, 9, 29, tzinfo=UTC)
PEOPLE, COMPANIES = 7, 3
_keys = count(1)

Line = tuple[int, str, int, int]
people, moments = st.integers(0, PEOPLE - 1), st.integers(0, 6).map(lambda days: START + timedelta(days=days))
events = st.one_of(
    st.tuples(st.just("award"), people, st.sampled_from([10, 20, 30]), moments),
    st.tuples(st.just("adjust"), people, st.sampled_from([-25, -10, 10]), moments),
    st.tuples(st.just("act"), people, st.sampled_from([5, 10]), moments),
    st.tuples(st.just("reverse"), st.integers(0, 40), st.none(), st.none()),
    st.tuples(st.just("undo"), st.integers(0, 40), st.none(), st.none()),
    st.tuples(st.just("move"), people, st.sampled_from([None, *range(COMPANIES)]), st.none()),
    st.tuples(st.just("choose"), people, st.sampled_from([(True, ""), (True, "nick"), (False, ""), (False, "nick")]), st.none()),
    st.tuples(st.just("staff"), people, st.booleans(), st.none()),
    st.tuples(st.just("shut"), people, st.booleans(), st.none()),
    st.tuples(st.just("recount"), people, st.sampled_from(["tracks", "everything"]), st.none()),
)


def plainly(session: Session, period: str) -> list[Line]:
    """Add up in Python who stands there by name, company by company: the rule as it is said, with nothing kept."""
    found = select(Person.company_id, Company.name, PeriodScore.score, PeriodScore.first_neg)
    found = found.join(Person, Person.id == PeriodScore.member_id).join(Company, Company.id == Person.company_id)
    sums: dict[int, list[Any]] = {}
    for company_id, name, score, first in session.execute(
        found.where(PeriodScore.period == period, PeriodScore.is_shown, PeriodScore.score > 0, Person.board_name.is_(None))
    ):
        held = sums.setdefault(company_id, [0, first, company_id, name, 0])
        held[0], held[1], held[4] = held[0] + score, min(held[1], first), held[4] + 1
    order = sorted(sums.values(), key=lambda held: held[:3], reverse=True)
    return [(1 + sum(other[0] > held[0] for other in order), held[3], held[4], held[0]) for held in order]


def lines(rows: Any) -> list[Line]:
    return [(row.rank, row.company, row.members, row.points) for row in rows]


def play(session: Session, plan: list[tuple[Any, ...]]) -> None:
    """Do what the plan says; what cannot be (an award taken back twice) is left out."""
    made = [make_company(session, name=f"Company {n}").id for n in range(COMPANIES)]
    members = [make_contact(session, email=None, name=f"Member {n}", company_id=made[n % COMPANIES]).id for n in range(PEOPLE)]
    admin, paid, done = as_admin(make_admin(session)), [], []
    for kind, which, what, moment in plan:
        key, person_id = f"companies:{next(_keys)}", members[which % PEOPLE]
        person = session.get_one(Person, person_id)
        if kind == "award":
            paid.append(give_points(session, person_id, what, at=moment, key=key).id)
        elif kind == "adjust":
            facts = {"counts_as_earned": True, "key": key, "reason": "test.adjusted", "now": moment}
            paid.append(adjust(session, system(), person_id=person_id, points=what, **facts).id)
        elif kind == "act":
            done.append(do_act(session, person_id, points=what, at=moment))
        elif kind == "reverse" and paid:
            reverse(session, system(), transfer_id=paid.pop(which % len(paid)), key=key, reason="test.back", now=START)
        elif kind == "undo" and done:
            undo_act(session, done.pop(which % len(done)), now=START)
        elif kind == "move":
            company_id = None if what is None else made[what]
            edit_person(session, admin, person_id=person_id, name=person.name, title="", email=None, company_id=company_id, now=START)
        elif kind == "choose":
            nickname = f"{what[1]} {which}" if what[1] else ""
            choose_board(session, system(), person_id=person_id, is_listed=what[0], nickname=nickname, now=START)
        elif kind == "staff":
            change_roles(session, admin, person_id=person_id, roles={"advocate", "employee"} if what else {"advocate"}, now=START)
        elif kind == "shut" and what is (person.deactivated_at is None):
            if what:
                deactivate_person(session, admin, person_id=person_id, reason="Left", now=START)
            else:
                reactivate_person(session, admin, person_id=person_id, now=START)
        elif kind == "recount":
            recount(session, person_ids=[person_id, members[0]], boards=what)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(events, max_size=30))
def test_the_companies_board_is_what_a_plain_sum_says(hearing_session: Session, plan: list[tuple[Any, ...]]) -> None:
    session = hearing_session
    example = session.begin_nested()
    try:
        play(session, plan)
        for period in ("all", "2026-Q3", "2026-Q4", "2026-09", "2026-10", "all/engage"):
            expected = plainly(session, period)
            assert lines(company_board(session, period, after=None)) == expected
            assert lines(iter_companies(session, period)) == expected
            assert lines(company_board(session, period, term="company 1", after=None)) == [line for line in expected if line[1] == "Company 1"]
            for company_id in session.scalars(select(CompanyScore.company_id).where(CompanyScore.period == period)):
                assert lines(companies_around(session, period, company_id)) == expected
        assert problems(session) == []
    finally:
        example.rollback()
        session.expunge_all()


def test_a_company_reached_its_points_when_the_last_of_its_people_did(hearing: Database) -> None:
    """Also after that person's award is taken back, and after they go: then it is the last of who is left."""

    def prepare(session: Session) -> tuple[int, list[int], int]:
        company = make_company(session)
        members = [make_contact(session, company_id=company.id).id for _ in range(3)]
        for days, person_id in enumerate(members):
            give_points(session, person_id, 10, at=NOW + timedelta(days=days))
        return company.id, members, give_points(session, members[0], 5, at=NOW + timedelta(days=3)).id

    company_id, members, last = hearing.write(prepare)

    def reached() -> datetime:
        with hearing.reading() as session:
            return -session.get_one(CompanyScore, (company_id, "all")).first_neg

    assert reached() == micros(NOW + timedelta(days=3))
    hearing.write(lambda s: reverse(s, system(), transfer_id=last, key="back", reason="test.back", now=NOW))
    assert reached() == micros(NOW + timedelta(days=2))
    hearing.write(lambda s: choose_board(s, system(), person_id=members[2], is_listed=False, nickname="", now=NOW))
    assert reached() == micros(NOW + timedelta(days=1))


def test_a_company_whose_people_all_go_stands_nowhere(hearing: Database) -> None:
    def prepare(session: Session) -> tuple[int, int]:
        company = make_company(session)
        person = make_contact(session, company_id=company.id)
        do_act(session, person.id, at=NOW)
        return company.id, person.id

    company_id, person_id = hearing.write(prepare)
    hearing.write(lambda s: s.execute(update(Person).where(Person.id == person_id).values(company_id=None)))
    with hearing.reading() as session:
        assert session.scalars(select(CompanyScore)).all() == []
    hearing.write(lambda s: s.execute(update(Person).where(Person.id == person_id).values(company_id=company_id)))
    with hearing.reading() as session:
        assert lines(company_board(session, "all", after=None)) == plainly(session, "all") != []


def test_a_season_that_closes_takes_its_companies_along(hearing: Database) -> None:
    def prepare(session: Session) -> str:
        season = add_season(session, system("test"), name="Autumn", starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30), now=NOW)
        for n in range(4):
            company = make_company(session, name=f"C{n}")
            for _ in range(3):
                do_act(session, make_contact(session, company_id=company.id).id, at=NOW)
        return f"s{season.id}"

    board = hearing.write(prepare)
    with hearing.reading() as session:
        assert len(lines(company_board(session, board, after=None))) == 4
    close_seasons(hearing, datetime(2026, 12, 2, tzinfo=UTC))
    with hearing.reading() as session:
        assert {row.period[0] for row in session.scalars(select(CompanyScore))} == {"a", "2"}
        assert len(lines(company_board(session, "all/engage", after=None))) == 4


def _company(session: Session, number: int, name: str = "One Ltd") -> tuple[int, list[int]]:
    company = make_company(session, name=name)
    return company.id, [make_contact(session, company_id=company.id, email=None).id for _ in range(number)]


def test_of_one_company_eight_who_are_paid_at_once_lose_nothing(hearing: Database) -> None:
    """Each pays two colleagues, in an order that crosses the others': the company's row is where they all meet."""
    company_id, members = hearing.write(lambda s: _company(s, 8))

    def pay(first: int) -> Callable[[Session], None]:
        def work(session: Session) -> None:
            for person_id in (members[first], members[first - 1]):
                do_act(session, person_id, points=10, at=NOW)

        return work

    assert all_at_once(hearing, [pay(n) for n in range(8)] * 2) == Counter({"done": 16})
    with hearing.reading() as session:
        kept = session.get_one(CompanyScore, (company_id, "all"))
        assert (kept.points, kept.members) == (320, 8)
        assert lines(company_board(session, "all/engage", after=None)) == plainly(session, "all/engage") == [(1, "One Ltd", 8, 320)]


def test_people_who_go_are_paid_and_are_counted_anew_at_once_leave_what_is_there(hearing: Database) -> None:
    def prepare(session: Session) -> tuple[list[int], list[int]]:
        made = [_company(session, 4, name) for name in ("One Ltd", "Two Ltd")]
        for _company_id, members in made:
            for person_id in members:
                do_act(session, person_id, points=10, at=NOW)
        return [company_id for company_id, _members in made], [person_id for _company_id, members in made for person_id in members]

    companies, members = hearing.write(prepare)
    there = {person_id: companies[n // 4] for n, person_id in enumerate(members)}

    def move(person_id: int) -> Callable[[Session], Any]:
        other = companies[0] if there[person_id] == companies[1] else companies[1]
        return lambda s: s.execute(update(Person).where(Person.id == person_id).values(company_id=other))

    works = [lambda s, p=p: do_act(s, p, points=10, at=NOW) for p in members]
    works += [move(person_id) for person_id in (members[0], members[1], members[4])]
    works += [lambda s, b=boards: recount(s, person_ids=members, boards=b) for boards in ("tracks", "everything")]
    works.append(lambda s: choose_board(s, system(), person_id=members[2], is_listed=True, nickname="Northern light", now=NOW))
    assert all_at_once(hearing, works) == Counter({"done": len(works)})
    run_recount(hearing, {"boards": "everything"}, NOW)
    with hearing.reading() as session:
        for period in ("all", "2026-11", "all/engage"):
            found = lines(company_board(session, period, after=None))
            assert found == plainly(session, period)
            assert sum(points for *_line, points in found) == 140
        assert problems(session) == []


@pytest.mark.breaks_the_books(reason="the tables are taken down")
def test_what_was_earned_before_there_were_sums_is_in_them(hearing: Database) -> None:
    def prepare(session: Session) -> None:
        for n in range(3):
            company = make_company(session, name=f"C{n}")
            for turn in range(3):
                do_act(session, make_contact(session, company_id=company.id, email=None).id, points=10 * (n + turn), at=NOW + timedelta(hours=turn))
        hidden = make_contact(session, company_id=company.id)
        do_act(session, hidden.id, points=500, at=NOW)
        choose_board(session, system(), person_id=hidden.id, is_listed=True, nickname="Northern light", now=NOW)
        do_act(session, make_contact(session).id, points=900, at=NOW)

    hearing.write(prepare)
    with hearing.reading() as session:
        before = session.execute(text("SELECT * FROM company_score ORDER BY company_id, period")).all()
    migrate.downgrade(hearing, "0052")
    migrate.upgrade(hearing)
    with hearing.reading() as session:
        assert session.execute(text("SELECT * FROM company_score ORDER BY company_id, period")).all() == before != []
        assert [line[1:] for line in lines(company_board(session, "all", after=None))] == [("C2", 3, 90), ("C1", 3, 60), ("C0", 2, 30)]
        assert problems(session) == []
    hearing.write(lambda s: do_act(s, s.scalars(select(Person.id).where(Person.company_id.is_not(None)).limit(1)).one(), at=utcnow()))


def test_a_season_whose_points_come_in_the_transaction_that_closes_it_leaves_nothing(hearing: Database) -> None:
    def work(session: Session) -> None:
        season = add_season(session, system("test"), name="Autumn", starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30), now=NOW)
        _company_id, members = _company(session, 2)
        for person_id in members:
            do_act(session, person_id, points=10, at=NOW)
        assert close_season(session, system("test"), season_id=season.id, now=datetime(2026, 12, 2, tzinfo=UTC))
        do_act(session, members[0], points=10, at=NOW)

    hearing.write(work)
    with hearing.reading() as session:
        assert {row.period[0] for row in session.scalars(select(CompanyScore))} == {"a", "2"}
        assert lines(company_board(session, "all", after=None)) == plainly(session, "all") == [(1, "One Ltd", 2, 30)]
