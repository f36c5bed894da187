"""All that one challenge's page shows a person: the steps, where they stand, what was said, what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from portal.acts.rules.acts import ActKind
from portal.audience.kinds.contract import Phrase
from portal.audience.queries.admission import is_admitted
from portal.audience.queries.reasons import told_why
from portal.challenges.models.deciding import Appeal, Verdict
from portal.challenges.models.offering import Challenge, ChallengeVersion, Stage
from portal.challenges.models.taking import Answer, Attempt, Dismissal, StagePayment, Submission
from portal.challenges.queries.appeals import last_appeal
from portal.challenges.queries.audience import audience_of, openable
from portal.challenges.queries.catalogue import usual_review_time
from portal.challenges.queries.dismissals import dismissal_of
from portal.challenges.queries.own import (
    attempts_of,
    availability_of,
    challenge_for,
    current_of,
    payments_of,
    steps_taken_back,
    submissions_of,
    took_part,
    verdicts_of,
)
from portal.challenges.queries.policy import points_at_once
from portal.challenges.queries.prerequisites import missing_for, prerequisites_of
from portal.challenges.queries.stages import act_kind_of, answers_of, get_challenge, stages_of
from portal.challenges.queries.standing import tally_for
from portal.challenges.queries.versions import current_version, differences, edited_version, version_of, why_not_go_on
from portal.challenges.rules.comparing import Change, matters
from portal.challenges.rules.dismissing import why_not_dismiss
from portal.challenges.rules.early import came_to_nothing, seen_by_member, sent_numbers, waits_early
from portal.challenges.rules.paying import pays_at_once, rest_of
from portal.challenges.rules.periods import Slot, free_at
from portal.challenges.rules.refusals import AllPlacesTaken
from portal.challenges.rules.standing import Availability, Standing, again_on, availability, is_active, is_full, standing, why_not_open
from portal.challenges.rules.states import ChallengeState, Outcome, Period, SubmissionState
from portal.challenges.rules.verdicts import standing_verdict
from portal.challenges.stages.contract import StageKind, Step
from portal.challenges.stages.registry import stage_kind
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound, Refusal
from portal.people.queries.persons import zone_of


@dataclass(frozen=True)
class StepView:
    """One step as its place in the list shows it."""

    number: int
    stage: Stage
    kind: StageKind
    answer: Answer | None
    is_done: bool
    pays_at_once: bool
    is_settled: bool = False
    """Whether nothing can be changed in it any more."""


@dataclass(frozen=True)
class ChallengePage:
    """A challenge and one person. ``submission`` is the one the page is about, ``earlier`` the others.

    ``version`` is what holds for it: that of the submission, else the current one. ``newer`` is what
    has changed since for those who begin now, where it matters; ``closed_because`` why nobody can begin,
    ``missing`` what this person has to do first.
    """

    challenge: Challenge
    version: ChallengeVersion
    newer: Sequence[Change]
    availability: Availability
    standing: Standing
    steps: Sequence[StepView]
    submission: Submission | None
    earlier: Sequence[Submission]
    attempts: Sequence[Attempt]
    verdicts: Sequence[Verdict]
    last_appeal: Appeal | None
    review_time: timedelta | None
    again_on: date | None
    missing: Sequence[Row[*tuple[Any, ...]]]
    closed_because: Refusal | None
    stopped_because: Refusal | None
    payments: Mapping[int, StagePayment]
    is_meant: bool = True
    """Whether the challenge's audience admits the person; who has begun it may go on without."""
    dismissal: Dismissal | None = None
    """That the person put it aside, if they did."""
    told: Sequence[Phrase] = ()
    """Why the person sees it, where not everybody does."""
    is_back: bool = False
    """Whether it was about to be accepted unfinished, and the second person would rather have all of it."""
    openable: frozenset[int] = frozenset()
    """Which of what is ``missing`` the person has a page of: not what is archived, or not meant for them."""

    @property
    def can_answer(self) -> bool:
        """Whether the person can go on with the submission shown; what a reviewer asked for may come after the closing day."""
        submission = self.submission
        return self.stopped_because is None and submission is not None and is_active(submission.state, submission.declines, self.version.max_attempts)

    @property
    def points_at_once(self) -> int:
        """How many of the points single steps pay when they are completed, or have paid."""
        return sum(step.stage.points for step in self.steps if step.pays_at_once or step.stage.id in self.payments)

    @property
    def points_on_approval(self) -> int:
        """How many of the points wait for an approval: all, but what single steps pay."""
        return rest_of(self.version.points, self.points_at_once)

    @property
    def is_sent_by_itself(self) -> bool:
        """Whether the answer goes off without the person, once the last step is completed by others."""
        return bool(self.steps) and self.steps[-1].kind.ends_itself

    @property
    def can_start(self) -> bool:
        return self.closed_because is None and not self.missing and self.standing is Standing.OPEN and self.is_meant

    @property
    def can_dismiss(self) -> bool:
        """Whether the person can put the challenge aside, and has not."""
        is_ahead = self.availability in (Availability.OPEN, Availability.PAUSED) and self.is_meant
        return is_ahead and self.dismissal is None and why_not_dismiss(self.standing) is None

    @property
    def can_send_yet(self) -> bool:
        """Whether an answer can be sent now or later: not where everything is done, waits, or takes no more answers."""
        is_ahead = self.submission is None and self.is_meant and self.availability in (Availability.NOT_YET, Availability.OPEN, Availability.PAUSED)
        return self.can_answer or self.can_start or is_ahead

    @property
    def act_kind(self) -> ActKind:
        """The kind of the act that comes of it; what may not be rewarded counts for no badge and in no streak."""
        return act_kind_of([step.stage for step in self.steps])

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come of the challenge for this person: done for good, closed, or stopped half way."""
        is_closed = self.closed_because is not None and self.availability not in (Availability.NOT_YET, Availability.PAUSED)
        if self.standing is Standing.UNDER_WAY:
            return self.stopped_because is not None
        if self.standing is Standing.DONE:
            return is_closed or self.again_on is None
        return self.standing is not Standing.WAITING and (is_closed or not self.is_meant)

    @property
    def can_withdraw(self) -> bool:
        submission = self.submission
        if submission is None:
            return False
        waits = submission.state == SubmissionState.WAITING
        return waits or is_active(submission.state, submission.declines, self.version.max_attempts)

    @property
    def is_being_accepted(self) -> bool:
        """Tell whether a reviewer is about to accept what was entered so far: the first of two approvals is given."""
        return any(waits_early(attempt) for attempt in self.attempts)

    @property
    def sent_numbers(self) -> Mapping[int, int]:
        """By attempt the how many-eth it is that the person sent themselves."""
        return sent_numbers(self.attempts)

    @property
    def is_sent_by_hand(self) -> bool:
        """Whether nothing is left that others complete, so that sending is the person's own: it came early, or an approval was taken back."""
        return bool(self.steps) and self.can_answer and (self.steps[-1].is_done or not self.steps[-1].kind.ends_itself)

    @property
    def asked(self) -> Verdict | None:
        """The last verdict, while it is what the person has to react to."""
        last = standing_verdict(self.verdicts)
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
        if self.version.max_attempts is None:
            return None
        return max(self.version.max_attempts - (self.submission.declines if self.submission else 0), 0)

    def step(self, stage_id: int | None) -> StepView | None:
        """Return the step asked for, else the one a reviewer sent the person back to, the first unfinished, the last one; None without steps.

        Where a verdict asks for something, the last one in which something can still be changed.
        """
        asked = next((step for step in self.steps if step.stage.id == stage_id), None) or self._sent_back_to
        asked = asked or next((step for step in self.steps if not step.is_done), None)
        open_ones = [step for step in self.steps if not step.is_settled] if self.asked else []
        return asked or next(reversed(open_ones or self.steps), None)

    @property
    def appeal(self) -> Appeal | None:
        """The appeal against the verdict that the person has to react to, if there is one."""
        return self.last_appeal if self.last_appeal and self.asked and self.last_appeal.verdict_id == self.asked.id else None

    @property
    def _sent_back_to(self) -> StepView | None:
        """The step that the last verdict named, until its answer is saved anew."""
        asked = self.asked
        step = next((step for step in self.steps if asked and step.stage.id == asked.stage_id), None)
        return step if asked and step and not (step.answer and step.answer.saved_at > asked.decided_at) else None

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
    return _page(session, person_id, challenge, audience_id, is_meant, now, submission_id)


