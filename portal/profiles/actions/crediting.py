"""Credit of staff for keeping profiles true, in the ledger's unit ``staff``: once a round of asking, whatever runs twice."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.actor import Actor, system
from portal.ledger.actions.staff import credit_staff
from portal.profiles.models import ProfileCheck
from portal.profiles.rules.fresh import RETIRED_CREDIT


def credit_round(session: Session, actor: Actor, *, person_id: int, check_id: int, points: int, what: str, now: datetime) -> None:
    """Credit who answered a question about a profile, once for the question; nobody for themself, and nobody who is no staff.

    Nor who asked it themself: else an admin could ask and answer without end.
    """
    asked_by = session.scalar(select(ProfileCheck.asked_by_id).where(ProfileCheck.id == check_id))
    if asked_by is None or asked_by != actor.id:
        _credit(session, actor, person_id, points, f"profile:{person_id}:check:{check_id}", what, now)


def credit_retired(session: Session, actor: Actor, *, person_id: int, now: datetime) -> None:
    """Credit who retires a profile, once between two questions about it, whoever was credited for verifying it before."""
    last = session.scalar(select(func.max(ProfileCheck.id)).where(ProfileCheck.person_id == person_id)) or 0
    _credit(session, actor, person_id, RETIRED_CREDIT, f"profile:{person_id}:retired:{last}", "retired", now)


def _credit(session: Session, actor: Actor, person_id: int, points: int, key: str, what: str, now: datetime) -> None:
    if actor.id is None or actor.id == person_id or not (actor.is_employee or actor.is_admin):
        return
    # The portal credits, by a rule: nobody decides about their own (I13).
    credit_staff(
        session, system("profiles"), owner_id=actor.id, points=points, key=key, reason=f"profile.{what}", source_type="profile", source_id=person_id,
        now=now,
    )  # fmt: skip
