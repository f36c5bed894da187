"""Own place between neighbours: also on the companies' board, and in the standing of a season that is over."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.boards import choose_board
from portal.people.models import Person
from portal.recognition.actions.seasons import add_season
from portal.recognition.jobs import close_seasons
from portal.recognition.models import SeasonStanding
from portal.recognition.queries.companies import companies_around, company_board
from portal.recognition.queries.seasons import standing_around, standing_page
from tests.factories.challenges import as_advocate
from tests.factories.people import make_company, make_contact, make_person
from tests.factories.recognition import do_act, give_points
from tests.support.application import SignIn
from tests.support.counting import CountQueries

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AFTER = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)


def _companies(session: Session, points: list[int]) -> list[int]:
    """Make a company for each of the points, which its one member earned, each a minute after the one before."""
    made = []
    for n, number in enumerate(points):
        company = make_company(session, name=f"C{n}")
        if number:
            give_points(session, make_contact(session, company_id=company.id, email=None).id, number, at=NOW + timedelta(minutes=n))
        made.append(company.id)
    return made


@pytest.mark.parametrize(
    ("own", "around"),
    [
        (0, ["1 C0", "2 C1", "3 C2", "3 C3"]),
        (1, ["1 C0", "2 C1", "3 C2", "3 C3", "5 C4"]),
        (3, ["1 C0", "2 C1", "3 C2", "3 C3", "5 C4", "6 C5", "7 C6"]),
        (5, ["3 C2", "3 C3", "5 C4", "6 C5", "7 C6", "8 C7"]),
        (7, ["5 C4", "6 C5", "7 C6", "8 C7"]),
        (8, []),
    ],
)
def test_a_company_stands_between_its_neighbours_as_it_does_on_the_board(hearing_session: Session, own: int, around: list[str]) -> None:
    made = _companies(hearing_session, [90, 80, 70, 70, 60, 50, 40, 30, 0])
    found = companies_around(hearing_session, "all", made[own])
    assert [f"{row.rank} {row.company}" for row in found] == around
    whole = list(company_board(hearing_session, "all", after=None).rows)
    assert found == whole[whole.index(found[0]) :][: len(found)] if found else True


def _over(hearing: Database, points: list[int]) -> tuple[int, list[int]]:
    """Let a season go by in which people earned these points, and close it."""

    def prepare(session: Session) -> tuple[int, list[int]]:
        people = [make_person(session, name=f"P{n}").id for n in range(len(points))]
        season = add_season(session, system("test"), name="November", starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 30), now=NOW)
        for person_id, number in zip(people, points, strict=True):
            do_act(session, person_id, points=number, at=NOW + timedelta(minutes=person_id))
        return season.id, people

    season_id, people = hearing.write(prepare)
    assert close_seasons(hearing, AFTER) == [season_id]
    return season_id, people


@pytest.mark.parametrize(
    ("own", "around"),
    [
        (0, ["1 P0", "2 P1", "2 P2", "4 P3"]),
        (4, ["2 P1", "2 P2", "4 P3", "5 P4", "6 P5", "7 P6"]),
        (6, ["4 P3", "5 P4", "6 P5", "7 P6"]),
    ],
)
def test_a_closed_season_keeps_who_stood_beside_whom(hearing: Database, own: int, around: list[str]) -> None:
    season_id, people = _over(hearing, [90, 80, 80, 60, 50, 40, 30])
    with hearing.reading() as session:
        found = standing_around(session, season_id, people[own])
        whole = list(standing_page(session, season_id, after=None).rows)
    assert [f"{row.rank} {row.member}" for row in found] == around
    assert found == whole[whole.index(found[0]) :][: len(found)]


def test_who_did_not_stand_in_a_season_has_no_neighbours_there(hearing: Database) -> None:
    season_id, _people = _over(hearing, [90, 80])
    other = hearing.write(lambda s: make_person(s).id)
    with hearing.reading() as session:
        assert standing_around(session, season_id, other) == []
        assert standing_around(session, season_id + 1, other) == []


def test_the_pages_show_them_beside_the_list_wherever_its_page_is(hearing: Database, sign_in: SignIn) -> None:
    season_id, people = _over(hearing, [90, 80, 70])

    def join(session: Session) -> None:
        company = make_company(session, name="Ours")
        session.get_one(Person, people[1]).company_id = company.id
        _companies(session, [500, 1])

    hearing.write(join)
    client = sign_in(people[1])
    page = client.get(f"/board/seasons/{season_id}").text
    around = page.split('id="around"')[1].split("</section>")[0]
    assert [f"P{n}" in around for n in range(3)] == [True] * 3
    assert around.count('aria-current="true"') == 1
    companies = client.get("/board/companies?period=all&q=nothing+of+this+name").text
    around = companies.split('id="around"')[1].split("</section>")[0]
    assert [name in around for name in ("C0", "Ours", "C1")] == [True] * 3
    assert around.count('aria-current="true"') == 1


def test_only_the_whole_page_reads_what_stands_beside_the_results(hearing: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    person = hearing.write(lambda s: make_person(s, name="Reader"))

    def join(session: Session) -> None:
        session.get_one(Person, person.id).company_id = _companies(session, [500, 30, 1])[1]

    hearing.write(join)
    client, results = sign_in(person), {"HX-Request": "true", "HX-Target": "results"}
    for headers, is_read in (({}, True), (results, False)):
        with count_queries() as queries:
            page = client.get("/board/companies?period=all", headers=headers).text
        assert any("company_score.company_id = " in statement for statement in queries.statements) is is_read
        assert ('id="around"' in page) is is_read
        row = page.split("C1</a>")[0].rpartition("<tr")[2]
        assert 'aria-current="true"' in row


def test_a_company_without_points_reads_why_it_is_not_there(hearing: Database, sign_in: SignIn) -> None:
    company_id = hearing.write(lambda s: make_company(s, name="Quiet & Co").id)
    person = hearing.write(lambda s: make_person(s, company_id=company_id))
    hearing.write(lambda s: _companies(s, [10]))
    page = sign_in(person).get("/board/companies?period=all").text
    assert "Quiet &amp; Co is not on this board" in page
    assert "is not on this board" not in sign_in(hearing.write(make_person)).get("/board/companies?period=all").text


def test_who_left_the_boards_reads_their_own_line_and_others_do_not(hearing: Database, sign_in: SignIn) -> None:
    season_id, people = _over(hearing, [90, 80, 70])

    def leave(session: Session) -> None:
        person = session.get_one(Person, people[1])
        choose_board(session, as_advocate(person), person_id=person.id, is_listed=False, nickname="", now=utcnow())

    hearing.write(leave)
    for person_id, words in ((people[1], "You</span>"), (people[0], "No longer shown</span>")):
        around = sign_in(person_id).get(f"/board/seasons/{season_id}").text.split('id="around"')[1].split("</section>")[0]
        assert words in around
        assert "P1" not in around


def test_both_pages_ask_as_much_with_ten_lines_as_with_three_hundred(hearing: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    season_id, people = _over(hearing, [90, 80])

    def more(session: Session, size: int, first: int) -> None:
        rows: list[dict[str, Any]] = []
        for n in range(first, first + size):
            company = make_company(session, name=f"More {n}")
            member = make_contact(session, email=None, company_id=company.id)
            give_points(session, member.id, 5 + n % 90, at=NOW)
            rows.append({"season_id": season_id, "person_id": member.id, "position": n, "place": n, "points": 1})
        session.execute(insert(SeasonStanding), rows)

    company = hearing.write(lambda s: make_company(s).id)
    hearing.write(lambda s: setattr(s.get_one(Person, people[1]), "company_id", company))
    totals = []
    for size, first in ((10, 3), (290, 13)):
        hearing.write(lambda s, size=size, first=first: more(s, size, first))
        client = sign_in(people[1])
        with count_queries() as counted:
            for page in ("/board/companies?period=all", f"/board/seasons/{season_id}"):
                assert client.get(page).status_code == 200
        totals.append(counted.total)
    assert totals[0] == totals[1]
