"""Nominations that wait for a decision."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Integer, String, and_, case, cast, exists, false, func, null, or_
from sqlalchemy.orm import Session

from portal.dashboard.waiting.contract import APPROVE, SINCE, Given, Shown, Undoing, Verdict, Wanted, each_word, kept
from portal.kernel.actor import Actor
from portal.kernel.text import N_, like_pattern
from portal.people.models import Company, Person
from portal.profiles.rules.activity import ACTIVITY_NAMES
from portal.profiles.rules.facts import TIER_NAMES
from portal.references.actions.decide import accept_nomination, begin_review, decline_nomination, mark_duplicate
from portal.references.actions.undoing import STOOD, undo_decision
from portal.references.models.nominating import Nomination
from portal.references.queries.review import KIND, nomination_for_review, waiting_nominations
from portal.references.rules.deciding import CODE_NAMES, Code
from portal.references.rules.joining import REFUSED_NAMES
from portal.references.rules.nominating import PERIODS, WAY_NAMES, credited
from portal.review.models import ReviewDecision
from portal.web.paging import AnySelect

_STOOD = case(*((ReviewDecision.verdict == verdict, state.value) for verdict, state in STOOD.items()), else_="")
_MOVED = case((and_(Nomination.state == _STOOD, Nomination.decided_at == ReviewDecision.at), ""), else_=SINCE)


def _decline(session: Session, actor: Actor, item_id: int, given: Given, now: datetime) -> Nomination:
    code = Code(given.category) if given.category in set(Code) else Code.OTHER
    return decline_nomination(session, actor, nomination_id=item_id, reason=given.reason, code=code, now=now)


class WaitingNominations:
    """An employee named a customer's person: accept and invite, decline, or mark as duplicate."""

    kind: ClassVar[str] = KIND
    name: ClassVar[str] = N_("Nominations")
    look: ClassVar[tuple[str, str]] = ("user-plus", "endorse")
    panel: ClassVar[str] = "dashboard/_panel_nomination.html"
    words: ClassVar[Mapping[str, Any]] = {
        "activities": ACTIVITY_NAMES,
        "codes": CODE_NAMES,
        "periods": PERIODS,
        "tiers": TIER_NAMES,
        "ways": WAY_NAMES,
        "refused": REFUSED_NAMES,
    }
    verdicts: ClassVar[Mapping[str, Verdict]] = {
        APPROVE: Verdict(
            lambda session, actor, item_id, given, now: accept_nomination(
                session, actor, nomination_id=item_id, company=given.company or None, now=now
            ),
            N_("Approved. The invitation goes out in a minute, and the nominator has been told."),
        ),
        "decline": Verdict(
            _decline,
            N_("Declined. The nominator reads your reason."),
        ),
        "duplicate": Verdict(
            lambda session, actor, item_id, given, now: mark_duplicate(session, actor, nomination_id=item_id, first_id=given.first_id, now=now),
            N_("Marked as a duplicate. The first nominator is credited."),
        ),
    }

    undoing: ClassVar[Undoing] = Undoing(
        KIND,
        {APPROVE: N_("Approved"), "decline": N_("Declined"), "duplicate": N_("Marked as a duplicate")},
        lambda person_id, since: kept(KIND, person_id, since, Nomination.name, Nomination, Person.name, _MOVED).join(
            Person, Person.id == Nomination.nominator_id
        ),
        lambda session, actor, decision_id, now: undo_decision(session, actor, decision_id=decision_id, now=now).id,
    )

    def waiting(self, wanted: Wanted) -> AnySelect:
        found = waiting_nominations().add_columns(cast(null(), String).label("track"), cast(null(), Integer).label("points"))
        # Not by address, which not everybody who works the queue may see.
        said = (Nomination.name_key, func.lower(Nomination.title), func.lower(Nomination.company_name), Person.name_key)
        found = found.where(*each_word(wanted.q, *said))
        if wanted.company:
            # A company that is not known yet stands in the nomination as it was typed.
            named = exists().where(Company.id == Nomination.company_id, *each_word(wanted.company, Company.name_key))
            words = (Nomination.company_name.ilike(like_pattern(word), escape="\\") for word in wanted.company.split())
            typed = and_(Nomination.company_id.is_(None), *words)
            found = found.where(or_(named, typed))
        if wanted.track or wanted.challenge is not None:
            found = found.where(false())
        return found.where(Nomination.created_at <= wanted.until) if wanted.until else found

    def subject(self, session: Session, item_id: int) -> tuple[str, int]:
        return "nomination", item_id

    def shown(self, session: Session, actor: Actor, item_id: int) -> Shown:
        detail = nomination_for_review(session, actor, item_id)
        barred, since = frozenset(credited((voice.nominator_id, voice.colleague_id) for voice in detail.voices)), detail.voices[0].at

        def owned(now: datetime) -> bool:
            return begin_review(session, actor, nomination_id=item_id, now=now)

        return Shown(detail, waits=detail.waits, is_own=actor.id in barred, waiting_since=since, barred=barred, owned=owned)
