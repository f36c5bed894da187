"""Numbers that went into keys of the ledger are never taken again, also where their tables were taken down in between."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal.bank.actions.adjusting import adjust_points
from portal.bank.actions.disputing import dispute_line
from portal.kernel import migrate
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from tests.factories.people import make_admin, make_person
from tests.factories.rewards import acting, as_admin

GIVEN: dict[str, Any] = {"points": 100, "counts_as_earned": True, "category": "event", "reason": "Two talks"}


@pytest.mark.breaks_the_books(reason="the tables are taken down")
@pytest.mark.parametrize("how_many", [0, 3])
def test_a_correction_after_its_table_was_taken_down_and_made_again_moves_points(database: Database, how_many: int) -> None:
    def prepare(session: Session) -> tuple[int, int, int]:
        person, admin = make_person(session).id, make_admin(session).id
        made = [adjust_points(session, as_admin(admin), person_id=person, key=f"{n}", **GIVEN, now=utcnow()) for n in range(how_many)]
        last = dispute_line(session, acting(person), transfer_id=made[-1].transfer_id or 0, words="Three.", now=utcnow()).id if made else 0
        return person, admin, last

    person, admin, dispute = database.write(prepare)
    migrate.downgrade(database, "0036")
    migrate.upgrade(database)

    def correct(session: Session) -> tuple[int, int]:
        made = adjust_points(session, as_admin(admin), person_id=person, key="anew", **GIVEN, now=utcnow())
        assert made.transfer_id is not None
        return made.id, dispute_line(session, acting(person), transfer_id=made.transfer_id, words="Four.", now=utcnow()).id

    numbers = database.write(correct)
    assert numbers[0] > how_many
    assert numbers[1] > dispute
    with database.reading() as session:
        assert balance_of(session, person).available == 100 * (how_many + 1)
