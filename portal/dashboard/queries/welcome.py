"""The welcome of a new member: up to three quick wins, each done or not, as their rows tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.challenges.queries.welcome import FirstOffer, first_for
from portal.dashboard.rules import QuickWin, quick_wins
from portal.people.queries.interests import interests_of
from portal.people.queries.persons import get_person
from portal.people.rules.welcome import is_new


@dataclass(frozen=True)
class Welcome:
    """The quick wins of a new member in order, and the challenge they are offered first, if one is."""

    wins: Sequence[QuickWin]
    offer: FirstOffer | None

    @property
    def done(self) -> int:
        """How many of them are done."""
        return sum(win.is_done for win in self.wins)

    @property
    def is_complete(self) -> bool:
        return self.done == len(self.wins)

    @property
    def next(self) -> QuickWin | None:
        """The first one that is not done."""
        return next((win for win in self.wins if not win.is_done), None)


def welcome_of(session: Session, person_id: int, *, has_points: bool, has_open: bool, now: datetime) -> Welcome | None:
    """Return the welcome on the home of an advocate who joined within 30 days and did not put it away; None for everybody else.

    ``has_points``: whether they ever earned any; ``has_open``: whether a challenge is open to them.
    """
    person = get_person(session, person_id)
    if person.welcomed_at is not None or not is_new(person.joined_at, person.roles, now):
        return None
    offer = first_for(session, person_id, now)
    wins = quick_wins(
        offer.is_done if offer else None,
        has_points=has_points,
        has_open=has_open,
        has_wishes=bool(interests_of(session, person_id)),
        has_profile=person.profile_kept_at is not None,
    )
    return Welcome(wins, offer)
