"""What members say they like to do, and what they never want to be asked for."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.people.models import Person, PersonInterest
from portal.people.queries.interests import interests_of
from portal.people.rules.interest import Interest, Wish


def set_interests(session: Session, actor: Actor, *, person_id: int, wishes: Mapping[Interest, Wish], now: datetime) -> bool:
    """Keep exactly these wishes of a person; tells whether anything differed. Refuses to speak for somebody else (``NotAllowed``).

    The person's row is locked, so that two tabs that save at once leave what one of them said, whole.
    """
    if not actor.is_system and actor.id != person_id:
        raise NotAllowed()
    session.get_one(Person, person_id, with_for_update=True)
    before = interests_of(session, person_id)
    changed = sorted(interest for interest in Interest if before.get(interest) != wishes.get(interest))
    if not changed:
        return False
    mine = (PersonInterest.person_id == person_id, PersonInterest.kind.in_(changed))
    session.execute(delete(PersonInterest).where(*mine).execution_options(synchronize_session=False))
    kept = [interest for interest in changed if interest in wishes]
    session.add_all(PersonInterest(person_id=person_id, kind=interest, wish=wishes[interest], changed_at=now) for interest in kept)
    session.flush()
    told = {interest.value: wishes[interest].value if interest in wishes else None for interest in changed}
    record(session, actor, "person.interests_changed", "person", person_id, now=now, wishes=told)
    return True
