"""Bringing codes in: staged first, free once confirmed; what is unused can be taken out again."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, violated
from portal.kernel.errors import NotFound
from portal.vault.models import CodeBatch, VaultCode
from portal.vault.queries import keys_of
from portal.vault.rules import FAULTS_KEPT, STAGED_HOURS, BatchGone, Card, CodeState, CodeTwice, Fault, KeyMissing, OtherList, Read

_AT_ONCE = 500
_KNOWN = VaultCode.__table__.alias("known")


def add_batch(session: Session, *, shelf: str, filename: str, key: str, read: Read, by_id: int | None, now: datetime) -> CodeBatch:
    """Keep a list of codes, sealed and staged, and return its batch; the same ``key`` with the same list again returns the first one.

    A code that is in the vault already, for whatever shelf, is left out and counted among the faults. Refuses: OtherList.
    """
    if first := session.scalar(select(CodeBatch).where(CodeBatch.made_by == key)):
        return _same(session, first, shelf, filename, read)
    good, faults = _unknown(session, read)
    batch = CodeBatch(shelf=shelf, filename=filename[:120], made_by=key, added=0, left_out=0, faults=[], added_by_id=by_id, added_at=now, removed=0)
    try:
        with session.begin_nested():
            session.add(batch)
            session.flush()
    except IntegrityError as error:
        if not violated(error, "code_batch", "made_by"):
            raise
        return _same(session, session.scalars(select(CodeBatch).where(CodeBatch.made_by == key)).one(), shelf, filename, read)
    for some in (good[at : at + _AT_ONCE] for at in range(0, len(good), _AT_ONCE)):
        kept = _insert(session, [_row(session, shelf, batch.id, CodeState.STAGED, card) for _, card in some])
        # Another import may have brought some of them a moment ago.
        faults += [(line, Fault.KNOWN) for line, card in some if keys_of(session).first.fingerprint(card) not in kept]
        batch.added += len(kept)
    batch.left_out, batch.faults = len(faults), [[line, fault.value] for line, fault in sorted(faults)[:FAULTS_KEPT]]
    session.flush()
    return batch


def confirm_batch(session: Session, *, shelf: str, batch_id: int, now: datetime) -> int:
    """Put the codes of an import on the shelf and return how many. Refuses: NotFound, BatchGone."""
    _batch(session, shelf, batch_id)
    staged = update(CodeBatch).where(CodeBatch.id == batch_id, CodeBatch.confirmed_at.is_(None), CodeBatch.undone_at.is_(None))
    if session.execute(_plain(staged.values(confirmed_at=now).returning(CodeBatch.id))).scalar() is None:
        raise BatchGone()
    staged_codes = update(VaultCode).where(VaultCode.batch_id == batch_id, VaultCode.state == CodeState.STAGED)
    late = VaultCode.expires_on < local_date(now, programme_zone(session))
    session.execute(_plain(staged_codes.where(late).values(state=CodeState.LAPSED.value)))
    freed = staged_codes.values(state=CodeState.FREE.value)
    session.expire_all()
    return session.execute(_plain(freed)).rowcount  # type: ignore[attr-defined,no-any-return]


def remove_batch(session: Session, *, shelf: str, batch_id: int, by_id: int | None, now: datetime) -> tuple[int, bool]:
    """Take what is unused of an import out of the vault; return how many codes that were, and whether they were on the shelf. Refuses: NotFound.

    What was taken stays with who has it, and does not come back to the shelf later.
    """
    batch = _batch(session, shelf, batch_id)
    was_free = batch.confirmed_at is not None
    unused = delete(VaultCode).where(VaultCode.batch_id == batch_id, VaultCode.state.in_((CodeState.STAGED, CodeState.FREE)))
    removed: int = session.execute(_plain(unused)).rowcount  # type: ignore[attr-defined]
    undone = {"undone_at": now, "undone_by_id": by_id} if batch.undone_at is None else {}
    session.execute(_plain(update(CodeBatch).where(CodeBatch.id == batch_id).values(removed=CodeBatch.removed + removed, **undone)))
    session.expire_all()
    return removed, was_free


def lapse_codes(session: Session, *, shelf: str, now: datetime) -> int:
    """Take free codes whose last day has gone by off a shelf; return how many. A second time is nothing."""
    late = (VaultCode.shelf == shelf, VaultCode.state == CodeState.FREE, VaultCode.expires_on < local_date(now, programme_zone(session)))
    lapsed = update(VaultCode).where(*late).values(state=CodeState.LAPSED.value)
    session.expire_all()
    return session.execute(_plain(lapsed)).rowcount  # type: ignore[attr-defined,no-any-return]


def drop_stale(session: Session, now: datetime) -> int:
    """Take out imports that nobody confirmed for a day; return how many."""
    stale = select(CodeBatch).where(CodeBatch.confirmed_at.is_(None), CodeBatch.undone_at.is_(None))
    old = stale.where(CodeBatch.added_at <= now - timedelta(hours=STAGED_HOURS)).order_by(CodeBatch.id).limit(100)
    # Who is just confirming one has it: that one is left alone, and is not stale any more when they are done.
    found = session.scalars(old.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all()
    for batch in found:
        remove_batch(session, shelf=batch.shelf, batch_id=batch.id, by_id=None, now=now)
    return len(found)


def keep_bought(session: Session, *, shelf: str, holder: str, card: Card, now: datetime) -> None:
    """Keep a code that was bought for one holder, set aside for them. The same one again is nothing. Refuses: CodeTwice."""
    if not _keep_one(session, _row(session, shelf, None, CodeState.TAKEN, card) | {"holder": holder, "taken_at": now}, card):
        marks = _marks(session, card)
        if session.scalar(select(VaultCode.id).where(VaultCode.fingerprint.in_(marks), VaultCode.holder == holder)) is None:
            raise CodeTwice()


def keep_spare(session: Session, *, shelf: str, card: Card) -> bool:
    """Keep a code that was bought and that nobody waits for, free for the next; tells whether the vault did not have it yet."""
    return _keep_one(session, _row(session, shelf, None, CodeState.FREE, card), card)


@dataclass(frozen=True)
class Resealed:
    """What a run came to: sealed anew, left since their key is gone, left since the same code is there twice; the last id, 0 at the end."""

    changed: int = 0
    unreadable: int = 0
    twice: int = 0
    last: int = 0


def reseal(session: Session, *, after: int = 0, most: int = _AT_ONCE) -> Resealed:
    """Seal codes anew under the first key. What cannot be is left as it is and counted, and stands in nothing else's way."""
    keys = keys_of(session)
    wanted = select(VaultCode.id, VaultCode.sealed, VaultCode.sealed_with).where(VaultCode.id > after, VaultCode.sealed_with != keys.first.name)
    found = session.execute(wanted.order_by(VaultCode.id).limit(most)).all()
    changed = unreadable = 0
    for row in found:
        try:
            card = keys.unseal(row.sealed, row.sealed_with)
        except KeyMissing:
            unreadable += 1
            continue
        mark = keys.first.fingerprint(card)
        anew = {"sealed": keys.first.seal(card), "sealed_with": keys.first.name, "fingerprint": mark}
        is_known = select(1).where(_KNOWN.c.fingerprint == mark, _KNOWN.c.id != row.id).exists()
        same = update(VaultCode).where(VaultCode.id == row.id, VaultCode.sealed_with == row.sealed_with, ~is_known)
        changed += session.execute(_plain(same.values(**anew))).rowcount  # type: ignore[attr-defined]
    twice = len(found) - changed - unreadable
    return Resealed(changed, unreadable, twice, found[-1].id if len(found) == most else 0)


