"""Since when somebody is a member: from a day on, or for a number of days. Who has not joined is tried as if they joined now."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.contract import Control, Labels, Moment, Options, Phrase, Test
from portal.audience.kinds.numbers import AT_LEAST, COMPARISONS, comparison, day_of, whole
from portal.audience.rules import MAX_DAYS, DayMissing
from portal.kernel.clock import start_of_day
from portal.kernel.schema import UTCDateTime
from portal.kernel.text import N_
from portal.people.models import Person


class JoinedSince:
    """The member joined on a day or later; the day is the programme's."""

    key = "joined_since"
    name = N_("Joined since")
    hint = N_("Members who joined on a day or later.")
    icon = "calendar"
    group = N_("Person")

    def controls(self, session: Session) -> dict[str, Control]:
        """Return the day."""
        return {"day": Control("day", N_("First day"))}

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return the day. Refuses none (``DayMissing``)."""
        day = given.get("day")
        if not isinstance(day, date):
            raise DayMissing()
        return {"day": day.isoformat()}

    def shown(self, session: Session, options: Options) -> dict[str, Any]:
        """Return the day."""
        return {"day": day_of(options["day"])}

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Days are their own names."""
        return {}

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “Joined on 1 May or later”."""
        return Phrase(N_("Joined on %(day)s or later"), {"day": day_of(options["day"])})

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Say the same."""
        return Phrase(N_("you joined on %(day)s or later"), {"day": day_of(options["day"])})

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the moment of joining."""
        return _joined(moment) >= start_of_day(day_of(options["day"]), moment.zone)

    def test(self, options: Options) -> Test:
        """Compare the member's own."""
        day = day_of(options["day"])
        return lambda facts: (facts.me.joined_at or facts.now) >= start_of_day(day, facts.zone)


class MemberFor:
    """The member has been here for at least, or at most, a number of days of 24 hours."""

    key = "member_for"
    name = N_("Days as a member")
    hint = N_("Newcomers, or people who have been here for a while.")
    icon = "hourglass"
    group = N_("Person")

    def controls(self, session: Session) -> dict[str, Control]:
        """Return the comparison and the days."""
        return {
            "choice": Control("choice", N_("How long"), choices=COMPARISONS, is_ours=True, default=AT_LEAST),
            "number": Control("number", N_("Days since joining")),
        }

    def read(self, session: Session, given: Options) -> dict[str, Any]:
        """Return both. Refuses what is no whole number (``NumberMissing``)."""
        return {"choice": comparison(given.get("choice")), "number": whole(given.get("number"), 1, MAX_DAYS)}

    def shown(self, session: Session, options: Options) -> Options:
        """Return both."""
        return options

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Numbers are their own names."""
        return {}

    def phrase(self, options: Options, labels: Labels) -> Phrase:
        """Return “Days as a member: at least 30”."""
        least = options["choice"] == AT_LEAST
        text = N_("Days as a member: at least %(number)s") if least else N_("Days as a member: at most %(number)s")
        return Phrase(text, {"number": options["number"]})

    def told(self, options: Options, labels: Labels, facts: Facts) -> Phrase:
        """Say the same kindly."""
        if options["choice"] == AT_LEAST:
            return Phrase(N_("you have been with us for a while"))
        return Phrase(N_("you are new here"))

    def condition(self, options: Options, moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the moment of joining."""
        since = moment.now - timedelta(days=options["number"])
        return _joined(moment) <= since if options["choice"] == AT_LEAST else _joined(moment) >= since

    def test(self, options: Options) -> Test:
        """Compare the member's own."""
        length = timedelta(days=options["number"])
        if options["choice"] == AT_LEAST:
            return lambda facts: (facts.me.joined_at or facts.now) <= facts.now - length
        return lambda facts: (facts.me.joined_at or facts.now) >= facts.now - length


def _joined(moment: Moment) -> ColumnElement[Any]:
    return func.coalesce(Person.joined_at, bindparam(None, moment.now, type_=UTCDateTime), type_=UTCDateTime)
