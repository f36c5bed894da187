"""From the shelf to somebody: set aside, handed over, shown once. Each step is one guarded update."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import case, delete, func, null, select, update
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone
from portal.kernel.ids import token_hash
from portal.vault.models import CodeBatch, VaultCode
from portal.vault.queries import keys_of
from portal.vault.rules import SAME_CLICK, Back, Card, CodeState, NoCodeLeft, NoCodeYet, NotShownYet, ShownAlready


def take_code(session: Session, *, shelf: str, holder: str, now: datetime, onto: str = "") -> None:
    """Set a free code of a shelf aside for ``holder``, the one that lapses first, of those the oldest; who has one keeps it. Refuses: NoCodeLeft.

    One whose last day has gone by is never taken. ``onto`` is the shelf that it belongs to from then on, where that is another.
    """
    if session.scalar(select(VaultCode.id).where(VaultCode.holder == holder)) is not None:
        return
    values = {"state": CodeState.TAKEN.value, "holder": holder, "taken_at": now, "shelf": onto or shelf}
    free = (VaultCode.shelf == shelf, VaultCode.state == CodeState.FREE, VaultCode.expires_on >= _today(session, now))
    # First past those that others are just taking; if they are all that is left, wait for them.
    for skips in (True, False):
        while True:
            next_id = (
                select(VaultCode.id)
                .where(*free)
                .order_by(VaultCode.expires_on, VaultCode.id)
                .limit(1)
                .with_for_update(skip_locked=skips)
                .scalar_subquery()
            )
            taken = update(VaultCode).where(VaultCode.id == next_id, VaultCode.state == CodeState.FREE).values(**values).returning(VaultCode.id)
            if session.execute(_plain(taken)).scalar() is not None:
                return
            if skips or not session.scalar(select(func.count()).select_from(VaultCode).where(*free)):
                break
    raise NoCodeLeft()


def is_late(session: Session, *, holder: str, now: datetime) -> bool:
    """Tell whether the code that was set aside for somebody lapsed before they got it."""
    late = (VaultCode.holder == holder, VaultCode.state == CodeState.TAKEN, VaultCode.expires_on < _today(session, now))
    return session.scalar(select(VaultCode.id).where(*late)) is not None


def renew_code(session: Session, *, shelf: str, holder: str, now: datetime) -> bool:
    """Set another code aside for who had one that lapsed before they got it; tells whether it did. Refuses: NoCodeLeft."""
    late = (VaultCode.holder == holder, VaultCode.state == CodeState.TAKEN, VaultCode.expires_on < _today(session, now))
    gone = update(VaultCode).where(*late).values(state=CodeState.LAPSED.value, holder=null(), taken_at=null(), asked_at=null())
    if session.execute(_plain(gone.returning(VaultCode.id))).scalar() is None:
        return False
    take_code(session, shelf=shelf, holder=holder, now=now)
    return True


def hand_code(session: Session, *, holder: str) -> None:
    """Let the holder look at what was set aside for them. A second time is nothing. Refuses: NoCodeYet."""
    ready = update(VaultCode).where(VaultCode.holder == holder, VaultCode.state == CodeState.TAKEN).values(state=CodeState.READY.value)
    if session.execute(_plain(ready.returning(VaultCode.id))).scalar() is None and _state(session, holder) is None:
        raise NoCodeYet()


def take_back_code(session: Session, *, holder: str, now: datetime, spares: str = "") -> Back:
    """Take a code back from its holder and tell where it is now. Its shelf is locked before by whoever counts it.

    What was shown stays with them for ever, closed, and what was taken out of the vault meanwhile, or lapsed, does not come back either.
    ``spares`` is the shelf for what was bought for this holder alone; without one it lies where it belonged.
    """
    is_undone = select(CodeBatch.id).where(CodeBatch.id == VaultCode.batch_id, CodeBatch.undone_at.is_not(None)).exists()
    unseen = (VaultCode.holder == holder, VaultCode.times_shown == 0, VaultCode.state.in_((CodeState.TAKEN, CodeState.READY)))
    is_bought = VaultCode.batch_id.is_(None)
    shelf = case((is_bought, spares), else_=VaultCode.shelf) if spares else VaultCode.shelf
    lapsed = {"state": CodeState.LAPSED.value, "holder": null(), "taken_at": null(), "asked_at": null()}
    late = update(VaultCode).where(*unseen, ~is_undone, VaultCode.expires_on < _today(session, now)).values(**lapsed)
    if session.execute(_plain(late.returning(VaultCode.id))).scalar() is not None:
        return Back.GONE
    back = update(VaultCode).where(*unseen, ~is_undone)
    back = back.values(state=CodeState.FREE.value, holder=null(), taken_at=null(), asked_at=null(), shelf=shelf)
    found = session.execute(_plain(back.returning(VaultCode.shelf))).scalar()
    if found is not None:
        return Back.SPARE if found == spares else Back.SHELF
    if session.execute(_plain(delete(VaultCode).where(*unseen).returning(VaultCode.id))).scalar() is not None:
        return Back.GONE
    again = update(VaultCode).where(VaultCode.holder == holder, VaultCode.state == CodeState.READY, VaultCode.times_shown > 0)
    session.execute(_plain(again.values(state=CodeState.SHOWN.value, shown_key=null())))
    return Back.NONE if _state(session, holder) is None else Back.GONE


def show_code(session: Session, *, holder: str, key: str, now: datetime) -> tuple[Card, bool]:
    """Return the code to its holder, once, and whether this was the look that counts; the only place that opens one.

    The form that showed it (``key``) shows it again for a minute, or until it was kept. Refuses: NoCodeYet, ShownAlready, KeyMissing.
    """
    mark = token_hash(key)
    columns = (VaultCode.sealed, VaultCode.sealed_with)
    seen = {"state": CodeState.SHOWN.value, "shown_at": now, "times_shown": VaultCode.times_shown + 1, "shown_key": mark, "asked_at": null()}
    first = update(VaultCode).where(VaultCode.holder == holder, VaultCode.state == CodeState.READY).values(**seen).returning(*columns)
    row, is_first = session.execute(_plain(first)).first(), True
    if row is None:
        again = (VaultCode.state == CodeState.SHOWN, VaultCode.shown_key == mark, VaultCode.shown_at > now - SAME_CLICK)
        row, is_first = session.execute(select(*columns).where(VaultCode.holder == holder, *again)).first(), False
    if row is None:
        state = _state(session, holder)
        if state == CodeState.SHOWN:
            raise ShownAlready(at=session.scalar(select(VaultCode.shown_at).where(VaultCode.holder == holder)))
        raise NoCodeYet()
    return keys_of(session).unseal(row.sealed, row.sealed_with), is_first


def close_look(session: Session, *, holder: str) -> None:
    """Let no form show the code again: the holder has kept it. A second time is nothing."""
    seen = update(VaultCode).where(VaultCode.holder == holder, VaultCode.state == CodeState.SHOWN)
    session.execute(_plain(seen.values(shown_key=null())))


def allow_again(session: Session, *, holder: str) -> bool:
    """Let the holder look once more; tells whether this changed anything. Refuses: NoCodeYet, NotShownYet."""
    opened = update(VaultCode).where(VaultCode.holder == holder, VaultCode.state == CodeState.SHOWN)
    values = {"state": CodeState.READY.value, "shown_key": null(), "asked_at": null()}
    if session.execute(_plain(opened.values(**values).returning(VaultCode.id))).scalar() is not None:
        return True
    times = session.scalar(select(case((VaultCode.state == CodeState.READY, VaultCode.times_shown), else_=0)).where(VaultCode.holder == holder))
    if times is None:
        raise NoCodeYet()
    if not times:
        raise NotShownYet()
    return False


def ask_again(session: Session, *, holder: str, now: datetime) -> bool:
    """Note that the holder could not keep what was shown; tells whether this is new. Refuses: NoCodeYet where nothing was shown."""
    asked = update(VaultCode).where(VaultCode.holder == holder, VaultCode.state == CodeState.SHOWN, VaultCode.asked_at.is_(None))
    if session.execute(_plain(asked.values(asked_at=now).returning(VaultCode.id))).scalar() is not None:
        return True
    if _state(session, holder) != CodeState.SHOWN:
        raise NoCodeYet()
    return False


def _today(session: Session, now: datetime) -> date:
    return local_date(now, programme_zone(session))


def _state(session: Session, holder: str) -> str | None:
    return session.scalar(select(VaultCode.state).where(VaultCode.holder == holder))


def _plain(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)
