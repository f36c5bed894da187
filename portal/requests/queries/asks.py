"""What requests tell of the asks that they make, where those are shown among all others."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.people.models import Person
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.parties import parties_of_many
from portal.requests.rules.roles import may_see


class AsksOfRequests:
    """The asks of reference requests: their words, where they are answered, and where staff settle them."""

    def told(self, session: Session, person_id: int, source_ids: Collection[int]) -> Mapping[int, tuple[str, str]]:
        """Return, by request, its words and the page on which it is answered; both empty of what nobody has written to them about."""
        found = (
            select(RequestCandidate, ReferenceRequest.told_as, ReferenceRequest.words)
            .join(ReferenceRequest, ReferenceRequest.id == RequestCandidate.request_id)
            .where(RequestCandidate.person_id == person_id, RequestCandidate.request_id.in_(source_ids))
            .order_by(RequestCandidate.id)
        )
        return {
            row.request_id: ("\n".join(filter(None, (told_as, words))), f"/asked?c={row.id}") if row.asked_at else ("", "")
            for row, told_as, words in session.execute(found)
        }

    def requesters(self, session: Session, source_ids: Collection[int]) -> Mapping[int, str]:
        """Return, by request, the name of who made it."""
        found = select(ReferenceRequest.id, Person.name).join(Person, Person.id == ReferenceRequest.requester_id)
        return {row.id: row.name for row in session.execute(found.where(ReferenceRequest.id.in_(source_ids)))}

    def page_of(self, source_id: int) -> str:
        """Return the page of the request."""
        return f"/requests/{source_id}"

    def readable(self, session: Session, actor: Actor, source_ids: Collection[int]) -> Collection[int]:
        """Return those that the actor may read with their deal."""
        found = session.scalars(select(ReferenceRequest).where(ReferenceRequest.id.in_(source_ids))).all()
        return {its_id for its_id, parties in parties_of_many(session, found).items() if may_see(actor, parties)}
