"""What the rooms above accounts know of one company, for its page: nominations, reference profiles, requests and what came of them."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from portal.acts.models.acts import Act
from portal.acts.models.asks import PersonGoodwill
from portal.consents.models import Consent
from portal.kernel.actor import Actor
from portal.people.models import Company, Person
from portal.people.queries.knowing import known_to
from portal.profiles.models import ProfileActivity, ReferenceProfile
from portal.profiles.queries.profiles import consent_holds
from portal.profiles.queries.seeing import readable, shown_status
from portal.profiles.rules.activity import ASK_OF, Activity
from portal.profiles.rules.states import Status
from portal.references.models.nominating import Nomination
from portal.references.queries.nominations import taken_back_at
from portal.references.rules.states import STANDS, Standing, State, standing
from portal.requests.models import ReferenceRequest, RequestCandidate

SOME = 5
_nominator, _colleague = aliased(Person), aliased(Person)


def nominations_there(session: Session, actor: Actor, company: Company) -> list[tuple[Any, Standing]]:
    """Return the latest nominations of people of a company, each with how it stands, in whose name it was, and how many acts the nominee has
    done; none of those turned down or refused, nor of whom the actor may not know of.
    """
    there = or_(
        Nomination.company_id == company.id, (Nomination.company_id.is_(None)) & (func.lower(Nomination.company_name) == company.name.lower())
    )
    acts = select(func.count()).where(Act.person_id == Nomination.person_id, Act.reversed_at.is_(None)).correlate(Nomination).scalar_subquery()
    columns = (
        Nomination, Person.state.label("person_state"), _nominator.name.label("nominator"), _colleague.name.label("colleague"), acts.label("acts"),
        taken_back_at(Nomination).label("taken_back_at"),
    )  # fmt: skip
    found = select(*columns).outerjoin(Person, Person.id == Nomination.person_id).join(_nominator, _nominator.id == Nomination.nominator_id)
    found = found.outerjoin(_colleague, _colleague.id == Nomination.colleague_id)
    shown = (
        Nomination.duplicate_of_id.is_(None), Nomination.state.in_(STANDS), or_(Nomination.person_id.is_(None), known_to(session, actor)),
    )  # fmt: skip
    rows = session.execute(found.where(there, *shown).order_by(Nomination.created_at.desc(), Nomination.id.desc()).limit(SOME + 1)).all()
    return [(row, _stands(row)) for row in rows]


def _stands(row: Any) -> Standing:
    one = row.Nomination
    facts = {"is_in_review": one.review_began_at is not None, "is_taken_back": row.taken_back_at is not None}
    return standing(State(one.state), row.person_state, ask_again_on=one.ask_again_on, **facts)


def profiles_there(session: Session, actor: Actor, company: Company, today: date) -> tuple[Sequence[Any], dict[int, list[Activity]]]:
    """Return (ReferenceProfile, name, status as it is shown) of a company that the actor may read, and what each person may be asked for: what
    a consent holds for and they did not rule out since. Who is no reference any more is left out.
    """
    columns = (ReferenceProfile, Person.name.label("person"), shown_status(actor).label("status"))
    found = select(*columns).select_from(ReferenceProfile).join(Person, Person.id == ReferenceProfile.person_id)
    found = found.outerjoin(Company, Company.id == Person.company_id).where(Person.company_id == company.id, readable(actor))
    found = found.where(ReferenceProfile.status != Status.RETIRED)
    found = found.order_by(Person.name_key, Person.id).limit(SOME + 1)
    rows = session.execute(found).all()
    ids, does = [row.ReferenceProfile.person_id for row in rows], dict[int, list[Activity]]()
    said = select(PersonGoodwill.person_id, PersonGoodwill.unwanted).where(PersonGoodwill.person_id.in_(ids))
    unwanted = {row.person_id: row.unwanted or () for row in session.execute(said)}
    wanted = select(ProfileActivity.person_id, ProfileActivity.activity).join(Consent, Consent.id == ProfileActivity.consent_id)
    wanted = wanted.where(ProfileActivity.person_id.in_(ids), ~ProfileActivity.is_never, consent_holds(today))
    order = list(Activity)
    for row in sorted(session.execute(wanted), key=lambda row: order.index(Activity(row.activity))):
        if ASK_OF[Activity(row.activity)] not in unwanted.get(row.person_id, ()):
            does.setdefault(row.person_id, []).append(Activity(row.activity))
    return rows, does


def requests_there(session: Session, actor: Actor, company: Company, *, sees_all: bool) -> Sequence[Any]:
    """Return (RequestCandidate, ReferenceRequest, person, requester) for people of a company, the latest first: all for who sees all, else
    one's own requests and those one handles, since nobody else reads what is known of a prospect; and of whom one may not know of, none.
    """
    columns = (RequestCandidate, ReferenceRequest, Person.name.label("person"), _nominator.name.label("requester"))
    found = select(*columns).join(ReferenceRequest, ReferenceRequest.id == RequestCandidate.request_id)
    found = found.join(Person, Person.id == RequestCandidate.person_id).join(_nominator, _nominator.id == ReferenceRequest.requester_id)
    found = found.where(RequestCandidate.company_id == company.id)
    if not sees_all:
        own = or_(ReferenceRequest.requester_id == actor.id, ReferenceRequest.handler_id == actor.id)
        found = found.where(own, known_to(session, actor))
    return session.execute(found.order_by(RequestCandidate.proposed_at.desc(), RequestCandidate.id.desc()).limit(SOME + 1)).all()
