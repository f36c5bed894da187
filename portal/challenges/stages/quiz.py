"""A quiz: questions with one right answer, checked at once, with a number of tries."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.acts.rules import ActKind
from portal.challenges.rules.refusals import StepMissing
from portal.challenges.rules.saying import ANSWERS
from portal.challenges.stages import asking
from portal.challenges.stages.contract import Asked, Control, Given, Keep, StageKind, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_

TRIES, MOST_TRIES = 3, 10
RESULT = ("tries", "checked", "wrong", "right", "is_passed")


class TriesOutOfRange(Refusal):
    """Nobody could try, or everybody could until it fits."""

    message = N_("Please allow 1 to %(most)s tries.")
    field = "option_tries"


class NeededOutOfRange(Refusal):
    """More right answers than questions, or none."""

    message = N_("Please ask for 1 to %(most)s right answers.")
    field = "option_needed"


class NeededMoreThanOne(NeededOutOfRange):
    """There is one question alone."""

    message = N_("With one question, one right answer is all you can ask for.")


def needed_flaw(questions: int) -> NeededOutOfRange:
    """Return the refusal of a number of right answers that does not fit so many questions."""
    return NeededMoreThanOne() if questions == 1 else NeededOutOfRange(most=questions)


class QuizNotPassed(Refusal):
    """Too few of the answers that were checked last are right."""

    message = N_("Not yet: %(right)s of %(of)s are right, and it needs %(needed)s. Tries left: %(left)s.")


class QuizOver(Refusal):
    """Every try is taken."""

    message = N_("You have used all tries of “%(step)s”, so it cannot be completed. Please ask us: we can accept what you did.")
    status = 409


class QuizUnchecked(Refusal):
    """The answers were changed since they were checked, or never checked."""

    message = N_("Please have your answers in “%(step)s” checked first.")
    status = 409


def tries_of(options: Mapping[str, Any]) -> int:
    """Return how many tries are allowed."""
    return int(options.get("tries") or TRIES)


def needed_of(options: Mapping[str, Any]) -> int:
    """Return how many answers have to be right: all, if the admin did not say."""
    return int(options.get("needed") or len(options.get("questions") or []))


class Quiz(StageKind):
    """Done when enough answers are right. A try is a check of answers that differ from those checked last, so that a double click is one.

    ``checked`` are the answers of the last try, ``wrong`` the ids of those that were not right. Once it is passed or no try is left
    nothing changes any more; only then does the member see what is right.
    """

    key: ClassVar = "quiz"
    name: ClassVar = N_("Take a quiz")
    icon: ClassVar = "graduation-cap"
    hint: ClassVar = N_("Questions with a right answer, checked at once.")
    counts_as: ClassVar = ActKind.QUIZ
    options: ClassVar[Mapping[str, Control]] = {
        "questions": Control("quiz", N_("Questions")),
        "needed": Control("number", N_("How many must be right"), N_("All of them if empty."), max_length=asking.MAX_QUESTIONS),
        "tries": Control("number", N_("Tries"), N_("1 to 10. Starting anew does not give new ones."), default=TRIES, max_length=MOST_TRIES),
    }
    needs_check: ClassVar = False
    keeps_tries: ClassVar = True
    done_label: ClassVar = N_("Check my answers")
    asked_by: ClassVar = "challenges/stages/_quiz_asked.html"
    held_in: ClassVar = ((ANSWERS,),)
    shown_by: ClassVar = "challenges/stages/_quiz.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return the choices of each question."""
        return {question.control_name: asking.control_for(question) for question in asking.questions_of(step.options)}

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return the answers so far."""
        return asking.shown_for(value.get("answers") or {})

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the answers with the result of the last try; what has ended stays as it is."""
        if self.is_settled(step, before):
            return before
        kept = {name: before[name] for name in RESULT if name in before}
        return {"answers": asking.answers_to(asking.questions_of(step.options), given), **kept}

    def finish(self, step: Step, value: Value, before: Value) -> Value:
        """Return the result of one more try, if there is one and the answers are whole and new."""
        questions, answers = asking.questions_of(step.options), value.get("answers") or {}
        if self.is_settled(step, value) or asking.open_questions(questions, answers) or answers == value.get("checked"):
            return value
        wrong = [question.id for question in questions if answers.get(question.id) != question.right_choice]
        right = len(questions) - len(wrong)
        told = {"checked": answers, "wrong": wrong, "right": right, "is_passed": right >= needed_of(step.options)}
        return {"answers": answers, "tries": int(value.get("tries") or 0) + 1, **told}

    def is_settled(self, step: Step, value: Value) -> bool:
        """Tell whether it is passed, or every try is taken."""
        return value.get("is_passed") is True or int(value.get("tries") or 0) >= tries_of(step.options)

    def carried(self, value: Value, *, was: Step, step: Step) -> Value:
        """Return everything for the same questions; where they were changed since, how many tries are taken by who had not passed."""
        tries, is_passed = int(value.get("tries") or 0), value.get("is_passed") is True
        if not tries:
            return {}
        if asking.questions_of(was.options) == asking.questions_of(step.options):
            return {**value, "is_passed": is_passed or int(value.get("right") or 0) >= needed_of(step.options)}
        return {} if is_passed else {"tries": tries}

    def asks(self, step: Step) -> Mapping[str, Asked]:
        """Return each question with its choices."""
        return asking.asked_in(asking.questions_of(step.options))

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse open questions, answers that nobody checked, too few right ones, and what has no try left."""
        questions, answers = asking.questions_of(step.options), value.get("answers") or {}
        tries = int(value.get("tries") or 0)
        if value.get("is_passed") is True:
            return None
        if tries >= tries_of(step.options):
            return QuizOver(step=step.title)
        if not answers:
            return StepMissing(step=step.title)
        if still_open := asking.open_questions(questions, answers):
            return asking.QuestionsUnanswered(step, still_open)
        if answers != value.get("checked"):
            return QuizUnchecked(step=step.title)
        needed = needed_of(step.options)
        return QuizNotPassed(right=value.get("right", 0), of=len(questions), needed=needed, left=tries_of(step.options) - tries)

    def flaw(self, step: Step) -> Refusal | None:
        """Refuse questions that cannot be checked, more right answers than questions, and tries out of range."""
        questions = asking.questions_of(step.options)
        if refusal := asking.why_not_ask(questions, is_quiz=True):
            return refusal
        if not 1 <= step.options.get("tries", TRIES) <= MOST_TRIES:
            return TriesOutOfRange(most=MOST_TRIES)
        return None if 1 <= step.options.get("needed", 1) <= len(questions) else needed_flaw(len(questions))
