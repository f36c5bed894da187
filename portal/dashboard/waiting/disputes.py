"""Lines of statements that members dispute."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import String, and_, case, cast, false, null, or_
from sqlalchemy.orm import Session

from portal.bank.actions.disputing import let_stand, put_right
from portal.bank.actions.recalling import undo_answer
from portal.bank.models import Dispute
from portal.bank.queries.disputes import dispute_for_review, waiting_disputes
from portal.bank.queries.statement import Sources
from portal.bank.rules.adjusting import CATEGORY_NAMES
from portal.bank.rules.disputes import KIND, DisputeState
from portal.bank.shown import decided_by
from portal.dashboard.waiting.contract import SINCE, Shown, Undoing, Verdict, Wanted, each_word, kept
from portal.kernel.actor import Actor
from portal.kernel.text import N_
from portal.people.models import Company, Person
from portal.review.models import ReviewDecision
from portal.web.paging import AnySelect

PUT_RIGHT = N_("Put right. The correction is booked, and the member has been told.")
WAITS = N_("Answered. So large a correction waits for a second admin; the member is told when it is booked.")

_RIGHTED = or_(Dispute.state == DisputeState.CORRECTING, and_(Dispute.state == DisputeState.RIGHTED, Dispute.settled_at == ReviewDecision.at))
_STANDS = and_(Dispute.state == DisputeState.STANDS, Dispute.settled_at == ReviewDecision.at)
_MOVED = case((and_(ReviewDecision.verdict == "right", _RIGHTED), ""), (and_(ReviewDecision.verdict == "stand", _STANDS), ""), else_=SINCE)


class WaitingDisputes:
    """A member says that a line is wrong: an admin who did not decide it puts it right, or lets it stand."""

    kind: ClassVar[str] = KIND
    name: ClassVar[str] = N_("Disputes")
    look: ClassVar[tuple[str, str]] = ("scale", "earn")
    panel: ClassVar[str] = "dashboard/_panel_dispute.html"
    words: ClassVar[Mapping[str, Any]] = {"categories": CATEGORY_NAMES, "decided_by": decided_by}
    verdicts: ClassVar[Mapping[str, Verdict]] = {
        "right": Verdict(
            lambda session, actor, item_id, given, now: put_right(
                session, actor, dispute_id=item_id, points=given.points, category=given.category, reason=given.reason, now=now
            ),
            PUT_RIGHT,
            told=lambda made: PUT_RIGHT if made.state == DisputeState.RIGHTED else WAITS,
        ),
        "stand": Verdict(
            lambda session, actor, item_id, given, now: let_stand(session, actor, dispute_id=item_id, reason=given.reason, now=now),
            N_("The line stands. The member reads your reason at the line and in a mail."),
        ),
    }

    undoing: ClassVar[Undoing] = Undoing(
        KIND,
        {"right": N_("Put right"), "stand": N_("Let stand")},
        lambda person_id, since: kept(KIND, person_id, since, Dispute.words, Dispute, Person.name, _MOVED).join(
            Person, Person.id == Dispute.person_id
        ),
        lambda session, actor, decision_id, now: undo_answer(session, actor, decision_id=decision_id, now=now).id,
    )

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def waiting(self, wanted: Wanted) -> AnySelect:
        found = waiting_disputes().add_columns(cast(null(), String).label("track"))
        found = found.where(*each_word(wanted.q, Person.name_key, Company.name_key))
        found = found.where(*each_word(wanted.company, Company.name_key))
        if wanted.track or wanted.challenge is not None:
            found = found.where(false())
        return found.where(Dispute.made_at <= wanted.until) if wanted.until else found

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        return KIND, item_id

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        review = dispute_for_review(session, item_id, self._sources)
        made = review.dispute
        barred = frozenset({made.person_id}) | review.deciders
        return Shown(review, waits=made.state == DisputeState.WAITING, is_own=actor.id in barred, waiting_since=made.made_at, barred=barred)
