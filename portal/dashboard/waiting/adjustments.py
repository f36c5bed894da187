"""Corrections by hand that are large enough to wait for a second admin."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import String, and_, case, cast, false, null
from sqlalchemy.orm import Session

from portal.bank.actions.deciding import approve_adjustment, decline_adjustment
from portal.bank.actions.recalling import undo_correction
from portal.bank.models import Adjustment
from portal.bank.queries.adjusting import adjustment_for_review, waiting_adjustments
from portal.bank.rules.adjusting import CATEGORY_NAMES, KIND, State
from portal.dashboard.waiting.contract import APPROVE, SINCE, Shown, Undoing, Verdict, Wanted, each_word, kept
from portal.kernel.actor import Actor
from portal.kernel.text import N_
from portal.people.models import Company, Person
from portal.review.models import ReviewDecision
from portal.web.paging import AnySelect

_STOOD = case((ReviewDecision.verdict == APPROVE, State.BOOKED.value), else_=State.DECLINED.value)
_MOVED = case((and_(Adjustment.state == _STOOD, Adjustment.settled_at == ReviewDecision.at), ""), else_=SINCE)


class WaitingAdjustments:
    """An admin asked to give or take many points: another one books it, or declines."""

    kind: ClassVar[str] = KIND
    name: ClassVar[str] = N_("Corrections")
    look: ClassVar[tuple[str, str]] = ("wallet", "earn")
    panel: ClassVar[str] = "dashboard/_panel_adjustment.html"
    words: ClassVar[Mapping[str, Any]] = {"categories": CATEGORY_NAMES}
    verdicts: ClassVar[Mapping[str, Verdict]] = {
        APPROVE: Verdict(
            lambda session, actor, item_id, given, now: approve_adjustment(session, actor, adjustment_id=item_id, most_owed=given.agreed, now=now),
            N_("Approved and booked. The member and whoever asked are told."),
        ),
        "decline": Verdict(
            lambda session, actor, item_id, given, now: decline_adjustment(session, actor, adjustment_id=item_id, reason=given.reason, now=now),
            N_("Declined. Nothing was booked, and whoever asked reads your reason."),
        ),
    }

    undoing: ClassVar[Undoing] = Undoing(
        KIND,
        {APPROVE: N_("Approved"), "decline": N_("Declined")},
        lambda person_id, since: kept(KIND, person_id, since, Adjustment.reason, Adjustment, Person.name, _MOVED).join(
            Person, Person.id == Adjustment.person_id
        ),
        lambda session, actor, decision_id, now: undo_correction(session, actor, decision_id=decision_id, now=now).id,
    )

    def waiting(self, wanted: Wanted) -> AnySelect:
        found = waiting_adjustments().add_columns(cast(null(), String).label("track"))
        found = found.where(*each_word(wanted.q, Person.name_key, Company.name_key))
        found = found.where(*each_word(wanted.company, Company.name_key))
        if wanted.track or wanted.challenge is not None:
            found = found.where(false())
        return found.where(Adjustment.asked_at <= wanted.until) if wanted.until else found

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        return KIND, item_id

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        review = adjustment_for_review(session, item_id)
        made = review.adjustment
        barred = frozenset(one for one in (made.person_id, made.asked_by_id) if one is not None)
        return Shown(review, waits=made.state == State.WAITING, is_own=actor.id in barred, waiting_since=made.asked_at, barred=barred)
