"""What a nominee completes as a reference is credited to who nominated them: once for each, and more where it went well."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import STAFF
from portal.people.models import Person
from portal.people.queries.persons import find_person_by_email
from portal.references.actions.crediting import credit_completion
from portal.references.actions.terms import set_terms
from portal.references.models.nominating import Nomination, NominationCompletion
from portal.references.rules.terms import Terms, went_well
from tests.factories.people import make_employee, make_person
from tests.factories.references import make_nomination
from tests.references.test_answering import ADDRESS, Scene, told
from tests.rewards.racing import all_at_once

CALL = "reference_request:7"


def nominee(session: Session) -> Person:
    found = find_person_by_email(session, ADDRESS)
    assert found is not None
    return found


def done(session: Session, person: Person, source: str = CALL, grade: int | None = None) -> int | None:
    found = credit_completion(session, person_id=person.id, source=source, grade=grade, now=utcnow())
    return found.id if found else None


@pytest.mark.parametrize(("grade", "is_good"), [(None, False), (1, False), (3, False), (4, True), (5, True)])
def test_from_four_of_five_it_went_well(grade: int | None, is_good: bool) -> None:
    assert went_well(grade) is is_good


def test_a_completion_is_credited_once_and_once_more_when_it_turns_out_well(session: Session) -> None:
    scene = Scene(session)
    scene.say(session, "yes")
    ada, before = nominee(session), scene.credit(session)
    steps: list[tuple[str, int | None, int]] = [
        (CALL, None, 50),  # nobody knows yet how it went
        (CALL, None, 50),
        (CALL, 5, 70),
        (CALL, 5, 70),
        (CALL, 1, 70),  # a grade that is kept is never changed
        ("reference_request:8", 3, 120),
        ("reference_request:8", 5, 120),
        ("reference_request:9", 4, 190),
    ]
    for source, grade, credit in steps:
        assert done(session, ada, source, grade) == scene.id
        assert scene.credit(session) - before == credit, (source, grade)
    assert told(session, scene.greta).count("completed") == 3
    for wrong in (0, 6):
        with pytest.raises(ValueError, match="1 to 5"):
            done(session, ada, "reference_request:10", wrong)


def test_the_first_nominator_is_credited_or_the_colleague_and_all_are_told(session: Session) -> None:
    karim, later = make_employee(session), make_employee(session)
    scene = Scene(session, colleague_id=karim.id)
    make_nomination(session, later, email=ADDRESS)
    done(session, nominee(session), grade=4)  # who has not answered by the link, and helps all the same
    assert [balance_of(session, who.id, unit=STAFF).net for who in (karim, scene.greta, later)] == [80, 0, 0]
    assert [told(session, who)[-1] for who in (karim, scene.greta, later)] == ["completed"] * 3


def test_nobody_is_credited_for_who_was_not_nominated_or_said_no_nor_where_the_terms_say_nothing(session: Session) -> None:
    assert done(session, make_person(session)) is None
    scene = Scene(session)
    scene.say(session, "no")
    assert done(session, nominee(session)) is None
    scene.say(session, "again")
    set_terms(session, scene.boss, terms=Terms(completed=0, well_done=0), now=utcnow())
    assert done(session, nominee(session), grade=5) == scene.id
    set_terms(session, scene.boss, terms=Terms(), now=utcnow())
    before = scene.credit(session)
    done(session, nominee(session), "reference_request:8")
    assert (scene.credit(session) - before, told(session, scene.greta).count("completed")) == (50, 2)


def test_of_eight_at_once_one_credits(database: Database) -> None:
    def start(session: Session) -> tuple[int, int]:
        scene = Scene(session)
        return scene.greta.id, nominee(session).id

    greta_id, ada_id = database.write(start)
    works = [lambda s: credit_completion(s, person_id=ada_id, source=CALL, grade=5, now=utcnow()) and None] * 8
    assert all_at_once(database, works) == {"done": 8}
    with database.reading() as session:
        assert balance_of(session, greta_id, unit=STAFF).net == 10 + 70
        assert session.scalar(select(func.count()).select_from(NominationCompletion)) == 1
        assert session.scalars(select(Nomination.state)).all() == ["invited"]
