"""What mails, lists and pages say of a nomination is so: to the customer, to who nominated them and to who decides."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email
from portal.references.actions.asking import follow_up
from tests.references.test_answering import ADDRESS, Scene

DAY = timedelta(days=1)
MAILS = Path(__file__).parents[2] / "templates" / "emails"


def ada(session: Session) -> Person:
    found = find_person_by_email(session, ADDRESS)
    assert found is not None
    return found


def fall_silent(session: Session, scene: Scene) -> None:
    for days in (8, 30):
        follow_up(session, system("job"), nomination_id=scene.id, now=scene.at + days * DAY)
    session.expire_all()


@pytest.mark.parametrize("form", ["html", "txt"])
@pytest.mark.parametrize("kind", ["nomination_proposal", "nomination_reminder"])
def test_mails_to_a_customer_promise_no_single_click_and_no_last_reminder(kind: str, form: str) -> None:
    """A no is chosen and sent on the page; who says "not now" after a reminder is reminded once more."""
    said = (MAILS / kind / f"body.{form}").read_text()
    assert ("One click" in said, "this once" in said) == (False, False)
