"""What members wish for, and who waits for what is sold out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import select

from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.story import Story
from portal.kernel.errors import Refusal
from portal.rewards.actions.waiting import join_waiting
from portal.rewards.actions.wishes import wish
from portal.rewards.models.offering import Reward
from portal.rewards.queries.variants import left_of, variants_of
from portal.rewards.rules.kinds import RewardState

WISHED_HOURS, WAITED_HOURS = 30, 4
EVERY, MOST, WAITING = 3, 4, 6


class Wishes:
    """Lets every third member wish for something, the star for what is near and what is far, and some wait for what is gone."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast
        self.random = Random(7)

    def begin(self) -> None:
        """Put both on the agenda, late, when it is known what sold out."""
        self.story.plan(self.story.end - timedelta(hours=WISHED_HOURS), self._wish)
        self.story.plan(self.story.end - timedelta(hours=WAITED_HOURS), self._wait)

    def _wish(self, at: datetime) -> None:
        offered, star = self._offered(), programme()["star"]
        for name in programme()["wished"]["star"]:
            reward = next(reward for reward in offered if reward.name == name)
            wish(self.story.session, self.story.acting(star["name"]), reward_id=reward.id, now=at)
        for name in self._joined()[::EVERY]:
            for reward in self.random.sample(offered, self.random.randint(1, MOST)):
                self._try(wish, name, reward, at)

    def _wait(self, at: datetime) -> None:
        offered = self._offered()
        left = left_of(self.story.session, offered, self.story.end)
        for reward in offered:
            if left[reward.id] == 0 and not variants_of(self.story.session, reward.id):
                for name in self.random.sample(self._joined(), WAITING):
                    self._try(join_waiting, name, reward, at)

    def _try(self, act: Callable[..., None], name: str, reward: Reward, at: datetime) -> None:
        """Let somebody wish or wait, unless it is meant for others, they have as many as one person may have, or may not accept it."""
        try:
            act(self.story.session, self.story.acting(name), reward_id=reward.id, now=at)
        except Refusal:
            return

    def _offered(self) -> list[Reward]:
        live = select(Reward).where(Reward.state == RewardState.LIVE).order_by(Reward.id)
        return list(self.story.session.scalars(live, execution_options={"populate_existing": True}))

    def _joined(self) -> list[str]:
        """Return the members who joined, the star left out."""
        star, people = programme()["star"]["name"], self.story.people
        return [member.name for member in self.cast.members if member.name != star and member.name in people and people[member.name].joined_at]
