"""What is known of one member while rules are tried on them: each thing is loaded once, when the first rule asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from portal.kernel.schema import BigId
from portal.ledger.models import account
from portal.ledger.rules import POINTS, AccountKind
from portal.people.models import Company, Person

T = TypeVar("T")
_OWN_ACCOUNT = and_(account.c.owner_id == Person.id, account.c.unit == POINTS, account.c.kind == AccountKind.AVAILABLE.value)
_RECORD = (
    select(
        Person.is_advocate,
        Person.is_employee,
        Person.is_admin,
        Person.language,
        Person.joined_at,
        Company.industry,
        Company.size,
        Company.region,
        Company.country,
        account.c.lifetime,
    )
    .select_from(Person)
    .outerjoin(Company, Company.id == Person.company_id)
    .outerjoin(account, _OWN_ACCOUNT)
    .where(Person.id == bindparam("me", type_=BigId))
)


@dataclass(frozen=True)
class Record:
    """A member's row with their company's; company fields are empty without a company. ``joined_at`` is empty before they join."""

    is_advocate: bool
    is_employee: bool
    is_admin: bool
    language: str | None
    joined_at: datetime | None
    industry: str
    size: str
    region: str
    country: str
    lifetime: int


class Facts:
    """One member at one moment. ``of(loader)`` returns what ``loader(session, person_id)`` gives, asked once."""

    def __init__(self, session: Session, person_id: int, *, now: datetime, zone: str, language: str) -> None:
        self.session, self.person_id = session, person_id
        self.now, self.zone, self.language = now, zone, language
        self._known: dict[Callable[[Session, int], Any], Any] = {}
        self.tried: dict[Any, bool] = {}
        """What was found of tests already, by test."""
        self.values: dict[Any, frozenset[str]] = {}
        """What the member has of each kind that names values, by kind."""

    def of(self, loader: Callable[[Session, int], T]) -> T:
        """Return what the loader finds of this member; it runs once however many rules ask."""
        if loader not in self._known:
            self._known[loader] = loader(self.session, self.person_id)
        known: T = self._known[loader]
        return known

    @cached_property
    def me(self) -> Record:
        """The member's own row with their company and lifetime points."""
        return self.of(load_record)


def load_record(session: Session, person_id: int) -> Record:
    """Return a person's row, their company's, and their lifetime points, in one query."""
    row = session.execute(_RECORD, {"me": person_id}).one()
    company = (row.industry or "", row.size or "", row.region or "", row.country or "")
    return Record(row.is_advocate, row.is_employee, row.is_admin, row.language, row.joined_at, *company, row.lifetime or 0)
