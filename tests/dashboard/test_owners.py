"""Whose something is: taken, given, let go, by one at a time; and the filters that ask for it."""

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.appealing import appeal
from portal.challenges.actions.review import decline_attempt
from portal.dashboard.jobs import escalate
from portal.dashboard.queries.queue import waiting_page
from portal.dashboard.waiting.contract import Wanted
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.notifications.models import Notice, OutboxJob
from portal.people.actions.reviewing import grant_reviewing
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from portal.references.actions.asking import tell_late
from portal.references.models.nominating import Nomination
from portal.review.actions.cases import assign_case
from portal.review.models import ReviewCase, SavedView
from portal.review.rules.refusals import OwnerMayNotDecide
from portal.review.rules.terms import KINDS
from portal.wiring import WAITING
from tests.challenges.test_races import at_once
from tests.dashboard.scene import Scene, build
from tests.factories.challenges import as_admin, as_advocate
from tests.factories.people import make_admin, make_employee
from tests.factories.references import make_nomination
from tests.support.application import PortalClient, SignIn

QUEUE = "/admin/approvals"
MANY = 32


@pytest.fixture
def desk(stage: Scene, sign_in: SignIn) -> PortalClient:
    return sign_in(stage.admin)


def owner_of(database: Database, kind: str, item_id: int) -> int | None:
    with database.reading() as session:
        case = session.get(ReviewCase, (kind, item_id))
        return case.owner_id if case else None


def give(session: Session, admin: Person, stage: Scene, owner: int | None, was: int | None = None) -> None:
    facts: dict[str, Any] = {"kind": "attempt", "item_id": stage.attempt.id, "subject": ("submission", stage.attempt.submission_id)}
    assign_case(session, as_admin(admin), owner_id=owner, was_id=was, barred={stage.advocate.id}, now=utcnow(), **facts)


def test_a_line_is_taken_shown_and_left(desk: PortalClient, stage: Scene, database: Database) -> None:
    address = f"{QUEUE}/attempt/{stage.attempt.id}/owner"
    assert desk.post(address, data={"owner": stage.admin.id, "was": ""}).status_code == 303
    assert owner_of(database, "attempt", stage.attempt.id) == stage.admin.id
    page = desk.get(f"{QUEUE}?owner=me").text
    assert page.count("data-row=") == 1
    assert "Leave it to others" in page
    assert desk.get(f"{QUEUE}?owner=none").text.count("data-row=") == 2
    desk.post(address, data={"owner": "", "was": stage.admin.id})
    assert owner_of(database, "attempt", stage.attempt.id) is None


def test_of_thirty_two_who_take_it_at_once_one_has_it(database: Database, stage: Scene) -> None:
    admins = database.write(lambda s: [make_admin(s) for _ in range(MANY)])
    results = Counter(at_once(database, [lambda s, a=admin: give(s, a, stage, a.id) for admin in admins]))
    assert results == {None: 1, "AlreadyAssigned": MANY - 1}
    assert owner_of(database, "attempt", stage.attempt.id) in {admin.id for admin in admins}


def test_taking_from_whom_it_is_no_more_is_told_on_the_page(desk: PortalClient, stage: Scene, database: Database) -> None:
    other = database.write(lambda s: make_admin(s, name="Noor Haddad"))
    database.write(lambda s: give(s, other, stage, other.id))
    answer = desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/owner", data={"owner": stage.admin.id, "was": ""})
    assert "Somebody changed whose this is in the meantime." in desk.get(answer.location).text
    assert owner_of(database, "attempt", stage.attempt.id) == other.id


def test_only_those_who_may_decide_can_own(session: Session) -> None:
    made = build(session)
    for owner in (made.employee.id, made.advocate.id):
        with pytest.raises(OwnerMayNotDecide):
            give(session, made.admin, made, owner)
    grant_reviewing(session, as_admin(made.admin), person_id=made.employee.id, grants={"attempts"}, now=utcnow())
    give(session, made.admin, made, made.employee.id)
    with pytest.raises(NotAllowed):
        assign_case(session, as_advocate(made.advocate), kind="attempt", item_id=1, owner_id=None, was_id=1, subject=("submission", 1), now=utcnow())


def test_their_own_is_given_to_nobody(session: Session) -> None:
    made = build(session)
    grant_reviewing(session, as_admin(made.admin), person_id=made.advocate.id, grants={"attempts"}, now=utcnow())
    with pytest.raises(OwnerMayNotDecide):
        give(session, made.admin, made, made.advocate.id)


