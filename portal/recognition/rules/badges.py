"""Badges: their states, their art, how far somebody is, and what is refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.kernel.errors import Conflict, NotFound, Refusal
from portal.kernel.text import N_

NAME_LENGTH, HOW_LENGTH, REASON_LENGTH = 60, 200, 500
MOST_NUMBER = 10_000
SAMPLE = 8
PREVIEWED = 1_000
"""How many people a preview counts at most: a page is waited for, and who switches it on wants to know whether it is few or many."""
BATCH = 500
# What happened longer ago than this is written down without a word: imports, and what was entered late.
SILENT_AFTER = timedelta(days=2)
SHOWN_FOR = timedelta(days=14)


class BadgeState(StrEnum):
    """Being written; earned by whoever meets the rule; no longer given, and kept by who has it."""

    DRAFT = "draft"
    LIVE = "live"
    RETIRED = "retired"


STATE_NAMES = {BadgeState.DRAFT: N_("Draft"), BadgeState.LIVE: N_("Live"), BadgeState.RETIRED: N_("Retired")}


class Way(StrEnum):
    """How somebody came to a badge: by the rule as it was met, by the rule when it was switched on, from an admin's hand."""

    RULE = "rule"
    BACKFILL = "backfill"
    HAND = "hand"


class Cause(StrEnum):
    """What is celebrated."""

    LEVEL = "level"
    BADGE = "badge"
    SEASON = "season"


class Art(StrEnum):
    """The medallions we drew: each a template in ``templates/recognition/medals/``."""

    SPROUT = "sprout"
    LEAF = "leaf"
    TREE = "tree"
    LAUREL = "laurel"
    QUILL = "quill"
    MEGAPHONE = "megaphone"
    MICROPHONE = "microphone"
    HANDSHAKE = "handshake"
    BRIDGE = "bridge"
    LANTERN = "lantern"
    COMPASS = "compass"
    MOUNTAIN = "mountain"
    FLAME = "flame"
    SUN = "sun"
    STAR = "star"
    HEART = "heart"
    KEY = "key"
    BOOK = "book"
    CAMERA = "camera"
    ROCKET = "rocket"
    TRIO = "trio"
    CROWN = "crown"
    ANCHOR = "anchor"
    FLAG = "flag"


ART_NAMES = {
    Art.SPROUT: N_("Sprout"),
    Art.LEAF: N_("Leaf"),
    Art.TREE: N_("Tree"),
    Art.LAUREL: N_("Laurel"),
    Art.QUILL: N_("Quill"),
    Art.MEGAPHONE: N_("Megaphone"),
    Art.MICROPHONE: N_("Microphone"),
    Art.HANDSHAKE: N_("Two hands"),
    Art.BRIDGE: N_("Bridge"),
    Art.LANTERN: N_("Lantern"),
    Art.COMPASS: N_("Compass"),
    Art.MOUNTAIN: N_("Mountain"),
    Art.FLAME: N_("Flame"),
    Art.SUN: N_("Sun"),
    Art.STAR: N_("Star"),
    Art.HEART: N_("Heart"),
    Art.KEY: N_("Key"),
    Art.BOOK: N_("Book"),
    Art.CAMERA: N_("Camera"),
    Art.ROCKET: N_("Rocket"),
    Art.TRIO: N_("Three rings"),
    Art.CROWN: N_("Crown"),
    Art.ANCHOR: N_("Anchor"),
    Art.FLAG: N_("Flag"),
}


class Tone(StrEnum):
    """The colours of a medallion: the brand's, amber, and those of the three tracks."""

    LAUREL = "laurel"
    AMBER = "amber"
    ENGAGE = "engage"
    ENDORSE = "endorse"
    EARN = "earn"


TONE_NAMES = {
    Tone.LAUREL: N_("Green"),
    Tone.AMBER: N_("Amber"),
    Tone.ENGAGE: N_("Blue, as Engage"),
    Tone.ENDORSE: N_("Violet, as Endorse"),
    Tone.EARN: N_("Umber, as Earn"),
}


@dataclass(frozen=True)
class Progress:
    """How far somebody is: ``have`` of ``need``. ``is_open`` is False where nothing they do leads further, as when the first places are taken."""

    have: int
    need: int
    is_open: bool = True

    @property
    def is_met(self) -> bool:
        return self.have >= self.need and self.is_open


class BadgeUnknown(NotFound):
    """There is no such badge."""


class BadgeNameMissing(Refusal):
    """A badge without a name."""

    message = N_("Please give the badge a name.")
    field = "name"


class BadgeNameTaken(Conflict):
    """Two badges of one name could not be told apart."""

    message = N_("There is a badge of this name already.")
    field = "name"


class HowMissing(Refusal):
    """Nobody can try for a badge they are told nothing about."""

    message = N_("Please say in a sentence how it is earned.")
    field = "how"


class RuleIncomplete(Refusal):
    """The rule misses one of its facts."""

    message = N_("Please choose this, so that the rule can be kept.")

    def __init__(self, *, field: str) -> None:
        super().__init__()
        self.field = field  # type: ignore[misc]


class BadgeNotDraft(Conflict):
    """Only a draft is edited or switched on."""

    message = N_("“%(name)s” is not a draft any more.")


class BadgeNotLive(Conflict):
    """Only a live badge is given, or retired."""

    message = N_("“%(name)s” is not live.")


class BadgeHeld(Conflict):
    """One live holding a person and badge."""

    message = N_("%(person)s has “%(name)s” already.")
    field = "badge_id"


class BadgeNotHeld(Conflict):
    """Only what somebody has can be taken."""

    message = N_("%(person)s does not have this badge any more.")


class ReasonMissing(Refusal):
    """The person reads why."""

    message = N_("Please give a reason; the person reads it.")
    field = "reason"


def is_silent(origin: str, happened_at: datetime, now: datetime) -> bool:
    """Tell whether something is written down without a notice: an import, or what happened more than two days ago."""
    return origin == "import" or now - happened_at > SILENT_AFTER
