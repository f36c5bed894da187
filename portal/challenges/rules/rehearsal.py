"""A test run: what the steps of a challenge make of answers that are not kept, and what the portal would pay for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.challenges.rules.paying import rest_of
from portal.kernel.errors import Refusal


@dataclass(frozen=True)
class Judged:
    """One step of a test run. ``problem`` is why what was entered does not complete it, None where it does or nothing was entered."""

    stage_id: int
    points: int
    pays_at_once: bool
    is_entered: bool = False
    problem: Refusal | None = None

    @property
    def is_done(self) -> bool:
        return self.is_entered and self.problem is None


@dataclass(frozen=True)
class Rehearsal:
    """All steps of a test run in order, of a challenge worth ``points``."""

    points: int
    steps: Sequence[Judged]

    @property
    def is_whole(self) -> bool:
        """Whether it could be sent for approval."""
        return bool(self.steps) and all(step.is_done for step in self.steps)

    @property
    def at_once(self) -> int:
        """The points that would have been paid by now, without anybody's approval."""
        return sum(step.points for step in self.steps if step.is_done and step.pays_at_once)

    @property
    def at_once_in_all(self) -> int:
        """The points that are paid without approval once every step is done."""
        return sum(step.points for step in self.steps if step.pays_at_once)

    @property
    def on_approval(self) -> int:
        """The points that an approval would pay on top."""
        return rest_of(self.points, self.at_once_in_all)

    def at(self, stage_id: int | None) -> Judged | None:
        """Return the step asked for, else the first that is not done, else the last; None without steps."""
        asked = next((step for step in self.steps if step.stage_id == stage_id), None)
        return asked or next((step for step in self.steps if not step.is_done), None) or (self.steps[-1] if self.steps else None)
