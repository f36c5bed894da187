"""The dry run: whom an audience means in all, what changes would do, and who is in the middle of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, func, literal, not_, or_, select, true
from sqlalchemy.orm import Session

from portal.audience.contract import AudienceOwner
from portal.audience.kinds.contract import Moment
from portal.audience.models import Audience, AudienceRule
from portal.audience.queries.audiences import get_audience, is_live, is_wanted, standing_rules
from portal.audience.registry import kinds_of, moment_of
from portal.audience.rules import Mode, Side
from portal.people.models import Person
from portal.people.rules.person import PersonState

SAMPLE = 8
_MEMBERS = and_(Person.is_advocate.is_(True), Person.state == PersonState.ACTIVE)


@dataclass(frozen=True)
class Figures:
    """How many active advocates there are, and how many see it: by the live rules (``now``), and by the edited ones (``then``).

    ``gain`` and ``lose`` are the difference. ``under_way`` have begun it, ``keep`` are those of
    them whom the edited rules leave out; they see it until they finish. ``invited`` would see it if they joined now.
    """

    members: int = 0
    now: int = 0
    then: int = 0
    gain: int = 0
    lose: int = 0
    under_way: int = 0
    keep: int = 0
    invited: int = 0


@dataclass(frozen=True)
class Reach:
    """The figures, and for each group a few people as (id, name)."""

    figures: Figures
    is_edited: bool
    seers: Sequence[tuple[int, str]]
    losers: Sequence[tuple[int, str]]
    keepers: Sequence[tuple[int, str]]
    opens_at: datetime | None = None
    """From when on they see it, where that is still to come: until then nobody does."""


def condition_of(session: Session, rules: Sequence[AudienceRule], include_mode: str, exclude_mode: str, moment: Moment) -> ColumnElement[bool]:
    """Return the rules as one condition over ``Person``, true or false of everybody. A kind that is missing admits nobody."""
    kinds = kinds_of(session)
    if any(rule.kind not in kinds for rule in rules):
        return false()
    sides = {side: [kinds[rule.kind].condition(rule.options, moment) for rule in rules if rule.side == side] for side in Side}
    included = _together(sides[Side.INCLUDE], include_mode) if sides[Side.INCLUDE] else true()
    return and_(included, not_(_together(sides[Side.EXCLUDE], exclude_mode))) if sides[Side.EXCLUDE] else included


def _together(conditions: Sequence[ColumnElement[bool]], mode: str) -> ColumnElement[bool]:
    return and_(*conditions) if mode == Mode.ALL else or_(*conditions)


def conditions(session: Session, audience: Audience, now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool] | None]:
    """Return the condition of the live rules, and that of the edited ones where they differ."""
    rules, moment = standing_rules(session, audience.id), moment_of(session, now)
    live, wanted = [rule for rule in rules if is_live(rule)], [rule for rule in rules if is_wanted(rule)]
    before = (audience.live_include_mode, audience.live_exclude_mode)
    after = (audience.include_mode, audience.exclude_mode)
    condition = condition_of(session, live, *before, moment)
    if before == after and [rule.id for rule in live] == [rule.id for rule in wanted]:
        return condition, None
    return condition, condition_of(session, wanted, *after, moment)


def admitted_of(session: Session, people: Sequence[int], audience_id: int | None, now: datetime) -> set[int]:
    """Return which of ``people`` the live rules admit, in a constant number of statements; without an audience all of them."""
    if audience_id is None or not people:
        return set(people)
    condition, _edited = conditions(session, get_audience(session, audience_id), now)
    return set(session.scalars(select(Person.id).where(Person.id.in_(people), condition)))


def reach_of(session: Session, owner: AudienceOwner, audience_id: int, now: datetime) -> Reach:
    """Count over everybody what the audience means: active advocates, and those invited. Raises ``NotFound``."""
    owned = owner.find(session, audience_id)
    live, edited = conditions(session, get_audience(session, audience_id), now)
    wanted = live if edited is None else edited
    begun = Person.id.in_(owner.under_way(audience_id))
    people = select(
        Person.state.label("state"),
        live.label("live"),
        (literal(None) if edited is None else edited).label("edited"),
        begun.label("begun"),
    ).where(Person.is_advocate.is_(True), Person.state.in_((PersonState.ACTIVE, PersonState.INVITED)))
    # Worked out once and kept for the grouping; folded into it, SQLite would try every rule twice.
    some = people.cte("some").prefix_with("MATERIALIZED")
    columns = (some.c.state, some.c.live, some.c.edited, some.c.begun)
    counted: dict[str, int] = {}
    for state, is_now, is_then, is_begun, number in session.execute(select(*columns, func.count()).group_by(*columns)):
        then = is_now if edited is None else is_then
        for name in _counts_as(state, bool(is_now), bool(then), bool(is_begun)):
            counted[name] = counted.get(name, 0) + number
    return Reach(
        Figures(**counted),
        is_edited=edited is not None,
        seers=_sample(session, wanted) if counted.get("then") else [],
        losers=_sample(session, and_(live, not_(wanted))) if counted.get("lose") else [],
        keepers=_sample(session, and_(begun, not_(wanted))) if counted.get("keep") else [],
        opens_at=owned.opens_at if owned and owned.is_live and owned.opens_at and owned.opens_at > now else None,
    )


def _counts_as(state: str, now: bool, then: bool, begun: bool) -> list[str]:
    """Return which figures people of this description count in."""
    if state == PersonState.INVITED:
        return ["invited"] if then else []
    truths = {"now": now, "then": then, "gain": then and not now, "lose": now and not then, "under_way": begun, "keep": begun and not then}
    return ["members", *(name for name, holds in truths.items() if holds)]


def _sample(session: Session, condition: ColumnElement[bool]) -> list[tuple[int, str]]:
    few = select(Person.id, Person.name).where(_MEMBERS, condition).order_by(Person.name_key, Person.id).limit(SAMPLE)
    return [(row.id, row.name) for row in session.execute(few)]
