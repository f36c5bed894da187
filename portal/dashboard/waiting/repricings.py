"""New points for past completions of a challenge that move so much that a second admin has to look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import String, cast, false, null
from sqlalchemy.orm import Session

from portal.challenges.actions.recalling import STAYS, undo_decline
from portal.challenges.actions.repricing import approve_repricing, decline_repricing
from portal.challenges.models.offering import Challenge
from portal.challenges.models.repricing import Repricing
from portal.challenges.queries.repricing import WAITS_SINCE, get_repricing, groups_of, is_among, waiting_repricings
from portal.challenges.queries.stages import get_challenge
from portal.challenges.rules.repricing import KIND, REPRICING_STATE_NAMES, TO_DECIDE, Group, RepricingState
from portal.dashboard.waiting.contract import APPROVE, Shown, Undoing, Verdict, Wanted, each_word, kept
from portal.kernel.actor import Actor
from portal.kernel.text import N_
from portal.people.models import Person
from portal.people.queries.persons import names
from portal.web.paging import AnySelect


@dataclass(frozen=True)
class RepricingReview:
    """A repricing with what helps to decide."""

    repricing: Repricing
    challenge: Challenge
    groups: tuple[Group, ...]
    asker: str
    undoes: bool


class WaitingRepricings:
    """An admin asked to pay past completions the new points: another one lets it be paid, or declines."""

    kind: ClassVar[str] = KIND
    name: ClassVar[str] = N_("New points")
    look: ClassVar[tuple[str, str]] = ("history", "")
    panel: ClassVar[str] = "dashboard/_panel_repricing.html"
    words: ClassVar[Mapping[str, Any]] = {"states": REPRICING_STATE_NAMES}
    verdicts: ClassVar[Mapping[str, Verdict]] = {
        APPROVE: Verdict(
            lambda session, actor, item_id, given, now: approve_repricing(session, actor, repricing_id=item_id, now=now),
            N_("Approved. It is being done, and the members are told."),
        ),
        "decline": Verdict(
            lambda session, actor, item_id, given, now: decline_repricing(session, actor, repricing_id=item_id, reason=given.reason, now=now),
            N_("Declined. Nothing was changed, and whoever asked reads your reason."),
        ),
    }

    undoing: ClassVar[Undoing] = Undoing(
        KIND,
        {APPROVE: N_("Approved"), "decline": N_("Declined")},
        lambda person_id, since: (
            kept(KIND, person_id, since, Challenge.title, Repricing, Person.name)
            .join(Challenge, Challenge.id == Repricing.challenge_id)
            .outerjoin(Person, Person.id == Repricing.asked_by_id)
        ),
        lambda session, actor, decision_id, now: undo_decline(session, actor, decision_id=decision_id, now=now).id,
        STAYS,
    )

    def waiting(self, wanted: Wanted) -> AnySelect:
        found = waiting_repricings().add_columns(cast(null(), String).label("company"))
        found = found.where(*each_word(wanted.q, Challenge.search_key, Person.name_key))
        if wanted.track:
            found = found.where(Challenge.track == wanted.track)
        if wanted.company or wanted.challenge is not None:
            found = found.where(false())
        return found.where(wanted.until >= WAITS_SINCE) if wanted.until else found

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        return "challenge", get_repricing(session, item_id).challenge_id

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        row = get_repricing(session, item_id)
        undoes = row.state == RepricingState.UNDO_ASKED
        asked_by = (row.undone_by_id if undoes else row.asked_by_id) or 0
        asker = names(session, {asked_by}).get(asked_by, "")
        review = RepricingReview(row, get_challenge(session, row.challenge_id), tuple(groups_of(session, row)), asker, undoes)
        barred = {asked_by} | ({actor.id} if actor.id is not None and is_among(session, row.id, actor.id) else set())
        waits = row.state in TO_DECIDE
        since = row.undo_asked_at if undoes and row.undo_asked_at else row.asked_at
        return Shown(review, waits=waits, is_own=actor.id in barred, waiting_since=since, barred=frozenset(barred))
