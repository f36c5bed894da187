"""What two customers let their people accept, and who is taxed."""

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.people.models import Company
from portal.receiving.actions.accepting import set_company_rule, set_person_rule
from portal.receiving.models import ReceivedYear
from portal.receiving.queries.standing import year_of
from portal.receiving.rules.accepting import Rule, Stance, rule_from


class Receiving:
    """Enters the customers' rules last, so that nobody was refused before."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast

    def begin(self) -> None:
        """Put them on the agenda."""
        self.story.plan(self.story.end - timedelta(minutes=30), self._rule)

    def _rule(self, at: datetime) -> None:
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[0])
        for entry in programme()["accepts"]:
            company = session.scalars(select(Company).where(Company.name == entry["company"])).one()
            rule = rule_from(entry["choice"], entry.get("item"), entry.get("year"))
            set_company_rule(session, actor, company_id=company.id, rule=rule, reason=entry["reason"], now=at)
        # Who received most this year is taxed where there is a limit, and not far from it.
        most = select(ReceivedYear.person_id).where(ReceivedYear.year == year_of(session, at)).order_by(ReceivedYear.cents.desc()).limit(1)
        person_id = session.scalar(most)
        if person_id is not None:
            said = {"rule": Rule(Stance.MAY), "country": "US", "reason": programme()["taxed"]["reason"]}
            set_person_rule(session, actor, person_id=person_id, **said, now=at)
