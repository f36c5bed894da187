"""On what terms points are earned: the last policy that was set and has begun."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, String, bindparam, case, cast, exists, func, literal_column, select, text
from sqlalchemy.orm import Session

from portal.ledger.lots import Policy, PolicyKind, read_policy
from portal.ledger.models import points_policy
from portal.ledger.rules import POINTS

_OTHER = points_policy.alias("any_policy")
_LATER = points_policy.alias("later_policy")
# What was to begin later and was set anew before it did never stands.
# Spelled out: in RETURNING on SQLite columns are written without their tables, and "id > id" would compare a row with itself.
_REPLACED = exists(select(literal_column("1")).select_from(_LATER)).where(
    text("later_policy.unit = points_policy.unit AND later_policy.id > points_policy.id AND later_policy.set_at < points_policy.from_at")
)
_PUSHES = exists().where(_OTHER.c.unit == bindparam("b_unit"), _OTHER.c.kind == "inactivity")
_PARTS: list[Any] = [points_policy.c.id, points_policy.c.kind, func.coalesce(points_policy.c.months, 0), points_policy.c.pending_days]


def _as_text() -> Any:
    found: Any = cast(_PARTS[0], String)
    for part in (*_PARTS[1:], case((_PUSHES, 1), else_=0)):
        found = found + ":" + cast(part, String)
    return found


# One value, so that the statement that finds the balance can bring it along: see ``read_policy``.
STANDING: ScalarSelect[Any] = (
    select(_as_text().label("policy"))
    .where(points_policy.c.unit == bindparam("b_unit"), points_policy.c.from_at <= bindparam("b_now", type_=points_policy.c.from_at.type), ~_REPLACED)
    .order_by(points_policy.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_STANDING = select(STANDING)
_ALL = select(points_policy).where(points_policy.c.unit == bindparam("b_unit")).order_by(points_policy.c.id.desc()).limit(bindparam("b_most"))


@dataclass(frozen=True)
class SetPolicy:
    """A policy as it was set, by whom, and from when it stands."""

    id: int
    kind: PolicyKind
    months: int | None
    pending_days: int
    from_at: datetime
    set_by: int | None
    set_at: datetime


def policy_at(session: Session, moment: datetime, *, unit: str = POINTS) -> Policy:
    """Return the terms of what is earned at ``moment``: the last that were set and have begun by then, unless replaced before they did."""
    return read_policy(session.connection().execute(_STANDING, {"b_unit": unit, "b_now": moment}).scalar())


def list_policies(session: Session, *, unit: str = POINTS, most: int = 20) -> list[SetPolicy]:
    """Return what was set, the last first."""
    rows = session.connection().execute(_ALL, {"b_unit": unit, "b_most": most})
    return [SetPolicy(r.id, PolicyKind(r.kind), r.months, r.pending_days, r.from_at, r.set_by, r.set_at) for r in rows]
