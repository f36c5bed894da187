"""Staff move a profile: rest, hold, retire, and back. Each move is one guarded update with its reason in the record."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.errors import NotAllowed, Refusal, refuse_all
from portal.kernel.text import clean
from portal.people.rules.person import PersonState
from portal.profiles.actions.checking import tell_left
from portal.profiles.actions.crediting import credit_retired
from portal.profiles.actions.rows import locked, move, today_of
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.profiles import Held, has_agreed, profile_to_change, stands
from portal.profiles.rules.facts import REASON_LENGTH
from portal.profiles.rules.fresh import Why
from portal.profiles.rules.refusals import CannotMove, NothingAgreed, OwnWish, PersonGone, ReasonMissing, RestOver
from portal.profiles.rules.states import OF_ADMINS, Move, Retired, Status

WITHOUT_REASON = (Move.ACTIVATE, Move.RESUME, Move.VERIFY)
CREDITED = (Retired.LEFT, Retired.UNHAPPY, Retired.PRODUCT, Retired.UNSUITABLE)
BY_ANSWER = (Move.VERIFY,)
"""Not moves of their own: ``checking.answer_check`` makes them."""


def move_profile(
    session: Session,
    actor: Actor,
    *,
    person_id: int,
    way: Move,
    reason: str = "",
    retired_as: Retired | None = None,
    rests_until: date | None = None,
    now: datetime,
) -> ReferenceProfile:
    """Move a profile; ``retired_as`` says why it is retired, ``rests_until`` is the first day after a rest, if it ends by itself.

    A legal hold blocks every ask of the person (``rows.move``). Who retires a profile that nobody should call is credited. Refuses:
    NotFound who may not change it, NotAllowed (a hold, and who is held, are the admins'), ReasonMissing, RestOver (both at once where both
    are wrong), OwnWish, NothingAgreed (a rest that their yes ends), PersonGone, CannotMove.
    """
    held = profile_to_change(session, actor, person_id)
    if way in BY_ANSWER:
        raise CannotMove()
    if way in OF_ADMINS and not actor.is_admin:
        raise NotAllowed()
    why = clean(reason)[:REASON_LENGTH]
    _require_said(way, why, rests_until, today_of(session, now))
    before = locked(session, person_id)
    was, was_as = before.status, before.retired_as
    if was == Status.LEGAL_HOLD and not actor.is_admin:
        raise NotAllowed()
    _require_revivable(held, way, was_as)
    if way is Move.RESUME and has_agreed(session, person_id) and not stands(session, person_id):
        raise NothingAgreed(name=held.person.name)
    as_ = (retired_as or Retired.OTHER) if way is Move.RETIRE else None
    row = move(session, actor, person_id, way, now, reason=why, retired_as=as_, rests_until=rests_until)
    if way is Move.ACTIVATE and row.verify_on is None:
        row.verify_on, row.verify_why = today_of(session, now), Why.AGE
        session.flush()
    if as_ is Retired.LEFT:
        tell_left(session, actor, held, why, now)
    if as_ in CREDITED and was != Status.CANDIDATE:
        credit_retired(session, actor, person_id=person_id, now=now)
    return row


def _require_said(way: Move, why: str, rests_until: date | None, today: date) -> None:
    wrong: list[Refusal] = []
    if way not in WITHOUT_REASON and not why:
        wrong.append(ReasonMissing())
    if way is Move.REST and rests_until is not None and rests_until <= today:
        wrong.append(RestOver())
    refuse_all(wrong)


def _require_revivable(held: Held, way: Move, retired_as: str | None) -> None:
    if way is not Move.REVIVE:
        return
    if retired_as == Retired.OWN_WISH:
        raise OwnWish(name=held.person.name)
    if held.person.state == PersonState.DEACTIVATED or not held.person.is_advocate:
        raise PersonGone(name=held.person.name)
