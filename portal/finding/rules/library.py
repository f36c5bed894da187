"""What the library holds, and what may stand in it. Pure."""

from datetime import date
from enum import StrEnum

from portal.consents.rules import Item
from portal.kernel.errors import Conflict, Refusal
from portal.kernel.text import N_

TITLE_LENGTH, TEXT_LENGTH, LINK_LENGTH, WORD_LENGTH, NOTE_LENGTH = 200, 4_000, 500, 120, 500


class Kind(StrEnum):
    """What an item is."""

    CASE_STUDY = "case_study"
    QUOTE = "quote"
    VIDEO = "video"
    SLIDES = "slides"


KIND_NAMES = {Kind.CASE_STUDY: N_("Case study"), Kind.QUOTE: N_("Quote"), Kind.VIDEO: N_("Video"), Kind.SLIDES: N_("Slides")}
STANDS_ON: dict[Kind, tuple[Item, ...]] = {
    Kind.CASE_STUDY: (Item.CASE_STUDY,),
    Kind.QUOTE: (Item.QUOTE,),
    Kind.VIDEO: (Item.PHOTO, Item.CASE_STUDY),
    Kind.SLIDES: (Item.CASE_STUDY, Item.LOGO, Item.QUOTE),
}
"""Which consents each kind may stand on."""


class NothingToShow(Refusal):
    """Neither words, nor a link, nor a file."""

    message = N_("Give the quote, a link or a file: something has to be there.")
    field = "link"


class LinkNotSafe(Refusal):
    """No web address."""

    message = N_("Please give a whole web address, beginning with https://.")
    field = "link"


class PermissionNeeded(Refusal):
    """Neither a consent nor a note of it."""

    message = N_("Choose the consent it stands on, or say how we know that we may use it.")
    field = "permission"


class ConsentDoesNotFit(Refusal):
    """Another person's consent, one for something else, or one that has ended."""

    message = N_("This consent has ended, or is not for this.")
    field = "consent_id"


class OverAlready(Refusal):
    """A last day that has passed: nobody would ever find the item."""

    message = N_("This day has passed, so nobody would find it. Choose today or a later day, or leave it empty.")
    field = "expires_on"


class CompanyUnknown(Refusal):
    """No company of that name."""

    message = N_("There is no company called “%(text)s”. Add it first, or leave this empty.")
    field = "company"


class ItemRetired(Conflict):
    """Retired already."""

    message = N_("This is retired already. Nothing was changed.")


def require_link(link: str) -> None:
    """Refuses (``LinkNotSafe``) what is no web address; none is fine."""
    if link and not (link.startswith(("https://", "http://")) and "." in link and not any(c.isspace() for c in link)):
        raise LinkNotSafe()


def require_content(*, quote: str, link: str, has_file: bool) -> None:
    """Refuses (``NothingToShow``) an item without content."""
    if not (quote or link or has_file):
        raise NothingToShow()


def require_last_day(last: date | None, today: date, before: date | None = None) -> None:
    """Refuses (``OverAlready``) a last day that has passed; none is fine, and so is the one that stood there ``before``."""
    if last is not None and last < today and last != before:
        raise OverAlready()
