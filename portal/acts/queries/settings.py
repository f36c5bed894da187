"""The settings of goodwill as they stand, or stood."""

from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from portal.acts.models.asks import AskDefaults, AskEffort
from portal.acts.rules.asks import EFFORTS, AskKind
from portal.acts.rules.budget import Cap, Defaults

_DEFAULTS = select(AskDefaults).order_by(AskDefaults.id.desc()).limit(1)
_EFFORTS = select(AskEffort.kind, AskEffort.effort).where(AskEffort.from_at <= bindparam("moment")).order_by(AskEffort.from_at, AskEffort.id)


def defaults_of(session: Session) -> Defaults:
    """Return what holds where nobody set anything: as admins set it last, or those of the house."""
    row = session.scalar(_DEFAULTS)
    if row is None:
        return Defaults()
    return Defaults(Cap(row.person_most, row.person_days), Cap(row.company_most, row.company_days), row.answer_days)


def efforts_at(session: Session, moment: datetime) -> dict[AskKind, int]:
    """Return the effort of each kind as it stood at ``moment``: what was set later changes nothing before."""
    found = {row.kind: row.effort for row in session.execute(_EFFORTS, {"moment": moment})}
    return {kind: found.get(kind.value, effort) for kind, effort in EFFORTS.items()}
