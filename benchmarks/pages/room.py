"""What every list of requests is made of: who is signed in on a made programme, and pages read through in turn."""

from collections.abc import Iterator, Sequence
from itertools import count, cycle

from flask import Flask

from benchmarks.furnishing import Furniture, furnish
from benchmarks.load import CONNECTIONS
from benchmarks.maker import ADMINS, PROFILED, STAFF, Programme
from benchmarks.pages.asking import BY_SCRIPT, Ask, Asks
from benchmarks.under_way import UnderWay
from benchmarks.visitors import Visitor, sign_in, stranger
from portal.kernel.db import Database

READERS = 400


class Crowd:
    """Everybody who is signed in: some members who read, those who write, admins, employees."""

    def __init__(self, app: Flask, database: Database, programme: Programme) -> None:
        self.app, self.programme, self.database = app, programme, database
        self.furniture: Furniture = furnish(app, programme)
        step = max(1, (programme.members - programme.writers) // READERS)
        seats = range(0, programme.members - programme.writers, step)[:READERS]
        self.members = sign_in(app, database, [programme.member(who) for who in seats])
        first_writer = programme.members - programme.writers
        self.writers = sign_in(app, database, [programme.member(who) for who in range(first_writer, programme.members)])
        self.admins = sign_in(app, database, [1 + n % ADMINS for n in range(CONNECTIONS)])
        self.employees = sign_in(app, database, range(ADMINS + 1, STAFF + 1))
        self.stranger = stranger(app)
        self.under_way = UnderWay(database, programme)


class Room:
    """The requests of some rooms of the portal."""

    def __init__(self, crowd: Crowd) -> None:
        self.app, self.programme, self.database, self.furniture = crowd.app, crowd.programme, crowd.database, crowd.furniture
        self.members, self.writers, self.admins, self.employees = crowd.members, crowd.writers, crowd.admins, crowd.employees
        self.stranger, self.under_way = crowd.stranger, crowd.under_way
        self.by_id = {visitor.person_id: visitor for visitor in (*self.members, *self.writers, *self.admins, *self.employees)}

    def _reading(self, visitors: Sequence[Visitor | None], path: str, *, is_script: bool = False) -> Asks:
        def asks(client: int) -> Iterator[Ask]:
            for visitor in cycle(visitors[client % len(visitors) :: CONNECTIONS]):
                yield Ask(visitor, path, headers=BY_SCRIPT) if is_script else Ask(visitor, path)

        return asks

    def _owner_of(self, person_id: int) -> Visitor:
        """Return who looks after somebody's company, and so may know of them whatever else."""
        return self.by_id[self.under_way.owner_of(person_id)]

    def _of_members(self, path: str) -> Asks:
        def asks(client: int) -> Iterator[Ask]:
            for number in count(client * 131):
                yield Ask(self.admins[client], path.format(self.programme.member(number * 17 % self.programme.members)))

        return asks

    def _numbered(self, visitors: Sequence[Visitor], path: str, most: int) -> Asks:
        """Read the pages of numbers 1 to ``most`` in turn."""

        def asks(client: int) -> Iterator[Ask]:
            for number in count(client * 131):
                yield Ask(visitors[number % len(visitors)], path.format(1 + number % most))

        return asks

    def _profiled(self, path: str) -> Asks:
        def asks(client: int) -> Iterator[Ask]:
            for number in count(client * 131):
                seat = number * 17 % (self.programme.members // PROFILED)
                yield Ask(self.admins[client], path.format(self.programme.member(seat * PROFILED)))

        return asks
