"""What rewards are worth in money, and how it stands between a redemption and who receives it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.errors import Refusal
from portal.ledger.queries.balances import balance_of
from portal.people.queries.changes import sign_in_changed
from portal.people.queries.persons import get_person, names
from portal.people.rules.person import PersonState
from portal.receiving.queries.standing import Receiver, point_value, receiver_of, receivers_of
from portal.receiving.rules.accepting import Stance
from portal.receiving.rules.value import value_in_cents
from portal.review.queries.terms import terms_of as review_terms_of
from portal.rewards.models.cards import AskedCard
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption, RedemptionAddress, RedemptionPause, RedemptionTerms
from portal.rewards.queries.cards import asked_card, asked_cards
from portal.rewards.queries.signs import counted_for
from portal.rewards.rules.auto import REST_HOURS, Against, AutoTerms, Facts, against, rests_until, to_be_read
from portal.rewards.rules.kinds import UNIT, Kind
from portal.rewards.rules.signs import Found, signs_in
from portal.rewards.rules.states import HELD, State


@dataclass(frozen=True)
class Looked:
    """What a decider reads besides: value, who receives, what would stop it from being sent, the rest after a change, why not by the rule,
    signs of misuse, and the ``names`` of the reviewers in them. ``to_be_read`` is why it is not approved with many others.
    """

    cents: int
    is_own_value: bool
    receiver: Receiver
    stop: Refusal | None
    rests_until: datetime | None
    is_auto: bool
    against: list[Against]
    signs: list[Found]
    names: dict[int, str]
    to_be_read: list[Against]

    @property
    def named(self) -> frozenset[int]:
        """The reviewers of whom a sign speaks."""
        return frozenset(sign.who for sign in self.signs if sign.who is not None)


def is_charity(reward: Reward) -> bool:
    """Tell whether a reward is a gift to a good cause."""
    return reward.kind == Kind.DONATION


def cents_of(session: Session, reward: Reward, price: int | None = None, card: AskedCard | None = None) -> int:
    """Return what a reward is worth in cents, for ``price`` points where it was asked for at another price than today's, as the ``card`` that
    was asked for where there is one.
    """
    own = reward.value_cents if card is None or card.value_cents is None else card.value_cents
    return value_in_cents(own=own, price=reward.price if price is None else price, point_value=point_value(session))


def value_of(session: Session, redemption: Redemption, reward: Reward) -> int:
    """Return what a redemption is worth in cents, at its price and as the card that was asked for."""
    card = asked_card(session, redemption.id) if reward.kind == Kind.GIFT_CARD else None
    return cents_of(session, reward, redemption.price, card)


def open_cents(session: Session, person_id: int, *, besides: int | None = None) -> int:
    """Return the value of what somebody asked for and was not sent yet, ``besides`` one."""
    return open_cents_of(session, [person_id], besides=besides).get(person_id, 0)


def open_cents_of(session: Session, person_ids: Collection[int], *, besides: int | None = None) -> dict[int, int]:
    """Return as ``open_cents`` for many people, in one statement, by who asked for anything; nothing is asked where there is nobody."""
    found: dict[int, int] = {}
    if person_ids:
        waiting = select(Redemption.person_id, Reward, Redemption.price, AskedCard).join(Reward, Reward.id == Redemption.reward_id)
        waiting = waiting.outerjoin(AskedCard, AskedCard.redemption_id == Redemption.id)
        waiting = waiting.where(Redemption.person_id.in_(person_ids), Redemption.state.in_(HELD), Redemption.id != (besides or 0))
        for person_id, reward, price, card in session.execute(waiting):
            found[person_id] = found.get(person_id, 0) + cents_of(session, reward, price, card)
    return found


def sent_to(session: Session, redemption_id: int) -> str:
    """Return the country a parcel goes to, empty where there is none."""
    return session.scalar(select(RedemptionAddress.country).where(RedemptionAddress.redemption_id == redemption_id)) or ""


def auto_terms_of(session: Session) -> AutoTerms:
    """Return what the rule may approve: as admins set it, or nothing."""
    row = session.get(RedemptionTerms, 1)
    return AutoTerms(row.most_cents, row.received) if row else AutoTerms()


def resting(session: Session, person_ids: Iterable[int], now: datetime) -> dict[int, datetime]:
    """Return for whom nothing is approved at ``now``, and until when, in one statement."""
    changed = sign_in_changed(session, person_ids, now - timedelta(hours=REST_HOURS))
    return {person_id: until for person_id, at in changed.items() if (until := rests_until(at, now))}


def rested(session: Session, now: datetime, *, limit: int) -> list[int]:
    """Return what the rule put aside and may look at again."""
    due = select(RedemptionPause.redemption_id).where(RedemptionPause.until <= now).order_by(RedemptionPause.until, RedemptionPause.redemption_id)
    return list(session.scalars(due.limit(limit)))


def stop_of(session: Session, redemption: Redemption, reward: Reward, now: datetime) -> Refusal | None:
    """Return why a redemption could not be sent now, or None; as it looks, without keeping anybody from sending something else."""
    receiver = receiver_of(session, redemption.person_id, now, sent_to=sent_to(session, redemption.id))
    return receiver.stop(value_of(session, redemption, reward), is_charity=is_charity(reward))


def stops_of(session: Session, rows: Iterable[Any], now: datetime) -> dict[int, Refusal]:
    """Return why rows of the desk could not be sent now, by redemption, in two statements for all of them."""
    listed = list(rows)
    cards = asked_cards(session, [row.Redemption.id for row in listed])
    receivers = receivers_of(session, {row.Person.id for row in listed}, now) if listed else {}
    found = {}
    for row in listed:
        receiver = receivers[row.Person.id].at(row.RedemptionAddress.country if row.RedemptionAddress else "")
        if stop := receiver.stop(
            cents_of(session, row.Reward, row.Redemption.price, cards.get(row.Redemption.id)), is_charity=is_charity(row.Reward)
        ):
            found[row.Redemption.id] = stop
    return found


def looked_at(session: Session, redemption: Redemption, reward: Reward, now: datetime) -> Looked:
    """Return what is to be known before one redemption is approved or sent."""
    receiver = receiver_of(session, redemption.person_id, now, sent_to=sent_to(session, redemption.id))
    cents, terms = value_of(session, redemption, reward), auto_terms_of(session)
    stop = receiver.stop(cents, is_charity=is_charity(reward))
    until = resting(session, [redemption.person_id], now).get(redemption.person_id)
    is_auto = terms.most_cents is not None
    signs = signs_in(counted_for(session, redemption))
    facts = _facts(session, redemption, cents, receiver, stop, until)
    facts = replace(facts, has_signs=bool(signs))
    reasons = against(terms, facts) if is_auto else []
    who = names(session, [sign.who for sign in signs if sign.who]) if signs else {}
    return Looked(cents, reward.value_cents is not None, receiver, stop, until, is_auto, reasons, signs, who, to_be_read(facts))


def _facts(session: Session, redemption: Redemption, cents: int, receiver: Receiver, stop: Refusal | None, until: datetime | None) -> Facts:
    ended = select(Redemption.state, func.count()).where(Redemption.person_id == redemption.person_id, Redemption.id != redemption.id)
    counts = dict(session.execute(ended.where(Redemption.state.in_((State.RECEIVED, State.RETURNED))).group_by(Redemption.state)).all())
    return Facts(
        cents=cents,
        price=redemption.price,
        received=counts.get(State.RECEIVED.value, 0),
        returned=counts.get(State.RETURNED.value, 0),
        owed=balance_of(session, redemption.person_id, unit=UNIT).owed,
        eyes_above=review_terms_of(session).four_eyes_above,
        is_known=receiver.suggestion is None or receiver.rule.stance is not Stance.UNKNOWN,
        is_stopped=stop is not None,
        is_resting=until is not None,
        is_gone=get_person(session, redemption.person_id).state == PersonState.DEACTIVATED,
    )
