"""What staff correct of somebody's record while they answer whether a profile is true. Pure."""

from dataclasses import dataclass

from portal.kernel.errors import Refusal
from portal.kernel.text import N_


class TitleTheirs(Refusal):
    """What a member wrote themself is not overwritten without a word."""

    message = N_("%(name)s wrote this title themself: “%(title)s”. Tick below that you want to change it all the same.")
    field = "title"


class CompanyUnknownHere(Refusal):
    """A company that the portal does not know."""

    message = N_("No company of this name is known here. Say in the note where they are now, and an admin adds it.")
    field = "company"


@dataclass(frozen=True)
class Stands:
    """What of somebody is corrected with the answer: title and company, and who looks after that company."""

    title: str
    company: str
    owner_id: int | None


@dataclass(frozen=True)
class Correction:
    """What should stand, as typed; ``is_sure`` lets it take the place of what the person wrote themself. ``seen`` is the digest of what stood."""

    wanted: Stands
    is_sure: bool = False
    seen: str | None = None
