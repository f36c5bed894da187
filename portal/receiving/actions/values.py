"""What was received in money. What is sent counts, what comes back is taken out; the row of the year is locked before either."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.receiving.models import ReceivedValue, ReceivedYear
from portal.receiving.queries.standing import Receiver, receiver_of, year_of


def locked_receiver(session: Session, person_id: int, now: datetime, *, sent_to: str = "") -> Receiver:
    """Return how it stands with somebody, and let nobody send them anything more until this unit of work ends. Raises NotFound."""
    year = year_of(session, now)
    maker: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    opened = maker.insert(ReceivedYear).values(person_id=person_id, year=year, cents=0, country="")
    session.execute(opened.on_conflict_do_nothing(index_elements=["person_id", "year"]))
    session.execute(select(ReceivedYear.cents).where(*_of(person_id, year)).with_for_update())
    return receiver_of(session, person_id, now, sent_to=sent_to)


def count_value(session: Session, *, person_id: int, source: str, cents: int, is_charity: bool, now: datetime, sent_to: str = "") -> ReceivedValue:
    """Count what is sent to somebody, in the programme's calendar year of ``now``. ``source`` names the thing, once for ever.

    Refuses what they may not accept (MayNotAccept, CharityOnly, ItemAboveCap, YearAboveCap) and what needs a form first
    (FormNeeded). Two at once cannot pass a limit together.
    """
    receiver = locked_receiver(session, person_id, now, sent_to=sent_to)
    if refusal := receiver.stop(cents, is_charity=is_charity):
        raise refusal
    value = ReceivedValue(source=source, person_id=person_id, year=receiver.year, cents=cents, country=receiver.country, given_at=now)
    session.add(value)
    session.flush()
    counted = update(ReceivedYear).where(*_of(person_id, receiver.year)).values(cents=ReceivedYear.cents + cents, country=receiver.country)
    session.execute(counted.execution_options(synchronize_session=False))
    return value


def take_out(session: Session, *, source: str, now: datetime) -> bool:
    """Take out of its year what came back, once; tells whether it was counted. What was sent before values were kept is not."""
    back = update(ReceivedValue).where(ReceivedValue.source == source, ReceivedValue.taken_back_at.is_(None)).values(taken_back_at=now)
    given = session.execute(back.returning(ReceivedValue.person_id, ReceivedValue.year, ReceivedValue.cents)).first()
    if given is None:
        return False
    less = update(ReceivedYear).where(*_of(given.person_id, given.year)).values(cents=ReceivedYear.cents - given.cents)
    session.execute(less.execution_options(synchronize_session=False))
    return True


def _of(person_id: int, year: int) -> tuple[Any, ...]:
    return ReceivedYear.person_id == person_id, ReceivedYear.year == year
