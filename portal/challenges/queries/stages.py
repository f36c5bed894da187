"""One challenge, its stages, and what a person has entered so far."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.acts.rules.acts import ActKind
from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.models.taking import Answer, Submission
from portal.challenges.rules.acting import kind_of_act
from portal.challenges.rules.gaps import Gap, find_gaps
from portal.challenges.rules.sites import is_unrewarded
from portal.challenges.stages.contract import Step
from portal.challenges.stages.registry import stage_kind
from portal.kernel.errors import NotFound


def get_challenge(session: Session, challenge_id: int) -> Challenge:
    """Return the challenge. Raises ``NotFound``."""
    found = session.get(Challenge, challenge_id)
    if found is None:
        raise NotFound()
    return found


def get_submission(session: Session, submission_id: int) -> Submission:
    """Return the submission, withdrawn or not. Raises ``NotFound``."""
    found = session.get(Submission, submission_id)
    if found is None:
        raise NotFound()
    return found


def stages_of(session: Session, challenge_id: int, version: int | None = None) -> list[Stage]:
    """Return the stages of one version in order, by default the current one, without those that were removed."""
    number = select(Challenge.version).where(Challenge.id == challenge_id).scalar_subquery() if version is None else version
    wanted = select(Stage).where(Stage.challenge_id == challenge_id, Stage.version == number, Stage.removed_at.is_(None))
    return list(session.scalars(wanted.order_by(Stage.position, Stage.id)))


def own_stages(session: Session, submission: Submission) -> list[Stage]:
    """Return the stages a submission was begun with."""
    return stages_of(session, submission.challenge_id, submission.version)


def act_kind_of(stages: Sequence[Stage]) -> ActKind:
    """Return the kind of the act that an approval of these steps is."""
    return kind_of_act((stage_kind(stage.kind).counts_as for stage in stages), is_unrewarded=is_unrewarded(stage.options for stage in stages))


def own_stage(session: Session, submission: Submission, stage_id: int) -> Stage:
    """Return one stage of the version a submission was begun with. Raises ``NotFound`` for one of another version."""
    found = stage_for(session, submission.challenge_id, stage_id)
    if found.version != submission.version:
        raise NotFound()
    return found


def changeable_stages(session: Session, submission: Submission) -> list[Stage]:
    """Return the stages of a submission in which something can still be entered: not a quiz that is passed, or has no try left."""
    answers = answers_of(session, submission.id)
    return [stage for stage in own_stages(session, submission) if not _is_settled(stage, answers.get(stage.id))]


def _is_settled(stage: Stage, answer: Answer | None) -> bool:
    return answer is not None and stage_kind(stage.kind).is_settled(Step.of(stage), answer.value)


def stage_for(session: Session, challenge_id: int, stage_id: int) -> Stage:
    """Return a stage that belongs to any version of the challenge. Raises ``NotFound``, for a removed one too."""
    found = session.get(Stage, stage_id)
    if found is None or found.challenge_id != challenge_id or found.removed_at is not None:
        raise NotFound()
    return found


def gaps_of(version: ChallengeVersion, stages: list[Stage]) -> list[Gap]:
    """Return what is still to be filled in before a version with these stages can be published."""
    return find_gaps([version.title, version.summary, version.text], [(stage.title, stage.text, stage.options) for stage in stages])


def answers_of(session: Session, submission_id: int) -> dict[int, Answer]:
    """Return what was entered so far, by stage."""
    return {answer.stage_id: answer for answer in session.scalars(select(Answer).where(Answer.submission_id == submission_id))}
