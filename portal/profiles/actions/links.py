"""Links that work without signing in: to answer whether a profile is true, and to somebody's own page. The table holds hashes only."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.ids import new_token, token_hash
from portal.people.models import Person
from portal.people.rules.link import LinkSpent
from portal.people.rules.person import PersonState
from portal.people.rules.throttle import Limit
from portal.profiles.models import ProfileCheck, ProfileLink
from portal.web.paging import AnySelect

CHECK_GOOD_FOR, OWN_GOOD_FOR = timedelta(days=90), timedelta(days=365)
"""A question may be answered long after it hid the profile; who wants to stop looks for a mail of months ago."""
LINK_TRIES = Limit("profile.link", 60, timedelta(hours=1))
CHECK, OWN = "/profiles/check?t=", "/my-reference/link?t="


@dataclass(frozen=True)
class Holder:
    """Whom a good link stands for, and what it is for. ``actor`` has the roles of the person now."""

    person_id: int
    actor: Actor
    check: ProfileCheck | None


def check_link(session: Session, *, person_id: int, reader_id: int, check_id: int, now: datetime) -> str:
    """Make a link by which a reader answers one question, and return its path."""
    return CHECK + _link(session, person_id, reader_id, check_id, now, CHECK_GOOD_FOR)


def own_link(session: Session, *, person_id: int, now: datetime) -> str:
    """Make a link to somebody's own page, for a mail to them, and return its path. Earlier ones stay good: they may look for an older mail.

    Never shown on a page, and never put into an inbox.
    """
    return OWN + _link(session, person_id, person_id, None, now, OWN_GOOD_FOR)


def _link(session: Session, person_id: int, reader_id: int, check_id: int | None, now: datetime, good_for: timedelta) -> str:
    token = new_token()
    session.add(
        ProfileLink(person_id=person_id, reader_id=reader_id, check_id=check_id, token_hash=token_hash(token), made_at=now, expires_at=now + good_for)
    )
    session.flush()
    return token


def holder_of(session: Session, token: str, origin: str, now: datetime, *, is_own: bool) -> Holder:
    """Return whom a link stands for; ``LinkSpent`` for every one that is not good, whatever is wrong with it."""
    good = (ProfileLink.token_hash == token_hash(token), ProfileLink.expires_at > now, Person.state != PersonState.DEACTIVATED)
    found: AnySelect = select(ProfileLink, Person, ProfileCheck).join(Person, Person.id == ProfileLink.reader_id)
    row = session.execute(found.outerjoin(ProfileCheck, ProfileCheck.id == ProfileLink.check_id).where(*good)).one_or_none()
    if row is None or (row.ProfileCheck is None) is not is_own:
        raise LinkSpent()
    person: Person = row.Person
    if not is_own and not (person.is_employee or person.is_admin):
        raise LinkSpent()
    return Holder(row.ProfileLink.person_id, Actor(person.id, person.roles, origin), row.ProfileCheck)
