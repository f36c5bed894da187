"""Addresses of parcels: kept for one redemption, remembered for the next with a tick, and gone when nobody needs them any more."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.rewards.kinds.registry import kind_of
from portal.rewards.models.redeeming import KeptAddress, Redemption, RedemptionAddress
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.conditions import get_conditions
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.rules.addresses import KEPT_DAYS, Address, AddressThere, NoParcel, require_address
from portal.rewards.rules.conditions import require_delivered
from portal.rewards.rules.redeeming import require_decider
from portal.rewards.rules.states import GIVEN_BACK, HELD, State


def give_address(session: Session, actor: Actor, *, redemption_id: int, address: Address, now: datetime) -> None:
    """Say where a parcel goes that was asked for when nobody was asked for an address.

    Refuses: NotAllowed, OwnRedemption, NoParcel, AddressThere, AddressIncomplete, CountryUnknown, NotDeliveredThere.
    """
    redemption = get_redemption(session, redemption_id, is_fresh=True)
    require_decider(actor, redemption.person_id)
    if redemption.state not in HELD or not kind_of(get_reward(session, redemption.reward_id).kind).needs_address:
        raise NoParcel()
    given = require_address(address)
    require_delivered(get_conditions(session, redemption.reward_id), given.country)
    try:
        with session.begin_nested():
            session.add(RedemptionAddress(redemption_id=redemption_id, **given.values))
            session.flush()
    except IntegrityError as error:
        if not violated(error, "redemption_address", "redemption_id", name="pk_redemption_address"):
            raise
        raise AddressThere() from error
    audit.record(session, actor, "redemption.addressed", "redemption", redemption_id, now=now)


def keep_address(session: Session, redemption: Redemption, address: Address, *, remembers: bool, now: datetime) -> None:
    """Keep where the redemption goes, and, where asked to, remember it for the next time; otherwise what was remembered is forgotten."""
    session.add(RedemptionAddress(redemption_id=redemption.id, **address.values))
    session.flush()
    if remembers:
        _remember(session, redemption.person_id, address, now)
    else:
        forget_address(session, redemption.person_id)


def _remember(session: Session, person_id: int, address: Address, now: datetime) -> None:
    """Keep the newest address. Two windows of one person may both be first: the one that comes second writes over the other."""
    written = update(KeptAddress).where(KeptAddress.person_id == person_id).values(kept_at=now, **address.values).returning(KeptAddress.person_id)
    written = written.execution_options(synchronize_session=False)
    if session.execute(written).scalar() is not None:
        return
    try:
        with session.begin_nested():
            session.add(KeptAddress(person_id=person_id, kept_at=now, **address.values))
            session.flush()
    except IntegrityError as error:
        if not violated(error, "kept_address", "person_id", name="pk_kept_address"):
            raise
        session.execute(written)


def forget_address(session: Session, person_id: int) -> None:
    """Forget the address a person once let us remember."""
    session.execute(delete(KeptAddress).where(KeptAddress.person_id == person_id))


def erase_addresses(session: Session, *, now: datetime, most: int) -> int:
    """Erase where parcels went that arrived, or came to nothing, ``KEPT_DAYS`` ago; returns how many this call erased, at most ``most``."""
    ended = or_(
        Redemption.state.in_(GIVEN_BACK) & (Redemption.released_at < now - timedelta(days=KEPT_DAYS)),
        (Redemption.state == State.RECEIVED) & (Redemption.received_at < now - timedelta(days=KEPT_DAYS)),
    )
    due = select(RedemptionAddress.redemption_id).join(Redemption, Redemption.id == RedemptionAddress.redemption_id).where(ended)
    ids = list(session.scalars(due.order_by(RedemptionAddress.redemption_id).limit(most)))
    gone = delete(RedemptionAddress).where(RedemptionAddress.redemption_id.in_(ids)).returning(RedemptionAddress.redemption_id)
    return len(session.scalars(gone.execution_options(synchronize_session=False)).all())
