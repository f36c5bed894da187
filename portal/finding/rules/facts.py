"""What a search knows of one profile, gathered, as plain facts. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from portal.acts.rules.budget import Cap
from portal.acts.rules.terms import Standing
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Status

_USUAL = Cap(4, 90)


@dataclass(frozen=True)
class Record:
    """What became of what somebody did as a reference: calls done, deals won after them, grades (1 to 5) that were given for them."""

    completed: int = 0
    won: int = 0
    grades: tuple[int, ...] = ()


@dataclass(frozen=True)
class Load:
    """How much of a budget is spoken for: the person's slots and their company's, and the worse of the two strains."""

    used: int = 0
    cap: Cap = _USUAL
    free_on: date | None = None
    company_used: int = 0
    company_cap: Cap | None = None
    company_free_on: date | None = None
    strain: float = 0.0

    @property
    def is_person_full(self) -> bool:
        return self.used >= self.cap.most

    @property
    def is_company_full(self) -> bool:
        return self.company_cap is not None and self.company_used >= self.company_cap.most

    @property
    def days(self) -> int:
        """For how many days a slot that is taken now is gone: the window of the cap that has less left, the longer one where both have as much."""
        if self.company_cap is None:
            return self.cap.days
        own, firm = self.cap.most - self.used, self.company_cap.most - self.company_used
        if own == firm:
            return max(self.cap.days, self.company_cap.days)
        return self.cap.days if own < firm else self.company_cap.days

    @property
    def left(self) -> int:
        """How many more asks both caps let through now."""
        own = max(self.cap.most - self.used, 0)
        return own if self.company_cap is None else min(own, max(self.company_cap.most - self.company_used, 0))


@dataclass(frozen=True)
class Facts:
    """One profile. Words are folded where they are keys; ``activities`` are those with a consent that holds today, ``never`` those refused."""

    person_id: int
    name: str = ""
    title: str = ""
    company_id: int | None = None
    company: str = ""
    company_key: str = ""
    domain: str = ""
    industry: str = ""
    region: str = ""
    size: str = ""
    owner_id: int | None = None
    tier: int = 1
    status: Status = Status.ACTIVE
    is_visible: bool = True
    verified_at: datetime | None = None
    nps: int | None = None
    rests_until: date | None = None
    time_zone: str = ""
    renewal_on: date | None = None
    competitors: frozenset[str] = frozenset()
    activities: frozenset[Activity] = frozenset()
    never: frozenset[Activity] = frozenset()
    languages: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    use_cases: Mapping[str, str] = field(default_factory=dict)
    replaced: Mapping[str, str] = field(default_factory=dict)
    not_for: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    blackouts: tuple[tuple[date, date], ...] = ()
    last_asked_on: date | None = None
    record: Record = Record()
    load: Load = Load()
    standing: Standing | None = None
