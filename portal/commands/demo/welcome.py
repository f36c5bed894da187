"""How the demo welcomes new members: the challenge they are offered first, and somebody who joined yesterday and has done nothing yet."""

from datetime import datetime, timedelta

from portal.challenges.actions.editing import publish_challenge
from portal.challenges.actions.templates import make_draft
from portal.challenges.actions.welcome import offer_first
from portal.commands.demo.cast import PASSWORD, POLICY, Cast
from portal.commands.demo.content import domain_of, email_of, programme
from portal.commands.demo.story import Story
from portal.people.actions.joining import JOIN, invite_person, join
from portal.people.actions.persons import add_person

TEMPLATE = "say-hello"
PUBLISHED, ASKED, JOINED = timedelta(hours=31), timedelta(hours=25), timedelta(hours=22)


class Newcomer:
    """Puts it on the agenda of the last two days. Chance has no part in it."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast
        self.entry = programme()["newcomer"]

    def begin(self) -> None:
        """Plan the challenge, then the invitation, then the joining."""
        for before, happening in ((PUBLISHED, self._publish), (ASKED, self._add), (JOINED, self._join)):
            self.story.plan(self.story.end - before, happening)

    def _publish(self, at: datetime) -> None:
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[0])
        made = make_draft(session, actor, template_key=TEMPLATE, key="demo-welcome", now=at)
        publish_challenge(session, actor, challenge_id=made.id, now=at)
        offer_first(session, actor, challenge_id=made.id, now=at)

    def _add(self, at: datetime) -> None:
        name, company = self.entry["name"], self.entry["company"]
        facts = {"title": self.entry["title"], "roles": ["advocate"], "company_id": self.story.companies[company], "is_demo": True}
        email = email_of(name, domain_of(company))
        actor = self.story.acting(self.cast.reviewers[1])
        self.story.people[name] = add_person(self.story.session, actor, name=name, email=email, **facts, now=at)

    def _join(self, at: datetime) -> None:
        session, person = self.story.session, self.story.people[self.entry["name"]]
        link = invite_person(session, self.story.portal, person_id=person.id, mail=False, now=at)
        password = self.cast.hasher.accept(PASSWORD, POLICY)
        join(session, self.story.portal, token=link.removeprefix(JOIN), password=password, now=at)
