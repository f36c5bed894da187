"""What people redeemed: their own, all of them, and where each stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.errors import NotFound
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.queries.persons import names
from portal.rewards.kinds.registry import SHOWN, kind_of
from portal.rewards.models.offering import Reward, RewardVariant
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.firsts import First, firsts_of
from portal.rewards.queries.variants import address_of
from portal.rewards.rules.addresses import Address
from portal.rewards.rules.auto import RULE_NAME
from portal.rewards.rules.states import BY_RULE_NAME, CALLED_OFF, FIRST_NAME, HELD, HELD_BEFORE, MOMENTS, RETRIED_NAME, State, became_of_hold
from portal.web.paging import Page, page_by

_NEWEST = ((Redemption.requested_at, True), (Redemption.id, True))
_OLDEST = ((Redemption.requested_at, False), (Redemption.id, False))


@dataclass(frozen=True)
class Step:
    """One thing that happened to a redemption, ``name`` marked for translation; ``by`` is empty for the portal itself."""

    state: State
    name: str
    at: datetime
    by_id: int | None
    by: str


@dataclass(frozen=True)
class Detail:
    """All that an admin sees of one redemption."""

    redemption: Redemption
    reward: Reward
    person: Person
    company: str
    steps: list[Step]
    address: Address | None


def get_redemption(session: Session, redemption_id: int, *, is_fresh: bool = False) -> Redemption:
    """Return the redemption, read anew where ``is_fresh``. Raises NotFound."""
    redemption = session.get(Redemption, redemption_id, populate_existing=is_fresh)
    if redemption is None:
        raise NotFound()
    return redemption


def redemption_for(session: Session, person_id: int, redemption_id: int) -> tuple[Redemption, Reward]:
    """Return a redemption of the person and its reward. Raises NotFound, for another's too."""
    mine = select(Redemption, Reward).join(Reward, Reward.id == Redemption.reward_id)
    row = session.execute(mine.where(Redemption.id == redemption_id, Redemption.person_id == person_id)).first()
    if row is None:
        raise NotFound()
    return row[0], row[1]


def find_by_key(session: Session, key: str) -> Redemption | None:
    """Return the redemption that was made with the form of this key, or None."""
    return session.scalar(select(Redemption).where(Redemption.key == key))


def live_slots(session: Session, reward_id: int, person_id: int, *, span: tuple[datetime | None, datetime | None]) -> list[tuple[str, int | None]]:
    """Return period and slot of what a person has of one reward, or asked for, within the span of its limit's period (None twice: ever).

    The slot is None for one from before there was a limit.
    """
    since, until = span
    mine = select(Redemption.period_key, Redemption.slot).where(Redemption.reward_id == reward_id, Redemption.person_id == person_id)
    if since is not None and until is not None:
        mine = mine.where(Redemption.requested_at >= since, Redemption.requested_at < until)
    return [(row.period_key, row.slot) for row in session.execute(mine.where(Redemption.released_at.is_(None)))]


def find_on_its_way(session: Session, person_id: int, reward_id: int) -> Redemption | None:
    """Return the person's newest redemption of a reward that waits for approval or is on its way, or None."""
    mine = select(Redemption).where(Redemption.reward_id == reward_id, Redemption.person_id == person_id)
    mine = mine.where(Redemption.state.in_(HELD))
    return session.scalar(mine.order_by(Redemption.id.desc()).limit(1))


def sent_before(session: Session, moment: datetime, *, limit: int) -> list[int]:
    """Return what was sent before ``moment`` and is not known to have arrived, what was sent first first.

    What takes place on a day counts from that day; what is shown at a door is left to ``tickets_over``.
    """
    sent = select(Redemption.id).join(Reward, Reward.id == Redemption.reward_id)
    sent = sent.where(Redemption.state == State.SENT, Redemption.sent_at <= moment, Reward.kind.not_in(SHOWN))
    sent = sent.where(func.coalesce(Redemption.happens_on, date.min) < local_date(moment, programme_zone(session)))
    return list(session.scalars(sent.order_by(Redemption.sent_at, Redemption.id).limit(limit)))


def tickets_over(session: Session, moment: datetime, *, limit: int) -> list[int]:
    """Return tickets that nobody showed and whose day, as it stands today, was before ``moment``. One without a day is good for ever."""
    given = select(Redemption.id, Redemption.variant_id, RewardVariant.happens_on, Reward.kind, Reward.options)
    given = given.join(Reward, Reward.id == Redemption.reward_id).outerjoin(RewardVariant, RewardVariant.id == Redemption.variant_id)
    given = given.where(Redemption.state == State.SENT, Redemption.sent_at <= moment, Reward.kind.in_(SHOWN)).order_by(
        Redemption.sent_at, Redemption.id
    )
    last, found = local_date(moment, programme_zone(session)), []
    for row in session.execute(given, execution_options={"yield_per": 1000}):
        day = row.happens_on if row.variant_id else kind_of(row.kind).day(row.options)
        if day is not None and day < last:
            found.append(row.id)
    return found[:limit]


