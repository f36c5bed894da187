"""Redemptions and the safe tell the same story, and ``flask ledger check`` names the one that does not."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.invariants import problems
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.invariants import check
from portal.rewards.actions.fulfilling import return_redemption, send_redemption
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.actions.variants import add_variant
from portal.rewards.models.stock import StockMovement
from portal.rewards.queries.invariants import INVARIANTS
from tests.factories.notifications import make_mail
from tests.factories.people import make_admin, make_company, make_person
from tests.factories.recognition import give_points
from tests.factories.references import make_nomination
from tests.factories.rewards import as_admin, make_redemption, make_reward
from tests.ledger.vandal import Vandal

DAMAGE = {
    "a decline that forgot the points": ("UPDATE redemption SET state = 'declined', released_at = requested_at WHERE id = :waiting", "I8"),
    "a parcel that spent nothing": ("UPDATE redemption SET state = 'sent' WHERE id = :waiting", "I8"),
    "a return that gave nothing back": ("UPDATE redemption SET state = 'returned', released_at = requested_at WHERE id = :sent", "I8"),
    "a step back after the points were spent": ("UPDATE redemption SET state = 'approved' WHERE id = :sent", "I8"),
    "another price than was held": ("UPDATE redemption SET price = price + 1 WHERE id = :waiting", "I8"),
    "an order that gave the points back": ("UPDATE redemption SET state = 'ended', released_at = requested_at WHERE id = :waiting", "I8"),
    "an arrival of what was never sent": ("UPDATE redemption SET state = 'received' WHERE id = :waiting", "I8"),
    "a hold that nothing waits for": ("UPDATE redemption SET hold_id = NULL WHERE id = :waiting", "I8"),
}


@pytest.fixture
def made(database: Database) -> dict[str, int]:
    """One redemption in each state a person's points can be in."""

    def work(session) -> dict[str, int]:
        person_id, admin, now = make_person(session, company_id=make_company(session).id).id, as_admin(make_admin(session).id), utcnow()
        give_points(session, person_id, 500)
        reward_id = make_reward(session, price=100, stock=9).id
        ids = {name: make_redemption(session, person_id, reward_id).id for name in ("waiting", "declined", "returned", "sent")}
        decline_redemption(session, admin, redemption_id=ids["declined"], reason="No", now=now)
        for minutes, name in enumerate(("returned", "sent")):
            approve_redemption(session, admin, redemption_id=ids[name], now=now)
            send_redemption(session, admin, redemption_id=ids[name], now=now + timedelta(minutes=minutes))
        return_redemption(session, admin, redemption_id=ids["returned"], reason="Broken", now=now)
        return ids

    return database.write(work)


def test_what_the_actions_do_breaks_nothing(database: Database, made: dict[str, int]) -> None:
    with database.reading() as session:
        assert check(session, also=INVARIANTS) == []


@pytest.mark.breaks_the_books(reason="rows are changed behind the actions' back")
def test_a_piece_that_was_taken_from_the_shelf_of_another_reward_is_named(database: Database, made: dict[str, int]) -> None:
    def work(session) -> int:
        admin, other = as_admin(make_admin(session).id), make_reward(session, kind="merchandise").id
        variant = add_variant(session, admin, reward_id=other, name="M", stock=1, now=utcnow()).id
        session.execute(text("UPDATE redemption SET variant_id = :foreign WHERE id = :id"), {"foreign": variant, "id": made["waiting"]})
        return variant

    variant = database.write(work)
    with database.reading() as session:
        found = check(session, also=INVARIANTS)
        taken = session.scalars(select(StockMovement.id).where(StockMovement.redemption_id == made["waiting"])).one()
    assert [(problem.rule, problem.table, problem.row_id) for problem in found] == [
        ("I12", "reward_variant", variant),
        ("I12", "stock_movement", taken),
    ]


