"""Adding to the library, changing it, retiring, and counting what is used."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal.acts.queries.people import find_asked
from portal.audit.actions import record
from portal.consents.models import Consent
from portal.consents.rules import Item, State, state_of
from portal.finding.models.library import LibraryItem
from portal.finding.queries.library import get_item
from portal.finding.rules.library import (
    STANDS_ON,
    CompanyUnknown,
    ConsentDoesNotFit,
    ItemRetired,
    Kind,
    PermissionNeeded,
    require_content,
    require_last_day,
    require_link,
)
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, take_turn
from portal.kernel.errors import Conflict, NotAllowed
from portal.kernel.ids import read_id
from portal.people.models import Company, Person
from portal.people.queries.persons import get_person
from portal.people.rules.company import name_key


@dataclass(frozen=True)
class Content:
    """What an item says. ``company`` and ``person`` as they were typed, ``consent_id`` the number of the consent."""

    kind: Kind
    title: str
    answers: str = ""
    quote: str = ""
    link: str = ""
    company: str = ""
    person: str = ""
    product: str = ""
    industry: str = ""
    consent_id: str = ""
    permission: str = ""
    expires_on: date | None = None


def add_item(session: Session, actor: Actor, *, key: str, content: Content, file_id: int | None, now: datetime) -> LibraryItem:
    """Put an item into the library; the same form twice is one.

    Refuses: NotAllowed, OverAlready, NothingToShow, LinkNotSafe, PermissionNeeded, ConsentDoesNotFit, CompanyUnknown, WhoUnknown, WhoUnclear.
    """
    _require_admin(actor)
    take_turn(session, f"library:{key}")  # so that one form sent twice at once finds what the first made
    made = session.scalar(select(LibraryItem).where(LibraryItem.key == key))
    if made is not None:
        return made
    values = _values(session, actor, content, file_id, now)
    item = LibraryItem(key=key, **values, uses=0, edition=1, made_by_id=actor.id, made_at=now, changed_at=now, retired_at=None, retired_reason="")
    session.add(item)
    session.flush()
    record(session, actor, "library.added", "library_item", item.id, now=now, title=item.title, kind=item.kind)
    return item


def change_item(session: Session, actor: Actor, *, item_id: int, edition: int, content: Content, file_id: int | None, now: datetime) -> LibraryItem:
    """Change an item that is as the admin saw it; without a new file the old one stays. Refuses as ``add_item``, and Conflict, ItemRetired."""
    _require_admin(actor)
    item: LibraryItem = get_item(session, actor, item_id, now, is_any=True).LibraryItem
    if item.retired_at is not None:
        raise ItemRetired()
    values = _values(session, actor, content, file_id or item.file_id, now, stood=item.expires_on) | {"edition": edition + 1, "changed_at": now}
    mine = (LibraryItem.id == item_id, LibraryItem.edition == edition, LibraryItem.retired_at.is_(None))
    if not session.execute(update(LibraryItem).where(*mine).values(**values)).rowcount:  # type: ignore[attr-defined]
        raise Conflict()
    record(session, actor, "library.changed", "library_item", item_id, now=now, title=content.title)
    session.refresh(item)
    return item


def retire_item(session: Session, actor: Actor, *, item_id: int, reason: str, now: datetime) -> None:
    """Let an item be shown no more. Refuses: NotAllowed, NotFound, ItemRetired."""
    _require_admin(actor)
    get_item(session, actor, item_id, now, is_any=True)
    mine = (LibraryItem.id == item_id, LibraryItem.retired_at.is_(None))
    changed = session.execute(update(LibraryItem).where(*mine).values(retired_at=now, retired_reason=reason, changed_at=now))
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise ItemRetired()
    record(session, actor, "library.retired", "library_item", item_id, now=now, reason=reason)


def use_item(session: Session, actor: Actor, *, item_id: int, now: datetime) -> LibraryItem:
    """Count that somebody takes an item to use it. Refuses NotFound for what may not be used any more."""
    if not (actor.is_employee or actor.is_admin):
        raise NotAllowed()
    item: LibraryItem = get_item(session, actor, item_id, now).LibraryItem
    session.execute(update(LibraryItem).where(LibraryItem.id == item_id).values(uses=LibraryItem.uses + 1))
    return item


def _require_admin(actor: Actor) -> None:
    if not actor.is_admin:
        raise NotAllowed()


def _values(session: Session, actor: Actor, content: Content, file_id: int | None, now: datetime, stood: date | None = None) -> dict[str, Any]:
    require_last_day(content.expires_on, local_date(now, programme_zone(session)), stood)
    require_link(content.link)
    require_content(quote=content.quote, link=content.link, has_file=file_id is not None)
    person = find_asked(session, actor, content.person) if content.person else None
    company_id = person.company_id if person and not content.company else None
    if content.company:
        found = session.scalars(select(Company.id).where(Company.name_key == name_key(content.company)).order_by(Company.id).limit(1)).first()
        if found is None:
            raise CompanyUnknown(text=content.company[:80])
        company_id = found
    consent = _consent(session, content, person, company_id, now) if content.consent_id else None
    if consent is None and not content.permission:
        raise PermissionNeeded()
    name = session.scalar(select(Company.name).where(Company.id == company_id)) or "" if company_id else ""
    plain = {field: value for field, value in asdict(content).items() if field not in ("company", "person", "consent_id")}
    texts = (content.title, content.answers, content.quote, content.product, content.industry, name, person.name if person else "")
    links = {"file_id": file_id, "company_id": company_id, "person_id": person.id if person else None, "consent_id": consent.id if consent else None}
    return plain | links | {"words": " ".join(filter(None, texts)).replace("ß", "ss")}


def _consent(session: Session, content: Content, person: Person | None, company_id: int | None, now: datetime) -> Consent:
    """Return the consent that is named, if it holds and is for this, and given by the person, or by one of the company, that is named."""
    number = read_id(content.consent_id.lstrip("#"))
    consent = session.get(Consent, number) if number else None
    if consent is None or Item(consent.item) not in STANDS_ON[content.kind]:
        raise ConsentDoesNotFit()
    giver = get_person(session, consent.person_id)
    if (person is not None and giver.id != person.id) or (company_id is not None and giver.company_id != company_id):
        raise ConsentDoesNotFit()
    if state_of(consent.ended_as, consent.expires_on, local_date(now, programme_zone(session))) is not State.HOLDS:
        raise ConsentDoesNotFit()
    return consent
