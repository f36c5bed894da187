"""Marks of the devices and addresses that people use: hashed with a key of the installation, one a day, kept for 90 days.

A mark says that two people used the same device or address, and nothing else: neither address nor browser can be read from it by itself. (The
audit log keeps the address of each act as it is, see docs/operating.md.) It is
kept for the sign "many accounts on one device or address", which has to see sessions that were closed too.
"""

import hmac
from datetime import datetime, timedelta

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal.kernel.clock import require_aware
from portal.people.models import SignInMark
from portal.people.rules.session import MARK_DAYS
from portal.people.rules.throttle import network

_AT_ONCE = 1_000


def mark_key(secret: str) -> bytes:
    """Return the key of an installation's marks. With another secret old marks are those of nobody, and go with their time."""
    return hmac.digest(secret.encode(), b"laurel sign-in marks", "sha256")


def note_mark(session: Session, *, person_id: int, origin: str, browser: str, now: datetime) -> None:
    """Note which device and address a person uses on this day (UTC). Again on the same day is nothing; so is an address we do not know."""
    key: bytes | None = session.info.get("mark_key")
    if key is None or not origin:
        return
    address = network(origin)
    row = {"person_id": person_id, "day": require_aware(now).date(), "address": _mark(key, address), "device": _mark(key, address, browser[:200])}
    maker = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(maker.insert(SignInMark).values(**row).on_conflict_do_nothing())


def forget_old_marks(session: Session, *, now: datetime) -> int:
    """Remove marks of days that lie more than ``MARK_DAYS`` back, some at a time; returns how many this call removed."""
    last = require_aware(now).date() - timedelta(days=MARK_DAYS)
    key = (SignInMark.person_id, SignInMark.day, SignInMark.device)
    old = select(*key).where(SignInMark.day < last).limit(_AT_ONCE)
    gone = delete(SignInMark).where(tuple_(*key).in_(old))
    return session.execute(gone, execution_options={"synchronize_session": False}).rowcount  # type: ignore[attr-defined,no-any-return]


def _mark(key: bytes, *parts: str) -> str:
    return hmac.digest(key, "\n".join(parts).encode(), "sha256").hex()[:32]
