"""At once: one badge and one celebration for two approvals, exactly three of the first three, one close of a season, boards that add up."""

from collections import Counter
from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.challenges.actions.review import approve_attempt
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.seen import seen_of
from portal.people.actions.boards import choose_board
from portal.people.models import Person
from portal.recognition.actions.holdings import give_badge
from portal.recognition.actions.levels import seen_values, set_levels
from portal.recognition.actions.recounting import counted
from portal.recognition.actions.scores import reverse
from portal.recognition.actions.seasons import add_season, close_season
from portal.recognition.jobs import run_recount
from portal.recognition.models import BadgeHolding, Celebration, PeriodScore, SeasonStanding
from portal.recognition.queries.levels import list_levels
from portal.recognition.rules.levels import Wanted
from tests.challenges.test_races import Work, at_once
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge
from tests.factories.people import make_admin, make_contact, make_person
from tests.factories.recognition import do_act, give_points, make_badge
from tests.rewards.racing import all_at_once, one_during_another

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_two_approvals_at_once_give_one_badge_and_one_celebration(hearing: Database) -> None:
    def prepare(session: Session) -> tuple[int, list[int], list[object]]:
        person = make_person(session)
        make_badge(session, options={"number": 1})
        make_badge(session, options={"number": 2})
        attempts = [make_attempt(session, person, make_challenge(session, points=points)).id for points in (150, 150, 0, 0)]
        return person.id, attempts, [as_admin(make_admin(session)) for _ in attempts]

    person_id, attempts, admins = hearing.write(prepare)
    works = [lambda s, a=a, who=who: approve_attempt(s, who, attempt_id=a, now=NOW).id for a, who in zip(attempts, admins, strict=True)]
    results = at_once(hearing, works)
    assert all(isinstance(result, int) for result in results), results
    with hearing.reading() as session:
        holders = session.execute(select(BadgeHolding.badge_id, func.count()).group_by(BadgeHolding.badge_id)).all()
        assert [number for _badge, number in holders] == [1, 1]
        causes = session.execute(select(Celebration.cause, func.count()).where(Celebration.person_id == person_id).group_by(Celebration.cause)).all()
        assert dict(tuple(row) for row in causes) == {"badge": 2, "level": 1}


def test_of_eight_who_do_it_at_once_exactly_three_are_the_first_three(hearing: Database) -> None:
    def prepare(session: Session) -> tuple[int, list[int]]:
        return make_badge(session, rule="first", options={"places": 3, "number": 1}).id, [make_contact(session).id for _ in range(8)]

    badge_id, people = hearing.write(prepare)
    at_once(hearing, [lambda s, p=p: do_act(s, p, points=10) for p in people])
    with hearing.reading() as session:
        assert session.scalar(select(func.count()).where(BadgeHolding.badge_id == badge_id, BadgeHolding.revoked_at.is_(None))) == 3
        assert session.scalar(select(func.count()).select_from(PeriodScore).where(PeriodScore.period == "all/engage")) == 8


def test_eight_admins_giving_one_badge_give_it_once(hearing: Database) -> None:
    def prepare(session: Session) -> tuple[int, int, list[object]]:
        return make_badge(session, rule="hand").id, make_contact(session).id, [as_admin(make_admin(session)) for _ in range(8)]

    badge_id, person_id, admins = hearing.write(prepare)
    give = [lambda s, who=who: give_badge(s, who, badge_id=badge_id, person_id=person_id, reason="Thanks", now=NOW) for who in admins]
    assert sorted(at_once(hearing, give), key=str) == ["BadgeHeld"] * 7 + [None]


def test_eight_workers_close_a_season_once(hearing: Database) -> None:
    def prepare(session: Session) -> int:
        season = add_season(session, system("test"), name="Autumn", starts_on=date(2026, 11, 1), ends_on=date(2026, 11, 22), now=NOW)
        for _ in range(5):
            do_act(session, make_contact(session).id, at=NOW)
        return season.id

    season_id = hearing.write(prepare)
    after = datetime(2026, 11, 23, 12, tzinfo=UTC)
    closed = at_once(hearing, [lambda s: close_season(s, system(), season_id=season_id, now=after)] * 8)
    assert sorted(closed) == [False] * 7 + [True]
    with hearing.reading() as session:
        assert session.scalar(select(func.count()).select_from(SeasonStanding)) == 5


