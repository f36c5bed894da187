"""Who is no reference any more."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.among import Among
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.states import Status

_RETIRED = select(ReferenceProfile.person_id).where(Among(ReferenceProfile.person_id, "ids"), ReferenceProfile.status == Status.RETIRED)


def no_more(session: Session, person_ids: Sequence[int], now: datetime) -> dict[int, date | None]:
    """Return who of these removed themself or was retired: nobody asks them as a reference, for good."""
    return dict.fromkeys(session.scalars(_RETIRED, {"ids": person_ids}))
