"""The clock of the demo: things to come are put on an agenda and happen in order of time, each at its own moment."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from portal.files.storage import Storage
from portal.kernel.actor import Actor, system
from portal.people.models import Person

ORIGIN = "demo"
Happening = Callable[..., None]


@dataclass
class Story:
    """One telling: the session everything is written in, chance, and ``end``, the present, after which nothing happens."""

    session: Session
    storage: Storage
    random: Random
    end: datetime
    people: dict[str, Person] = field(default_factory=dict)
    companies: dict[str, int] = field(default_factory=dict)
    _agenda: list[tuple[datetime, int, Happening, tuple[Any, ...]]] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)
    portal: Actor = field(default_factory=lambda: system(ORIGIN))

    def plan(self, at: datetime, happening: Happening, *facts: Any) -> None:
        """Let ``happening(*facts, at)`` be at ``at``; what lies behind the end of the story never is."""
        if at < self.end:
            heapq.heappush(self._agenda, (at, next(self._numbers), happening, facts))

    def tell(self) -> None:
        """Let everything happen in order of time."""
        while self._agenda:
            at, _, happening, facts = heapq.heappop(self._agenda)
            happening(*facts, at)

    def ago(self, days: float) -> datetime:
        """Return a moment in working hours, ``days`` ago; never later than an hour ago."""
        day = (self.end - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
        at = day + timedelta(hours=self.random.uniform(7, 17.5))
        return min(at, self.end - timedelta(hours=self.random.uniform(1, 5)))

    def after(self, at: datetime, *, hours: float, chance: Random | None = None) -> datetime:
        """Return a moment about ``hours`` after ``at``, sometimes much longer, and in working hours of a weekday where it is staff's.

        Who tells of something of their own brings ``chance``, so that what others tell stays as it was.
        """
        chance = chance or self.random
        later = at + timedelta(hours=hours * chance.lognormvariate(0, 0.6))
        if later.hour < 7 or later.hour >= 18:
            later = later.replace(hour=8, minute=chance.randrange(60)) + timedelta(days=1 if later.hour >= 18 else 0)
        while later.weekday() >= 5:
            later += timedelta(days=1)
        return later

    def number(self) -> int:
        """Return a fresh number, for keys and invented links."""
        return next(self._numbers)

    def acting(self, name: str) -> Actor:
        """Return one of the people as who acts."""
        person = self.people[name]
        return Actor(id=person.id, roles=person.roles, origin=ORIGIN)
