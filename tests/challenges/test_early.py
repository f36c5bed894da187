"""An early acceptance that needs two approvals: what the member reads meanwhile, what the second admin reads, and that a no costs nothing."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.early import say_no
from portal.challenges.actions.review import accept_early, ask_for_more, decline_attempt, give_approval
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.queries.own import own_attempts_of
from portal.challenges.queries.proof import may_open_proof
from portal.challenges.queries.stages import own_stages
from portal.challenges.rules.early import EARLY, key_of_form, stood_before
from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.files.models import StoredFile
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.people.models import Person
from portal.review.actions.terms import set_terms
from portal.review.models import ReviewCase
from portal.review.rules.refusals import SecondMustBeAnother
from portal.review.rules.terms import Terms
from tests.factories.challenges import DONE, as_admin, as_advocate, make_attempt, make_challenge, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn

WHY = "The first step is all we need"
ENTERED = DONE["answer"]["text"]
NO = "The second step is the one we need"


@dataclass
class Said:
    outcome: str


@pytest.mark.parametrize(
    ("said", "stood"),
    [
        ([], SubmissionState.OPEN),
        ([Outcome.FEEDBACK], SubmissionState.OPEN),
        ([Outcome.MORE_WANTED], SubmissionState.MORE_WANTED),
        ([Outcome.FEEDBACK, Outcome.DECLINED], SubmissionState.DECLINED),
        ([Outcome.REVERSED, Outcome.APPROVED], SubmissionState.DECLINED),
        ([Outcome.RECALLED, Outcome.DECLINED, Outcome.MORE_WANTED], SubmissionState.MORE_WANTED),
        ([Outcome.RECALLED, Outcome.APPROVED], SubmissionState.OPEN),
    ],
)
def test_where_a_submission_stood_follows_from_what_was_said_of_it(said: list[str], stood: SubmissionState) -> None:
    assert stood_before([Said(outcome) for outcome in said]) is stood


def test_no_form_can_send_what_counts_as_an_early_acceptance() -> None:
    assert not key_of_form(f"{EARLY}1").startswith(EARLY)
    assert key_of_form("k1") == "k1"


class Scene:
    """A member with one of two steps filled in, and an admin's early acceptance that waits for a second approval."""

    def __init__(self, session: Session, *, declined: bool = False, limit: int | None = 10) -> None:
        self.first: Person = make_admin(session, name="Ada First")
        self.second: Person = make_admin(session, name="Ben Second")
        self.person: Person = make_person(session)
        self.challenge = make_challenge(session, stages=("answer", "link"), max_attempts=2, now=utcnow())
        set_terms(session, as_admin(self.first), terms=Terms(four_eyes_above=limit), now=utcnow())
        if declined:
            sent = make_attempt(session, self.person, self.challenge, now=utcnow())
            decline_attempt(session, as_admin(self.second), attempt_id=sent.id, reason="Not yet", now=utcnow())
            self.submission = session.get_one(Submission, sent.submission_id)
        else:
            self.submission = make_submission(session, self.person, self.challenge, now=utcnow())
            step = own_stages(session, self.submission)[0]
            values = {step.id: DONE["answer"]}
            save_answers(session, as_advocate(self.person), submission_id=self.submission.id, values=values, now=utcnow())
        session.refresh(self.submission)
        self.stood = self.standing(session)
        assert accept_early(session, as_admin(self.first), submission_id=self.submission.id, reason=WHY, now=utcnow()) is None or limit is None
        self.attempt = session.scalars(select(Attempt).where(Attempt.submission_id == self.submission.id, Attempt.key.startswith(EARLY))).one()

    def standing(self, session: Session) -> tuple[object, ...]:
        now = session.get_one(Submission, self.submission.id, populate_existing=True)
        answers = session.scalars(select(Answer).where(Answer.submission_id == now.id).order_by(Answer.stage_id))
        sent = [attempt.id for attempt in own_attempts_of(session, now.id)]
        said = [verdict.id for verdict in session.scalars(select(Verdict).where(Verdict.submission_id == now.id))]
        return now.state, now.declines, now.decisions, now.paid, now.changed_at, [(a.stage_id, a.value) for a in answers], sent, said


@pytest.mark.parametrize("declined", [False, True])
def test_a_no_of_the_second_leaves_the_member_where_they_stood_and_tells_the_first(session: Session, declined: bool) -> None:
    scene = Scene(session, declined=declined)
    dropped = say_no(session, as_admin(scene.second), attempt_id=scene.attempt.id, reason=NO, now=utcnow())
    assert (dropped, scene.attempt.state) == (scene.attempt, AttemptState.WITHDRAWN)
    assert scene.standing(session) == scene.stood
    told = session.scalars(select(Notice).where(Notice.person_id == scene.first.id).order_by(Notice.id.desc())).first()
    assert told is not None
    assert (told.kind, told.data["reason"], told.data["by"]) == ("early_not_shared", NO, "Ben Second")
    assert told.link == f"/admin/challenges/begun/{scene.submission.id}", "reviewers who are no admins may open it, too"
    assert session.get_one(ReviewCase, ("attempt", scene.attempt.id), populate_existing=True).first_by_id is None
    if not declined:
        values = {step.id: DONE[step.kind] for step in own_stages(session, scene.submission)}
        sent = submit_attempt(session, as_advocate(scene.person), submission_id=scene.submission.id, key="k", values=values, now=utcnow())
        assert sent.state == AttemptState.WAITING


