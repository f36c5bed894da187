"""Who looks after profiles is asked by the clock whether they are true, in one mail; silence is reminded, then hides; one answer counts."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, NotFound
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import STAFF
from portal.notifications.models import Notice, OutboxJob
from portal.people.actions.profile import edit_person
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from portal.people.rules.link import LinkSpent
from portal.profiles.actions.asking import ask_several
from portal.profiles.actions.checking import answer_check
from portal.profiles.actions.hearing import hear_nps, hear_title_change, unhear_nps
from portal.profiles.actions.links import holder_of
from portal.profiles.actions.moving import move_profile
from portal.profiles.jobs import hear_bounces, verify_profiles, wake_profiles
from portal.profiles.models import ProfileCheck, ReferenceProfile
from portal.profiles.queries.leaving import said_to_have_left
from portal.profiles.rules.fresh import Answer
from portal.profiles.rules.refusals import AnsweredBefore, NoneTicked, NoteMissing
from portal.profiles.rules.states import Move, Retired, Status
from tests.factories.people import make_admin, make_employee
from tests.factories.profiles import Scene, make_profile
from tests.factories.references import acting
from tests.rewards.racing import all_at_once
from tests.support.poison import poisoned


def mails(session: Session, kind: str) -> list[OutboxJob]:
    found = session.scalars(select(OutboxJob).where(OutboxJob.topic == "mail.send").order_by(OutboxJob.id))
    return [job for job in found if job.payload.get("kind") == kind]


def token_to(session: Session, person_id: int, nth: int = 0) -> str:
    """Return the token of the last mail that asks somebody, for its ``nth`` profile."""
    last = [job for kind in ("profile_verify", "profile_reminder") for job in mails(session, kind) if job.payload["to"]["email"]]
    email = session.get_one(Person, person_id).email
    people = max((job for job in last if job.payload["to"]["email"] == email), key=lambda job: job.id).payload["data"]["people"]
    return str(people[nth]["path"].partition("=")[2])


def answer_by_link(session: Session, token: str, answer: Answer, now: datetime, note: str = "") -> None:
    holder = holder_of(session, token, "127.0.0.1", now, is_own=False)
    assert holder.check is not None
    answer_check(session, holder.actor, person_id=holder.person_id, answer=answer, note=note, check_id=holder.check.id, now=now)


def status(session: Session, person_id: int) -> tuple[str, bool]:
    row = session.get_one(ReferenceProfile, person_id, populate_existing=True)
    return row.status, row.is_visible


def credit(session: Session, person_id: int) -> int:
    return balance_of(session, person_id, unit=STAFF).net


def test_silence_is_asked_after_180_days_reminded_after_14_hidden_after_28_and_an_answer_brings_it_back(database: Database) -> None:
    scene = database.write(Scene)

    def done(days: int) -> int:
        return verify_profiles(database, scene.at + timedelta(days=days))

    assert [done(days) for days in (179, 180, 180, 193, 194, 194, 207)] == [0, 1, 0, 0, 1, 0, 0]
    with database.reading() as session:
        assert status(session, scene.id) == (Status.ACTIVE, True)
    assert [done(days) for days in (208, 208, 240)] == [1, 0, 0]
    with database.reading() as session:
        assert status(session, scene.id) == (Status.NEEDS_VERIFICATION, True), "hidden from search by its status; nothing else of it changed"
        kinds = ("profile_verify", "profile_reminder", "profile_hidden")
        assert [len(mails(session, kind)) for kind in kinds] == [1, 1, 1], "each once, and to the owner alone"
        inbox = session.scalars(select(Notice).where(Notice.person_id == scene.greta_id).order_by(Notice.id)).all()
        assert [(notice.kind, "t=" in str(notice.data)) for notice in inbox] == [(kind, False) for kind in kinds]
        token = token_to(session, scene.greta_id)
    later = scene.at + timedelta(days=241)
    database.write(lambda s: answer_by_link(s, token, Answer.TRUE, later))
    with database.reading() as session:
        row = session.get_one(ReferenceProfile, scene.id)
        assert (row.status, row.verified_at, row.verified_by_id, credit(session, scene.greta_id)) == (Status.ACTIVE, later, scene.greta_id, 5)
    assert [verify_profiles(database, later + timedelta(days=days)) for days in (179, 180)] == [0, 1]


def test_tier_1_is_asked_after_90_days_one_mail_tells_an_owner_of_all_and_without_an_owner_the_admins_are_asked(database: Database) -> None:
    at = utcnow()

    def start(session: Session) -> tuple[int, int, list[int]]:
        admin, greta = make_admin(session), make_employee(session)
        boss = acting(admin)
        ids = [make_profile(session, owner=greta, boss=boss, now=at, tier=1).person_id for _ in range(3)]
        ids.append(make_profile(session, boss=boss, now=at, tier=1).person_id)
        ids.append(make_profile(session, owner=greta, boss=boss, now=at, tier=3).person_id)
        return greta.id, admin.id, ids

    greta_id, admin_id, ids = database.write(start)
    assert [verify_profiles(database, at + timedelta(days=days)) for days in (89, 90, 90)] == [0, 4, 0]
    with database.reading() as session:
        sent = {job.payload["to"]["email"]: [one["person"] for one in job.payload["data"]["people"]] for job in mails(session, "profile_verify")}
        people = {person_id: session.get_one(Person, person_id) for person_id in (greta_id, admin_id, *ids)}
        assert sent == {
            people[greta_id].email: sorted(people[one].name for one in ids[:3]),
            people[admin_id].email: [people[ids[3]].name],
        }
        token = token_to(session, admin_id)
    database.write(lambda s: answer_by_link(s, token, Answer.LEFT, at + timedelta(days=91)))
    with database.reading() as session:
        assert (status(session, ids[3]), credit(session, admin_id)) == ((Status.RETIRED, False), 10)


@pytest.mark.parametrize(
    ("answer", "note", "stands", "worth"),
    [
        (Answer.CHANGED, "Head of operations now.", (Status.NEEDS_VERIFICATION, True), 5),
        (Answer.LEFT, "", (Status.RETIRED, False), 10),
        (Answer.UNSUITABLE, "In a dispute with us.", (Status.RETIRED, False), 10),
    ],
)
def test_an_answer_is_followed_credited_once_a_round_and_never_taken_twice(
    session: Session, answer: Answer, note: str, stands: tuple[str, bool], worth: int
) -> None:
    scene = Scene(session)
    assert ask_several(session, scene.boss, person_ids=[scene.id], now=scene.at) == (1, 1)
    token = token_to(session, scene.greta_id)
    if answer is Answer.CHANGED:
        with pytest.raises(NoteMissing), session.begin_nested():
            answer_by_link(session, token, answer, scene.at)
    answer_by_link(session, token, answer, scene.at, note)
    assert (status(session, scene.id), credit(session, scene.greta_id)) == (stands, worth)
    for again in Answer:
        with pytest.raises(AnsweredBefore), session.begin_nested():
            answer_by_link(session, token, again, scene.at, "Once more.")
    if answer is Answer.CHANGED:
        assert [job.payload["data"]["note"] for job in mails(session, "profile_changed")] == [note]
        answer_check(session, scene.greta, person_id=scene.id, answer=Answer.TRUE, now=scene.at)
        assert (status(session, scene.id), credit(session, scene.greta_id)) == ((Status.ACTIVE, True), worth), "written down, in the same round"
    elif answer is Answer.LEFT:
        told = [(job.payload["to"]["person_id"], job.payload["data"]["by"], job.payload["link"]) for job in mails(session, "profile_left")]
        assert told == [(scene.admin_id, "Greta", f"/profiles/{scene.id}")], "the admins hear of it once, and not who said it"
        assert said_to_have_left(session, [scene.id]) == {scene.id}
        move_profile(session, scene.boss, person_id=scene.id, way=Move.REVIVE, reason="Wrong.", now=scene.at)
        move_profile(session, scene.boss, person_id=scene.id, way=Move.ACTIVATE, now=scene.at)
        move_profile(session, scene.greta, person_id=scene.id, way=Move.RETIRE, reason="Right.", retired_as=Retired.LEFT, now=scene.at)
        assert credit(session, scene.greta_id) == worth
        deactivate_person(session, scene.boss, person_id=scene.id, reason="Left.", now=scene.at)
        assert said_to_have_left(session, [scene.id]) == set(), "nothing is left to do"


def test_a_link_is_good_for_its_own_reader_question_and_time(session: Session) -> None:
    scene = Scene(session)
    ask_several(session, scene.boss, person_ids=[scene.id], now=scene.at)
    token = token_to(session, scene.greta_id)
    for bad, at, is_own in ((token + "x", scene.at, False), (token, scene.at, True), (token, scene.at + timedelta(days=90), False)):
        with pytest.raises(LinkSpent):
            holder_of(session, bad, "127.0.0.1", at, is_own=is_own)
    deactivate_person(session, scene.boss, person_id=scene.greta_id, reason="Left.", now=scene.at)
    with pytest.raises(LinkSpent):
        holder_of(session, token, "127.0.0.1", scene.at, is_own=False)


def test_admins_ask_about_ticked_profiles_again_and_others_may_not(session: Session) -> None:
    scene = Scene(session)
    for _ in range(2):
        assert ask_several(session, scene.boss, person_ids=[scene.id, 10**9], now=scene.at) == (1, 1)
        scene.at += timedelta(hours=1)
    assert len(mails(session, "profile_verify")) == 2, "written to again"
    assert len(session.scalars(select(ProfileCheck.id)).all()) == 1, "about the same question"
    with pytest.raises(NotAllowed):
        ask_several(session, scene.greta, person_ids=[scene.id], now=scene.at)
    with pytest.raises(NoneTicked):
        ask_several(session, scene.boss, person_ids=[], now=scene.at)


def test_verifying_before_it_is_due_counts_and_credits_nobody(session: Session) -> None:
    scene = Scene(session)
    later = scene.at + timedelta(days=100)
    answer_check(session, scene.greta, person_id=scene.id, answer=Answer.TRUE, now=later)
    assert (session.get_one(ReferenceProfile, scene.id).verified_at, credit(session, scene.greta_id)) == (later, 0)
    with pytest.raises(NotFound):
        answer_check(session, acting(make_employee(session)), person_id=scene.id, answer=Answer.TRUE, now=later)
    due = later + timedelta(days=181)
    answer_check(session, scene.greta, person_id=scene.id, answer=Answer.TRUE, now=due)
    assert credit(session, scene.greta_id) == 5, "due, and answered before it was asked"


def test_a_low_score_another_title_and_another_employer_pull_it_forward_with_their_reason(hearing: Database) -> None:
    database = hearing
    scene = database.write(Scene)
    ada = {"name": "Ada", "email": "ada@works.example", "now": scene.at}

    def rest_of(session: Session) -> tuple[bool, str]:
        row = session.get_one(ReferenceProfile, scene.id, populate_existing=True)
        assert row.verify_on is not None
        return row.verify_on <= (scene.at + timedelta(days=1)).date(), row.verify_why

    def play(session: Session) -> list[tuple[bool, str]]:
        company_id = session.get_one(Person, scene.id).company_id
        found = []
        for score in (9, 7):
            hear_nps(session, scene.id, score=score, at=scene.at, now=scene.at)
            found.append(rest_of(session))
        edit_person(session, scene.boss, person_id=scene.id, title="Planner", company_id=company_id, **ada)
        found.append(rest_of(session))
        edit_person(session, scene.boss, person_id=scene.id, title="Head of planning", company_id=company_id, **ada)
        found.append(rest_of(session))
        answer_check(session, scene.boss, person_id=scene.id, answer=Answer.TRUE, now=scene.at)
        edit_person(session, scene.boss, person_id=scene.id, title="Head of planning", company_id=None, **ada)
        found.append(rest_of(session))
        answer_check(session, scene.boss, person_id=scene.id, answer=Answer.TRUE, now=scene.at)
        hear_nps(session, scene.id, score=6, at=scene.at + timedelta(seconds=1), now=scene.at)
        hear_nps(session, scene.id, score=10, at=scene.at, now=scene.at)
        found.append(rest_of(session))
        return found

    assert database.write(play) == [
        (False, ""), (False, ""), (False, ""), (True, "title"), (True, "employer"), (True, "detractor")
    ]  # fmt: skip
    with database.reading() as session:
        assert session.get_one(ReferenceProfile, scene.id).nps == 6, "an older answer that is approved later is not the newest"
    database.write(lambda s: unhear_nps(s, scene.id, at=scene.at + timedelta(seconds=1), now=scene.at))
    with database.reading() as session:
        assert session.get_one(ReferenceProfile, scene.id).nps is None
    assert verify_profiles(database, scene.at) == 1


def test_a_mail_that_is_refused_for_good_pulls_it_forward_once_and_no_bad_list_hides_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = database.write(Scene)

    def bury(session: Session, at: datetime, email: str | None = None) -> None:
        payload = {"to": {"email": email or (session.get_one(Person, scene.id).email or "").upper(), "person_id": None}, "kind": "x"}
        error = "The mail server refuses this address: 550 no such user"
        session.add(OutboxJob(topic="mail.send", payload=payload, created_at=at, available_at=at, tries=1, dead_at=at, last_error=error))

    def bad_list(session: Session, at: datetime) -> None:
        for number in range(600):
            bury(session, at, f"nobody{number}@nowhere.example")
        for number in range(3):
            person = make_profile(session, boss=scene.boss, now=scene.at, email=f"asked{number}@works.example").person_id
            hear_title_change(session, person, at)
            bury(session, at, f"asked{number}@works.example")

    database.write(lambda s: bury(s, scene.at - timedelta(days=1)))
    assert hear_bounces(database, scene.at) == 0
    database.write(lambda s: bury(s, scene.at + timedelta(days=1)))
    database.write(lambda s: bad_list(s, scene.at + timedelta(days=1)))
    monkeypatch.setattr("portal.profiles.jobs.AT_ONCE", 1)
    assert [hear_bounces(database, scene.at + timedelta(days=1)) for _ in range(2)] == [1, 0]
    monkeypatch.undo()
    assert verify_profiles(database, scene.at + timedelta(days=1)) == 4
    with database.reading() as session:
        assert session.scalars(select(ProfileCheck.why).where(ProfileCheck.person_id == scene.id)).all() == ["bounce"]
        assert sorted(session.scalars(select(ProfileCheck.why))) == ["bounce", "title", "title", "title"], "the first reason stands"


def test_one_bad_profile_holds_up_no_other_owners(database: Database) -> None:
    scene, other = database.write(Scene), database.write(Scene)
    day = scene.at + timedelta(days=181)
    with poisoned(database, "profile_check", "person_id", scene.id, "INSERT"):
        assert verify_profiles(database, day) == 1
    with database.reading() as session:
        assert session.scalars(select(ProfileCheck.person_id)).all() == [other.id]
    assert [verify_profiles(database, day) for _ in range(2)] == [1, 0]


def test_a_rest_ends_on_its_day(database: Database) -> None:
    scene = database.write(Scene)
    day = (scene.at + timedelta(days=30)).date()
    rest = {"person_id": scene.id, "way": Move.REST, "reason": "New baby.", "rests_until": day, "now": scene.at}
    database.write(lambda s: move_profile(s, scene.boss, **rest))  # type: ignore[arg-type]
    assert [wake_profiles(database, scene.at + timedelta(days=days)) for days in (28, 31, 31)] == [0, 1, 0]
    with database.reading() as session:
        assert status(session, scene.id) == (Status.ACTIVE, True)


def test_of_two_answers_at_once_one_counts_and_of_two_workers_one_asks(database: Database) -> None:
    scene = database.write(Scene)
    at = scene.at + timedelta(days=180)
    works = [lambda s: ask_several(s, scene.boss, person_ids=[scene.id], now=at)] * 4
    assert all_at_once(database, works) == {"done": 4}
    with database.reading() as session:
        assert len(session.scalars(select(ProfileCheck.id)).all()) == 1
        token = token_to(session, scene.greta_id)
    answers = [lambda s, a=answer: answer_by_link(s, token, a, at) for answer in (Answer.TRUE, Answer.LEFT) * 4]
    assert all_at_once(database, answers) == {"done": 1, "AnsweredBefore": 7}
    with database.reading() as session:
        assert credit(session, scene.greta_id) in (5, 10)
