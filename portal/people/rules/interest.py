"""What members like to do for the programme, and what they never want to be asked for."""

from collections.abc import Mapping
from enum import StrEnum

from portal.kernel.text import N_


class Interest(StrEnum):
    """Kinds of things a member may be asked for."""

    CALLS = "calls"
    WRITING = "writing"
    SPEAKING = "speaking"
    TESTING = "testing"
    SOCIAL = "social"
    EVENTS = "events"


class Wish(StrEnum):
    """What a member says about one of them. No row is no opinion."""

    LIKES = "likes"
    NEVER = "never"


INTEREST_NAMES = {
    Interest.CALLS: N_("Calls with other customers"),
    Interest.WRITING: N_("Writing"),
    Interest.SPEAKING: N_("Speaking in public"),
    Interest.TESTING: N_("Testing what is new"),
    Interest.SOCIAL: N_("Posting on social media"),
    Interest.EVENTS: N_("Meeting at events"),
}
WISH_NAMES = {Wish.LIKES: N_("I like doing this"), Wish.NEVER: N_("Never ask me")}


def wishes_of(given: Mapping[str, str | None]) -> dict[Interest, Wish]:
    """Return the wishes in what a form or a caller gave, without those left open; what is neither interest nor wish is left out."""
    known = {interest.value for interest in Interest}, {wish.value for wish in Wish}
    return {Interest(name): Wish(value) for name, value in given.items() if name in known[0] and value in known[1]}
