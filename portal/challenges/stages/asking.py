"""Lists of questions: what an admin may ask, how a member answers, and what is refused, for the kinds of step that ask several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import Asked, Control, Given, Step
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean, clean_line

MAX_QUESTIONS, MAX_CHOICES = 20, 12
ASK_LENGTH, CHOICE_LENGTH, LINE_LENGTH, TEXT_LENGTH, END_LENGTH = 300, 120, 300, 5_000, 60
HIGHEST = 10
WAYS = {
    "text": N_("A line of text"),
    "long": N_("A longer text"),
    "one": N_("One of several"),
    "many": N_("Any of several"),
    "scale": N_("A scale"),
}
FIELD = "option_questions"


@dataclass(frozen=True)
class Question:
    """One question as it is stored. ``id`` never changes, so that answers keep their question; ``right`` is the place of the right choice."""

    id: str
    ask: str
    way: str = "text"
    is_required: bool = True
    choices: tuple[str, ...] = ()
    low: int = 1
    high: int = 5
    low_label: str = ""
    high_label: str = ""
    right: int | None = None
    explanation: str = ""

    @property
    def control_name(self) -> str:
        return f"q_{self.id}"

    @property
    def right_choice(self) -> str | None:
        return self.choices[self.right] if self.right is not None and 0 <= self.right < len(self.choices) else None


class QuestionsMissing(Refusal):
    """There is nothing to answer."""

    message = N_("Please write at least one question.")
    field = FIELD


class TooManyQuestions(Refusal):
    """Nobody answers that many in one step."""

    message = N_("A step has %(limit)s questions at most.")
    field = FIELD


class QuestionWithoutText(Refusal):
    """A question that asks nothing."""

    message = N_("Question %(number)s: please write what you ask.")
    field = FIELD


class TooFewChoices(Refusal):
    """Nothing to choose between."""

    message = N_("Question %(number)s: please give at least two different choices.")
    field = FIELD


class ChoiceRepeated(TooFewChoices):
    """The same choice stands there twice."""

    message = N_("Question %(number)s: the choice “%(choice)s” stands there twice. Please remove one, or say it differently.")


class TooManyChoices(Refusal):
    """Nobody reads that many."""

    message = N_("Question %(number)s: please give %(most)s choices at most.")
    field = FIELD


class QuestionTooLong(Refusal):
    """What is asked, or a choice, is longer than a page shows."""

    message = N_("Question %(number)s: what you ask has %(ask)s characters at most, each choice %(choice)s.")
    field = FIELD


class ScaleOutOfRange(Refusal):
    """A scale with no numbers on it, or with too many."""

    message = N_("Question %(number)s: a scale goes from a number to a higher one, between 0 and %(most)s.")
    field = FIELD


class RightMissing(Refusal):
    """A quiz whose right answer nobody said."""

    message = N_("Question %(number)s: please mark the right answer.")
    field = FIELD


class QuestionsUnfit(Refusal):
    """Several questions cannot be asked as they are."""

    message = N_("Some questions cannot be asked like this yet.")
    field = FIELD


class QuestionUnanswered(Refusal):
    """A question that has to be answered."""

    message = N_("Please answer this question.")

    def __init__(self, question: Question) -> None:
        super().__init__(ask=question.ask)
        self.field = question.control_name


class QuestionsUnanswered(StepMissing):
    """One or more questions of a step are open; each is told beside its field."""

    message = N_("Please answer all questions of “%(step)s” that need an answer.")

    def __init__(self, step: Step, open_ones: Sequence[Question]) -> None:
        super().__init__(step=step.title)
        self.parts = tuple(QuestionUnanswered(question) for question in open_ones)


def questions_of(options: Mapping[str, Any]) -> list[Question]:
    """Return the questions that stand in the options of a step."""
    return [_question(row) for row in options.get("questions") or [] if isinstance(row, Mapping) and row.get("id")]


def _question(row: Mapping[str, Any]) -> Question:
    known = {name: row[name] for name in Question.__dataclass_fields__ if row.get(name) is not None}
    return Question(**known | {"choices": tuple(row.get("choices") or ())})


def why_not_ask(questions: Sequence[Question], *, is_quiz: bool) -> Refusal | None:
    """Refuse no question, too many, and those that cannot be answered, all of them at once."""
    if not questions:
        return QuestionsMissing()
    if len(questions) > MAX_QUESTIONS:
        return TooManyQuestions(limit=MAX_QUESTIONS)
    unfit = [flaw for number, question in enumerate(questions, start=1) if (flaw := _flaw(number, question, is_quiz=is_quiz))]
    if not unfit:
        return None
    told = QuestionsUnfit()
    told.parts = tuple(unfit)
    return told if len(unfit) > 1 else unfit[0]


def _flaw(number: int, question: Question, *, is_quiz: bool) -> Refusal | None:
    if not question.ask:
        return QuestionWithoutText(number=number)
    if len(question.ask) > ASK_LENGTH or any(len(choice) > CHOICE_LENGTH for choice in question.choices):
        return QuestionTooLong(number=number, ask=ASK_LENGTH, choice=CHOICE_LENGTH)
    chooses = is_quiz or question.way in ("one", "many")
    if chooses and len(set(question.choices)) < 2:
        return TooFewChoices(number=number)
    if chooses and (twice := next((choice for choice in question.choices if question.choices.count(choice) > 1), None)):
        return ChoiceRepeated(number=number, choice=twice)
    if chooses and len(question.choices) > MAX_CHOICES:
        return TooManyChoices(number=number, most=MAX_CHOICES)
    if is_quiz and question.right_choice is None:
        return RightMissing(number=number)
    if question.way == "scale" and not 0 <= question.low < question.high <= HIGHEST:
        return ScaleOutOfRange(number=number, most=HIGHEST)
    return None


def control_for(question: Question) -> Control:
    """Return the control with which a member answers."""
    help = "" if question.is_required else N_("You may leave this open.")
    if question.way in ("one", "many"):
        return Control(question.way, question.ask, help, choices=tuple((choice, choice) for choice in question.choices))
    if question.way == "scale" and question.low_label and question.high_label:
        numbers = tuple((str(n), str(n)) for n in range(question.low, question.high + 1))
        return Control("scale", question.ask, help, choices=numbers, ends=(question.low_label, question.high_label))
    if question.way == "scale":
        return Control("one", question.ask, help, choices=tuple((str(n), _on_scale(question, n)) for n in range(question.low, question.high + 1)))
    if question.way == "long":
        return Control("textarea", question.ask, help, max_length=TEXT_LENGTH)
    return Control("text", question.ask, help, max_length=LINE_LENGTH)


def _on_scale(question: Question, number: int) -> str:
    label = {question.low: question.low_label, question.high: question.high_label}.get(number, "")
    return f"{number}, {label}" if label else str(number)


def asked_in(questions: Sequence[Question]) -> dict[str, Asked]:
    """Return the questions by id, with what may be chosen: the choices, the numbers of a scale, None for own words."""
    return {question.id: Asked(question.ask, _choices(question)) for question in questions}


def _choices(question: Question) -> tuple[str, ...] | None:
    if question.way == "scale":
        return tuple(str(number) for number in range(question.low, question.high + 1))
    return question.choices or None


def answer_to(question: Question, given: Given) -> Any:
    """Return what to store for what was entered: text, a choice, a list of choices, or a number; empty or None where there is nothing."""
    entered = given.get(question.control_name)
    if question.way == "many":
        chosen = entered if isinstance(entered, list | tuple) else ()
        return [choice for choice in question.choices if choice in chosen]
    text = str(entered if entered is not None else "")
    if question.way == "one":
        return text if text in question.choices else ""
    if question.way == "scale":
        return int(text) if text in {str(n) for n in range(question.low, question.high + 1)} else None
    return clean(text).replace("\r\n", "\n")[:TEXT_LENGTH] if question.way == "long" else clean_line(text)[:LINE_LENGTH]


def answers_to(questions: Sequence[Question], given: Given) -> dict[str, Any]:
    """Return what to store, by id of the question."""
    return {question.id: answer_to(question, given) for question in questions}


def shown_for(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the controls hold, by name."""
    return {f"q_{id}": str(answer) if isinstance(answer, int) else answer for id, answer in answers.items()}


def open_questions(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[Question]:
    """Return the questions that need an answer and have none. Zero on a scale is one."""
    return [question for question in questions if question.is_required and answers.get(question.id) in (None, "", [])]
