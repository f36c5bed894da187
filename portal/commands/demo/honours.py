"""Recognition in the demo: badges, drawn and of the programme's own, two seasons, thanks by hand, a nickname, and who stands on no board."""

from datetime import datetime, timedelta
from typing import Any

from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.people.actions.boards import choose_board
from portal.recognition.actions.badges import add_badge, add_starters, publish_badge
from portal.recognition.actions.holdings import give_badge
from portal.recognition.actions.seasons import add_season, close_season

BEGAN_DAYS = 368


class Honours:
    """Puts what admins do for recognition on the agenda, and what some members choose."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast
        self.badges: dict[str, int] = {}

    def begin(self) -> None:
        """Badges first, then seasons, then the rest, each on its day."""
        content = programme()["recognition"]
        self.story.plan(self._at(BEGAN_DAYS), self._switch_on)
        for entry in content["season"]:
            self.story.plan(self._at(entry["from"]), self._begin_season, entry)
        for entry in content["thanks"]:
            self.story.plan(self._at(entry["days"]), self._thank, entry)
        for entry in content["choice"]:
            self.story.plan(self._at(entry["days"]), self._choose, entry)

    def _at(self, days: float) -> datetime:
        """Return ten in the morning, ``days`` ago. Nothing here is left to chance, so that the rest of the year stays as it is told without it."""
        return (self.story.end - timedelta(days=days)).replace(hour=10, minute=0, second=0, microsecond=0)

    def _switch_on(self, at: datetime) -> None:
        actor = self.story.acting(self.cast.reviewers[0])
        for badge in add_starters(self.story.session, actor, now=at):
            publish_badge(self.story.session, actor, badge_id=badge.id, now=at)
            self.badges[badge.name] = badge.id
        for entry in programme()["recognition"]["badge"]:
            options = {"number": entry["number"], "act_kind": entry["act_kind"]}
            facts = {name: entry[name] for name in ("name", "how", "art", "tone")}
            made = add_badge(self.story.session, actor, **facts, rule="acts", options=options, now=at)
            publish_badge(self.story.session, actor, badge_id=made.id, now=at)

    def _begin_season(self, entry: dict[str, Any], at: datetime) -> None:
        actor, zone = self.story.acting(self.cast.reviewers[0]), programme_zone(self.story.session)
        last = local_date(self.story.end + timedelta(days=entry["until"]), zone)
        season = add_season(self.story.session, actor, name=entry["name"], starts_on=local_date(at, zone), ends_on=last, now=at)
        over = self.story.end + timedelta(days=entry["until"] + 1)
        self.story.plan(over, self._close_season, season.id)

    def _close_season(self, season_id: int, at: datetime) -> None:
        close_season(self.story.session, self.story.portal, season_id=season_id, now=at)

    def _thank(self, entry: dict[str, Any], at: datetime) -> None:
        actor, person = self.story.acting(self.cast.reviewers[1]), self.story.people[entry["name"]]
        give_badge(self.story.session, actor, badge_id=self.badges[entry["badge"]], person_id=person.id, reason=entry["reason"], now=at)

    def _choose(self, entry: dict[str, Any], at: datetime) -> None:
        actor, person = self.story.acting(entry["name"]), self.story.people[entry["name"]]
        nickname = entry.get("nickname", "")
        choose_board(self.story.session, actor, person_id=person.id, is_listed=entry["is_listed"], nickname=nickname, now=at)
