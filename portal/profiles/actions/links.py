"""Links that work without signing in: to answer whether a profile is true, and to somebody's own page. The table holds hashes only.

A link carries a mark of the address that it was mailed to, and is good only while that is its reader's address: an old mailbox, or one that
was written wrong and mended, opens nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.ids import new_token, token_hash
from portal.people.models import Person
from portal.people.queries.persons import get_person
from portal.people.rules.link import LinkSpent
from portal.people.rules.person import PersonState
from portal.people.rules.throttle import Limit
from portal.profiles.models import ProfileCheck, ProfileLink
from portal.profiles.queries.profiles import owner_of
from portal.profiles.rules.seeing import may_change
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
    secret = new_token()
    token = f"{secret}.{_mark(secret, get_person(session, reader_id))}"
    session.add(
        ProfileLink(person_id=person_id, reader_id=reader_id, check_id=check_id, token_hash=token_hash(token), made_at=now, expires_at=now + good_for)
    )
    session.flush()
    return token


def holder_of(session: Session, token: str, origin: str, now: datetime, *, is_own: bool) -> Holder:
    """Return whom a link stands for; ``LinkSpent`` for every one that is not good, whatever is wrong with it.

    A question is answered by who may change the profile now: not by who looked after the company before, or was an admin once.
    """
    good = (ProfileLink.token_hash == token_hash(token), ProfileLink.expires_at > now, Person.state != PersonState.DEACTIVATED)
    found: AnySelect = select(ProfileLink, Person, ProfileCheck).join(Person, Person.id == ProfileLink.reader_id)
    row = session.execute(found.outerjoin(ProfileCheck, ProfileCheck.id == ProfileLink.check_id).where(*good)).one_or_none()
    if row is None or (row.ProfileCheck is None) is not is_own:
        raise LinkSpent()
    secret, _, mark = token.partition(".")
    holder = Holder(row.ProfileLink.person_id, Actor(row.Person.id, row.Person.roles, origin), row.ProfileCheck)
    if mark != _mark(secret, row.Person) or not (is_own or may_change(holder.actor, owner_of(session, holder.person_id))):
        raise LinkSpent()
    return holder


def _mark(secret: str, reader: Person) -> str:
    """Return what ties a link to the address it is mailed to. The whole token is proved by its hash, so that nobody can change the mark."""
    return token_hash(f"{secret} {reader.email_key}")[:16]
