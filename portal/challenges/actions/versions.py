"""The next version of a challenge: opened as a copy at the first edit, kept as a draft, frozen when it is published."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge, ChallengeVersion, Prerequisite, Stage
from portal.challenges.queries.prerequisites import prerequisites_of
from portal.challenges.queries.stages import stages_of
from portal.challenges.queries.versions import current_version, find_draft, root_of
from portal.challenges.rules.offer import Offer
from portal.kernel.errors import NotFound

OFFERED = tuple(Offer.__dataclass_fields__)


def open_draft(session: Session, challenge: Challenge, *, now: datetime) -> ChallengeVersion:
    """Return the draft to write into, made from the current version where there is none. The challenge's row is locked.

    Whoever was asked to look at it has to be asked anew, since it changes now.
    """
    draft = find_draft(session, challenge.id)
    if draft is None:
        draft = _copy(session, challenge, now)
    draft.asked_at = draft.asked_by_id = None
    return draft


def first_version(session: Session, challenge: Challenge, *, now: datetime, is_published: bool) -> ChallengeVersion:
    """Add version 1 of a new challenge; of an imported record it is frozen from the start."""
    made = ChallengeVersion(challenge_id=challenge.id, number=1, made_at=now, published_at=now if is_published else None, **fields_of(challenge))
    session.add(made)
    session.flush()
    return made


def fields_of(row: Challenge | ChallengeVersion) -> dict[str, object]:
    """Return the fields of an offer as they stand on a row, by name."""
    return {name: getattr(row, name) for name in OFFERED}


def draft_stage(session: Session, draft: ChallengeVersion, stage_id: int) -> Stage:
    """Return the step in the draft that is ``stage_id`` or was copied from it. Raises ``NotFound``."""
    asked = session.get(Stage, stage_id)
    if asked is None or asked.challenge_id != draft.challenge_id or asked.removed_at is not None:
        raise NotFound()
    root = root_of(asked)
    found = next((stage for stage in stages_of(session, draft.challenge_id, draft.number) if root_of(stage) == root), None)
    if found is None:
        raise NotFound()
    return found


def copy_stages(session: Session, stages: list[Stage], *, challenge_id: int, version: int, keep_origin: bool) -> None:
    """Add copies of ``stages`` in their order; of the same challenge they remember where they came from."""
    for position, stage in enumerate(stages, start=1):
        copied = {"kind": stage.kind, "title": stage.title, "text": stage.text, "options": dict(stage.options), "points": stage.points}
        origin = root_of(stage) if keep_origin else None
        session.add(Stage(challenge_id=challenge_id, version=version, origin_id=origin, position=position, **copied))
        session.flush()


def copy_prerequisites(session: Session, source: ChallengeVersion, *, challenge_id: int, version: int) -> None:
    """Let a version need first what ``source`` needs."""
    for needed in prerequisites_of(session, source.challenge_id, source.number):
        session.add(Prerequisite(challenge_id=challenge_id, version=version, requires_id=needed.id))
    session.flush()


def _copy(session: Session, challenge: Challenge, now: datetime) -> ChallengeVersion:
    current = current_version(session, challenge)
    made = ChallengeVersion(challenge_id=challenge.id, number=current.number + 1, made_at=now, **fields_of(current))
    session.add(made)
    session.flush()
    copy_prerequisites(session, current, challenge_id=challenge.id, version=made.number)
    stages = stages_of(session, challenge.id, current.number)
    copy_stages(session, stages, challenge_id=challenge.id, version=made.number, keep_origin=True)
    return made
