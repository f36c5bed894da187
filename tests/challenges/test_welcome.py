"""The challenge that new members are offered first: what it takes, one at a time, and what its page says when it no longer holds."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.challenges.actions.editing import close_challenge, duplicate_challenge, edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.lifecycle import pause_challenge
from portal.challenges.actions.prerequisites import add_prerequisite
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage, edit_stage
from portal.challenges.actions.welcome import offer_first, stop_offering_first
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.stages import stages_of
from portal.challenges.queries.versions import current_version
from portal.challenges.queries.welcome import FirstOffer, first_for
from portal.challenges.rules.lifecycle import Lifecycle
from portal.challenges.rules.welcome import FirstStep, WelcomeFull, WelcomeNeedsOthers, WelcomeNotLive, WelcomePaysLater, first_points, why_not_first
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from tests.challenges.test_races import at_once
from tests.factories.audience import in_industry, show_only_to
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn

TEST = system("test")
CONFIRM = FirstStep(10, needs_check=False, is_filled_in=True)


def paying(session: Session, *, points: int = 10, kind: str = "confirm", **overrides: Any) -> Challenge:
    """Make a live challenge whose one step pays ``points``."""
    draft = make_draft(session, stages=(), **{"points": points, **overrides})
    options = {"code": "webinar-1"} if kind == "event" else {}
    add_stage(session, TEST, challenge_id=draft.id, kind=kind, title="First", points=points, options=options, now=utcnow())
    return publish_challenge(session, TEST, challenge_id=draft.id, now=utcnow())


@pytest.mark.parametrize(
    ("step", "pays"),
    [
        (CONFIRM, 10),
        (replace(CONFIRM, points=25), 25),
        (replace(CONFIRM, points=26), 0),
        (replace(CONFIRM, points=0), 0),
        (replace(CONFIRM, needs_check=True), 0),
        (replace(CONFIRM, is_filled_in=False), 0),
        (None, 0),
    ],
)
def test_what_the_first_step_pays_before_anybody_looks(step: FirstStep | None, pays: int) -> None:
    assert first_points(step, 25) == pays


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({}, None),
        ({"total_limit": 3, "taken": 2}, None),
        *[({"life": life}, WelcomeNotLive) for life in Lifecycle if life is not Lifecycle.LIVE],
        ({"needs_others": True}, WelcomeNeedsOthers),
        ({"total_limit": 3, "taken": 3}, WelcomeFull),
        ({"step": None}, WelcomePaysLater),
        ({"step": replace(CONFIRM, needs_check=True)}, WelcomePaysLater),
    ],
)
def test_why_a_challenge_cannot_be_offered_first(changed: dict[str, Any], refusal: type | None) -> None:
    facts: dict[str, Any] = {"life": Lifecycle.LIVE, "step": CONFIRM, "limit": 25, "needs_others": False, "total_limit": None, "taken": 0}
    found = why_not_first(**{**facts, **changed})
    assert found is None if refusal is None else isinstance(found, refusal)


def test_what_breaks_the_promise_is_refused_by_name_and_nobody_else_decides(session: Session) -> None:
    admin, other = as_admin(make_admin(session)), make_challenge(session)
    draft, paused, needing, full = make_draft(session), paying(session), make_draft(session, points=10, stages=()), paying(session, total_limit=1)
    pause_challenge(session, TEST, challenge_id=paused.id, now=utcnow())
    add_stage(session, TEST, challenge_id=needing.id, kind="confirm", title="First", points=10, now=utcnow())
    add_prerequisite(session, TEST, challenge_id=needing.id, requires_id=other.id, now=utcnow())
    publish_challenge(session, TEST, challenge_id=needing.id, now=utcnow())
    make_submission(session, make_person(session), full)
    refused = [(draft, WelcomeNotLive), (paused, WelcomeNotLive), (needing, WelcomeNeedsOthers), (full, WelcomeFull), (other, WelcomePaysLater)]
    refused += [(paying(session, kind="answer"), WelcomePaysLater), (paying(session, points=26), WelcomePaysLater)]
    refused += [(paying(session, kind="event"), WelcomePaysLater)]
    for challenge, refusal in refused:
        with pytest.raises(refusal):
            offer_first(session, admin, challenge_id=challenge.id, now=utcnow())
    with pytest.raises(NotAllowed):
        offer_first(session, as_advocate(make_person(session)), challenge_id=paying(session).id, now=utcnow())
    assert session.scalars(select(Challenge.id).where(Challenge.welcome_at.is_not(None))).all() == []


def test_marking_one_takes_it_from_the_other_and_both_are_in_the_log_once(session: Session) -> None:
    admin, one, two = as_admin(make_admin(session)), paying(session), paying(session)
    for challenge in (one, one, two):
        offer_first(session, admin, challenge_id=challenge.id, now=utcnow())
    assert session.scalars(select(Challenge.id).where(Challenge.welcome_at.is_not(None))).all() == [two.id]
    assert duplicate_challenge(session, admin, challenge_id=two.id, title="Copy", now=utcnow()).welcome_at is None
    for _ in range(2):
        stop_offering_first(session, admin, challenge_id=two.id, now=utcnow())
    told = session.execute(
        select(AuditEvent.name, AuditEvent.subject_id).where(AuditEvent.name.like("%offered_first%")).order_by(AuditEvent.id)
    ).all()
    began, ended = "challenge.offered_first", "challenge.offered_first_ended"
    assert [tuple(row) for row in told] == [(began, one.id), (ended, one.id), (began, two.id), (ended, two.id)]


def test_eight_admins_marking_eight_challenges_leave_one_marked(database: Database) -> None:
    admins, challenges = database.write(lambda s: ([make_admin(s) for _ in range(8)], [paying(s).id for _ in range(8)]))

    def mark(number: int) -> Any:
        return lambda s: offer_first(s, as_admin(admins[number]), challenge_id=challenges[number], now=utcnow()).id

    assert sorted(at_once(database, [mark(number) for number in range(8)])) == sorted(challenges)
    with database.reading() as session:
        marked = session.scalars(select(Challenge.id).where(Challenge.welcome_at.is_not(None))).all()
        told = Counter(session.scalars(select(AuditEvent.name).where(AuditEvent.name.like("%offered_first%"))))
    assert len(marked) == 1
    assert told == {"challenge.offered_first": 8, "challenge.offered_first_ended": 7}


def test_a_member_is_offered_it_while_they_can_do_it_and_what_they_did_stays(session: Session) -> None:
    admin, challenge, person = as_admin(make_admin(session)), paying(session, points=10), make_person(session)

    def offered(who: Any = person) -> FirstOffer | None:
        return first_for(session, who.id, utcnow())

    assert offered() is None
    offer_first(session, admin, challenge_id=challenge.id, now=utcnow())
    assert offered() == FirstOffer(challenge, challenge.points, challenge.minutes, 10, is_begun=False, is_done=False)
    pause_challenge(session, TEST, challenge_id=challenge.id, now=utcnow())
    assert offered() is None
    publish_challenge(session, TEST, challenge_id=challenge.id, now=utcnow())
    submission = make_submission(session, person, challenge)
    pause_challenge(session, TEST, challenge_id=challenge.id, now=utcnow())
    assert offered() == FirstOffer(challenge, challenge.points, challenge.minutes, 10, is_begun=True, is_done=False)
    fill(session, person, submission)
    assert offered() == FirstOffer(challenge, challenge.points, challenge.minutes, 10, is_begun=True, is_done=True)
    close_challenge(session, TEST, challenge_id=challenge.id, now=utcnow())
    done = offered()
    assert done is not None
    assert done.is_done
    assert offered(make_person(session)) is None


def test_what_is_told_of_it_is_of_the_version_that_somebody_began(session: Session) -> None:
    challenge, person = paying(session, points=10, minutes=10), make_person(session)
    offer_first(session, as_admin(make_admin(session)), challenge_id=challenge.id, now=utcnow())
    make_submission(session, person, challenge)
    later = replace(offer_of(current_version(session, challenge)), points=500, minutes=90)
    edit_challenge(session, TEST, challenge_id=challenge.id, offer=later, now=utcnow())
    publish_challenge(session, TEST, challenge_id=challenge.id, now=utcnow())
    begun, new = first_for(session, person.id, utcnow()), first_for(session, make_person(session).id, utcnow())
    assert begun is not None
    assert new is not None
    assert [(one.points, one.minutes) for one in (begun, new)] == [(10, 10), (500, 90)]


def test_nothing_is_promised_that_somebody_ruled_out_or_was_paid_before(session: Session) -> None:
    admin, person = as_admin(make_admin(session)), make_person(session)
    challenge = paying(session, interests=("writing",))
    offer_first(session, admin, challenge_id=challenge.id, now=utcnow())
    assert first_for(session, person.id, utcnow(), nevers=["calls"]) is not None
    assert first_for(session, person.id, utcnow(), nevers=["writing"]) is None
    submission = make_submission(session, person, challenge)
    assert first_for(session, person.id, utcnow(), nevers=["writing"]) is not None
    attempt = make_attempt(session, person, challenge)
    approve_attempt(session, admin, attempt_id=attempt.id, now=utcnow())
    reverse_approval(session, admin, submission_id=submission.id, reason="By mistake", now=utcnow())
    assert first_for(session, person.id, utcnow()) is None


def test_whom_its_audience_leaves_out_is_not_offered_it(session: Session) -> None:
    challenge, person = paying(session), make_person(session)
    offer_first(session, as_admin(make_admin(session)), challenge_id=challenge.id, now=utcnow())
    assert first_for(session, person.id, utcnow()) is not None
    show_only_to(session, challenge, in_industry("Retail"))
    assert first_for(session, person.id, utcnow()) is None


def test_an_edit_that_lets_the_points_wait_ends_the_offer_for_who_begins_now(session: Session) -> None:
    admin, challenge, early, late = as_admin(make_admin(session)), paying(session), make_person(session), make_person(session)
    offer_first(session, admin, challenge_id=challenge.id, now=utcnow())
    make_submission(session, early, challenge)
    stage = stages_of(session, challenge.id)[0]
    edit_stage(session, admin, challenge_id=challenge.id, stage_id=stage.id, title="First", text="", points=0, options={}, now=utcnow())
    publish_challenge(session, admin, challenge_id=challenge.id, now=utcnow())
    assert first_for(session, early.id, utcnow()) is not None
    assert first_for(session, late.id, utcnow()) is None


def test_the_editor_marks_tells_and_says_why_it_no_longer_holds(database: Database, sign_in: SignIn) -> None:
    admin, one, two = database.write(
        lambda s: (make_admin(s), paying(s, title="Say hello").id, make_challenge(s, title="Write a review", stages=("answer",)).id)
    )
    client = sign_in(admin)
    assert "the first step has to pay at once: 1 to 25 points" in client.get(f"/admin/challenges/{two}/edit").text
    refused = client.post(f"/admin/challenges/{two}/welcome")
    assert refused.status_code == 409
    assert "New members are promised their first points within two minutes" in refused.text
    told = client.post(f"/admin/challenges/{one}/welcome", follow_redirects=True).text
    assert "New members are offered this first." in told
    assert "Offered to new members first" in told
    assert client.get("/admin/challenges").text.count("new members first") == 1
    client.post(f"/admin/challenges/{one}/pause")
    told = client.get(f"/admin/challenges/{one}/edit").text
    assert "Marked, but not offered now" in told
    assert "Only a challenge that is live can be offered to new members first." in told
    third = database.write(lambda s: paying(s).id)
    assert "Now that is “Say hello”; this would take its place." in client.get(f"/admin/challenges/{third}/edit").text
    assert "No longer offer it first" not in client.post(f"/admin/challenges/{one}/welcome/end", follow_redirects=True).text
    assert "new members first" not in client.get("/admin/challenges").text


def test_what_is_edited_but_not_published_changes_nothing_yet(session: Session) -> None:
    admin, challenge, person = as_admin(make_admin(session)), paying(session), make_person(session)
    offer_first(session, admin, challenge_id=challenge.id, now=utcnow())
    later = replace(offer_of(current_version(session, challenge)), points=0)
    stage = stages_of(session, challenge.id)[0]
    edit_stage(session, admin, challenge_id=challenge.id, stage_id=stage.id, title="First", text="", points=0, options={}, now=utcnow())
    edit_challenge(session, admin, challenge_id=challenge.id, offer=later, now=utcnow())
    assert first_for(session, person.id, utcnow()) == FirstOffer(challenge, challenge.points, challenge.minutes, 10, is_begun=False, is_done=False)
    assert make_attempt(session, person, challenge).points == 10
