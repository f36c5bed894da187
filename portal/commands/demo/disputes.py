"""Two lines of statements that their members dispute: one was put right, one waits for an answer."""

from datetime import datetime, timedelta

from portal.bank.actions.disputing import dispute_line, put_right
from portal.bank.queries.disputes import deciders_of
from portal.bank.queries.statement import Wanted, list_lines
from portal.bank.rules.adjusting import Category
from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.ledger.rules import TransferKind

DISPUTED, WAITS_HOURS = 6, 7
"""So many days ago the star disputed a line, which is answered, and so many hours ago somebody else did, who waits."""
ANOTHER = 2
"""Who else: the member with the third-most to do."""


class Disputes:
    """Lets the star and another member dispute what they earned last, and an admin who did not decide it put the star's right."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast

    def begin(self) -> None:
        """Put them on the agenda."""
        star = programme()["star"]["name"]
        self.story.plan(self.story.ago(DISPUTED), self._dispute, star, "The story had two parts, and the second one was not counted.", True)
        self.story.plan(
            self.story.end - timedelta(hours=WAITS_HOURS), self._dispute, "", "I think this was worth more: the challenge said so.", False
        )

    def _dispute(self, name: str, words: str, is_answered: bool, at: datetime) -> None:
        member = name or self._another()
        lines = list_lines(self.story.session, self.story.people[member].id, Wanted(kind=TransferKind.AWARD), {})
        made = dispute_line(self.story.session, self.story.acting(member), transfer_id=lines.rows[0].transfer_id, words=words, now=at)
        barred = deciders_of(self.story.session, made)
        if is_answered:
            admin = next(name for name in self.cast.reviewers if self.story.people[name].id not in barred)
            self.story.plan(self.story.after(at, hours=20), self._put_right, made.id, admin)

    def _put_right(self, dispute_id: int, admin: str, at: datetime) -> None:
        actor, reason = self.story.acting(admin), "You are right: the second part is paid now."
        put_right(self.story.session, actor, dispute_id=dispute_id, points=25, category=Category.ERROR, reason=reason, now=at)

    def _another(self) -> str:
        """Return a busy member who has earned something, the star left out."""
        star, people = programme()["star"]["name"], self.story.people
        busy = sorted(self.cast.members, key=lambda member: (-member.level, member.name))
        joined = [member.name for member in busy if member.name != star and member.name in people and people[member.name].joined_at]
        earned = (name for name in joined[ANOTHER:] if list_lines(self.story.session, people[name].id, Wanted(kind=TransferKind.AWARD), {}).rows)
        return next(earned)
