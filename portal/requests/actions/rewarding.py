"""What a reference that took place earns: the act, the points, the credit of who nominated them; and all of it back where it did not after all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.acts.actions.acts import record_act, reverse_act
from portal.acts.rules.acts import ActKind
from portal.kernel.actor import Actor, system
from portal.kernel.tracks import Track
from portal.ledger.queries.transfers import find_transfer
from portal.notifications.actions import notify
from portal.people.models import Person
from portal.people.queries.persons import recipient
from portal.people.rules.person import PersonState
from portal.profiles.rules.activity import Activity
from portal.recognition.actions.scores import award, reverse
from portal.requests.actions.moving import SOURCE
from portal.requests.actions.telling import asker_of, customer_words
from portal.requests.models import ReferenceRequest, RequestCandidate
from portal.requests.queries.rulings import times_paid
from portal.requests.queries.terms import terms_of

Credit = Callable[..., object]
"""Credits who nominated somebody: ``(session, *, person_id, source, grade, now)``. Handed over in ``app.py``."""
TakeBack = Callable[..., object]
"""Takes that credit back: ``(session, *, source, now)``. Handed over in ``app.py``."""
KIND = {Activity.REVIEW: ActKind.REVIEW, Activity.REFERRAL: ActKind.REFERRAL}
TRACK = {
    Activity.CALL: Track.ENGAGE,
    Activity.VISIT: Track.ENGAGE,
    Activity.ANALYST: Track.ENGAGE,
    Activity.ADVISORY_BOARD: Track.ENGAGE,
    Activity.REFERRAL: Track.ENGAGE,
}


@dataclass(frozen=True)
class Decision:
    """What an admin decides, and why; ``is_again``: other than was written down before."""

    by: Actor
    name: str
    reason: str
    is_again: bool = False


def reward(
    session: Session,
    request: ReferenceRequest,
    candidate: RequestCandidate,
    happened_at: datetime,
    now: datetime,
    ruling: Decision | None,
    *,
    is_thanked: bool,
) -> None:
    """Credit the staff who found them, then pay the customer's person, and record the act. Each has a key that is unique for ever, and names how
    often it was completed by now; ``ruling`` is what puts right that it was not.
    """
    nth = times_paid(session, request.id) + 1
    credit: Credit | None = session.info.get("credit_completion")
    if credit is not None:
        credit(session, person_id=candidate.person_id, source=_credit_of(request, nth), grade=candidate.grade, now=now)
    activity, person = Activity(request.activity), session.get_one(Person, candidate.person_id)
    points = terms_of(session).points.get(activity.value, 0)
    by = ruling.by if ruling is not None else system("requests")
    if points:
        award(
            session, by, person_id=person.id, points=points, key=_payment_of(request, candidate, nth), reason="reference_completed",
            note=ruling.reason if ruling is not None else None, source_type=SOURCE, source_id=request.id, effective_at=now, now=now,
        )  # fmt: skip
    record_act(
        session, by, person_id=person.id, company_id=candidate.company_id, kind=KIND.get(activity, ActKind.REFERENCE),
        track=TRACK.get(activity, Track.ENDORSE), source_type=SOURCE, source_id=request.id, points=points, happened_at=happened_at, now=now,
    )  # fmt: skip
    if not is_thanked:
        return  # They read that with what was decided, or put right.
    data = customer_words(session, request, candidate) | {"points": points if person.state == PersonState.ACTIVE else 0}
    notify(
        session,
        to=recipient(session, person.id),
        kind="request_thanks",
        data=data,
        key=f"request:{request.id}:thanks",
        now=now,
        link=own_page(person),
        answers_to=asker_of(session, request),
    )


def take_rewards_back(session: Session, request: ReferenceRequest, candidate: RequestCandidate, ruling: Decision, now: datetime) -> int:
    """Take back what was credited and paid for what did not take place after all, and mark the act; return the points."""
    nth = times_paid(session, request.id)
    take: TakeBack | None = session.info.get("take_completion_back")
    if take is not None:
        take(session, source=_credit_of(request, nth), now=now)
    key = _payment_of(request, candidate, nth)
    paid = find_transfer(session, key=key)
    if paid is not None:
        reverse(session, ruling.by, transfer_id=paid.id, key=f"{key}:back", reason="reference_put_right", now=now, note=ruling.reason)
    reverse_act(session, ruling.by, source_type=SOURCE, source_id=request.id, now=now)
    return paid.points if paid is not None else 0


def _credit_of(request: ReferenceRequest, nth: int) -> str:
    return f"{SOURCE}:{request.id}" + (f":{nth}" if nth > 1 else "")


def _payment_of(request: ReferenceRequest, candidate: RequestCandidate, nth: int) -> str:
    return f"request:{request.id}:completed:{candidate.person_id}" + (f":{nth}" if nth > 1 else "")


def own_page(person: Person) -> str | None:
    """Return where somebody who takes part reads what they were asked; nothing for others, who cannot sign in."""
    return "/asks" if person.state == PersonState.ACTIVE else None
