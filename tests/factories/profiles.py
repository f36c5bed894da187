"""Reference profiles for tests, through the real actions."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.people.models import Person
from portal.profiles.actions.consenting import give_own
from portal.profiles.actions.editing import set_visible
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.opening import open_by_staff
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import Facts
from portal.profiles.rules.states import Move
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.factories.references import acting

WORDS = "You may ask me for this."


def make_profile(
    session: Session,
    *,
    owner: Person | None = None,
    boss: Actor | None = None,
    does: tuple[Activity, ...] = (Activity.CALL,),
    now: datetime | None = None,
    tier: int = 2,
    **of_person: Any,
) -> ReferenceProfile:
    """Open, by the verbs of the room, an active, visible, verified profile of somebody new at a company of ``owner`` (None: of nobody), with
    consents of their own. Rows alone, of somebody who is there: ``factories.finding.make_profile_row``."""
    at, admin = now or utcnow(), boss or acting(make_admin(session))
    company = make_company(session, owner_id=owner.id if owner else None)
    person = make_person(session, company_id=company.id, **of_person)
    open_by_staff(session, admin, person_id=person.id, facts=Facts(tier=tier, story="Moved off paper."), is_true=True, now=at)
    for activity in does:
        give_own(session, acting(person), person_id=person.id, activity=activity, words=WORDS, now=at)
    move_profile(session, admin, person_id=person.id, way=Move.ACTIVATE, now=at)
    set_visible(session, admin, person_id=person.id, is_visible=True, now=at)
    return session.get_one(ReferenceProfile, person.id, populate_existing=True)


class Scene:
    """Ada at a company that Greta looks after, active, visible and verified just now; Bo is an admin."""

    def __init__(self, session: Session, now: datetime | None = None) -> None:
        self.at = now or utcnow()
        admin, greta = make_admin(session), make_employee(session, name="Greta")
        self.admin_id, self.greta_id = admin.id, greta.id
        self.boss, self.greta = acting(admin), acting(greta)
        self.id = make_profile(session, owner=greta, boss=self.boss, now=self.at, name="Ada").person_id
        self.ada = Actor(self.id, frozenset({"advocate"}), "127.0.0.1")
