"""A gift card from the code vault, with codes for show: the star has one that is ready, so that who signs in can look at a code."""

from datetime import datetime, timedelta
from io import BytesIO

from portal.commands.demo.cast import Cast
from portal.commands.demo.content import programme
from portal.commands.demo.pictures import draw
from portal.commands.demo.story import Story
from portal.files.actions import store_upload
from portal.files.receiving import receive
from portal.rewards.actions.catalogue import add_reward, publish_reward, set_options
from portal.rewards.actions.codes import confirm_codes, import_codes
from portal.rewards.actions.redeeming import redeem
from portal.rewards.actions.review import approve_redemption
from portal.vault.rules import NEVER, Card, Read

OFFERED, ASKED, APPROVED = timedelta(days=6), timedelta(hours=50), timedelta(hours=28)


class Cards:
    """Puts it on the agenda of the last days. Chance has no part in it."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast, self.entry = story, cast, programme()["vault_card"]
        self._reward, self._redemption = 0, 0

    def begin(self) -> None:
        """Plan the offer, then the star's asking, then the approval, with which the code is ready."""
        for before, happening in ((OFFERED, self._offer), (ASKED, self._ask), (APPROVED, self._approve)):
            self.story.plan(self.story.end - before, happening)

    def _offer(self, at: datetime) -> None:
        session, actor, entry = self.story.session, self.story.acting(self.cast.reviewers[0]), self.entry
        drawn = receive(BytesIO(draw(entry["shape"], entry["hue"])), "card.png", purpose="picture", storage=self.story.storage)
        picture = store_upload(session, actor, received=drawn, owner_id=None, now=at)
        said = {name: entry[name] for name in ("name", "price", "summary", "text")}
        made = add_reward(session, actor, **said, kind="gift_card", limit_per_person=2, picture_id=picture.id, key="demo-vault-card", now=at)
        set_options(session, actor, reward_id=made.id, given={"source": "vault", "amount": str(entry["worth"]), "currency": "USD"}, now=at)
        last = (self.story.end + timedelta(days=entry["lapsing_days"])).date()
        cards = [Card(code, entry["pin"], "", last if place < entry["lapsing"] else NEVER) for place, code in enumerate(entry["codes"])]
        read = Read(list(enumerate(cards, 2)), [])
        about = {"reward_id": made.id, "filename": entry["file"], "key": "demo-codes"}
        batch = import_codes(session, actor, **about, read=read, now=at)
        confirm_codes(session, actor, reward_id=made.id, batch_id=batch.id, now=at)
        publish_reward(session, actor, reward_id=made.id, now=at)
        self._reward = made.id

    def _ask(self, at: datetime) -> None:
        star = self.story.acting(programme()["star"]["name"])
        self._redemption = redeem(self.story.session, star, reward_id=self._reward, key="demo-vault-redemption", now=at).id

    def _approve(self, at: datetime) -> None:
        approve_redemption(self.story.session, self.story.acting(self.cast.reviewers[1]), redemption_id=self._redemption, now=at)
