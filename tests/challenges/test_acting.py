"""Which kind of act an approved challenge is: from its steps, when it is approved and for what was approved before kinds were known."""

from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.rules.acts import ACT_KIND_NAMES, OF_STEPS, UNREWARDED, ActKind
from portal.audience.models import AudienceRule
from portal.challenges.actions.answering import submit_attempt
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.challenges.actions.stages import add_stage, remove_stage
from portal.challenges.queries.stages import stages_of
from portal.challenges.rules.acting import PRECEDENCE, kind_of_act
from portal.challenges.stages.registry import KINDS
from portal.kernel import migrate
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from portal.recognition.badges.acts import COUNTED
from portal.recognition.models import Badge
from portal.recognition.queries.badges import badges_for
from tests.factories.audience import make_rules
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import make_badge
from tests.support.application import SignIn

PORTAL = system("test")
# The kinds of the steps, and what the act is.
CASES: list[tuple[tuple[str, ...], ActKind]] = [
    ((), ActKind.CHALLENGE),
    (("confirm",), ActKind.CHALLENGE),
    (("visit", "answer"), ActKind.CHALLENGE),
    (("answer", "checked"), ActKind.CHALLENGE),
    (("review",), ActKind.REVIEW),
    (("confirm", "answer", "review"), ActKind.REVIEW),
    (("refer",), ActKind.REFERRAL),
    (("confirm", "consent"), ActKind.CONSENT),
    (("event",), ActKind.EVENT),
    (("answer", "upload", "confirm"), ActKind.UPLOAD),
    (("link",), ActKind.SHARE),
    (("questions",), ActKind.SURVEY),
    (("nps",), ActKind.SURVEY),
    (("nps", "questions"), ActKind.SURVEY),
    (("visit", "quiz"), ActKind.QUIZ),
    (("quiz", "nps"), ActKind.SURVEY),
    (("questions", "link"), ActKind.SHARE),
    (("upload", "event", "nps"), ActKind.EVENT),
    (("upload", "consent"), ActKind.CONSENT),
    (("upload", "review"), ActKind.REVIEW),
    (("consent", "refer"), ActKind.REFERRAL),
]


@pytest.mark.parametrize(("steps", "kind"), CASES, ids=["+".join(steps) or "none" for steps, _kind in CASES])
def test_an_act_is_of_the_first_kind_that_its_steps_speak_for(steps: tuple[str, ...], kind: ActKind) -> None:
    counted = [KINDS[step].counts_as for step in steps]
    assert kind_of_act(counted) is kind
    assert kind_of_act(reversed(counted)) is kind
    assert kind_of_act(counted, is_unrewarded=True) is UNREWARDED


def test_every_kind_has_its_place_its_name_and_its_sentence_and_some_step_makes_it_one() -> None:
    assert set(PRECEDENCE) == {kind.counts_as for kind in KINDS.values()}
    assert {*PRECEDENCE, ActKind.REFERENCE} == set(COUNTED) == set(ActKind) - {UNREWARDED}, "a reference comes of a request, never of a step"
    assert set(ACT_KIND_NAMES) == set(ActKind)
    assert {kind for _steps, kind in CASES} == set(PRECEDENCE)


def _approved(session: Session, *stages: str) -> int:
    attempt = make_attempt(session, make_person(session), make_challenge(session, stages=stages))
    return approve_attempt(session, as_admin(make_admin(session)), attempt_id=attempt.id, now=utcnow()).submission_id


def _of_two_versions(session: Session) -> None:
    """Let two answer a challenge that lost its link in the draft and got it back with its second version: a survey, later a challenge of answers.

    The first version asks an NPS question, from which a step with a link was removed before it was published; the second asks for an answer only.
    """
    made = make_draft(session, stages=("nps", "link"))
    score, link = stages_of(session, made.id)
    remove_stage(session, PORTAL, challenge_id=made.id, stage_id=link.id, now=utcnow())
    publish_challenge(session, PORTAL, challenge_id=made.id, now=utcnow())
    early = make_submission(session, make_person(session), made)
    edit_challenge(session, PORTAL, challenge_id=made.id, offer=offer_of(made), now=utcnow())
    add_stage(session, PORTAL, challenge_id=made.id, kind="answer", title="And why?", text="", now=utcnow())
    remove_stage(session, PORTAL, challenge_id=made.id, stage_id=score.id, now=utcnow())
    publish_challenge(session, PORTAL, challenge_id=made.id, now=utcnow())
    late = make_submission(session, make_person(session), made)
    for submission in (late, early):
        person = session.get_one(Person, submission.person_id)
        fill(session, person, submission)
        sent = submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"k{submission.id}", now=utcnow())
        approve_attempt(session, as_admin(make_admin(session)), attempt_id=sent.id, now=utcnow())


def _kinds(session: Session) -> list[str]:
    return list(session.scalars(select(Act.kind).where(Act.reversed_at.is_(None)).order_by(Act.source_id)))


