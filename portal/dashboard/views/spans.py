"""Lengths of time in the reader's language."""

from datetime import timedelta

from flask_babel import format_timedelta


def span(length: timedelta) -> str:
    """9 hours → “9 hr”; never less than a minute, since "0 sec" reads like a mistake."""
    return str(format_timedelta(max(length, timedelta(minutes=1)), granularity="minute", threshold=1.2, format="short"))
