"""All that is asked, room by room."""

from flask import Flask

from benchmarks.maker import Programme
from benchmarks.pages.asking import Page
from benchmarks.pages.companies import Companies
from benchmarks.pages.goodwill import Goodwill
from benchmarks.pages.links import Links
from benchmarks.pages.profiles import Profiles
from benchmarks.pages.programme import TheProgramme
from benchmarks.pages.references import References
from benchmarks.pages.requests import Requests
from benchmarks.pages.room import Crowd
from portal.kernel.db import Database

ROOMS = (TheProgramme, Companies, Goodwill, Profiles, References, Requests, Links)


class Visit(Crowd):
    """Everybody who is signed in on a made programme, and what they ask for."""

    def __init__(self, app: Flask, database: Database, programme: Programme) -> None:
        super().__init__(app, database, programme)
        self._rooms = [room(self) for room in ROOMS]

    def pages(self) -> list[Page]:
        """Return every kind of request; what acts change, later pages show."""
        return [page for room in self._rooms for page in room.pages()]
