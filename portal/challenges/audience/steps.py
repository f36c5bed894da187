"""The steps and questions that a rule can name: the newest to choose from, any of them by words, whatever version they are of."""

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.rules.states import ChallengeState
from portal.challenges.stages.contract import Asked, Step
from portal.challenges.stages.registry import stage_kind
from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line, fold, like_pattern
from portal.web.paging import AnySelect

SIBLING = aliased(Stage)
SHORT, MOST, NAMED = 80, 100, 5
"""After how many characters a question is cut, how many steps are read at once, and how many are named where words fit several."""
_NUMBERED = re.compile(r"(?:^|\()(\d{1,18}(?::[^()\s]+)?)\)?$", re.ASCII)


class StepUnknown(Refusal):
    """No step and no question of this name."""

    message = N_("We found no step or question with these words. Please choose from the list, or type words of the challenge.")
    field = "option_stage"


class StepAmbiguous(Refusal):
    """Words that fit more than one."""

    message = N_("Several fit: %(found)s. Please write one of them whole.")
    field = "option_stage"


def root_in(stage: Any) -> ColumnElement[int]:
    """Return what a step and its copies in other versions have in common: ``root_of`` of queries/versions.py."""
    return func.coalesce(stage.origin_id, stage.id)


SAME_STEP = and_(SIBLING.challenge_id == Stage.challenge_id, root_in(SIBLING) == root_in(Stage))


def asks(stage: Stage) -> dict[str, Asked]:
    """Return the questions of a step whose answers can be compared, by id."""
    return dict(stage_kind(stage.kind).asks(Step.of(stage)))


def newest_steps(session: Session) -> list[tuple[str, str]]:
    """Return the steps of what was published last, in the version that is offered now, each with its questions: at most a hundred, by value."""
    return _listed(session, _offered())[:MOST]


def find_step(session: Session, typed: str) -> str:
    """Return the value, number of the step and id of the question, of what was typed: a value, or words, whole or only some of them.

    Refuses what fits none (``StepUnknown``) and, unless it is written whole, more than one (``StepAmbiguous``). A value at the end, in
    brackets, tells those apart that are called the same.
    """
    typed = clean_line(typed)
    if numbered := _NUMBERED.search(typed):
        return numbered[1]
    words = fold(typed.replace("›", " ")).split()
    if not words:
        raise StepUnknown()
    found = [(value, label) for value, label in _listed(session, _offered(typed)) if all(word in fold(label) for word in words)]
    whole = [(value, label) for value, label in found if fold(label) == fold(typed)]
    fitting = whole or found
    if not fitting:
        raise StepUnknown()
    if len(fitting) > 1:
        told = [f"{label} ({value})" if whole else label for value, label in fitting[:NAMED]]
        raise StepAmbiguous(found="; ".join(f"“{one}”" for one in told) + (" …" if len(fitting) > NAMED else ""))
    return fitting[0][0]


def words_for(session: Session, stage_id: int, question: str) -> str:
    """Return the words by which ``find_step`` finds a step, with its value where they are not enough."""
    stage, value = session.get_one(Stage, stage_id), value_of(stage_id, question)
    title = session.scalar(select(Challenge.title).where(Challenge.id == stage.challenge_id)) or ""
    label = next((label for listed, label in _labels(stage, title) if listed == value), f"{title} › {stage.title}")
    try:
        is_enough = find_step(session, label) == value
    except Refusal:
        is_enough = False
    return label if is_enough else f"{label} ({value})"


def value_of(stage_id: int, question: str) -> str:
    """Return what names a step, or one of its questions."""
    return f"{stage_id}:{question}" if question else str(stage_id)


def _offered(typed: str = "") -> AnySelect:
    """Return the statement of the steps offered now, the newest challenge first, narrowed by words of challenge, step or question."""
    statement: AnySelect = select(Stage, Challenge.title.label("challenge")).join(Challenge, Challenge.id == Stage.challenge_id)
    statement = statement.where(Stage.version == Challenge.version, Stage.removed_at.is_(None), Challenge.state != ChallengeState.DRAFT)
    for word in typed.replace("›", " ").split():
        as_typed, folded = like_pattern(word.lower()), like_pattern(fold(word))
        own = (func.lower(column).like(as_typed, escape="\\") for column in (Stage.title, cast(Stage.options, String)))
        statement = statement.where(or_(Challenge.search_key.like(folded, escape="\\"), *own))
    return statement.order_by(Challenge.id.desc(), Stage.position).limit(MOST)


def _listed(session: Session, statement: AnySelect) -> list[tuple[str, str]]:
    return [listed for row in session.execute(statement) for listed in _labels(row.Stage, row.challenge)]


def _labels(stage: Stage, challenge: str) -> Iterator[tuple[str, str]]:
    """Yield the step, and each of its questions."""
    yield str(stage.id), f"{challenge} › {stage.title}"
    for question, asked in asks(stage).items():
        if question:
            words = asked.words if len(asked.words) <= SHORT else f"{asked.words[:SHORT].rstrip()}…"
            yield value_of(stage.id, question), f"{challenge} › {stage.title} › {words}"