def member_page(session: Session, person_id: int, challenge_id: int, now: datetime, *, of_draft: bool) -> ChallengePage:
    """Return the page of a challenge as one member would see it, also where it is not meant for them, for the eyes of an admin.

    ``of_draft``: as if the draft were published now and the member had not begun. What they typed and did not send is not on it.
    """
    challenge = get_challenge(session, challenge_id)
    audience_id = audience_of(session, challenge_id)
    is_meant = is_admitted(session, person_id, audience_id, now)
    if not of_draft:
        found = _page(session, person_id, challenge, audience_id, is_meant, now, None)
        return replace(found, steps=[replace(step, answer=_unread(step.answer)) for step in found.steps])
    version, today = edited_version(session, challenge), local_date(now, programme_zone(session))
    allowed = availability(ChallengeState.LIVE, version.opens_on, version.closes_on, today)
    missing, closed_because = missing_for(session, person_id, challenge, version.number), why_not_open(allowed, version.opens_on, version.closes_on)
    if closed_because is None and is_full(version.total_limit, challenge.taken):
        closed_because = AllPlacesTaken(limit=version.total_limit)
    is_shut = closed_because is not None or bool(missing)
    return replace(
        preview_page(session, challenge_id, now),
        availability=allowed,
        standing=standing(tally_for(session, person_id, challenge_id, now), version.per_period, is_shut=is_shut),
        review_time=usual_review_time(session, now),
        missing=missing,
        closed_because=closed_because,
        is_meant=is_meant,
        told=told_why(session, person_id, audience_id, now) if audience_id is not None and is_meant else (),
    )


