"""What a test run goes through: the steps that the editor shows, and what their kinds say to what was entered. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.queries.policy import points_at_once
from portal.challenges.queries.stages import get_challenge, stages_of
from portal.challenges.queries.versions import edited_version
from portal.challenges.rules.paying import pays_at_once
from portal.challenges.rules.rehearsal import Judged, Rehearsal
from portal.challenges.stages.contract import StageKind, Step, Value
from portal.challenges.stages.registry import stage_kind

NOT_KEPT = -1
"""The id that a test run gives to a file it looked at: no stored one has it."""


@dataclass(frozen=True)
class RunStep:
    """A step as the page of a test run shows it."""

    number: int
    stage: Stage
    kind: StageKind
    judged: Judged
    value: Value | None

    @property
    def file_name(self) -> str | None:
        """The name of a file that was accepted in the test run and not kept; None without one."""
        return _file_name(self.value)


@dataclass(frozen=True)
class Run:
    """A test run so far: of which version, and what was made of each step."""

    challenge: Challenge
    version: ChallengeVersion
    steps: Sequence[RunStep]
    rehearsal: Rehearsal

    def step(self, stage_id: int | None) -> RunStep | None:
        """Return the step to stand at: the one asked for, else the first that is not done, else the last; None without steps."""
        here = self.rehearsal.at(stage_id)
        return next((step for step in self.steps if here is not None and step.stage.id == here.stage_id), None)


def run_of(session: Session, challenge_id: int, values: Mapping[int, Value]) -> Run:
    """Return the test run of what the editor shows, published or not, with what was entered by stage. Raises ``NotFound``."""
    challenge = get_challenge(session, challenge_id)
    version, limit, steps = edited_version(session, challenge), points_at_once(session), []
    for number, stage in enumerate(stages_of(session, challenge_id, version.number), start=1):
        kind, value = stage_kind(stage.kind), values.get(stage.id)
        problem = kind.problem(Step.of(stage), value) if value is not None else None
        at_once = pays_at_once(stage.points, limit, needs_check=kind.needs_check)
        judged = Judged(stage.id, stage.points, at_once, value is not None, problem)
        steps.append(RunStep(number, stage, kind, judged, value))
    return Run(challenge, version, steps, Rehearsal(version.points, [step.judged for step in steps]))


def _file_name(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return None
    if value.get("file_id") == NOT_KEPT:
        return str(value.get("name") or "")
    return next((name for part in value.values() if (name := _file_name(part)) is not None), None)
