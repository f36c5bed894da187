"""Whatever happens, the board is what a plain ranking in Python says: of a period, a track, a company, with and without fence posts."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count, product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.db import programme_zone
from portal.people.actions.boards import choose_board
from portal.people.models import Company, Person
from portal.recognition.actions.fences import replace_fences
from portal.recognition.actions.scores import adjust, person_changed, reverse
from portal.recognition.queries.board import get_board, iter_board
from portal.recognition.queries.fences import look_at, posts_of
from portal.recognition.rules.boards import periods_of, split_key
from portal.web.paging import page_by
from tests.factories.people import make_company, make_contact
from tests.factories.recognition import do_act, give_points, undo_act

START = datetime(2026, 9, 29, tzinfo=UTC)
MEMBERS, COMPANIES = 8, 2
_keys = count(1)

moments = st.integers(0, 6).map(lambda days: START + timedelta(days=days))
members = st.integers(0, MEMBERS - 1)
acts = st.one_of(
    st.tuples(st.just("act"), members, st.sampled_from([("engage", 10), ("engage", 20), ("earn", 20), ("earn", 0)]), moments),
    st.tuples(st.just("undo"), st.integers(0, 40), st.none(), st.none()),
    st.tuples(st.just("award"), members, st.sampled_from([10, 20, 30]), moments),
    st.tuples(st.just("adjust"), members, st.sampled_from([-15, -10, 10]), moments),
    st.tuples(st.just("reverse"), st.integers(0, 40), st.none(), st.none()),
    st.tuples(st.just("hide"), members, st.booleans(), st.none()),
    st.tuples(st.just("leave"), members, st.booleans(), st.none()),
    st.tuples(st.just("nickname"), members, st.booleans(), st.none()),
    st.tuples(st.just("move"), members, st.sampled_from([None, 0, 1]), st.none()),
)


@dataclass
class Plain:
    """The model: what each member earned, in which track if any, and when, as a list."""

    zone: str
    earned: list[tuple[int, int, datetime, str | None]] = field(default_factory=list)
    hidden: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    nicknamed: set[int] = field(default_factory=set)
    works_for: dict[int, int] = field(default_factory=dict)

    def board(self, key: str, company: int | None = None) -> list[tuple[int, int, int]]:
        """Return (rank, member, points), best first, by counting for each who has more; of a company who works there now and shows it."""
        totals: dict[int, int] = {}
        reached: dict[int, datetime] = {}
        period, wanted = split_key(key)
        for member, points, moment, track in self.earned:
            if period in periods_of(moment, self.zone) and wanted in (None, track):
                totals[member] = totals.get(member, 0) + points
                if points > 0:
                    reached[member] = max(reached.get(member, moment), moment)
        listed = {member: points for member, points in totals.items() if points > 0 and member not in self.hidden | self.left}
        if company is not None:
            listed = {who: points for who, points in listed.items() if self.works_for.get(who) == company and who not in self.nicknamed}
        order = sorted(listed, key=lambda member: (-listed[member], reached[member], -member))
        return [(1 + sum(points > listed[member] for points in listed.values()), member, listed[member]) for member in order]


def play(session: Session, plan: list[tuple[object, ...]]) -> Plain:
    """Do the same to the portal and to the model."""
    people = [make_contact(session, email=None, name=f"Member {n}") for n in range(MEMBERS)]
    companies = [make_company(session, name=f"Firm {n}") for n in range(COMPANIES)]
    model, transfers, done = Plain(programme_zone(session)), {}, {}
    for number, person in enumerate(people[:-2]):
        person.company_id = model.works_for[person.id] = companies[number % COMPANIES].id
    for kind, which, amount, moment in plan:
        key = f"property:{next(_keys)}"
        if kind == "award":
            row = (people[which].id, amount, moment, None)
            transfers[give_points(session, people[which].id, amount, at=moment, key=key).id] = row
            model.earned.append(row)
        elif kind == "adjust":
            row = (people[which].id, amount, moment, None)
            facts = {"counts_as_earned": True, "key": key, "reason": "test.adjusted", "now": moment}
            transfers[adjust(session, system(), person_id=people[which].id, points=amount, **facts).id] = row
            model.earned.append(row)
        elif kind == "reverse" and transfers:
            chosen = sorted(transfers)[which % len(transfers)]
            reverse(session, system(), transfer_id=chosen, key=key, reason="test.back", now=START)
            model.earned.remove(transfers.pop(chosen))
        elif kind == "act":
            track, points = amount
            number = do_act(session, people[which].id, points=points, track=track, at=moment)
            done[number] = (people[which].id, points, moment, track)
            model.earned.append(done[number])
        elif kind == "undo" and done:
            chosen = sorted(done)[which % len(done)]
            undo_act(session, chosen, now=START)
            model.earned.remove(done.pop(chosen))
        elif kind == "leave":
            person = people[which]
            choose_board(session, system(), person_id=person.id, is_listed=not amount, nickname="", now=START)
            (model.left.add if amount else model.left.discard)(person.id)
            model.nicknamed.discard(person.id)
        elif kind == "nickname":
            person = people[which]
            choose_board(session, system(), person_id=person.id, is_listed=True, nickname=f"Nick {person.id}" if amount else "", now=START)
            (model.nicknamed.add if amount else model.nicknamed.discard)(person.id)
            model.left.discard(person.id)
        elif kind == "move":
            person, model.works_for[people[which].id] = people[which], companies[amount].id if amount is not None else 0
            person.company_id = companies[amount].id if amount is not None else None
            session.flush()
        elif kind == "hide":
            person = people[which]
            person.is_employee = amount
            session.flush()
            person_changed(session, person.id)
            (model.hidden.add if amount else model.hidden.discard)(person.id)
    return model


def build(session: Session, period: str) -> None:
    replace_fences(session, period=period, posts=posts_of(session, period, step=2), look=look_at(session, period), now=START)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(acts, max_size=30), is_fenced=st.booleans())
def test_the_board_is_what_a_plain_ranking_says(hearing_session: Session, plan: list[tuple[object, ...]], is_fenced: bool) -> None:
    session = hearing_session
    example = session.begin_nested()
    try:
        model = play(session, plan)
        for period in ("all", "2026-Q3", "2026-Q4", "2026-09", "2026-10", "all/engage", "2026-Q4/earn", "2026-10/engage"):
            expected = model.board(period)
            if is_fenced and expected:
                build(session, period)
            assert [(row.rank, row.member_id, row.points) for row in iter_board(session, period)] == expected
            page = get_board(session, period)
            assert [(row.rank, row.member_id, row.points) for row in page.page] == expected
            assert page.members == len(expected)
            for position, (rank, member, points) in enumerate(expected):
                board = get_board(session, period, member_id=member)
                assert (board.own.rank, board.own.points) == (rank, points)
                around = expected[max(position - 3, 0) : position + 4]
                assert [(row.rank, row.member_id, row.points) for row in board.around] == around
    finally:
        example.rollback()
        session.expunge_all()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=st.lists(acts, max_size=30), size=st.integers(1, 3))
def test_the_board_within_a_company_is_what_a_plain_ranking_says(hearing_session: Session, plan: list[tuple[object, ...]], size: int) -> None:
    """Pages of one to three lines, so that ties go over their edges; places, neighbours, how many there are, and the whole for a file."""
    session = hearing_session
    example = session.begin_nested()
    try:
        model = play(session, plan)
        companies = session.scalars(select(Company.id).where(Company.name.startswith("Firm "))).all()
        assert len(companies) == COMPANIES
        for period, company in product(("all", "2026-09", "2026-10", "all/engage", "2026-Q4/earn"), companies):
            expected = model.board(period, company)
            assert [(row.rank, row.member_id, row.points) for row in iter_board(session, period, company_id=company)] == expected
            assert by_pages(session, period, company, size) == expected
            places = {member: (place, position) for position, (place, member, _points) in enumerate(expected)}
            for person_id in session.scalars(select(Person.id).where(Person.name.startswith("Member "))):
                board = get_board(session, period, member_id=person_id, company_id=company)
                assert board.members == len(expected)
                if person_id not in places:
                    assert (board.own, list(board.around)) == (None, [])
                    continue
                place, position = places[person_id]
                assert (board.own.rank, board.own.member_id) == (place, person_id)
                assert [(row.rank, row.member_id, row.points) for row in board.around] == expected[max(position - 3, 0) : position + 4]
    finally:
        example.rollback()
        session.expunge_all()


def by_pages(session: Session, period: str, company: int, size: int) -> list[tuple[int, int, int]]:
    """Return the board within a company as somebody reads it who turns its pages, of ``size`` lines each."""
    lines, after = [], None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.recognition.queries.board.page_by", partial(page_by, size=size))
        while True:
            page = get_board(session, period, company_id=company, after=after).page
            lines += [(row.rank, row.member_id, row.points) for row in page]
            after = page.next
            if after is None:
                return lines
