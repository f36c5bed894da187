"""What sales handed over about three customers, in the second month, and who saw how their people are reached."""

from datetime import datetime, timedelta
from typing import Any

from portal.accounts.actions.handing_over import hand_over
from portal.accounts.actions.seeing import see_contact
from portal.accounts.rules.knowing import HandOver, Someone
from portal.accounts.rules.seeing import Place
from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.people.actions.companies import edit_company

BEGAN, SEEN = 340, 6


class Accounts:
    """Gives three customers to the employee of the demo, who writes down what sales told her."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast

    def begin(self) -> None:
        """Put it on the agenda."""
        for place, entry in enumerate(programme()["handed_over"]):
            self.story.plan(self.story.end - timedelta(days=BEGAN - 9 * place), self._hand_over, entry)
        self.story.plan(self.story.end - timedelta(days=SEEN), self._see)

    def _hand_over(self, entry: dict[str, Any], at: datetime) -> None:
        company_id = self.story.companies[entry["company"]]
        owner_id = self.story.people[entry["owner"]].id
        edit_company(self.story.session, self.story.acting(self.cast.reviewers[0]), company_id=company_id, owner_id=owner_id, now=at)
        given = HandOver(
            renewal_on=(self.story.end + timedelta(days=entry["renews"])).date(),
            goals=entry["goals"].strip(),
            notes=entry["notes"],
            competitors=tuple(entry["competitors"]),
            stakeholders=tuple(Someone(*one) for one in entry["stakeholders"]),
        )
        hand_over(self.story.session, self.story.acting(entry["owner"]), company_id=company_id, given=given, now=at)

    def _see(self, at: datetime) -> None:
        """Let the owner of the star's company look up how she is reached."""
        owner, star = programme()["handed_over"][0]["owner"], self.story.people[programme()["star"]["name"]]
        see_contact(self.story.session, self.story.acting(owner), person_id=star.id, place=Place.COMPANY, now=at)
