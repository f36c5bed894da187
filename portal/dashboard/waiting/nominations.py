"""Nominations that wait for a decision."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqlalchemy import Integer, String, cast, false, null
from sqlalchemy.orm import Session

from portal.dashboard.waiting.contract import APPROVE, Shown, Verdict, Wanted, each_word
from portal.kernel.actor import Actor
from portal.kernel.text import N_
from portal.people.models import Person
from portal.references.actions.decide import accept_nomination, decline_nomination, mark_duplicate
from portal.references.models import Nomination
from portal.references.queries.review import KIND, nomination_for_review, waiting_nominations
from portal.references.rules import ACTIVITY_NAMES
from portal.web.paging import AnySelect


class WaitingNominations:
    """An employee named a customer's person: accept and invite, decline, or mark as duplicate."""

    kind: ClassVar[str] = KIND
    name: ClassVar[str] = N_("Nominations")
    panel: ClassVar[str] = "dashboard/_panel_nomination.html"
    words: ClassVar[Mapping[str, Any]] = {"activities": ACTIVITY_NAMES}
    verdicts: ClassVar[Mapping[str, Verdict]] = {
        APPROVE: Verdict(
            lambda session, actor, item_id, given, now: accept_nomination(
                session, actor, nomination_id=item_id, company=given.company or None, now=now
            ),
            N_("Accepted and invited. The nominator has been told."),
        ),
        "decline": Verdict(
            lambda session, actor, item_id, given, now: decline_nomination(session, actor, nomination_id=item_id, reason=given.reason, now=now),
            N_("Declined. The nominator reads your reason."),
        ),
        "duplicate": Verdict(
            lambda session, actor, item_id, given, now: mark_duplicate(session, actor, nomination_id=item_id, first_id=given.first_id, now=now),
            N_("Marked as a duplicate. The first nominator is credited."),
        ),
    }

    def waiting(self, wanted: Wanted) -> AnySelect:
        found = waiting_nominations().add_columns(cast(null(), String).label("track"), cast(null(), Integer).label("points"))
        found = found.where(*each_word(wanted.q, Nomination.search, Person.name_key))
        if wanted.track:
            found = found.where(false())
        return found.where(Nomination.created_at <= wanted.until) if wanted.until else found

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        detail = nomination_for_review(session, item_id)
        return Shown(detail, waits=detail.waits, is_own=any(voice.nominator_id == actor.id for voice in detail.voices))
