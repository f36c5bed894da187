"""Language, time zone and the way numbers and dates are shown."""

from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from gettext import NullTranslations
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.dates import format_timedelta as format_length
from babel.numbers import format_decimal
from flask import Flask, g, request
from flask_babel import Babel, format_timedelta, get_locale, get_timezone, get_translations
from flask_login import current_user
from markupsafe import Markup

from config import Settings
from portal.kernel.clock import utcnow

ENGLISH = Locale("en", "150")
RTL = {"ar", "he", "fa", "ur"}


def number(value: int) -> str:
    """1840 → 1,840 in the reader's way of writing."""
    return _written(value, get_locale())


@lru_cache(maxsize=20_000)
def _written(value: int, locale: Locale | None) -> str:
    """A page of points writes the same small numbers again and again, and Babel takes a while for each."""
    return str(format_decimal(value, locale=locale))


def signed(value: int) -> str:
    """150 → +150, -2000 → -2,000, with a true minus."""
    return f"+{number(value)}" if value > 0 else f"−{number(-value)}" if value < 0 else "0"


def calendar() -> Locale | None:
    """Return the locale in which the reader's dates are written: their language's.

    Plain English belongs to no country, so it is written as between countries: 22 Nov 2026, 14:30. The
    American way is for who chose American English.
    """
    locale = get_locale()
    return ENGLISH if str(locale) == "en" else locale


def day(value: date | datetime) -> str:
    """A date in the reader's language; a moment is put into the reader's time zone first."""
    return str(format_date(value.astimezone(get_timezone()) if isinstance(value, datetime) else value, "medium", locale=calendar()))


def month(value: date, pattern: str = "LLL") -> str:
    """The name of a month or quarter: a short month, or as the pattern says (``LLLL y``, ``QQQ y``)."""
    return str(format_date(value, pattern, locale=calendar()))


def clock(value: datetime) -> str:
    """The time of the day in the reader's time zone, without seconds."""
    return str(format_time(value, "short", tzinfo=get_timezone(), locale=calendar()))


def moment(value: datetime) -> str:
    """Date and time in the reader's language and time zone."""
    return _told(value, calendar(), get_timezone())


@lru_cache(maxsize=20_000)
def _told(value: datetime, locale: Locale | None, zone: tzinfo) -> str:
    return str(format_datetime(value, "medium", tzinfo=zone, locale=locale))


def ago(value: datetime) -> Markup:
    """How long ago, or in how long, with the exact moment in the title."""
    delta: timedelta = value - utcnow()
    words = format_timedelta(delta, add_direction=True, threshold=1.2)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), moment(value), words)


def span(length: timedelta) -> str:
    """9 hours, in words of the reader's language; never less than a minute, since "0 seconds" reads like a mistake."""
    return format_length(max(length, timedelta(minutes=1)), granularity="minute", threshold=1.2, locale=get_locale())


def direction() -> str:
    """``rtl`` for languages written from the right, ``ltr`` otherwise."""
    asked = request.args.get("dir") if request else None
    return "rtl" if str(get_locale()).split("_")[0] in RTL or asked == "pseudo-rtl" else "ltr"


def _texts() -> NullTranslations:
    """Return the reader's texts, looked up once a request: a page asks for hundreds. A locale that is forced for a while has its own."""
    locale, held = get_locale(), g.get("texts")
    if held is None or held[0] is not locale:
        held = g.texts = (locale, get_translations())
    found: NullTranslations = held[1]
    return found


def init(app: Flask, settings: Settings) -> None:
    """Choose locale and zone per request; offer texts and filters to the templates."""

    def locale() -> str:
        return getattr(current_user, "language", None) or settings.language if current_user else settings.language

    def zone() -> str:
        return getattr(current_user, "time_zone", None) or settings.time_zone if current_user else settings.time_zone

    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(app.config["ROOT"] / "portal" / "translations")
    Babel(app, default_locale=settings.language, locale_selector=locale, timezone_selector=zone)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: _texts().gettext(text), ngettext=lambda one, many, count: _texts().ngettext(one, many, count), newstyle=True
    )
    filters: dict[str, Any] = {"number": number, "signed": signed, "day": day, "month": month, "moment": moment, "ago": ago, "span": span}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(direction=direction, language_tag=lambda: str(get_locale()).replace("_", "-"))
