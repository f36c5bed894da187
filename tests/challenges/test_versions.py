"""Versions: each publication freezes one, whoever has begun keeps theirs, and what was paid stays paid."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.editing import close_challenge, edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.lifecycle import archive_challenge, ask_for_review, pause_challenge, send_back
from portal.challenges.actions.review import approve_attempt, decline_attempt
from portal.challenges.actions.stages import add_stage, edit_stage, move_stage, remove_stage
from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.models.taking import Submission
from portal.challenges.queries.editing import challenges_statement, count_challenges
from portal.challenges.queries.page import challenge_page
from portal.challenges.queries.stages import own_stages, stages_of
from portal.challenges.queries.versions import current_version, differences, find_draft, get_version, versions_of
from portal.challenges.rules import refusals
from portal.challenges.rules.lifecycle import lifecycle
from portal.challenges.rules.states import ChallengeState, SubmissionState
from portal.kernel.actor import system
from portal.kernel.errors import NotAllowed, NotFound
from portal.kernel.tracks import Track
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def change(session: Session, challenge: Challenge, **fields: object) -> Challenge:
    """Edit and publish."""
    offer = replace(offer_of(current_version(session, challenge)), **fields)  # type: ignore[arg-type]
    edit_challenge(session, system("test"), challenge_id=challenge.id, offer=offer, now=LATER)
    return publish_challenge(session, system("test"), challenge_id=challenge.id, now=LATER)


def test_an_edit_of_a_live_challenge_waits_as_the_draft_of_the_next_version(session: Session) -> None:
    challenge = make_challenge(session, points=100, title="Review")
    offer = replace(offer_of(current_version(session, challenge)), points=150, title="A review")
    edit_challenge(session, system("test"), challenge_id=challenge.id, offer=offer, now=LATER)
    draft = find_draft(session, challenge.id)
    assert draft is not None
    assert (challenge.version, challenge.points, challenge.title, draft.number, draft.points) == (1, 100, "Review", 2, 150)
    publish_challenge(session, system("test"), challenge_id=challenge.id, now=LATER)
    assert (challenge.version, challenge.points, challenge.title, challenge.search_key.split()[0]) == (2, 150, "A review", "a")
    assert find_draft(session, challenge.id) is None


def test_editing_a_live_challenge_leaves_running_attempts_and_paid_points_alone(session: Session) -> None:
    admin, paid, running, new = make_admin(session), make_person(session), make_person(session), make_person(session)
    challenge = make_challenge(session, points=100, stages=("answer", "confirm"), max_attempts=2)
    approve_attempt(session, as_admin(admin), attempt_id=make_attempt(session, paid, challenge, now=NOW).id, now=NOW)
    begun = make_submission(session, running, challenge, now=NOW)
    first, second = own_stages(session, begun)
    save_answers(session, as_advocate(running), submission_id=begun.id, values={first.id: {"text": "Half"}}, now=NOW)

    edit_stage(session, as_admin(admin), challenge_id=challenge.id, stage_id=first.id, title="Another question", text="", options={}, now=LATER)
    remove_stage(session, as_admin(admin), challenge_id=challenge.id, stage_id=second.id, now=LATER)
    add_stage(session, as_admin(admin), challenge_id=challenge.id, kind="link", title="Where it stands", now=LATER)
    change(session, challenge, points=10, max_attempts=1, text="Another text", closes_on=date(2026, 11, 22))

    assert [stage.title for stage in own_stages(session, begun)] == ["Step answer", "Step confirm"]
    assert [stage.title for stage in stages_of(session, challenge.id)] == ["Another question", "Where it stands"]
    with pytest.raises(NotFound):
        save_answers(session, as_advocate(running), submission_id=begun.id, values={stages_of(session, challenge.id)[1].id: {}}, now=LATER)
    fill(session, running, begun, now=LATER)
    long_after = NOW + timedelta(days=40)
    attempt = submit_attempt(session, as_advocate(running), submission_id=begun.id, key="k", now=long_after)
    assert attempt.points == 100
    decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="Not yet", now=long_after)
    again = submit_attempt(session, as_advocate(running), submission_id=begun.id, key="k2", now=long_after)
    approve_attempt(session, as_admin(admin), attempt_id=again.id, now=long_after)
    assert (balance_of(session, running.id).available, balance_of(session, paid.id).available) == (100, 100)
    fresh = make_submission(session, new, challenge, now=LATER)
    assert (fresh.version, [stage.title for stage in own_stages(session, fresh)]) == (2, ["Another question", "Where it stands"])


def test_the_act_stands_in_the_track_of_the_version_that_was_begun(session: Session) -> None:
    person, admin, challenge = make_person(session), make_admin(session), make_challenge(session, track=Track.ENGAGE)
    attempt = make_attempt(session, person, challenge, now=NOW)
    later = replace(offer_of(current_version(session, challenge)), track=Track.EARN)
    edit_challenge(session, as_admin(admin), challenge_id=challenge.id, offer=later, now=LATER)
    publish_challenge(session, as_admin(admin), challenge_id=challenge.id, now=LATER)
    approve_attempt(session, as_admin(admin), attempt_id=attempt.id, now=LATER)
    assert session.scalars(select(Act.track).where(Act.person_id == person.id)).all() == ["engage"]


def test_a_published_version_and_its_steps_are_frozen_in_the_database(session: Session) -> None:
    challenge = make_challenge(session)
    stage = stages_of(session, challenge.id)[0]
    copied = "challenge_id, version, points, position + 1, kind, title, text, options"
    for statement in (
        f"UPDATE challenge_version SET points = 1 WHERE challenge_id = {challenge.id}",
        f"DELETE FROM challenge_version WHERE challenge_id = {challenge.id}",
        f"UPDATE stage SET title = 'x' WHERE id = {stage.id}",
        f"DELETE FROM stage WHERE id = {stage.id}",
        f"INSERT INTO stage (challenge_id, version, points, position, kind, title, text, options) SELECT {copied} FROM stage WHERE id = {stage.id}",
    ):
        with pytest.raises(DatabaseError) as caught, session.begin_nested():
            session.execute(text(statement))
        assert "frozen" in str(caught.value) or "append-only" in str(caught.value)


def test_what_is_offered_is_what_the_current_version_says(session: Session) -> None:
    """The challenge's row is a copy for lists: whatever happens to it, it says what its version says."""
    admin = as_admin(make_admin(session))
    one, draft = make_challenge(session, points=70), make_draft(session)
    change(session, one, points=90, title="Renamed")
    edit_challenge(session, admin, challenge_id=draft.id, offer=replace(offer_of(current_version(session, draft)), minutes=7), now=LATER)
    offer = replace(offer_of(current_version(session, one)), points=5)
    edit_challenge(session, admin, challenge_id=one.id, offer=offer, now=LATER)
    for challenge in session.scalars(select(Challenge)):
        assert offer_of(challenge) == offer_of(current_version(session, challenge))  # type: ignore[arg-type]
    assert draft.minutes == 7


