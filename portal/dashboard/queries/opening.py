"""How far a new programme is: whether there is anything to do, anybody to do it, anything to earn and to choose."""

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from portal.challenges.models.offering import Challenge
from portal.dashboard.rules import Opening
from portal.people.models import Person
from portal.people.rules.person import PersonState
from portal.recognition.models import Badge
from portal.recognition.rules.badges import BadgeState
from portal.rewards.models.offering import Reward
from portal.rewards.rules.kinds import RewardState

_DONE = {
    Opening.CHALLENGE: exists().where(Challenge.published_at.is_not(None), Challenge.is_record_only.is_(False)),
    Opening.PEOPLE: exists().where(Person.is_advocate, Person.state.in_((PersonState.INVITED, PersonState.ACTIVE))),
    Opening.BADGES: exists().where(Badge.state != BadgeState.DRAFT),
    Opening.REWARDS: exists().where(Reward.state != RewardState.DRAFT),
}
_ALL = select(*(found.label(step.value) for step, found in _DONE.items()))


def opening_of(session: Session, *, names_company: bool) -> dict[Opening, bool]:
    """Tell of each thing a new programme needs whether it was ever there; ``names_company`` is what the settings say."""
    row = session.execute(_ALL).one()
    return {Opening.COMPANY: names_company} | {step: bool(getattr(row, step.value)) for step in _DONE}
