"""The page, its CSV and ``flask board`` tell the same."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal.kernel.db import Database
from portal.people.actions.boards import choose_board
from portal.people.queries.persons import get_person
from portal.recognition.rules.boards import ABSENCES, Absence
from tests.factories.challenges import as_advocate
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person
from tests.factories.recognition import do_act, give_points, make_badge
from tests.support.application import SignIn
from tests.support.counting import CountQueries

NOVEMBER = datetime(2026, 11, 3, tzinfo=UTC)


def people(session: Session) -> dict[str, int]:
    """Make a small programme; return ids by name."""
    skerry = make_company(session, name="Škerry & Søn")
    made = [
        make_person(session, name="Amara Okafor", company_id=skerry.id),
        make_contact(session, name="Risi&&Bisi", email=None),
        make_contact(session, name="=HYPERLINK(1)", email=None),
        make_contact(session, name="No Points"),
        make_employee(session, name="Erik Employee"),
        make_admin(session, name="Ada Admin"),
    ]
    ids = {person.name: person.id for person in made}
    for minute, (name, points) in enumerate([("Risi&&Bisi", 300), ("Amara Okafor", 300), ("=HYPERLINK(1)", 100), ("Erik Employee", 900)]):
        give_points(session, ids[name], points, at=NOVEMBER.replace(minute=minute))
    return ids


def rows_of(page: str) -> list[str]:
    """Return the cells of the board's table."""
    return re.findall(r"<td[^>]*>(.*?)</td>", page, re.DOTALL)


EXPECTED = [["1", "Risi&&Bisi", "", "300"], ["1", "Amara Okafor", "Škerry & Søn", "300"], ["3", "'=HYPERLINK(1)", "", "100"]]


@pytest.mark.parametrize("period", ["all", "2026-Q4", "2026-11"])
def test_page_csv_and_command_tell_the_same(app: Flask, database: Database, sign_in: SignIn, period: str) -> None:
    ids = database.write(people)
    client = sign_in(ids["Ada Admin"])
    page = client.get(f"/board?period={period}")
    assert page.status_code == 200
    assert page.text.index("Risi&amp;&amp;Bisi") < page.text.index("Amara Okafor") < page.text.index("=HYPERLINK(1)")
    assert "No Points" not in page.text
    assert "Erik Employee" not in page.text
    download = client.get(f"/board?period={period}&format=csv")
    printed = app.test_cli_runner().invoke(args=["board", "--period", period, "--format", "csv"])
    assert printed.exit_code == 0
    for text in (download.text.removeprefix("\ufeff"), printed.output):
        assert list(csv.reader(io.StringIO(text))) == [["rank", "member", "company", "points"], *EXPECTED]


def test_a_search_keeps_places(database: Database, sign_in: SignIn) -> None:
    ids = database.write(people)
    client = sign_in(ids["Amara Okafor"])
    found = client.get("/board?period=all&q=hyperlink&format=csv")
    assert list(csv.reader(io.StringIO(found.text)))[1:] == [EXPECTED[2]]
    assert "skerry" not in client.get("/board?period=all&q=nobody").text
    by_company = client.get("/board?period=all&q=skerry+%26+s%C3%B8n&format=csv")
    assert list(csv.reader(io.StringIO(by_company.text)))[1:] == [EXPECTED[1]]


def test_the_reader_sees_their_own_place_among_neighbours(database: Database, sign_in: SignIn) -> None:
    ids = database.write(people)
    page = sign_in(ids["Amara Okafor"]).get("/board?period=all").text
    assert "You are number 1 of 3, with 300 points earned." in page
    assert "Around you" in page
    assert "Around you" not in sign_in(ids["Ada Admin"]).get("/board?period=all").text


