"""Steps with several questions and quizzes: as tables, in the editor, on the member's page, and with eight tries at once."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import save_answers, submit_attempt, withdraw_submission
from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.review import ask_for_more
from portal.challenges.actions.stages import add_stage, edit_stage
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.queries.page import challenge_page
from portal.challenges.queries.stages import answers_of, own_stages, stages_of
from portal.challenges.rules.refusals import StepMissing, StepSettled
from portal.challenges.stages.asking import (
    ChoiceRepeated,
    QuestionsMissing,
    QuestionsUnanswered,
    QuestionsUnfit,
    QuestionWithoutText,
    RightMissing,
    ScaleOutOfRange,
    TooFewChoices,
    TooManyQuestions,
)
from portal.challenges.stages.contract import Step, Stored
from portal.challenges.stages.quiz import NeededMoreThanOne, NeededOutOfRange, QuizNotPassed, QuizOver, QuizUnchecked, TriesOutOfRange
from portal.challenges.stages.registry import stage_kind
from portal.files.receiving import Received
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person
from tests.factories.challenges import as_admin, as_advocate, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import PortalClient, SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEXT = {"id": "a", "ask": "Where do you use it?", "way": "text", "is_required": True, "choices": []}
MANY = {"id": "b", "ask": "Which parts?", "way": "many", "is_required": False, "choices": ["Alerts", "Maps"]}
SCALE = {"id": "c", "ask": "How easy?", "way": "scale", "is_required": True, "choices": [], "low": 0, "high": 3, "high_label": "very"}
ONE = {"id": "d", "ask": "Which one?", "way": "one", "is_required": True, "choices": ["Alerts", "Maps"]}
ASKED = {"questions": [TEXT, MANY, SCALE, ONE]}
QUIZ = {
    "questions": [
        {
            **ONE,
            "id": "q1",
            "ask": "What does the mast do?",
            "choices": ["Nothing", "Watches", "Sings"],
            "right": 1,
            "explanation": "It watches wind.",
        },
        {**ONE, "id": "q2", "ask": "And the buoy?", "choices": ["Floats", "Flies"], "right": 0},
    ],
    "tries": 2,
}
RIGHT, WRONG, HALF = ({"q_q1": a, "q_q2": b} for a, b in (("Watches", "Floats"), ("Sings", "Flies"), ("Watches", "Flies")))


def refuse(_received: Received) -> Stored:
    raise AssertionError("nothing to keep")


@pytest.mark.parametrize(
    ("given", "answers", "still_open"),
    [
        ({"q_a": " Porto ", "q_b": ["Maps", "Guns"], "q_c": "0", "q_d": "Maps"}, {"a": "Porto", "b": ["Maps"], "c": 0, "d": "Maps"}, []),
        ({"q_a": "", "q_c": "4", "q_d": "Guns"}, {"a": "", "b": [], "c": None, "d": ""}, ["q_a", "q_c", "q_d"]),
        ({"q_a": "x", "q_b": "Maps", "q_c": "3", "q_d": None}, {"a": "x", "b": [], "c": 3, "d": ""}, ["q_d"]),
    ],
)
def test_answers_keep_their_question_and_open_ones_are_told_each(given: dict[str, Any], answers: dict[str, Any], still_open: list[str]) -> None:
    kind, step = stage_kind("questions"), Step("Step", ASKED)
    value = kind.read(step, given, {}, refuse)
    assert value == {"answers": answers}
    told = kind.problem(step, value)
    assert [part.field for part in (told.parts if told else ())] == still_open
    assert type(told) is (QuestionsUnanswered if still_open else type(None))


@pytest.mark.parametrize(
    ("kind", "options", "flaw"),
    [
        ("questions", {}, QuestionsMissing),
        ("questions", ASKED, None),
        ("questions", {"questions": [{**TEXT, "ask": ""}]}, QuestionWithoutText),
        ("questions", {"questions": [{**ONE, "choices": ["Alerts"]}]}, TooFewChoices),
        ("questions", {"questions": [{**MANY, "choices": ["Alerts", "Alerts"]}]}, TooFewChoices),
        ("questions", {"questions": [{**MANY, "choices": ["a", "b", "b", "c"]}]}, ChoiceRepeated),
        ("questions", {"questions": [{**SCALE, "low": 3}]}, ScaleOutOfRange),
        ("questions", {"questions": [{**SCALE, "high": 11}]}, ScaleOutOfRange),
        ("questions", {"questions": [{**TEXT, "ask": ""}, {**SCALE, "low": 3}]}, QuestionsUnfit),
        ("questions", {"questions": [{**TEXT, "id": f"a{n}"} for n in range(21)]}, TooManyQuestions),
        ("quiz", {}, QuestionsMissing),
        ("quiz", QUIZ, None),
        ("quiz", {"questions": [{**ONE, "right": None}]}, RightMissing),
        ("quiz", {"questions": [{**ONE, "right": 2}]}, RightMissing),
        ("quiz", QUIZ | {"tries": 0}, TriesOutOfRange),
        ("quiz", QUIZ | {"tries": 11}, TriesOutOfRange),
        ("quiz", QUIZ | {"needed": 3}, NeededOutOfRange),
        ("quiz", QUIZ | {"needed": 0}, NeededOutOfRange),
        ("quiz", {"questions": QUIZ["questions"][:1], "needed": 2}, NeededMoreThanOne),
    ],
)
def test_what_an_admin_cannot_ask(kind: str, options: dict[str, Any], flaw: type[Refusal] | None) -> None:
    assert type(stage_kind(kind).flaw(Step("Step", options))) is (flaw or type(None))


def tried(*tries: dict[str, str], options: dict[str, Any] = QUIZ) -> tuple[dict[str, Any], Refusal | None]:
    """Answer and have it checked, again and again."""
    kind, step, value = stage_kind("quiz"), Step("Step", options), dict[str, Any]()
    for given in tries:
        value = kind.finish(step, kind.read(step, given, value, refuse), value)
    return value, kind.problem(step, value)


@pytest.mark.parametrize(
    ("tries", "taken", "is_passed", "problem"),
    [
        ([], 0, None, StepMissing),
        ([{"q_q1": "Watches"}], 0, None, QuestionsUnanswered),
        ([RIGHT], 1, True, None),
        ([WRONG], 1, False, QuizNotPassed),
        ([WRONG, WRONG, WRONG], 1, False, QuizNotPassed),
        ([WRONG, RIGHT], 2, True, None),
        ([WRONG, HALF], 2, False, QuizOver),
        ([WRONG, HALF, RIGHT], 2, False, QuizOver),
        ([RIGHT, WRONG], 1, True, None),
    ],
)
def test_tries_are_counted_and_the_same_answers_are_one(tries: Any, taken: int, is_passed: bool | None, problem: type[Refusal] | None) -> None:
    value, told = tried(*tries)
    assert (value.get("tries", 0), value.get("is_passed")) == (taken, is_passed)
    assert type(told) is (problem or type(None))


def test_enough_right_answers_pass_and_changed_ones_have_to_be_checked() -> None:
    assert tried(HALF, options=QUIZ | {"needed": 1})[1] is None
    kind, step = stage_kind("quiz"), Step("Step", QUIZ)
    changed = kind.read(step, RIGHT, tried(WRONG)[0], refuse)
    assert (type(kind.problem(step, changed)), changed["tries"], changed["wrong"]) == (QuizUnchecked, 1, ["q1", "q2"])


def make_asking(session: Session, kind: str, options: dict[str, Any], *, points: int = 0) -> Challenge:
    challenge = make_draft(session, stages=(), title="Asked")
    add_stage(session, system("test"), challenge_id=challenge.id, kind=kind, title="Step", options=options, points=points, now=NOW)
    return publish_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)


def begun(session: Session, kind: str, options: dict[str, Any], **more: Any) -> tuple[Person, Challenge, Submission, Stage]:
    person, challenge = make_person(session, name="Nadia Brandt"), make_asking(session, kind, options, **more)
    submission = make_submission(session, person, challenge)
    return person, challenge, submission, own_stages(session, submission)[0]


def test_starting_anew_wins_no_tries(session: Session) -> None:
    person, challenge, submission, stage = begun(session, "quiz", QUIZ)
    over, _told = tried(WRONG, HALF)
    save_answers(session, as_advocate(person), submission_id=submission.id, values={stage.id: over}, now=NOW)
    withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=NOW)
    again = make_submission(session, person, challenge, now=NOW)
    assert again.id != submission.id
    assert answers_of(session, again.id)[stage.id].value == over
    withdraw_submission(session, as_advocate(person), submission_id=again.id, now=NOW)
    facts: dict[str, Any] = {"title": "Step", "text": "", "options": QUIZ | {"tries": 3}, "now": NOW}
    edit_stage(session, system("test"), challenge_id=challenge.id, stage_id=stages_of(session, challenge.id)[0].id, **facts)
    publish_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    third = make_submission(session, person, challenge, now=NOW)
    assert [answer.value for answer in answers_of(session, third.id).values()] == [over]


def value_of(database: Database, submission_id: int) -> Any:
    with database.reading() as session:
        return session.scalar(select(Answer.value).where(Answer.submission_id == submission_id))


def test_a_member_is_told_what_was_wrong_and_what_is_right_only_at_the_end(database: Database, sign_in: SignIn) -> None:
    person, challenge, submission, stage = database.write(lambda s: begun(s, "quiz", QUIZ, points=10))
    browser, page = sign_in(person), f"/challenges/{challenge.id}"
    step = f"/challenges/submissions/{submission.id}/steps/{stage.id}"
    half_filled = browser.post(step, data={"key": "k0", "q_q1": "Watches"})
    assert (half_filled.status_code, half_filled.text.count("Please answer this question.")) == (422, 1)
    for _ in range(2):
        assert browser.post(step, data={"key": "k1", **HALF}).status_code == 303
    shown = browser.get(page).text
    assert "Not yet: 1 of 2 were right" in shown
    assert "Tries left: 1 of 2" in shown
    assert "And the buoy?</li>" in shown
    assert "What does the mast do?</li>" not in shown
    assert "It watches wind." not in shown
    assert "Right is" not in shown
    assert browser.post(step, data={"key": "k2", **RIGHT}).location.endswith(f"step={stage.id}#step")
    with database.reading() as session:
        assert balance_of(session, person.id).available == 10
    done = browser.get(f"{page}?step={stage.id}").text
    assert "Passed: 2 of 2 are right." in done
    assert "It watches wind." in done
    assert "Send for approval" in done
    assert browser.post(f"{step}/send", data={"key": "k3"}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Attempt)).one().answers[0]["value"]["is_passed"] is True


def test_without_a_try_left_a_quiz_says_what_one_can_do(database: Database, sign_in: SignIn) -> None:
    person, challenge, submission, stage = database.write(lambda s: begun(s, "quiz", QUIZ | {"tries": 1}))
    browser = sign_in(person)
    step = f"/challenges/submissions/{submission.id}/steps/{stage.id}"
    browser.post(step, data={"key": "k1", **WRONG})
    shown = browser.get(f"/challenges/{challenge.id}").text
    assert "You have used all your tries, so this step cannot be completed." in shown
    assert "Right is: Watches" in shown
    assert "Check my answers" not in shown
    browser.post(step, data={"key": "k2", **RIGHT})
    browser.post(f"{step}/keep", data={"key": "k3", **RIGHT})
    assert (value_of(database, submission.id)["tries"], value_of(database, submission.id)["is_passed"]) == (1, False)


def test_nobody_is_sent_back_to_a_quiz_in_which_nothing_can_be_changed(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[Person, Person, int, list[int], int]:
        draft, person = make_draft(session, stages=("answer", "confirm")), make_person(session)
        add_stage(session, system("test"), challenge_id=draft.id, kind="quiz", title="Know it", text="", options=QUIZ, now=NOW)
        publish_challenge(session, system("test"), challenge_id=draft.id, now=NOW)
        submission = make_submission(session, person, draft)
        answer, box, quiz = own_stages(session, submission)
        passed = tried(RIGHT)[0]
        values = {answer.id: {"text": "It saved us two days."}, box.id: {"is_confirmed": True}, quiz.id: passed}
        sent = submit_attempt(session, as_advocate(person), submission_id=submission.id, key="sent", values=values, now=NOW)
        return person, make_admin(session), draft.id, [answer.id, box.id, quiz.id], sent.id

    person, admin, challenge_id, steps, attempt_id = database.write(scene)
    item = f"/admin/approvals?item=attempt-{attempt_id}"
    offered = re.findall(r'<option value="(\d+)"', sign_in(admin).get(item).text.split('id="stage-more"')[1].split("</select>")[0])
    assert offered == [str(step) for step in steps[:2]]
    asked = {"attempt_id": attempt_id, "reason": "Which team?", "now": NOW}
    with pytest.raises(StepSettled) as told:
        database.write(lambda s: ask_for_more(s, as_admin(admin), stage_id=steps[2], **asked))
    assert told.value.facts == {"step": "Know it"}
    database.write(lambda s: ask_for_more(s, as_admin(admin), **asked))
    with database.reading() as session:
        landed = challenge_page(session, person.id, challenge_id, NOW).step(None)
    assert landed is not None
    assert landed.stage.id == steps[1]


def test_eight_who_take_the_last_try_at_once_take_one(app: Flask, database: Database, sign_in: SignIn) -> None:
    person, _challenge, submission, stage = database.write(lambda s: begun(s, "quiz", QUIZ | {"tries": 1}))
    browsers, start = [sign_in(person) for _ in range(8)], threading.Barrier(8)
    step = f"/challenges/submissions/{submission.id}/steps/{stage.id}"

    def press(place: int) -> int:
        start.wait()
        return browsers[place].post(step, data={"key": f"k{place}", **(RIGHT, WRONG, HALF)[place % 3]}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(press, range(8))) == {303}
    value = value_of(database, submission.id)
    assert value["tries"] == 1
    assert value["is_passed"] is (value["answers"] == {"q1": "Watches", "q2": "Floats"})


def test_each_open_question_is_told_beside_its_field_and_a_reviewer_reads_both_together(database: Database, sign_in: SignIn) -> None:
    person, _challenge, submission, stage = database.write(lambda s: begun(s, "questions", ASKED))
    browser = sign_in(person)
    step = f"/challenges/submissions/{submission.id}/steps/{stage.id}"
    wrong = browser.post(f"{step}/send", data={"key": "k1", "q_b": ["Maps"], "q_c": "0"})
    assert wrong.status_code == 422
    assert re.findall(r'id="(q_\w)-error"', wrong.text) == ["q_a", "q_d"]
    assert browser.post(f"{step}/send", data={"key": "k2", "q_a": "In Porto", "q_b": ["Maps"], "q_c": "0", "q_d": "Maps"}).status_code == 303
    admin = database.write(lambda s: make_admin(s, name="Mara Lind"))
    read = sign_in(admin).get(f"/admin/challenges/submissions/{submission.id}")
    assert "Where do you use it?" in read.text
    assert "In Porto" in read.text


ROWS = {
    "title": "Survey",
    "text": "",
    "key": "k1",
    "option_questions": ["a1", "b2"],
    "option_questions-a1-ask": "Where?",
    "option_questions-a1-way": "text",
}
ROWS |= {
    "option_questions-b2-ask": "Which?",
    "option_questions-b2-way": "one",
    "option_questions-b2-choices": "Maps\r\n\r\nAlerts ",
    "option_questions-b2-required": "y",
}


@pytest.fixture
def office(database: Database, sign_in: SignIn) -> PortalClient:
    return sign_in(database.write(lambda s: make_admin(s, name="Mara Lind")))


def ids_in(page: str) -> list[str]:
    return re.findall(r'name="option_questions" value="(\w+)"', page)


def test_an_admin_adds_moves_and_removes_questions_without_javascript(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_draft(s, stages=()))
    new = f"/admin/challenges/{challenge.id}/steps/new?kind=questions"
    assert len(ids_in(office.get(new).text)) == 1
    grown = office.post(new, data=ROWS | {"option_questions-act": "add"})
    assert (grown.status_code, ids_in(grown.text)[:2], len(ids_in(grown.text))) == (200, ["a1", "b2"], 3)
    assert ids_in(office.post(new, data=ROWS | {"option_questions-act": "up-b2"}).text) == ["b2", "a1"]
    assert ids_in(office.post(new, data=ROWS | {"option_questions-act": "remove-a1"}).text) == ["b2"]
    with database.reading() as session:
        assert stages_of(session, challenge.id) == []
    wrong = office.post(new, data=ROWS | {"option_questions-b2-choices": "Maps"})
    assert wrong.status_code == 422
    assert "Question 2: please give at least two different choices." in wrong.text
    assert office.post(new, data=ROWS).status_code == 303
    with database.reading() as session:
        stage = stages_of(session, challenge.id)[0]
    asked = {"way": "one", "is_required": True, "choices": ["Maps", "Alerts"]}
    assert stage.options["questions"] == [
        {"id": "a1", "ask": "Where?", "way": "text", "choices": [], "is_required": False},
        {"id": "b2", "ask": "Which?", **asked},
    ]
    assert ids_in(office.get(f"/admin/challenges/{challenge.id}/steps/{stage.id}").text) == ["a1", "b2"]


def test_an_admin_marks_the_right_answer_of_a_quiz(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_draft(s, stages=()))
    new = f"/admin/challenges/{challenge.id}/steps/new?kind=quiz"
    row = {"option_questions-a1-choice": ["", "Watches", "", "Sings"], "option_questions-a1-explanation": "So it is."}
    data = {
        "title": "Quiz",
        "text": "",
        "key": "k1",
        "option_tries": "2",
        "option_needed": "",
        "option_questions": ["a1"],
        "option_questions-a1-ask": "Mast?",
        **row,
    }
    assert "please mark the right answer" in office.post(new, data=data | {"option_questions-a1-right": "2"}).text
    assert office.post(new, data=data | {"option_questions-a1-right": "3"}).status_code == 303
    with database.reading() as session:
        options = stages_of(session, challenge.id)[0].options
    assert (options["questions"][0]["choices"], options["questions"][0]["right"], options["tries"]) == (["Watches", "Sings"], 1, 2)


def test_a_page_with_many_questions_is_shown_to_a_member_and_in_a_test_run(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_asking(s, "quiz", QUIZ | {"tries": 1}))
    with database.reading() as session:
        stage = stages_of(session, challenge.id)[0]
    place = f"/admin/challenges/{challenge.id}/test"
    assert "What does the mast do?" in office.get(place).text
    wrong = office.post(f"{place}/{stage.id}", data={"key": "k", "carried": "", **WRONG})
    assert wrong.status_code == 422
    carried = re.search(r'name="carried" value="([^"]*)"', wrong.text)
    assert carried
    right = office.post(f"{place}/{stage.id}", data={"key": "k", "carried": carried.group(1), **RIGHT})
    assert right.status_code == 200


def test_a_link_opens_in_a_new_tab_and_pays_when_it_is_confirmed(database: Database, sign_in: SignIn) -> None:
    options = {"link": "https://events.example/summit", "button": "See the programme"}
    person, challenge, submission, stage = database.write(lambda s: begun(s, "visit", options, points=5))
    browser = sign_in(person)
    shown = browser.get(f"/challenges/{challenge.id}").text
    assert re.search(r'href="https://events.example/summit" rel="noopener noreferrer" target="_blank">See the programme', shown)
    assert browser.post(f"/challenges/submissions/{submission.id}/steps/{stage.id}", data={"key": "k1", "answer": "y"}).status_code == 303
    with database.reading() as session:
        assert balance_of(session, person.id).available == 5


def test_a_pass_is_carried_and_paid_also_to_a_new_version_with_the_same_questions(session: Session) -> None:
    person, challenge, submission, stage = begun(session, "quiz", QUIZ, points=10)
    passed, _told = tried(WRONG, RIGHT)
    save_answers(session, as_advocate(person), submission_id=submission.id, values={stage.id: passed}, now=NOW)
    withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=NOW)
    assert balance_of(session, person.id).available == 0
    facts: dict[str, Any] = {"title": "Renamed", "text": "", "options": QUIZ, "points": 10, "now": NOW}
    edit_stage(session, system("test"), challenge_id=challenge.id, stage_id=stages_of(session, challenge.id)[0].id, **facts)
    publish_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    again = make_submission(session, person, challenge, now=NOW)
    assert [answer.value for answer in answers_of(session, again.id).values()] == [passed]
    assert balance_of(session, person.id).available == 10


def test_who_passed_other_questions_begins_the_new_ones_with_all_tries() -> None:
    kind, step = stage_kind("quiz"), Step("Step", QUIZ)
    other = Step("Step", QUIZ | {"questions": QUIZ["questions"][:1]})
    assert kind.carried(tried(WRONG, RIGHT)[0], was=step, step=other) == {}
    assert kind.carried(tried(WRONG)[0], was=step, step=other) == {"tries": 1}
    assert kind.carried({}, was=step, step=step) == {}


def test_nothing_typed_in_the_editor_is_lost_and_each_mistake_stands_beside_its_question(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_draft(s, stages=()))
    new = f"/admin/challenges/{challenge.id}/steps/new?kind=questions"
    choices = "\r\n".join(f"Choice {n}" for n in range(15))
    wrong = office.post(new, data=ROWS | {"option_questions-b2-choices": choices, "option_questions-a1-ask": "x" * 400})
    assert wrong.status_code == 422
    first, second = wrong.text.split('value="b2"')[:2]
    assert "Question 1: what you ask has 300 characters at most" in first
    assert "x" * 400 in first
    assert "Question 2: please give 12 choices at most." in second
    assert "Choice 14" in second
    many = [f"r{n}" for n in range(30)]
    rows = {f"option_questions-{id}-ask": "Why?" for id in many}
    told = office.post(new, data={"title": "Survey", "key": "k1", "option_questions": many, **rows})
    assert (told.status_code, len(ids_in(told.text))) == (422, 30)
    assert "A step has 20 questions at most." in told.text
    switched = office.post(new, data=ROWS | {"option_questions-b2-way": "text", "option_questions-act": "add"})
    assert "Maps\nAlerts" in switched.text
