"""A customer answers by link, without signing in: yes with what they would do, no with a reason, not now; and a no may turn round."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.consents.actions import Origin, give_consent, withdraw_consents
from portal.consents.models import Consent
from portal.consents.rules import Agreed, Item
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, violated
from portal.kernel.text import clean
from portal.people.actions.joining import invite_person, uninvite_person
from portal.people.models import Person
from portal.people.queries.persons import get_person
from portal.people.rules.link import LinkSpent
from portal.people.rules.person import PersonState
from portal.profiles.actions.opening import QUARTER, open_profile
from portal.profiles.rules.activity import PART, Activity
from portal.profiles.rules.facts import Facts, split_words
from portal.profiles.rules.states import WordKind
from portal.references.actions.crediting import credit_agreed
from portal.references.actions.links import revoke_links
from portal.references.actions.telling import tell_step, tell_unhappy, tell_what_was_agreed
from portal.references.models.joining import NominationLink
from portal.references.models.nominating import Nomination, NominationDetail
from portal.references.queries.customers import Proposal, proposal_of
from portal.references.queries.duplicates import addresses_of
from portal.references.queries.nominations import parts_in
from portal.references.queries.terms import terms_of
from portal.references.rules.joining import LINK_GOOD_FOR, REASON_LENGTH, REFUSED_NAMES, AnsweredAlready, AskedAnew, Offer, Refused, YesFirst
from portal.references.rules.states import WAYS, Move, State

SOURCE = "nomination"


def agree(session: Session, origin: str, *, token: str, offer: Offer, words: dict[Activity, str], now: datetime) -> Proposal:
    """Keep what the nominee offers, a consent for each kind in the exact ``words`` that were shown, and tell and credit who nominated them.

    Refuses a link that is not good (``LinkSpent``) and a second answer (``AnsweredAlready``).
    """
    proposal, actor = _holder(session, origin, token, now)
    nomination = _move(session, actor, proposal, Move.AGREE, {"answered_at": now, "given_up_at": None, "ask_again_on": None})
    _keep_offer(session, actor, proposal, offer, words, now)
    facts = {"activities": list(offer.activities), "per_quarter": offer.per_quarter}
    record(session, actor, "nomination.agreed", "nomination", nomination.id, now=now, **facts)
    tell_step(session, nomination, "agreed", now)
    tell_what_was_agreed(session, nomination, proposal.person_id, most=offer.per_quarter, days=QUARTER, now=now)
    credit_agreed(session, actor, nomination, now)
    return proposal


def say_no(session: Session, origin: str, *, token: str, code: Refused, reason: str, now: datetime) -> Proposal:
    """Keep that the nominee does not want to, with their reason; they are never asked again unless they say so. Who is not happy is a worry
    that whoever looks after them hears. Refuses like ``agree``.
    """
    proposal, actor = _holder(session, origin, token, now)
    said = clean(reason).strip()[:REASON_LENGTH]
    values = {"answered_at": now, "given_up_at": None, "ask_again_on": None, "answer_code": code, "answer": said}
    nomination = _move(session, actor, proposal, Move.SAY_NO, values)
    _uninvite(session, actor, get_person(session, proposal.person_id), nomination, now)
    record(session, actor, "nomination.customer_declined", "nomination", nomination.id, now=now, code=code, has_reason=bool(said))
    tell_step(session, nomination, "customer_declined", now, code=code, why=REFUSED_NAMES[code], reason=said)
    if code is Refused.NOT_HAPPY:
        tell_unhappy(session, nomination, proposal.person_id, said, now)
    return proposal


def put_off(session: Session, origin: str, *, token: str, now: datetime) -> Proposal:
    """Keep that the nominee does not want to answer now: they are asked once more when the days of the terms are over. Refuses like ``agree``."""
    proposal, actor = _holder(session, origin, token, now)
    day = local_date(now, programme_zone(session)) + timedelta(days=terms_of(session).later_days)
    nomination = _move(session, actor, proposal, Move.PUT_OFF, {"ask_again_on": day})
    record(session, actor, "nomination.put_off", "nomination", nomination.id, now=now, until=day.isoformat())
    tell_step(session, nomination, "not_now", now, day=day.isoformat())
    return proposal


def turn_round(session: Session, origin: str, *, token: str, now: datetime) -> Proposal:
    """Let who said no be asked after all, because they say so; their reason goes. Refuses like ``agree``, and where
    another nomination of them stands by now (``AskedAnew``).
    """
    proposal, actor = _holder(session, origin, token, now)
    values: dict[str, Any] = {"answered_at": None, "answer_code": "", "answer": "", "asked_at": now, "reminded_at": None}
    try:
        with session.begin_nested():
            nomination = _move(session, actor, proposal, Move.TURN_ROUND, values)
    except IntegrityError as error:
        if violated(error, "nomination", "email_key", name="uq_nomination_email_key_open"):
            raise AskedAnew() from error
        raise
    longer = update(NominationLink).where(NominationLink.id == proposal.link_id).values(expires_at=now + LINK_GOOD_FOR)
    session.execute(longer.execution_options(synchronize_session=False))
    if get_person(session, proposal.person_id).state == PersonState.CONTACT:
        invite_person(session, actor, person_id=proposal.person_id, mail=False, now=now)
    record(session, actor, "nomination.turned_round", "nomination", nomination.id, now=now)
    tell_step(session, nomination, "turned_round", now)
    return proposal


def take_back(session: Session, origin: str, *, token: str, now: datetime) -> Proposal:
    """End every consent of this yes that still holds, at any time and without an account, and tell who nominated them and the admins, each
    once. A second time ends nothing.

    Refuses a link that is not good, and who has not said yes (``YesFirst``).
    """
    proposal, actor = _holder(session, origin, token, now)
    if proposal.state is not State.ACCEPTED:
        raise YesFirst()
    told = set(parts_in(session, proposal.nomination_id))
    if ended := withdraw_consents(session, actor, source_type=SOURCE, source_id=proposal.nomination_id, besides=told, now=now):
        record(session, actor, "nomination.taken_back", "nomination", proposal.nomination_id, now=now)
        tell_step(session, session.get_one(Nomination, proposal.nomination_id), "taken_back", now, words=[one.words for one in ended])
    return proposal


def open_account(session: Session, origin: str, *, token: str, now: datetime) -> str:
    """Return the path on which somebody who said yes chooses a password. Refuses who has one (``AlreadyJoined``), a link that is not good,
    and who has not said yes (``YesFirst``): a link opens nothing but its own answer.
    """
    proposal, actor = _holder(session, origin, token, now)
    if proposal.state is not State.ACCEPTED:
        raise YesFirst()
    if not proposal.is_fresh:
        raise LinkSpent()
    return invite_person(session, actor, person_id=proposal.person_id, mail=False, now=now)


def _holder(session: Session, origin: str, token: str, now: datetime) -> tuple[Proposal, Actor]:
    proposal = proposal_of(session, token, now)
    return proposal, Actor(id=proposal.person_id, roles=frozenset({"visitor"}), origin=origin)


def _move(session: Session, actor: Actor, proposal: Proposal, move: Move, values: dict[str, Any]) -> Nomination:
    """Make a move by one guarded update; of two answers at once one counts. Who was nominated anew meanwhile, and answers by the link they
    have, answers that too: what waits becomes one more voice of this one.
    """
    if move in (Move.AGREE, Move.SAY_NO):
        _take_in(session, actor, proposal, values["answered_at"])
    here = update(Nomination).where(Nomination.id == proposal.nomination_id, Nomination.state.in_(WAYS[move].start))
    if not session.execute(here.values(state=WAYS[move].end, **values).execution_options(synchronize_session=False)).rowcount:  # type: ignore[attr-defined]
        raise AnsweredAlready()
    return session.get_one(Nomination, proposal.nomination_id, populate_existing=True)


def _take_in(session: Session, actor: Actor, proposal: Proposal, now: datetime) -> None:
    """Let what else waits under an address known as theirs, for review or for their answer, be a duplicate of the one that is answered: who
    has answered is not reminded. The invitation that went to another address with it opens nothing more.
    """
    this = session.get_one(Nomination, proposal.nomination_id)
    waits = and_(Nomination.email_key.in_(addresses_of(this.email_key)), Nomination.state.in_((State.SUBMITTED, State.INVITED)))
    both = select(Nomination).where(or_(Nomination.id == this.id, waits)).order_by(Nomination.id).with_for_update()
    others = [one for one in session.scalars(both.execution_options(populate_existing=True)) if one.id != this.id]
    if not others:
        return
    for other in others:
        _close_second(session, actor, other, this, now)
        revoke_links(session, other.id, now)
    found = [other.id for other in others]
    taken = update(Nomination).where(Nomination.id.in_(found))
    taken = taken.values(state=State.DUPLICATE, duplicate_of_id=this.id, person_id=this.person_id, decided_at=now)
    session.execute(taken.execution_options(synchronize_session=False))
    followers = update(Nomination).where(Nomination.duplicate_of_id.in_(found)).values(duplicate_of_id=this.id, person_id=this.person_id)
    moved = session.execute(followers.execution_options(synchronize_session=False)).rowcount  # type: ignore[attr-defined]
    more = update(Nomination).where(Nomination.id == this.id).values(repeats=Nomination.repeats + len(found) + moved)
    session.execute(more.execution_options(synchronize_session=False))


def _close_second(session: Session, actor: Actor, other: Nomination, this: Nomination, now: datetime) -> None:
    """Let who was made a second person by another address be a contact again, where nothing but that nomination had invited them."""
    if other.person_id is not None and other.person_id != this.person_id:
        _uninvite(session, actor, get_person(session, other.person_id), other, now)


def _uninvite(session: Session, actor: Actor, person: Person, nomination: Nomination, now: datetime) -> None:
    # An invitation that an admin sent by itself, before or since, is another matter, and stands.
    if person.state == PersonState.INVITED and person.invited_at is not None and person.invited_at in (nomination.decided_at, nomination.asked_at):
        uninvite_person(session, actor, person_id=person.id, invited_at=person.invited_at, now=now)


def _keep_offer(session: Session, actor: Actor, proposal: Proposal, offer: Offer, words: dict[Activity, str], now: datetime) -> None:
    """Open the nominee's profile with a consent for each kind; who may find them is what the nominator proposed, and what they wrote for those
    who will ask goes with it.
    """
    consents = {activity: _consent(session, actor, proposal, activity, words[activity], now).id for activity in offer.activities}
    facts: dict[str, Any] = {"consents": consents, "never": offer.never, "per_quarter": offer.per_quarter}
    detail = session.get(NominationDetail, proposal.nomination_id)
    if detail is not None:
        known = {WordKind.PRODUCT: split_words(detail.products), WordKind.LANGUAGE: split_words(detail.languages)}
        facts |= {"tier": detail.tier, "known": Facts(sensitivities=detail.sensitivities, words=known)}
    open_profile(session, actor, person_id=proposal.person_id, **facts, now=now)


def _consent(session: Session, actor: Actor, proposal: Proposal, activity: Activity, words: str, now: datetime) -> Consent:
    part = PART[activity]
    origin = Origin(SOURCE, proposal.nomination_id, part, evidence_id=proposal.link_id, version=1)
    agreed = Agreed(Item.REFERENCE, words, ())
    given = give_consent(session, actor, person_id=proposal.person_id, agreed=agreed, origin=origin, given_at=now, now=now)
    assert given is not None, "a nomination is agreed to once"
    return given


def chosen(values: Iterable[str]) -> list[Activity]:
    """Return the activities that a form names; what is none is left out."""
    return [Activity(value) for value in values if value in set(Activity)]