def test_what_was_decided_needs_no_owner(desk: PortalClient, stage: Scene, database: Database) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={})
    answer = desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/owner", data={"owner": stage.admin.id, "was": ""})
    assert "This has been decided, so nobody needs to take it any more." in desk.get(answer.location).text
    assert owner_of(database, "attempt", stage.attempt.id) is None


def test_the_queue_is_filtered_by_company_owner_and_challenge(session: Session, subtests: pytest.Subtests) -> None:
    build(session)
    for wanted, kinds in [
        (Wanted(company="pocket"), ["attempt", "redemption"]),
        (Wanted(company="nobody"), []),
        (Wanted(company="ines"), []),
        (Wanted(owner="none"), ["attempt", "redemption", "nomination"]),
        (Wanted(owner="999999"), []),
        (Wanted(challenge=999_999), []),
    ]:
        with subtests.test(wanted=wanted):
            assert [row.kind for row in waiting_page(session, WAITING, wanted)] == kinds


def test_one_challenge_leaves_its_answers(session: Session) -> None:
    made = build(session)
    assert [row.kind for row in waiting_page(session, WAITING, Wanted(challenge=made.challenge.id))] == ["attempt"]


def test_overdue_leaves_what_is_late_and_says_how_many(desk: PortalClient, stage: Scene, database: Database) -> None:
    days = dict.fromkeys(KINDS, 60) | {"attempt": 1}
    assert desk.post("/admin/reviewing", data=days | {"four_eyes_above": "", "holidays": ""}).status_code == 303
    page = desk.get(f"{QUEUE}?overdue=y").text
    assert page.count("data-row=") == 1
    assert re.search(r"Overdue since \d+ \w+ \d{4}, \d\d:\d\d<", page), "to the minute"
    assert "1 is overdue." in desk.get(QUEUE).text


def test_a_view_is_kept_opened_and_deleted_by_its_person_alone(desk: PortalClient, stage: Scene, sign_in: SignIn, database: Database) -> None:
    desk.post(f"{QUEUE}/views?kind=attempt&company=pocket", data={"name": "Pocket"})
    page = desk.get(QUEUE).text
    assert f'href="{QUEUE}?company=pocket&amp;kind=attempt"' in page
    again = desk.post(f"{QUEUE}/views?kind=attempt", data={"name": "POCKET"})
    assert "You have a view of this name already." in desk.get(again.location).text
    with database.reading() as session:
        view = session.query(SavedView).one()
    other = sign_in(database.write(make_admin))
    assert "Pocket</a>" not in other.get(QUEUE).text
    other.post(f"{QUEUE}/views/{view.id}/delete", data={})
    assert "Pocket</a>" in desk.get(QUEUE).text
    desk.post(f"{QUEUE}/views/{view.id}/delete", data={})
    assert "Pocket</a>" not in desk.get(QUEUE).text


@pytest.mark.parametrize(("query", "name", "said"), [("kind=attempt", " ", "Please give the view a name."), ("", "All", "Filter the queue first")])
def test_a_view_needs_a_name_and_a_filter(desk: PortalClient, query: str, name: str, said: str) -> None:
    answer = desk.post(f"{QUEUE}/views?{query}", data={"name": name})
    assert said in desk.get(answer.location).text


def _notices(database: Database) -> Counter[tuple[int, str]]:
    with database.reading() as session:
        return Counter((notice.person_id, notice.key) for notice in session.query(Notice).filter_by(kind="review_overdue"))


def test_what_is_overdue_is_told_once_for_each_step_however_often_it_is_looked_at(stage: Scene, database: Database) -> None:
    now = utcnow()
    reviewer = database.write(make_employee)
    database.write(lambda s: grant_reviewing(s, as_admin(stage.admin), person_id=reviewer.id, grants={"attempts"}, now=now))
    late = now + timedelta(days=1)
    told = [escalate(database, late, WAITING) for _ in range(3)]
    assert told[0] >= 1
    assert told[1:] == [0, 0]
    key = f"review:attempt:{stage.attempt.id}:overdue:1"
    assert {person for person, found in _notices(database) if found == key} == {stage.admin.id, reviewer.id}
    escalate(database, now + timedelta(days=10), WAITING)
    assert {person for person, found in _notices(database) if found == key[:-1] + "2"} == {stage.admin.id}
    assert set(_notices(database).values()) == {1}
    with database.reading() as session:
        mails = [job for job in session.query(OutboxJob) if job.payload.get("kind") == "review_overdue"]
    assert {mail.payload["data"]["step"] for mail in mails} == {2}


