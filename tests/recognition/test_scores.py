"""Scores follow the ledger: in the same transaction, in the periods of the effective time."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.kernel.actor import system
from portal.kernel.clock import micros, utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import balance_of
from portal.ledger.rules import AlreadyReversed
from portal.recognition.actions.scores import adjust, award, person_changed, reverse
from portal.recognition.models import PeriodScore
from portal.recognition.queries.board import find_own
from tests.factories.people import make_admin, make_contact, make_employee
from tests.factories.recognition import give_points

OCTOBER = datetime(2026, 10, 5, 12, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 5, 12, tzinfo=UTC)
JULY = datetime(2026, 7, 5, 12, tzinfo=UTC)


def scores(session: Session, person_id: int) -> dict[str, int]:
    found = session.execute(select(PeriodScore.period, PeriodScore.score).where(PeriodScore.member_id == person_id))
    return dict(found.all())


def reached(session: Session, person_id: int, period: str = "all") -> int:
    return -session.execute(select(PeriodScore.first_neg).where(PeriodScore.member_id == person_id, PeriodScore.period == period)).scalar_one()


def test_points_count_in_the_periods_of_their_effective_time(session: Session) -> None:
    person = make_contact(session)
    give_points(session, person.id, 100, at=OCTOBER)
    give_points(session, person.id, 30, at=NOVEMBER)
    give_points(session, person.id, 5, at=JULY)
    assert scores(session, person.id) == {"all": 135, "2026-Q4": 130, "2026-10": 100, "2026-11": 30, "2026-Q3": 5, "2026-07": 5}
    assert balance_of(session, person.id).lifetime == 135


def test_a_repeated_key_counts_once(session: Session) -> None:
    person = make_contact(session)
    facts = {"key": "submission:1:decision:1", "source_id": 1, "at": OCTOBER}
    give_points(session, person.id, 100, **facts)
    assert give_points(session, person.id, 100, **facts).is_replay
    assert scores(session, person.id)["all"] == 100


def test_who_reached_a_score_is_told_by_the_last_points_that_raised_it(session: Session) -> None:
    person = make_contact(session)
    give_points(session, person.id, 100, at=NOVEMBER)
    give_points(session, person.id, 50, at=OCTOBER)
    assert reached(session, person.id) == micros(NOVEMBER)
    assert reached(session, person.id, "2026-10") == micros(OCTOBER)
    adjust(
        session, system(), person_id=person.id, points=-10, counts_as_earned=True, key="less", reason="test.less", now=NOVEMBER + timedelta(days=1)
    )
    assert reached(session, person.id) == micros(NOVEMBER)


def test_a_reversal_leaves_the_periods_in_which_the_points_counted(session: Session) -> None:
    person = make_contact(session)
    first = give_points(session, person.id, 100, at=OCTOBER)
    last = give_points(session, person.id, 40, at=NOVEMBER)
    reverse(session, system(), transfer_id=last.id, key="back", reason="test.back", now=utcnow())
    assert scores(session, person.id) == {"all": 100, "2026-Q4": 100, "2026-10": 100, "2026-11": 0}
    assert reached(session, person.id) == micros(OCTOBER)
    assert find_own(session, "2026-11", person.id) is None
    assert reverse(session, system(), transfer_id=last.id, key="back", reason="test.back", now=utcnow()).is_replay
    with pytest.raises(AlreadyReversed):
        reverse(session, system(), transfer_id=last.id, key="again", reason="test.back", now=utcnow())
    reverse(session, system(), transfer_id=first.id, key="back 1", reason="test.back", now=utcnow())
    assert set(scores(session, person.id).values()) == {0}
    assert reached(session, person.id) == 0


@pytest.mark.parametrize(("counts", "score"), [(True, 75), (False, 100)])
def test_an_adjustment_moves_the_board_only_if_it_counts_as_earned(session: Session, counts: bool, score: int) -> None:
    person = make_contact(session)
    give_points(session, person.id, 100, at=NOVEMBER)
    adjust(session, system(), person_id=person.id, points=-25, counts_as_earned=counts, key="adjust", reason="test.adjusted", now=NOVEMBER)
    assert balance_of(session, person.id).available == 75
    assert find_own(session, "all", person.id).points == score


def test_a_refused_unit_of_work_leaves_no_score(database: Database) -> None:
    person_id = database.write(lambda s: make_contact(s).id)

    def work(session: Session) -> None:
        give_points(session, person_id, 100)
        raise NotAllowed()

    with pytest.raises(NotAllowed):
        database.write(work)
    with database.reading() as session:
        assert scores(session, person_id) == {}


def test_employees_admins_and_deactivated_people_are_not_listed(session: Session) -> None:
    advocate, employee, admin = make_contact(session), make_employee(session), make_admin(session)
    for person in (advocate, employee, admin):
        give_points(session, person.id, 100)
    assert [find_own(session, "all", person.id) is not None for person in (advocate, employee, admin)] == [True, False, False]


def test_the_board_follows_a_change_of_role_and_state(session: Session) -> None:
    person = make_contact(session)
    give_points(session, person.id, 100)
    person.is_employee = True
    session.flush()
    person_changed(session, person.id)
    assert find_own(session, "all", person.id) is None
    person.is_employee = False
    session.flush()
    person_changed(session, person.id)
    assert find_own(session, "all", person.id) is not None
    person.state, person.deactivated_at = "deactivated", utcnow()
    session.flush()
    person_changed(session, person.id)
    assert find_own(session, "all", person.id) is None


def test_points_name_their_source_and_batch(session: Session) -> None:
    person = make_contact(session)
    paid = award(
        session,
        system("import"),
        person_id=person.id,
        points=7,
        key="k",
        reason="test.paid",
        source_type="submission",
        source_id=3,
        effective_at=OCTOBER,
        now=NOVEMBER,
        note="Imported",
        batch_id=9,
    )
    assert (paid.source_type, paid.source_id, paid.batch_id, paid.effective_at, paid.recorded_at) == ("submission", 3, 9, OCTOBER, NOVEMBER)
