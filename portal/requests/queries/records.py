"""What requests tell the rooms below and beside them: what became of somebody's help, which live requests may need them, what is asked for."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from portal.finding.rules.facts import Record
from portal.finding.rules.needs import Needs
from portal.finding.rules.price import OtherNeed
from portal.people.models import Company, Person
from portal.profiles.models import ProfileActivity
from portal.profiles.rules.activity import Activity
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.rules.need import Need
from portal.requests.rules.states import CandidateState, DealOutcome, State

MOST_OTHERS = 5
_NOBODY_YET = (State.OPEN, State.MATCHING)


def needs_of(request: ReferenceRequest | Need) -> Needs:
    """Return what a request needs, or one that is being typed, as a search asks for it."""
    names = ("worry", "industry", "region", "size", "product", "language", "prospect", "prospect_domain", "competitor")
    given = {name: getattr(request, name) or "" for name in names}
    return Needs(activity=Activity(request.activity), needed_by=request.needed_by, **given)


class CompletedRequests:
    """The track record of people as references: what they completed, which deals were won after that, and how it was graded."""

    def of(self, session: Session, person_ids: Iterable[int]) -> Mapping[int, Record]:
        """Return the record of each who completed something."""
        done = (RequestCandidate.person_id.in_(list(person_ids)), RequestCandidate.state == CandidateState.COMPLETED)
        columns = (RequestCandidate.person_id, RequestCandidate.grade, ReferenceRequest.deal_outcome)
        found = select(*columns).join(ReferenceRequest, ReferenceRequest.id == RequestCandidate.request_id).where(*done)
        told: dict[int, list[tuple[int | None, str | None]]] = defaultdict(list)
        for person_id, grade, outcome in session.execute(found.order_by(RequestCandidate.id)):
            told[person_id].append((grade, outcome))
        return {
            person_id: Record(len(rows), sum(outcome == DealOutcome.WON for _, outcome in rows), tuple(grade for grade, _ in rows if grade))
            for person_id, rows in told.items()
        }


def live_needs(session: Session, person_id: int, *, without: int | None, now: datetime) -> list[OtherNeed]:
    """Return the live requests, those due first, for which nobody is proposed yet and which this person might serve: they do that kind of
    thing, and industry and region are theirs where the request names them. At most five.
    """
    does = exists().where(
        ProfileActivity.person_id == person_id, ProfileActivity.activity == ReferenceRequest.activity, ProfileActivity.is_never.is_(False)
    )
    theirs = select(Company.industry, Company.region).join(Person, Person.company_id == Company.id).where(Person.id == person_id)
    industry, region = session.execute(theirs).one_or_none() or ("", "")
    fits = (
        or_(ReferenceRequest.industry == "", func.lower(ReferenceRequest.industry) == industry.lower()),
        or_(ReferenceRequest.region == "", func.lower(ReferenceRequest.region) == region.lower()),
    )
    live = (ReferenceRequest.state.in_(_NOBODY_YET), ReferenceRequest.id != (without or 0), does, *fits)
    found = select(ReferenceRequest.needed_by).where(*live).order_by(ReferenceRequest.needed_by, ReferenceRequest.id).limit(MOST_OTHERS)
    return [OtherNeed(day) for day in session.scalars(found)]


def asked_for(session: Session, now: datetime) -> dict[tuple[str, str], int]:
    """Return how many requests of the last twelve months named each (industry, region)."""
    recent = (ReferenceRequest.opened_at >= now - timedelta(days=365), ReferenceRequest.industry != "", ReferenceRequest.region != "")
    found = select(ReferenceRequest.industry, ReferenceRequest.region, func.count()).where(*recent)
    return {(row[0], row[1]): row[2] for row in session.execute(found.group_by(ReferenceRequest.industry, ReferenceRequest.region))}