def test_two_readers_in_turn_never_see_each_others_page(database: Database, sign_in: SignIn) -> None:
    """Nothing personal is kept between two requests, and no reader changes what the next is shown: not by a search, a period or a page."""
    ids = database.write(people)
    amara, other = sign_in(ids["Amara Okafor"]), sign_in(database.write(lambda s: make_person(s, name="Late Comer").id))
    whole = other.get("/board?period=all").text
    for query in ("", "&q=hyperlink", "&q=nobody", "&after=zzz", "&track=earn"):
        assert "Late Comer" not in amara.get(f"/board?period=all{query}").text
        again = other.get("/board?period=all").text
        assert ("You are number" in again, "Risi&amp;&amp;Bisi" in again) == (False, True)
        assert rows_of(again) == rows_of(whole) != []
    assert "You are number 1 of 3, with 300 points earned." in amara.get("/board?period=all").text


def test_the_board_is_kept_nowhere_and_shows_a_new_award_at_once(database: Database, sign_in: SignIn) -> None:
    ids = database.write(people)
    client = sign_in(ids["Amara Okafor"])
    before = client.get("/board?period=all")
    assert (before.headers["Cache-Control"], "ETag" in before.headers) == ("no-store", False)
    assert "You are number 1 of 3, with 300 points earned." in before.text
    database.write(lambda s: give_points(s, ids["=HYPERLINK(1)"], 900, at=NOVEMBER))
    assert "You are number 2 of 3, with 300 points earned." in client.get("/board?period=all").text


def test_an_empty_period_and_one_that_cannot_be(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(lambda s: make_admin(s).id))
    assert "Nobody has earned points in this period yet" in client.get("/board?period=2020-01").text
    assert client.get("/board?period=2020-13").status_code == 404


@pytest.mark.parametrize("address", ["/board?period=all", "/board/companies?period=all"])
def test_a_search_that_nobody_fits_says_so_and_leads_back_to_all(database: Database, sign_in: SignIn, address: str) -> None:
    client = sign_in(database.write(people)["Ada Admin"])
    page = client.get(f"{address}&q=nowhere").text
    assert ("Nobody fits" in page, "Show all" in page) == (True, True)
    assert "points in this period yet" not in page
    assert f'href="{address}"' in page


def test_companies_are_found_by_name_and_keep_their_places(database: Database, sign_in: SignIn) -> None:
    def more(session: Session) -> None:
        give_points(session, make_contact(session, company_id=make_company(session, name="Alto Rail").id).id, 900, at=NOVEMBER)

    client = sign_in(database.write(people)["Ada Admin"])
    database.write(more)
    found = client.get("/board/companies?period=all&q=skerry&format=csv").text.removeprefix("\ufeff")
    assert list(csv.reader(io.StringIO(found)))[1:] == [["2", "Škerry & Søn", "1", "300"]]
    page = client.get("/board/companies?period=all&q=SKERRY").text
    assert ("Škerry &amp; Søn" in page, "Alto Rail" in page) == (True, False)


def test_who_is_not_on_the_board_reads_why_and_sees_their_own_points(hearing: Database, sign_in: SignIn) -> None:
    ids = hearing.write(people)
    person_id = ids["Amara Okafor"]
    client = sign_in(person_id)

    def choose(*, is_listed: bool, nickname: str) -> None:
        def change(session: Session) -> None:
            choose_board(
                session, as_advocate(get_person(session, person_id)), person_id=person_id, is_listed=is_listed, nickname=nickname, now=NOVEMBER
            )

        hearing.write(change)

    def read(query: str) -> tuple[bool, list[str], bool]:
        page = client.get(f"/board?period=all{query}").text
        return (
            "You are not on this board" in page,
            [reason for reason, sentence in ABSENCES.items() if sentence in page],
            "Your own points here" in page,
        )

    with hearing.reading() as session:
        company_id = get_person(session, person_id).company_id
    other_id = hearing.write(lambda s: make_company(s).id)
    assert read("") == (False, [], False)
    assert read("&track=earn") == (True, [Absence.NOTHING], False)
    assert read(f"&company={other_id}") == (True, [Absence.ELSEWHERE], True)
    choose(is_listed=True, nickname="Northern light")
    assert read(f"&company={company_id}") == (True, [Absence.NICKNAMED], True)
    choose(is_listed=False, nickname="")
    assert read("") == (True, [Absence.LEFT], True)
    assert "2 people stand on this board." in client.get("/board?period=all").text


