"""The second pair of eyes: above a limit of points the first approval waits for a second person's."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.text import clean
from portal.review.actions.cases import Subject, change_case
from portal.review.actions.standing import require_apart, require_standing
from portal.review.models import ReviewCase
from portal.review.queries.terms import terms_of
from portal.review.rules.refusals import NominatorMayNotApprove, SecondMustBeAnother

# Who nominated a person, as (session, person_id) -> ids. The room of nominations stands above, so ``app.py`` hands it in.
NominatorsOf = Callable[[Session, int], set[int]]
NOTE_LENGTH = 2_000


@dataclass(frozen=True)
class Eyes:
    """How an approval stands: complete, or it waits for a second person. ``first_by_id`` gave the first where there were two."""

    is_complete: bool
    first_by_id: int | None = None


def look(session: Session, actor: Actor, *, kind: str, item_id: int, points: int, member_id: int, note: str, subject: Subject, now: datetime) -> Eyes:
    """Tell whether ``actor``'s approval of ``points`` is complete; keep it as the first one where it is not. Nothing is approved by this.

    The caller holds the lock of the thing itself. An approval of other points than the first
    one's is a new first one. Refuses a first approver's second (``SecondMustBeAnother``), the nominator of the
    member (``NominatorMayNotApprove``), and who was let decide a moment ago or by the other of the two (as ``require_apart``).
    The portal itself, an import or the command line, needs no second: it records what was decided elsewhere.
    """
    if actor.id is None or actor.origin == "import" or not terms_of(session).needs_second(points):
        return Eyes(is_complete=True)
    if actor.id in _nominators(session, member_id):
        raise NominatorMayNotApprove()
    case = session.scalar(
        select(ReviewCase).where(ReviewCase.kind == kind, ReviewCase.item_id == item_id).with_for_update().execution_options(populate_existing=True)
    )
    first_by = case.first_by_id if case else None
    if case is not None and first_by is not None and case.first_points == points:
        if first_by == actor.id:
            raise SecondMustBeAnother()
        require_apart(session, kind=kind, first_id=first_by, second_id=actor.id, now=now)
        return Eyes(is_complete=True, first_by_id=first_by)
    require_standing(session, kind=kind, person_id=actor.id, now=now)
    first = {"first_by_id": actor.id, "first_at": now, "first_points": points, "first_note": clean(note)[:NOTE_LENGTH]}
    unchanged = ReviewCase.first_by_id.is_(None) if first_by is None else ReviewCase.first_by_id == first_by
    if not change_case(session, kind, item_id, first, unchanged):
        return look(session, actor, kind=kind, item_id=item_id, points=points, member_id=member_id, note=note, subject=subject, now=now)
    kind_of_thing, number = subject
    record(session, actor, "review.first_approved", kind_of_thing, number, now=now, points=points)
    return Eyes(is_complete=False, first_by_id=actor.id)


def forget_first(session: Session, *, kind: str, item_id: int) -> None:
    """Drop a first approval: the thing was decided."""
    case = session.get(ReviewCase, (kind, item_id), populate_existing=True)
    if case is not None and case.first_by_id is not None:
        case.first_by_id = case.first_at = case.first_points = case.first_note = None
        session.flush()


def _nominators(session: Session, member_id: int) -> set[int]:
    asked: NominatorsOf | None = session.info.get("nominators_of")
    return asked(session, member_id) if asked else set()
