"""Answers to challenges that wait for a verdict."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from portal.challenges.actions.early import say_no
from portal.challenges.actions.review import ask_for_more, give_approval, give_feedback
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Attempt
from portal.challenges.queries.review import attempt_for_review, waiting_attempts
from portal.challenges.queries.undoing import standing_verdicts
from portal.challenges.rules.states import OUTCOME_NAMES, SUBMISSION_STATE_NAMES
from portal.challenges.rules.undoing import STAYS
from portal.challenges.rules.verdicts import CATEGORY_NAMES
from portal.challenges.stages.registry import KINDS
from portal.dashboard.waiting.contract import APPROVE, MORE, Shown, Undoing, Verdict, Wanted, each_word
from portal.kernel.actor import Actor
from portal.kernel.text import N_
from portal.people.models import Company, Person
from portal.web.paging import AnySelect


class WaitingAttempts:
    """An advocate sent an answer: approve and pay, ask for more, or decline."""

    kind: ClassVar[str] = "attempt"
    name: ClassVar[str] = N_("Activities")
    look: ClassVar[tuple[str, str]] = ("list-checks", "")
    panel: ClassVar[str] = "dashboard/_panel_attempt.html"
    words: ClassVar[Mapping[str, Any]] = {"kinds": KINDS, "outcomes": OUTCOME_NAMES, "states": SUBMISSION_STATE_NAMES, "categories": CATEGORY_NAMES}
    verdicts: ClassVar[Mapping[str, Verdict]] = {
        APPROVE: Verdict(
            lambda session, actor, item_id, given, now: give_approval(session, actor, attempt_id=item_id, note=given.reason, now=now),
            N_("Approved and paid."),
        ),
        "partial": Verdict(
            lambda session, actor, item_id, given, now: give_approval(
                session, actor, attempt_id=item_id, note=given.reason, points=given.points, now=now
            ),
            N_("Approved, with fewer points. The advocate reads your reason."),
        ),
        MORE: Verdict(
            lambda session, actor, item_id, given, now: ask_for_more(
                session, actor, attempt_id=item_id, reason=given.reason, stage_id=given.stage_id, now=now
            ),
            N_("Sent back with your question."),
        ),
        "decline": Verdict(
            lambda session, actor, item_id, given, now: say_no(
                session, actor, attempt_id=item_id, reason=given.reason, category=given.category, now=now
            ),
            N_("Declined. The advocate reads your reason."),
        ),
        "feedback": Verdict(
            lambda session, actor, item_id, given, now: give_feedback(session, actor, attempt_id=item_id, reason=given.reason, now=now),
            N_("The advocate reads your words. The answer still waits."),
            stays=True,
        ),
    }

    undoing: ClassVar[Undoing] = Undoing(
        kind,
        {**OUTCOME_NAMES, "early": N_("Not accepted early")},
        standing_verdicts,
        lambda session, actor, verdict_id, now: undo_verdict(session, actor, verdict_id=verdict_id, now=now).attempt_id,
        STAYS,
    )

    def waiting(self, wanted: Wanted) -> AnySelect:
        found = waiting_attempts(track=wanted.track, challenge_id=wanted.challenge)
        found = found.where(*each_word(wanted.q, Challenge.search_key, Person.name_key, Company.name_key))
        found = found.where(*each_word(wanted.company, Company.name_key))
        return found.where(Attempt.submitted_at <= wanted.until) if wanted.until else found

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        return "submission", session.get_one(Attempt, item_id).submission_id

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        detail = attempt_for_review(session, actor, item_id)
        since, barred = detail.attempt.submitted_at, frozenset({detail.person.id})
        return Shown(detail, waits=detail.is_waiting, is_own=detail.is_own(actor), waiting_since=since, barred=barred)
