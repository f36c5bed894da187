"""Who said no to being asked as a reference, or not now."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from portal.kernel.among import Among
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.states import Status
from portal.references.models.nominating import Nomination
from portal.references.rules.states import State

_IS_ONE = exists().where(ReferenceProfile.person_id == Nomination.person_id, ReferenceProfile.status != Status.RETIRED)
_NOT_NOW = and_(Nomination.state == State.INVITED, Nomination.ask_again_on > bindparam("today"))
_SAID = (
    select(Nomination.person_id, Nomination.state, Nomination.ask_again_on)
    .where(Among(Nomination.person_id, "ids"), or_(Nomination.state == State.CUSTOMER_DECLINED, _NOT_NOW), ~_IS_ONE)
)  # fmt: skip


def said_no(session: Session, person_ids: Sequence[int], now: datetime) -> dict[int, date | None]:
    """Return who of these said no to a nomination, for good, or not now, until which day. Who is a reference since is not among them."""
    found: dict[int, date | None] = {}
    rows: Any = session.execute(_SAID, {"ids": person_ids, "today": local_date(now, programme_zone(session))})
    for person_id, state, until in rows:
        found[person_id] = None if state == State.CUSTOMER_DECLINED or (person_id in found and found[person_id] is None) else until
    return found
