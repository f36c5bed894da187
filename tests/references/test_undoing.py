"""Undoing a decision on a nomination within the minute: it waits as before, and no invitation goes out."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.joining import invite_person
from portal.people.models import OneTimeLink, Person
from portal.people.queries.persons import find_person_by_email
from portal.references.actions.decide import accept_nomination, decline_nomination, mark_duplicate
from portal.references.actions.nominate import nominate
from portal.references.actions.undoing import undo_decision
from portal.references.models.nominating import Nomination
from portal.references.queries.review import KIND
from portal.references.rules.deciding import InvitationOut, NominatedAgain
from portal.references.rules.states import State
from portal.review.rules.refusals import NothingToUndo, NotYourVerdict, UndoTooLate
from portal.review.rules.undoing import UNDO_WITHIN
from tests.factories.people import make_admin, make_contact, make_employee, make_person
from tests.factories.references import acting, make_nomination
from tests.rewards.racing import all_at_once
from tests.support.undoing import last_decision, open_mails, told

ADDRESS = "ada@works.example"


class Scene:
    """Greta nominated Ada of New Works, whom nobody knew; another nomination of Berta waits; two admins."""

    def __init__(self, session: Session) -> None:
        self.greta, self.boss, self.bo = make_employee(session), acting(make_admin(session)), acting(make_admin(session))
        self.id = make_nomination(session, self.greta, name="Ada", email=ADDRESS, company="New Works").id
        self.other = make_nomination(session, make_employee(session), name="Ada B", email="ada.b@works.example").id

    def decide(self, session: Session, verdict: str, now: datetime | None = None) -> int:
        at: dict[str, Any] = {"nomination_id": self.id, "now": now or utcnow()}
        if verdict == "accept":
            accept_nomination(session, self.boss, company="Newer Works", **at)
        elif verdict == "decline":
            decline_nomination(session, self.boss, reason="Their contract ends.", **at)
        else:
            mark_duplicate(session, self.boss, first_id=self.other, **at)
        return last_decision(session, KIND)

    def state(self, session: Session) -> list[tuple[Any, ...]]:
        session.expire_all()
        columns = [column for column in Nomination.__table__.columns if column.name != "search"]
        return [tuple(row) for row in session.execute(select(*columns).order_by(Nomination.id))]


@pytest.fixture
def scene(session: Session) -> Scene:
    return Scene(session)


@pytest.mark.parametrize("verdict", ["accept", "decline", "duplicate"])
def test_within_the_minute_all_stands_as_before_and_no_mail_goes_out(session: Session, scene: Scene, verdict: str) -> None:
    now = utcnow()
    make_nomination(session, email=ADDRESS)  # somebody who adds their voice
    before = scene.state(session)
    kind = {"accept": "nomination_accepted", "decline": "nomination_declined", "duplicate": "nomination_duplicate"}[verdict]
    for turn in range(3):
        at = now + timedelta(minutes=turn)
        decision = scene.decide(session, verdict, at)
        assert scene.state(session) != before
        assert {job.available_at for job in open_mails(session, kind)} == {at + UNDO_WITHIN}
        undo_decision(session, scene.boss, decision_id=decision, now=at + timedelta(seconds=59))
        assert scene.state(session) == before
        assert open_mails(session, kind) == open_mails(session, "nomination_recalled") == open_mails(session, "nomination_proposal") == []
    assert told(session, scene.greta.id, kind, "nomination_recalled") == [kind, "nomination_recalled"] * 3
    decided = accept_nomination(session, scene.boss, nomination_id=scene.id, now=now + timedelta(hours=1))
    assert decided.state == State.INVITED
    assert len(open_mails(session, "nomination_proposal")) == 1


def test_who_became_known_stays_a_contact_whose_link_opens_nothing(session: Session, scene: Scene) -> None:
    undo_decision(session, scene.boss, decision_id=scene.decide(session, "accept"), now=utcnow())
    person = find_person_by_email(session, ADDRESS)
    assert person is not None
    assert (person.state, person.invited_at) == ("contact", None)
    assert session.scalars(select(OneTimeLink.id).where(OneTimeLink.person_id == person.id)).all() == []


def test_who_was_invited_or_joined_before_keeps_what_they_have(session: Session, scene: Scene) -> None:
    contact = make_contact(session, email=ADDRESS)
    invite_person(session, scene.bo, person_id=contact.id, now=utcnow())
    undo_decision(session, scene.boss, decision_id=scene.decide(session, "accept"), now=utcnow())
    session.refresh(contact)
    assert contact.state == "invited"
    assert len(open_mails(session, "invitation")) == 1


def test_an_invitation_that_is_out_lets_the_decision_stand(session: Session, scene: Scene) -> None:
    decision = scene.decide(session, "accept")
    person_id = session.get_one(Nomination, scene.id).person_id or 0
    invite_person(session, scene.bo, person_id=person_id, now=utcnow())
    with pytest.raises(InvitationOut), session.begin_nested():
        undo_decision(session, scene.boss, decision_id=decision, now=utcnow())
    assert session.get_one(Person, person_id, populate_existing=True).state == "invited"


def test_a_new_nomination_of_the_address_lets_a_decline_stand(session: Session, scene: Scene) -> None:
    decision = scene.decide(session, "decline")
    make_nomination(session, email=ADDRESS)
    with pytest.raises(NominatedAgain):
        undo_decision(session, scene.boss, decision_id=decision, now=utcnow())


def test_a_duplicate_whose_first_became_one_itself_stays_where_it_is(session: Session, scene: Scene) -> None:
    decision = scene.decide(session, "duplicate")
    third = make_nomination(session).id
    mark_duplicate(session, scene.bo, nomination_id=scene.other, first_id=third, now=utcnow())
    with pytest.raises(NothingToUndo):
        undo_decision(session, scene.boss, decision_id=decision, now=utcnow())


def test_another_the_late_and_the_second_are_refused(session: Session, scene: Scene) -> None:
    at = utcnow()
    decision = scene.decide(session, "decline", at)
    for actor, now, refusal in ((scene.bo, at, NotYourVerdict), (scene.boss, at + UNDO_WITHIN, UndoTooLate)):
        with pytest.raises(refusal):
            undo_decision(session, actor, decision_id=decision, now=now)
    undo_decision(session, scene.boss, decision_id=decision, now=at)
    with pytest.raises(NothingToUndo):
        undo_decision(session, scene.boss, decision_id=decision, now=at)


def test_eight_undoes_and_a_new_nomination_at_once_leave_one_that_stands(database: Database) -> None:
    scene = database.write(Scene)
    decision = database.write(lambda s: scene.decide(s, "decline"))
    employee = database.write(lambda s: acting(make_employee(s)))
    database.write(lambda s: make_person(s))
    given: dict[str, Any] = {"key": "k", "name": "Ada", "email": ADDRESS, "company": "Works", "why": "Good.", "now": utcnow()}
    works: list[Any] = [lambda s: undo_decision(s, scene.boss, decision_id=decision, now=utcnow())] * 7 + [lambda s: nominate(s, employee, **given)]
    found = all_at_once(database, works)
    with database.reading() as session:
        standing = session.scalars(select(Nomination.nominator_id).where(Nomination.email == ADDRESS, Nomination.state == State.SUBMITTED)).all()
    assert len(standing) == 1
    if standing == [scene.greta.id]:
        assert found == Counter({"done": 2, "AlreadyUndone": 6}), "the new one added its voice"
    else:
        assert found == Counter({"done": 1, "NominatedAgain": 7})
