"""Rules that approve by themselves, what they cover at a moment, and what they did."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, exists, func, select
from sqlalchemy.orm import Session, aliased

from portal.challenges.models.deciding import AutoRule, Verdict
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.rules.auto import highest
from portal.challenges.rules.gallery import SeenBy
from portal.challenges.rules.states import AttemptState, Outcome, SubmissionState
from portal.challenges.stages.registry import NEED_PERSON
from portal.kernel.errors import NotFound
from portal.people.models import Person, Reviewer
from portal.review.queries.cases import is_owned
from portal.review.queries.terms import terms_of
from portal.web.paging import AnySelect

USES = 20


def get_rule(session: Session, rule_id: int) -> AutoRule:
    """Return a rule that was not removed. Raises ``NotFound``."""
    found = session.get(AutoRule, rule_id)
    if found is None or found.removed_at is not None:
        raise NotFound()
    return found


def list_rules(session: Session) -> Sequence[Any]:
    """Return (AutoRule, challenge's title) of all rules, in the order in which they were made."""
    found = select(AutoRule, Challenge.title.label("challenge")).outerjoin(Challenge, Challenge.id == AutoRule.challenge_id)
    return session.execute(found.where(AutoRule.removed_at.is_(None)).order_by(AutoRule.id)).all()


def rules_on(session: Session) -> Sequence[AutoRule]:
    """Return the rules that are switched on."""
    return session.scalars(select(AutoRule).where(AutoRule.is_on, AutoRule.removed_at.is_(None)).order_by(AutoRule.id)).all()


def covered(session: Session, rule: AutoRule, now: datetime) -> AnySelect:
    """Return the select of the attempts that the rule may approve now, the longest waiting first.

    Never above the limit from which two people approve, never what all members would see in the gallery, never what a
    reviewer took or said something about, never what an import left waiting without an answer, never with a step that a
    person always decides (``NEED_PERSON``), and never of people who may themselves decide or set rules.
    """
    limit = highest(rule.points_limit, terms_of(session).four_eyes_above)
    found: AnySelect = (
        select(Attempt.id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .join(Person, Person.id == Submission.person_id)
        .where(
            Attempt.state == AttemptState.WAITING,
            Attempt.submitted_at <= now - timedelta(days=rule.after_days),
            Attempt.points <= limit,
            Submission.dropped_at.is_(None),
            Submission.decisions == 0,
            cast(Attempt.answers, String) != "[]",
            ~Person.is_admin,
            ~exists().where(Reviewer.person_id == Person.id),
            ~is_owned("attempt", Attempt.id),  # type: ignore[arg-type]
        )
        .order_by(Attempt.submitted_at, Attempt.id)
    )
    of_version = (Stage.challenge_id == Submission.challenge_id, Stage.version == Submission.version, Stage.removed_at.is_(None))
    found = found.where(~exists().where(*of_version, Stage.options["seen_by"].as_string() == SeenBy.GALLERY))
    if rule.challenge_id is not None:
        found = found.where(Submission.challenge_id == rule.challenge_id)
    other = Stage.kind.in_(NEED_PERSON) | Stage.kind.not_in(rule.kinds) if rule.kinds else Stage.kind.in_(NEED_PERSON)
    found = found.where(~exists().where(*of_version, other))
    return _trusted(found, rule, now) if rule.approvals else found


def _trusted(found: AnySelect, rule: AutoRule, now: datetime) -> AnySelect:
    """Leave those who had enough approved lately, and nothing taken back."""
    since, earlier, other = now - timedelta(days=rule.within_days), aliased(Submission), aliased(Submission)
    approved = (earlier.person_id == Person.id, earlier.state == SubmissionState.APPROVED, earlier.changed_at >= since)
    count = select(func.count()).select_from(earlier).where(*approved).correlate(Person).scalar_subquery()
    taken_back = exists().where(
        other.person_id == Person.id, Verdict.submission_id == other.id, Verdict.outcome == Outcome.REVERSED, Verdict.decided_at >= since
    )
    return found.where(count >= rule.approvals, ~taken_back)


def recent_uses(session: Session) -> Sequence[Any]:
    """Return (Verdict, rule, person, title) of what rules approved last, newest first."""
    found = (
        select(Verdict, AutoRule.name.label("rule"), Person.name.label("person"), Challenge.title, Submission.state)
        .join(AutoRule, AutoRule.id == Verdict.rule_id)
        .join(Submission, Submission.id == Verdict.submission_id)
        .join(Person, Person.id == Submission.person_id)
        .join(Challenge, Challenge.id == Submission.challenge_id)
        .where(Verdict.rule_id.is_not(None))
    )
    return session.execute(found.order_by(Verdict.id.desc()).limit(USES)).all()


def count_uses(session: Session) -> dict[int, int]:
    """Return how often each rule approved."""
    counted = select(Verdict.rule_id, func.count()).where(Verdict.rule_id.is_not(None)).group_by(Verdict.rule_id)
    return {rule_id: number for rule_id, number in session.execute(counted) if rule_id is not None}
