"""A no is kept: who removed themself, was retired, or said no to a nomination is asked as a reference by no door; other things as ever."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.actions.asking import Override, propose_ask
from portal.acts.actions.saying import set_own_terms
from portal.acts.models.asks import Ask
from portal.acts.queries.refusing import NO_REFERENCE
from portal.acts.rules.asks import OF_REFERENCES, AskKind
from portal.acts.rules.refusals import NoReferenceAnyMore, NoReferenceYet
from portal.acts.rules.terms import Terms
from portal.api.actions import make_token
from portal.dashboard.queries.company import profiles_there
from portal.kernel.actor import system
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database, programme_zone
from portal.people.models import Company, Person
from portal.people.queries.persons import find_person_by_email
from portal.profiles.actions.consenting import take_back_own
from portal.profiles.actions.own import remove_me
from portal.profiles.queries.refusing import no_more
from portal.profiles.rules.activity import ASK_OF, Activity
from portal.references.queries.refusing import said_no
from tests.factories.finding import make_profile_row
from tests.factories.people import make_admin, make_employee
from tests.factories.profiles import make_profile
from tests.factories.references import acting
from tests.references.test_answering import ADDRESS
from tests.references.test_answering import Scene as Nominated
from tests.support.application import SignIn
from tests.support.forms import fields_of

EMAIL = "ada@harbour.example"


@pytest.fixture
def told(session: Session) -> Session:
    session.info[NO_REFERENCE] = (no_more, said_no)
    return session


def removed(session: Session) -> int:
    profile = make_profile(session, email=EMAIL, name="Ada", tier=1)
    remove_me(session, acting(session.get_one(Person, profile.person_id)), person_id=profile.person_id, now=utcnow())
    return profile.person_id


def test_what_is_asked_of_references_is_every_kind_that_a_request_asks_for() -> None:
    assert set(ASK_OF.values()) == OF_REFERENCES


def test_who_removed_themself_is_asked_by_no_door_and_no_override_lifts_it(app: Any, database: Database, sign_in: SignIn) -> None:
    person_id = database.write(removed)
    greta, imani = database.write(lambda s: (make_employee(s).id, make_admin(s).id))
    address, said = f"/goodwill/people/{person_id}", "is no reference, or not any more"
    for who in (greta, imani):
        visitor = sign_in(who)
        page = visitor.get(address).text
        assert "They are no reference, or not any more" in page
        form = fields_of(page, having="about") | {"kind": "call", "channel": "portal"}
        refused = visitor.post(address, data=form | ({"reason": "It has to be.", "approver": str(imani)} if who == greta else {}))
        assert (refused.status_code, said in refused.text) == (409, True)
        several = fields_of(visitor.get("/goodwill/several").text, having="people") | {"people": EMAIL, "kind": "review", "step": "ask"}
        assert said in visitor.post("/goodwill/several", data=several).text
    assert "Now, but not as a reference" in sign_in(greta).get("/goodwill").text
    token = database.write(lambda s: make_token(s, system("test"), name="Tool", key="k", now=utcnow(), scopes=("asks",)))[1]
    sent = {"id": "w7", "kind": "quote", "email": EMAIL}
    answer = app.test_client().post("/api/v1/asks", json=sent, headers={"Authorization": f"Bearer {token}"}, csrf=False)
    assert (answer.status_code, answer.get_json()["type"].rsplit(":", 1)[-1]) == (409, "no-reference-any-more")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ask)) == 0
    visitor = sign_in(greta)
    form = fields_of(visitor.get(address).text, having="about") | {"kind": "survey", "channel": "email"}
    assert visitor.post(address, data=form).status_code == 303, "a survey asks for no reference"


def test_no_job_and_no_override_asks_who_said_no_and_who_said_not_now_may_be_asked_from_their_day(told: Session) -> None:
    scene = Nominated(told)
    person = find_person_by_email(told, ADDRESS)
    assert person is not None

    def ask(kind: AskKind, days: int = 0, **given: Any) -> None:
        at = utcnow() + timedelta(days=days)
        propose_ask(told, scene.boss, person_id=person.id, kind=kind, key=f"{kind}{days}", is_told=False, now=at, **given)

    scene.say(told, "later")
    with pytest.raises(NoReferenceYet) as refusal:
        ask(AskKind.CALL)
    until = refusal.value.free_on
    assert until is not None
    ask(AskKind.SURVEY)
    ask(AskKind.CALL, days=(until - local_date(utcnow(), programme_zone(told))).days)
    scene.say(told, "no")
    with pytest.raises(NoReferenceAnyMore):
        ask(AskKind.REVIEW, days=400, override=Override("It has to be.", make_admin(told).id))
    scene.say(told, "again")
    ask(AskKind.REVIEW, days=400)


def test_who_became_a_reference_since_is_asked_whatever_was_said_before(told: Session) -> None:
    scene = Nominated(told)
    scene.say(told, "no")
    person = find_person_by_email(told, ADDRESS)
    assert person is not None
    assert said_no(told, [person.id], utcnow()) == {person.id: None}
    make_profile_row(told, person)
    assert said_no(told, [person.id], utcnow()) == no_more(told, [person.id], utcnow()) == {}


def test_a_companys_page_lists_who_may_be_asked_and_for_what_they_still_may(session: Session) -> None:
    boss, today = acting(make_admin(session)), utcnow().date()
    one = make_profile(session, does=(Activity.CALL, Activity.QUOTE, Activity.VIDEO))
    person = session.get_one(Person, one.person_id)
    company = session.get_one(Company, person.company_id)

    def shown() -> list[list[Activity]]:
        rows, does = profiles_there(session, boss, company, today)
        return [does.get(row.ReferenceProfile.person_id, []) for row in rows]

    assert shown() == [[Activity.CALL, Activity.VIDEO, Activity.QUOTE]]
    set_own_terms(session, acting(person), terms=Terms(unwanted=(AskKind.CALL,)), now=utcnow())
    take_back_own(session, acting(person), person_id=person.id, activity=Activity.VIDEO, never=False, now=utcnow())
    assert shown() == [[Activity.QUOTE]], "neither what they ruled out nor what they took back"
    remove_me(session, acting(person), person_id=person.id, now=utcnow())
    assert shown() == []