def _unread(answer: Answer | None) -> Answer | None:
    """Return when something was entered without what it was: it is read by nobody until it is sent."""
    return Answer(submission_id=answer.submission_id, stage_id=answer.stage_id, value={}, saved_at=answer.saved_at) if answer else None


def _page(
    session: Session, person_id: int, challenge: Challenge, audience_id: int | None, is_meant: bool, now: datetime, submission_id: int | None
) -> ChallengePage:
    challenge_id = challenge.id
    submissions = submissions_of(session, person_id, challenge_id)
    submission = next((s for s in submissions if s.id == submission_id), None) or current_of(session, submissions)
    found = availability_of(session, challenge, now)
    current = current_version(session, challenge)
    version = version_of(session, submission) if submission else current
    newer = differences(session, version, current) if submission and submission.state != SubmissionState.APPROVED else []
    missing = missing_for(session, person_id, challenge)
    closed_because = why_not_open(found, challenge.opens_on, challenge.closes_on)
    if closed_because is None and is_full(challenge.total_limit, challenge.taken):
        closed_because = AllPlacesTaken(limit=challenge.total_limit)
    is_shut = closed_because is not None or bool(missing)
    attempts = attempts_of(session, submission.id) if submission else []
    verdicts = verdicts_of(session, submission.id) if submission else []
    return ChallengePage(
        challenge=challenge,
        version=version,
        newer=newer if matters(newer) else [],
        availability=found,
        standing=standing(tally_for(session, person_id, challenge_id, now), challenge.per_period, is_shut=is_shut),
        steps=steps_of(session, version, submission),
        submission=submission,
        earlier=[s for s in submissions if s is not submission],
        attempts=seen_by_member(attempts),
        verdicts=verdicts,
        last_appeal=last_appeal(session, submission.id) if submission else None,
        review_time=usual_review_time(session, now),
        again_on=_again_on(session, person_id, challenge, submissions, now),
        missing=missing,
        closed_because=closed_because,
        stopped_because=why_not_go_on(session, submission, now) if submission else None,
        payments=payments_of(session, submission.id) if submission else {},
        is_meant=is_meant,
        dismissal=dismissal_of(session, person_id, challenge_id),
        is_back=came_to_nothing(attempts, {verdict.attempt_id for verdict in verdicts}),
        openable=openable(session, person_id, [other.id for other in missing], now) if missing else frozenset(),
        told=told_why(session, person_id, audience_id, now) if audience_id is not None and is_meant else (),
    )


def _again_on(session: Session, person_id: int, challenge: Challenge, submissions: Sequence[Submission], now: datetime) -> date | None:
    zone, period = zone_of(session, person_id), Period(challenge.period)
    free = free_at(period, [Slot(s.period_key, s.period_ends_at) for s in submissions], challenge.per_period, now, zone)
    return again_on(free, challenge.closes_on, zone, programme_zone(session))


def preview_page(session: Session, challenge_id: int, now: datetime) -> ChallengePage:
    """Return the page of a challenge as somebody sees it who has just begun what the editor shows, published or not."""
    challenge = get_challenge(session, challenge_id)
    version = edited_version(session, challenge)
    return ChallengePage(
        challenge=challenge,
        version=version,
        newer=[],
        availability=Availability.OPEN,
        standing=Standing.UNDER_WAY,
        steps=steps_of(session, version, None),
        submission=None,
        earlier=[],
        attempts=[],
        verdicts=[],
        last_appeal=None,
        review_time=None,
        again_on=None,
        missing=prerequisites_of(session, challenge_id, version.number),
        closed_because=None,
        stopped_because=None,
        payments={},
    )


def steps_of(session: Session, version: ChallengeVersion, submission: Submission | None) -> list[StepView]:
    """Return the steps of a version with what the submission, if any, has entered."""
    answers = answers_of(session, submission.id) if submission else {}
    steps, limit = [], points_at_once(session)
    taken_back = steps_taken_back(session, submission.id) if submission else frozenset()
    for number, stage in enumerate(stages_of(session, version.challenge_id, version.number), start=1):
        kind, answer = stage_kind(stage.kind), answers.get(stage.id)
        is_done = answer is not None and kind.problem(Step.of(stage), answer.value) is None
        # What was paid at once and taken back comes again with an approval only.
        at_once = stage.id not in taken_back and pays_at_once(stage.points, limit, needs_check=kind.needs_check)
        is_settled = answer is not None and kind.is_settled(Step.of(stage), answer.value)
        steps.append(StepView(number, stage, kind, answer, is_done, at_once, is_settled))
    return steps
