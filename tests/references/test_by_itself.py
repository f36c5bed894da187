"""What happens without a hand: rules approve so many a day, drafts are forgotten, and what waits too long finds somebody to tell."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from portal.references.actions.drafting import save_draft
from portal.references.actions.several import nominate_lines
from portal.references.actions.terms import add_rule
from portal.references.jobs import escalate_nominations, forget_old_drafts
from portal.references.models.joining import NominationLink
from portal.references.models.nominating import Nomination, NominationDraft
from portal.references.queries.nominations import agreed_for
from portal.references.rules.states import State
from portal.references.rules.terms import MOST_BY_RULE
from tests.factories.people import make_admin, make_company, make_employee
from tests.factories.references import acting, make_nomination
from tests.references.test_answering import Scene
from tests.rewards.racing import all_at_once

DAY = timedelta(days=1)


def with_rule(session: Session) -> Person:
    make_company(session, name="Known Works")
    add_rule(session, acting(make_admin(session)), name="Known", needs_company=True, now=utcnow())
    return make_employee(session)


def send(sender: Person, number: int, first: int = 0, now: datetime | None = None) -> Callable[[Session], Any]:
    lines = "\n".join(f"Person{n} Lane{n}, p{n}@known.example, Known Works" for n in range(first, first + number))
    return lambda session: nominate_lines(session, acting(sender), key=f"k{first}", text=lines, why="Good.", now=now or utcnow())


def states(database: Database, state: State) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(Nomination.state == state)) or 0


def test_rules_approve_so_many_of_one_sender_in_a_day_and_the_rest_waits(database: Database) -> None:
    sender = database.write(with_rule)
    at = utcnow()
    database.write(send(sender, MOST_BY_RULE + 2, now=at))
    assert (states(database, State.INVITED), states(database, State.SUBMITTED)) == (MOST_BY_RULE, 2)
    database.write(send(sender, 1, first=100, now=at + DAY))
    assert states(database, State.INVITED) == MOST_BY_RULE + 1


def test_many_lists_at_once_are_counted_as_one_day(database: Database) -> None:
    sender = database.write(with_rule)
    assert all_at_once(database, [send(sender, 4, first=10 * n) for n in range(4)], tries=30) == {"done": 4}
    assert (states(database, State.INVITED), states(database, State.SUBMITTED)) == (MOST_BY_RULE, 6)


def test_who_had_joined_before_there_were_links_never_said_yes(session: Session) -> None:
    scene = Scene(session)
    scene.say(session, "yes")
    assert agreed_for(session, scene.greta.id) == 1
    session.execute(delete(NominationLink))
    assert agreed_for(session, scene.greta.id) == 0


def test_a_draft_that_nobody_touched_for_ninety_days_is_forgotten(database: Database) -> None:
    employee, at = database.write(make_employee), utcnow()
    for key, age in (("old", 91), ("young", 89)):
        database.write(lambda s, key=key, age=age: save_draft(s, acting(employee), key=key, fields={"name": [key]}, now=at - age * DAY))
    assert [forget_old_drafts(database, at) for _time in range(2)] == [1, 0]
    with database.reading() as session:
        assert session.scalars(select(NominationDraft.key)).all() == ["young"]


def test_what_its_only_admin_nominated_waits_for_another_admin_to_be_told(database: Database) -> None:
    alone = database.write(lambda s: make_admin(s, roles={"admin", "employee"}))
    at = utcnow()
    database.write(lambda s: make_nomination(s, alone, now=at - 8 * DAY))
    assert escalate_nominations(database, at) == 0
    database.write(make_admin)
    assert [escalate_nominations(database, at) for _time in range(2)] == [1, 0]
