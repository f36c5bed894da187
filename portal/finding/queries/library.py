"""Reading the library: what may be used today, what answers the same worry, and for admins what may not be used any more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from portal.consents.models import Consent
from portal.files.models import StoredFile
from portal.finding.models.library import LibraryItem
from portal.finding.rules.library import STANDS_ON, Kind
from portal.finding.rules.needs import Needs
from portal.finding.rules.words import Asked, asked_for, words_of
from portal.finding.search.engines import text_search
from portal.finding.search.port import ITEMS
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.people.models import Company, Person
from portal.people.queries.knowing import known_to
from portal.people.rules.company import name_key
from portal.web.paging import AnySelect, Page, page_by

FOUND, OFFERED, SIZE = 500, 3, 20
_NEWEST = [(LibraryItem.made_at, True), (LibraryItem.id, True)]


@dataclass(frozen=True)
class Wanted:
    """What the library is searched for; ``show`` is empty for what may be used, ``out`` or ``retired`` for what admins look at besides."""

    q: str = ""
    kind: str = ""
    show: str = ""


def is_usable(today: date) -> ColumnElement[bool]:
    """Return the condition that an item may be used: not retired, not past its day, and the consent it stands on holds."""
    ended = or_(Consent.ended_at.is_not(None), Consent.expires_on < today)
    withdrawn = exists().where(Consent.id == LibraryItem.consent_id, ended)
    return and_(LibraryItem.retired_at.is_(None), or_(LibraryItem.expires_on.is_(None), LibraryItem.expires_on >= today), ~withdrawn)


def library_page(session: Session, actor: Actor, wanted: Wanted, now: datetime, *, after: str | None = None, size: int = SIZE) -> Page:
    """Return a page of (LibraryItem, person, company, filename), the newest first. Whom ``actor`` may not know of is named in none."""
    return page_by(session, _wanted(session, actor, wanted, now), _NEWEST, after=after, size=size)


def iter_library(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> Iterator[Any]:
    """Yield every row of ``library_page``, for a file."""
    found = _wanted(session, actor, wanted, now).order_by(LibraryItem.made_at.desc(), LibraryItem.id.desc())
    yield from session.execute(found, execution_options={"yield_per": 500})


def get_item(session: Session, actor: Actor, item_id: int, now: datetime, *, is_any: bool = False) -> Any:
    """Return one as (LibraryItem, person, company, filename). Raises NotFound for what may not be used, unless ``is_any``."""
    found = _rows(session, actor).where(LibraryItem.id == item_id)
    if not is_any:
        found = found.where(is_usable(local_date(now, programme_zone(session))))
    row = session.execute(found).first()
    if row is None:
        raise NotFound()
    return row


def substitutes(session: Session, actor: Actor, needs: Needs, now: datetime) -> list[Any]:
    """Return the few items that answer the same worry best; without a worry those of the same industry. Nothing where neither is asked for.

    All the words come first, then any of them; of these, those of the same industry and product come first, then what is used most.
    """
    asked, chosen = needs.asked, list[int]()
    if asked:
        chosen = _matching(session, actor, asked, is_all=True) or _matching(session, actor, asked, is_all=False)
    if not chosen and (asked or not needs.industry):
        return []
    where = LibraryItem.id.in_(chosen) if asked else func.lower(LibraryItem.industry) == func.lower(needs.industry)
    same = [
        (func.lower(LibraryItem.industry) == func.lower(needs.industry)).desc(),
        (func.lower(LibraryItem.product) == func.lower(needs.product)).desc(),
    ]
    found = _rows(session, actor).where(where, is_usable(local_date(now, programme_zone(session))))
    return list(session.execute(found.order_by(*same, LibraryItem.uses.desc(), LibraryItem.id.desc()).limit(OFFERED)))


def may_open_item(session: Session, actor: Actor, file: StoredFile, now: datetime) -> bool:
    """Let staff open the file of an item as long as it may be used: what is withdrawn is gone at once, for who kept its address too."""
    if not actor.is_employee:
        return False
    today = local_date(now, programme_zone(session))
    return session.scalar(select(LibraryItem.id).where(LibraryItem.file_id == file.id, is_usable(today)).limit(1)) is not None


def count_usable(session: Session, now: datetime) -> int:
    """Return how many items may be used."""
    usable = is_usable(local_date(now, programme_zone(session)))
    return session.scalar(select(func.count()).select_from(LibraryItem).where(usable)) or 0


def _rows(session: Session, actor: Actor) -> AnySelect:
    is_known = _is_known(session, actor)
    names = (case((is_known, Person.name)).label("person"), case((is_known, Company.name)).label("company"))
    columns = (LibraryItem, *names, StoredFile.filename.label("filename"))
    found: AnySelect = select(*columns).outerjoin(Person, Person.id == LibraryItem.person_id).outerjoin(Company, Company.id == LibraryItem.company_id)
    return found.outerjoin(StoredFile, StoredFile.id == LibraryItem.file_id)


def _is_known(session: Session, actor: Actor) -> ColumnElement[bool]:
    return or_(LibraryItem.person_id.is_(None), known_to(session, actor))


def _matching(session: Session, actor: Actor, asked: Asked, *, is_all: bool) -> list[int]:
    """Return the items that hold the words. Whose name the actor may not know is found by what an item says alone, never by who they are."""
    chosen = text_search(session).matching(session, ITEMS, asked, is_all=is_all, limit=FOUND)
    if actor.is_admin or not chosen:
        return chosen
    texts = (LibraryItem.title, LibraryItem.answers, LibraryItem.quote, LibraryItem.product, LibraryItem.industry)
    nameless = select(LibraryItem.id, *texts).join(Person, Person.id == LibraryItem.person_id).where(~known_to(session, actor))
    left_out = set()
    for item_id, *said in session.execute(nameless.where(LibraryItem.id.in_(chosen))):
        number = len(asked.found_in(frozenset(words_of(" ".join(said)))))
        if number < (len(asked.words) if is_all else 1):
            left_out.add(item_id)
    return [item_id for item_id in chosen if item_id not in left_out]


def _wanted(session: Session, actor: Actor, wanted: Wanted, now: datetime) -> AnySelect:
    usable = is_usable(local_date(now, programme_zone(session)))
    shown = {"": usable, "out": and_(LibraryItem.retired_at.is_(None), ~usable), "retired": LibraryItem.retired_at.is_not(None)}
    found = _rows(session, actor).where(shown.get(wanted.show, usable))
    if wanted.kind in set(Kind):
        found = found.where(LibraryItem.kind == wanted.kind)
    if asked := asked_for(wanted.q):
        found = found.where(LibraryItem.id.in_(_matching(session, actor, asked, is_all=True)))
    return found


def consents_for(session: Session, kind: Kind, *, person_id: int | None, company: str, now: datetime) -> list[Any]:
    """Return the consents that hold and that an item of this kind may stand on, as (Consent, person), the newest first: of a person, or where
    none is named of the people of a company.
    """
    if person_id is None and not company:
        return []
    today = local_date(now, programme_zone(session))
    holds = (Consent.ended_at.is_(None), or_(Consent.expires_on.is_(None), Consent.expires_on >= today))
    whose = Consent.person_id == person_id if person_id is not None else Company.name_key == name_key(company)
    found: AnySelect = select(Consent, Person.name.label("person")).join(Person, Person.id == Consent.person_id)
    found = found.outerjoin(Company, Company.id == Person.company_id).where(whose, Consent.item.in_(STANDS_ON[kind]), *holds)
    return list(session.execute(found.order_by(Consent.given_at.desc(), Consent.id.desc()).limit(SIZE)).all())
