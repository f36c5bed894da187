"""Whose something is, and how far it was escalated. Each change is one guarded statement, so that of two who change at once one wins."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed
from portal.review.models import ReviewCase
from portal.review.queries.deciders import may_decide
from portal.review.rules.refusals import AlreadyAssigned, OwnerMayNotDecide

Subject = tuple[str, int]


def assign_case(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    item_id: int,
    owner_id: int | None,
    was_id: int | None,
    barred: Collection[int] = (),
    subject: Subject,
    now: datetime,
) -> None:
    """Give a thing that waits to ``owner_id``, or to nobody. ``was_id`` is whose it was when the page was shown.

    Refuses who may not decide on this kind, as actor (``NotAllowed``) and as owner, those ``barred``
    because it is theirs (``OwnerMayNotDecide``), and when somebody changed it meanwhile (``AlreadyAssigned``).
    """
    if not actor.may_decide(kind):
        raise NotAllowed()
    if owner_id is not None and (owner_id in barred or not may_decide(session, kind, owner_id)):
        raise OwnerMayNotDecide()
    if owner_id == was_id:
        return
    unchanged = ReviewCase.owner_id.is_(None) if was_id is None else ReviewCase.owner_id == was_id
    if was_id is not None and not _has_row(session, kind, item_id):
        raise AlreadyAssigned()
    if not change_case(session, kind, item_id, {"owner_id": owner_id}, unchanged):
        raise AlreadyAssigned()
    name = "review.freed" if owner_id is None else "review.taken" if owner_id == actor.id else "review.assigned"
    kind_of_thing, number = subject
    record(session, actor, name, kind_of_thing, number, now=now, owner_id=owner_id)


def note_step(session: Session, *, kind: str, item_id: int, step: int) -> bool:
    """Remember that a thing was escalated to ``step``; tells whether this call is the one that does it."""
    return change_case(session, kind, item_id, {"told_step": step}, ReviewCase.told_step < step)


def change_case(session: Session, kind: str, item_id: int, values: dict[str, Any], unchanged: ColumnElement[bool]) -> bool:
    """Set ``values`` if the case holds ``unchanged``, or there is no row yet; tells whether it was set."""
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = dialect.insert(ReviewCase).values(**({"kind": kind, "item_id": item_id, "told_step": 0} | values))
    changed = made.on_conflict_do_update(index_elements=["kind", "item_id"], set_=values, where=unchanged).returning(ReviewCase.item_id)
    return session.execute(changed, execution_options={"synchronize_session": False}).first() is not None


def _has_row(session: Session, kind: str, item_id: int) -> bool:
    return session.get(ReviewCase, (kind, item_id), populate_existing=True) is not None
