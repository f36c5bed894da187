"""Reference profiles for searches, as rows: what opens and keeps them is another room's."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from portal.consents.rules import Item, Scope
from portal.finding.rules.needs import key_of
from portal.kernel.clock import utcnow
from portal.people.models import Person
from portal.profiles.models import ProfileActivity, ProfileWord, ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Status, WordKind
from tests.factories.consents import make_consent
from tests.factories.people import make_company, make_person


def make_profile_row(
    session: Session, person: Person, *, does: Iterable[Activity] = (Activity.CALL,), now: datetime | None = None, **given: Any
) -> ReferenceProfile:
    """Write the rows of an active, visible profile of a person, verified ten days ago, with consents. ``languages``, ``products``,
    ``use_cases``, ``replaced``, ``not_for`` are words."""
    now = now or utcnow()
    kinds = {"languages": WordKind.LANGUAGE, "products": WordKind.PRODUCT, "use_cases": WordKind.USE_CASE, "replaced": WordKind.REPLACED}
    kinds |= {"not_for": WordKind.NOT_FOR}
    words = {kind: given.pop(name, ()) for name, kind in kinds.items()}
    usual: dict[str, Any] = {
        "status": Status.ACTIVE, "is_visible": True, "tier": 1, "time_zone": "Europe/Berlin", "story": "", "results": "", "sensitivities": "",
        "status_reason": "", "verified_at": now - timedelta(days=10), "verify_why": "", "search": "", "edition": 1, "made_at": now, "changed_at": now,
    }  # fmt: skip
    profile = ReferenceProfile(person_id=person.id, **usual | given)
    session.add(profile)
    session.flush()
    for activity in does:
        consent = make_consent(session, person, item=Item.REFERENCE, scope=[Scope.WEBSITE], quote="", words="You may ask me.", now=now)
        session.add(ProfileActivity(person_id=person.id, activity=activity, is_never=False, consent_id=consent.id))
    for kind, some in words.items():
        session.add_all(ProfileWord(person_id=person.id, kind=kind, key=key_of(word), word=word) for word in some)
    session.flush()
    return profile


def make_reference(session: Session, company: str, name: str, **given: Any) -> Person:
    """Add a company, one of its people, and their profile."""
    at = {part: given.pop(part, usual) for part, usual in {"industry": "Transport", "region": "EMEA", "size": "1,000–4,999", "domain": ""}.items()}
    owner = given.pop("owner_id", None)
    firm = make_company(session, name=company, owner_id=owner, **at)
    person = make_person(session, name=name, title=given.pop("title", ""), company_id=firm.id)
    make_profile_row(session, person, **given)
    return person