def test_of_eight_seasons_set_at_once_three_run(hearing: Database) -> None:
    given = {"name": "Autumn", "starts_on": date(2026, 11, 1), "ends_on": date(2026, 11, 22), "now": NOW}
    done = all_at_once(hearing, [lambda s: add_season(s, system("test"), **given)] * 8)
    assert done == Counter({"TooManySeasons": 5, "done": 3})


def test_of_eight_admins_who_save_levels_at_once_one_does_and_the_others_are_told(hearing: Database) -> None:
    def prepare(session: Session) -> tuple[str, list[Wanted]]:
        levels = list_levels(session)
        return seen_of(seen_values(levels)), [Wanted(level.id, level.name, level.threshold) for level in levels]

    shown, levels = hearing.write(prepare)
    adding = [[*levels, Wanted(None, f"Level {n}", 1_000_000 + n)] for n in range(8)]
    done = all_at_once(hearing, [lambda s, w=wanted: set_levels(s, system("test"), levels=w, seen=shown, now=NOW) for wanted in adding])
    assert done == Counter({"ChangedMeanwhile": 7, "done": 1})
    with hearing.reading() as session:
        assert len(list_levels(session)) == len(levels) + 1


def test_points_that_are_taken_back_while_boards_are_counted_anew_are_gone_from_them(hearing: Database) -> None:
    """Counting anew begins when the points are taken back and not yet committed: it waits for them, and counts what stands then."""

    def prepare(session: Session) -> tuple[int, int]:
        person = make_contact(session)
        give_points(session, person.id, 30, at=NOW)
        return person.id, give_points(session, person.id, 70, at=NOW).id

    person_id, transfer_id = hearing.write(prepare)
    back = {"transfer_id": transfer_id, "key": "back", "reason": "test.back", "now": NOW}
    one_during_another(hearing, lambda s: reverse(s, system("test"), **back), lambda: run_recount(hearing, {"boards": "everything"}, NOW))
    with hearing.reading() as session:
        kept = session.execute(select(PeriodScore.period, PeriodScore.score).where(PeriodScore.member_id == person_id)).all()
        assert {score for _period, score in kept} == {30}
        assert {(person_id, period) for period, _score in kept} == set(counted(session, [person_id]))


def test_leaving_the_boards_while_points_come_leaves_no_row_behind_that_is_shown(hearing: Database) -> None:
    person = hearing.write(make_person)
    works = [lambda s: do_act(s, person.id, points=10)] * 7
    works.append(lambda s: choose_board(s, as_advocate(person), person_id=person.id, is_listed=False, nickname="", now=NOW))
    at_once(hearing, works)
    with hearing.reading() as session:
        assert set(session.scalars(select(PeriodScore.is_shown).where(PeriodScore.member_id == person.id))) == {False}
        assert session.scalar(select(PeriodScore.score).where(PeriodScore.member_id == person.id, PeriodScore.period == "all/engage")) == 70


def test_of_eight_who_take_one_nickname_at_once_one_holds_it(hearing: Database) -> None:
    people = hearing.write(lambda s: [make_person(s) for _ in range(8)])
    spelled = ("Northern Light", "northern light", "NORTHERN LIGHT", "Nórthern Líght") * 2

    def take(person: Person, nickname: str) -> Work:
        return lambda s: choose_board(s, as_advocate(person), person_id=person.id, is_listed=True, nickname=nickname, now=NOW)

    results = at_once(hearing, [take(person, nickname) for person, nickname in zip(people, spelled, strict=True)])
    assert sorted(results, key=str) == ["NicknameTaken"] * 7 + [True]
    with hearing.reading() as session:
        assert session.scalar(select(func.count()).where(Person.board_name_key == "northern light")) == 1
        assert session.scalar(select(func.count()).where(Person.board_name.is_not(None))) == 1
