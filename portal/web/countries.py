"""Names of countries in the reader's language, for forms and pages."""

from collections.abc import Sequence
from functools import lru_cache

from babel import Locale
from flask_babel import gettext as _

from portal.kernel.countries import COUNTRIES
from portal.web.language import reader

MOST_NAMED = 8


def country_choices() -> list[tuple[str, str]]:
    """Return every country a parcel can go to, by its name in the reader's language."""
    return [("", _("Please choose")), *_countries(str(reader().locale))]


@lru_cache(maxsize=16)
def _countries(language: str) -> list[tuple[str, str]]:
    locale = Locale.parse(language)
    return sorted(((code, str(locale.territories.get(code, code))) for code in COUNTRIES), key=lambda choice: choice[1].casefold())


def country_name(code: str) -> str:
    """Return a country's name in the reader's language."""
    return str(reader().locale.territories.get(code, code))


def country_names(codes: Sequence[str]) -> str:
    """Return the names of countries in the reader's language, in its order; of a long list the first eight and how many more."""
    found = sorted((country_name(code) for code in codes), key=str.casefold)
    if len(found) > MOST_NAMED:
        return str(_("%(some)s and %(more)s more", some=", ".join(found[:MOST_NAMED]), more=len(found) - MOST_NAMED))
    return ", ".join(found)
