"""What is known of codes without opening one: how many there are, where they stand, which imports brought them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from portal.vault.keys import Keys
from portal.vault.models import CodeBatch, VaultCode
from portal.vault.rules import CodeState, Look
from portal.web.paging import Page, page_by


@dataclass(frozen=True)
class Counts:
    """How many codes of a shelf stand where."""

    staged: int = 0
    free: int = 0
    taken: int = 0
    ready: int = 0
    shown: int = 0
    lapsed: int = 0


def counts_of(session: Session, shelves: Sequence[str]) -> dict[str, Counts]:
    """Return the counts of some shelves in one statement; a shelf without codes counts nothing."""
    told: dict[str, dict[str, int]] = {shelf: {} for shelf in shelves}
    counted = select(VaultCode.shelf, VaultCode.state, func.count()).where(VaultCode.shelf.in_(shelves)).group_by(VaultCode.shelf, VaultCode.state)
    for shelf, state, number in session.execute(counted):
        told[shelf][state] = number
    return {shelf: Counts(**by_state) for shelf, by_state in told.items()}


def free_on(session: Session, shelf: str) -> int:
    """Return how many codes of a shelf can be taken."""
    return session.scalar(select(func.count()).select_from(VaultCode).where(VaultCode.shelf == shelf, VaultCode.state == CodeState.FREE)) or 0


@dataclass(frozen=True)
class Lapsing:
    """So many free codes of a shelf lapse soon, the first after ``first``."""

    codes: int
    first: date


def lapsing_on(session: Session, day: date, shelves: Sequence[str] | None = None) -> dict[str, Lapsing]:
    """Return of each shelf, or of some, how many free codes have their last day on ``day`` or before. One statement."""
    asked = select(VaultCode.shelf, func.count(), func.min(VaultCode.expires_on)).where(
        VaultCode.state == CodeState.FREE, VaultCode.expires_on <= day
    )
    if shelves is not None:
        asked = asked.where(VaultCode.shelf.in_(shelves))
    return {shelf: Lapsing(codes, first) for shelf, codes, first in session.execute(asked.group_by(VaultCode.shelf))}


def batches_of(session: Session, shelf: str, *, after: str | None = None) -> Page:
    """Return a page of the imports of a shelf, newest first."""
    return page_by(session, select(CodeBatch).where(CodeBatch.shelf == shelf), ((CodeBatch.id, True),), after=after)


def find_batch(session: Session, batch_id: int) -> CodeBatch | None:
    """Return an import, or None."""
    return session.get(CodeBatch, batch_id)


def unused_in(session: Session, batch_ids: Sequence[int]) -> dict[int, int]:
    """Return how many codes of each import are still in the vault and not taken."""
    unused = select(VaultCode.batch_id, func.count()).where(VaultCode.batch_id.in_(batch_ids))
    found = session.execute(unused.where(VaultCode.state.in_((CodeState.STAGED, CodeState.FREE))).group_by(VaultCode.batch_id))
    return {batch_id: number for batch_id, number in found if batch_id is not None}


def looks_of(session: Session, holders: Iterable[str]) -> dict[str, Look]:
    """Return how the codes of some holders stand, in one statement; who has none is left out."""
    seen = (VaultCode.shown_at, VaultCode.times_shown, VaultCode.asked_at)
    columns = (VaultCode.holder, VaultCode.state, VaultCode.taken_at, *seen, VaultCode.expires_on)
    found = session.execute(select(*columns).where(VaultCode.holder.in_(list(holders))))
    return {row.holder: Look(CodeState(row.state), row.taken_at, row.shown_at, row.times_shown, row.asked_at, row.expires_on) for row in found}


def look_of(session: Session, holder: str) -> Look | None:
    """Return how somebody's code stands, None where they have none."""
    return looks_of(session, [holder]).get(holder)


def keys_of(session: Session) -> Keys:
    """Return the keys of the installation."""
    keys: Keys = session.info["vault_keys"]
    return keys


def unreadable(session: Session) -> int:
    """Return how many codes were sealed with a key that the portal does not have: they cannot be shown. Without codes no key is asked for."""
    if session.scalar(select(VaultCode.id).limit(1)) is None:
        return 0
    names = sorted(key.name for key in keys_of(session).all)
    # Between the names of the keys, so that the index is asked for what should not be there, and not for all that is.
    gaps = [and_(VaultCode.sealed_with > before, VaultCode.sealed_with < after) for before, after in pairwise(names)]
    elsewhere = or_(VaultCode.sealed_with < names[0], VaultCode.sealed_with > names[-1], *gaps)
    return session.scalar(select(func.count()).select_from(VaultCode).where(elsewhere)) or 0
