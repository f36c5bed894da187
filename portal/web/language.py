"""Language, time zone and the way numbers and dates are shown."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from gettext import NullTranslations
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import TIMEDELTA_UNITS, format_date, format_datetime, format_time, format_timedelta, get_datetime_format
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from flask import Flask, g, request
from flask_babel import Babel, force_locale, get_locale, get_timezone, get_translations, refresh
from flask_babel import gettext as _
from flask_login import current_user
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from config import Settings
from portal.kernel.clock import utcnow
from portal.kernel.money import CURRENCY, Money

ENGLISH = Locale("en", "150")
RTL = {"ar", "he", "fa", "ur"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads: the language, the time zone, and the texts in that language."""

    locale: Locale
    zone: tzinfo
    texts: NullTranslations


def reader() -> Reader:
    """Return who reads this page or mail, found out once: a page asks for it hundreds of times."""
    found: Reader | None = g.get("reader")
    if found is None:
        found = g.reader = Reader(get_locale(), get_timezone(), get_translations())
    return found


@contextmanager
def speaking(app: Flask, locale: str) -> Iterator[None]:
    """Speak ``locale`` in here, whoever asks outside: for mails."""
    with app.app_context(), force_locale(locale):
        yield


def speak_to(language: str | None) -> None:
    """Write this answer in somebody's language, whoever is signed in: for pages behind the links of mails. None is the programme's."""
    g.spoken = language or ""
    g.pop("reader", None)
    refresh()


# What Babel writes is kept by value, language and zone, which alone decide it: Babel takes a while for each.


def number(value: int) -> str:
    """1840 → 1,840 in the reader's way of writing."""
    return _written(value, reader().locale)


@lru_cache(maxsize=20_000)
def _written(value: int, locale: Locale) -> str:
    return str(format_decimal(value, locale=locale))


def money(cents: int) -> str:
    """5000 cents → $50.00 in the reader's way of writing."""
    return _paid(cents, reader().locale)


@lru_cache(maxsize=20_000)
def _paid(cents: int, locale: Locale) -> str:
    return str(format_currency(Money(cents).amount, CURRENCY, locale=locale))


def amount(hundredths: int, currency: str) -> str:
    """5000 hundredths of a currency → €50.00 in the reader's way of writing."""
    return str(format_currency(Decimal(hundredths) / 100, currency, locale=reader().locale))


def unit_cost(value: Decimal, currency: str) -> str:
    """A cost of less than a hundredth keeps its decimals: €0.0125."""
    locale = reader().locale
    pattern = locale.currency_formats["standard"].pattern.split(";")[0].replace("0.00", "0.00####")
    return str(format_currency(value, currency, format=pattern, locale=locale, currency_digits=False))


def decimal(value: Decimal) -> str:
    """62.5 in the reader's way of writing, with as many decimals as it has."""
    return str(format_decimal(value, locale=reader().locale))


def signed(value: int) -> str:
    """150 → +150, -2000 → -2,000, with a true minus."""
    return f"+{number(value)}" if value > 0 else f"−{number(-value)}" if value < 0 else "0"


def calendar() -> Locale:
    """Return the locale in which the reader's dates are written: their language's.

    Plain English belongs to no country, so it is written as between countries: 22 Nov 2026, 14:30. The
    American way is for who chose American English.
    """
    locale = reader().locale
    return ENGLISH if str(locale) == "en" else locale


def day(value: date | datetime) -> str:
    """A date in the reader's language; a moment is put into the reader's time zone first."""
    zone = reader().zone
    return _dated(value.astimezone(zone).date() if isinstance(value, datetime) else value, "medium", calendar())


def together(parts: Iterable[str]) -> str:
    """“A”, “A and B”, “A, B, and C”: what stands in a sentence, as the reader's language joins it."""
    return str(format_list([str(part) for part in parts], locale=reader().locale))


def month(value: date, pattern: str = "LLL") -> str:
    """The name of a month or quarter: a short month, or as the pattern says (``LLLL y``, ``QQQ y``)."""
    return _dated(value, pattern, calendar())


def weekday(value: date) -> str:
    """The name of the day of the week, as in a sentence: Friday."""
    return _dated(value, "EEEE", calendar())


@lru_cache(maxsize=20_000)
def _dated(value: date, pattern: str, locale: Locale) -> str:
    return str(format_date(value, pattern, locale))


def clock(value: datetime) -> str:
    """The time of the day in the reader's time zone, without seconds."""
    return str(format_time(value, "short", tzinfo=reader().zone, locale=calendar()))


def moment(value: datetime) -> str:
    """Date and time in the reader's language and time zone."""
    return _told(value, calendar(), reader().zone)


def minute(value: datetime) -> str:
    """Date and time in the reader's language and time zone, without seconds: for what is to be done until then."""
    zone, locale = reader().zone, calendar()
    told = format_time(value, "short", tzinfo=zone, locale=locale), format_date(value.astimezone(zone), "medium", locale)
    return str(get_datetime_format("medium", locale=locale)).replace("'", "").format(*told)


