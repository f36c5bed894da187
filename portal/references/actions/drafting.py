"""Drafts of nominations: kept as typed while somebody writes, sent or thrown away."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.db import take_turn
from portal.references.models.nominating import NominationDraft
from portal.references.rules.nominating import DRAFTS_KEPT, MOST_DRAFTS, DraftEmpty, TooManyDrafts, require_employee


def save_draft(session: Session, actor: Actor, *, key: str, fields: dict[str, Any], now: datetime) -> NominationDraft | None:
    """Keep what is typed under the form's ``key``, in place of what was kept before; a draft that was emptied goes, which returns None.

    Refuses a form in which nothing was ever typed (``DraftEmpty``), and the hundred-and-first draft (``TooManyDrafts``).
    """
    require_employee(actor)
    take_turn(session, f"nominate:{actor.id}")  # the turn of ``nominate``, which drops the draft: no two at once count, or write, one sender's drafts
    if not fields:
        if drop_draft(session, actor, key=key):
            return None
        raise DraftEmpty()
    draft = session.scalar(select(NominationDraft).where(NominationDraft.person_id == actor.id, NominationDraft.key == key))
    if draft is None:
        if (session.scalar(select(func.count()).where(NominationDraft.person_id == actor.id)) or 0) >= MOST_DRAFTS:
            raise TooManyDrafts(most=MOST_DRAFTS)
        draft = NominationDraft(person_id=actor.id, key=key)
        session.add(draft)
    draft.fields, draft.saved_at = fields, now
    session.flush()
    return draft


def forget_drafts(session: Session, *, now: datetime) -> int:
    """Throw away every draft that was saved ``DRAFTS_KEPT`` ago and not since, and say how many those were: they hold other people's addresses."""
    old = delete(NominationDraft).where(NominationDraft.saved_at < now - DRAFTS_KEPT).returning(NominationDraft.id)
    return len(session.execute(old, execution_options={"synchronize_session": False}).all())


def drop_draft(session: Session, actor: Actor, *, key: str) -> bool:
    """Throw the actor's own draft away; tells whether there was one."""
    gone = delete(NominationDraft).where(NominationDraft.person_id == actor.id, NominationDraft.key == key).returning(NominationDraft.id)
    return session.scalar(gone.execution_options(synchronize_session=False)) is not None
