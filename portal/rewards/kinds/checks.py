"""What a typed value must be, and what is said where it is not."""

from datetime import date

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class FieldMissing(Refusal):
    """Something that is needed was left empty."""

    message = N_("Please fill this in.")


class TextTooLong(Refusal):
    """More than is kept."""

    message = N_("This is longer than the %(most)s that fit.")


class LinkInvalid(Refusal):
    """Not the address of a page."""

    message = N_("This is not a complete web address. It should begin with https://.")


class DayInvalid(Refusal):
    """Not a day of the calendar."""

    message = N_("This is not a day. Please write it as year, month and day: 2027-03-12.")


class AnswerUnknown(Refusal):
    """None of the choices; the list may have changed meanwhile."""

    message = N_("This is not one of the choices any more. Please choose again.")


class CodeOrLinkMissing(Refusal):
    """A voucher is a code or a link."""

    message = N_("Please enter the code, or the link under which it is found.")
    field = "give_code"


def is_day(text: str) -> bool:
    """Tell whether this is a day as computers write it, not before 1900."""
    try:
        return 1900 <= date.fromisoformat(text).year <= 2999
    except ValueError:
        return False


def lines_of(text: str) -> tuple[str, ...]:
    """Return the entries of a text with one a line, each once, in their order."""
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