def test_the_second_approval_pays_and_the_first_one_cannot_give_it(session: Session) -> None:
    scene = Scene(session)
    with pytest.raises(SecondMustBeAnother):
        give_approval(session, as_admin(scene.first), attempt_id=scene.attempt.id, now=utcnow())
    verdict = give_approval(session, as_admin(scene.second), attempt_id=scene.attempt.id, now=utcnow())
    assert verdict is not None
    assert (verdict.first_by_id, balance_of(session, scene.person.id).available) == (scene.first.id, 100)


def test_what_was_sent_by_the_member_is_declined_as_ever_and_more_may_be_asked_of_an_early_acceptance(session: Session) -> None:
    scene = Scene(session)
    ask_for_more(session, as_admin(scene.second), attempt_id=scene.attempt.id, reason="A link", now=utcnow())
    session.refresh(scene.submission)
    assert (scene.submission.state, scene.submission.declines) == (SubmissionState.MORE_WANTED, 0)
    sent = make_attempt(session, make_person(session), scene.challenge, now=utcnow())
    verdict = say_no(session, as_admin(scene.second), attempt_id=sent.id, reason="No", now=utcnow())
    assert isinstance(verdict, Verdict)
    assert verdict.outcome == Outcome.DECLINED


def test_each_of_the_three_reads_how_it_stands(database: Database, sign_in: SignIn) -> None:
    scene = database.write(Scene)
    challenge, sent = f"/challenges/{scene.challenge.id}", f"/challenges/mine/{scene.submission.id}"
    member, second = sign_in(scene.person), sign_in(scene.second)
    page = member.get(challenge).text
    assert "We are about to accept what you have" in page
    assert "Your answer is with us" not in page
    assert "You sent attempt" not in page
    assert "read it now although you have not sent it" in page
    assert "About to be accepted" in member.get(sent).text
    office, queue = f"/admin/challenges/submissions/{scene.submission.id}", f"/admin/approvals?item=attempt-{scene.attempt.id}"
    for address in (office, queue):
        told = second.get(address).text
        assert "First approval by Ada First" in told
        assert WHY in told
        assert "they go on where they were" in told
        assert ENTERED in told
    answer = second.post(f"/admin/approvals/attempt/{scene.attempt.id}/decline", data={"reason": NO, "category": "other"})
    assert answer.status_code == 303
    page = member.get(challenge).text
    assert "We are about to accept" not in page
    assert "Not approved this time" not in page
    assert "We would like all of it after all" in page
    assert "Please go on with" in member.get("/inbox").text
    assert NO not in page
    assert "Attempt 1" not in member.get(sent).text
    assert "Not accepted early" in sign_in(scene.first).get("/inbox").text
    for address in (office, queue):
        told = second.get(address).text
        assert ENTERED not in told
        assert "what was entered is not shown any more" in told


def test_what_was_accepted_early_and_undone_is_hidden_again(database: Database, sign_in: SignIn) -> None:
    scene = database.write(lambda s: Scene(s, limit=None))
    office, client = f"/admin/challenges/submissions/{scene.submission.id}", sign_in(scene.first)
    assert ENTERED in client.get(office).text
    with database.reading() as session:
        verdict_id = session.scalars(select(Verdict.id).where(Verdict.submission_id == scene.submission.id)).one()
    assert client.post(f"/admin/approvals/attempt/decisions/{verdict_id}/undo").status_code == 303
    told = client.get(office).text
    assert ENTERED not in told
    assert "what was entered is not shown any more" in told
    assert "We would like all of it" not in sign_in(scene.person).get(f"/challenges/{scene.challenge.id}").text


def test_a_file_that_was_never_sent_is_the_members_own_again_after_a_no(session: Session) -> None:
    scene = Scene(session)
    file = StoredFile(id=77, owner_id=scene.person.id)
    scene.attempt.answers = [{"stage_id": 1, "kind": "upload", "title": "", "options": {}, "value": {"file_id": 77}}]
    session.flush()
    assert may_open_proof(session, as_admin(scene.second), file)
    say_no(session, as_admin(scene.second), attempt_id=scene.attempt.id, reason=NO, now=utcnow())
    assert not may_open_proof(session, as_admin(scene.second), file)


def test_an_early_acceptance_that_came_to_nothing_is_no_attempt_of_the_members(database: Database, sign_in: SignIn) -> None:
    scene = database.write(Scene)

    def go_on(session: Session) -> None:
        say_no(session, as_admin(scene.second), attempt_id=scene.attempt.id, reason=NO, now=utcnow())
        values = {step.id: DONE[step.kind] for step in own_stages(session, scene.submission)}
        submit_attempt(session, as_advocate(scene.person), submission_id=scene.submission.id, key="k", values=values, now=utcnow())

    database.write(go_on)
    member = sign_in(scene.person)
    page = member.get(f"/challenges/{scene.challenge.id}").text
    assert "You sent attempt 1." in page
    assert "You sent attempt 2." not in page
    assert "We would like all of it" not in page
    assert "Attempt 1" in member.get(f"/challenges/mine/{scene.submission.id}").text
    assert "sent once" in member.get("/challenges/mine").text
