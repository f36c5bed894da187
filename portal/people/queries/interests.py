"""What members said they like to do, and what they never want."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.people.models import PersonInterest
from portal.people.rules.interest import Interest, Wish


def interests_of(session: Session, person_id: int) -> dict[Interest, Wish]:
    """Return a person's wishes, in the order of the interests; those without an opinion are left out."""
    rows = session.execute(select(PersonInterest.kind, PersonInterest.wish).where(PersonInterest.person_id == person_id))
    found = {row.kind: Wish(row.wish) for row in rows}
    return {interest: found[interest] for interest in Interest if interest in found}