def _same(session: Session, first: CodeBatch, shelf: str, filename: str, read: Read) -> CodeBatch:
    """Return what a form brought before. Refuses: OtherList, if this is not that list once more."""
    known = 0
    for some in (read.cards[at : at + _AT_ONCE] for at in range(0, len(read.cards), _AT_ONCE)):
        marks = [mark for _, card in some for mark in _marks(session, card)]
        mine = select(func.count()).select_from(VaultCode).where(VaultCode.fingerprint.in_(marks), VaultCode.batch_id == first.id)
        known += session.scalar(mine) or 0
    is_as_long = len(read.cards) + len(read.faults) == first.added + first.left_out
    if (first.shelf, first.filename) != (shelf, filename[:120]) or known != first.added - first.removed or not is_as_long:
        raise OtherList()
    return first


def _keep_one(session: Session, row: dict[str, Any], card: Card) -> bool:
    """Insert a code unless it is there, under whichever key, and tell whether it was not."""
    if session.scalar(select(VaultCode.id).where(VaultCode.fingerprint.in_(_marks(session, card)))) is not None:
        return False
    return bool(_insert(session, [row]))


def _marks(session: Session, card: Card) -> list[str]:
    return [key.fingerprint(card) for key in keys_of(session).all]


def _unknown(session: Session, read: Read) -> tuple[list[tuple[int, Card]], list[tuple[int, Fault]]]:
    """Return what is neither twice in the list nor in the vault, under whichever key, and the faults."""
    first, others = keys_of(session).first, keys_of(session).all[1:]
    seen: dict[str, tuple[int, Card]] = {}
    faults = list(read.faults)
    for line, card in read.cards:
        if seen.setdefault(first.fingerprint(card), (line, card))[0] != line:
            faults.append((line, Fault.TWICE))
    known: set[str] = set()
    listed = list(seen.items())
    for some in (listed[at : at + _AT_ONCE] for at in range(0, len(listed), _AT_ONCE)):
        marks = {mark: mark for mark, _ in some} | {key.fingerprint(card): mark for mark, (_, card) in some for key in others}
        found = session.scalars(select(VaultCode.fingerprint).where(VaultCode.fingerprint.in_(list(marks))))
        known |= {marks[mark] for mark in found}
    faults += [(seen[mark][0], Fault.KNOWN) for mark in known]
    return [kept for mark, kept in seen.items() if mark not in known], faults


def _row(session: Session, shelf: str, batch_id: int | None, state: CodeState, card: Card) -> dict[str, Any]:
    key = keys_of(session).first
    sealed = {"sealed": key.seal(card), "sealed_with": key.name, "fingerprint": key.fingerprint(card)}
    return {"shelf": shelf, "batch_id": batch_id, "state": state.value, "times_shown": 0, "expires_on": card.expires_on, **sealed}


def _insert(session: Session, rows: list[dict[str, Any]]) -> set[str]:
    """Insert what is not there and return the fingerprints of what was."""
    maker = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    made = maker(VaultCode).values(rows).on_conflict_do_nothing(index_elements=["fingerprint"]).returning(VaultCode.fingerprint)
    return set(session.execute(made.execution_options(synchronize_session=False)).scalars())


def _batch(session: Session, shelf: str, batch_id: int) -> CodeBatch:
    locked = select(CodeBatch).where(CodeBatch.id == batch_id, CodeBatch.shelf == shelf).with_for_update()
    found = session.scalar(locked.execution_options(populate_existing=True))
    if found is None:
        raise NotFound()
    return found


def _plain(statement: Any) -> Any:
    return statement.execution_options(synchronize_session=False)
