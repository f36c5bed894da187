"""Counting what signs of misuse are made of: sessions and marks of them, redemptions, decisions. A constant number of statements."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import Select, case, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from portal.ledger.models import account, entry, transfer
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person, SignInMark, SignInSession
from portal.people.queries.persons import get_person
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.kinds import UNIT, Kind
from portal.rewards.rules.signs import Counted, signs_in

LAST_OWN, LAST_ALL = 200, 2_000


def counted_for(session: Session, redemption: Redemption) -> Counted:
    """Return what was counted about the person of a redemption: rewards of a day before they asked for it, all else as it stands now."""
    person = get_person(session, redemption.person_id)
    device, address = _together(session, person)
    redemptions, gift_cards, gift_points, in_a_day = _redeemed(session, redemption)
    return Counted(
        same_device=device,
        same_address=address,
        redemptions=redemptions,
        gift_cards=gift_cards,
        gift_points=gift_points,
        lifetime=balance_of(session, person.id, unit=UNIT).lifetime,
        decided=_decided(session, person.id),
        usual=_usual(session, person.id),
        in_a_day=in_a_day,
    )


def reviewers_named(session: Session, person_id: int) -> frozenset[int]:
    """Return the reviewer of whom a sign about the person speaks."""
    found = signs_in(Counted(decided=_decided(session, person_id), usual=_usual(session, person_id)))
    return frozenset(sign.who for sign in found if sign.who is not None)


def _together(session: Session, person: Person) -> tuple[int, int]:
    """Return how many advocates of other companies share a browser at one address with the person, and how many an address.

    By the sessions that are open, and by the marks that closed ones left within 90 days. Colleagues share offices.
    """
    other = aliased(Person)
    is_other = or_(other.company_id.is_(None), other.company_id != (person.company_id or 0))
    seen = union_all(_open_sessions(person.id), _marks(person.id)).subquery("seen")
    shared = (
        select(func.count(func.distinct(case((seen.c.is_device, seen.c.person_id)))), func.count(func.distinct(seen.c.person_id)))
        .select_from(seen)
        .join(other, other.id == seen.c.person_id)
        .where(other.is_advocate, is_other)
    )
    device, address = session.execute(shared).one()
    return device, address


def _open_sessions(person_id: int) -> Select[int, bool]:
    mine, theirs = aliased(SignInSession), aliased(SignInSession)
    found = select(theirs.person_id, (theirs.browser == mine.browser).label("is_device")).select_from(mine).join(theirs, theirs.origin == mine.origin)
    return found.where(mine.person_id == person_id, mine.origin != "", theirs.person_id != person_id)


def _marks(person_id: int) -> Select[int, bool]:
    mine, theirs = aliased(SignInMark), aliased(SignInMark)
    own = select(mine.address, mine.device).where(mine.person_id == person_id).distinct().subquery("own")
    found = select(theirs.person_id, (theirs.device == own.c.device).label("is_device")).select_from(own)
    return found.join(theirs, theirs.address == own.c.address).where(theirs.person_id != person_id)


def _redeemed(session: Session, redemption: Redemption) -> tuple[int, int, int, int]:
    is_card = Reward.kind == Kind.GIFT_CARD
    day = redemption.requested_at - timedelta(days=1)
    is_recent = (Redemption.requested_at > day) & (Redemption.requested_at <= redemption.requested_at)
    kept = Redemption.released_at.is_(None)
    counts = (
        select(
            func.count(case((kept, 1))),
            func.count(case((kept & is_card, 1))),
            func.coalesce(func.sum(case((kept & is_card, Redemption.price), else_=0)), 0),
            func.count(case((is_recent, 1))),
        )
        .select_from(Redemption)
        .join(Reward, Reward.id == Redemption.reward_id)
        .where(Redemption.person_id == redemption.person_id)
    )
    redemptions, cards, points, in_a_day = session.execute(counts).one()
    return redemptions, cards, int(points), in_a_day


_BY_DECISION = (transfer.c.kind == "award", transfer.c.actor_id.is_not(None), transfer.c.batch_id.is_(None))


def _decided(session: Session, person_id: int) -> tuple[tuple[int, int], ...]:
    """Return who decided the person's last payments, and how often."""
    own = (
        select(transfer.c.actor_id)
        .select_from(account.join(entry, entry.c.account_id == account.c.id).join(transfer, transfer.c.id == entry.c.transfer_id))
        .where(account.c.owner_id == person_id, account.c.kind == "available", account.c.unit == UNIT, entry.c.version.is_not(None), *_BY_DECISION)
        .order_by(entry.c.version.desc())
        .limit(LAST_OWN)
    )
    return tuple(sorted(Counter(session.scalars(own)).items()))


def _usual(session: Session, person_id: int) -> tuple[tuple[int, int], ...]:
    """Return who decided the last payments of everybody else, and how often."""
    last = select(transfer.c.id, transfer.c.actor_id, transfer.c.owner_id, transfer.c.kind, transfer.c.batch_id)
    some = last.order_by(transfer.c.id.desc()).limit(LAST_ALL).subquery()
    others = select(some.c.actor_id, func.count()).where(
        some.c.kind == "award", some.c.actor_id.is_not(None), some.c.batch_id.is_(None), some.c.owner_id != person_id
    )
    return tuple((actor, times) for actor, times in session.execute(others.group_by(some.c.actor_id).order_by(some.c.actor_id)))