def test_two_versions_are_compared_in_words_and_steps_are_followed_through_copies(session: Session) -> None:
    admin = as_admin(make_admin(session))
    challenge = make_challenge(session, points=100, stages=("answer", "confirm"))
    first, second = stages_of(session, challenge.id)
    move_stage(session, admin, challenge_id=challenge.id, stage_id=second.id, by=-1, now=LATER)
    change(session, challenge, points=150)
    moved = stages_of(session, challenge.id)[1]
    edit_stage(session, admin, challenge_id=challenge.id, stage_id=moved.id, title="Tell us", text="", options={}, now=LATER)
    change(session, challenge, points=200)
    versions = versions_of(session, challenge.id)
    assert [version.number for version in versions] == [3, 2, 1]
    found = [(c.what.value, c.name, c.before, c.after) for c in differences(session, versions[2], versions[0])]
    assert found == [("field", "points", 100, 200), ("changed", "Tell us", None, None), ("order", "", None, None)]
    assert differences(session, versions[0], versions[0]) == []
    with pytest.raises(refusals.VersionUnknown):
        get_version(session, challenge.id, 4)
    assert session.get_one(Stage, first.id).title == "Step answer"


def test_a_live_challenge_without_changes_has_nothing_to_publish(session: Session) -> None:
    challenge = make_challenge(session)
    with pytest.raises(refusals.NothingToPublish):
        publish_challenge(session, system("test"), challenge_id=challenge.id, now=LATER)
    same = offer_of(current_version(session, challenge))
    edit_challenge(session, system("test"), challenge_id=challenge.id, offer=same, now=LATER)
    assert find_draft(session, challenge.id) is None


def test_the_page_says_which_version_one_has_while_it_matters(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, points=100)
    make_submission(session, person, challenge, now=NOW)
    change(session, challenge, title="Better title")
    page = challenge_page(session, person.id, challenge.id, LATER)
    assert (page.version.number, list(page.newer)) == (1, [])
    change(session, challenge, points=120)
    page = challenge_page(session, person.id, challenge.id, LATER)
    assert page.version.number == 1
    assert {change.name for change in page.newer} == {"title", "points"}
    assert challenge_page(session, make_person(session).id, challenge.id, LATER).version.number == 3


def test_a_paused_challenge_lets_nobody_begin_and_whoever_has_begun_finish(session: Session) -> None:
    admin, person = as_admin(make_admin(session)), make_person(session)
    challenge = make_challenge(session)
    begun = make_submission(session, person, challenge, now=NOW)
    pause_challenge(session, admin, challenge_id=challenge.id, now=NOW)
    with pytest.raises(refusals.ChallengePaused):
        make_submission(session, make_person(session), challenge, now=NOW)
    assert make_submission(session, person, challenge, now=NOW).id == begun.id
    fill(session, person, begun, now=LATER)
    submit_attempt(session, as_advocate(person), submission_id=begun.id, key="k", now=LATER)
    assert session.get_one(Submission, begun.id).state == SubmissionState.WAITING
    publish_challenge(session, admin, challenge_id=challenge.id, now=LATER)
    assert make_submission(session, make_person(session), challenge, now=LATER).version == 1


