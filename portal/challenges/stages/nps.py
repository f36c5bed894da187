"""The question of the Net Promoter Score: 0 to 10, and why."""

from collections.abc import Mapping
from typing import Any, ClassVar

from portal.challenges.rules.refusals import StepMissing
from portal.challenges.stages.contract import Control, Given, Keep, StageKind, Step, Value
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean, clean_line

HIGHEST = 10
WHY_LENGTH = 2_000
ENDS = {0: N_("0, not at all likely"), HIGHEST: N_("10, extremely likely")}
SCORES = tuple((str(score), ENDS.get(score, str(score))) for score in range(HIGHEST + 1))


class Recommend(StageKind):
    """Done when there is a number. ``score`` is stored as a whole number; what is paid never depends on it."""

    key: ClassVar = "nps"
    name: ClassVar = N_("Ask the NPS question")
    icon: ClassVar = "scale"
    hint: ClassVar = N_("How likely they are to recommend you, from 0 to 10, and why.")
    options: ClassVar[Mapping[str, Control]] = {
        "product": Control("text", N_("Recommend what"), N_("The name of your product. “Us” if empty."), max_length=80),
        "asks_why": Control("checkbox", N_("Ask why, too; nobody has to say"), default=True),
    }
    needs_check: ClassVar = False
    asked_by: ClassVar = "challenges/stages/_nps_asked.html"
    shown_by: ClassVar = "challenges/stages/_nps.html"

    def controls(self, step: Step) -> Mapping[str, Control]:
        """Return eleven numbers to choose from, and a field for the reason where it is asked."""
        product = clean_line(str(step.options.get("product") or ""))
        named = N_("How likely are you to recommend %(product)s to a friend or colleague?")
        plain = N_("How likely are you to recommend us to a friend or colleague?")
        asked = {"score": Control("one", named if product else plain, choices=SCORES, facts={"product": product} if product else {})}
        if step.options.get("asks_why", True):
            asked["why"] = Control("textarea", N_("What is the main reason for your number? You may leave this empty."), max_length=WHY_LENGTH)
        return asked

    def shown(self, value: Value) -> Mapping[str, Any]:
        """Return number and reason so far."""
        score = value.get("score")
        return {"score": None if score is None else str(score), "why": value.get("why", "")} if value else {}

    def read(self, step: Step, given: Given, before: Value, keep: Keep) -> Value:
        """Return the number, None where none of the eleven was chosen, and the cleaned reason."""
        chosen = str(given.get("score") or "")
        score = int(chosen) if chosen in dict(SCORES) else None
        return {"score": score, "why": clean(str(given.get("why") or "")).replace("\r\n", "\n")[:WHY_LENGTH]}

    def problem(self, step: Step, value: Value) -> Refusal | None:
        """Refuse no number. Every number is as good as any other."""
        score = value.get("score")
        return None if isinstance(score, int) and 0 <= score <= HIGHEST else NumberMissing(step=step.title)


class NumberMissing(StepMissing):
    """None of the eleven numbers was chosen."""

    message = N_("Please choose a number from 0 to 10.")
    field = "score"
