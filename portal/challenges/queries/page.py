"""All that one challenge's page shows a person: the steps, where they stand, what was said, what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.audience.kinds.contract import Phrase
from portal.audience.queries.admission import is_admitted
from portal.audience.queries.reasons import told_why
from portal.challenges.models import Answer, Attempt, Challenge, Stage, Submission, Verdict
from portal.challenges.queries.audience import audience_of
from portal.challenges.queries.catalogue import usual_review_time
from portal.challenges.queries.own import attempts_of, availability_of, challenge_for, current_of, submissions_of, took_part, verdicts_of
from portal.challenges.queries.stages import answers_of, get_challenge, stages_of
from portal.challenges.queries.standing import tally_for
from portal.challenges.rules.standing import Availability, Standing, again_on, is_active, standing, why_not_open
from portal.challenges.rules.states import Outcome, Period, SubmissionState
from portal.challenges.stages.contract import StageKind, Step
from portal.challenges.stages.registry import stage_kind
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal


@dataclass(frozen=True)
class StepView:
    """One step as its place in the list shows it."""

    number: int
    stage: Stage
    kind: StageKind
    answer: Answer | None
    is_done: bool


@dataclass(frozen=True)
class ChallengePage:
    """A challenge and one person. ``submission`` is the one the page is about, ``earlier`` the others."""

    challenge: Challenge
    availability: Availability
    standing: Standing
    steps: Sequence[StepView]
    submission: Submission | None
    earlier: Sequence[Submission]
    attempts: Sequence[Attempt]
    verdicts: Sequence[Verdict]
    review_time: timedelta | None
    again_on: date | None
    closed_because: Refusal | None
    is_meant: bool = True
    """Whether the challenge's audience admits the person; who has begun it may go on without."""
    told: Sequence[Phrase] = ()
    """Why the person sees it, where not everybody does."""

    @property
    def can_answer(self) -> bool:
        """Whether the person can go on with the submission shown; what a reviewer asked for may come after the closing day."""
        submission = self.submission
        if submission is None or not is_active(submission.state, submission.declines, self.challenge.max_attempts):
            return False
        return self.closed_because is None or submission.state == SubmissionState.MORE_WANTED

    @property
    def can_start(self) -> bool:
        return self.closed_because is None and self.standing is Standing.OPEN and self.is_meant

    @property
    def can_withdraw(self) -> bool:
        submission = self.submission
        if submission is None:
            return False
        waits = submission.state == SubmissionState.WAITING
        return waits or is_active(submission.state, submission.declines, self.challenge.max_attempts)

    @property
    def asked(self) -> Verdict | None:
        """The last verdict, while it is what the person has to react to."""
        last = self.verdicts[0] if self.verdicts else None
        reacts = self.submission is not None and self.submission.state in (SubmissionState.MORE_WANTED, SubmissionState.DECLINED)
        return last if reacts and last and last.outcome != Outcome.APPROVED else None

    @property
    def history(self) -> list[Attempt | Verdict]:
        """What was sent and what was said, newest first; of the same moment what was said stands above what it answers."""
        sent = [(attempt.submitted_at, 0, attempt.number) for attempt in self.attempts]
        said = [(verdict.decided_at, 1, verdict.number) for verdict in self.verdicts]
        things: list[Attempt | Verdict] = [*self.attempts, *self.verdicts]
        ordered = sorted(zip([*sent, *said], things, strict=True), key=lambda pair: pair[0], reverse=True)
        return [thing for _, thing in ordered]

    @property
    def attempts_left(self) -> int | None:
        """How many more times it may be declined; None without limit."""
        if self.challenge.max_attempts is None:
            return None
        return max(self.challenge.max_attempts - (self.submission.declines if self.submission else 0), 0)

    def step(self, stage_id: int | None) -> StepView | None:
        """Return the step asked for, else the first unfinished, else the last one; None where there is none."""
        asked = next((step for step in self.steps if step.stage.id == stage_id), None)
        return asked or next((step for step in self.steps if not step.is_done), None) or (self.steps[-1] if self.steps else None)

    def is_last_open(self, step: StepView) -> bool:
        """Tell whether every other step is done, so that this one sends."""
        return all(other.is_done for other in self.steps if other is not step)


def challenge_page(session: Session, person_id: int, challenge_id: int, now: datetime, *, submission_id: int | None = None) -> ChallengePage:
    """Return the page of a challenge for a person, about ``submission_id`` if it is theirs, else the one to go on with.

    Raises ``NotFound``, alike where it is not meant for somebody who has not begun it.
    """
    challenge = challenge_for(session, person_id, challenge_id)
    audience_id = audience_of(session, challenge_id)
    is_meant = is_admitted(session, person_id, audience_id, now)
    if not is_meant and not took_part(session, person_id, challenge_id):
        raise NotFound()
    submissions = submissions_of(session, person_id, challenge_id)
    submission = next((s for s in submissions if s.id == submission_id), None) or current_of(submissions, challenge)
    found = availability_of(session, challenge, now)
    zone = programme_zone(session)
    return ChallengePage(
        challenge=challenge,
        availability=found,
        standing=standing(tally_for(session, person_id, challenge_id, now), challenge.per_period),
        steps=steps_of(session, challenge_id, submission),
        submission=submission,
        earlier=[s for s in submissions if s is not submission],
        attempts=attempts_of(session, submission.id) if submission else [],
        verdicts=verdicts_of(session, submission.id) if submission else [],
        review_time=usual_review_time(session, now),
        again_on=again_on(Period(challenge.period), challenge.closes_on, now, zone),
        closed_because=why_not_open(found, challenge.opens_on, challenge.closes_on),
        is_meant=is_meant,
        told=told_why(session, person_id, audience_id, now) if audience_id is not None and is_meant else (),
    )


def preview_page(session: Session, challenge_id: int, now: datetime) -> ChallengePage:
    """Return the page of a challenge as somebody sees it who has just begun, whatever its state."""
    challenge = get_challenge(session, challenge_id)
    return ChallengePage(
        challenge=challenge,
        availability=Availability.OPEN,
        standing=Standing.UNDER_WAY,
        steps=steps_of(session, challenge_id, None),
        submission=None,
        earlier=[],
        attempts=[],
        verdicts=[],
        review_time=None,
        again_on=None,
        closed_because=None,
    )


def steps_of(session: Session, challenge_id: int, submission: Submission | None) -> list[StepView]:
    """Return the steps of a challenge with what the submission, if any, has entered."""
    answers = answers_of(session, submission.id) if submission else {}
    steps = []
    for number, stage in enumerate(stages_of(session, challenge_id), start=1):
        kind, answer = stage_kind(stage.kind), answers.get(stage.id)
        is_done = answer is not None and kind.problem(Step(stage.title, stage.options), answer.value) is None
        steps.append(StepView(number, stage, kind, answer, is_done))
    return steps
