"""Appeals against declines, for another reviewer than who declined."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from portal.challenges.actions.appealing import grant_appeal, uphold_decline
from portal.challenges.models.deciding import Appeal
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.appeals import appeal_for_review, waiting_appeals
from portal.challenges.rules.states import SubmissionState
from portal.challenges.rules.verdicts import AppealState
from portal.dashboard.waiting.attempts import WaitingAttempts
from portal.dashboard.waiting.contract import APPROVE, Shown, Undoing, Verdict, Wanted, each_word
from portal.kernel.actor import Actor
from portal.kernel.text import N_
from portal.people.models import Company, Person
from portal.web.paging import AnySelect


class WaitingAppeals:
    """An advocate appealed against a decline: approve after all, or let it stand for good."""

    kind: ClassVar[str] = "appeal"
    name: ClassVar[str] = N_("Appeals")
    look: ClassVar[tuple[str, str]] = ("scale", "")
    panel: ClassVar[str] = "dashboard/_panel_appeal.html"
    words: ClassVar[Mapping[str, Any]] = WaitingAttempts.words
    verdicts: ClassVar[Mapping[str, Verdict]] = {
        APPROVE: Verdict(
            lambda session, actor, item_id, given, now: grant_appeal(session, actor, appeal_id=item_id, note=given.reason, now=now),
            N_("Approved after all, and paid."),
        ),
        "decline": Verdict(
            lambda session, actor, item_id, given, now: uphold_decline(session, actor, appeal_id=item_id, reason=given.reason, now=now),
            N_("The decline stands. The advocate reads your reason."),
        ),
    }

    undoing: ClassVar[Undoing] = WaitingAttempts.undoing

    def waiting(self, wanted: Wanted) -> AnySelect:
        found = waiting_appeals(track=wanted.track, challenge_id=wanted.challenge)
        found = found.where(*each_word(wanted.q, Challenge.search_key, Person.name_key, Company.name_key))
        found = found.where(*each_word(wanted.company, Company.name_key))
        return found.where(Appeal.made_at <= wanted.until) if wanted.until else found

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        return "submission", session.get_one(Appeal, item_id).submission_id

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        detail = appeal_for_review(session, actor, item_id)
        barred = {detail.appeal.person_id} | ({detail.appeal.declined_by_id} if detail.others and detail.appeal.declined_by_id else set())
        waits = detail.appeal.state == AppealState.WAITING and detail.review.submission.state != SubmissionState.APPROVED
        return Shown(
            detail,
            waits=waits,
            is_own=actor.id in barred,
            waiting_since=detail.appeal.made_at,
            barred=frozenset(barred),
            kept_with=("attempt", detail.appeal.attempt_id),
        )
