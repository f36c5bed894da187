"""Who is meant by what, of late: tags, what members like and never want, and challenges that not everybody sees. Chance has no part in it."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.audience.actions.editing import add_rule
from portal.audience.rules import Side
from portal.challenges.actions.editing import open_audience
from portal.commands.demo.cast import Cast
from portal.commands.demo.challenges import Live, Year
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.people.actions.interests import set_interests
from portal.people.actions.tags import tag_person
from portal.people.models import Tag
from portal.people.rules.interest import Interest, Wish

WISHES_KEPT, TAGS_GIVEN, ADDRESSED = timedelta(days=4, hours=3), timedelta(days=4), timedelta(days=3, hours=5)


class Audiences:
    """Puts it on the agenda of the last days; who had begun something before keeps it."""

    def __init__(self, story: Story, cast: Cast, year: Year) -> None:
        self.story, self.cast, self.year = story, cast, year

    def begin(self) -> None:
        """Plan wishes, then tags, then the challenges that not everybody sees from then on."""
        for before, happening in ((WISHES_KEPT, self._keep_wishes), (TAGS_GIVEN, self._give_tags), (ADDRESSED, self._address)):
            self.story.plan(self.story.end - before, happening)

    def _keep_wishes(self, at: datetime) -> None:
        """Let every second member who has joined say what they like, and some of them what they never want."""
        interests = list(Interest)
        for number, member in enumerate(self.cast.members[::2]):
            person = self.story.people.get(member.name)
            if person is None or person.joined_at is None:
                continue
            wishes = {interests[number % 6]: Wish.LIKES, interests[(number + 2) % 6]: Wish.LIKES}
            if number % 2 == 0:
                wishes[interests[(number + 5) % 6]] = Wish.NEVER
            set_interests(self.story.session, self.story.acting(member.name), person_id=person.id, wishes=wishes, now=at)

    def _give_tags(self, at: datetime) -> None:
        actor = self.story.acting(self.cast.reviewers[0])
        for tag, names in programme()["tags"].items():
            for name in names:
                tag_person(self.story.session, actor, person_id=self.story.people[name].id, tag=tag, now=at)

    def _address(self, at: datetime) -> None:
        """Let the challenges that say so be seen by some only."""
        for live in self.year.live:
            if "audience" in live.entry:
                self._show_only_to(live, at)
                self.year.addressed.add(live.id)

    def _show_only_to(self, live: Live, at: datetime) -> None:
        actor, session = self.story.acting(self.cast.reviewers[0]), self.story.session
        audience_id = open_audience(session, actor, challenge_id=live.id, now=at)
        for number, rule in enumerate(live.entry["audience"]):
            given: dict[str, Any] = {name: value for name, value in rule.items() if name not in ("side", "kind")}
            if rule["kind"] == "tag":
                given["values"] = [str(tag_id) for tag_id in session.scalars(select(Tag.id).where(Tag.name.in_(rule["values"])))]
            facts: dict[str, Any] = {"side": Side(rule["side"]), "kind": rule["kind"], "given": given, "at_once": True}
            add_rule(session, actor, audience_id=audience_id, key=f"demo-rule-{live.id}-{number}", **facts, now=at)
