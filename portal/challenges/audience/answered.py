"""Answers given to a step of a challenge."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from portal.audience.facts import Facts
from portal.audience.kinds.contract import Control, Labels, Moment, Options, Phrase, Test
from portal.audience.rules import MAX_VALUES
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.rules.states import ChallengeState, SubmissionState
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line
from portal.people.models import Person

_SENT = (Submission.dropped_at.is_(None), Submission.state.in_((SubmissionState.WAITING.value, SubmissionState.APPROVED.value)))
TEXT = "text"
_SIBLING = aliased(Stage)


def _root(stage: Any) -> ColumnElement[int]:
    """Return what a step and its copies in other versions have in common: ``root_of`` of queries/versions.py."""
    return func.coalesce(stage.origin_id, stage.id)


_SAME_STEP = and_(_SIBLING.challenge_id == Stage.challenge_id, _root(_SIBLING) == _root(Stage))


class StepUnknown(Refusal):
    """A step that is not on the list."""

    message = N_("Please choose a step from the list.")
    field = "option_stage"


class TooManyAnswers(Refusal):
    """More answers than a rule holds."""

    message = N_("Write at most %(limit)s answers, one on each line.")
    field = "option_answers"


def load_answers(session: Session, person_id: int) -> dict[int, set[str | None]]:
    """Return the texts a person sent, by step and by its copies in every other version; None for an answer without a text."""
    mine = select(_SIBLING.id, Answer.value).select_from(Answer).join(Submission, Submission.id == Answer.submission_id)
    mine = mine.join(Stage, Stage.id == Answer.stage_id).join(_SIBLING, _SAME_STEP)
    found: dict[int, set[str | None]] = {}
    for stage_id, value in session.execute(mine.where(Submission.person_id == person_id, *_SENT)):
        text = value.get(TEXT)
        found.setdefault(stage_id, set()).add(text if isinstance(text, str) else None)
    return found


class HasAnswered:
    """The member sent an answer to a step, in whichever version of its challenge; if texts are given, exactly one of those.

    What was sent back or withdrawn does not count. Texts are those of steps with one free text.
    """

    key = "answered"
    name = N_("Answer given")
    hint = N_("Members who answered a step of a challenge, in any way or with certain words.")
    icon = "message-square-text"
    group = N_("What they did")

    def controls(self, session: Session) -> dict[str, Control]:
        """Return the steps of what is published, in the version that is offered now, and the answers."""
        rows = session.execute(
            select(Stage.id, Stage.title, Challenge.title.label("challenge"))
            .join(Challenge, Challenge.id == Stage.challenge_id)
            .where(Stage.version == Challenge.version, Stage.removed_at.is_(None), Challenge.state != ChallengeState.DRAFT)
            .order_by(Challenge.title, Challenge.id, Stage.position)
        )
        steps = [(str(row.id), f"{row.challenge} › {row.title}") for row in rows]
        help = N_("One on each line, exactly as they would write it, for steps with one free text only. Empty takes any answer.")
        return {"stage": Control("choice", N_("Step"), choices=steps), "answers": Control("lines", N_("Answers"), help)}

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return the step and the answers. Refuses a step that is not there (``StepUnknown``) and more than 100 answers."""
        stage_id = str(given.get("stage") or "")
        if not stage_id.isdigit() or session.get(Stage, int(stage_id)) is None:
            raise StepUnknown()
        answers = sorted({line for raw in str(given.get("answers") or "").splitlines() if (line := clean_line(raw))})
        if len(answers) > MAX_VALUES:
            raise TooManyAnswers(limit=MAX_VALUES)
        return {"stage": int(stage_id), "answers": answers}

    def shown(self, session: Session, options: Options) -> dict[str, Any]:
        """Return both; the step as it is in the version that is offered now."""
        now = and_(_SIBLING.version == Challenge.version, _SIBLING.removed_at.is_(None))
        offered = select(_SIBLING.id).select_from(Stage).join(_SIBLING, _SAME_STEP).join(Challenge, Challenge.id == Stage.challenge_id)
        stage_id = session.scalar(offered.where(Stage.id == options["stage"], now)) or options["stage"]
        return {"stage": str(stage_id), "answers": "\n".join(options["answers"])}

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the titles of the steps."""
        ids = {options["stage"] for options in every}
        return {row.id: row.title for row in session.execute(select(Stage.id, Stage.title).where(Stage.id.in_(ids)))}

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “Answered “Which team?” with “Sales” or “Support””."""
        facts = {"step": labels.get(options["stage"], ""), "answers": [f"“{answer}”" for answer in options["answers"]]}
        return Phrase(N_("Answered “%(step)s” with %(answers)s") if options["answers"] else N_("Answered “%(step)s”"), facts)

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Remind the member of the step."""
        return Phrase(N_("you answered “%(step)s”"), {"step": labels.get(options["stage"], "")})

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition on answers sent."""
        steps = select(_SIBLING.id).select_from(Stage).join(_SIBLING, _SAME_STEP).where(Stage.id == options["stage"])
        sent = select(Submission.person_id).join(Answer, Answer.submission_id == Submission.id).where(Answer.stage_id.in_(steps), *_SENT)
        if options["answers"]:
            sent = sent.where(Answer.value[TEXT].as_string().in_(options["answers"]))
        return Person.id.in_(sent)

    def test(self, options: Options) -> Test:
        """Compare the member's own."""
        stage_id, wanted = options["stage"], frozenset(options["answers"])
        if not wanted:
            return lambda facts: stage_id in facts.of(load_answers)
        return lambda facts: not wanted.isdisjoint(facts.of(load_answers).get(stage_id, ()))
