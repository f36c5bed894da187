"""A redemption that needs two approvals names both people wherever it says who decided."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from portal.review.actions.terms import set_terms
from portal.review.rules.terms import Terms
from portal.rewards.actions.review import give_approval
from portal.rewards.models.redeeming import Redemption
from tests.dashboard.scene import give
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import as_admin, make_redemption, make_reward
from tests.support.application import SignIn
from tests.support.forms import fields_of


def test_a_redemption_names_both_who_approved_it(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Person, Person, int]:
        first, second, person = make_admin(session, name="Ada First"), make_admin(session, name="Ben Second"), make_person(session)
        give(session, person, 500)
        set_terms(session, as_admin(first.id), terms=Terms(four_eyes_above=50), now=utcnow())
        asked = make_redemption(session, person.id, make_reward(session, price=100).id)
        assert give_approval(session, as_admin(first.id), redemption_id=asked.id, now=utcnow()) is None
        return first, second, person, asked.id

    first, second, person, asked_id = database.write(given)
    office, member, page = sign_in(second), sign_in(person), f"/admin/rewards/redemptions/{asked_id}"
    assert "First of two approvals by Ada First" in office.get(page).text
    desk = office.get("/admin/rewards/desk?tab=approve").text
    assert "First approval by Ada First" in desk
    assert "It needs a second." in desk
    assert "Ada First" not in member.get("/statement").text
    database.write(lambda s: give_approval(s, as_admin(second.id), redemption_id=asked_id, now=utcnow()))
    told = office.get(page).text
    assert "First of two approvals by Ada First" in told
    assert "by Ben Second" in told
    assert "Ada First and Ben Second" in member.get("/statement").text
    with database.reading() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.subject_type == "redemption", AuditEvent.subject_id == asked_id)).all()
    kept = {event.name: event.data for event in events}
    assert kept["redemption.approved"]["first_by_id"] == first.id


def test_approving_on_its_page_is_kept_as_the_first_of_two(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Person, int]:
        first, second, person = make_admin(session, name="Ada First"), make_admin(session, name="Ben Second"), make_person(session)
        give(session, person, 500)
        set_terms(session, as_admin(first.id), terms=Terms(four_eyes_above=50), now=utcnow())
        return first, second, make_redemption(session, person.id, make_reward(session, price=100).id).id

    first, second, asked_id = database.write(given)
    page = f"/admin/rewards/redemptions/{asked_id}"
    ada, ben = sign_in(first), sign_in(second)
    pressed = fields_of(ada.get(page).text, having="press")
    answer = ada.post(f"{page}/approve", data=pressed, follow_redirects=True)
    assert "Your approval is kept. It needs a second person" in answer.text
    assert "First of two approvals by Ada First" in answer.text
    assert "counts once" in ada.post(f"{page}/approve", data=pressed, follow_redirects=True).text
    with database.reading() as session:
        assert session.get_one(Redemption, asked_id).state == "requested"
    assert "Approved." in ben.post(f"{page}/approve", data=fields_of(ben.get(page).text, having="press"), follow_redirects=True).text
    with database.reading() as session:
        assert session.get_one(Redemption, asked_id).state == "approved"
