"""Answers given to a step of a challenge, or to one question of it."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.contract import Control, Labels, Moment, Options, Phrase, Test
from portal.audience.rules import MAX_VALUES
from portal.challenges.audience.steps import SAME_STEP, SIBLING, StepUnknown, asks, find_step, newest_steps, root_in, words_for
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.queries.saying import answers_step, says
from portal.challenges.rules.saying import is_empty, said_in
from portal.challenges.rules.states import SubmissionState
from portal.challenges.stages.contract import Asked
from portal.challenges.stages.registry import stage_kind
from portal.kernel.errors import Refusal
from portal.kernel.ids import read_id
from portal.kernel.text import N_, clean_line
from portal.people.models import Person

_SENT = (Submission.dropped_at.is_(None), Submission.state.in_((SubmissionState.WAITING.value, SubmissionState.APPROVED.value)))
Key = tuple[int, str]
"""A step, and the id of one of its questions; all of them if empty."""


class TooManyAnswers(Refusal):
    """More answers than a rule holds."""

    message = N_("Write at most %(limit)s answers, one on each line.")
    field = "option_answers"


class AnswerNotOffered(Refusal):
    """An answer that nobody could choose."""

    message = N_("Nobody can answer “%(answer)s” here. The choices are: %(choices)s")
    field = "option_answers"


class NoAnswersCompared(Refusal):
    """Answers to a step that is not answered in words, choices or numbers."""

    message = N_("This step is not answered in words, choices or numbers. Leave the answers empty to take everybody who did it.")
    field = "option_answers"


@dataclass(frozen=True)
class Answers:
    """What a person said: ``said`` by the root of the step and question, ``roots`` by each copy of such a step in whichever version.

    With an empty question stands whatever was said to the step, also where that is nothing that can be compared.
    """

    said: Mapping[Key, Set[str]]
    roots: Mapping[int, int]

    def to(self, key: Key) -> Set[str] | None:
        """Return what was said to a question of a step of any version, or to all of them; None where nothing was."""
        stage_id, question = key
        return self.said.get((self.roots.get(stage_id, 0), question))


def load_answers(session: Session, person_id: int) -> Answers:
    """Return what a person sent, without what is empty. Each stored value is read once, however many versions its challenge has."""
    sent = (Submission.person_id == person_id, *_SENT)
    mine = select(root_in(Stage), Stage.kind, Answer.value).select_from(Answer).join(Submission, Submission.id == Answer.submission_id)
    said: dict[Key, set[str]] = {}
    for root, kind, value in session.execute(mine.join(Stage, Stage.id == Answer.stage_id).where(*sent)):
        if is_empty(value, stage_kind(kind).held_in):
            continue
        whole = said.setdefault((root, ""), set())
        for question, one in said_in(value):
            whole.add(one)
            said.setdefault((root, question), set()).add(one)
    of_mine = Stage.challenge_id.in_(select(Submission.challenge_id).where(*sent))
    return Answers(said, dict(session.execute(select(Stage.id, root_in(Stage)).where(of_mine)).all()) if said else {})  # type: ignore[arg-type]


class HasAnswered:
    """The member sent an answer to a step, in whichever version of its challenge, or to one question of it; if answers are given, one of those.

    What was sent back or withdrawn does not count, nor a step that went empty with an answer accepted early. Own words
    are compared as a whole, choices and numbers by what is chosen: of several choices one is enough.
    """

    key = "answered"
    name = N_("Answer given")
    hint = N_("Members who answered a step of a challenge or one of its questions: in any way, with certain words, a choice or a number.")
    icon = "message-square-text"
    group = N_("What they did")

    def controls(self, session: Session) -> dict[str, Control]:
        """Return a field for the step or question, which suggests those of what was published last, and the answers."""
        which = N_("Choose from the list, which holds the newest, or type words of the challenge, the step and the question.")
        help = N_(
            "One on each line: a choice as it stands in the question, a number of the scale, a score from 0 to 10, or the whole text "
            "exactly as they would write it. Empty takes any answer."
        )
        suggested = tuple((label, label) for label in dict.fromkeys(label for _value, label in newest_steps(session)))
        return {"stage": Control("search", N_("Step or question"), which, suggested), "answers": Control("lines", N_("Answers"), help)}

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return step, question and answers.

        The step is found by words, or by its number. Refuses one or a question that is not there (``StepUnknown``), words that fit several
        (``StepAmbiguous``), more than 100 answers, answers that are none of the choices of any
        version (``AnswerNotOffered``), and any where none can be compared (``NoAnswersCompared``).
        """
        number, _, question = find_step(session, str(given.get("stage") or "")).partition(":")
        asked = list(_asked_ever(session, stage_id, question)) if (stage_id := read_id(number)) else []
        if not asked:
            raise StepUnknown()
        answers = sorted({line for raw in str(given.get("answers") or "").splitlines() if (line := clean_line(raw))})
        if len(answers) > MAX_VALUES:
            raise TooManyAnswers(limit=MAX_VALUES)
        questions = [one for each in asked for one in each]
        if answers and not questions:
            raise NoAnswersCompared()
        if answers and all(one.choices is not None for one in questions):
            choices = list(dict.fromkeys(choice for one in questions for choice in one.choices or ()))
            if strange := next((answer for answer in answers if answer not in choices), None):
                raise AnswerNotOffered(answer=strange, choices=", ".join(choices))
        return {"stage": int(number), "question": question, "answers": answers}

    def shown(self, session: Session, options: Options) -> dict[str, Any]:
        """Return both; the step in words, as it is in the version that is offered now."""
        now = and_(SIBLING.version == Challenge.version, SIBLING.removed_at.is_(None))
        offered = select(SIBLING.id).select_from(Stage).join(SIBLING, SAME_STEP).join(Challenge, Challenge.id == Stage.challenge_id)
        stage_id = session.scalar(offered.where(Stage.id == options["stage"], now)) or options["stage"]
        return {"stage": words_for(session, stage_id, _question(options)), "answers": "\n".join(options["answers"])}

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the titles of the steps, with the words of the question where a rule names one."""
        wanted = {_key(options) for options in every}
        stages = {stage.id: stage for stage in session.scalars(select(Stage).where(Stage.id.in_({stage_id for stage_id, _ in wanted})))}
        return {(stage_id, question): _title(stages[stage_id], question) for stage_id, question in wanted if stage_id in stages}

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “Answered “Which team?” with “Sales” or “Support””."""
        facts = {"step": labels.get(_key(options), ""), "answers": [f"“{answer}”" for answer in options["answers"]]}
        return Phrase(N_("Answered “%(step)s” with %(answers)s") if options["answers"] else N_("Answered “%(step)s”"), facts)

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Remind the member of the step."""
        return Phrase(N_("you answered “%(step)s”"), {"step": labels.get(_key(options), "")})

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition on answers sent: those to the step's challenge are found by index, and only those to the step are read."""
        stage_id, question = _key(options)
        of_challenge = select(Stage.challenge_id).where(Stage.id == stage_id).scalar_subquery()
        steps = select(SIBLING.id).select_from(Stage).join(SIBLING, SAME_STEP).where(Stage.id == stage_id)
        sent = select(Submission.person_id).join(Answer, Answer.submission_id == Submission.id).join(Stage, Stage.id == Answer.stage_id)
        sent = sent.where(Submission.challenge_id == of_challenge, Answer.stage_id.in_(steps), *_SENT)
        if question or options["answers"]:
            sent = sent.where(says(Answer.value, question, options["answers"]))
        else:
            sent = sent.where(answers_step())
        return Person.id.in_(sent)

    def test(self, options: Options) -> Test:
        """Compare the member's own."""
        key, wanted = _key(options), frozenset(options["answers"])
        if not wanted:
            return lambda facts: facts.of(load_answers).to(key) is not None
        return lambda facts: not wanted.isdisjoint(facts.of(load_answers).to(key) or ())


def _question(options: Options) -> str:
    """Return the question of a rule; rules from before they were known name none."""
    return str(options.get("question") or "")


def _key(options: Options) -> Key:
    return options["stage"], _question(options)


def _title(stage: Stage, question: str) -> str:
    asked = asks(stage).get(question) if question else None
    return f"{stage.title} › {asked.words}" if asked else stage.title


def _asked_ever(session: Session, stage_id: int, question: str) -> Iterator[list[Asked]]:
    """Yield, for each version of a step that has the question, what it asks: that question, or all if it is empty."""
    versions = select(SIBLING).select_from(Stage).join(SIBLING, SAME_STEP).where(Stage.id == stage_id)
    for stage in session.scalars(versions):
        asked = asks(stage)
        if not question:
            yield list(asked.values())
        elif question in asked:
            yield [asked[question]]
