"""Active N weeks in a row."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby, islice
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.text import N_
from portal.recognition.badges.contract import WEEKS, Case, Facts, Holder, Options, Rule
from portal.recognition.queries.weeks import iter_weeks
from portal.recognition.rules.badges import Progress
from portal.recognition.rules.streaks import runs_of, streak_of


class WeeksInARow(Rule):
    """A streak of so many weeks at any time in the last three years; losing the streak later takes nothing, nor do the years."""

    kind, title = "streak", N_("Weeks in a row")
    asks, needs = ("weeks",), (WEEKS,)

    def progress(self, case: Case, facts: Facts) -> Progress:
        """The longest streak if that was enough, else the present one."""
        streak, need = streak_of(facts.weeks, facts.this_week), case.options["weeks"]
        return Progress(streak.longest if streak.longest >= need else streak.weeks, need)

    def holders(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        """Everybody who had such a streak, since the act that made it one. Counted person by person: freezes cannot be asked of SQL.

        Looked at as far back as whoever earns it by an act, so that both get it or neither does.
        """
        yield from sorted(self._by_person(session, options, now), key=_in_time)

    def some_holders(self, session: Session, options: Options, now: datetime, most: int) -> list[Holder]:
        """Stop looking once enough people are found: the first of them by their account, not in time."""
        return sorted(islice(self._by_person(session, options, now), most), key=_in_time)

    def _by_person(self, session: Session, options: Options, now: datetime) -> Iterator[Holder]:
        need = options["weeks"]
        for person_id, acts in groupby(iter_weeks(session, now), key=lambda act: act.person_id):
            first: dict[date, datetime] = {}
            for act in acts:
                first.setdefault(act.week, act.happened_at)
            enough = next((week for week, run, _frozen in runs_of(sorted(first)) if run >= need), None)
            if enough is not None:
                yield person_id, first[enough]

    def describe(self, options: Options) -> tuple[str, dict[str, Any]]:
        """So many weeks."""
        return N_("Weeks in a row with an act: %(weeks)s"), dict(options)


def _in_time(holder: Holder) -> tuple[datetime, int]:
    return holder[1], holder[0]
