"""Rewards that were asked for and wait for approval."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import String, and_, case, cast, false, null
from sqlalchemy.orm import Session

from portal.dashboard.waiting.contract import APPROVE, SINCE, Shown, Undoing, Verdict, Wanted, each_word, kept
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.text import N_
from portal.people.models import Company, Person
from portal.review.models import ReviewDecision
from portal.rewards.actions.review import approve_among_many, decline_redemption, give_approval
from portal.rewards.actions.undoing import undo_decision
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.review import KIND, redemption_for_review, waiting_redemptions
from portal.rewards.queries.worth import looked_at
from portal.rewards.rules.auto import AGAINST_NAMES
from portal.rewards.rules.signs import SIGN_NAMES
from portal.rewards.rules.states import State
from portal.rewards.rules.undoing import FINAL
from portal.rewards.rules.undoing import SINCE as WAS
from portal.web.errors import sentence
from portal.web.paging import AnySelect

_STOOD = case((ReviewDecision.verdict == APPROVE, State.APPROVED.value), else_=State.DECLINED.value)
_MOVED = case(
    (Redemption.state == _STOOD, ""),
    *((and_(ReviewDecision.verdict == APPROVE, Redemption.state == word.removeprefix("was_")), word) for word in WAS),
    else_=SINCE,
)


class WaitingRedemptions:
    """An advocate redeemed points: approve, or decline and give stock and points back."""

    kind: ClassVar[str] = KIND
    name: ClassVar[str] = N_("Redemptions")
    look: ClassVar[tuple[str, str]] = ("gift", "earn")
    panel: ClassVar[str] = "dashboard/_panel_redemption.html"
    words: ClassVar[Mapping[str, Any]] = {"against": AGAINST_NAMES, "signs": SIGN_NAMES, "sentence": sentence}
    verdicts: ClassVar[Mapping[str, Verdict]] = {
        APPROVE: Verdict(
            lambda session, actor, item_id, given, now: give_approval(session, actor, redemption_id=item_id, now=now),
            N_("Approved. What is not given at once waits at the desk now."),
            among_many=lambda session, actor, item_id, given, now: approve_among_many(session, actor, redemption_id=item_id, now=now),
        ),
        "decline": Verdict(
            lambda session, actor, item_id, given, now: decline_redemption(session, actor, redemption_id=item_id, reason=given.reason, now=now),
            N_("Declined. The points are back, and the advocate reads your reason."),
        ),
    }

    undoing: ClassVar[Undoing] = Undoing(
        KIND,
        {APPROVE: N_("Approved"), "decline": N_("Declined")},
        lambda person_id, since: (
            kept(KIND, person_id, since, Reward.name, Redemption, Person.name, _MOVED)
            .join(Reward, Reward.id == Redemption.reward_id)
            .join(Person, Person.id == Redemption.person_id)
        ),
        lambda session, actor, decision_id, now: undo_decision(session, actor, decision_id=decision_id, now=now).id,
        FINAL | WAS,
    )

    def waiting(self, wanted: Wanted) -> AnySelect:
        asked = waiting_redemptions()
        kept = [column for column in asked.selected_columns if column.name != "points"]
        found = asked.with_only_columns(*kept, cast(null(), String).label("track"), (-Redemption.price).label("points"))
        found = found.where(*each_word(wanted.q, Reward.search_key, Person.name_key, Company.name_key))
        found = found.where(*each_word(wanted.company, Company.name_key))
        if wanted.track or wanted.challenge is not None:
            found = found.where(false())
        return found.where(Redemption.requested_at <= wanted.until) if wanted.until else found

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        return "redemption", item_id

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        review = redemption_for_review(session, item_id)
        redemption = review.detail.redemption
        looked = looked_at(session, redemption, review.detail.reward, utcnow())
        review = replace(review, looked=looked)
        is_own, barred = redemption.person_id == actor.id, looked.named | {redemption.person_id}
        return Shown(review, waits=redemption.state == State.REQUESTED, is_own=is_own, waiting_since=redemption.requested_at, barred=barred)
