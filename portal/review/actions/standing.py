"""Two pairs of eyes are two: whoever was let decide a moment ago, or by the other of the two, is none yet."""

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from portal.people.queries.granting import admin_given, begun_at, given_for
from portal.people.queries.persons import names
from portal.review.rules.refusals import FirstTooNew, SecondTooNew
from portal.review.rules.standing import let_by, stands_from


def require_standing(session: Session, *, kind: str, person_id: int, now: datetime) -> None:
    """Refuse the first of two approvals to who was let decide on things of ``kind`` within the last day (``SecondTooNew``)."""
    since = _since(session, kind, person_id, None)
    if since is not None and since > now:
        raise SecondTooNew(since=since)


def require_apart(session: Session, *, kind: str, first_id: int | None, second_id: int | None, now: datetime) -> None:
    """Refuse ``second_id`` to approve what ``first_id`` asked for, or approved first, while either is no pair of eyes of their own.

    Refuses ``SecondTooNew`` and ``FirstTooNew``, each with the moment from which it holds no more. Without a person on one
    side, the portal or the command line, there is nothing to tell apart.
    """
    if first_id is None or second_id is None:
        return
    since = _since(session, kind, second_id, first_id)
    if since is not None and since > now:
        raise SecondTooNew(since=since)
    since = _since(session, kind, first_id, second_id)
    if since is not None and since > now:
        raise FirstTooNew(person=names(session, [first_id]).get(first_id, ""), since=since)


def _since(session: Session, kind: str, person_id: int, other_id: int | None) -> datetime | None:
    began = begun_at(session)
    let = [let_by(given, admin_given=partial(admin_given, session), begun_at=began) for given in given_for(session, person_id, kind)]
    return stands_from(let, other_id=other_id)
