"""One person of the registry: who they are, who nominated them and why, and what they have done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.acts.queries.acts import acts_by_track
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.text import N_
from portal.people.models import Company, Person
from portal.people.queries.persons import names
from portal.people.rules.person import PersonState
from portal.profiles.rules.activity import Activity
from portal.references.models.nominating import Nomination
from portal.references.queries.customers import Offered, offer_of
from portal.references.queries.nominations import has_typed, in_order, require_nominee_known, taken_back_at
from portal.references.queries.review import Voice, voices
from portal.references.rules.states import Moments, Standing, State, standing, timeline


@dataclass(frozen=True)
class Profile:
    """What the page of the registry shows. ``person_id`` is empty for a nominee who waits or was declined.

    ``typed_email`` is the address of a nominee, for those alone who typed it.
    """

    person_id: int | None
    nomination_id: int | None
    name: str
    title: str
    typed_email: str
    company: str
    industry: str
    region: str
    country: str
    size: str
    owner: str | None
    standing: Standing
    activities: list[Activity]
    voices: list[Voice]
    reason: str
    steps: list[tuple[datetime, str]]
    acts: dict[str, int]
    last_act_at: datetime | None
    offer: Offered | None = None
    answer_code: str = ""
    answer: str = ""

    @property
    def is_listed(self) -> bool:
        """Whether the page of the person tells of this nomination: not of one that was turned down, by us or by them."""
        return self.person_id is not None and self.standing not in (Standing.NOT_APPROVED, Standing.CUSTOMER_DECLINED)


def profile_of_person(session: Session, person_id: int, now: datetime) -> Profile:
    """Return the profile of a person; ``NotFound`` for who is no advocate, or neither joined nor invited nor nominated."""
    person = session.get(Person, person_id)
    asked = (State.INVITED, State.ACCEPTED, State.NO_ANSWER)
    first_of = select(Nomination).where(Nomination.person_id == person_id, Nomination.duplicate_of_id.is_(None), Nomination.state.in_(asked))
    nomination = session.scalar(first_of.order_by(Nomination.id.desc()).limit(1))
    if person is None or not person.is_advocate or (person.state == PersonState.CONTACT and nomination is None):
        raise NotFound()
    back = _taken_back_at(session, nomination)
    kind = _stands(nomination, person, back) if nomination else standing(State.INVITED, person.state)
    if nomination is not None:
        steps = timeline(kind, _moments(nomination, person, back))
    else:
        steps = [(at, text) for at, text in ((person.invited_at, N_("Invited")), (person.joined_at, N_("Joined"))) if at is not None]
    last = session.scalar(select(func.max(Act.happened_at)).where(Act.person_id == person_id, Act.reversed_at.is_(None)))
    return _profile(session, person, nomination, kind, steps, acts_by_track(session, person_id), last, offer_of(session, person_id, now))


def profile_of_nominee(session: Session, actor: Actor, nomination_id: int) -> Profile:
    """Return the profile of who was nominated, or of the one that this was a duplicate of; ``NotFound`` where there is none.

    Who was not approved, said no or did not answer does not stand in the registry: only admins and those who nominated them read on
    (``require_nominee_known``).
    """
    asked = session.get(Nomination, nomination_id)
    if asked is None:
        raise NotFound()
    require_nominee_known(session, actor, asked)
    nomination = session.get_one(Nomination, asked.duplicate_of_id) if asked.duplicate_of_id else asked
    person = session.get(Person, nomination.person_id) if nomination.person_id else None
    back = _taken_back_at(session, nomination)
    kind = _stands(nomination, person, back)
    typed = nomination.email if person is None and has_typed(session, nomination, actor.id) else ""
    return _profile(session, person, nomination, kind, timeline(kind, _moments(nomination, None, back)), {}, None, typed_email=typed)


def _taken_back_at(session: Session, nomination: Nomination | None) -> datetime | None:
    return session.scalar(select(taken_back_at(Nomination)).where(Nomination.id == nomination.id)) if nomination else None


def _stands(nomination: Nomination, person: Person | None, back: datetime | None) -> Standing:
    in_review, again = nomination.review_began_at is not None, nomination.ask_again_on
    person_state = person.state if person else None
    return standing(State(nomination.state), person_state, is_in_review=in_review, ask_again_on=again, is_taken_back=back is not None)


def _moments(nomination: Nomination, person: Person | None, back: datetime | None) -> Moments:
    facts = (nomination.created_at, nomination.review_began_at, nomination.decided_at, nomination.answered_at, nomination.given_up_at)
    return Moments(*facts, joined_at=person.joined_at if person else None, taken_back_at=back)


def _profile(
    session: Session,
    person: Person | None,
    nomination: Nomination | None,
    kind: Standing,
    steps: list[tuple[datetime, str]],
    acts: dict[str, int],
    last_act_at: datetime | None,
    offer: Offered | None = None,
    typed_email: str = "",
) -> Profile:
    who = person or nomination
    assert who is not None
    company = session.get(Company, who.company_id) if who.company_id else None
    spoke = voices(session, nomination.id) if nomination else []
    return Profile(
        person_id=person.id if person else None,
        nomination_id=nomination.id if nomination else None,
        name=who.name,
        title=who.title,
        typed_email=typed_email,
        company=company.name if company else nomination.company_name if nomination else "",
        industry=company.industry if company else "",
        region=company.region if company else "",
        country=company.country if company else "",
        size=company.size if company else "",
        owner=names(session, [company.owner_id]).get(company.owner_id) if company and company.owner_id else None,
        standing=kind,
        activities=in_order({activity for voice in spoke for activity in voice.activities}),
        voices=spoke,
        reason=nomination.reason if nomination else "",
        steps=steps,
        acts=acts,
        last_act_at=last_act_at,
        offer=offer,
        answer_code=nomination.answer_code if nomination else "",
        answer=nomination.answer if nomination else "",
    )