def handled(redemption: Redemption) -> tuple[int | None, datetime]:
    """Return who brought the redemption to where it stands, and when."""
    by: dict[str, tuple[int | None, datetime | None]] = {
        State.REQUESTED: (redemption.person_id, redemption.requested_at),
        State.APPROVED: (redemption.approved_by, redemption.approved_at),
        State.ORDERED: (redemption.ordered_by, redemption.ordered_at),
        State.SENT: (redemption.sent_by, redemption.sent_at),
        State.RECEIVED: (redemption.received_by, redemption.received_at),
        State.FAILED: (redemption.failed_by, redemption.failed_at),
    }
    if redemption.retried_at is not None:
        by[State.APPROVED] = (redemption.retried_by, redemption.retried_at)
    person_id, at = by.get(redemption.state, (redemption.released_by, redemption.released_at))
    assert at is not None
    return person_id, at


def concerned(redemptions: Sequence[Redemption]) -> list[int]:
    """Return whom these redemptions concern: each one's person, and who moved it where it is."""
    people = [person_id for found in redemptions for person_id in (found.person_id, handled(found)[0]) if person_id is not None]
    return list(dict.fromkeys(people))


def own_redemptions(session: Session, person_id: int, filters: Mapping[str, Any], *, after: str | None = None, size: int = 50) -> Page:
    """Return a page of a person's redemptions, each row (redemption, reward), newest first. Filters: q, state."""
    return page_by(session, _own(person_id, filters), ((Redemption.id, True),), after=after, size=size)