def test_the_command_refuses_what_is_no_period(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["board", "--period", "soon"])
    assert result.exit_code == 2
    assert "is not a period" in result.output


def test_a_visitor_is_sent_to_sign_in(client) -> None:
    assert client.get("/board").headers["Location"].startswith("/sign-in")


def test_the_page_costs_the_same_with_ten_and_with_three_hundred_people(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    ids = database.write(people)
    client = sign_in(ids["Amara Okafor"])

    def crowd(session: Session, size: int) -> None:
        for n in range(size):
            give_points(session, make_contact(session, email=None).id, 10 * (1 + n % 37))

    totals = []
    for size in (10, 290):
        database.write(lambda s, size=size: crowd(s, size))
        with count_queries() as counted:
            assert client.get("/board?period=all").status_code == 200
        totals.append(counted.total)
    assert totals[0] == totals[1]


def test_pages_follow_each_other_without_gap(database: Database, sign_in: SignIn) -> None:
    ids = database.write(people)
    database.write(lambda s: [give_points(s, make_contact(s, email=None, name=f"Crowd {n:03}").id, 50, at=NOVEMBER) for n in range(60)])
    client = sign_in(ids["Ada Admin"])
    first = client.get("/board?period=all").text
    address = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    second = client.get(address).text
    names = [f"Crowd {n:03}" for n in range(60)]
    assert [(name in first) + (name in second) for name in names] == [1] * 60
    assert ">4<" in second


def test_the_profile_shows_badges_held_and_the_three_nearest(hearing: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[int, int]:
        for number in (1, 2, 4, 8, 16):
            make_badge(session, name=f"Helper {number}", options={"number": number})
        person = make_person(session, name="Amara Okafor")
        do_act(session, person.id)
        return person.id, make_admin(session).id

    person_id, admin_id = hearing.write(given)
    page = sign_in(person_id).get("/profile").text
    panel = page[page.index('id="badges"') :].split("</section>")[0]
    assert re.findall(r">(Helper \d+)<|(\d of \d+)<", panel) == [
        ("Helper 1", ""), ("Helper 2", ""), ("", "1 of 2"), ("Helper 4", ""), ("", "1 of 4"), ("Helper 8", ""), ("", "1 of 8"),
    ]  # fmt: skip
    panel = sign_in(admin_id).get(f"/admin/people/{person_id}").text
    assert ("Helper 1<" in panel, "Helper 2<" in panel) == (True, False)


def test_readers_in_two_zones_see_the_same_board(database: Database, sign_in: SignIn) -> None:
    """At the same moment it is already December for one and still November for the other: the programme's zone counts for both."""

    def given(session: Session) -> list[int]:
        readers = [make_person(session, name=zone, time_zone=zone).id for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago")]
        for hour, person_id in zip((9, 12), readers, strict=True):
            give_points(session, person_id, 100 + hour, at=datetime(2026, 12, 1, hour, tzinfo=UTC) - timedelta(hours=11))
        return readers

    clients = [sign_in(reader) for reader in database.write(given)]
    for period, members in (("2026-11", ["Pacific/Kiritimati"]), ("2026-12", ["Pacific/Pago_Pago"])):
        files = [client.get(f"/board?period={period}&format=csv").text.removeprefix("\ufeff") for client in clients]
        assert files[0] == files[1]
        assert [row[1] for row in csv.reader(io.StringIO(files[0]))][1:] == members


def test_a_deactivated_person_leaves_the_board_and_comes_back(app: Flask, database: Database, sign_in: SignIn) -> None:
    ids = database.write(people)
    client = sign_in(ids["Ada Admin"])
    person = f"/admin/people/{ids['Amara Okafor']}"
    assert client.post(f"{person}/deactivate", data={"reason": "Left the company"}).status_code == 303
    assert "Amara Okafor" not in client.get("/board?period=all").text
    assert client.post(f"{person}/reactivate").status_code == 303
    assert "Amara Okafor" in client.get("/board?period=all").text
