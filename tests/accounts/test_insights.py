"""What customers say reaches whoever looks after them, where they were told so: on a page at once, and once a week by mail."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.actions.insights import tell_owner
from portal.accounts.jobs import tell_owners
from portal.accounts.models import Insight, InsightWeek
from portal.accounts.rules.insights import InsightKind, Side, is_passed_on, last_week, side_of
from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.stages import own_stages
from portal.kernel.clock import UTC, utcnow
from portal.kernel.db import Database
from portal.notifications.models import OutboxJob
from portal.people.models import Person
from tests.factories.challenges import as_admin, as_advocate, make_draft, make_submission
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.patient import patient
from tests.support.poison import poisoned

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(("score", "side"), [(0, Side.DETRACTOR), (6, Side.DETRACTOR), (7, Side.PASSIVE), (8, Side.PASSIVE), (9, Side.PROMOTER)])
def test_a_score_means_what_net_promoter_says(score: int, side: Side) -> None:
    assert side_of(score) is side


@pytest.mark.parametrize(
    ("kind", "said", "score", "is_told"),
    [
        (InsightKind.ANSWER, "Faster", None, True),
        (InsightKind.ANSWER, " \n", None, False),
        (InsightKind.SCORE, "", 6, True),
        (InsightKind.SCORE, "", 9, True),
        (InsightKind.SCORE, "", 8, False),
        (InsightKind.SCORE, "It is fine", 8, True),
        (InsightKind.SCORE, "No number", None, False),
    ],
)
def test_what_says_nothing_is_not_passed_on(kind: InsightKind, said: str, score: int | None, is_told: bool) -> None:
    assert is_passed_on(kind, said=said, score=score) is is_told


@pytest.mark.parametrize(
    ("now", "first"),
    [
        (datetime(2026, 11, 23, 5, 59, tzinfo=UTC), "2026-11-09"),
        (datetime(2026, 11, 23, 6, 0, tzinfo=UTC), "2026-11-16"),
        (datetime(2026, 11, 29, 22, 59, tzinfo=UTC), "2026-11-16"),
    ],
)
def test_a_week_is_told_from_seven_on_monday_in_the_zone_of_the_programme(now: datetime, first: str) -> None:
    assert last_week(now, "Europe/Berlin").isoformat() == first


def answered(session: Session, person: Person, reader: str, kind: str, value: dict[str, Any], at: datetime) -> Attempt:
    """Let a person answer one step that says who reads it."""
    draft = make_draft(session, stages=(), points=100, now=at)
    options = {"read_by": reader} | ({"label": "What should we build?"} if kind == "answer" else {})
    add_stage(session, as_admin(person), challenge_id=draft.id, kind=kind, title="Tell us", options=options, now=at)
    challenge = publish_challenge(session, as_admin(person), challenge_id=draft.id, now=at)
    submission = make_submission(session, person, challenge, now=at)
    stage = own_stages(session, submission)[0]
    save_answers(session, as_advocate(person), submission_id=submission.id, values={stage.id: value}, now=at)
    return submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"k{submission.id}", now=at)


def test_answers_reach_the_owner_once_approved_where_the_member_was_told_and_leave_with_the_approval(database: Database, sign_in: SignIn) -> None:
    at = utcnow() - timedelta(hours=1)

    def world(session: Session) -> tuple[int, int, int, int, int, int, int]:
        owner, other, admin = make_employee(session, name="Olga Owner"), make_employee(session), make_admin(session)
        company = make_company(session, name="Harbour Works", owner_id=owner.id)
        mia = make_person(session, name="Mia Member", company_id=company.id)
        told = answered(session, mia, "owner", "answer", {"text": "A view of all depots."}, at)
        private = answered(session, mia, "programme", "answer", {"text": "PRIVATE-CANARY"}, at)
        score = answered(session, mia, "owner", "nps", {"score": 4, "why": "The import stops."}, at)
        for attempt in (told, private, score):
            approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=at)
        waiting = answered(session, mia, "owner", "answer", {"text": "WAITING-CANARY"}, at)
        return owner.id, other.id, admin.id, mia.id, company.id, told.id, waiting.id

    owner_id, other_id, admin_id, mia_id, company_id, told_id, _waiting_id = database.write(world)
    owner, other, admin = sign_in(owner_id), sign_in(other_id), sign_in(admin_id)
    for client in (owner, admin):
        text = client.get("/companies/said").text
        for shown in ("What should we build?", "A view of all depots.", "The import stops.", "Detractor", "Mia Member", "Harbour Works"):
            assert shown in text
        assert "CANARY" not in text
    assert "A view of all depots" in owner.get(f"/companies/{company_id}").text
    assert "A view of all depots" not in other.get(f"/companies/{company_id}").text
    assert "A view of all depots" not in other.get("/companies/said").text
    assert "A view of all depots" not in other.get("/companies/said?format=csv").text
    assert "The import stops" not in owner.get("/companies/said?kind=promoter").text
    assert "The import stops" in owner.get("/companies/said?kind=detractor").text
    assert "Nothing fits" in owner.get("/companies/said?q=zzz").text

    def take_back(session: Session) -> None:
        submission_id = session.get_one(Attempt, told_id).submission_id
        reverse_approval(session, as_admin(session.get_one(Person, admin_id)), submission_id=submission_id, reason="No", now=utcnow())

    database.write(take_back)
    assert "A view of all depots" not in owner.get("/companies/said").text
    assert sign_in(mia_id).get("/companies/said").status_code == 403


def test_members_read_beforehand_who_reads_their_answer(database: Database, sign_in: SignIn) -> None:
    def world(session: Session) -> tuple[int, list[int]]:
        mia, ids = make_person(session), []
        for reader in ("owner", "programme"):
            draft = make_draft(session, stages=())
            for kind in ("answer", "nps"):
                add_stage(session, as_admin(mia), challenge_id=draft.id, kind=kind, title=f"Step {kind}", options={"read_by": reader}, now=utcnow())
            challenge = publish_challenge(session, as_admin(mia), challenge_id=draft.id, now=utcnow())
            make_submission(session, mia, challenge)
            ids.append(challenge.id)
        return mia.id, ids

    mia_id, (told, private) = database.write(world)
    client = sign_in(mia_id)
    assert "the person with us who looks after your company" in client.get(f"/challenges/{told}").text
    assert "looks after your company" not in client.get(f"/challenges/{private}").text


def test_one_mail_a_week_tells_an_owner_and_none_where_nothing_was_said(database: Database, sign_in: SignIn) -> None:
    in_week = MONDAY - timedelta(days=3)

    def world(session: Session) -> tuple[int, int]:
        admin = make_admin(session)
        owners = [make_employee(session, email=f"{name}@ours.example") for name in ("olga", "otto", "off")]
        for owner in owners:
            company = make_company(session, owner_id=owner.id)
            mia = make_person(session, company_id=company.id, now=in_week - timedelta(days=1))
            if owner is not owners[1]:
                for score, why in ((10, "Great people"), (3, "Too slow")):
                    sent = answered(session, mia, "owner", "nps", {"score": score, "why": why}, in_week)
                    approve_attempt(session, as_admin(admin), attempt_id=sent.id, now=in_week)
        return owners[0].id, owners[2].id

    olga_id, off_id = database.write(world)
    off = sign_in(off_id)
    assert off.post("/companies/said/mail", data={"wanted": "no"}).status_code == 303
    assert "Send me a mail each week" in off.get("/companies/said").text
    assert tell_owners(database, MONDAY - timedelta(hours=7)) == 0
    with poisoned(database, "insight_week", "owner_id", olga_id, "INSERT"):
        assert tell_owners(database, MONDAY) == 0
    with database.reading() as session:
        assert session.scalars(select(InsightWeek.owner_id)).all() == [off_id], "a bad row holds up no other owner"
    week = last_week(MONDAY, "UTC")
    with patient(database) as shared:
        all_at_once(shared, [partial(tell_owner, owner_id=olga_id, first=week, now=MONDAY)] * 8)  # one mail, counted below
    assert [tell_owners(database, MONDAY + timedelta(hours=hours)) for hours in (1, 24)] == [0, 0]
    assert tell_owners(database, MONDAY + timedelta(days=7)) == 0, "nothing was said in the week after"
    with database.reading() as session:
        mails = [job.payload for job in session.scalars(select(OutboxJob)) if job.payload.get("kind") == "customers_said"]
        assert [mail["to"]["email"] for mail in mails] == ["olga@ours.example"]
        assert [(line["score"], line["said"]) for line in mails[0]["data"]["lines"]] == [(3, "Too slow"), (10, "Great people")]
        assert len(session.scalars(select(InsightWeek.owner_id)).all()) == 2
        assert len(session.scalars(select(Insight.id)).all()) == 4
