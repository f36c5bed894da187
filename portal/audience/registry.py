"""Every kind of rule there is: those of this room, and those that higher rooms hand in through ``app.py``."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from portal.audience.kinds.acts import Acts
from portal.audience.kinds.company import FIELDS, CompanyField
from portal.audience.kinds.contract import Moment, RuleKind
from portal.audience.kinds.interests import Likes, Never
from portal.audience.kinds.joined import JoinedSince, MemberFor
from portal.audience.kinds.language import ReadsIn
from portal.audience.kinds.lifetime import EarnedInAll
from portal.audience.kinds.named import Named
from portal.audience.kinds.role import HasRole
from portal.audience.kinds.tags import CarriesTag
from portal.audience.rules import KindUnknown
from portal.kernel.db import programme_zone

COMPANY: tuple[RuleKind, ...] = tuple(CompanyField(field) for field in FIELDS)
PERSON: tuple[RuleKind, ...] = (CarriesTag(), Likes(), Never(), ReadsIn(), HasRole(), JoinedSince(), MemberFor(), Named())
RECORD: tuple[RuleKind, ...] = (Acts(), EarnedInAll())
OWN: dict[str, RuleKind] = {kind.key: kind for kind in (*RECORD, *COMPANY, *PERSON)}


def kinds_of(session: Session) -> Mapping[str, RuleKind]:
    """Return every kind of rule of this installation by key: this room's own, then what ``audience_kinds`` of the session brings."""
    more: Mapping[str, RuleKind] = session.info.get("audience_kinds", {})
    return {**OWN, **more}


def rule_kind(session: Session, key: str) -> RuleKind:
    """Return the kind named ``key``. Refuses an unknown one (``KindUnknown``)."""
    found = kinds_of(session).get(key)
    if found is None:
        raise KindUnknown()
    return found


def moment_of(session: Session, now: datetime) -> Moment:
    """Return the moment in which conditions are asked: now, in the programme's zone and language."""
    return Moment(now, programme_zone(session), session.info.get("language", "en"))
