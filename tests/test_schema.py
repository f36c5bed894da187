"""Models and migrations describe one schema, and every migration goes up, down and up with rows in the tables."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.orm import Session

from portal.accounts.actions.insights import tell_owner, want_mail
from portal.kernel import migrate
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from portal.references.actions.crediting import credit_completion
from portal.references.models.nominating import Nomination
from portal.requests.actions.answering import accept
from portal.requests.actions.asking import ask_customer
from portal.requests.actions.outcomes import say_as_requester
from portal.requests.actions.outside import write_outside
from portal.requests.actions.proposing import propose
from portal.requests.actions.reopening import say_none_suits
from portal.requests.models import RequestCandidate
from portal.tables import metadata
from tests.factories.references import acting
from tests.factories.requests import make_request
from tests.factories.story import Story, tell_story
from tests.support.databases import Templates

SQLITE = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
POSTGRESQL = {
    "column": """SELECT table_name || '.' || column_name, data_type || ' ' || coalesce(character_maximum_length::text, '') || ' ' || is_nullable
        || ' ' || coalesce(CASE WHEN column_default LIKE 'nextval%' THEN 'serial' ELSE column_default END, '') || is_identity
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'""",
    "constraint": """SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'""",
    "index": "SELECT tablename || '.' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'",
    "trigger": "SELECT tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    "options": "SELECT relname, array_to_string(reloptions, ',') FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
}


@cache  # A step changes few tables; the texts of all others are read again and again.
def parts_of(body: str) -> tuple[str, ...]:
    """Return columns and constraints of a table: what stands between commas outside brackets. A column added later has no line of its own."""
    parts, depth = [""], 0
    for character in body:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return tuple(parts)


def catalogue(connection: Connection) -> dict[str, object]:
    """Return everything the engine knows of the schema, in a form that does not depend on the order of making."""
    if connection.dialect.name == "sqlite":
        found: dict[str, object] = {}
        for name, sql in connection.execute(text(SQLITE)):
            if not name.startswith("table "):
                found[name] = " ".join((sql or "").replace('"', "").split())
                continue
            table = name.removeprefix("table ")
            body = sql[sql.index("(") + 1 : sql.rindex(")")]
            found[name] = sorted(" ".join(part.replace('"', "").split()) for part in parts_of(body))
            found[f"{name} autoincrement"] = "AUTOINCREMENT" in sql
            found[f"{name} columns"] = sorted(tuple(r)[1:4] for r in connection.execute(text(f"PRAGMA table_info({table})")))
        return found
    return {f"{kind} {row[0]}": row[1] for kind, sql in POSTGRESQL.items() for row in connection.execute(text(sql)) if row[0] != "alembic_version"}


def test_models_and_migrations_make_the_same_schema(engine_name: str, templates: Templates, database: Database, tmp_path: Path) -> None:
    url = templates.empty(engine_name, tmp_path)
    modelled = Database(url)
    with modelled.engine.begin() as connection:
        metadata.create_all(connection)
        expected = catalogue(connection)
    with database.engine.begin() as connection:
        actual = catalogue(connection)
    modelled.dispose()
    templates.drop(url)
    different = {key: (expected.get(key), actual.get(key)) for key in {*expected, *actual} if expected.get(key) != actual.get(key)}
    assert not different, "\n".join(f"{k}\n  models:     {m}\n  migrations: {d}" for k, (m, d) in sorted(different.items()))


def test_tables_that_must_stay_as_they_are_keep_their_triggers(database: Database) -> None:
    with database.engine.begin() as connection:
        names = " ".join(catalogue(connection))
    for table in ("audit_event", "transfer", "entry", "block", "ask", "ask_outcome"):
        assert f"{table}_no_" in names


def rows(connection: Connection) -> dict[str, int]:
    """Return how many rows each table holds."""
    there = set(inspect(connection).get_table_names())
    names = [t.name for t in metadata.sorted_tables if t.name in there]
    return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def loads(connection: Connection) -> dict[tuple[str, int], float]:
    """Return what is summed of asks, of each person and company."""
    found = (
        (of, connection.execute(text(f"SELECT {of}_id, load FROM {table}")))
        for of, table in (("person", "ask_load"), ("company", "company_ask_load"))
    )
    return {(of, row[0]): row[1] for of, result in found for row in result}


def tell_the_rest(session: Session, story: Story) -> None:
    """Let happen what the story leaves out: other times are wanted, a call is held outside, and what was said reaches nominators and owners."""
    now, origin = utcnow(), "127.0.0.1"
    employee = session.get_one(Person, story.employee)
    greta, boss = acting(employee), acting(session.get_one(Person, story.admin))
    candidate = session.get_one(RequestCandidate, story.candidate)
    say_none_suits(session, origin, candidate=candidate, wish="Mondays.", now=now)
    request = make_request(session, employee, prospect="Another prospect", now=now - timedelta(days=1))
    own = {"request_id": request.id, "now": now - timedelta(days=1)}
    second = propose(session, greta, person_id=candidate.person_id, **own)
    ask_customer(session, greta, candidate_id=second.id, **own)
    accept(session, origin, candidate=second, walls=[(now + timedelta(days=3)).replace(tzinfo=None)], zone="UTC", now=now - timedelta(days=1))
    held = {"wall": (now - timedelta(hours=2)).replace(tzinfo=None), "zone": "UTC", "minutes": 30, "who": "Paul and Rita"}
    write_outside(session, greta, request_id=request.id, candidate_id=second.id, **held, now=now)
    say_as_requester(session, greta, request_id=request.id, candidate_id=second.id, came=True, grade=5, minutes=30, now=now)
    agreed = session.scalars(select(Nomination.person_id).where(Nomination.state == "accepted")).first()
    assert credit_completion(session, person_id=agreed or 0, source=f"reference_request:{request.id}", grade=5, now=now)
    tell_owner(session, owner_id=story.employee, first=now.date() - timedelta(days=7), now=now)
    want_mail(session, boss, is_wanted=False, now=now)


@pytest.mark.breaks_the_books(reason="the tables are taken down")
def test_every_migration_goes_down_and_up_again_with_rows_in_the_tables(database: Database, tmp_path: Path) -> None:
    """Each step down leaves the tables of the earlier ones as they were; each step up makes the same schema again."""
    told = tell_story(database, tmp_path)
    database.write(lambda session: tell_the_rest(session, told))
    with database.engine.begin() as connection:
        held, summed = rows(connection), loads(connection)
        of_references = connection.execute(text("SELECT count(*) FROM consent WHERE item = 'reference'")).scalar_one()
    assert not {"transfer", "entry", "block", "submission", "redemption", "nomination", "act", "outbox_job"} - {n for n, c in held.items() if c}
    gone: set[str] = set()
    for step, previous in migrate.steps():
        with database.engine.begin() as connection:
            before = catalogue(connection)
        migrate.downgrade(database, previous)
        with database.engine.begin() as connection:
            left = rows(connection)
        if step == "0058":
            held["consent"] -= of_references  # what the release before does not know
        assert left == {name: held[name] for name in left}
        if step >= "0057":
            assert {name for name in held.keys() - left.keys() - gone if not held[name]} == set(), step
        gone |= held.keys() - left.keys()
        migrate.upgrade(database, step)
        with database.engine.begin() as connection:
            assert catalogue(connection) == before
            assert step != "0060" or loads(connection) == pytest.approx(summed), "what was summed when it happened is summed again from the rows"
        migrate.downgrade(database, previous)
    migrate.upgrade(database)
    database.write(lambda session: session.execute(text("SELECT 1")))
