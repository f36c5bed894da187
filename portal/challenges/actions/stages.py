"""What an admin does to the steps of a challenge: add, edit, remove, move. Attempts that were sent keep the steps as they were."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.editing import lock_challenge, require_editor
from portal.challenges.models import Stage
from portal.challenges.queries.stages import stage_for, stages_of
from portal.challenges.rules.offer import TEXT_LENGTH, TITLE_LENGTH
from portal.challenges.rules.refusals import NoStages, TitleMissing, TooManyStages
from portal.challenges.rules.states import MAX_STAGES, ChallengeState
from portal.challenges.stages.registry import stage_kind
from portal.kernel.actor import Actor
from portal.kernel.text import clean, clean_line


def add_stage(
    session: Session,
    actor: Actor,
    *,
    challenge_id: int,
    kind: str,
    title: str,
    text: str = "",
    options: Mapping[str, Any] | None = None,
    key: str | None = None,
    now: datetime,
) -> Stage:
    """Add a step at the end, once for a ``key``. Refuses an unknown kind, no title, and more than 20 steps."""
    require_editor(actor)
    lock_challenge(session, challenge_id)
    first = session.scalar(select(Stage).where(Stage.made_by == key)) if key else None
    if first is not None:
        return first
    stages = stages_of(session, challenge_id)
    if len(stages) >= MAX_STAGES:
        raise TooManyStages(limit=MAX_STAGES)
    position = max((stage.position for stage in stages), default=0) + 1
    made = Stage(challenge_id=challenge_id, position=position, made_by=key, kind=stage_kind(kind).key, **_fields(kind, title, text, options or {}))
    session.add(made)
    session.flush()
    record(session, actor, "stage.added", "challenge", challenge_id, now=now, stage_id=made.id, kind=kind, title=made.title)
    return made


def edit_stage(
    session: Session, actor: Actor, *, challenge_id: int, stage_id: int, title: str, text: str, options: Mapping[str, Any], now: datetime
) -> Stage:
    """Change a step; its kind stays. Refuses no title."""
    require_editor(actor)
    lock_challenge(session, challenge_id)
    stage = stage_for(session, challenge_id, stage_id)
    fields = _fields(stage.kind, title, text, options)
    stage.title, stage.text, stage.options = fields["title"], fields["text"], fields["options"]
    session.flush()
    record(session, actor, "stage.edited", "challenge", challenge_id, now=now, stage_id=stage_id, title=stage.title)
    return stage


def remove_stage(session: Session, actor: Actor, *, challenge_id: int, stage_id: int, now: datetime) -> None:
    """Take a step out. Its row stays for the answers that point at it. Refuses the last step of a live challenge."""
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    stage = stage_for(session, challenge_id, stage_id)
    if challenge.state == ChallengeState.LIVE and len(stages_of(session, challenge_id)) == 1:
        raise NoStages()
    stage.removed_at = now
    session.flush()
    record(session, actor, "stage.removed", "challenge", challenge_id, now=now, stage_id=stage_id, title=stage.title)


def move_stage(session: Session, actor: Actor, *, challenge_id: int, stage_id: int, by: int, now: datetime) -> None:
    """Move a step up (``by=-1``) or down (``by=1``). At the end it stays where it is."""
    require_editor(actor)
    lock_challenge(session, challenge_id)
    stage_for(session, challenge_id, stage_id)
    stages = stages_of(session, challenge_id)
    here = next(i for i, stage in enumerate(stages) if stage.id == stage_id)
    there = here + (1 if by > 0 else -1)
    if not 0 <= there < len(stages):
        return
    stages[here], stages[there] = stages[there], stages[here]
    for position, stage in enumerate(stages, start=1):
        stage.position = position
    session.flush()
    record(session, actor, "stage.moved", "challenge", challenge_id, now=now, stage_id=stage_id, position=there + 1)


def _fields(kind: str, title: str, text: str, options: Mapping[str, Any]) -> dict[str, Any]:
    title = clean_line(title)[:TITLE_LENGTH]
    if not title:
        raise TitleMissing()
    known = stage_kind(kind).options
    return {"title": title, "text": clean(text)[:TEXT_LENGTH], "options": {n: v for n, v in options.items() if n in known and v not in (None, "")}}