def test_an_archived_challenge_is_gone_but_for_those_who_took_part(session: Session) -> None:
    admin, person, other = as_admin(make_admin(session)), make_person(session), make_person(session)
    challenge = make_challenge(session)
    make_attempt(session, person, challenge, now=NOW)
    with pytest.raises(refusals.ChallengeChanged):
        archive_challenge(session, admin, challenge_id=challenge.id, now=NOW)
    close_challenge(session, admin, challenge_id=challenge.id, now=NOW)
    archive_challenge(session, admin, challenge_id=challenge.id, now=NOW)
    assert challenge_page(session, person.id, challenge.id, NOW).challenge.id == challenge.id
    with pytest.raises(NotFound):
        challenge_page(session, other.id, challenge.id, NOW)
    assert session.execute(challenges_statement(NOW.date())).all() == []
    assert len(session.execute(challenges_statement(NOW.date(), state="archived")).all()) == 1


def test_the_life_of_a_challenge_in_sql_and_in_the_rules_are_one(session: Session) -> None:
    today = NOW.date()
    for opens_on in (None, today - timedelta(days=2), today, today + timedelta(days=1)):
        for closes_on in (None, today - timedelta(days=1), today, today + timedelta(days=1)):
            for state in ChallengeState:
                if opens_on and closes_on and closes_on < opens_on:
                    continue
                made = make_draft(session, opens_on=opens_on, closes_on=closes_on)
                made.state = state
    ask_for_review(session, as_admin(make_admin(session)), challenge_id=make_draft(session).id, now=NOW)
    session.flush()
    rows = [*session.execute(challenges_statement(today)), *session.execute(challenges_statement(today, state="archived"))]
    expected = {
        c.id: lifecycle(c.state, c.opens_on, c.closes_on, today, is_asked=current_version(session, c).asked_at is not None).value
        for c in session.scalars(select(Challenge))
    }
    assert {row.Challenge.id: row.life for row in rows} == expected
    assert set(expected.values()) == {"draft", "in_review", "scheduled", "live", "paused", "expired", "closed", "archived"}
    assert sum(count_challenges(session, today).values()) == len(expected)


def test_with_four_eyes_another_admin_publishes_what_was_asked_about(session: Session) -> None:
    session.info["publish_with_two"] = True
    writer, other = make_admin(session), make_admin(session)
    draft = make_draft(session, title="Review")
    with pytest.raises(refusals.SecondAdminMissing):
        publish_challenge(session, as_admin(other), challenge_id=draft.id, now=NOW)
    ask_for_review(session, as_admin(writer), challenge_id=draft.id, now=NOW)
    with pytest.raises(refusals.SecondAdminMissing):
        publish_challenge(session, as_admin(writer), challenge_id=draft.id, now=NOW)
    offer = replace(offer_of(current_version(session, draft)), points=5)
    edit_challenge(session, as_admin(other), challenge_id=draft.id, offer=offer, now=NOW)
    with pytest.raises(refusals.SecondAdminMissing):  # it changed, so whoever looked has to look again
        publish_challenge(session, as_admin(other), challenge_id=draft.id, now=NOW)
    ask_for_review(session, as_admin(writer), challenge_id=draft.id, now=LATER)
    publish_challenge(session, as_admin(other), challenge_id=draft.id, now=LATER)
    version = current_version(session, draft)
    assert (version.asked_by_id, version.published_by_id, draft.state) == (writer.id, other.id, "live")


def test_a_review_is_asked_of_the_other_admins_and_sent_back_with_a_reason(session: Session) -> None:
    writer, other = make_admin(session), make_admin(session)
    draft = make_draft(session)
    with pytest.raises(refusals.NotInReview):
        send_back(session, as_admin(other), challenge_id=draft.id, reason="No", now=NOW)
    ask_for_review(session, as_admin(writer), challenge_id=draft.id, now=NOW)
    with pytest.raises(refusals.ReasonMissing):
        send_back(session, as_admin(other), challenge_id=draft.id, reason=" ", now=NOW)
    send_back(session, as_admin(other), challenge_id=draft.id, reason="Say how long it takes.", now=NOW)
    told = {(notice.person_id, notice.kind) for notice in session.scalars(select(Notice))}
    assert told == {(other.id, "challenge.review_asked"), (writer.id, "challenge.sent_back")}
    assert session.scalar(select(ChallengeVersion.asked_at)) is None
    with pytest.raises(NotAllowed):
        ask_for_review(session, as_advocate(make_person(session)), challenge_id=draft.id, now=NOW)
    with pytest.raises(refusals.NothingToPublish):
        ask_for_review(session, as_admin(writer), challenge_id=make_challenge(session).id, now=NOW)
