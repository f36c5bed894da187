"""What somebody has of badges and level, and what of it went with points or an act that were taken back."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.recognition.queries.badges import held_names
from portal.recognition.queries.levels import rung_for


@dataclass(frozen=True)
class Standing:
    """The badges of a person, by id, and the number and name of their level."""

    person_id: int
    badges: Mapping[int, str]
    number: int
    level: str


@dataclass(frozen=True)
class Lost:
    """The names of badges that went, and of the level that was left; empty for none."""

    badges: tuple[str, ...] = ()
    level: str = ""

    def told(self) -> dict[str, str]:
        """Return what a notice tells of it: nothing of what stayed."""
        said = {"badges": ", ".join(self.badges), "lost_level": self.level}
        return {name: words for name, words in said.items() if words}


NOTHING_LOST = Lost()


def standing_of(session: Session, person_id: int) -> Standing:
    """Return how a person stands now."""
    rung = rung_for(session, person_id)
    return Standing(person_id, held_names(session, person_id), rung.number, rung.name)


def lost_since(session: Session, before: Standing) -> Lost:
    """Return what a person has no more of what they had ``before``."""
    now = standing_of(session, before.person_id)
    gone = tuple(name for badge_id, name in before.badges.items() if badge_id not in now.badges)
    return Lost(gone, before.level if now.number < before.number else "")
