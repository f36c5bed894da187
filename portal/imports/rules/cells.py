"""Reading one cell: text of a length, whole numbers, moments, addresses, words of a list."""

import re
from collections.abc import Callable
from datetime import date, datetime, time

from portal.imports.rules.records import BadCell
from portal.kernel.text import N_


def text(limit: int) -> Callable[[str], str]:
    """Return a reader of text with at most ``limit`` characters. Longer text is a fault, never cut."""

    def read(value: str) -> str:
        if len(value) > limit:
            raise BadCell(N_("has %(length)s characters, the most is %(limit)s"), length=len(value), limit=limit)
        return value

    return read


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers between ``least`` and ``most``."""

    def read(value: str) -> int:
        if not re.fullmatch(r"[+-]?\d{1,15}(\.0+)?", value, re.ASCII):
            raise BadCell(N_("“%(value)s” is not a whole number"), value=value[:40])
        number = int(value.split(".")[0])
        if not least <= number <= most:
            raise BadCell(N_("%(value)s is not between %(least)s and %(most)s"), value=number, least=least, most=most)
        return number

    return read


def moment(value: str) -> datetime:
    """Read a date, or date and time, as ISO 8601. Without an offset it is in the programme's time zone (the engine adds it)."""
    try:
        is_day = re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII)
        if is_day or re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", value, re.ASCII):
            found = datetime.combine(date.fromisoformat(value), time.min) if is_day else datetime.fromisoformat(value)
            if 1900 < found.year < 9999:
                return found
    except ValueError:
        pass
    raise BadCell(N_("“%(value)s” is not a date such as 2026-03-31 or 2026-03-31T14:05:00+02:00"), value=value[:40])


def email(value: str) -> str:
    """Read an e-mail address by its shape."""
    if len(value) > 254 or not re.fullmatch(r"[^@\s<>(),;:\"\\\[\]]+@[^@\s<>(),;:\"\\\[\]]+\.[^@\s<>(),;:\"\\\[\]]+", value):
        raise BadCell(N_("“%(value)s” is not an e-mail address"), value=value[:80])
    return value


def choice(*words: str) -> Callable[[str], str]:
    """Return a reader of exactly one of ``words``."""

    def read(value: str) -> str:
        if value not in words:
            raise BadCell(N_("“%(value)s” is none of: %(words)s"), value=value[:40], words=", ".join(words))
        return value

    return read