BEHIND = {
    "a hold for two": ("I8", "redemption", "SELECT MAX(id) FROM redemption", "UPDATE redemption SET hold_id = (SELECT MIN(hold_id) FROM redemption)"),
    "an approval of one's own": ("I13", "redemption", "SELECT :waiting", "UPDATE redemption SET approved_by = person_id WHERE id = :id"),
    "a redemption without a record": (
        "I14",
        "redemption",
        "SELECT :waiting",
        "DELETE FROM audit_event WHERE subject_type = 'redemption' AND subject_id = :id",
    ),
    "a value that counts for what came back": (
        "I8",
        "redemption",
        "SELECT id FROM redemption WHERE state = 'returned'",
        "UPDATE received_value SET taken_back_at = NULL WHERE source = 'redemption:' || CAST(:id AS VARCHAR(20))",
    ),
    "a value of what was sent that does not count": (
        "I8",
        "redemption",
        "SELECT id FROM redemption WHERE state = 'sent'",
        "UPDATE received_value SET taken_back_at = given_at WHERE source = 'redemption:' || CAST(:id AS VARCHAR(20))",
    ),
    "something sent whose value is gone": (
        "I8",
        "redemption",
        "SELECT MAX(id) FROM redemption WHERE state = 'sent'",
        "DELETE FROM received_value WHERE source = 'redemption:' || CAST(:id AS VARCHAR(20))",
    ),
    "a year with another sum than its values": (
        "I2",
        "received_year",
        "SELECT MIN(person_id) FROM received_year",
        "UPDATE received_year SET cents = cents + 1 WHERE person_id = :id",
    ),
    "values without a sum": ("I2", "received_year", "SELECT MIN(person_id) FROM received_year", "DELETE FROM received_year WHERE person_id = :id"),
    "a company with more than its people have": (
        "I2",
        "company_score",
        "SELECT MIN(company_id) FROM company_score",
        "UPDATE company_score SET points = points + 1 WHERE company_id = :id",
    ),
    "a company whose sum is gone": (
        "I2",
        "company_score",
        "SELECT MIN(company_id) FROM company_score",
        "DELETE FROM company_score WHERE company_id = :id",
    ),
    "stock below nothing": ("I12", "reward", "SELECT MIN(id) FROM reward", "UPDATE reward SET stock = -1 WHERE id = :id"),
    "a nomination decided by who made it": (
        "I13",
        "nomination",
        "SELECT MIN(id) FROM nomination",
        "UPDATE nomination SET decided_by_id = nominator_id WHERE id = :id",
    ),
    "a job that ended twice": (
        "I14",
        "outbox_job",
        "SELECT MIN(id) FROM outbox_job",
        "UPDATE outbox_job SET done_at = created_at, dead_at = created_at",
    ),
    "a job somebody is at that is done": (
        "I14",
        "outbox_job",
        "SELECT MIN(id) FROM outbox_job",
        "UPDATE outbox_job SET payload = '{}', done_at = created_at, lease_until = created_at, leased_by = 'x'",
    ),
    "a mail that was sent and not forgotten": (
        "I14",
        "outbox_job",
        "SELECT MIN(id) FROM outbox_job",
        "UPDATE outbox_job SET done_at = created_at WHERE id = :id",
    ),
}


@pytest.mark.breaks_the_books(reason="rows are changed behind the actions' back")
def test_what_the_database_itself_would_refuse_is_named_by_its_row_too(database: Database, made: dict[str, int], subtests: pytest.Subtests) -> None:
    database.write(lambda session: (make_nomination(session), make_mail(session)))
    vandal = Vandal(database)
    for what, (rule, table, where, damage) in BEHIND.items():
        with subtests.test(what), vandal.open() as connection:
            row_id = made["waiting"] if ":waiting" in where else connection.execute(text(where)).scalar_one()
            connection.execute(text(damage), {"id": row_id} if ":id" in damage else {})
            found = {(p.rule, p.table, p.row_id) for p in problems(Session(connection))}
            connection.rollback()
            assert (rule, table, row_id) in found
    with database.reading() as session:
        assert problems(session) == []


@pytest.mark.breaks_the_books(reason="rows are changed behind the actions' back")
@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named_by_its_row(app: Flask, database: Database, made: dict[str, int], damage: str) -> None:
    statement, rule = DAMAGE[damage]
    name = "sent" if ":sent" in statement else "waiting"
    database.write(lambda session: session.execute(text(statement), {name: made[name]}))
    with database.reading() as session:
        found = check(session, also=INVARIANTS)
    assert (rule, "redemption", made[name]) in [(problem.rule, problem.table, problem.row_id) for problem in found]
    result = app.test_cli_runner().invoke(args=["ledger", "check"])
    assert result.exit_code == 1
    assert f"redemption {made[name]} " in result.output
