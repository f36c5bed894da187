"""Language, time zone and the way numbers and dates are shown."""

from datetime import date, datetime, timedelta
from typing import Any

from babel.dates import format_timedelta as format_length
from flask import Flask, request
from flask_babel import Babel, format_date, format_datetime, format_decimal, format_timedelta, get_locale
from flask_login import current_user
from markupsafe import Markup

from config import Settings
from portal.kernel.clock import utcnow

RTL = {"ar", "he", "fa", "ur"}


def number(value: int) -> str:
    """1840 → 1,840 in the reader's way of writing."""
    return str(format_decimal(value))


def signed(value: int) -> str:
    """150 → +150, -2000 → -2,000, with a true minus."""
    return f"+{format_decimal(value)}" if value > 0 else f"−{format_decimal(-value)}" if value < 0 else "0"


def day(value: date | datetime) -> str:
    """A date in the reader's language; a moment is put into the reader's time zone first."""
    return str(format_date(value, "medium"))


def month(value: date, pattern: str = "LLL") -> str:
    """The name of a month: short, or as the pattern says (``LLLL y``)."""
    return str(format_date(value, pattern, rebase=False))


def moment(value: datetime) -> str:
    """Date and time in the reader's language and time zone."""
    return str(format_datetime(value, "medium"))


def ago(value: datetime) -> Markup:
    """How long ago, or in how long, with the exact moment in the title."""
    delta: timedelta = value - utcnow()
    words = format_timedelta(delta, add_direction=True, threshold=1.2)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(value.isoformat(), moment(value), words)


def span(length: timedelta) -> str:
    """9 hours → “9 hr” in the reader's language; never less than a minute, since "0 sec" reads like a mistake."""
    return format_length(max(length, timedelta(minutes=1)), granularity="minute", threshold=1.2, format="short", locale=get_locale())


def direction() -> str:
    """``rtl`` for languages written from the right, ``ltr`` otherwise."""
    asked = request.args.get("dir") if request else None
    return "rtl" if str(get_locale()).split("_")[0] in RTL or asked == "pseudo-rtl" else "ltr"


def init(app: Flask, settings: Settings) -> None:
    """Choose locale and zone per request; offer the filters."""

    def locale() -> str:
        return getattr(current_user, "language", None) or settings.language if current_user else settings.language

    def zone() -> str:
        return getattr(current_user, "time_zone", None) or settings.time_zone if current_user else settings.time_zone

    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(app.config["ROOT"] / "portal" / "translations")
    Babel(app, default_locale=settings.language, locale_selector=locale, timezone_selector=zone)
    filters: dict[str, Any] = {"number": number, "signed": signed, "day": day, "month": month, "moment": moment, "ago": ago, "span": span}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(direction=direction, language_tag=lambda: str(get_locale()).replace("_", "-"))
