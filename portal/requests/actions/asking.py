"""Writing to the customer: only here, once the account owner agreed and as long as the slot is theirs."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from portal.acts.actions.answering import withdraw_ask
from portal.acts.actions.asking import propose_ask
from portal.acts.actions.blocking import require_unblocked
from portal.acts.models.asks import Ask, OpenAsk
from portal.acts.rules.refusals import Stop
from portal.acts.rules.seeing import told_to
from portal.audit.actions import record
from portal.kernel.actor import Actor, system
from portal.notifications.actions import notify
from portal.people.queries.persons import get_person, recipient
from portal.people.rules.person import PersonState
from portal.profiles.queries.profiles import owner_of
from portal.profiles.rules.activity import ASK_OF, Activity
from portal.requests.actions.fitting import kept_override
from portal.requests.actions.links import send_link
from portal.requests.actions.moving import SOURCE, locked_for, make_move, require_holder, require_way
from portal.requests.actions.proposing import require_agreed, require_reference
from portal.requests.actions.telling import asked_words, closest, tell_staff
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import knows_candidate
from portal.requests.queries.terms import terms_of
from portal.requests.rules.links import LinkKind
from portal.requests.rules.refusals import NoAddress, NoReference, NotToBeAskedNow
from portal.requests.rules.states import Move

ASKED = "request_asked"


def ask_customer(session: Session, actor: Actor, *, request_id: int, candidate_id: int, now: datetime) -> RequestCandidate:
    """Write to the customer. Refuses: RequestUnknown, NotAllowed, RequestMoved, NoAddress, NoConsent; every ``Stop`` where the slot lapsed.

    Those that name the customer or what stands against them are ``NotToBeAskedNow`` for an actor who may not know who it is; which block
    stands is for the account owner and admins (``NotToBeAsked``).
    """
    request = locked_for(session, actor, request_id, Move.ASK)
    require_way(request, Move.ASK)
    candidate = require_holder(session, request, candidate_id)
    is_known = knows_candidate(session, actor, request, candidate)
    try:
        write_to_customer(session, actor, request, candidate, now)
    except (Stop, NoAddress, NoReference) as refusal:
        raise (told_to(actor, [refusal], owner_of(session, candidate.person_id))[0] if is_known else NotToBeAskedNow()) from None
    return candidate


def write_to_customer(session: Session, actor: Actor, request: ReferenceRequest, candidate: RequestCandidate, now: datetime) -> None:
    """Make the move, reserve the slot for as long as the customer may think about it, and mail the link."""
    person = get_person(session, candidate.person_id)
    if not person.email or person.state == PersonState.DEACTIVATED:
        raise NoAddress(name=person.name)
    require_reference(session, person, Activity(request.activity))
    require_agreed(session, person.id, Activity(request.activity), now)
    require_unblocked(session, person.id, now)
    make_move(session, request, Move.ASK, now=now, candidate=candidate)
    until = _hold_slot(session, request, candidate, now)
    candidate.asked_at = now
    session.flush()
    record(session, actor, "request.customer_asked", SOURCE, request.id, now=now, candidate_id=candidate.id)
    data = asked_words(session, request, candidate) | {"until": until.isoformat()}
    send_link(session, candidate, LinkKind.CUSTOMER, recipient(session, person.id), ASKED, data, now)
    if person.state == PersonState.ACTIVE:
        key = f"request:{request.id}:{candidate.id}:asked:{candidate.ask_id}"
        notify(session, to=recipient(session, person.id), kind=ASKED, data=data, key=key, now=now, link=f"/asked?c={candidate.id}", mail=False)
    tell_staff(session, request, "asked", now, to=closest(request), candidate=candidate, by=actor)


def _hold_slot(session: Session, request: ReferenceRequest, candidate: RequestCandidate, now: datetime) -> datetime:
    """Return until when the slot is held: renewed where an account owner took so long that little of it is left."""
    until: datetime = now + timedelta(days=terms_of(session).silent_days)
    held = session.get(OpenAsk, candidate.ask_id, populate_existing=True)
    if held is not None and held.expires_at >= until:
        return held.expires_at
    nth = f"request:{request.id}:{candidate.person_id}:{candidate.ask_id}"
    if held is not None:
        # Of one source one ask is open: the first ends, and the next takes its slot in the same moment.
        withdraw_ask(session, system("requests"), ask_id=held.ask_id, source=(SOURCE, request.id), now=now)
    override, also = kept_override(session, request, session.get(Ask, candidate.ask_id) if candidate.ask_id else None, now)
    ask = propose_ask(
        session, system("requests"), person_id=candidate.person_id, kind=ASK_OF[Activity(request.activity)], key=nth,
        source=(SOURCE, request.id), expires_at=until, override=override, also=also, is_told=False, now=now,
    )  # fmt: skip
    candidate.ask_id = ask.id
    session.flush()
    return until
