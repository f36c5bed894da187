"""How the programme reviews: who may, what one took or accepted early, an appeal that waits, and a rule that nobody has switched on yet."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.bank.actions.adjusting import adjust_points
from portal.bank.rules.adjusting import Category
from portal.challenges.actions.appealing import appeal
from portal.challenges.actions.auto import make_rule
from portal.challenges.actions.review import accept_early
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.begun import list_begun
from portal.challenges.rules.auto import RuleTerms
from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.people.actions.reviewing import grant_reviewing
from portal.people.models import Person
from portal.people.queries.reviewing import grants_of
from portal.people.rules.reviewing import ATTEMPTS, NOMINATIONS, kinds_of
from portal.review.actions.cases import assign_case

PRIZE = 30_000


class Desk:
    """Puts the reviewers' part on the agenda."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast
        self.words = programme()["reviewing"]

    def begin(self) -> None:
        """Let it happen late in the year, so that what waits is there to be seen."""
        self.story.plan(self.story.ago(120), self._grant)
        self.story.plan(self.story.ago(30), self._make_rule)
        self.story.plan(self.story.ago(20), self._thank)
        self.story.plan(self.story.end - timedelta(hours=6), self._ask_for_prize)
        self.story.plan(self.story.end - timedelta(hours=5), self._accept_early)
        self.story.plan(self.story.end - timedelta(hours=4), self._appeal)
        self.story.plan(self.story.end - timedelta(hours=3), self._take)

    def _grant(self, at: datetime) -> None:
        person = self.story.people[self.words["reviewer"]]
        actor = self.story.acting(self.cast.reviewers[0])
        grant_reviewing(self.story.session, actor, person_id=person.id, grants={ATTEMPTS, NOMINATIONS}, now=at)

    def _make_rule(self, at: datetime) -> None:
        terms = RuleTerms(self.words["rule"], points_limit=50, approvals=5, within_days=180, after_days=1)
        make_rule(self.story.session, self.story.acting(self.cast.reviewers[0]), terms=terms, now=at)

    def _thank(self, at: datetime) -> None:
        """Give somebody points by hand."""
        self._correct(at, 150, Category.EVENT, self.words["talk"], by=0)

    def _ask_for_prize(self, at: datetime) -> None:
        """Ask for more points than one admin may give, so that it waits for another."""
        self._correct(at, PRIZE, Category.CONTEST, self.words["prize"], by=1)

    def _correct(self, at: datetime, points: int, category: Category, reason: str, *, by: int) -> None:
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[by])
        facts: dict[str, Any] = {
            "points": points,
            "category": category,
            "reason": reason,
            "counts_as_earned": points < PRIZE,
            "key": f"demo:{points}",
        }
        adjust_points(session, actor, person_id=self.story.people[self.words["speaker"]].id, **facts, now=at)

    def _accept_early(self, at: datetime) -> None:
        """Let the reviewer accept what somebody began and left; not what the star, whose sign-in is printed, has under way."""
        session, name = self.story.session, self.words["reviewer"]
        actor = replace(self.story.acting(name), reviews=kinds_of(grants_of(session, self.story.people[name].id)))
        begun = [row for row in list_begun(session, actor) if row.state == SubmissionState.OPEN and row.person != programme()["star"]["name"]]
        if begun:
            accept_early(session, actor, submission_id=begun[0].id, reason=self.words["enough"], now=at)

    def _appeal(self, at: datetime) -> None:
        """Let whoever was declined last, and may still be heard, appeal."""
        session = self.story.session
        declined = (
            select(Submission, Person)
            .join(Person, Person.id == Submission.person_id)
            .join(Verdict, (Verdict.submission_id == Submission.id) & (Verdict.number == Submission.decisions))
            .where(Submission.state == SubmissionState.DECLINED, Verdict.outcome == Outcome.DECLINED, Submission.dropped_at.is_(None))
        )
        found = session.execute(declined.order_by(Verdict.decided_at.desc()).limit(1)).first()
        if found is not None:
            actor = self.story.acting(found.Person.name)
            appeal(session, actor, submission_id=found.Submission.id, words=self.words["appeal"], now=at)

    def _take(self, at: datetime) -> None:
        """Let an admin take the answer that has waited longest."""
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[1])
        waiting = select(Attempt.id, Attempt.submission_id).where(Attempt.state == AttemptState.WAITING)
        row = session.execute(waiting.order_by(Attempt.submitted_at, Attempt.id).limit(1)).first()
        if row is not None:
            facts = {"owner_id": actor.id, "was_id": None, "subject": ("submission", row.submission_id)}
            assign_case(session, actor, kind="attempt", item_id=row.id, **facts, now=at)  # type: ignore[arg-type]
