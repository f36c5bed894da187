"""References by a file: opened for people who are known, kept up to date, never over what a member wrote themself unless told, and undone."""

from typing import Any

import pytest
from sqlalchemy import select

from portal.consents.models import Consent
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.profiles.actions.consenting import take_back_own
from portal.profiles.actions.own import say_of_myself
from portal.profiles.importer import ReferencesImporter
from portal.profiles.queries.profiles import does, facts_of, profile_of
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.facts import Facts
from portal.profiles.rules.states import Status, WordKind
from tests.factories.people import make_employee, make_person
from tests.imports.engine import imported, prepared, table, undone

REFERENCES = ReferencesImporter()
EMAIL = "amara@customer.example"


@pytest.fixture
def amara(database: Database) -> int:
    return database.write(lambda s: make_person(s, name="Amara Okafor", email=EMAIL).id)


def row(number: int = 1, **overrides: Any) -> dict[str, Any]:
    given = {
        "external_id": f"ref-{number}",
        "member_email": EMAIL,
        "activities": "call; logo",
        "consent": "Calls and our logo.",
        "evidence": "Mail of May",
    }
    more = {
        "languages": "English, Igbo",
        "story": "Moved off paper.",
        "tier": "1",
        "verified_on": "2026-03-01",
        "visible": "yes",
        "consent_until": "2099-05-03",
    }
    return given | more | overrides


def facts(database: Database, person_id: int) -> Facts:
    with database.reading() as session:
        found = profile_of(session, person_id)
        assert found is not None
        return facts_of(session, found)


def test_a_row_opens_a_profile_with_consents_and_the_same_again_changes_nothing(database: Database, amara: int) -> None:
    imported(database, REFERENCES, table(row()))
    imported(database, REFERENCES, table(row()))
    with database.reading() as session:
        profile = profile_of(session, amara)
        assert profile is not None
        assert (profile.status, profile.is_visible, profile.tier, str(profile.verify_on)) == (Status.ACTIVE, True, 1, "2026-05-30")
        kinds = [
            (one.activity, one.is_own, one.proof and one.proof.note, str(one.consent and one.consent.expires_on))
            for one in does(session, amara, utcnow())
        ]
        assert kinds == [(kind, False, "Mail of May", "2099-05-03") for kind in (Activity.CALL, Activity.LOGO)]
        assert len(session.scalars(select(Consent.id)).all()) == 2
    assert facts(database, amara).words[WordKind.LANGUAGE] == ("English", "Igbo")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"member_email": "nobody@nowhere.example"}, "member_email: is nobody who is known here"),
        ({"member_email": "greta@house.example"}, "member_email: is no customer’s person"),
        ({"member_email": ""}, ": has neither member_id nor member_email"),
        ({"activities": "call, dance"}, "activities: “dance” is none of"),
        ({"evidence": ""}, "evidence: is empty; nobody may be asked without it"),
        ({"tier": "4"}, "tier: “4” is none of"),
        ({"time_zone": "Mars/Base"}, "time_zone: is no time zone"),
        ({"verified_on": "2999-01-01"}, "verified_on: lies in the future"),
        ({"languages": "x" * 200}, "languages: holds more than"),
    ],
)
def test_what_is_wrong_with_a_row_is_told(database: Database, amara: int, wrong: dict[str, str], told: str) -> None:
    database.write(lambda s: make_employee(s, email="greta@house.example"))
    reading = prepared(database, REFERENCES, table(row(2, **wrong))).reading
    assert next(f"{fault.field or ''}: {fault.text}" for one in reading.reported for fault in one.faults).startswith(told)


def test_what_the_member_wrote_stays_unless_told_and_what_they_ruled_out_stays_always(database: Database, amara: int) -> None:
    imported(database, REFERENCES, table(row()))

    def own(session: Any) -> None:
        ada = Actor(amara, frozenset({"advocate"}))
        say_of_myself(session, ada, person_id=amara, story="In my own words.", words={}, now=utcnow())
        take_back_own(session, ada, person_id=amara, activity=Activity.CALL, never=True, now=utcnow())

    database.write(own)
    changed = row(story="From the CRM.", results="A third faster.")
    imported(database, REFERENCES, table(changed))
    assert (facts(database, amara).story, facts(database, amara).results) == ("In my own words.", "A third faster.")
    batch_id, _ = imported(database, REFERENCES, table(changed | {"overwrite": "yes"}))
    assert facts(database, amara).story == "From the CRM."
    with database.reading() as session:
        assert [one.activity for one in does(session, amara, utcnow()) if one.is_never] == [Activity.CALL]
    undone(database, REFERENCES, batch_id)
    assert facts(database, amara).story == "In my own words."


def test_undoing_removes_what_nobody_touched_and_keeps_what_somebody_did(database: Database, amara: int) -> None:
    other = database.write(lambda s: make_person(s, email="bela@customer.example").id)
    batch_id, _ = imported(database, REFERENCES, table(row(1), row(2, member_email="bela@customer.example")))

    def own(session: Any) -> None:
        actor = Actor(other, frozenset({"advocate"}))
        say_of_myself(session, actor, person_id=other, story="Mine.", words={}, now=utcnow())

    database.write(own)
    undone(database, REFERENCES, batch_id)
    with database.reading() as session:
        assert (profile_of(session, amara), profile_of(session, other) is not None) == (None, True)
        assert session.scalars(select(Consent.person_id).where(Consent.ended_at.is_(None))).all() == [other, other]
