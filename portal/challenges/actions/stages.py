"""What an admin does to the steps of a challenge: add, edit, remove, move, always in the draft. Whoever has begun keeps the steps they began with."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.challenges.actions.editing import lock_challenge, put_on_offer, require_editor, require_parts
from portal.challenges.actions.sites import follow_site, refresh_sites, require_allowed, stamped
from portal.challenges.actions.versions import draft_stage, open_draft
from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.queries.stages import stages_of
from portal.challenges.rules.gaps import gaps_in
from portal.challenges.rules.offer import TEXT_LENGTH, TITLE_LENGTH
from portal.challenges.rules.refusals import PointsOutOfRange, TitleMissing, TooManyStages
from portal.challenges.rules.states import MAX_POINTS, MAX_STAGES
from portal.challenges.rules.wording import require_fair, words_in
from portal.challenges.stages.contract import Step
from portal.challenges.stages.registry import stage_kind
from portal.kernel.actor import Actor
from portal.kernel.seen import require_seen
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
    points: int = 0,
    key: str | None = None,
    now: datetime,
) -> Stage:
    """Add a step at the end, once for a ``key``. ``points`` are its part of the points of the whole.

    Refuses an unknown kind, no title, words that ask for praise, more than 20 steps, parts that are more than the whole, options
    the kind cannot ask with, and points that a review site does not allow. A review on a site that allows no reward sets the whole
    challenge to 0 points.
    """
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    first = session.scalar(select(Stage).where(Stage.made_by == key)) if key else None
    if first is not None:
        return first
    draft = open_draft(session, challenge, now=now)
    stages = stages_of(session, challenge_id, draft.number)
    if len(stages) >= MAX_STAGES:
        raise TooManyStages(limit=MAX_STAGES)
    position = max((stage.position for stage in stages), default=0) + 1
    place = {"challenge_id": challenge_id, "version": draft.number, "position": position, "made_by": key, "points": points}
    fields = step_fields(kind, title, text, options or {})
    fields["options"] = stamped(session, kind, fields["options"], points=draft.points)
    made = Stage(**place, kind=stage_kind(kind).key, **fields)
    _require_allowed([*stages, made], points)
    _require_parts(stages, None, points, draft)
    session.add(made)
    session.flush()
    _follow_site(session, actor, challenge, draft, [*stages, made], now)
    record(session, actor, "stage.added", "challenge", challenge_id, now=now, stage_id=made.id, kind=kind, title=made.title)
    return made


def edit_stage(
    session: Session,
    actor: Actor,
    *,
    challenge_id: int,
    stage_id: int,
    title: str,
    text: str,
    options: Mapping[str, Any],
    points: int = 0,
    now: datetime,
    seen: str | None = None,
) -> Stage:
    """Change a step in the draft; its kind stays. Refuses as ``add_stage``, and what changed since it was ``seen`` (``ChangedMeanwhile``)."""
    require_editor(actor)
    challenge = lock_challenge(session, challenge_id)
    draft = open_draft(session, challenge, now=now)
    stage = draft_stage(session, draft, stage_id)
    session.refresh(stage)
    stages = stages_of(session, challenge_id, draft.number)
    fields = step_fields(stage.kind, title, text, options)
    fields["options"] = stamped(session, stage.kind, fields["options"], points=draft.points)
    if (stage.title, stage.text, stage.options, stage.points) != (fields["title"], fields["text"], fields["options"], points):
        require_seen(seen_values(stage), seen)
    stage.title, stage.text, stage.options, stage.points = fields["title"], fields["text"], fields["options"], points
    _require_allowed(stages, points)
    _require_parts(stages, stage, points, draft)
    session.flush()
    _follow_site(session, actor, challenge, draft, stages, now)
    record(session, actor, "stage.edited", "challenge", challenge_id, now=now, stage_id=stage.id, title=stage.title)
    return stage


def remove_stage(session: Session, actor: Actor, *, challenge_id: int, stage_id: int, now: datetime) -> None:
    """Take a step out of the draft. Its row stays."""
    require_editor(actor)
    draft = open_draft(session, lock_challenge(session, challenge_id), now=now)
    stage = draft_stage(session, draft, stage_id)
    stage.removed_at = now
    session.flush()
    record(session, actor, "stage.removed", "challenge", challenge_id, now=now, stage_id=stage.id, title=stage.title)


def move_stage(session: Session, actor: Actor, *, challenge_id: int, stage_id: int, by: int, now: datetime) -> None:
    """Move a step of the draft up (``by=-1``) or down (``by=1``). At the end it stays where it is."""
    require_editor(actor)
    draft = open_draft(session, lock_challenge(session, challenge_id), now=now)
    stage = draft_stage(session, draft, stage_id)
    stages = stages_of(session, challenge_id, draft.number)
    here = next(i for i, other in enumerate(stages) if other.id == stage.id)
    there = here + (1 if by > 0 else -1)
    if not 0 <= there < len(stages):
        return
    stages[here], stages[there] = stages[there], stages[here]
    for position, other in enumerate(stages, start=1):
        other.position = position
    session.flush()
    record(session, actor, "stage.moved", "challenge", challenge_id, now=now, stage_id=stage.id, position=there + 1)


def _require_parts(stages: list[Stage], changed: Stage | None, points: int, draft: ChallengeVersion) -> None:
    if not 0 <= points <= MAX_POINTS:
        raise PointsOutOfRange(least=0, most=MAX_POINTS)
    require_parts(points + sum(stage.points for stage in stages if stage is not changed), draft.points)


def _require_allowed(stages: list[Stage], points: int) -> None:
    """Refuse points for a step where a review in the challenge may not be rewarded."""
    if points:
        require_allowed(stages, 0)


def _follow_site(session: Session, actor: Actor, challenge: Challenge, draft: ChallengeVersion, stages: list[Stage], now: datetime) -> None:
    was = draft.points
    if follow_site(draft, stages):
        if was:
            refresh_sites(session, stages, draft.points)
        if challenge.version == draft.number:
            put_on_offer(challenge, draft)
        session.flush()
        record(session, actor, "challenge.unrewarded", "challenge", challenge.id, now=now, version=draft.number)


def seen_values(stage: Stage) -> dict[str, Any]:
    """Return what the editor shows of a step; what was copied from a review site's profile is not shown."""
    options = {name: stage.options.get(name) for name in stage_kind(stage.kind).options}
    return {"title": stage.title, "text": stage.text, "points": stage.points, "options": options}


def step_fields(kind: str, title: str, text: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return title, text and options of a step cleaned, options that its kind does not know left out.

    Refuses no title (``TitleMissing``), words that ask for praise, and options the kind cannot ask with. An option with a gap is judged once it is
    filled in: until then nothing is published.
    """
    title = clean_line(title)[:TITLE_LENGTH]
    if not title:
        raise TitleMissing()
    known = stage_kind(kind)
    options = {name: value for name, value in options.items() if name in known.options and value not in (None, "")}
    if (flaw := known.flaw(Step(title, options))) and not gaps_in(options):
        raise flaw
    require_fair({"title": title, "text": text})
    for name, value in options.items():
        for words in words_in(value):
            require_fair({f"option_{name}": words})
    return {"title": title, "text": clean(text)[:TEXT_LENGTH], "options": options}
