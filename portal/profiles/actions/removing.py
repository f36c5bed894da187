"""Removing a profile that came by mistake: what an import opened and nobody touched since."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.acts.actions.blocking import keep_without_profile
from portal.audit.actions import record
from portal.consents.actions import end_recorded
from portal.consents.models import Consent
from portal.kernel.actor import Actor
from portal.profiles.actions.rows import locked
from portal.profiles.models import ProfileActivity, ProfileBlackout, ProfileEdit, ProfileProof, ProfileWord, ReferenceProfile
from portal.profiles.queries.profiles import BY_STAFF, does


def remove_profile(session: Session, actor: Actor, *, person_id: int, now: datetime) -> bool:
    """Remove a profile, end what staff had written down for it, and tell whether it is gone.

    One of which somebody here wrote something by hand, the person or staff, about which somebody was asked, or of which something else speaks, stays.
    """
    locked(session, person_id)
    edited = select(ProfileEdit.field).where(ProfileEdit.person_id == person_id).limit(1)
    if session.scalar(edited) is not None or any(one.is_own for one in does(session, person_id, now)):
        return False
    standing = (Consent.source_type == BY_STAFF, Consent.source_id == person_id, Consent.ended_at.is_(None))
    ids = session.scalars(select(Consent.id).where(*standing).order_by(Consent.id)).all()
    try:
        with session.begin_nested():
            for table in (ProfileActivity, ProfileWord, ProfileBlackout, ProfileEdit, ProfileProof, ReferenceProfile):
                gone = delete(table).where(table.person_id == person_id)
                session.execute(gone.execution_options(synchronize_session=False))
    except IntegrityError:
        return False
    session.expire_all()
    keep_without_profile(session, actor, person_id=person_id, reason="", now=now)
    for consent_id in ids:
        end_recorded(session, actor, consent_id=consent_id, now=now)
    record(session, actor, "profile.dropped", "profile", person_id, now=now)
    return True
