"""Tags that admins gave."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from portal.audience.facts import Facts
from portal.audience.kinds.choosing import OneOf
from portal.audience.kinds.contract import Labels, Moment, Options, Phrase
from portal.kernel.text import N_
from portal.people.models import Person, PersonTag
from portal.people.queries.tags import list_tags, tag_names


def load_tags(session: Session, person_id: int) -> frozenset[str]:
    """Return the ids of a person's tags, as options hold them."""
    return frozenset(map(str, session.scalars(select(PersonTag.tag_id).where(PersonTag.person_id == person_id))))


class CarriesTag(OneOf):
    """The person carries one of the tags. A member is not told which: tags are the team's own notes."""

    key = "tag"
    name = N_("Tag")
    label = N_("Tags")
    hint = N_("Tags that you gave to people.")
    help = N_("You give tags on a person’s page, or to many in the list of people.")
    icon = "tag"
    group = N_("Person")
    message = N_("Tag is %(values)s")

    def choices(self, session: Session) -> list[tuple[str, str]]:
        """Return all tags."""
        return [(str(tag_id), name) for tag_id, name in list_tags(session)]

    def labels(self, session: Session, every: Sequence[Options]) -> Labels:
        """Return the names of the tags."""
        ids = {int(value) for options in every for value in options["values"]}
        return {str(tag_id): name for tag_id, name in tag_names(session, ids).items()}

    def among(self, values: Sequence[str], moment: Moment) -> ColumnElement[bool]:
        """Return the condition on the tags."""
        return Person.id.in_(select(PersonTag.person_id).where(PersonTag.tag_id.in_([int(value) for value in values])))

    def own(self, facts: Facts) -> frozenset[str]:
        """Return the member's tags."""
        return facts.of(load_tags)

    def own_phrase(self, values: Sequence[Any]) -> Phrase:
        """Keep the tag to the team."""
        return Phrase(N_("the programme team chose you for it"))
