"""The fulfilment desk: what is to be approved, ordered and sent, what is on its way, and what failed. Each tab is one statement, paged by key."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session

from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.rewards.kinds.registry import ORDERED, POSTED
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption, RedemptionAddress
from portal.rewards.queries.cards import comes_from
from portal.rewards.rules.cards import Source
from portal.rewards.rules.desk import Tab
from portal.rewards.rules.states import State
from portal.web.paging import Page, page_by

_IS_PROVIDED = comes_from(Source.PROVIDER)
_IS_ORDERED = or_(Reward.kind.in_(ORDERED), _IS_PROVIDED)
_WAITS_TO_BE_SENT = or_(and_(Redemption.state == State.ORDERED, ~_IS_PROVIDED), and_(Redemption.state == State.APPROVED, ~_IS_ORDERED))
_ON: dict[Tab, ColumnElement[bool]] = {
    Tab.APPROVE: Redemption.state == State.REQUESTED,
    Tab.ORDER: and_(Redemption.state == State.APPROVED, _IS_ORDERED),
    Tab.PROVIDER: and_(Redemption.state == State.ORDERED, _IS_PROVIDED),
    Tab.SEND: _WAITS_TO_BE_SENT,
    Tab.SENT: Redemption.state == State.SENT,
    Tab.FAILED: Redemption.state == State.FAILED,
}
# Each tab looks only among the states it can hold, so that the index serves it whatever was received long ago.
_STATES = {
    Tab.APPROVE: (State.REQUESTED,),
    Tab.ORDER: (State.APPROVED,),
    Tab.PROVIDER: (State.ORDERED,),
    Tab.SEND: (State.APPROVED, State.ORDERED),
    Tab.SENT: (State.SENT,),
    Tab.FAILED: (State.FAILED,),
}
_OLDEST = ((Redemption.requested_at, False), (Redemption.id, False))
_COUNTS = (
    select(*(func.count(case((condition, 1))).label(tab.value) for tab, condition in _ON.items()))
    .join(Reward, Reward.id == Redemption.reward_id)
    .where(Redemption.state.in_((State.REQUESTED, State.APPROVED, State.ORDERED, State.SENT, State.FAILED)))
)


def count_tabs(session: Session) -> dict[str, int]:
    """Return how many redemptions wait on each tab, in one statement."""
    return dict(session.execute(_COUNTS).one()._mapping)


def desk_page(session: Session, tab: Tab, filters: Mapping[str, Any], *, after: str | None = None) -> Page:
    """Return a page of a tab, each row (redemption, reward, person, address or None, company), oldest first. Filters: q, kind, reward_id, country."""
    return page_by(session, _matching(tab, filters), _OLDEST, after=after)


def iter_desk(session: Session, tab: Tab, filters: Mapping[str, Any]) -> Iterator[Any]:
    """Yield every row of ``desk_page``."""
    order = (column.asc() for column, _ in _OLDEST)
    yield from session.execute(_matching(tab, filters).order_by(*order), execution_options={"yield_per": 1000})


def labels_page(session: Session, filters: Mapping[str, Any], *, after: str | None = None) -> Page:
    """Return a page of parcels that are to be sent, as ``desk_page`` does."""
    return page_by(session, _matching(Tab.SEND, filters).where(Reward.kind.in_(POSTED)), _OLDEST, after=after)


def desk_rows(session: Session, redemption_ids: Sequence[int]) -> list[Any]:
    """Return the rows of some redemptions, in whatever state, oldest first."""
    chosen = _joined().where(Redemption.id.in_(redemption_ids)).order_by(*(column.asc() for column, _ in _OLDEST))
    return list(session.execute(chosen))


def desk_countries(session: Session) -> list[str]:
    """Return the countries that something on the desk goes to."""
    open_ = select(RedemptionAddress.country).join(Redemption, Redemption.id == RedemptionAddress.redemption_id)
    return sorted(session.scalars(open_.where(Redemption.state.in_((State.REQUESTED, State.APPROVED, State.ORDERED, State.SENT))).distinct()))


def _joined() -> Select[*tuple[Any, ...]]:
    return (
        select(Redemption, Reward, Person, RedemptionAddress, func.coalesce(Company.name, "").label("company"))
        .join(Reward, Reward.id == Redemption.reward_id)
        .join(Person, Person.id == Redemption.person_id)
        .outerjoin(RedemptionAddress, RedemptionAddress.redemption_id == Redemption.id)
        .outerjoin(Company, Company.id == Person.company_id)
    )


def _matching(tab: Tab, filters: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    wanted: list[ColumnElement[bool]] = [Redemption.state.in_(_STATES[tab]), _ON[tab]]
    if term := fold(filters.get("q", "").strip()):
        columns = (Person.name_key, Company.name_key, Reward.search_key)
        wanted.append(or_(*(column.like(like_pattern(term), escape="\\") for column in columns)))
    if kind := filters.get("kind"):
        wanted.append(Reward.kind == kind)
    if reward_id := filters.get("reward_id"):
        wanted.append(Redemption.reward_id == reward_id)
    if country := filters.get("country"):
        wanted.append(RedemptionAddress.country == country)
    return _joined().where(*wanted)