def test_an_approval_writes_the_kind_of_what_was_answered_and_writes_it_again_after_it_was_taken_back(session: Session) -> None:
    attempt = make_attempt(session, make_person(session), make_challenge(session, stages=("confirm", "nps")))
    admin = as_admin(make_admin(session))
    verdict = approve_attempt(session, admin, attempt_id=attempt.id, now=utcnow())
    assert _kinds(session) == ["survey"]
    reverse_approval(session, admin, submission_id=verdict.submission_id, reason="By mistake", now=utcnow())
    approve_attempt(session, admin, attempt_id=attempt.id, now=utcnow())
    assert _kinds(session) == ["survey"]


def test_what_was_begun_with_an_earlier_version_counts_as_that(session: Session) -> None:
    person, challenge = make_person(session), make_challenge(session, stages=("answer",))
    attempt = make_attempt(session, person, challenge)
    edit_challenge(session, PORTAL, challenge_id=challenge.id, offer=offer_of(challenge), now=utcnow())
    add_stage(session, PORTAL, challenge_id=challenge.id, kind="nps", title="And?", now=utcnow())
    publish_challenge(session, PORTAL, challenge_id=challenge.id, now=utcnow())
    approve_attempt(session, as_admin(make_admin(session)), attempt_id=attempt.id, now=utcnow())
    later = make_attempt(session, make_person(session), challenge)
    approve_attempt(session, as_admin(make_admin(session)), attempt_id=later.id, now=utcnow())
    assert _kinds(session) == ["challenge", "survey"]


def test_a_badge_for_surveys_counts_surveys_alone(hearing_session: Session) -> None:
    session, person = hearing_session, make_person(hearing_session)
    make_badge(session, options={"number": 2, "act_kind": "survey"}, name="Twice asked")
    for stages in (("nps",), ("answer",), ("nps",)):
        badge = badges_for(session, person.id, utcnow())[0]
        assert not badge.is_earned
        attempt = make_attempt(session, person, make_challenge(session, stages=stages))
        approve_attempt(session, as_admin(make_admin(session)), attempt_id=attempt.id, now=utcnow())
    assert badges_for(session, person.id, utcnow())[0].is_earned


def test_an_admin_chooses_the_kind_from_a_list_and_reads_the_rule_as_a_sentence(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(make_admin))
    form = client.get("/admin/recognition/badges/new?rule=acts").text
    assert all(f'<option value="{kind.value}">{ACT_KIND_NAMES[kind]}</option>' in form for kind in COUNTED)
    assert OF_STEPS in form
    assert 'value="unrewarded"' not in form
    told: dict[str, Any] = {"key": "k", "name": "Five", "how": "Review.", "art": "leaf", "tone": "laurel", "number": "5", "act_kind": "review"}
    made = client.post("/admin/recognition/badges/new?rule=acts", data=told, follow_redirects=True)
    assert "Approved online reviews: 5" in made.text
    assert client.post("/admin/recognition/badges/new?rule=acts", data=told | {"key": "l", "act_kind": "unrewarded"}).status_code == 422


@pytest.mark.breaks_the_books(reason="the tables are taken down")
def test_past_acts_get_their_kinds_and_rules_for_challenges_keep_their_meaning(database: Database) -> None:
    def prepare(session: Session) -> None:
        for stages in (("answer",), ("confirm", "nps"), ("refer",), ("link", "nps")):
            _approved(session, *stages)
        _of_two_versions(session)
        reversed_one = _approved(session, "nps")
        reverse_approval(session, as_admin(make_admin(session)), submission_id=reversed_one, reason="By mistake", now=utcnow())
        for number, kind in enumerate((None, "challenge", "survey")):
            make_badge(session, options={"number": 3, "act_kind": kind}, name=f"Badge {number}")
        asked = {"track": "", "choice": "at_least", "number": 2, "days": None}
        make_rules(session, *(("acts", asked | {"kind": kind}) for kind in ("", "rewardable", "review")))
        unrewarded = _approved(session, "nps")
        session.execute(update(Act).where(Act.source_id == unrewarded).values(kind=UNREWARDED))

    database.write(prepare)

    def state() -> tuple[list[str], list[Any], list[Any]]:
        with database.reading() as session:
            kinds = list(session.scalars(select(Act.kind).order_by(Act.id)))
            badges = [badge.options["act_kind"] for badge in session.scalars(select(Badge).order_by(Badge.id))]
            return kinds, badges, [rule.options["kind"] for rule in session.scalars(select(AudienceRule).order_by(AudienceRule.id))]

    now = ["challenge", "survey", "referral", "share", "challenge", "survey", "survey", "unrewarded"]
    assert state() == (now, [None, "challenge", "survey"], ["", "rewardable", "review"])
    migrate.downgrade(database, "0045")
    before = ["challenge"] * 7 + ["unrewarded"]
    assert state() == (before, [None, "challenge", "survey"], ["", "challenge", "review"])
    migrate.upgrade(database)
    assert state() == (now, [None, None, "survey"], ["", "rewardable", "review"])
