"""Levels: derived from lifetime points, edited by admins, celebrated once for ever."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor, system
from portal.kernel.db import Database
from portal.kernel.errors import Conflict, NotAllowed
from portal.ledger.actions.holding import hold
from portal.notifications.models import Notice, OutboxJob
from portal.recognition.actions.badges import retire_badge
from portal.recognition.actions.celebrations import close_celebrations
from portal.recognition.actions.levels import set_levels
from portal.recognition.actions.scores import adjust, reverse
from portal.recognition.jobs import run_backfill
from portal.recognition.models import BadgeHolding, Celebration
from portal.recognition.queries.celebrations import occasions_for
from portal.recognition.queries.levels import count_levels, list_levels, rung_for, rungs_for
from portal.recognition.rules.levels import (
    FirstLevelAboveZero,
    LevelInUse,
    LevelNameMissing,
    LevelNameTaken,
    LevelOfBadgeAtZero,
    LevelsMissing,
    LevelsNotAscending,
    Rung,
    TooManyLevels,
    Wanted,
    require_levels,
    rung_of,
)
from tests.factories.challenges import as_advocate
from tests.factories.people import make_admin, make_contact, make_person
from tests.factories.recognition import give_points, make_badge
from tests.support.application import SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEVELS = [Wanted(1, "Friend", 0), Wanted(2, "Supporter", 200), Wanted(3, "Advocate", 600)]


@pytest.mark.parametrize(
    ("lifetime", "number", "name", "missing", "percent"),
    [
        (0, 1, "Friend", 200, 0),
        (1, 1, "Friend", 199, 0),
        (199, 1, "Friend", 1, 99),
        (200, 2, "Supporter", 400, 0),
        (599, 2, "Supporter", 1, 99),
        (600, 3, "Advocate", 0, 100),
        (9_999, 3, "Advocate", 0, 100),
    ],
)
def test_where_points_put_somebody(lifetime: int, number: int, name: str, missing: int, percent: int) -> None:
    rung = rung_of(LEVELS, lifetime)
    assert (rung.number, rung.name, rung.missing, rung.percent) == (number, name, missing, percent)


def test_without_levels_everybody_stands_on_none() -> None:
    assert rung_of([], 500) == Rung(0, "", 0, 500)


@pytest.mark.parametrize(
    ("levels", "refusal"),
    [
        ([], LevelsMissing),
        ([("", 0)], LevelNameMissing),
        ([("A", 1)], FirstLevelAboveZero),
        ([("A", 0), ("B", 0)], LevelsNotAscending),
        ([("A", 0), ("B", 20), ("C", 10)], LevelsNotAscending),
        ([("A", 0), ("a", 10)], LevelNameTaken),
        ([(f"L{n}", n) for n in range(13)], TooManyLevels),
    ],
)
def test_a_list_of_levels_that_is_none_is_refused(levels: list[tuple[str, int]], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        require_levels([Wanted(None, name, threshold) for name, threshold in levels])


def test_levels_are_there_from_the_first_day(session: Session) -> None:
    assert [level.threshold for level in list_levels(session)] == [0, 200, 600, 1_500, 3_500, 7_500, 15_000]


def test_a_level_counts_what_was_earned_and_never_falls_by_spending(session: Session) -> None:
    person = make_contact(session)
    give_points(session, person.id, 700)
    hold(session, system("test"), owner_id=person.id, points=650, key="spent", reason="test.spent", source_type="test", source_id=1, now=NOW)
    assert rung_for(session, person.id).number == 3


def celebrations(session: Session, person_id: int) -> int:
    return session.scalar(select(func.count()).where(Celebration.person_id == person_id, Celebration.closed_at.is_(None))) or 0


def notices(session: Session, person_id: int, kind: str) -> int:
    return session.scalar(select(func.count()).where(Notice.person_id == person_id, Notice.kind == kind)) or 0


def test_reaching_a_level_is_celebrated_once_whatever_is_taken_back(session: Session) -> None:
    person = make_contact(session)
    paid = give_points(session, person.id, 250, at=NOW, now=NOW)
    assert [(o.name, o.number) for o in occasions_for(session, person.id, NOW)] == [("Supporter", 2)]
    assert notices(session, person.id, "level_reached") == 1
    close_celebrations(session, person_id=person.id, upto=10**9, now=NOW)
    for turn in range(10):
        reverse(session, system("test"), transfer_id=paid.id, key=f"back {turn}", reason="test.back", now=NOW)
        assert rung_for(session, person.id).number == 1
        paid = give_points(session, person.id, 250, at=NOW, now=NOW)
        assert rung_for(session, person.id).number == 2
    assert celebrations(session, person.id) == 0
    assert notices(session, person.id, "level_reached") == 1


def test_of_several_levels_at_once_the_highest_is_celebrated(session: Session) -> None:
    person = make_contact(session)
    give_points(session, person.id, 1_600, at=NOW, now=NOW)
    assert [o.name for o in occasions_for(session, person.id, NOW)] == ["Champion"]
    assert notices(session, person.id, "level_reached") == 1


@pytest.mark.parametrize(("origin", "days"), [("import", 0), ("127.0.0.1", 3)])
def test_what_is_imported_or_long_past_is_celebrated_silently(session: Session, origin: str, days: int) -> None:
    person = make_contact(session)
    facts = {"counts_as_earned": True, "key": "old", "reason": "test.old", "effective_at": NOW - timedelta(days=days), "now": NOW}
    adjust(session, Actor(id=None, origin=origin), person_id=person.id, points=300, **facts)
    assert rung_for(session, person.id).number == 2
    assert celebrations(session, person.id) == 0
    assert notices(session, person.id, "level_reached") == 0


def test_what_was_taken_back_before_it_was_seen_is_not_celebrated(session: Session) -> None:
    person = make_contact(session)
    paid = give_points(session, person.id, 250, at=NOW, now=NOW)
    reverse(session, system("test"), transfer_id=paid.id, key="back", reason="test.back", now=NOW)
    assert occasions_for(session, person.id, NOW) == []


def test_changed_thresholds_hold_at_once_and_congratulate_nobody(session: Session) -> None:
    person = make_contact(session)
    give_points(session, person.id, 150, at=NOW, now=NOW)
    levels = [Wanted(level.id, level.name, level.threshold // 2) for level in list_levels(session)]
    assert set_levels(session, system("test"), levels=levels, now=NOW)
    assert rung_for(session, person.id).number == 2
    assert celebrations(session, person.id) == 0
    assert not set_levels(session, system("test"), levels=levels, now=NOW)


def test_who_passes_a_level_because_it_fell_gets_its_badge_in_silence(hearing: Database) -> None:
    def prepare(session: Session) -> tuple[int, int]:
        third = list_levels(session)[2]
        badge = make_badge(session, rule="level", options={"level_id": third.id})
        make_badge(session, rule="level", options={"level_id": third.id}, is_live=False)
        make_badge(session, rule="level", options={"level_id": list_levels(session)[3].id})
        person = make_contact(session)
        give_points(session, person.id, 250, at=NOW, now=NOW)
        return person.id, badge.id

    def move(session: Session, threshold: int) -> None:
        levels = [Wanted(level.id, level.name, threshold if n == 2 else level.threshold) for n, level in enumerate(list_levels(session))]
        session.execute(update(OutboxJob).values(done_at=NOW, payload={}))
        set_levels(session, system("test"), levels=levels, now=NOW)

    def promised() -> list[dict[str, int]]:
        with hearing.reading() as session:
            waiting = select(OutboxJob.payload).where(OutboxJob.topic == "recognition.backfill", OutboxJob.done_at.is_(None))
            return list(session.scalars(waiting))

    person_id, badge_id = hearing.write(prepare)
    for threshold, jobs in ((300, 1), (800, 0), (250, 1)):
        hearing.write(lambda s, threshold=threshold: move(s, threshold))
        assert promised() == [{"badge_id": badge_id}] * jobs
    with hearing.reading() as session:
        before = notices(session, person_id, "badge_awarded")
    run_backfill(hearing, promised()[0], NOW)
    with hearing.reading() as session:
        assert [(row.badge_id, row.way) for row in session.scalars(select(BadgeHolding))] == [(badge_id, "backfill")]
        assert notices(session, person_id, "badge_awarded") == before == 0


def test_levels_are_set_by_admins_only_and_one_in_use_stays(session: Session) -> None:
    levels = [Wanted(level.id, level.name, level.threshold) for level in list_levels(session)]
    with pytest.raises(NotAllowed):
        set_levels(session, as_advocate(make_contact(session)), levels=levels, now=NOW)
    with pytest.raises(Conflict):
        set_levels(session, system("test"), levels=[*levels, Wanted(999, "Gone", 99_999)], now=NOW)
    make_badge(session, rule="level", options={"level_id": levels[3].id})
    with pytest.raises(LevelInUse):
        set_levels(session, system("test"), levels=levels[:3], now=NOW)
    set_levels(session, system("test"), levels=[*levels[:5], Wanted(None, "Elder", 90_000)], now=NOW)
    assert [level.name for level in list_levels(session)][-2:] == ["Ambassador", "Elder"]


def test_a_level_that_a_badge_names_does_not_fall_to_zero(session: Session) -> None:
    first, second, *rest = [Wanted(level.id, level.name, level.threshold) for level in list_levels(session)]
    badge = make_badge(session, rule="level", options={"level_id": second.id})
    lowered = [Wanted(second.id, second.name, 0), Wanted(first.id, first.name, 10), *rest]
    with pytest.raises(LevelOfBadgeAtZero) as refused:
        set_levels(session, system("test"), levels=lowered, now=NOW)
    assert refused.value.facts == {"badge": badge.name, "level": second.name}
    retire_badge(session, system("test"), badge_id=badge.id, now=NOW)
    assert set_levels(session, system("test"), levels=lowered, now=NOW)


def test_a_badge_for_a_level_that_everybody_has_breaks_no_page_and_is_offered_no_more(hearing: Database, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[int, int]:
        make_badge(session, rule="level", options={"level_id": list_levels(session)[0].id}, name="Here at all")
        return make_person(session).id, make_admin(session).id

    person_id, admin_id = hearing.write(prepare)
    page = sign_in(person_id).get("/badges")
    assert page.status_code == 200
    assert "Here at all" in page.text
    offered = sign_in(admin_id).get("/admin/recognition/badges/new?rule=level").text.split('name="level_id"')[1].split("</select>")[0]
    assert "Supporter" in offered
    assert "Friend" not in offered


def test_levels_of_many_are_told_in_two_queries_and_counted(session: Session) -> None:
    people = [make_contact(session) for _ in range(3)]
    for person, points in zip(people, (10, 250, 2_000), strict=True):
        give_points(session, person.id, points)
    assert [rungs_for(session, [p.id for p in people])[p.id].number for p in people] == [1, 2, 4]
    assert [level.people for level in count_levels(session)][:4] == [1, 1, 0, 1]


def test_the_admins_page_keeps_what_was_typed_and_says_why_not(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(lambda s: make_admin(s).id))
    typed = {"levels-0-id": "1", "levels-0-name": "Friend", "levels-0-threshold": "0", "levels-1-name": "Elder", "levels-1-threshold": "0"}
    refused = client.post("/admin/recognition/levels", data=typed)
    assert refused.status_code == 422
    assert "“Elder” must ask for more than the level before it, which asks for 0." in refused.text
    assert 'value="Elder"' in refused.text
    assert client.post("/admin/recognition/levels", data=typed | {"levels-1-threshold": "50"}).status_code == 303
    with database.reading() as session:
        assert [(level.name, level.threshold) for level in list_levels(session)] == [("Friend", 0), ("Elder", 50)]


def test_who_saves_levels_that_another_admin_changed_meanwhile_sees_how_they_stand_now(database: Database, sign_in: SignIn) -> None:
    client, address = sign_in(database.write(lambda s: make_admin(s).id)), "/admin/recognition/levels"
    shown = re.search(r'name="seen" value="(\w+)"', client.get(address).text)
    assert shown is not None
    typed = {"levels-0-id": "1", "levels-0-name": "Friend", "levels-0-threshold": "0", "seen": shown[1]}
    mine = typed | {"levels-1-name": "Elder", "levels-1-threshold": "50"}
    for _ in range(2):  # the second click
        assert client.post(address, data=mine).status_code == 303
    refused = client.post(address, data=typed | {"levels-1-name": "Sage", "levels-1-threshold": "70"})
    assert (refused.status_code, "Somebody changed this after you opened it" in refused.text) == (409, True)
    assert ('value="Elder"' in refused.text, 'value="Sage"' in refused.text) == (True, True)
    with database.reading() as session:
        assert [level.name for level in list_levels(session)] == ["Friend", "Elder"]


@pytest.mark.parametrize("rows", [13, 20, 30])
def test_more_rows_than_there_may_be_are_refused_with_a_sentence(database: Database, sign_in: SignIn, rows: int) -> None:
    client = sign_in(database.write(lambda s: make_admin(s).id))
    typed = {f"levels-{n}-{name}": value for n in range(rows) for name, value in (("name", f"L{n}"), ("threshold", str(n)))}
    refused = client.post("/admin/recognition/levels", data=typed)
    assert refused.status_code == 422
    assert "12 levels are the most." in refused.text
    assert 'value="L12"' in refused.text


def test_a_celebration_is_on_the_next_page_once(database: Database, sign_in: SignIn) -> None:
    person_id = database.write(lambda s: make_person(s).id)
    database.write(lambda s: give_points(s, person_id, 250))
    client = sign_in(person_id)
    page = client.get("/challenges").text
    assert "New level" in page
    upto = page.split('name="upto" value="')[1].split('"')[0]
    answer = client.post("/celebrations/seen", data={"upto": upto, "next": "/challenges?q=x"})
    assert answer.headers["Location"] == "/challenges?q=x"
    assert "New level" not in client.get("/challenges").text
    assert client.post("/celebrations/seen", data={"upto": upto, "next": "//evil.example"}).headers["Location"] == "/"
