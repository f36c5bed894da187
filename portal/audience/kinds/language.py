"""The language a member reads the portal in."""

from collections.abc import Sequence
from typing import Any

from babel import Locale, UnknownLocaleError
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.choosing import OneOf
from portal.audience.kinds.contract import Labels, Moment, Options, Phrase
from portal.kernel.text import N_
from portal.people.models import Person


def _name_of(code: str) -> str:
    """Return a language by its own name; a code that Babel does not know by itself."""
    try:
        return Locale.parse(code.replace("-", "_")).get_display_name() or code
    except (UnknownLocaleError, ValueError):
        return code


class ReadsIn(OneOf):
    """The member reads in one of the languages; who has chosen none reads in the programme's."""

    key = "language"
    name = N_("Language")
    label = N_("Languages")
    hint = N_("The language a member reads the portal in.")
    help = N_("Who has chosen none reads in the programme's own.")
    icon = "message-circle"
    group = N_("Person")
    message = N_("Language is %(values)s")

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return the languages that people chose, and the programme's."""
        chosen = session.scalars(select(Person.language).where(Person.language.is_not(None), Person.language != "").distinct())
        codes = {*(code for code in chosen if code), str(session.info.get("language", "en"))}
        return sorted(((code, _name_of(code)) for code in codes), key=lambda pair: pair[1])

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the languages' own names."""
        return {code: _name_of(code) for options in every for code in options["values"]}

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the language, the programme's where none is chosen."""
        return func.coalesce(func.nullif(Person.language, ""), moment.language).in_(values)

    def own(self, facts: Facts) -> frozenset[str]:
        """Return the one language."""
        return frozenset((facts.me.language or facts.language,))

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Name the language."""
        return Phrase(N_("you read in %(values)s"), {"values": values})
