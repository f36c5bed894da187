"""The NPS question: how likely somebody is to recommend us, from 0 to 10, and why."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.acts.rules.acts import ActKind
from portal.challenges.rules.saying import SCORE
from portal.challenges.stages.contract import Asked, Control, Given, Keep, StageKind, Step, Value
from portal.challenges.stages.reading import READ_BY, READERS
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean

LOWEST, HIGHEST, WHY_LENGTH = 0, 10, 2_000
QUESTION = N_("How likely are you to recommend %(name)s to a friend or colleague?")


class ScoreMissing(Refusal):
    """No number yet, or one that is not on the scale."""

    message = N_("Please choose a number from 0 to 10.")
    field = "score"


def score_of(value: Value) -> int | None:
    """Return the score in a stored value, a whole number from 0 to 10, or None where there is none. Nobody else belongs in a count."""
    score = value.get("score")
    if not isinstance(score, int) or isinstance(score, bool):
        return None
    return score if LOWEST <= score <= HIGHEST else None


class NpsQuestion(StageKind):
    """Done with any number: what is paid for is the answer, never the score. "Why" may stay empty."""

    key: ClassVar = "nps"
    name: ClassVar = N_("NPS question")
    icon: ClassVar = "chart-no-axes-column"
    hint: ClassVar = N_("How likely they are to recommend you, from 0 to 10. Points never depend on the score.")
    counts_as: ClassVar = ActKind.SURVEY
    options: ClassVar[Mapping[str, Control]] = {
        "name": Control("text", N_("What they would recommend"), N_("Your product or company. The name of this portal if empty."), max_length=80),
        "low": Control("text", N_("Beside the 0"), N_("“Not at all likely” if empty."), max_length=60),
        "high": Control("text", N_("Beside the 10"), N_("“Extremely likely” if empty."), max_length=60),
        "why": Control("text", N_("Question about the reason"), N_("“What is the main reason?” if empty. They may leave it open."), max_length=200),
        READ_BY: READERS,
    }
    needs_check: ClassVar = False
    asked_by: ClassVar = "challenges/stages/_nps_asked.html"
    held_in: ClassVar = ((SCORE,), ("why",))
    shown_by: ClassVar = "challenges/stages/_nps.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return the scale, and a field for the reason."""
        choices = tuple((str(number), str(number)) for number in range(LOWEST, HIGHEST + 1))
        ends = (step.options.get("low") or N_("Not at all likely"), step.options.get("high") or N_("Extremely likely"))
        why = step.options.get("why") or N_("What is the main reason?")
        return {
            "score": Control("scale", QUESTION, choices=choices, ends=ends, words={"name": step.options.get("name") or ""}),
            "why": Control("textarea", why, N_("If you like. It helps us most where something is missing."), max_length=WHY_LENGTH),
        }

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return number and reason so far."""
        score = score_of(value)
        return {"score": None if score is None else str(score), "why": value.get("why", "")}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the score as a number, None where none is chosen, and the reason."""
        typed = str(given.get("score") or "")
        score = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 2 else None
        return {"score": score, "why": clean(str(given.get("why") or "")).replace("\r\n", "\n")[:WHY_LENGTH]}

    def asks(self, step: Step) -> Mapping[str, Asked]:
        """Return the scale; reasons are not compared."""
        return {"": Asked(choices=tuple(str(number) for number in range(LOWEST, HIGHEST + 1)))}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse no number, and one that is not on the scale."""
        return ScoreMissing() if score_of(value) is None else None
