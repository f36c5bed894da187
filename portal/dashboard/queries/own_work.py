"""What the reference programme wants of a member of staff today: requests to agree to or to take up, references to verify, own requests."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.profiles.queries.checks import count_to_verify
from portal.requests.queries.lists import Listed, counts_of, going_on
from portal.requests.rules.lists import Tab

RECENT = 5


@dataclass(frozen=True)
class OwnWork:
    """``to_agree`` and ``to_verify`` wait for who looks after the customer, ``to_take_up`` and ``to_decide`` (two sides say different things)
    for any admin; ``requests`` are one's own.
    """

    to_agree: int
    to_verify: int
    to_take_up: int
    to_decide: int
    requests: list[Listed]


def work_of(session: Session, actor: Actor, now: datetime) -> OwnWork:
    """Return what waits for somebody of staff, and their own requests that go on, those first that are needed first."""
    counts = counts_of(session, actor)
    return OwnWork(
        to_agree=counts[Tab.AGREE],
        to_verify=count_to_verify(session, int(actor.id or 0), now),
        to_take_up=counts.get(Tab.UNASSIGNED, 0),
        to_decide=counts.get(Tab.DECIDE, 0),
        requests=going_on(session, actor, now, RECENT),
    )