def iter_own(session: Session, person_id: int, filters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield every row of ``own_redemptions``."""
    yield from session.execute(_own(person_id, filters).order_by(Redemption.id.desc()))


def count_own(session: Session, person_id: int) -> dict[str, int]:
    """Return how many redemptions of the person stand in each state."""
    mine = select(Redemption.state, func.count()).where(Redemption.person_id == person_id).group_by(Redemption.state)
    return dict(session.execute(mine).all())


def count_states(session: Session) -> dict[str, int]:
    """Return how many redemptions stand in each state."""
    return dict(session.execute(select(Redemption.state, func.count()).group_by(Redemption.state)).all())


def list_redemptions(session: Session, filters: Mapping[str, Any], *, after: str | None = None) -> Page:
    """Return a page of all redemptions, each row (redemption, reward, person, company). Filters: q, state or CALLED_OFF, kind, reward_id, sort."""
    return page_by(session, _matching(filters), _order(filters), after=after)


def iter_redemptions(session: Session, filters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield every row of ``list_redemptions``."""
    order = (column.desc() if descending else column.asc() for column, descending in _order(filters))
    yield from session.execute(_matching(filters).order_by(*order), execution_options={"yield_per": 1000})


def get_detail(session: Session, redemption_id: int) -> Detail:
    """Return one redemption with everything that happened to it. Raises NotFound."""
    row = session.execute(_matching({}).where(Redemption.id == redemption_id)).first()
    if row is None:
        raise NotFound()
    redemption, reward, person, company = row
    happened = _happened(redemption, reward, person, firsts_of(session, [redemption_id]).get(redemption_id))
    known = names(session, [by for *_, by in happened if by is not None])
    steps = [Step(state, name, at, by, known.get(by, "") if by is not None else "") for state, name, at, by in happened]
    return Detail(redemption, reward, person, company or "", steps, address_of(session, redemption_id))


CALLED_BACK = (State.DECLINED, State.CANCELLED, State.ENDED)
"""Where the line of what was held tells of its end, which is not for those to answer who approved it."""
_TIMES = tuple(getattr(Redemption, name) for name in MOMENTS)
_DESCRIBED = (
    select(Redemption.id, Redemption.state, Redemption.approved_by, Redemption.hold_id, Reward.name, *_TIMES)
    .join(Reward, Reward.id == Redemption.reward_id)
    .where(Redemption.id.in_(bindparam("ids", expanding=True)))
)


def describe_redemptions(session: Session, redemption_ids: list[int]) -> dict[int, tuple[Any, ...]]:
    """Return (name of the reward, member's address, admin's address, what became of its points and when,
    no version, who approved it, the rule that did, which hold that is and what is said of those before) of each redemption.

    For rooms that show lines which came from it.
    """
    if not redemption_ids:
        return {}
    told: dict[int, tuple[Any, ...]] = {}
    firsts = firsts_of(session, redemption_ids)
    for row in session.execute(_DESCRIBED, {"ids": redemption_ids}):
        became = became_of_hold(State(row.state), **{name: getattr(row, name) for name in MOMENTS})
        told[row.id] = (
            row.name,
            f"/rewards/redemptions/{row.id}",
            f"/admin/rewards/redemptions/{row.id}",
            became,
            None,
            _approvers(firsts.get(row.id), row.approved_by) if row.state not in CALLED_BACK else (),
            (RULE_NAME, {}, "/admin/rewards/terms") if row.approved_at is not None and row.approved_by is None else None,
            (row.hold_id, HELD_BEFORE) if row.hold_id is not None else None,
        )
    return told


def deciders_of_redemption(session: Session, redemption_id: int, transfer_ids: frozenset[int]) -> set[int]:
    """Return who approved a redemption, first and second, and who brought it where its lines came from."""
    found = session.get_one(Redemption, redemption_id)
    first = firsts_of(session, [redemption_id]).get(redemption_id)
    people = (found.approved_by, first.by_id if first else None, found.sent_by, found.released_by)
    return {person_id for person_id in people if person_id is not None and person_id != found.person_id}


def _approvers(first: First | None, second_id: int | None) -> tuple[int, ...]:
    """Return who approved: one, or two where it needed them, in their order; nobody while the second is wanted, or where a rule did."""
    if second_id is None:
        return ()
    return (first.by_id, second_id) if first and second_id != first.by_id else (second_id,)


def redemptions_matching(term: str) -> Select[int]:
    """Return the ids of redemptions whose reward holds ``term``."""
    rewards = select(Reward.id).where(Reward.search_key.like(like_pattern(fold(term)), escape="\\"))
    return select(Redemption.id).where(Redemption.reward_id.in_(rewards))


def _own(person_id: int, filters: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    statement = select(Redemption, Reward).join(Reward, Reward.id == Redemption.reward_id).where(Redemption.person_id == person_id)
    if term := fold(filters.get("q", "").strip()):
        statement = statement.where(Reward.search_key.like(like_pattern(term), escape="\\"))
    if state := filters.get("state"):
        statement = statement.where(Redemption.state == state)
    return statement


def _happened(redemption: Redemption, reward: Reward, person: Person, first: First | None) -> list[tuple[State, str, datetime, int | None]]:
    """Return what happened in its order; of what was tried more than once the last time."""
    steps = [
        (State.REQUESTED, "", redemption.requested_at, person.id),
        (State.REQUESTED, FIRST_NAME, first.at if first else None, first.by_id if first else None),
        (State.APPROVED, BY_RULE_NAME if redemption.approved_by is None else "", redemption.approved_at, redemption.approved_by),
        (State.FAILED, "", redemption.failed_at, redemption.failed_by),
        (State.APPROVED, RETRIED_NAME, redemption.retried_at, redemption.retried_by),
        (State.ORDERED, "", redemption.ordered_at, redemption.ordered_by),
        (State.SENT, "", redemption.sent_at, redemption.sent_by),
        (State.RECEIVED, "", redemption.received_at, redemption.received_by),
    ]
    if redemption.released_at is not None:
        steps.append((State(redemption.state), "", redemption.released_at, redemption.released_by))
    kind = kind_of(reward.kind)
    happened = [(state, name or kind.step_name(state), at, by) for state, name, at, by in steps if at is not None]
    return sorted(happened, key=lambda step: step[2])


def _matching(filters: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    statement = (
        select(Redemption, Reward, Person, Company.name.label("company"))
        .join(Reward, Reward.id == Redemption.reward_id)
        .join(Person, Person.id == Redemption.person_id)
        .outerjoin(Company, Company.id == Person.company_id)
    )
    wanted = []
    if term := fold(filters.get("q", "").strip()):
        pattern = like_pattern(term)
        wanted.append(or_(*(column.like(pattern, escape="\\") for column in (Person.name_key, Company.name_key, Reward.search_key))))
    if (state := filters.get("state")) == CALLED_OFF:
        wanted += [Redemption.state == State.CANCELLED, Redemption.approved_at.is_not(None)]
    elif state:
        wanted.append(Redemption.state == state)
    if kind := filters.get("kind"):
        wanted.append(Reward.kind == kind)
    if reward_id := filters.get("reward_id"):
        wanted.append(Redemption.reward_id == reward_id)
    return statement.where(and_(True, *wanted))


def _order(filters: Mapping[str, Any]) -> Any:
    return _OLDEST if filters.get("sort") == "oldest" else _NEWEST
