"""Asks by a file: as if each had been logged by hand, once, with what is wrong told per row."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from portal.acts.importer import AsksImporter
from portal.acts.models.asks import Ask
from portal.acts.queries.asks import outcomes_of
from portal.acts.queries.budget import budget_of
from portal.imports.queries import differences_of
from portal.imports.runner import differences_in, foresee
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from tests.factories.people import make_admin, make_employee, make_person
from tests.imports.engine import imported, prepared, table, undone
from tests.support.application import SignIn

ASKS = AsksImporter()
EMAIL = "amara@customer.example"


@pytest.fixture
def amara(database: Database) -> int:
    return database.write(lambda s: make_person(s, name="Amara Okafor", email=EMAIL).id)


def row(number: int, days: int = 5, **overrides: Any) -> dict[str, Any]:
    moment = (utcnow() - timedelta(days=days)).isoformat()
    return {
        "external_id": f"crm-{number}",
        "member_email": EMAIL,
        "kind": "call",
        "asked_at": moment,
        "outcome": "completed",
        "minutes": 30,
    } | overrides


def test_rows_are_written_down_once_and_take_slots(database: Database, amara: int) -> None:
    content = table(row(1), row(2, outcome="declined"), row(3, outcome="", days=2), row(4, days=200), *(row(n, kind="survey") for n in range(5, 9)))
    imported(database, ASKS, content)
    imported(database, ASKS, content)
    with database.reading() as session:
        asks = session.scalars(select(Ask)).all()
        budget = budget_of(session, amara, utcnow())
    assert (len(asks), {ask.is_outside for ask in asks}) == (8, {True})
    assert (budget.person.used, budget.person.most, budget.left) == (6, 4, 0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"member_email": "nobody@nowhere.example"}, "member_email: is nobody who is known here"),
        ({"member_email": "greta@house.example"}, "member_email: is no customer’s person"),
        ({"member_email": ""}, ": has neither member_id nor member_email"),
        ({"asked_at": "2999-01-01"}, "asked_at: lies in the future"),
        ({"asked_at": "1999-01-01"}, "asked_at: is more than 10 years ago"),
        ({"kind": "favour"}, "kind: “favour” is none of"),
        ({"outcome": "perhaps"}, "outcome: “perhaps” is none of"),
        ({"minutes": "7000"}, "minutes: 7000 is not between"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_and_the_others_go_in(database: Database, amara: int, wrong: dict[str, str], told: str) -> None:
    database.write(lambda s: make_employee(s, email="greta@house.example"))
    content = table(row(1), row(2, **wrong))
    reading = prepared(database, ASKS, content).reading
    assert next(f"{fault.field or ''}: {fault.text}" for one in reading.reported for fault in one.faults).startswith(told)
    imported(database, ASKS, content)
    with database.reading() as session:
        assert len(session.scalars(select(Ask.id)).all()) == 1


def test_undoing_takes_back_what_is_open_and_keeps_what_is_settled(database: Database, amara: int) -> None:
    batch_id, _ = imported(database, ASKS, table(row(1), row(2, outcome="", days=1)))
    undone(database, ASKS, batch_id)
    with database.reading() as session:
        came = [outcomes_of(session, ask_id) for ask_id in session.scalars(select(Ask.id).order_by(Ask.asked_at))]
    assert came == [["completed"], ["withdrawn"]]


def test_what_came_of_an_open_ask_is_written_down_when_the_file_comes_again_and_what_is_settled_stays(
    database: Database, sign_in: SignIn, amara: int
) -> None:
    first = [row(1, outcome=""), row(2, outcome="accepted", days=4), row(3, outcome="declined", days=3), row(4, outcome="", days=2)]
    imported(database, ASKS, table(*first))
    later = table(*(one | {"outcome": "completed"} for one in first[:3]), first[3])
    turned = table(*(one | {"outcome": "missed"} for one in first[:3]), first[3])
    ready = prepared(database, ASKS, later)
    with database.reading() as session:
        counts, expected = foresee(session, ready, utcnow()), differences_in(session, ready, utcnow())
    batch_id, came = imported(database, ASKS, later)
    assert {name: came[name] for name in counts} == counts | {"changed": 2, "unchanged": 2}
    with database.reading() as session:
        assert [(one.line, one.before, one.after, one.is_kept) for one in expected] == [
            (2, "open", "completed", False), (3, "accepted", "completed", False), (4, "declined", "completed", True),
        ]  # fmt: skip
        assert list(differences_of(session, batch_id, None)) == expected, "after the run as before it, with what stood here"
        asks = session.scalars(select(Ask.id).order_by(Ask.asked_at)).all()
        assert [outcomes_of(session, ask_id) for ask_id in asks] == [["completed"], ["accepted", "completed"], ["declined"], []]
    assert imported(database, ASKS, later)[1]["changed"] == 0
    with database.reading() as session:
        kept = [(one.before, one.after, one.is_kept) for one in differences_in(session, prepared(database, ASKS, turned), utcnow())]
    assert kept == [("completed", "missed", True), ("completed", "missed", True), ("declined", "missed", True)]
    came = imported(database, ASKS, turned)[1]
    assert (came["changed"], came["unchanged"], came["bad"]) == (0, 4, 0), "what was done is put right by hand alone, never by a file"
    page = sign_in(database.write(make_admin)).get(f"/admin/imports/{batch_id}").text
    assert ("One row is settled here already" in page, "settled, left as it is" in page, "by hand" in page) == (True, True, False)
    assert re.search(r"max-w-64 break-words\">declined</td><td class=\"max-w-64 break-words\">completed</td>", page), "what stood here is shown"
    undone(database, ASKS, batch_id)
    ready = prepared(database, ASKS, table(first[3] | {"outcome": "completed"}))
    with database.reading() as session:
        (lapsed,) = differences_in(session, ready, utcnow() + timedelta(days=60))
        assert (lapsed.before, lapsed.is_kept) == ("expired", True), "what lapsed here stays so"
        assert outcomes_of(session, asks[0]) == ["completed"]
