"""What members say they like, and what they never want: two kinds over one table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.choosing import OneOf
from portal.audience.kinds.contract import Labels, Moment, Options, Phrase
from portal.kernel.text import N_
from portal.people.models import Person, PersonInterest
from portal.people.queries.interests import interests_of
from portal.people.rules.interest import INTEREST_NAMES, Interest, Wish


class _Says(OneOf):
    """The member said this of one of the interests."""

    wish: Wish
    label = N_("Interests")
    icon = "sprout"
    group = N_("Person")
    is_ours = True

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return all interests."""
        return [(interest.value, name) for interest, name in INTEREST_NAMES.items()]

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the names of the interests."""
        return {interest.value: name for interest, name in INTEREST_NAMES.items()}

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition on what was said."""
        said = (PersonInterest.kind.in_(values), PersonInterest.wish == self.wish.value)
        return Person.id.in_(select(PersonInterest.person_id).where(*said))

    def own(self, facts: Facts) -> frozenset[str]:
        """Return of which interests the member said this."""
        wishes: dict[Interest, Wish] = facts.of(interests_of)
        return frozenset(interest.value for interest, wish in wishes.items() if wish is self.wish)


class Likes(_Says):
    """The member likes one of these."""

    wish = Wish.LIKES
    key = "likes"
    name = N_("Likes to do")
    hint = N_("What members say they like.")
    message = N_("Likes: %(values)s")

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Remind the member of what they said."""
        return Phrase(N_("you told us that you like this: %(values)s"), {"values": values})


class Never(_Says):
    """The member never wants one of these; mostly for leaving people out."""

    wish = Wish.NEVER
    icon = "ban"
    key = "never"
    name = N_("Never wants to")
    hint = N_("What members rule out. Use it to leave people out.")
    message = N_("Never wants: %(values)s")

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Remind the member of what they said."""
        return Phrase(N_("you told us that you never want this: %(values)s"), {"values": values})
