"""The rule on answers given: what can be compared in each kind of step, what is refused, and that a dry run costs what its challenge costs."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.registry import moment_of
from portal.challenges.actions.answering import save_answers, submit_attempt
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.review import accept_early
from portal.challenges.actions.stages import add_stage, edit_stage
from portal.challenges.audience.answered import HasAnswered, load_answers
from portal.challenges.audience.steps import StepAmbiguous, StepUnknown, newest_steps
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Answer
from portal.challenges.queries.stages import own_stages, stages_of
from portal.challenges.rules.saying import is_empty, said_in
from portal.challenges.stages.registry import KINDS
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.people.models import Person
from tests.factories.challenges import DONE, as_admin, as_advocate, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn
from tests.support.counting import CountQueries

PORTAL = system("test")
ASKED = [
    {"id": "team", "ask": "Which team?", "way": "one", "choices": ["Sales", "Support"]},
    {"id": "tools", "ask": "Which tools?", "way": "many", "choices": ["Mail", "Chat", "Café, “Phone”"]},
    {"id": "ease", "ask": "How easy?", "way": "scale", "low": 0, "high": 10},
    {"id": "why", "ask": "Why?", "way": "text", "is_required": False},
]
CHECKED = [{"id": "q", "ask": "How many?", "choices": ["1", "2"], "right": 1}]


def _survey(session: Session, kind: str = "questions", questions: list[dict[str, Any]] = ASKED) -> Stage:
    made = make_draft(session, stages=(), title="Survey")
    add_stage(session, PORTAL, challenge_id=made.id, kind=kind, title="About you", options={"questions": questions}, now=utcnow())
    publish_challenge(session, PORTAL, challenge_id=made.id, now=utcnow())
    return stages_of(session, made.id)[0]


def _send(session: Session, stage: Stage, value: dict[str, Any]) -> Person:
    person = make_person(session)
    submission = make_submission(session, person, session.get_one(Challenge, stage.challenge_id))
    values = {own_stages(session, submission)[0].id: value}
    save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=utcnow())
    submit_attempt(session, as_advocate(person), submission_id=submission.id, key=f"sent-{submission.id}", now=utcnow())
    return person


def _meant(session: Session, options: dict[str, Any]) -> set[int]:
    return set(session.scalars(select(Person.id).where(HasAnswered().condition(options, moment_of(session, utcnow())))))


VALUES: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({}, []),
    ({"text": ""}, []),
    ({"text": "Sales"}, [("", "Sales")]),
    ({"text": None, "url": "https://x.example"}, []),
    ({"score": 0, "why": "Slow"}, [("", "0")]),
    ({"score": None, "why": "Slow"}, []),
    ({"answers": {"a": "X", "b": ["Y", "Z"], "c": 0, "d": None, "e": "", "f": [], "g": True}}, [("a", "X"), ("b", "Y"), ("b", "Z"), ("c", "0")]),
    ({"answers": {"a": "1"}, "wrong": ["a"], "right": 0, "tries": 2, "is_passed": False}, [("a", "1")]),
    ({"answers": ["X"]}, []),
]


@pytest.mark.parametrize(("value", "said"), VALUES, ids=[str(n) for n in range(len(VALUES))])
def test_what_was_said_is_read_from_every_kind_of_value(value: dict[str, Any], said: list[tuple[str, str]]) -> None:
    assert list(said_in(value)) == said


def test_choices_numbers_and_words_are_compared_with_what_is_asked_for(session: Session, subtests: pytest.Subtests) -> None:
    stage = _survey(session)
    first = _send(session, stage, {"answers": {"team": "Sales", "tools": ["Chat", "Café, “Phone”"], "ease": 0, "why": ""}})
    second = _send(session, stage, {"answers": {"team": "Support", "tools": ["Chat"], "ease": 10, "why": "Sales"}})
    for question, answers, found in [
        ("", "Sales", (True, False)),
        ("team", "Sales", (True, False)),
        ("team", "Support", (False, True)),
        ("tools", "Chat", (True, True)),
        ("tools", "Café, “Phone”", (True, False)),
        ("tools", "Mail\nCafé, “Phone”", (True, False)),
        ("ease", "0", (True, False)),
        ("ease", "10", (False, True)),
        ("ease", "1", (False, False)),
        ("why", "Sales", (False, True)),
        ("why", "", (False, True)),
        ("", "", (True, True)),
    ]:
        with subtests.test(f"{question}: {answers}"):
            options = HasAnswered().read(session, {"stage": f"{stage.id}:{question}" if question else str(stage.id), "answers": answers})
            expected = {person.id for person, is_in in zip((first, second), found, strict=True) if is_in}
            if (question, answers) == ("", "Sales"):
                expected |= {second.id}  # who wrote it to another question of the step
            assert _meant(session, options) == expected
            key, wanted = (stage.id, question), set(options["answers"])
            said = {person.id: load_answers(session, person.id).to(key) for person in (first, second)}
            assert {who for who, known in said.items() if (set(known or ()) & wanted if wanted else known is not None)} == expected


def test_an_nps_score_and_an_answer_of_a_quiz_can_be_asked_for(session: Session) -> None:
    asked = stages_of(session, make_challenge(session, stages=("nps",)).id)[0]
    low, high = (_send(session, asked, {"score": score, "why": "9"}) for score in (0, 9))
    assert _meant(session, {"stage": asked.id, "answers": ["0", "1"]}) == {low.id}
    assert _meant(session, HasAnswered().read(session, {"stage": str(asked.id), "answers": "9\n10"})) == {high.id}
    quiz = _survey(session, "quiz", CHECKED)
    passed = _send(session, quiz, {"answers": {"q": "2"}, "checked": {"q": "2"}, "tries": 2, "wrong": [], "right": 1, "is_passed": True})
    assert _meant(session, {"stage": quiz.id, "question": "q", "answers": ["2"]}) == {passed.id}
    assert _meant(session, {"stage": quiz.id, "question": "q", "answers": ["1"]}) == set()


def test_what_nobody_could_answer_is_refused_with_the_choices(session: Session) -> None:
    stage, kind = _survey(session), HasAnswered()
    score = stages_of(session, make_challenge(session, stages=("nps",), title="Score").id)[0]
    plain = stages_of(session, make_challenge(session, stages=("confirm",), title="Plain").id)[0]

    def refused(step: str, answers: str = "") -> str:
        with pytest.raises(Refusal) as refusal:
            kind.read(session, {"stage": step, "answers": answers})
        return f"{refusal.value.name}: {refusal.value.facts.get('choices', '')}"

    assert refused(f"{stage.id}:team", "Sales\nsales") == "AnswerNotOffered: Sales, Support"
    assert refused(f"{stage.id}:ease", "11").startswith("AnswerNotOffered: 0, 1, 2")
    assert refused(str(score.id), "very").startswith("AnswerNotOffered: 0, 1, 2")
    assert refused(str(plain.id), "Yes") == "NoAnswersCompared: "
    assert {refused(step) for step in ("", "nothing of the kind", "0", "²", f"{stage.id}:other", f"{plain.id}:team")} == {"StepUnknown: "}
    assert refused(str(stage.id), "\n".join(str(n) for n in range(101))) == "TooManyAnswers: "
    assert kind.read(session, {"stage": f"{stage.id}:why", "answers": " Anything  goes "})["answers"] == ["Anything goes"]


def test_a_choice_of_an_earlier_version_can_still_be_asked_for(session: Session) -> None:
    stage = _survey(session)
    early = _send(session, stage, {"answers": {"team": "Support", "tools": ["Chat"], "ease": 1, "why": ""}})
    challenge = session.get_one(Challenge, stage.challenge_id)
    edit_challenge(session, PORTAL, challenge_id=challenge.id, offer=offer_of(challenge), now=utcnow())
    newer = [ASKED[0] | {"choices": ["Sales", "Service"]}, *ASKED[1:]]
    edit_stage(session, PORTAL, challenge_id=challenge.id, stage_id=stage.id, title="About you", text="", options={"questions": newer}, now=utcnow())
    publish_challenge(session, PORTAL, challenge_id=challenge.id, now=utcnow())
    now = stages_of(session, challenge.id)[0]
    kind = HasAnswered()
    options = kind.read(session, {"stage": f"{now.id}:team", "answers": "Support\nService"})
    assert _meant(session, options) == {early.id}
    assert kind.shown(session, kind.read(session, {"stage": f"{stage.id}:team", "answers": ""}))["stage"] == "Survey › About you › Which team?"
    assert kind.labels(session, [options]) == {(now.id, "team"): "About you › Which team?"}


def test_a_rule_from_before_questions_were_known_goes_on_to_mean_the_step(session: Session) -> None:
    stage = stages_of(session, make_challenge(session).id)[0]
    person = _send(session, stage, {"text": "Sales"})
    assert _meant(session, {"stage": stage.id, "answers": ["Sales"]}) == {person.id}
    title = session.get_one(Challenge, stage.challenge_id).title
    assert HasAnswered().shown(session, {"stage": stage.id, "answers": ["Sales"]}) == {
        "stage": f"{title} › Step answer",
        "answers": "Sales",
    }


# What is stored of a kind of step, and whether anything in it answers the step.
STORED: list[tuple[str, dict[str, Any], bool]] = [
    *((kind, {}, False) for kind in KINDS),
    ("confirm", {"is_confirmed": False}, False),
    ("confirm", {"is_confirmed": True}, True),
    ("visit", {"is_confirmed": True}, True),
    ("answer", {"text": ""}, False),
    ("answer", {"text": "0"}, True),
    ("questions", {"answers": {"a": "", "b": [], "c": None}}, False),
    ("questions", {"answers": {"a": "", "b": [], "c": 0}}, True),
    ("questions", {"answers": {"b": ["X"]}}, True),
    ("quiz", {"tries": 2}, False),
    ("quiz", {"answers": {"q": ""}, "tries": 1}, False),
    ("quiz", {"answers": {"q": "2"}, "tries": 1}, True),
    ("nps", {"score": None, "why": ""}, False),
    ("nps", {"score": 0, "why": ""}, True),
    ("nps", {"score": None, "why": "Slow"}, True),
    ("link", {"url": ""}, False),
    ("link", {"url": "https://x.example"}, True),
    ("review", {"disclosure": {"text": "I was paid", "language": "en", "version": 1}}, False),
    ("review", {"is_posted": True}, True),
    ("review", {"picture": {"file_id": 1, "name": "a.png", "size": 1, "is_image": True}}, True),
    ("upload", {"agreed": {"text": "All see it", "language": "en", "version": 1}}, False),
    ("upload", {"file_id": 1, "name": "a.png", "size": 1, "is_image": True}, True),
    ("refer", {"name": "", "email": "", "company": "", "words": "", "is_agreed": False, "language": "en"}, False),
    ("refer", {"name": "Pat", "email": "pat@peer.example", "company": "Peer", "words": "", "is_agreed": False, "language": "en"}, False),
    ("refer", {"name": "Pat", "email": "", "company": "Peer", "words": "", "is_agreed": True, "language": "en"}, False),
    ("refer", {"name": "Pat", "email": "pat@peer.example", "company": "Peer", "words": "", "is_agreed": True, "language": "en"}, True),
    ("refer", {"is_erased": True}, True),
    ("consent", {"is_agreed": False, "scope": [], "quote": "As proposed"}, False),
    ("consent", {"is_agreed": True, "scope": ["press"]}, True),
    ("checked", {"note": "", "is_said": False}, False),
    ("checked", {"note": "", "is_said": True}, True),
    ("checked", {"note": "On Tuesday", "is_said": False}, True),
    ("event", {"event_id": 4, "code": "webinar"}, True),
]


def test_what_is_empty_the_kind_of_step_says_and_both_engines_and_one_member_agree(session: Session) -> None:
    stages = {}
    for kind in KINDS:
        made, options = make_draft(session, stages=(), points=0), {"site": "gartner"} if kind == "review" else {}
        stages[kind] = Stage(challenge_id=made.id, version=1, position=1, kind=kind, title="Asked", text="", options=options, points=0)
        session.add(stages[kind])
        session.flush()
        publish_challenge(session, PORTAL, challenge_id=made.id, now=utcnow())
    for kind, value, is_answer in STORED:
        person = make_person(session)
        submission = make_submission(session, person, session.get_one(Challenge, stages[kind].challenge_id))
        session.add(Answer(submission_id=submission.id, stage_id=stages[kind].id, value=value, saved_at=utcnow()))
        submission.state = "waiting"
        session.flush()
        found = person.id in _meant(session, {"stage": stages[kind].id, "question": "", "answers": []})
        assert found == is_answer == (load_answers(session, person.id).to((stages[kind].id, "")) is not None), (kind, value)
        assert is_empty(value, KINDS[kind].held_in) != is_answer


def test_a_step_that_went_empty_with_an_early_acceptance_is_not_answered(session: Session) -> None:
    person = make_person(session)
    submission = make_submission(session, person, make_challenge(session, stages=("answer", "nps", "link", "refer")))
    first, score, link, peer = own_stages(session, submission)
    opened = {score.id: {"score": None, "why": ""}, link.id: {"url": ""}, peer.id: DONE["refer"] | {"is_agreed": False}}
    save_answers(session, as_advocate(person), submission_id=submission.id, values={first.id: DONE["answer"], **opened}, now=utcnow())
    accept_early(session, as_admin(make_admin(session)), submission_id=submission.id, reason="Enough", now=utcnow())
    for stage in (first, score, link, peer):
        expected = {person.id} if stage is first else set()
        assert _meant(session, {"stage": stage.id, "question": "", "answers": []}) == expected, stage.kind
        assert (load_answers(session, person.id).to((stage.id, "")) is not None) == bool(expected), stage.kind


def test_what_one_member_said_is_read_once_however_many_versions_there_are(session: Session) -> None:
    """The values are read by their own rows; of the versions only the numbers of the steps."""
    challenge = make_challenge(session, stages=("answer",))
    stage = stages_of(session, challenge.id)[0]
    person = _send(session, stage, {"text": "Sales"})
    for points in (50, 60, 70):
        edit_challenge(session, PORTAL, challenge_id=challenge.id, offer=replace(offer_of(challenge), points=points), now=utcnow())
        publish_challenge(session, PORTAL, challenge_id=challenge.id, now=utcnow())
    known = load_answers(session, person.id)
    assert dict(known.said) == {(stage.id, ""): {"Sales"}}
    copies = set(session.scalars(select(Stage.id).where(Stage.challenge_id == challenge.id)))
    assert len(copies) == 4
    assert {copy for copy in copies if known.to((copy, "")) == {"Sales"}} == copies


def test_every_kind_of_step_says_what_can_be_compared_in_it() -> None:
    assert {key for key, kind in KINDS.items() if "asks" in vars(type(kind))} == {"answer", "questions", "quiz", "nps"}


def test_a_step_is_found_by_words_and_two_of_one_name_are_told_apart(session: Session) -> None:
    first, second = _survey(session), _survey(session)
    third = stages_of(session, make_challenge(session, title="Élan for everybody", stages=("answer",)).id)[0]
    kind = HasAnswered()

    def found(typed: str) -> tuple[int, str]:
        options = kind.read(session, {"stage": typed, "answers": ""})
        return options["stage"], options["question"]

    assert found("elan step") == found("Élan for everybody › Step answer") == found(str(third.id)) == (third.id, "")
    for typed in ("about", "Survey › About you", "Survey › About you › Which team?"):
        with pytest.raises(StepAmbiguous) as refusal:
            found(typed)
        assert "Survey › About you" in refusal.value.facts["found"]
    assert f"({first.id}:team)" in refusal.value.facts["found"]
    for stage in (first, second):
        words = kind.shown(session, {"stage": stage.id, "question": "team", "answers": []})["stage"]
        assert words == f"Survey › About you › Which team? ({stage.id}:team)"
        assert found(words) == (stage.id, "team")
    with pytest.raises(StepUnknown):
        found("nothing of this name")


def test_the_editor_suggests_at_most_a_hundred_however_many_steps_there_are(session: Session, count_queries: CountQueries) -> None:
    many = [question | {"id": f"q{n}"} for n, question in enumerate(ASKED * 4)]
    for _ in range(12):
        _survey(session, questions=[question | {"ask": f"Question {n}"} for n, question in enumerate(many)])
    with count_queries() as queries:
        assert len(newest_steps(session)) == 100
    assert queries.total == 1


def test_the_editor_offers_each_question_and_names_the_choices_beside_the_field(database: Database, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[Person, int]:
        from portal.challenges.actions.editing import open_audience

        _survey(session)
        return make_admin(session), open_audience(session, PORTAL, challenge_id=make_challenge(session).id, now=utcnow())

    admin, audience_id = database.write(prepare)
    client, address = sign_in(admin), f"/admin/audiences/{audience_id}/rules/new?side=include&kind=answered"
    page = client.get(address).text
    assert '<option value="Survey › About you › Which team?"></option>' in page
    told = {"key": "k", "option_stage": "survey which team", "option_answers": "Marketing"}
    refused = client.post(address, data=told)
    assert refused.status_code == 422
    assert "Nobody can answer “Marketing” here. The choices are: Sales, Support" in refused.text
    assert "Marketing</textarea>" in refused.text
    done = client.post(address, data=told | {"option_answers": "Sales"}, follow_redirects=True)
    assert "Answered “About you › Which team?” with “Sales”" in done.text
