"""Tags: words with which admins mark people, to find and to address them. Members never see them."""

from portal.kernel.errors import Refusal
from portal.kernel.text import N_, clean_line, fold

TAG_LENGTH = 40


class TagMissing(Refusal):
    """Nothing to mark people with."""

    message = N_("Please write the tag.")
    field = "tag"


class TagTooLong(Refusal):
    """A tag is a word or two."""

    message = N_("A tag has at most %(limit)s characters.")
    field = "tag"


class NobodyChosen(Refusal):
    """A tag for nobody."""

    message = N_("Tick at least one person, or choose all that match.")
    field = "tag"


def require_tag(text: str) -> tuple[str, str]:
    """Return a tag as written and as it is told apart: “VIP” and “vip” are one. Refuses none, and one of more than 40 characters."""
    name = clean_line(text)
    if not fold(name).strip():
        raise TagMissing()
    if len(name) > TAG_LENGTH:
        raise TagTooLong(limit=TAG_LENGTH)
    return name, fold(name)[: 2 * TAG_LENGTH]
