"""A repricing never takes the number of one before it, also where that one was declined and its table taken down in between."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.actions.repricing import decline_repricing
from portal.kernel import migrate
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.models import Notice
from portal.review.actions.terms import set_terms
from portal.review.rules.terms import Terms
from tests.challenges.past import Past


@pytest.mark.breaks_the_books(reason="tables are taken down")
def test_after_one_that_was_declined_the_next_has_a_number_of_its_own_and_the_second_admin_hears_of_it(database: Database) -> None:
    past = database.write(Past)

    def decline(session: Session) -> int:
        set_terms(session, past.ben, terms=Terms(four_eyes_above=0), now=utcnow())
        made = past.ask(session)
        decline_repricing(session, past.ben, repricing_id=made.id, reason="No", now=utcnow())
        return made.id

    first = database.write(decline)
    migrate.downgrade(database, "0036")
    migrate.upgrade(database)
    assert database.write(lambda session: past.ask(session, key="two").id) > first
    with database.reading() as session:
        assert len(session.scalars(select(Notice.id).where(Notice.kind == "repricing_waiting", Notice.person_id == past.ben.id)).all()) == 2
