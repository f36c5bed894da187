"""Boards of tracks, companies and seasons; who stands on none, or under a nickname; counted anew to the same."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, select, text
from sqlalchemy.orm import Session

from portal.kernel import migrate
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.notifications.models import Notice, OutboxJob
from portal.people.actions.boards import choose_board
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from portal.people.rules.person import NicknameIsAName, NicknameTaken
from portal.recognition.actions.recounting import recount
from portal.recognition.actions.scores import person_changed, reverse
from portal.recognition.actions.seasons import add_season, close_season, edit_season
from portal.recognition.jobs import PEOPLE_AT_ONCE, close_seasons, run_recount
from portal.recognition.models import PeriodScore, Season
from portal.recognition.queries.board import _placing, find_own, get_board, iter_board
from portal.recognition.queries.companies import companies_around, company_board, iter_companies
from portal.recognition.queries.seasons import current_season, iter_standing, own_standing, standing_page
from portal.recognition.rules.seasons import (
    SeasonBackwards,
    SeasonClosed,
    SeasonNameMissing,
    SeasonOver,
    SeasonTooLong,
    TooManySeasons,
    most_beside,
    season_id_of,
    season_span,
)
from tests.factories.challenges import as_advocate
from tests.factories.people import make_admin, make_company, make_contact, make_person
from tests.factories.recognition import do_act, give_points, undo_act
from tests.support.application import SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def board(session: Session, key: str, **asked: object) -> list[tuple[int, str, int]]:
    return [(row.rank, row.member, row.points) for row in iter_board(session, key, **asked)]


def scores(session: Session, person_id: int) -> dict[str, int]:
    return dict(tuple(row) for row in session.execute(select(PeriodScore.period, PeriodScore.score).where(PeriodScore.member_id == person_id)))


def test_an_act_counts_in_every_period_of_its_track_and_leaves_it_again(hearing_session: Session) -> None:
    session, person = hearing_session, make_contact(hearing_session)
    kept = do_act(session, person.id, points=30, track="engage", at=NOW - timedelta(days=40))
    gone = do_act(session, person.id, points=50, track="engage", at=NOW)
    do_act(session, person.id, points=20, track="earn", at=NOW)
    mine = scores(session, person.id)
    assert {key: mine[key] for key in mine if "/engage" in key} == {
        "all/engage": 80, "2026-Q4/engage": 80, "2026-10/engage": 30, "2026-11/engage": 50,
    }  # fmt: skip
    assert (mine["all"], mine["all/earn"], mine["2026-11"]) == (100, 20, 70)
    undo_act(session, gone, now=NOW)
    mine = scores(session, person.id)
    assert (mine["all/engage"], mine["2026-11/engage"], mine["all"]) == (30, 0, 50)
    assert find_own(session, "2026-11/engage", person.id) is None
    first = select(PeriodScore.first_neg).where(PeriodScore.member_id == person.id, PeriodScore.period == "all/engage")
    assert session.scalar(first) == -int((NOW - timedelta(days=40)).timestamp() * 1_000_000)
    undo_act(session, kept, now=NOW)
    assert scores(session, person.id)["all/engage"] == 0


def test_an_adjustment_is_of_no_track(hearing_session: Session) -> None:
    person = make_contact(hearing_session)
    give_points(hearing_session, person.id, 40, at=NOW)
    assert set(scores(hearing_session, person.id)) == {"all", "2026-Q4", "2026-11"}


def test_an_act_worth_nothing_moves_no_tie(hearing_session: Session) -> None:
    session, first, second = hearing_session, make_contact(hearing_session, name="First"), make_contact(hearing_session, name="Second")
    do_act(session, first.id, points=30, at=NOW)
    do_act(session, second.id, points=30, at=NOW + timedelta(minutes=1))
    do_act(session, first.id, points=0, at=NOW + timedelta(hours=1))
    for key in ("all", "all/engage"):
        assert board(session, key) == [(1, "First", 30), (1, "Second", 30)]


def test_who_chose_so_stands_on_no_board_and_comes_back_with_every_point(hearing_session: Session) -> None:
    session = hearing_session
    one, two = make_person(session, name="One"), make_person(session, name="Two")
    for person, points in ((one, 50), (two, 30)):
        do_act(session, person.id, points=points)
    assert choose_board(session, as_advocate(one), person_id=one.id, is_listed=False, nickname="", now=NOW)
    do_act(session, one.id, points=20)
    for key in ("all", "all/engage"):
        assert board(session, key) == [(1, "Two", 30)]
    assert get_board(session, "all", member_id=one.id).own is None
    choose_board(session, as_advocate(one), person_id=one.id, is_listed=True, nickname="", now=NOW)
    assert board(session, "all/engage") == [(1, "One", 70), (2, "Two", 30)]
    assert not choose_board(session, as_advocate(one), person_id=one.id, is_listed=True, nickname="", now=NOW)


def test_a_nickname_hides_name_and_company_from_everybody_but_admins(hearing: Database, app: Flask, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[int, int, int]:
        company = make_company(session, name="Skerry Ltd")
        person, other = make_person(session, name="Amara Okafor", company_id=company.id), make_person(session, name="Bo", company_id=company.id)
        for who in (person, other):
            give_points(session, who.id, 50)
        return person.id, other.id, make_admin(session).id

    person_id, other_id, admin_id = hearing.write(prepare)
    mine = sign_in(person_id)
    assert mine.post("/profile/board", data={"is_listed": "y", "nickname": "Northern light"}).status_code == 303
    page = sign_in(other_id).get("/board?period=all").text
    assert "Northern light" in page
    assert "Amara" not in page
    assert "(Amara Okafor, under a nickname)" in sign_in(admin_id).get("/board?period=all").text
    assert "Northern light" not in sign_in(other_id).get("/board?period=all&q=amara&format=csv").text
    assert "Northern light" in sign_in(other_id).get("/board?period=all&q=northern&format=csv").text
    with hearing.reading() as session:
        company_id = session.scalars(select(Person.company_id).where(Person.id == other_id)).one()
        assert board(session, "all", company_id=company_id) == [(1, "Bo", 50)]
    printed = app.test_cli_runner().invoke(args=["board", "--format", "csv"]).output
    assert "Northern light,," in printed
    assert "Amara" not in printed


def test_nothing_told_of_a_company_gives_away_who_stands_under_a_nickname(hearing: Database, app: Flask, sign_in: SignIn) -> None:
    """The sum of a company less its known people would name the nickname; so would being missing from the board within it."""

    def prepare(session: Session) -> tuple[int, int, int, int, int]:
        company, alone = make_company(session, name="Skerry Ltd"), make_company(session, name="Alone Ltd")
        hidden, known = make_person(session, name="Amara Okafor", company_id=company.id), make_person(session, name="Bo", company_id=company.id)
        single, found = make_person(session, name="Cy", company_id=alone.id), season(session)
        for person, points in ((hidden, 70), (known, 50), (single, 90)):
            do_act(session, person.id, points=points, at=NOW)
        for person, nickname in ((hidden, "Northern light"), (single, "Southern light")):
            choose_board(session, as_advocate(person), person_id=person.id, is_listed=True, nickname=nickname, now=NOW)
        return hidden.id, known.id, company.id, found.id, make_admin(session).id

    hidden_id, known_id, company_id, season_id, admin_id = hearing.write(prepare)
    with hearing.reading() as session:
        for key in ("all", "all/engage", f"s{season_id}"):
            assert [(row.company, row.members, row.points) for row in iter_companies(session, key)] == [("Skerry Ltd", 1, 50)]
            assert [(row.company, row.points) for row in company_board(session, key, after=None)] == [("Skerry Ltd", 50)]
            within = get_board(session, key, member_id=hidden_id, company_id=company_id)
            assert ([row.member for row in within.page], within.members, within.own) == (["Bo"], 1, None)
            assert board(session, key, company_id=company_id) == [(1, "Bo", 50)]
    client = sign_in(known_id)
    assert "Alone Ltd" not in client.get("/board/companies?period=all&format=csv").text
    run = app.test_cli_runner()
    assert run.invoke(args=["board", "--company", str(company_id), "--format", "csv"]).output.splitlines()[1:] == ["1,Bo,Skerry Ltd,50"]
    close_seasons(hearing, datetime(2026, 12, 2, tzinfo=UTC))
    assert "2,Northern light,,70" in client.get(f"/board/seasons/{season_id}?format=csv").text
    assert "2,Northern light,,70" in run.invoke(args=["board", "--season", str(season_id), "--format", "csv"]).output
    page = client.get(f"/board/seasons/{season_id}").text
    assert ("Northern light" in page, "Amara" in page) == (True, False)
    assert "(Amara Okafor, under a nickname)" in sign_in(admin_id).get(f"/board/seasons/{season_id}").text


def test_nobody_takes_anothers_name_for_a_nickname(session: Session) -> None:
    person, other = make_contact(session, name="One"), make_contact(session, name="Élodie Roux")
    with pytest.raises(NicknameIsAName):
        choose_board(session, as_advocate(person), person_id=person.id, is_listed=True, nickname="elodie roux", now=NOW)
    assert choose_board(session, as_advocate(other), person_id=other.id, is_listed=True, nickname="Élodie Roux", now=NOW)


def test_nobody_takes_anothers_nickname_however_it_is_spelled(database: Database, sign_in: SignIn) -> None:
    first, second = database.write(lambda s: (make_person(s), make_person(s)))

    def choose(person: Person, nickname: str) -> bool:
        return database.write(lambda s: choose_board(s, as_advocate(person), person_id=person.id, is_listed=True, nickname=nickname, now=NOW))

    assert choose(first, "Nórthern Light")
    for taken in ("Nórthern Light", "northern light", " NORTHERN  LIGHT"):
        with pytest.raises(NicknameTaken):
            choose(second, taken)
    page = sign_in(second.id).post("/profile/board", data={"is_listed": "y", "nickname": "Northern Light"})
    assert (page.status_code, "Somebody here stands under “Northern Light” already." in page.text) == (422, True)
    assert choose(first, "Northern light")
    assert choose(first, "Southern light")
    assert choose(second, "northern light")


@pytest.mark.breaks_the_books(reason="the tables are taken down")
def test_of_two_who_had_one_nickname_before_the_first_keeps_it_and_no_name_comes_out(hearing: Database) -> None:
    def prepare(session: Session) -> list[int]:
        people = [make_contact(session, name=name) for name in ("Ada", "Bo", "Cy")]
        for person in people:
            give_points(session, person.id, 10)
        return [person.id for person in people]

    first, second, other = hearing.write(prepare)
    migrate.downgrade(hearing, "0021")
    for person_id, nickname in ((first, "Élan"), (second, "elan"), (other, "Other")):
        given = {"nickname": nickname, "person": person_id}
        hearing.write(lambda s, given=given: s.execute(text("UPDATE person SET board_name = :nickname WHERE id = :person"), given))
    migrate.upgrade(hearing)
    with hearing.reading() as session:
        keys = dict(tuple(row) for row in session.execute(select(Person.id, Person.board_name_key)))
        assert keys == {first: "elan", second: None, other: "other"}
        assert sorted(row.member for row in iter_board(session, "all")) == ["Other", "Élan"]
        assert session.get(Person, second).left_board_at is not None


def test_companies_stand_by_what_their_people_earned_together(hearing_session: Session) -> None:
    session = hearing_session
    first, second, third = (make_company(session, name=name) for name in ("First", "Second", "Third"))
    for company, points in ((first, 30), (first, 40), (second, 70), (third, 10)):
        do_act(session, make_contact(session, company_id=company.id).id, points=points, at=NOW)
    hidden = make_contact(session, company_id=third.id, roles={"employee"})
    do_act(session, hidden.id, points=900, at=NOW)
    expected = [(1, "First", 2, 70), (1, "Second", 1, 70), (3, "Third", 1, 10)]
    for key in ("all", "2026-11/engage"):
        rows = [(row.rank, row.company, row.members, row.points) for row in company_board(session, key, after=None)]
        assert sorted(rows) == expected
        assert sorted((row.rank, row.company, row.members, row.points) for row in iter_companies(session, key)) == expected
    assert [row.rank for row in companies_around(session, "all", third.id) if row.company_id == third.id] == [3]
    assert companies_around(session, "2020-01", third.id) == []


def test_within_a_company_places_are_its_own(hearing_session: Session) -> None:
    session, company = hearing_session, make_company(hearing_session)
    people = [make_contact(session, name=f"P{n}", company_id=company.id) for n in range(5)]
    for person, points in zip(people, (10, 30, 30, 20, 5), strict=True):
        give_points(session, person.id, points, at=NOW + timedelta(minutes=person.id))
    for n in range(4):
        give_points(session, make_contact(session, name=f"Other {n}").id, 100)
    expected = [(1, "P1", 30), (1, "P2", 30), (3, "P3", 20), (4, "P0", 10), (5, "P4", 5)]
    assert board(session, "all", company_id=company.id) == expected
    found = get_board(session, "all", member_id=people[0].id, company_id=company.id)
    assert [(row.rank, row.member, row.points) for row in found.page] == expected
    assert (found.own.rank, found.members) == (4, 5)
    assert [row.member for row in found.around] == ["P1", "P2", "P3", "P0", "P4"]
    assert get_board(session, "all", member_id=people[0].id).own.rank == 8


def test_a_score_that_came_up_since_its_line_was_read_has_its_place_within_the_company(session: Session) -> None:
    company = make_company(session, name="Kestrel")
    for points in (300, 200, 200):
        do_act(session, make_contact(session, company_id=company.id).id, points=points, at=NOW)
    place, members = _placing(session, {"period": "all", "company": company.id})
    assert ([place(score) for score in (400, 300, 250, 200, 100)], members) == ([1, 1, 2, 2, 4], 3)


def test_counting_anew_gives_the_same_scores(hearing: Database) -> None:
    def prepare(session: Session) -> None:
        add_season(session, system("test"), name="Autumn", starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 1), now=NOW)
        people = [make_contact(session) for _ in range(4)]
        for n in range(40):
            number = do_act(session, people[n % 4].id, points=n % 5 * 10, track=("engage", "endorse", "earn")[n % 3], at=NOW - timedelta(days=n * 3))
            if n % 7 == 0:
                undo_act(session, number, now=NOW)
        paid = give_points(session, people[0].id, 70, at=NOW)
        reverse(session, system("test"), transfer_id=paid.id, key="gone", reason="test.back", now=NOW)
        people[3].is_employee = True
        session.flush()
        person_changed(session, people[3].id)

    hearing.write(prepare)
    standing = select(PeriodScore.member_id, PeriodScore.period, PeriodScore.score, PeriodScore.first_neg, PeriodScore.is_shown)
    ordered = standing.where(PeriodScore.score != 0).order_by(PeriodScore.member_id, PeriodScore.period)
    with hearing.reading() as session:
        before = session.execute(ordered).all()
    assert {row.period for row in before} >= {"s1", "s1/engage", "all", "all/earn"}
    for boards, lost in (("tracks", PeriodScore.period.like("%/%")), ("s1", PeriodScore.period.like("s1%")), ("everything", PeriodScore.score != 0)):
        hearing.write(lambda s, lost=lost: s.execute(delete(PeriodScore).where(lost)))
        for _ in range(2):
            run_recount(hearing, {"boards": boards}, NOW)
        with hearing.reading() as session:
            assert session.execute(ordered).all() == before


def test_counting_anew_takes_as_many_queries_for_one_act_as_for_many(hearing_session: Session) -> None:
    session, people, asked = hearing_session, [make_contact(hearing_session) for _ in range(2)], []
    for n in range(2):
        add_season(session, system("test"), name="Autumn", starts_on=date(2026, 10, 1), ends_on=date(2026, 12, 1 + n), now=NOW)
    for n in range(21):
        do_act(session, people[min(n, 1)].id, points=10, at=NOW - timedelta(days=n * 3))
    connection = session.connection()
    for person in people:
        said: list[str] = []
        note = partial(lambda said, *given: said.append(given[2]), said)
        event.listen(connection, "before_cursor_execute", note)
        recount(session, person_ids=[person.id], boards="everything")
        event.remove(connection, "before_cursor_execute", note)
        asked.append(len(said))
    assert asked == [6, 6]
    assert PEOPLE_AT_ONCE <= 50


def season(session: Session, **changes: object) -> Season:
    given = {"name": "Autumn", "starts_on": date(2026, 11, 1), "ends_on": date(2026, 11, 30), "now": NOW} | changes
    return add_season(session, system("test"), **given)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": " "}, SeasonNameMissing),
        ({"ends_on": date(2026, 10, 31)}, SeasonBackwards),
        ({"ends_on": date(2028, 1, 1)}, SeasonTooLong),
        ({"starts_on": date(2026, 10, 1), "ends_on": date(2026, 11, 21)}, SeasonOver),
    ],
)
def test_what_is_no_season_is_refused(session: Session, changes: dict[str, object], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        season(session, **changes)


def test_three_seasons_at_once_are_the_most_and_admins_set_them(session: Session) -> None:
    for n in range(3):
        season(session, name=f"S{n}")
    with pytest.raises(TooManySeasons):
        season(session)
    later = season(session, starts_on=date(2027, 1, 1), ends_on=date(2027, 2, 1))
    after = [season(session, starts_on=date(2027, 2 + n, 2), ends_on=date(2027, 3 + n, 1)) for n in range(3)]
    season(session, name="Four others, one after the other", starts_on=date(2027, 1, 1), ends_on=date(2027, 5, 1))
    assert after[-1].ends_on == date(2027, 5, 1)
    with pytest.raises(TooManySeasons):
        edit_season(session, system("test"), season_id=later.id, name="X", starts_on=date(2026, 11, 30), ends_on=date(2027, 2, 1), now=NOW)
    with pytest.raises(NotAllowed):
        add_season(session, as_advocate(make_contact(session)), name="X", starts_on=date(2027, 3, 1), ends_on=date(2027, 4, 1), now=NOW)


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], 0),
        ([(1, 9), (20, 30)], 0),
        ([(1, 10), (19, 30)], 1),
        ([(10, 11), (12, 13), (14, 15), (16, 19)], 1),
        ([(1, 12), (12, 14), (14, 30)], 2),
        ([(1, 12), (11, 14), (12, 30)], 3),
        ([(1, 30), (1, 10), (5, 10)], 3),
    ],
)
def test_the_fullest_day_of_a_season_decides_how_many_run_beside_it(others: list[tuple[int, int]], expected: int) -> None:
    spans = [(date(2026, 11, starts), date(2026, 11, ends)) for starts, ends in others]
    assert most_beside(date(2026, 11, 10), date(2026, 11, 19), spans) == expected


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        (datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 10, 31, 23, 0, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), False),
    ],
)
def test_a_season_begins_and_ends_at_midnight_of_the_programmes_zone(hearing_session: Session, moment: datetime, counts: bool) -> None:
    session, person, found = hearing_session, make_contact(hearing_session), season(hearing_session)
    do_act(session, person.id, at=moment)
    assert (f"s{found.id}" in scores(session, person.id)) is counts
    assert (f"s{found.id}/engage" in scores(session, person.id)) is counts
    span = season_span(found.starts_on, found.ends_on, "Europe/Berlin")
    assert (span.since <= moment < span.until) is counts


def test_a_season_that_began_before_it_was_set_counts_from_its_first_day(hearing: Database) -> None:
    person_id = hearing.write(lambda s: make_contact(s).id)
    hearing.write(lambda s: do_act(s, person_id, points=30, at=NOW - timedelta(days=3)))
    season_id = hearing.write(lambda s: season(s).id)
    hearing.write(lambda s: do_act(s, person_id, points=5, at=NOW))
    with hearing.reading() as session:
        payload = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "recognition.recount")).one()
    run_recount(hearing, payload, NOW)
    with hearing.reading() as session:
        assert scores(session, person_id)[f"s{season_id}/engage"] == 35
        assert current_season(session, date(2026, 11, 22)).id == season_id
    hearing.write(
        lambda s: edit_season(
            s, system("test"), season_id=season_id, name="Late", starts_on=date(2026, 11, 21), ends_on=date(2026, 12, 1), now=NOW + timedelta(1)
        )
    )
    with hearing.reading() as session:
        payload = session.scalars(select(OutboxJob.payload).where(OutboxJob.topic == "recognition.recount").order_by(OutboxJob.id.desc())).first()
    run_recount(hearing, payload, NOW)
    with hearing.reading() as session:
        assert scores(session, person_id)[f"s{season_id}"] == 5


def test_a_closed_season_keeps_its_standing_whatever_comes_later(hearing: Database) -> None:
    def prepare(session: Session) -> tuple[int, list[int], list[int]]:
        people = [make_contact(session, name=f"P{n:02}").id for n in range(12)]
        found = season(session)
        return found.id, people, [do_act(session, person_id, points=10 * (1 + n // 2), at=NOW) for n, person_id in enumerate(people)]

    season_id, people, acts = hearing.write(prepare)
    assert close_seasons(hearing, NOW) == []
    assert not hearing.write(lambda s: close_season(s, system(), season_id=season_id, now=NOW))
    after = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
    assert close_seasons(hearing, after) == [season_id]
    assert close_seasons(hearing, after) == []
    with hearing.reading() as session:
        kept = [(row.rank, row.member, row.points) for row in iter_standing(session, season_id)]
    assert [row[0] for row in kept] == [1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11]
    hearing.write(lambda s: undo_act(s, acts[-1], now=after))
    hearing.write(lambda s: do_act(s, people[0], points=900, at=NOW, now=after))

    def leave(session: Session) -> None:
        person = session.get(Person, people[-1])
        choose_board(session, as_advocate(person), person_id=person.id, is_listed=False, nickname="", now=after)

    hearing.write(leave)
    with hearing.reading() as session:
        assert [(row.rank, row.points) for row in standing_page(session, season_id, after=None)] == [(rank, points) for rank, _, points in kept]
        assert [(row.rank, row.member, row.points) for row in iter_standing(session, season_id)] == [row for row in kept if row[1] != "P11"]
        assert own_standing(session, season_id, people[-1]).place == 1
        assert session.scalar(select(func.count()).select_from(PeriodScore).where(PeriodScore.period.like("s%"))) == 0
        told = session.scalars(select(Notice.person_id).where(Notice.kind == "season_result")).all()
        assert sorted(told) == sorted(people[2:])
    days = {"starts_on": date(2026, 11, 1), "ends_on": date(2027, 1, 1)}
    with pytest.raises(SeasonClosed):
        hearing.write(lambda s: edit_season(s, system("test"), season_id=season_id, name="X", **days, now=after))


def test_a_standing_keeps_its_lines_and_names_nobody_who_became_staff_or_was_deactivated(hearing: Database) -> None:
    """Deactivated before the closing: no line and no score left. After it, or staff since: the line stays without the name."""
    after = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)

    def prepare(session: Session) -> tuple[int, dict[str, int]]:
        people = {name: make_contact(session, name=name).id for name in ("Before", "After", "Staff", "Stays", "Idle")}
        found = season(session)
        for n, name in enumerate(("Before", "After", "Staff", "Stays")):
            do_act(session, people[name], points=100 - 10 * n, at=NOW)
        deactivate_person(session, system("test"), person_id=people["Before"], reason="Left", now=NOW)
        return found.id, people

    season_id, people = hearing.write(prepare)
    assert close_seasons(hearing, after) == [season_id]

    def later(session: Session) -> None:
        deactivate_person(session, system("test"), person_id=people["After"], reason="Left", now=after)
        session.get_one(Person, people["Staff"]).is_employee = True
        person_changed(session, people["Staff"])

    hearing.write(later)
    with hearing.reading() as session:
        shown = [(row.rank, row.member, row.points) for row in standing_page(session, season_id, after=None)]
        assert shown == [(1, "", 90), (2, "", 80), (3, "Stays", 70)]
        assert [row.member for row in iter_standing(session, season_id)] == ["Stays"]
        assert own_standing(session, season_id, people["Before"]) is None
        assert own_standing(session, season_id, people["Idle"]) is None
        assert session.scalar(select(func.count()).select_from(PeriodScore).where(PeriodScore.period.like("s%"))) == 0


def test_which_key_is_a_seasons() -> None:
    assert [season_id_of(key) for key in ("s1", "s12345", "s0", "s", "sx", "all", "2026-11")] == [1, 12345, None, None, None, None, None]


def test_page_csv_and_command_tell_the_same_of_tracks_companies_and_seasons(hearing: Database, app: Flask, sign_in: SignIn) -> None:
    today = utcnow()

    def prepare(session: Session) -> tuple[int, int, int]:
        company = make_company(session, name="Alto Rail")
        days = {"starts_on": today.date() - timedelta(days=9), "ends_on": today.date() + timedelta(days=9), "now": today}
        found = season(session, **days)
        for n in range(4):
            person = make_contact(session, name=f"P{n}", company_id=company.id if n % 2 else None)
            do_act(session, person.id, points=10 + n, track="earn" if n else "engage", at=today)
        return make_admin(session).id, company.id, found.id

    admin_id, company_id, season_id = hearing.write(prepare)
    client, run = sign_in(admin_id), app.test_cli_runner()
    asked = [
        (f"period=all&track=earn&company={company_id}", ["--track", "earn", "--company", str(company_id)], 2),
        (f"period=s{season_id}", ["--season", str(season_id)], 4),
        (f"period=s{season_id}&track=earn", ["--season", str(season_id), "--track", "earn"], 3),
    ]
    for query, options, number in asked:
        assert client.get(f"/board?{query}").status_code == 200
        download = client.get(f"/board?{query}&format=csv").text.removeprefix("\ufeff")
        printed = run.invoke(args=["board", *options, "--format", "csv"])
        assert printed.exit_code == 0, printed.output
        rows = list(csv.reader(io.StringIO(printed.output)))
        assert list(csv.reader(io.StringIO(download))) == rows
        assert len(rows) == number + 1
        assert rows[0] == ["rank", "member", "company", "points"]
    assert "Alto Rail" in client.get("/board/companies?period=all").text
    assert client.get("/board/companies?period=all&format=csv").text.splitlines()[1] == "1,Alto Rail,2,24"
    assert client.get("/board?period=s999").status_code == 404
    assert run.invoke(args=["board", "--season", "999"]).exit_code == 2
    assert "Autumn" in client.get("/board").text


def test_a_closed_seasons_board_leads_to_its_standing(hearing: Database, app: Flask, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[int, int]:
        person, found = make_person(session, name="Amara"), season(session)
        do_act(session, person.id, points=40, at=NOW)
        return person.id, found.id

    person_id, season_id = hearing.write(prepare)
    client = sign_in(person_id)
    assert client.get(f"/board/seasons/{season_id}").status_code == 404
    close_seasons(hearing, datetime(2026, 12, 2, tzinfo=UTC))
    assert client.get(f"/board?period=s{season_id}").headers["Location"] == f"/board/seasons/{season_id}"
    page = client.get(f"/board/seasons/{season_id}").text
    assert "You were number 1 of 1, with 40 points." in page
    assert "Amara" in client.get("/board/seasons").text
    printed = app.test_cli_runner().invoke(args=["board", "--season", str(season_id), "--format", "csv"]).output
    assert list(csv.reader(io.StringIO(printed))) == [["rank", "member", "company", "points"], ["1", "Amara", "", "40"]]