@pytest.mark.parametrize("is_late_first", [True, False])
def test_a_late_nomination_costs_each_admin_one_mail_whichever_clock_is_first(stage: Scene, database: Database, is_late_first: bool) -> None:
    made, now = database.write(lambda s: make_nomination(s)), utcnow() + timedelta(days=40)

    def tell() -> None:
        database.write(lambda s: tell_late(s, system("job"), nomination_id=made.id, now=now))

    if is_late_first:
        tell()
    escalate(database, now, WAITING)
    escalate(database, now, WAITING)
    tell()
    with database.reading() as session:
        sent = [job.payload for job in session.query(OutboxJob) if job.payload.get("link") == f"/admin/approvals?item=nomination-{made.id}"]
        admins = {person.id for person in session.query(Person).filter_by(is_admin=True)}
    assert Counter(mail["to"]["person_id"] for mail in sent) == dict.fromkeys(admins, 1)
    assert {mail["kind"] for mail in sent} == {"nomination_late" if is_late_first else "review_overdue"}


def test_whose_it_is_hears_alone_at_first(stage: Scene, database: Database) -> None:
    other = database.write(make_admin)
    database.write(lambda s: give(s, other, stage, other.id))
    escalate(database, utcnow() + timedelta(days=1), WAITING)
    assert [person for person, key in _notices(database) if key == f"review:attempt:{stage.attempt.id}:overdue:1"] == [other.id]


@pytest.mark.parametrize("way", ["deactivated", "grant taken"])
def test_whose_owner_may_not_decide_any_more_is_told_to_all_who_may(stage: Scene, database: Database, way: str) -> None:
    owner, now = database.write(make_employee), utcnow()

    def owned(session: Session) -> None:
        grant_reviewing(session, as_admin(stage.admin), person_id=owner.id, grants={"attempts"}, now=now)
        give(session, stage.admin, stage, owner.id)
        if way == "deactivated":
            deactivate_person(session, as_admin(stage.admin), person_id=owner.id, reason="Left us", now=now)
        else:
            grant_reviewing(session, as_admin(stage.admin), person_id=owner.id, grants=set(), now=now)

    database.write(owned)
    with database.reading() as session:
        case = session.get_one(ReviewCase, ("attempt", stage.attempt.id))
        assert case.owner_id == owner.id
    escalate(database, now + timedelta(days=1), WAITING)
    assert [person for person, key in _notices(database) if key == f"review:attempt:{stage.attempt.id}:overdue:1"] == [stage.admin.id]


def test_who_declined_is_not_told_that_the_appeal_is_overdue(stage: Scene, database: Database) -> None:
    """They may not decide on it while there is somebody else who may."""
    now, other = utcnow(), database.write(make_admin)
    person, submission_id = as_advocate(stage.advocate), stage.attempt.submission_id
    database.write(lambda s: decline_attempt(s, as_admin(stage.admin), attempt_id=stage.attempt.id, reason="The page is private.", now=now))
    made = database.write(lambda s: appeal(s, person, submission_id=submission_id, words="It is public now.", now=now))
    for days in (30, 60):
        escalate(database, now + timedelta(days=days), WAITING)
    told = {(to, key) for to, key in _notices(database) if key.startswith(f"review:appeal:{made.id}:")}
    assert {to for to, _key in told} == {other.id}


def test_workers_that_look_at_once_tell_once(stage: Scene, database: Database) -> None:
    late = utcnow() + timedelta(days=1)
    told = at_once(database, [lambda _s: escalate(database, late, WAITING)] * 4 if not database.is_sqlite else [lambda _s: 0])
    if database.is_sqlite:
        told = [escalate(database, late, WAITING), escalate(database, late, WAITING)]
    assert sum(told) == len(_notices(database))


def test_who_is_given_a_nomination_takes_it_up_and_its_nominators_are_told_once(database: Database, sign_in: SignIn) -> None:
    employee, admin, other = database.write(lambda s: (make_employee(s), make_admin(s), make_admin(s)))
    made = database.write(lambda s: make_nomination(s, employee).id)
    desk, address = sign_in(admin), f"{QUEUE}/nomination/{made}/owner"
    for owner, was in ((other.id, ""), ("", other.id), (admin.id, "")):
        assert desk.post(address, data={"owner": owner, "was": was}).status_code == 303
    with database.reading() as session:
        assert session.get_one(Nomination, made).review_began_at is not None
        told = session.scalars(select(Notice.data).where(Notice.person_id == employee.id)).all()
    assert [data["step"] for data in told] == ["in_review"]
    assert "In review" in sign_in(employee).get("/nominate/mine").text
