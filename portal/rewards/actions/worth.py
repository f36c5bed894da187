"""Value in money: of a reward, and counted when something is sent. And who may not have it."""

from datetime import datetime

from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, Refusal
from portal.kernel.seen import require_seen
from portal.people.queries.persons import names
from portal.receiving.actions import values
from portal.receiving.queries.standing import receiver_of
from portal.receiving.rules.accepting import MOST_CENTS
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.catalogue import get_reward, locked_reward
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.queries.worth import auto_terms_of, cents_of, is_charity, open_cents, resting, sent_to, value_of
from portal.rewards.rules.auto import RestingAfterChange
from portal.rewards.rules.cards import ValueIsAmount, require_worth, worth_in
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.worth import ValueOutOfRange


def set_value(session: Session, actor: Actor, *, reward_id: int, cents: int | None, now: datetime, seen: str | None = None) -> Reward:
    """Say what a reward is worth in cents from now on; None is its price at the value of a point. What was sent keeps its value.

    Refuses: NotAllowed, ValueOutOfRange, ValueIsAmount of a card whose amount is in US dollars, CardValueMissing where a card that is offered
    would have none, and what changed since it was ``seen`` (ChangedMeanwhile).
    """
    if not actor.is_admin:
        raise NotAllowed()
    if cents is not None and not 0 <= cents <= MOST_CENTS:
        raise ValueOutOfRange(most=MOST_CENTS // 100)
    reward = locked_reward(session, reward_id)
    if reward.value_cents != cents:
        if worth_in(reward.kind, reward.options) is not None:
            raise ValueIsAmount()
        if reward.state == RewardState.LIVE:
            require_worth(reward.kind, reward.options, cents)
        require_seen({"cents": reward.value_cents}, seen)
        before, reward.value_cents, reward.changed_at = reward.value_cents, cents, now
        session.flush()
        audit.record(session, actor, "reward.valued", "reward", reward.id, now=now, before=before, cents=cents)
    return reward


def require_may_have(session: Session, redemption: Redemption, reward: Reward, now: datetime) -> None:
    """Refuses what the person may not accept, with what they asked for and was not sent yet: AskedFirst, MayNotAccept, CharityOnly, caps."""
    receiver, waiting = receiver_of(session, redemption.person_id, now), 0
    if receiver.rule.year_cents is not None or auto_terms_of(session).most_cents is not None:
        # What the rule hands over at once locks the year too; it does so here, before the points.
        receiver = values.locked_receiver(session, redemption.person_id, now)
        waiting = open_cents(session, redemption.person_id, besides=redemption.id)
    refusal = receiver.objection(cents_of(session, reward, redemption.price), is_charity=is_charity(reward), open_cents=waiting)
    if refusal:
        raise refusal


def stops(session: Session, redemption: Redemption, now: datetime) -> Refusal | None:
    """Return why it cannot be sent now, or None; nothing else is sent to the person until this unit of work ends."""
    reward, country = get_reward(session, redemption.reward_id), sent_to(session, redemption.id)
    receiver = values.locked_receiver(session, redemption.person_id, now, sent_to=country)
    return receiver.stop(value_of(session, redemption, reward), is_charity=is_charity(reward))


def count_sent(session: Session, redemption: Redemption, now: datetime) -> None:
    """Count what is sent in its calendar year. Refuses what may not be sent to the person, by name."""
    reward = get_reward(session, redemption.reward_id)
    values.count_value(
        session,
        person_id=redemption.person_id,
        source=value_source(redemption.id),
        cents=value_of(session, redemption, reward),
        is_charity=is_charity(reward),
        sent_to=sent_to(session, redemption.id),
        now=now,
    )


def take_out(session: Session, redemption: Redemption, now: datetime) -> None:
    """Take what came back out of its year."""
    values.take_out(session, source=value_source(redemption.id), now=now)


def value_source(redemption_id: int) -> str:
    """Return what a redemption is called among received values."""
    return f"redemption:{redemption_id}"


def require_rested(session: Session, redemption_id: int, now: datetime) -> None:
    """Refuses: RestingAfterChange, while the person's last change of password or address is less than a day old."""
    person_id = get_redemption(session, redemption_id).person_id
    until = resting(session, [person_id], now).get(person_id)
    if until is not None:
        raise RestingAfterChange(person=names(session, [person_id]).get(person_id, ""), until=until)
