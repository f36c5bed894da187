"""The activity importer on small tables, for each rule; ``test_contest.py`` has a real contest."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.acts.models.acts import Act
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.imports.models import ImportRow
from portal.imports.rules.plans import Plan
from portal.imports.runner import foresee
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.actions.adjusting import adjust
from portal.ledger.models import transfer
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice, OutboxJob
from portal.people.actions.companies import add_company
from portal.people.actions.persons import identify_person
from portal.people.models import Company, Person
from portal.people.queries.persons import find_person_by_identity
from tests.factories.people import make_contact, make_person
from tests.imports.engine import ACTIVITY, counted, imported, prepared, table, undone

START = datetime(2025, 3, 1, 12, tzinfo=UTC)


def row(number: int, **overrides: Any) -> dict[str, Any]:
    """One act of one member, accepted on the spot, an hour after the one before."""
    given = {"external_id": f"a{number}", "member_id": "m1", "member_name": "Ada", "company": "Toys", "track": "engage", "challenge": "Quiz"}
    return given | {"points": 50, "submitted_at": START + timedelta(hours=number), "verdict": "accepted"} | overrides


def points_of(database: Database, member_id: str = "m1") -> int:
    with database.reading() as session:
        person = find_person_by_identity(session, "default", member_id)
        assert person
        return balance_of(session, person.id).available


def attempts(database: Database) -> dict[str, int]:
    return counted(database, Attempt.state)


def submissions(database: Database) -> dict[str, int]:
    return counted(database, Submission.state, Submission.dropped_at.is_(None))


def paid(database: Database) -> int:
    with database.reading() as session:
        return sum(balance_of(session, person_id).lifetime for person_id in session.scalars(select(Person.id)))


def test_importing_again_after_undo_pays_again_and_finds_the_same_people(database: Database) -> None:
    content = table(row(0, verdict="refused"), row(1), row(2, verdict=""), row(3, challenge="Talk"), row(4, member_id="m2", member_name="Bo"))
    batch_id, _ = imported(database, ACTIVITY, content)
    first = (paid(database), submissions(database))
    undone(database, ACTIVITY, batch_id)
    assert (paid(database), submissions(database)) == (0, {})
    assert imported(database, ACTIVITY, content)[1]["created"] == 5
    assert (paid(database), submissions(database)) == first == (150, {"approved": 3})
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 2


def test_everything_carries_its_own_day_and_the_ledger_knows_both(database: Database) -> None:
    decided = START + timedelta(days=3)
    imported(database, ACTIVITY, table(row(0, decided_at=decided)))
    with database.reading() as session:
        submission, attempt = session.scalars(select(Submission)).one(), session.scalars(select(Attempt)).one()
        verdict, act, line = session.scalars(select(Verdict)).one(), session.scalars(select(Act)).one(), session.execute(select(transfer)).one()
    assert (submission.started_at, attempt.submitted_at, verdict.decided_at) == (START, START, decided)
    assert (act.happened_at, line.effective_at) == (decided, decided)
    assert line.recorded_at > decided
    assert line.recorded_at - verdict.recorded_at < timedelta(minutes=1)


def test_a_refusal_carries_its_reason_and_pays_nothing(database: Database) -> None:
    imported(database, ACTIVITY, table(row(0, verdict="refused")))
    with database.reading() as session:
        verdict = session.scalars(select(Verdict)).one()
    assert (verdict.outcome, verdict.reason, verdict.points, verdict.decided_by_id) == ("declined", "imported", 0, None)
    assert points_of(database) == 0


def test_without_a_verdict_it_waits_and_a_later_file_decides_it(database: Database) -> None:
    imported(database, ACTIVITY, table(row(0, verdict="")))
    assert (attempts(database), points_of(database)) == ({"waiting": 1}, 0)
    ready = prepared(database, ACTIVITY, table(row(0)))
    with database.reading() as session:
        assert foresee(session, ready, utcnow())["changed"] == 1
    batch_id, counts = imported(database, ACTIVITY, table(row(0)))
    assert (counts["created"], counts["changed"], points_of(database)) == (0, 1, 50)
    undone(database, ACTIVITY, batch_id)
    assert (attempts(database), points_of(database)) == ({"reversed": 1}, 0)


def test_a_verdict_that_was_given_is_not_changed_by_a_file(database: Database) -> None:
    imported(database, ACTIVITY, table(row(0, verdict="refused")))
    assert imported(database, ACTIVITY, table(row(0, verdict="accepted")))[1]["unchanged"] == 1
    assert (attempts(database), points_of(database)) == ({"declined": 1}, 0)


def test_what_comes_first_in_time_is_done_first_whatever_its_line(database: Database) -> None:
    """The second attempt was approved before the first was looked at; so it pays, and closes the first."""
    late = row(0, decided_at=START + timedelta(days=9), points=10)
    imported(database, ACTIVITY, table(late, row(5, points=70)))
    assert (attempts(database), points_of(database)) == ({"approved": 1, "closed": 1}, 70)


def test_an_accepted_attempt_after_the_approval_is_recorded_and_pays_nothing(database: Database) -> None:
    imported(database, ACTIVITY, table(row(0), row(1), row(2, verdict="refused")))
    assert (attempts(database), points_of(database)) == ({"approved": 1, "closed": 1, "declined": 1}, 50)
    assert submissions(database) == {"approved": 1}


def test_each_row_has_its_own_points(database: Database) -> None:
    imported(database, ACTIVITY, table(row(0, points=10), row(1, challenge="Talk", points=25), row(2, challenge="Walk", points=0)))
    assert points_of(database) == 35
    assert counted(database, transfer.c.kind) == {"award": 2}


def test_a_member_is_known_by_address_in_any_spelling_or_by_the_id_of_the_source(database: Database) -> None:
    here = database.write(lambda s: make_person(s, email="ada@toys.example"))
    content = table(
        row(0, member_id="", member_email="ADA@Toys.example"),
        row(1, challenge="B", member_id="m7", member_email="ada@toys.example"),
        row(2, challenge="C", member_id="m7"),
    )
    imported(database, ACTIVITY, content)
    with database.reading() as session:
        assert set(session.scalars(select(Submission.person_id))) == {here.id}
        assert find_person_by_identity(session, "default", "m7").id == here.id  # type: ignore[union-attr]
        assert find_person_by_identity(session, "other", "m7") is None


def test_one_id_of_two_sources_is_two_people(database: Database) -> None:
    imported(database, ACTIVITY, table(row(0)), source="lms")
    imported(database, ACTIVITY, table(row(0)), source="forum")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 2


def test_a_member_without_an_address_is_a_contact_who_gets_no_mail(database: Database) -> None:
    imported(database, ACTIVITY, table(row(0)), Plan(is_notifying=True))
    with database.reading() as session:
        person = session.scalars(select(Person)).one()
        assert (person.email, person.state, person.name) == (None, "contact", "Ada")
        assert session.scalar(select(func.count()).select_from(OutboxJob)) == 0


@pytest.mark.parametrize(("notify", "told"), [(False, 0), (True, 1)])
def test_nobody_is_told_unless_that_is_asked_for(database: Database, notify: bool, told: int) -> None:
    database.write(lambda s: make_person(s, email="ada@toys.example"))
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(OutboxJob)) or 0
    imported(database, ACTIVITY, table(row(0, member_id="", member_email="ada@toys.example", verdict="refused")), Plan(is_notifying=notify))
    with database.reading() as session:
        assert (session.scalar(select(func.count()).select_from(OutboxJob)) or 0) - before == told
        assert session.scalar(select(func.count()).select_from(Notice)) == told


def test_a_company_is_found_by_name_and_only_a_new_member_gets_one(database: Database) -> None:
    toys = database.write(lambda s: add_company(s, system("test"), name="TOYS", now=utcnow()))
    database.write(lambda s: make_contact(s, email="bo@x.example", company_id=None))
    imported(database, ACTIVITY, table(row(0), row(1, member_id="", member_email="bo@x.example", company="Other")))
    with database.reading() as session:
        assert session.scalars(select(Company.id)).all() == [toys.id]
        assert dict(session.execute(select(Person.name, Person.company_id)).all())["Ada"] == toys.id  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("overrides", "field", "text"),
    [
        ({"member_id": ""}, None, "has neither member_id nor member_email"),
        ({"member_email": "bo@x.example"}, "member_email", "member_id and member_email belong to two different people"),
        ({"submitted_at": "2099-01-01"}, "submitted_at", "lies in the future"),
        ({"decided_at": "2099-01-01"}, "decided_at", "lies in the future"),
        ({"decided_at": "2024-01-01"}, "decided_at", "lies before submitted_at"),
        ({"track": "enjoy"}, "track", "“enjoy” is none of: engage, endorse, earn"),
        ({"verdict": "maybe"}, "verdict", "“maybe” is none of: accepted, refused"),
        ({"points": "-1"}, "points", "-1 is not between 0 and 100000"),
        ({"points": ""}, "points", "is empty"),
        ({"challenge": "x" * 121}, "challenge", "has 121 characters, the most is 120"),
    ],
)
def test_a_bad_row_is_told_by_name(database: Database, overrides: dict[str, Any], field: str | None, text: str) -> None:
    database.write(lambda s: make_contact(s, email="bo@x.example"))
    imported(database, ACTIVITY, table(row(0)))
    ready = prepared(database, ACTIVITY, table(row(1, **overrides), row(2, challenge="Fine")))
    assert [(fault.field, fault.text) for fault in ready.reading.reported[0].faults] == [(field, text)]
    assert len(ready.reading.records) == 1


def test_undo_lets_an_attempt_that_the_approval_had_closed_wait_again(database: Database) -> None:
    imported(database, ACTIVITY, table(row(0, verdict="")), source="first")
    with database.reading() as session:
        person = session.scalars(select(Person)).one()
    database.write(lambda s: identify_person(s, person_id=person.id, source="second", external_id="m1", now=utcnow()))
    batch_id, _ = imported(database, ACTIVITY, table(row(1)), source="second")
    assert attempts(database) == {"closed": 1, "approved": 1}
    undone(database, ACTIVITY, batch_id)
    assert attempts(database) == {"waiting": 1, "withdrawn": 1}
    assert submissions(database) == {"waiting": 1}


def test_what_was_spent_before_undo_is_owed(database: Database) -> None:
    batch_id, _ = imported(database, ACTIVITY, table(row(0)))
    with database.reading() as session:
        person = session.scalars(select(Person)).one()
    database.write(
        lambda s: adjust(s, system("test"), owner_id=person.id, points=-30, counts_as_earned=False, key="spend", reason="correction", now=utcnow())
    )
    undone(database, ACTIVITY, batch_id)
    with database.reading() as session:
        balance = balance_of(session, person.id)
        assert session.scalar(select(ImportRow.is_kept)) is False
    assert (balance.available, balance.owed) == (0, 30)
