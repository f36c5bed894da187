"""Badges: each kind of rule, earned in the act that earns it, taken along by a reversal, given by hand, previewed, backfilled in silence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.people.models import Person
from portal.recognition.actions.badges import add_badge, add_starters, edit_badge, publish_badge, retire_badge
from portal.recognition.actions.celebrations import close_celebrations
from portal.recognition.actions.holdings import backfill, give_badge, revoke_badge
from portal.recognition.badges.registry import RULES, rule_of
from portal.recognition.jobs import run_backfill
from portal.recognition.models import BadgeHolding, Celebration, PeriodScore
from portal.recognition.queries.badges import badges_for, earned_badges, for_challenge, preview, taken_badges
from portal.recognition.queries.celebrations import occasions_for
from portal.recognition.queries.levels import list_levels, rung_for
from portal.recognition.queries.weeks import streak_for
from portal.recognition.rules.badges import (
    SAMPLE,
    BadgeHeld,
    BadgeNameMissing,
    BadgeNameTaken,
    BadgeNotDraft,
    BadgeNotHeld,
    BadgeNotLive,
    HowMissing,
    ReasonMissing,
    RuleIncomplete,
)
from portal.recognition.rules.streaks import StreakTooLong
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge
from tests.factories.people import make_admin, make_contact, make_person
from tests.factories.recognition import do_act, give_points, make_badge, undo_act
from tests.support.application import SignIn
from tests.support.counting import CountQueries

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def held(session: Session, person_id: int) -> list[str]:
    return sorted(row.Badge.name for row in earned_badges(session, person_id))


def progress(session: Session, person_id: int) -> dict[str, tuple[int, int]]:
    return {badge.name: (badge.progress.have, badge.progress.need) for badge in badges_for(session, person_id, NOW) if badge.progress}


def notices(session: Session, person_id: int, kind: str = "badge_awarded") -> int:
    return session.scalar(select(func.count()).where(Notice.person_id == person_id, Notice.kind == kind)) or 0


# What each kind needs, what leads half the way, and what is still missing.
CASES: list[tuple[str, dict[str, Any], list[dict[str, Any]], list[dict[str, Any]], tuple[int, int]]] = [
    ("acts", {"number": 2}, [{}], [{}], (1, 2)),
    ("acts", {"number": 1, "act_kind": "call"}, [{}], [{"kind": "call"}], (0, 1)),
    ("track", {"number": 1, "track": "earn"}, [{"track": "engage"}], [{"track": "earn"}], (0, 1)),
    ("every_track", {"number": 1}, [{"track": "engage"}, {"track": "engage"}, {"track": "endorse"}], [{"track": "earn"}], (2, 3)),
    ("streak", {"weeks": 2}, [{"back": 14}], [{"back": 7}], (0, 2)),
    ("first", {"places": 1, "number": 2}, [{}], [{}], (1, 2)),
    ("first", {"places": 1, "number": 1, "any_track": "earn"}, [{}], [{"track": "earn"}], (0, 1)),
]


def act(session: Session, person_id: int, *, back: int = 0, **facts: Any) -> int:
    return do_act(session, person_id, at=NOW - timedelta(days=back), now=NOW, **facts)


@pytest.mark.parametrize(("rule", "options", "before", "then", "halfway"), CASES, ids=[f"{case[0]}-{n}" for n, case in enumerate(CASES)])
def test_a_rule_gives_its_badge_with_the_act_that_meets_it_and_takes_it_with_the_reversal(
    hearing_session: Session, rule: str, options: dict[str, Any], before: list[dict[str, Any]], then: list[dict[str, Any]], halfway: tuple[int, int]
) -> None:
    session, person = hearing_session, make_contact(hearing_session)
    badge = make_badge(session, rule=rule, options=options, name="It", now=NOW)
    for facts in before:
        act(session, person.id, **facts)
    assert held(session, person.id) == []
    if rule != "streak":
        assert progress(session, person.id) == {"It": halfway}
    assert preview(session, badge, NOW).number == 0
    last = [act(session, person.id, **facts) for facts in then][-1]
    assert held(session, person.id) == ["It"]
    assert list(preview(session, badge, NOW).sample) == [person.name]
    undo_act(session, last, now=NOW)
    assert held(session, person.id) == []


def test_every_kind_of_rule_is_tried_here() -> None:
    assert {case[0] for case in CASES} | {"challenge", "level", "hand"} == set(RULES)


@pytest.mark.parametrize(("ended", "counts"), [(timedelta(days=1000), True), (timedelta(days=1090), False)])
def test_a_streak_is_looked_for_equally_far_back_whether_it_is_earned_or_was_before(hearing: Database, ended: timedelta, counts: bool) -> None:
    """Six weeks in a row that ended long ago, and another act now: with the badge switched on before it, or after."""

    def prepare(session: Session) -> tuple[int, int]:
        earning, waiting = make_contact(session), make_contact(session)
        for person in (earning, waiting):
            for back in range(6):
                do_act(session, person.id, at=NOW - ended - timedelta(weeks=back), now=NOW)
        do_act(session, waiting.id, at=NOW)
        badge = make_badge(session, rule="streak", options={"weeks": 6}, now=NOW)
        do_act(session, earning.id, at=NOW)
        assert held(session, earning.id) == ([badge.name] if counts else [])
        assert preview(session, badge, NOW).number == 2 * counts
        return badge.id, waiting.id

    badge_id, waiting = hearing.write(prepare)
    run_backfill(hearing, {"badge_id": badge_id}, NOW)
    with hearing.reading() as session:
        assert bool(held(session, waiting)) is counts


def test_a_streak_of_long_ago_is_not_lost_with_something_else_that_is_taken_back(hearing_session: Session) -> None:
    session, person = hearing_session, make_contact(hearing_session)
    badge = make_badge(session, rule="streak", options={"weeks": 2}, now=NOW)
    for back in (1, 0):
        last = do_act(session, person.id, at=NOW - timedelta(weeks=back))
    later = NOW + timedelta(days=5 * 366)
    undo_act(session, do_act(session, person.id, at=later), now=later)
    assert held(session, person.id) == [badge.name]
    undo_act(session, last, now=later)
    assert held(session, person.id) == []


def test_a_streak_of_more_weeks_than_are_looked_at_is_refused_in_a_sentence(database: Database, sign_in: SignIn) -> None:
    assert rule_of("streak").read({"weeks": 156}) == {"weeks": 156}
    with pytest.raises(StreakTooLong):
        rule_of("streak").read({"weeks": 157})
    client = sign_in(database.write(make_admin))
    told = {"key": "k", "name": "Long", "how": "Stay.", "art": "leaf", "tone": "laurel", "weeks": "157"}
    refused = client.post("/admin/recognition/badges/new?rule=streak", data=told)
    assert (refused.status_code, "Please give 2 to 156 weeks: we look back three years." in refused.text) == (422, True)
    assert client.post("/admin/recognition/badges/new?rule=streak", data=told | {"weeks": "156"}).status_code == 303


def test_a_challenge_done_and_undone(hearing_session: Session) -> None:
    session, admin, person = hearing_session, as_admin(make_admin(hearing_session)), make_person(hearing_session)
    challenge, other = make_challenge(session), make_challenge(session)
    badge = make_badge(session, rule="challenge", options={"challenge_id": challenge.id}, name="Done")
    approve_attempt(session, admin, attempt_id=make_attempt(session, person, other).id, now=NOW)
    assert held(session, person.id) == []
    verdict = approve_attempt(session, admin, attempt_id=make_attempt(session, person, challenge).id, now=NOW)
    assert held(session, person.id) == ["Done"]
    assert preview(session, badge, NOW).number == 1
    reverse_approval(session, admin, submission_id=verdict.submission_id, reason="Gone", now=NOW)
    assert held(session, person.id) == []


def test_a_level_reached_and_lost(hearing_session: Session) -> None:
    session, person = hearing_session, make_contact(hearing_session)
    level = list_levels(session)[1]
    badge = make_badge(session, rule="level", options={"level_id": level.id}, name="There")
    first = act(session, person.id, points=150)
    assert progress(session, person.id) == {"There": (150, 200)}
    second = act(session, person.id, points=50)
    assert held(session, person.id) == ["There"]
    assert preview(session, badge, NOW).number == 1
    undo_act(session, second)
    assert held(session, person.id) == []
    give_points(session, person.id, 100)
    assert held(session, person.id) == ["There"]
    undo_act(session, first)
    assert held(session, person.id) == []


def test_an_act_worth_nothing_counts_for_badges(hearing_session: Session) -> None:
    person = make_contact(hearing_session)
    make_badge(hearing_session, name="First step")
    act(hearing_session, person.id, points=0)
    assert held(hearing_session, person.id) == ["First step"]


def test_approving_and_reversing_ten_times_returns_exact_balance_level_badges_boards_and_streak(hearing_session: Session) -> None:
    session, admin = hearing_session, as_admin(make_admin(hearing_session))
    person, challenge = make_person(session), make_challenge(session, points=250)
    make_badge(session, name="First step", now=NOW)
    make_badge(session, rule="level", options={"level_id": list_levels(session)[1].id}, name="Supporter", now=NOW)
    make_badge(session, rule="first", options={"places": 1, "number": 1}, name="First of all", now=NOW)

    def state() -> tuple[Any, ...]:
        scores = session.execute(
            select(PeriodScore.period, PeriodScore.score, PeriodScore.first_neg)
            .where(PeriodScore.member_id == person.id)
            .order_by(PeriodScore.period)
        )
        rung, streak = rung_for(session, person.id), streak_for(session, person.id, NOW)
        return balance_of(session, person.id), rung, held(session, person.id), scores.all(), streak

    attempt = make_attempt(session, person, challenge, now=NOW)
    empty = None
    verdict = approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
    full = state()
    assert full[2] == ["First of all", "First step", "Supporter"]
    for _ in range(10):
        reverse_approval(session, admin, submission_id=verdict.submission_id, reason="Taken down", now=NOW)
        empty = empty or state()
        assert state() == empty
        approve_attempt(session, admin, attempt_id=attempt.id, now=NOW)
        assert state() == full
    told = session.scalars(select(Notice.data).where(Notice.person_id == person.id, Notice.kind == "submission.reversed")).all()
    assert {data["badges"] for data in told} == {"First step, Supporter, First of all"}
    assert empty is not None
    assert (empty[0].available, empty[0].lifetime, empty[1].number, empty[2], empty[4].weeks) == (0, 0, 1, [], 0)
    assert {points for _board, points, _first in empty[3]} == {0}
    assert notices(session, person.id) == 3
    assert session.scalar(select(func.count()).where(Celebration.person_id == person.id)) == 4


@pytest.mark.parametrize(("origin", "days"), [("import", 0), ("127.0.0.1", 3)])
def test_imports_and_late_entries_earn_badges_in_silence(hearing_session: Session, origin: str, days: int) -> None:
    from portal.acts.actions.acts import record_act

    session, person = hearing_session, make_contact(hearing_session)
    make_badge(session, name="First step")
    facts = {"kind": "test", "track": "earn", "source_type": "test", "source_id": 1, "points": 0, "company_id": None}
    record_act(session, Actor(id=None, origin=origin), person_id=person.id, happened_at=NOW - timedelta(days=days), now=NOW, **facts)
    assert held(session, person.id) == ["First step"]
    assert notices(session, person.id) == 0
    assert occasions_for(session, person.id, NOW) == []


def test_an_earned_badge_is_celebrated_and_told_without_a_mail_of_its_own(hearing_session: Session) -> None:
    session, person = hearing_session, make_contact(hearing_session)
    make_badge(session, name="First step", now=NOW)
    mails = select(func.count()).where(OutboxJob.topic == "mail.send")
    before = session.scalar(mails)
    act(session, person.id)
    assert [(o.cause, o.name) for o in occasions_for(session, person.id, NOW)] == [("badge", "First step")]
    assert notices(session, person.id) == 1
    assert session.scalar(mails) == before


def test_a_badge_taken_back_before_it_was_seen_is_celebrated_when_it_is_earned_again(hearing_session: Session) -> None:
    session, person = hearing_session, make_contact(hearing_session)
    make_badge(session, name="First step", now=NOW)
    undo_act(session, act(session, person.id))
    assert occasions_for(session, person.id, NOW) == []
    again = act(session, person.id)
    assert [o.name for o in occasions_for(session, person.id, NOW)] == ["First step"]
    assert notices(session, person.id) == 1
    close_celebrations(session, person_id=person.id, upto=10**9, now=NOW)
    undo_act(session, again)
    act(session, person.id)
    assert occasions_for(session, person.id, NOW) == [], "what was seen is celebrated once"


def test_drafts_retired_badges_and_other_states_give_nothing(hearing_session: Session) -> None:
    session, person = hearing_session, make_contact(hearing_session)
    make_badge(session, is_live=False, name="Draft")
    retired = make_badge(session, name="Retired")
    first = act(session, person.id)
    retire_badge(session, system("test"), badge_id=retired.id, now=NOW)
    undo_act(session, first)
    assert held(session, person.id) == ["Retired"]
    other = make_contact(session)
    act(session, other.id)
    assert held(session, other.id) == []
    with pytest.raises(BadgeNotLive):
        give_badge(session, system("test"), badge_id=retired.id, person_id=other.id, reason="Please", now=NOW)
    with pytest.raises(BadgeNotDraft):
        publish_badge(session, system("test"), badge_id=retired.id, now=NOW)
    with pytest.raises(BadgeNotDraft):
        edit_badge(session, system("test"), badge_id=retired.id, name="X", how="Y", art="leaf", tone="amber", options={"number": 1}, now=NOW)
    with pytest.raises(BadgeNotLive):
        retire_badge(session, system("test"), badge_id=retired.id, now=NOW)
    assert backfill(session, badge_id=retired.id, holders=[(other.id, NOW)], now=NOW) == 0


def test_a_badge_given_by_hand_is_told_with_its_reason_and_no_reversal_takes_it(hearing_session: Session) -> None:
    session, person, admin = hearing_session, make_contact(hearing_session), make_admin(hearing_session)
    badge = make_badge(session, name="First step")
    with pytest.raises(ReasonMissing):
        give_badge(session, as_admin(admin), badge_id=badge.id, person_id=person.id, reason=" ", now=NOW)
    give_badge(session, as_admin(admin), badge_id=badge.id, person_id=person.id, reason="You answered at night.", now=NOW)
    undo_act(session, act(session, person.id))
    assert held(session, person.id) == ["First step"]
    assert session.scalars(select(Notice.data).where(Notice.person_id == person.id)).one()["reason"] == "You answered at night."
    assert [occasion.how for occasion in occasions_for(session, person.id, NOW)] == ["You answered at night."], "not the rule of the badge"
    with pytest.raises(BadgeHeld):
        give_badge(session, as_admin(admin), badge_id=badge.id, person_id=person.id, reason="Again", now=NOW)


def test_what_an_admin_took_no_rule_gives_back_but_a_hand_may(hearing_session: Session) -> None:
    session, person, admin = hearing_session, make_contact(hearing_session), as_admin(make_admin(hearing_session))
    badge = make_badge(session, name="First step")
    act(session, person.id)
    holding = session.scalars(select(BadgeHolding)).one()
    with pytest.raises(ReasonMissing):
        revoke_badge(session, admin, holding_id=holding.id, reason="", now=NOW)
    assert revoke_badge(session, admin, holding_id=holding.id, reason="Written by somebody else.", now=NOW) == person.id
    act(session, person.id)
    assert held(session, person.id) == []
    assert backfill(session, badge_id=badge.id, holders=[(person.id, NOW)], now=NOW) == 0
    assert [reason for _badge, _at, reason in taken_badges(session, person.id)] == ["Written by somebody else."]
    assert badges_for(session, person.id, NOW) == [], "no rule gives it back, so it is not in progress"
    assert notices(session, person.id, "badge_revoked") == 1
    with pytest.raises(BadgeNotHeld):
        revoke_badge(session, admin, holding_id=holding.id, reason="Again", now=NOW)
    give_badge(session, admin, badge_id=badge.id, person_id=person.id, reason="We were wrong.", now=NOW)
    assert held(session, person.id) == ["First step"]


def test_only_admins_write_badges_and_nobody_honours_themselves(session: Session) -> None:
    person, admin, badge = make_contact(session), make_admin(session), make_badge(session)
    with pytest.raises(NotAllowed):
        add_badge(session, as_advocate(person), name="X", how="Y", art="leaf", tone="amber", rule="acts", options={"number": 1}, now=NOW)
    with pytest.raises(NotAllowed):
        publish_badge(session, as_advocate(person), badge_id=badge.id, now=NOW)
    with pytest.raises(NotAllowed):
        give_badge(session, as_advocate(person), badge_id=badge.id, person_id=admin.id, reason="X", now=NOW)
    with pytest.raises(NotAllowed):
        give_badge(session, as_admin(admin), badge_id=badge.id, person_id=admin.id, reason="X", now=NOW)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"name": " "}, BadgeNameMissing),
        ({"how": ""}, HowMissing),
        ({"name": "Taken"}, BadgeNameTaken),
        ({"options": {}}, RuleIncomplete),
        ({"options": {"number": 0}}, RuleIncomplete),
        ({"rule": "track", "options": {"number": 3}}, RuleIncomplete),
        ({"rule": "challenge", "options": {}}, RuleIncomplete),
        ({"rule": "first", "options": {"number": 3}}, RuleIncomplete),
    ],
)
def test_what_makes_no_badge_is_refused(session: Session, changed: dict[str, Any], refusal: type[Exception]) -> None:
    make_badge(session, name="Taken")
    given = {"name": "New", "how": "Do it", "art": "leaf", "tone": "amber", "rule": "acts", "options": {"number": 1}}
    with pytest.raises(refusal):
        add_badge(session, system("test"), **(given | changed), now=NOW)


def test_the_same_form_twice_makes_one_badge(session: Session) -> None:
    facts = {"name": "New", "how": "Do it", "art": "leaf", "tone": "amber", "rule": "acts", "options": {"number": 1}, "key": "k", "now": NOW}
    assert add_badge(session, system("test"), **facts).id == add_badge(session, system("test"), **facts).id


def test_switching_on_gives_the_badge_in_silence_to_who_earned_it_before(hearing: Database) -> None:
    def before(session: Session) -> tuple[list[int], int]:
        people = [make_contact(session).id for _ in range(3)]
        for person_id in people[:2]:
            act(session, person_id)
        gone = session.get(Person, people[1])
        gone.state, gone.deactivated_at = "deactivated", NOW
        session.flush()
        draft = make_badge(session, is_live=False, name="First step")
        assert preview(session, draft, NOW).number == 1
        publish_badge(session, system("test"), badge_id=draft.id, now=NOW)
        return people, draft.id

    people, badge_id = hearing.write(before)
    with hearing.reading() as session:
        job = session.scalars(select(OutboxJob).where(OutboxJob.topic == "recognition.backfill")).one()
        assert job.payload == {"badge_id": badge_id}
    for _ in range(2):
        run_backfill(hearing, {"badge_id": badge_id}, NOW)
    with hearing.reading() as session:
        rows = session.execute(select(BadgeHolding.person_id, BadgeHolding.way, BadgeHolding.awarded_at)).all()
        assert rows == [(people[0], "backfill", NOW)]
        assert notices(session, people[0]) == 0
        assert occasions_for(session, people[0], NOW) == []


@pytest.mark.parametrize(("rule", "options"), [("acts", {"number": 1}), ("streak", {"weeks": 1})])
def test_a_preview_counts_to_its_limit_and_says_that_there_are_more(hearing_session: Session, rule: str, options: dict[str, Any]) -> None:
    session, badge = hearing_session, make_badge(hearing_session, rule=rule, is_live=False, options=options)
    for _ in range(11):
        act(session, make_contact(session).id)
    for most, number, is_more in ((10, 10, True), (11, 11, False), (12, 11, False)):
        found = preview(session, badge, NOW, most=most)
        assert (found.number, found.is_more, len(found.sample)) == (number, is_more, SAMPLE)


def test_a_backfill_gives_the_first_places_to_who_was_first(hearing: Database) -> None:
    def before(session: Session) -> tuple[list[int], int]:
        people = [make_contact(session).id for _ in range(4)]
        for back, person_id in enumerate(people):
            act(session, person_id, back=back)
        return people, make_badge(session, rule="first", options={"places": 2, "number": 1}).id

    people, badge_id = hearing.write(before)
    run_backfill(hearing, {"badge_id": badge_id}, NOW)
    with hearing.reading() as session:
        assert set(session.scalars(select(BadgeHolding.person_id))) == set(people[2:])
        assert [badge.progress.is_open for badge in badges_for(session, people[0], NOW)] == [False]


def test_a_place_among_the_first_is_free_again_when_it_is_taken_back(hearing_session: Session) -> None:
    session, first, second = hearing_session, make_contact(hearing_session), make_contact(hearing_session)
    make_badge(session, rule="first", options={"places": 1, "number": 1}, name="First")
    taken = act(session, first.id)
    act(session, second.id)
    assert (held(session, first.id), held(session, second.id)) == (["First"], [])
    undo_act(session, taken)
    act(session, second.id)
    assert (held(session, first.id), held(session, second.id)) == ([], ["First"])


def test_the_badges_we_drew_come_once_as_drafts_and_hold_together(hearing_session: Session) -> None:
    session = hearing_session
    made = add_starters(session, system("test"), now=NOW)
    assert len(made) == 24
    assert {badge.state for badge in made} == {"draft"}
    assert len({badge.art for badge in made}) == 24
    assert add_starters(session, system("test"), now=NOW) == []
    for badge in made:
        publish_badge(session, system("test"), badge_id=badge.id, now=NOW)
        assert preview(session, badge, NOW).number == 0
        assert rule_of(badge.rule).describe(badge.options)[0]
    person = make_contact(session)
    for track in ("engage", "endorse", "earn"):
        act(session, person.id, track=track)
    assert held(session, person.id) == ["All-rounder", "First step", "Trailblazer"]
    assert progress(session, person.id)["Taking root"] == (3, 5)
    assert session.scalar(select(func.count()).select_from(Act)) == 3


def test_progress_takes_the_same_queries_with_one_badge_and_with_fifty(hearing_session: Session, count_queries: CountQueries) -> None:
    session, person = hearing_session, make_contact(hearing_session)
    level = list_levels(session)[2]

    def every_kind() -> None:
        make_badge(session, options={"number": 5})
        make_badge(session, rule="track", options={"number": 5, "track": "earn"})
        make_badge(session, rule="challenge", options={"challenge_id": 1})
        make_badge(session, rule="level", options={"level_id": level.id})
        make_badge(session, rule="streak", options={"weeks": 5})
        make_badge(session, rule="first", options={"places": 3, "number": 5})

    totals = []
    act(session, person.id, points=1)
    for rounds in (1, 8):
        for _ in range(rounds):
            every_kind()
        with count_queries() as counted:
            badges_for(session, person.id, NOW)
        with count_queries() as acting:
            act(session, person.id, points=1)
        totals.append((counted.total, acting.total))
    assert totals[0] == totals[1]


def test_a_challenge_tells_which_badges_it_leads_to(hearing_session: Session) -> None:
    session, person, challenge = hearing_session, make_contact(hearing_session), make_challenge(hearing_session)
    make_badge(session, rule="challenge", options={"challenge_id": challenge.id}, name="This one")
    make_badge(session, rule="challenge", options={"challenge_id": challenge.id + 1}, name="Another")
    make_badge(session, rule="track", options={"number": 4, "track": "earn"}, name="Elsewhere")
    make_badge(session, rule="track", options={"number": 2, "track": "endorse"}, name="Endorse twice")
    make_badge(session, rule="hand", name="By hand")
    act(session, person.id, track="endorse")
    near = for_challenge(session, person.id, challenge_id=challenge.id, track="endorse", act_kind="challenge", now=NOW)
    assert [badge.name for badge in near] == ["Endorse twice", "This one"]


def test_a_challenge_leads_nearer_only_to_what_it_truly_adds_to(hearing_session: Session) -> None:
    """A track that is full, a week that counts already and a challenge done before add nothing; the most advanced comes first."""
    session, person, challenge = hearing_session, make_contact(hearing_session), make_challenge(hearing_session)
    make_badge(session, rule="acts", options={"number": 20}, name="Twenty")
    make_badge(session, rule="every_track", options={"number": 1}, name="All-rounder")
    make_badge(session, rule="track", options={"number": 6, "track": "earn"}, name="On stage")
    make_badge(session, rule="streak", options={"weeks": 4}, name="Four weeks")
    make_badge(session, rule="first", options={"places": 1, "number": 9}, name="First of all")

    def near(track: str, act_kind: str = "challenge") -> list[str]:
        about = {"challenge_id": challenge.id, "track": track, "act_kind": act_kind}
        return [badge.name for badge in for_challenge(session, person.id, **about, now=NOW)]

    assert near("earn") == ["Twenty", "All-rounder", "On stage", "Four weeks", "First of all"]
    for _ in range(3):
        act(session, person.id, track="earn")
    assert near("earn") == ["On stage", "First of all", "Twenty"]
    assert near("engage") == ["All-rounder", "First of all", "Twenty"]
    make_badge(session, rule="acts", options={"number": 5, "act_kind": "review"}, name="Five reviews")
    assert near("engage", "review") == ["All-rounder", "First of all", "Twenty", "Five reviews"]
    assert near("engage", "survey") == ["All-rounder", "First of all", "Twenty"]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ([], "You have no badge yet."),
        ([2], "You have no badge yet. Each says what it takes."),
        ([2, 1], "Your first badge is one approved act away."),
    ],
)
def test_who_has_no_badge_is_told_only_what_is_true_of_the_badges_there_are(
    hearing: Database, sign_in: SignIn, numbers: list[int], told: str
) -> None:
    person_id = hearing.write(lambda s: (make_person(s).id, [make_badge(s, options={"number": number}) for number in numbers])[0])
    assert f">{told}<" in sign_in(person_id).get("/badges").text


def test_a_challenges_page_names_the_three_most_advanced_and_none_once_it_is_done_for_good(hearing: Database, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[int, int, int, int, int]:
        person = make_person(session)
        for number in (4, 5, 6, 7, 8):
            make_badge(session, options={"number": number}, name=f"Acts {number}")
        once, daily = make_challenge(session, title="Once"), make_challenge(session, title="Daily", period="day")
        attempts = [make_attempt(session, person, challenge).id for challenge in (once, daily)]
        return person.id, once.id, daily.id, attempts[0], attempts[1]

    person_id, once, daily, first, second = hearing.write(prepare)
    client, admin = sign_in(person_id), hearing.write(lambda s: as_admin(make_admin(s)))
    page = client.get(f"/challenges/{once}").text
    assert [name in page for name in ("Acts 4", "Acts 5", "Acts 6", "Acts 7")] == [True, True, True, False]
    assert "These are the nearest. It counts for 2 more badges, too." in page
    for attempt_id in (first, second):
        hearing.write(lambda s, attempt_id=attempt_id: approve_attempt(s, admin, attempt_id=attempt_id, now=utcnow()))
    assert "Leads nearer to" not in client.get(f"/challenges/{once}").text
    assert "Leads nearer to" in client.get(f"/challenges/{daily}").text
