"""Picked for you, in one statement: the order of ``rules/picking.py`` in SQL, so that three rows are read. A test holds the two together."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Date, Select, String, and_, bindparam, case, func, not_, or_, select, type_coerce
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge
from portal.challenges.models.taking import Submission
from portal.challenges.queries.catalogue import ROWS, row_values
from portal.challenges.queries.dismissals import ASIDE
from portal.challenges.queries.standing import MINE, STANDING, held, held_last_day
from portal.challenges.rules.picking import FEW_PLACES, MOST_PICKS, NEW_FOR, QUICK_MINUTES, SOON, WEIGHTS, Candidate, Reason, Term, pick
from portal.challenges.rules.standing import Standing
from portal.kernel.clock import start_of_day
from portal.kernel.db import programme_zone
from portal.kernel.schema import UTCDateTime, holds
from portal.people.queries.interests import interests_of
from portal.people.rules.interest import Interest, Wish


@dataclass(frozen=True)
class Suggestion:
    """A challenge that is suggested, and why. ``row`` is one of ``list_challenges``."""

    row: Any
    terms: Sequence[Term]

    @property
    def reasons(self) -> dict[str, Any]:
        """What speaks for it, by name, the heaviest first, each with what its sentence is filled from."""
        return {term.reason.value: term.fact for term in self.terms}


@dataclass(frozen=True)
class Picked:
    """What is suggested to a member today, a day of the programme; how many challenges are open to them in all.

    And the one under way that they touched last. ``has_wishes``: they have said what they like or never want.
    """

    today: date
    suggestions: Sequence[Suggestion] = ()
    all_open: int = 0
    going_on: int | None = None
    has_wishes: bool = False

    def beside(self, challenge_id: int) -> "Picked":
        """Return the same where a challenge is suggested in another place already: without it, and with one suggestion less."""
        others = [one for one in self.suggestions if one.row.Challenge.id != challenge_id]
        return replace(self, suggestions=others[: MOST_PICKS - 1])


_IS_BEGUN: ColumnElement[bool] = func.coalesce(MINE.c.active, 0) > 0
_POINTS, _MINUTES, _INTERESTS, _LAST_DAY = held("points"), held("minutes"), held("interests"), held_last_day()
_PLACES: ColumnElement[Any] = Challenge.total_limit - Challenge.taken
_IS_NEW = or_(Challenge.published_at >= bindparam("new_since", type_=UTCDateTime), Challenge.opens_on >= bindparam("new_from", type_=Date))


def _touches(wish: Wish) -> ColumnElement[bool]:
    """Return the condition that a challenge asks for something of which the person said this."""
    asked = func.coalesce(type_coerce(_INTERESTS, String), "")
    return or_(*[and_(bindparam(f"{wish}_{interest}", type_=Boolean), holds(asked, interest)) for interest in Interest])


_SPEAKS: dict[Reason, ColumnElement[bool]] = {
    Reason.BEGUN: _IS_BEGUN,
    Reason.LIKED: _touches(Wish.LIKES),
    Reason.CLOSING: bindparam("soon", type_=Date) >= _LAST_DAY,
    Reason.FEW_LEFT: and_(not_(_IS_BEGUN), _PLACES <= FEW_PLACES),
    Reason.QUICK: _MINUTES <= QUICK_MINUTES,
    Reason.NEW: and_(not_(_IS_BEGUN), _IS_NEW),
    Reason.WORTH: _POINTS > 0,
}


def _picks() -> Select[*tuple[Any, ...]]:
    """Return the statement: the three that score highest, what touches the never-list at 0; and what is counted over all."""
    score = reduce(add, [case((_SPEAKS[reason], weight), else_=0) for reason, weight in WEIGHTS.items()])
    order = case((_touches(Wish.NEVER), 0), else_=score)
    touched_at = select(Submission.changed_at).where(Submission.id == MINE.c.active_id).scalar_subquery()
    last_first = (case((_IS_BEGUN, 0), else_=1), touched_at.desc(), Challenge.id.desc())
    all_open = func.count(case((not_(_IS_BEGUN), 1))).over()
    going_on = func.first_value(case((_IS_BEGUN, Challenge.id))).over(order_by=last_first)
    facts = {"asks": _INTERESTS, "places": _PLACES, "is_new": _IS_NEW}
    columns = facts | {"all_open": all_open, "going_on": going_on}
    rows = ROWS.add_columns(*[column.label(name) for name, column in columns.items()])
    can_do = STANDING.in_([Standing.UNDER_WAY.value, Standing.OPEN.value])
    return rows.where(can_do, not_(ASIDE)).order_by(order.desc(), Challenge.id.desc()).limit(MOST_PICKS)


_PICKS = _picks()


def picked_for(session: Session, person_id: int, now: datetime, *, admitted: Collection[int] | None = None) -> Picked:
    """Return what to suggest to a person, of what they could begin or go on with today; ``admitted`` as in ``list_challenges``."""
    wishes = interests_of(session, person_id)
    values = row_values(session, person_id, now, admitted)
    today = values["today"]
    values |= {f"{wish}_{interest}": wishes.get(interest) == wish for wish in Wish for interest in Interest}
    values |= {"soon": today + SOON, "new_from": today - NEW_FOR, "new_since": start_of_day(today - NEW_FOR, programme_zone(session))}
    rows = {row.Challenge.id: row for row in session.execute(_PICKS, values)}
    likes, nevers = ([interest for interest, said in wishes.items() if said == wish] for wish in Wish)
    picks = pick([_candidate(row) for row in rows.values()], likes, nevers, today)
    first = next(iter(rows.values()), None)
    suggestions = [Suggestion(rows[found.id], found.terms) for found in picks]
    return Picked(today, suggestions, first.all_open if first else 0, first.going_on if first else None, bool(wishes))


def _candidate(row: Any) -> Candidate:
    return Candidate(
        id=row.Challenge.id,
        is_begun=row.standing == Standing.UNDER_WAY,
        is_returned=row.returned > 0,
        interests=row.asks,
        closes_on=row.last_day,
        places=row.places,
        minutes=row.held_minutes,
        is_new=bool(row.is_new),
        points=row.held_points,
    )
