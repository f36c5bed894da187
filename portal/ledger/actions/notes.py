"""Free text beside the sealed rows: the one thing in the safe that can be erased."""

from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.ledger.models import transfer_note
from portal.ledger.queries.transfers import get_transfer

_ERASE = (
    update(transfer_note)
    .where(transfer_note.c.id == bindparam("b_id"), transfer_note.c.erased_at.is_(None))
    .values(body=None, salt=None, erased_at=bindparam("b_now", type_=transfer_note.c.erased_at.type))
)


def erase_note(session: Session, actor: Actor, *, transfer_id: int, now: datetime) -> bool:
    """Erase the note of a transfer with its salt, so that its hash tells nothing any more. True if there was one."""
    note_id = get_transfer(session, transfer_id).note_id
    return note_id is not None and session.connection().execute(_ERASE, {"b_id": note_id, "b_now": now}).rowcount == 1
