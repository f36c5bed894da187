"""What this room shows on the pages of others: celebrations on every page, badges on a challenge, panels about a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask_login import current_user
from sqlalchemy.orm import Session

from portal.kernel.actor import ADVOCATE
from portal.kernel.clock import utcnow
from portal.people.models import Person
from portal.recognition.queries.badges import OwnBadge, badges_for, earned_badges, for_challenge
from portal.recognition.queries.celebrations import Occasion, occasions_for
from portal.recognition.queries.levels import rung_for
from portal.recognition.queries.weeks import streak_for
from portal.web.transaction import db

ON_CHALLENGE, ON_PROFILE, NEAREST = 3, 6, 3


def celebrations() -> list[Occasion]:
    """Return what the reader is to be congratulated on now."""
    if not current_user.is_authenticated or ADVOCATE not in current_user.roles:
        return []
    return occasions_for(db(), current_user.id, utcnow())


@dataclass(frozen=True)
class Near:
    """The badges that a challenge leads nearer to: the most advanced, and how many there are beside them."""

    badges: Sequence[OwnBadge] = ()
    others: int = 0


def badges_near(challenge_id: int, track: str, act_kind: str) -> Near:
    """Return the badges that a challenge leads the reader nearer to."""
    if ADVOCATE not in current_user.roles:
        return Near()
    found = for_challenge(db(), current_user.id, challenge_id=challenge_id, track=track, act_kind=act_kind, now=utcnow())
    return Near(found[:ON_CHALLENGE], max(len(found) - ON_CHALLENGE, 0))


def person_panel(session: Session, person: Person, _now: datetime) -> Mapping[str, Any] | None:
    """Level and badges of an advocate, for admins, with the ways to give and to take."""
    if not person.is_advocate:
        return None
    return {"person": person, "rung": rung_for(session, person.id), "held": earned_badges(session, person.id)}


def profile_panel(session: Session, person: Person, now: datetime) -> Mapping[str, Any] | None:
    """Level, streak, latest badges and the nearest that are in progress, of an advocate, for themselves."""
    if not person.is_advocate:
        return None
    held = earned_badges(session, person.id, number=ON_PROFILE)
    nearest = [badge for badge in badges_for(session, person.id, now) if not badge.is_earned and badge.progress and badge.progress.is_open][:NEAREST]
    return {"rung": rung_for(session, person.id), "streak": streak_for(session, person.id, now), "held": held, "nearest": nearest}


def init(app: Flask) -> None:
    """Offer them to the templates."""
    app.jinja_env.globals.update(celebrations=celebrations, badges_near=badges_near)
