"""What comes next in the programme: drafts begun with templates, a challenge that opens soon, a template of one's own."""

from dataclasses import replace
from datetime import datetime, timedelta

from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.templates import make_draft, save_as_template
from portal.challenges.queries.versions import current_version
from portal.commands.demo.cast import Cast
from portal.commands.demo.challenges import Year
from portal.commands.demo.story import Story
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone

SOON, LONG = timedelta(days=9), timedelta(days=40)
KEPT = "Write an honest review"


class Planning:
    """Puts it on the agenda of the last two days."""

    def __init__(self, story: Story, cast: Cast, year: Year) -> None:
        self.story, self.cast, self.year = story, cast, year

    def begin(self) -> None:
        """Plan what an admin prepares."""
        self.story.plan(self.story.end - timedelta(hours=30), self._keep)
        self.story.plan(self.story.end - timedelta(hours=29), self._schedule)
        self.story.plan(self.story.end - timedelta(hours=28), self._draft)

    def _keep(self, at: datetime) -> None:
        """Keep what went well as a template."""
        for live in self.year.live:
            if live.entry["title"] == KEPT:
                actor = self.story.acting(self.cast.reviewers[0])
                save_as_template(self.story.session, actor, challenge_id=live.id, key="demo-template", now=at)

    def _schedule(self, at: datetime) -> None:
        """Let one that needs nothing filled in open in a while."""
        made_id = self._from("reference-topics", at)
        publish_challenge(self.story.session, self.story.acting(self.cast.reviewers[0]), challenge_id=made_id, now=at)

    def _draft(self, at: datetime) -> None:
        """Leave one half done, with what is to be filled in still open."""
        self._from("user-group", at)

    def _from(self, template_key: str, at: datetime) -> int:
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[0])
        made = make_draft(session, actor, template_key=template_key, key=f"demo-from-{template_key}", now=at)
        today = local_date(self.story.end, programme_zone(session))
        offer = replace(offer_of(current_version(session, made)), opens_on=today + SOON, closes_on=today + LONG)
        edit_challenge(session, actor, challenge_id=made.id, offer=offer, now=at)
        return made.id