def there(value: datetime, zone: str) -> str:
    """Date, time and zone where a clock in ``zone`` is read: Thursday, 3 Dec 2026, 14:30 (Europe/Berlin). For what takes place somewhere."""
    local, locale = value.astimezone(ZoneInfo(zone)), calendar()
    told = format_time(local, "short", tzinfo=local.tzinfo, locale=locale), _dated(local.date(), "EEEE, d MMM y", locale)
    return f"{told[1]}, {told[0]} ({zone.replace('_', ' ')})"


def until(value: datetime) -> str:
    """Date and time by which something is to be done; of a day that ends then, the day itself, since people read midnight as the next one."""
    local = value.astimezone(reader().zone)
    if (local.hour, local.minute) != (0, 0):
        return minute(value)
    return str(_("end of %(day)s", day=day(value - timedelta(seconds=1))))


@lru_cache(maxsize=20_000)
def _told(value: datetime, locale: Locale, zone: tzinfo) -> str:
    return str(format_datetime(value, "medium", tzinfo=zone, locale=locale))


def ago(value: datetime) -> Markup:
    """How long ago, or in how long, with the exact moment in the title."""
    count, unit = _in_units(value - utcnow(), least="second")
    words = _length(count, unit, reader().locale, is_directed=True)
    return Markup('<time datetime="%s" title="%s">%s</time>') % (value.isoformat(), moment(value), words)


def span(length: timedelta) -> str:
    """9 hours, in words of the reader's language; under a minute nothing is counted, since "0 seconds" reads like a mistake."""
    if length < timedelta(minutes=1):
        return str(_("less than a minute"))
    count, unit = _in_units(length, least="minute")
    return _length(count, unit, reader().locale)


def _in_units(length: timedelta, least: str) -> tuple[int, str]:
    """Return a length as a count of the greatest unit that it holds 1.2 times: 28 hours are 28 hours, 29 are one day."""
    seconds = length.days * 86_400 + length.seconds
    unit, size = next((unit, size) for unit, size in TIMEDELTA_UNITS if unit == least or abs(seconds) >= 1.2 * size)
    count = max(1, round(abs(seconds) / size)) if seconds else 0
    return (count if seconds >= 0 else -count), unit


@lru_cache(maxsize=20_000)
def _length(count: int, unit: Any, locale: Locale, is_directed: bool = False) -> str:
    """Have Babel say exactly ``count`` of ``unit``: no threshold lets it choose another."""
    length = timedelta(seconds=count * dict(TIMEDELTA_UNITS)[unit])
    return format_timedelta(length, unit, float("inf"), is_directed, "long", locale)


def direction() -> str:
    """``rtl`` for languages written from the right, ``ltr`` otherwise."""
    asked = request.args.get("dir") if request else None
    return "rtl" if reader().locale.language in RTL or asked == "pseudo-rtl" else "ltr"


@pass_eval_context
def _say(context: EvalContext, text: str, /, **values: Any) -> str:
    """``_()`` of the templates. What Jinja would install does the same on a detour through the page's context and four more calls."""
    texts = reader().texts
    if not context.autoescape:
        return texts.gettext(text) % values
    return Markup(texts.gettext(text)) % values if values else _plain(texts, text)  # noqa: S704, ours, and what is put in is escaped


@pass_eval_context
def _say_number(context: EvalContext, one: str, many: str, num: int, /, **values: Any) -> str:
    """``ngettext()`` of the templates."""
    said = reader().texts.ngettext(one, many, num)
    return (Markup(said) if context.autoescape else said) % {"num": num, **values}  # noqa: S704, as above


@lru_cache(maxsize=20_000)
def _plain(texts: NullTranslations, text: str) -> Markup:
    return Markup(texts.gettext(text)) % {}  # noqa: S704, as above


def init(app: Flask, settings: Settings) -> None:
    """Choose locale and zone per request; offer texts and filters to the templates."""

    def locale() -> str:
        if "spoken" in g:
            return g.spoken or settings.language
        return getattr(current_user, "language", None) or settings.language if current_user else settings.language

    def zone() -> str:
        return getattr(current_user, "time_zone", None) or settings.time_zone if current_user else settings.time_zone

    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(app.config["ROOT"] / "portal" / "translations")
    Babel(app, default_locale=settings.language, locale_selector=locale, timezone_selector=zone)
    app.jinja_env.globals.update(_=_say, gettext=_say, ngettext=_say_number)
    filters: dict[str, Any] = {
        "number": number,
        "money": money,
        "amount": amount,
        "unit_cost": unit_cost,
        "decimal": decimal,
        "signed": signed,
        "day": day,
        "month": month,
        "weekday": weekday,
        "moment": moment,
        "minute": minute,
        "until": until,
        "there": there,
        "ago": ago,
        "span": span,
        "iso": datetime.fromisoformat,
        "together": together,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(direction=direction, language_tag=lambda: str(reader().locale).replace("_", "-"))
