"""What a nominee sees by their link: who proposed them, the words meant for them, what they answered."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.acts.queries.budget import budget_of
from portal.kernel.ids import token_hash
from portal.people.models import Person
from portal.people.rules.link import LinkSpent
from portal.people.rules.person import PersonState
from portal.profiles.queries.profiles import does, profile_of
from portal.profiles.rules.activity import Activity
from portal.references.models.joining import NominationLink
from portal.references.models.nominating import Nomination, NominationActivity, NominationDetail
from portal.references.rules.states import State
from portal.web.paging import AnySelect


@dataclass(frozen=True)
class Proposal:
    """What the page behind a link shows. Nothing of what nominators said to reviewers stands here."""

    nomination_id: int
    link_id: int
    name: str
    company: str
    state: State
    person_id: int
    person_state: str
    proposers: list[str]
    words: list[tuple[str, str]]
    """(who wrote it, what they wrote to the nominee)."""
    sent_for: list[tuple[str, str]]
    """(who sent it, the colleague in whose name), of what was not sent in one's own."""
    suggested: list[Activity]
    ask_again_on: date | None
    answered_at: datetime | None
    is_fresh: bool
    """Within the days a link is good for by itself: an account is opened by no older one."""

    @property
    def may_answer(self) -> bool:
        return self.state in (State.INVITED, State.NO_ANSWER)


@dataclass(frozen=True)
class Offered:
    """An offer as it stands: what may be asked for, with consents that hold today, and what never."""

    most: int
    days: int
    """At most so many requests in so many days: what their goodwill allows."""
    offered_at: datetime
    activities: list[Activity]
    never: list[Activity]


def proposers(session: Session, nomination_id: int) -> list[str]:
    """Return the names of who proposed somebody, the first one first: the colleague in whose name it was done, else who did it."""
    who = func.coalesce(Nomination.colleague_id, Nomination.nominator_id)
    first = aliased(Nomination)
    decided_at = select(first.decided_at).where(first.id == nomination_id).scalar_subquery()
    found: AnySelect = select(Person.name).join(Nomination, who == Person.id).where(_voices(nomination_id))
    found = found.where(or_(decided_at.is_(None), Nomination.created_at <= decided_at))
    return list(dict.fromkeys(session.scalars(found.order_by((Nomination.id == nomination_id).desc(), Nomination.id))))


def sent_for(session: Session, nomination_id: int) -> list[tuple[str, str]]:
    """Return, of what was sent in the name of a colleague, who sent it and in whose name, the first one first."""
    sender, colleague, first = aliased(Person), aliased(Person), aliased(Nomination)
    decided_at = select(first.decided_at).where(first.id == nomination_id).scalar_subquery()
    found: AnySelect = select(sender.name, colleague.name).join(Nomination, Nomination.nominator_id == sender.id)
    found = found.join(colleague, colleague.id == Nomination.colleague_id).where(_voices(nomination_id))
    found = found.where(or_(decided_at.is_(None), Nomination.created_at <= decided_at))
    rows = session.execute(found.order_by((Nomination.id == nomination_id).desc(), Nomination.id))
    return list(dict.fromkeys((sent_by, name) for sent_by, name in rows))


def proposal_of(session: Session, token: str, now: datetime) -> Proposal:
    """Return the proposal of a link that is good; ``LinkSpent`` for every other one, whatever is wrong with it."""
    lives = or_(NominationLink.expires_at > now, _answer_stands())
    good = (NominationLink.token_hash == token_hash(token), NominationLink.revoked_at.is_(None), lives)
    found: AnySelect = (
        select(Nomination, NominationLink.id, NominationLink.expires_at, Person)
        .join(NominationLink, NominationLink.nomination_id == Nomination.id)
        .join(Person, Person.id == Nomination.person_id)
        .where(*good, Person.state != PersonState.DEACTIVATED)
    )
    row = session.execute(found).one_or_none()
    if row is None:
        raise LinkSpent()
    nomination, link_id, expires_at, person = row
    nomination = _asked_anew(session, nomination) or nomination
    said: AnySelect = (
        select(Person.name, NominationDetail.words)
        .join(Nomination, Nomination.id == NominationDetail.nomination_id)
        .join(Person, Person.id == Nomination.nominator_id)
        .where(_voices(nomination.id), _was_read(nomination), NominationDetail.words != "")
        .order_by(Nomination.id)
    )
    read = (_voices(nomination.id), _was_read(nomination))
    from_all = select(NominationActivity.activity).join(Nomination, Nomination.id == NominationActivity.nomination_id).where(*read)
    suggested = set(session.scalars(from_all))
    return Proposal(
        nomination_id=nomination.id,
        link_id=link_id,
        name=person.name,
        company=nomination.company_name,
        state=State(nomination.state),
        person_id=person.id,
        person_state=person.state,
        proposers=proposers(session, nomination.id),
        sent_for=sent_for(session, nomination.id),
        words=[(name, words) for name, words in session.execute(said)],
        suggested=[activity for activity in Activity if activity in suggested],
        ask_again_on=nomination.ask_again_on,
        answered_at=nomination.answered_at,
        is_fresh=expires_at > now,
    )


def offer_of(session: Session, person_id: int, now: datetime) -> Offered | None:
    """Return what somebody offers, or None. A kind whose consent was withdrawn or has expired is not offered any more."""
    profile = profile_of(session, person_id)
    if profile is None:
        return None
    kinds, own = does(session, person_id, now), budget_of(session, person_id, now).person
    offered, never = [one.activity for one in kinds if one.holds], [one.activity for one in kinds if one.is_never]
    return Offered(own.most, own.days, profile.made_at, offered, never)


def _asked_anew(session: Session, nomination: Nomination) -> Nomination | None:
    """Return the later nomination by which somebody who had not answered was asked anew: an older link answers that one."""
    if nomination.state != State.NO_ANSWER:
        return None
    asked = (Nomination.email_key == nomination.email_key, Nomination.person_id == nomination.person_id)
    found = select(Nomination).where(*asked, Nomination.id > nomination.id, Nomination.state.in_((State.INVITED, State.ACCEPTED)))
    return session.scalar(found.order_by(Nomination.id.desc()).limit(1))


def _answer_stands() -> ColumnElement[bool]:
    """Return the condition that a link outlives its days: there is an answer that may be taken back, or we still wait for one."""
    waits = Nomination.ask_again_on.is_not(None) | Nomination.reminded_at.is_not(None)
    return Nomination.state.in_((State.ACCEPTED, State.CUSTOMER_DECLINED)) | ((Nomination.state == State.INVITED) & waits)


def _was_read(nomination: Nomination) -> ColumnElement[bool]:
    """Return the condition that a voice was there when this was approved: what came later nobody has read who may decide."""
    return Nomination.created_at <= nomination.decided_at


def _voices(nomination_id: int) -> ColumnElement[bool]:
    return or_(Nomination.id == nomination_id, Nomination.duplicate_of_id == nomination_id)
