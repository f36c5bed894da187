"""A file of references that comes again: what it changes is told, what somebody wrote here stays, no younger doubt is cleared, all can be undone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from portal.acts.importer import AsksImporter
from portal.imports.queries import differences_of
from portal.imports.rules.plans import Plan
from portal.imports.runner import differences_in, foresee, remarks_on
from portal.kernel import migrate
from portal.kernel.actor import ADMIN, Actor
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database
from portal.profiles.actions.asking import ask_several
from portal.profiles.actions.consenting import end_consent, take_back_own
from portal.profiles.actions.editing import edit_facts
from portal.profiles.actions.hearing import hear_nps, hear_title_change
from portal.profiles.actions.moving import move_profile
from portal.profiles.actions.own import say_of_myself
from portal.profiles.importer import ReferencesImporter
from portal.profiles.models import ReferenceProfile
from portal.profiles.queries.checks import open_check
from portal.profiles.queries.profiles import does, facts_of, own_fields
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Move, Retired
from tests.factories.people import make_admin, make_person
from tests.imports.engine import imported, prepared, table, undone
from tests.support.counting import CountQueries

REFERENCES, ASKS = ReferencesImporter(), AsksImporter()
OVER = Plan(is_overwriting=True)
Told = list[tuple[str, str, str, bool]]


@pytest.fixture
def boss(database: Database) -> Actor:
    return Actor(database.write(lambda s: make_admin(s).id), frozenset({ADMIN}), "127.0.0.1")


@pytest.fixture
def amara(database: Database) -> int:
    return database.write(lambda s: make_person(s, name="Amara Okafor", email="amara@customer.example").id)


def row(**overrides: Any) -> dict[str, Any]:
    given = {"external_id": "r1", "member_email": "amara@customer.example", "activities": "call", "consent": "Calls.", "evidence": "Mail of May"}
    return given | {"languages": "English, Igbo", "story": "Moved off paper.", "tier": "2", "verified_on": "2026-03-01", "visible": "yes"} | overrides


def foreseen(database: Database, content: bytes, plan: Plan | None = None) -> tuple[dict[str, int], Told]:
    ready = prepared(database, REFERENCES, content, plan)
    with database.reading() as session:
        counts, found = foresee(session, ready, utcnow()), differences_in(session, ready, utcnow())
    return counts, told(found)


def done(database: Database, content: bytes, plan: Plan | None = None) -> tuple[int, dict[str, int], Told]:
    """Import what was foreseen first: counts and written fields are the same."""
    before, expected = foreseen(database, content, plan)
    batch_id, counts = imported(database, REFERENCES, content, plan)
    with database.reading() as session:
        found = told(differences_of(session, batch_id, None))
    assert {name: counts[name] for name in before} == before
    assert [one for one in found if not one[3]] == [one for one in expected if not one[3]]
    assert [one[::2] for one in found if one[3]] == [one[::2] for one in expected if one[3]]
    return batch_id, counts, found


def told(found: Any) -> Told:
    plain = [one.plain() for one in found]
    return [(one["field"], one["before"], one["after"], one["is_kept"]) for one in plain]


def profile(database: Database, person_id: int) -> ReferenceProfile:
    with database.reading() as session:
        return session.get_one(ReferenceProfile, person_id)


def day_of(moment: datetime | None) -> str:
    return local_date(moment, "Europe/Berlin").isoformat() if moment else ""


def facts(database: Database, person_id: int) -> tuple[str, str, int, list[str]]:
    with database.reading() as session:
        found = facts_of(session, session.get_one(ReferenceProfile, person_id))
        holding = [one.activity.value for one in does(session, person_id, utcnow()) if one.holds]
    return found.story, found.results, found.tier, holding


def test_what_changes_is_told_field_by_field_before_and_after_and_undone_whole(database: Database, amara: int) -> None:
    imported(database, REFERENCES, table(row()))
    was = profile(database, amara)
    newer = row(languages="Igbo; French", story="Moved off paper in May.", tier="1", activities="call; logo", verified_on="2026-06-01")
    batch_id, counts, found = done(database, table(newer))
    assert counts["changed"] == 1
    assert sorted(found) == [
        ("activities", "", "logo", False),
        ("languages", "English, Igbo", "French, Igbo", False),
        ("story", "Moved off paper.", "Moved off paper in May.", False),
        ("tier", "2", "1", False),
        ("verified_on", "2026-03-01", "2026-06-01", False),
    ]
    again = done(database, table(newer | {"story": "Moved off paper in May.  \r\n"}))
    assert (again[1]["unchanged"], again[2]) == (1, [])
    reworded = done(database, table(newer | {"consent": "Calls, and once a year a visit."}))
    assert (reworded[1]["unchanged"], reworded[2]) == (1, [("consent", "Calls.", "Calls, and once a year a visit.", True)]), "told, not taken"
    undone(database, REFERENCES, batch_id)
    back = profile(database, amara)
    for name in ("verified_at", "verified_by_id", "verify_on", "verify_why", "tier", "story"):
        assert getattr(back, name) == getattr(was, name), name
    assert facts(database, amara)[3] == ["call"]
    assert done(database, table(newer))[1]["changed"] == 1, "what undoing took back may come again"


def test_what_staff_or_the_member_wrote_stays_until_the_import_is_told_otherwise(database: Database, amara: int, boss: Actor) -> None:
    imported(database, REFERENCES, table(row(activities="call; logo; quote")))

    def write(session: Any) -> None:
        here = facts_of(session, session.get_one(ReferenceProfile, amara))
        hand = {"story": "What Greta heard.", "tier": 3}
        edit_facts(session, boss, person_id=amara, facts=here.__class__(**here.__dict__ | hand), now=utcnow())
        ada = Actor(amara, frozenset({"advocate"}))
        say_of_myself(session, ada, person_id=amara, story="What Greta heard.", words={}, now=utcnow())
        end_consent(session, boss, person_id=amara, activity=Activity.LOGO, now=utcnow())
        take_back_own(session, ada, person_id=amara, activity=Activity.QUOTE, never=False, now=utcnow())

    database.write(write)
    newer = table(row(activities="call; logo; quote", story="From the CRM.", tier="1", results="A third faster."))
    _, counts, found = done(database, newer)
    assert counts["changed"] == 1
    assert sorted(found) == [
        ("activities", "", "quote, logo", True),
        ("results", "", "A third faster.", False),
        ("story", "What Greta heard.", "From the CRM.", True),
        ("tier", "3", "1", True),
    ]
    assert facts(database, amara) == ("What Greta heard.", "A third faster.", 3, ["call"])
    assert done(database, newer)[1]["unchanged"] == 1
    batch_id, counts, found = done(database, newer, OVER)
    assert facts(database, amara) == ("From the CRM.", "A third faster.", 1, ["call", "logo"])
    assert [one for one in found if one[3]] == [("activities", "", "quote", True)], "what they took back themself is theirs alone"
    undone(database, REFERENCES, batch_id)
    assert facts(database, amara) == ("What Greta heard.", "A third faster.", 3, ["call"])
    assert done(database, newer)[1]["unchanged"] == 1, "and it is somebody's own again"


def test_a_day_in_the_file_clears_no_younger_doubt(database: Database, amara: int, boss: Actor) -> None:
    imported(database, REFERENCES, table(row()))
    may, june = datetime(2026, 5, 10, 12, tzinfo=UTC), datetime(2026, 6, 10, 12, tzinfo=UTC)

    def verified_on(day: str) -> tuple[str, str, str]:
        batch_id, _ = imported(database, REFERENCES, table(row(verified_on=day)))
        found = profile(database, amara)
        undone(database, REFERENCES, batch_id)
        back = profile(database, amara)
        assert (day_of(back.verified_at), str(back.verify_on), back.verify_why) == before
        return day_of(found.verified_at), str(found.verify_on), found.verify_why

    database.write(lambda s: hear_title_change(s, amara, may))
    before = ("2026-03-01", "2026-05-10", "title")
    assert verified_on("2026-05-09") == ("2026-05-09", "2026-05-10", "title")
    assert verified_on("2026-05-12") == ("2026-05-12", "2026-11-08", "")
    database.write(lambda s: hear_nps(s, amara, score=3, at=june, now=june))
    assert verified_on("2026-05-12")[2] == "title", "the first reason stands, since the score came after that day"
    assert verified_on("2026-06-12")[2] == ""
    database.write(lambda s: ask_several(s, boss, person_ids=[amara], now=june + timedelta(days=9)))
    before = ("2026-03-01", *map(str, (profile(database, amara).verify_on, profile(database, amara).verify_why)))
    verified_on("2026-06-12")
    database.write(lambda s: move_profile(s, boss, person_id=amara, way=Move.DOUBT, reason="Is it?", now=june + timedelta(days=9)))
    verified_on("2026-11-01")
    assert profile(database, amara).status == "needs_verification"
    with database.reading() as session:
        assert open_check(session, amara) is not None, "what was asked here is not answered by a file"


@pytest.mark.parametrize("way", [Move.HOLD, Move.RETIRE])
def test_a_retired_or_held_profile_is_neither_confirmed_nor_asked_for_more(database: Database, amara: int, boss: Actor, way: Move) -> None:
    imported(database, REFERENCES, table(row()))
    why = {"retired_as": Retired.UNHAPPY} if way is Move.RETIRE else {}
    database.write(lambda s: move_profile(s, boss, person_id=amara, way=way, reason="As it is.", **why, now=utcnow()))
    newer = table(row(activities="call; logo", results="A third faster.", verified_on="2026-06-01"))
    kept = [("activities", "", "logo", True), ("verified_on", "2026-03-01", "2026-06-01", True)]
    assert done(database, newer)[2] == [("results", "", "A third faster.", False), *kept]
    again = done(database, newer)
    assert (again[1]["unchanged"], again[2]) == (1, kept)
    assert (facts(database, amara)[3], day_of(profile(database, amara).verified_at)) == (["call"], "2026-03-01")


def test_one_person_twice_and_a_consent_that_ran_out(database: Database, amara: int) -> None:
    content = table(row(consent_until="2026-01-31"), row(external_id="r2"))
    ready = prepared(database, REFERENCES, content)
    assert [(one.line, one.faults[0].text) for one in ready.reading.reported] == [(3, "means the same person as line 2")]
    with database.reading() as session:
        assert [remark.facts for remark in remarks_on(session, ready, utcnow())] == [{"over": 1}]
    for _ in range(2):
        imported(database, REFERENCES, content)
    assert facts(database, amara)[3] == []


def test_all_that_is_wrong_with_a_row_is_told_at_once_and_nothing_twice(database: Database, amara: int) -> None:
    bad = {"member_email": "nobody@customer.example", "tier": "9", "activities": "call; dance", "evidence": "", "time_zone": "Mars/North"}
    content = table(row(**bad), row(external_id="r2", member_email="amara at customer"), row(external_id="r3"))
    ready = prepared(database, REFERENCES, content)
    found = [(one.line, sorted(str(fault.field) for fault in one.faults)) for one in ready.reading.reported]
    assert found == [(2, ["activities", "evidence", "member_email", "tier", "time_zone"]), (3, ["member_email"])]


def test_ten_rows_and_two_hundred_ask_the_database_as_often(database: Database, count_queries: CountQueries) -> None:
    emails = [f"p{number}@customer.example" for number in range(200)]
    database.write(lambda s: [make_person(s, email=email) for email in emails])
    rows = [row(external_id=f"r{number}", member_email=email) for number, email in enumerate(emails)]
    imported(database, REFERENCES, table(*rows))
    moment = (utcnow() - timedelta(days=5)).isoformat()
    asks: list[dict[str, object]] = [
        {"external_id": f"a{number}", "member_email": email, "kind": "call", "asked_at": moment, "outcome": "declined"}
        for number, email in enumerate(emails)
    ]
    imported(database, ASKS, table(*asks[::20]))

    def asked(importer: Any, content: bytes) -> int:
        with count_queries() as counted:
            ready = prepared(database, importer, content)
            with database.reading() as session:
                found = foresee(session, ready, utcnow())
                differences_in(session, ready, utcnow())
                remarks_on(session, ready, utcnow())
        assert found["bad"] == 0
        return counted.total

    newer = [one | {"story": "Another story.", "verified_on": "2026-05-01", "activities": "call; logo"} for one in rows]
    assert asked(REFERENCES, table(*newer[:10])) == asked(REFERENCES, table(*newer))
    assert asked(ASKS, table(*asks[:10])) == asked(ASKS, table(*asks))


@pytest.mark.breaks_the_books(reason="the tables are taken down")
def test_whose_hand_it_was_survives_the_migration_down_and_up(database: Database, amara: int, boss: Actor) -> None:
    imported(database, REFERENCES, table(row()))

    def write(session: Any) -> None:
        here = facts_of(session, session.get_one(ReferenceProfile, amara))
        edit_facts(session, boss, person_id=amara, facts=here.__class__(**here.__dict__ | {"results": "Ours."}), now=utcnow())
        say_of_myself(session, Actor(amara, frozenset({"advocate"})), person_id=amara, story="Mine.", words={}, now=utcnow())

    database.write(write)
    migrate.downgrade(database, "0067")
    with database.engine.begin() as connection:
        assert connection.execute(text("SELECT field FROM profile_edit")).scalars().all() == ["story"]
    migrate.upgrade(database, "0068")
    with database.reading() as session:
        assert own_fields(session, amara) == {"story"}
    assert done(database, table(row(story="Theirs.")))[1]["unchanged"] == 1
