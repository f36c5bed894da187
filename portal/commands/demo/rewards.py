"""The shelf, what people took from it, and corrections by hand."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import select

from portal.bank.actions.terms import set_terms
from portal.commands.demo.cast import Cast, Member
from portal.commands.demo.conditions import OFFERED, ask_for
from portal.commands.demo.content import programme
from portal.commands.demo.pictures import draw
from portal.commands.demo.story import Story
from portal.files.actions import store_upload
from portal.files.receiving import receive
from portal.ledger.lots import PolicyKind
from portal.ledger.queries.balances import balance_of
from portal.recognition.actions.scores import adjust
from portal.rewards.actions.catalogue import add_reward, publish_reward, retire_reward, set_options
from portal.rewards.actions.fulfilling import confirm_received, order_redemption, receive_redemption, return_redemption, send_redemption
from portal.rewards.actions.redeeming import Asked, cancel_redemption, redeem
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.actions.variants import add_variant
from portal.rewards.actions.worth import set_value, stops
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.variants import left_of, variants_of
from portal.rewards.rules.addresses import Address
from portal.rewards.rules.kinds import Kind, RewardState
from portal.rewards.rules.states import State
from portal.rewards.rules.terms import version_of

OPENED = 330
GOOD_FOR_MONTHS = 24
LEFT_WAITING_HOURS, LEFT_APPROVED_HOURS = 30, 20
PARCELS_BACK = 7  # every seventh parcel comes back
BACK = "Came back unopened: the office has moved. Your points are yours again; tell us the new address."


class Shelf:
    """Fills the shelf and lets people take from it."""

    def __init__(self, story: Story, cast: Cast) -> None:
        self.story, self.cast = story, cast
        self.rewards: list[Reward] = []
        self._parcels = 0

    def begin(self) -> None:
        """Put the shelf, what everybody treats themself to, the corrections, and how long points are good on the agenda."""
        self.story.plan(self.story.ago(OPENED), self._let_points_expire)
        for number, entry in enumerate(programme()["reward"]):
            opened = self.story.end - OFFERED if "conditions" in entry else self.story.ago(OPENED)
            self.story.plan(opened, self._offer, number, entry)
        for week in range(OPENED // 7):
            self.story.plan(self.story.ago(OPENED - 7 * week - 3), self._somebody_redeems)
        for hours in (6, 20, 31, 44, 70, 95, 120):
            self.story.plan(self.story.end - timedelta(hours=hours), self._somebody_redeems)
        self.story.plan(self.story.end - timedelta(days=12), self._star_spends)
        self.story.plan(self.story.end - timedelta(hours=77), self._treat_star)
        self.story.plan(self.story.end - timedelta(hours=LEFT_APPROVED_HOURS), self._send_oldest)
        for number, entry in enumerate(programme()["adjustment"]):
            self.story.plan(self.story.ago(entry["days"]), self._adjust, number, entry)

    def _let_points_expire(self, at: datetime) -> None:
        actor = self.story.acting(self.cast.reviewers[0])
        set_terms(self.story.session, actor, kind=PolicyKind.FIXED, months=GOOD_FOR_MONTHS, pending_days=0, now=at)

    def _offer(self, number: int, entry: dict[str, Any], at: datetime) -> None:
        session, actor = self.story.session, self.story.acting(self.cast.reviewers[number % 2])
        stream, filename = BytesIO(draw(entry["shape"], entry["hue"])), f"{entry['shape']}.png"
        received = receive(stream, filename, purpose="picture", storage=self.story.storage)
        picture = store_upload(session, actor, received=received, owner_id=None, now=at)
        made = add_reward(
            session,
            actor,
            name=entry["name"],
            kind=entry["kind"],
            price=entry["price"],
            summary=entry["summary"],
            text=entry.get("how") or programme()["how"][entry["kind"]],
            stock=entry.get("stock"),
            terms=entry.get("terms", ""),
            limit_per_person=entry.get("limit"),
            picture_id=picture.id,
            key=f"demo-reward-{number}",
            now=at,
        )
        set_value(session, actor, reward_id=made.id, cents=entry["worth"] * 100, now=at)
        options = entry.get("options", {})
        if "in_days" in entry:
            options = options | {"happens_on": (self.story.end + timedelta(days=entry["in_days"])).date().isoformat()}
        if options:
            set_options(session, actor, reward_id=made.id, given=options, now=at)
        for name, stock in entry.get("variants", {}).items():
            add_variant(session, actor, reward_id=made.id, name=name, stock=stock, now=at)
        if "conditions" in entry:
            ask_for(self.story, actor, made.id, entry, at)
        publish_reward(session, actor, reward_id=made.id, now=at)
        if "conditions" not in entry:
            self.rewards.append(made)
        if "retired" in entry:
            self.story.plan(self.story.ago(entry["retired"]), self._retire, made)

    def _retire(self, reward: Reward, at: datetime) -> None:
        retire_reward(self.story.session, self.story.acting(self.cast.reviewers[0]), reward_id=reward.id, now=at)

    def _somebody_redeems(self, at: datetime) -> None:
        """Let one or two of those who have most to spend take something they can afford, soon."""
        joined = [m for m in self.cast.members if m.name in self.story.people and self.story.people[m.name].joined_at]
        balances = [(balance_of(self.story.session, self.story.people[m.name].id).available, m) for m in joined]
        able = [(available, member) for available, member in balances if available >= 300]
        for _ in range(min(len(able), self.story.random.choice((1, 1, 2)))):
            available, member = self.story.random.choices(able, [available for available, _ in able])[0]
            able.remove((available, member))
            self.story.plan(at + timedelta(minutes=self.story.random.randrange(90)), self._redeem, member)

    def _able(self, name: str, *, kept: int = 0) -> list[Reward]:
        """Return what somebody can have now and still keep as much."""
        available = balance_of(self.story.session, self.story.people[name].id).available - kept
        for reward in self.rewards:
            self.story.session.refresh(reward)
        left = left_of(self.story.session, self.rewards, self.story.end)
        return [r for r in self.rewards if r.state == RewardState.LIVE and r.price <= available and left[r.id] != 0]

    def _saved(self, name: str, at: datetime) -> int:
        """Return what somebody leaves alone: the star saves for a while, so that who signs in can try to redeem."""
        star = programme()["star"]
        is_saving = name == star["name"] and at > self.story.end - timedelta(days=star["saving_days"])
        return int(star["saved"]) if is_saving else 0

    def _redeem(self, member: Member, at: datetime) -> None:
        free = self._able(member.name, kept=self._saved(member.name, at))
        if not free:
            return
        reward = self.story.random.choices(free, [r.price for r in free])[0]
        made = self._take(member.name, reward, at)
        chance = self.story.random.random()
        if chance < 0.06:
            self.story.plan(self.story.after(at, hours=2), self._cancel, member, made.id)
            return
        decided = self.story.after(at, hours=16)
        if decided < self.story.end - timedelta(hours=LEFT_WAITING_HOURS):
            self.story.plan(decided, self._decide, made.id, chance < 0.13)

    def _take(self, name: str, reward: Reward, at: datetime) -> Redemption:
        wish = self.story.random.choice(programme()["redeem"]["wish"].get(reward.kind, [""]))
        actor, key = self.story.acting(name), f"demo-redemption-{self.story.number()}"
        return redeem(
            self.story.session, actor, reward_id=reward.id, key=key, wish=wish, shown_price=reward.price, asked=self._asked(name, reward), now=at
        )

    def _asked(self, name: str, reward: Reward) -> Asked:
        """Return what somebody fills in: the first variant that is left, the first cause, an address of their own."""
        variant = next((found.id for found in variants_of(self.story.session, reward.id) if found.stock), None)
        answers = {name: control.choices[0] for name, control in kind_of(reward.kind).asks(reward.options).items()}
        address = None
        if kind_of(reward.kind).needs_address:
            to, number = programme()["redeem"]["to"], self.story.people[name].id
            postcode, city, country = to["cities"][number % len(to["cities"])]
            address = Address(name, to["streets"][number % len(to["streets"])], postcode, city, "", country)
        return Asked(variant, answers, address, remembers=True, agrees=True, terms=version_of(reward.terms))

    def _star_spends(self, at: datetime) -> None:
        """Let the star take the dearest thing that leaves what is saved."""
        star = programme()["star"]
        able = self._able(star["name"], kept=star["saved"])
        if able:
            made = self._take(star["name"], max(able, key=lambda reward: reward.price), at)
            self.story.plan(self.story.after(at, hours=16), self._decide, made.id, False)

    def _treat_star(self, at: datetime) -> None:
        """Let the star have something that is approved and on its way."""
        star = programme()["star"]
        able = self._able(star["name"], kept=star["left"])
        if not able:
            return
        reward = next((reward for reward in able if reward.name == star["redeemed"]), able[0])
        made = self._take(star["name"], reward, at)
        self.story.plan(at + timedelta(hours=5), self._approve, made.id)

    def _cancel(self, member: Member, redemption_id: int, at: datetime) -> None:
        cancel_redemption(self.story.session, self.story.acting(member.name), redemption_id=redemption_id, now=at)

    def _decide(self, redemption_id: int, is_declined: bool, at: datetime) -> None:
        if not is_declined:
            self._approve(redemption_id, at)
            handed_over = self.story.after(at, hours=80)
            if handed_over < self.story.end - timedelta(hours=LEFT_APPROVED_HOURS):
                self.story.plan(handed_over, self._send, redemption_id)
            return
        actor, reason = self.story.acting(self.cast.reviewers[0]), self._words("decline", redemption_id)
        decline_redemption(self.story.session, actor, redemption_id=redemption_id, reason=reason, now=at)

    def _approve(self, redemption_id: int, at: datetime) -> None:
        approve_redemption(self.story.session, self.story.acting(self.story.random.choice(self.cast.reviewers)), redemption_id=redemption_id, now=at)

    def _kind(self, redemption_id: int) -> str:
        redeemed = self.story.session.get_one(Redemption, redemption_id).reward_id
        return next(reward.kind for reward in self.rewards if reward.id == redeemed)

    def _words(self, about: str, redemption_id: int) -> str:
        """Return what reviewers say about a reward of this kind."""
        return str(self.story.random.choice(programme()["redeem"][about][self._kind(redemption_id)]))

    def _send(self, redemption_id: int, at: datetime) -> None:
        """Order it a little earlier where it is ordered, send it, and let it arrive after some days."""
        session, actor, kind = self.story.session, self.story.acting(self.cast.reviewers[1]), self._kind(redemption_id)
        if kind_of(kind).is_at_once or stops(session, session.get_one(Redemption, redemption_id), at):
            return
        if kind_of(kind).is_ordered:
            order_redemption(session, actor, redemption_id=redemption_id, now=at)
        handed = {
            Kind.MERCHANDISE: {"carrier": "Parcel service", "tracking": f"LP{redemption_id:08}"},
            Kind.VOUCHER: {"code": f"PLAN-{redemption_id:05}"},
        }
        given = handed.get(Kind(kind), {})
        send_redemption(session, actor, redemption_id=redemption_id, delivery=self._words("delivery", redemption_id), handed=given, now=at)
        self._parcels += kind == Kind.MERCHANDISE
        if kind == Kind.MERCHANDISE and self._parcels % PARCELS_BACK == 0:
            self.story.plan(self.story.after(at, hours=150), self._return, redemption_id)
            return
        arrives = self.story.after(at, hours=90)
        if arrives < self.story.end:
            self.story.plan(arrives, self._arrive, redemption_id)

    def _send_oldest(self, at: datetime) -> None:
        """Send what was approved longest ago, so that something is on its way when the year ends; the star's waits on."""
        star = self.story.people[programme()["star"]["name"]].id
        approved = select(Redemption).where(Redemption.state == State.APPROVED, Redemption.person_id != star).order_by(Redemption.approved_at)
        oldest = self.story.session.scalars(approved.limit(1)).first()
        if oldest is not None:
            self._send(oldest.id, at)

    def _arrive(self, redemption_id: int, at: datetime) -> None:
        """Let somebody say that they have it, or an admin that a ticket was shown, if its day has come."""
        redemption = self.story.session.get_one(Redemption, redemption_id)
        if kind_of(self._kind(redemption_id)).is_shown:
            if redemption.happens_on is None or redemption.happens_on <= at.date():
                receive_redemption(self.story.session, self.story.acting(self.cast.reviewers[1]), redemption_id=redemption_id, now=at)
            return
        person_id = redemption.person_id
        name = next(name for name, person in self.story.people.items() if person.id == person_id)
        confirm_received(self.story.session, self.story.acting(name), redemption_id=redemption_id, now=at)

    def _return(self, redemption_id: int, at: datetime) -> None:
        return_redemption(self.story.session, self.story.acting(self.cast.reviewers[0]), redemption_id=redemption_id, reason=BACK, now=at)

    def _adjust(self, number: int, entry: dict[str, Any], at: datetime) -> None:
        adjust(
            self.story.session,
            self.story.acting(self.cast.reviewers[0]),
            person_id=self.story.people[entry["person"]].id,
            points=entry["points"],
            counts_as_earned=entry["earned"],
            key=f"demo-adjustment-{number}",
            reason=entry["reason"],
            note=entry["note"],
            now=at,
        )
