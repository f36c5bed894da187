"""What one more ask would take of somebody, read before it is made."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from portal.acts.queries.budget import budget_of
from portal.acts.queries.settings import efforts_at
from portal.finding.queries.facts import load_of
from portal.finding.records import LiveNeeds
from portal.finding.rules.facts import Load
from portal.finding.rules.price import OtherNeed, Price, price_of
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.profiles.rules.activity import ASK_OF, Activity


def ask_price(session: Session, person_id: int, activity: Activity, needed_by: date | None, now: datetime, *, request_id: int | None = None) -> Price:
    """Return what asking for ``activity`` takes: slots, until when, effort, and which other live requests than ``request_id`` may need the person.

    Another need counts that is open at all; with ``needed_by``, only one that falls into the window of the cap from that day on, before the slot
    is free again. Raises NotFound for who is unknown.
    """
    return price_with(session, load_of(budget_of(session, person_id, now)), person_id, activity, needed_by, now, request_id=request_id)


def price_with(
    session: Session, load: Load, person_id: int, activity: Activity, needed_by: date | None, now: datetime, *, request_id: int | None = None
) -> Price:
    """Return the price of whose budget is read already."""
    today = local_date(now, programme_zone(session))
    until = today + timedelta(days=load.days)
    told: LiveNeeds | None = session.info.get("live_needs")
    others: Sequence[OtherNeed] = told(session, person_id, without=request_id, now=now) if told else ()
    if needed_by is not None:
        others = [other for other in others if other.needed_by is None or other.needed_by <= max(until, needed_by)]
    return price_of(load, effort=efforts_at(session, now)[ASK_OF[activity]], until=until, others=others)
