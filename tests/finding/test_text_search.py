"""Both engines find the same people by the same words, whatever is typed, and the index follows whatever is written."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from portal.finding.actions.reindexing import reindex
from portal.finding.models.rows import FindingRow
from portal.finding.queries.gathering import MATCHES, gather
from portal.finding.queries.invariants import disagreeing
from portal.finding.rules.needs import Needs
from portal.finding.rules.words import asked_for, words_of
from portal.finding.search.engines import text_search
from portal.finding.search.port import ROWS
from portal.kernel.actor import Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Company, Person
from portal.profiles.models import ProfileActivity, ProfileWord, ReferenceProfile
from tests.factories.finding import make_reference

# SQLite folds no accents of Greek and Cyrillic letters, so those are typed as they are written.
SAID = """moving off spreadsheets spread Spread-sheet école ECOLE Straße strasse naïve Ångström müller 2024 0012 3.5 12e5 user_name foo/bar
    a@b.example https://x.example/y?z=1 self-serve it's 'quoted' C++ R&D Ελλάδα Москва москва Красный NEAR and OR not 100% co-op año ano"""
VOCABULARY = SAID.split()


def test_both_engines_find_what_a_plain_reading_finds(session: Session) -> None:
    """A reading of the words in Python is the yardstick of both."""
    chance = random.Random(59)
    texts = {number: " ".join(chance.choices(VOCABULARY, k=chance.randint(1, 9))) for number in range(1, 121)}
    usual = {"industry_key": "", "region_key": "", "size": "", "tier": 1, "is_found": True, "names": ""}
    session.execute(insert(FindingRow), [usual | {"person_id": n, "words": told.replace("ß", "ss")} for n, told in texts.items()])
    search = text_search(session)
    typed = [" ".join(chance.choices(VOCABULARY, k=chance.randint(1, 3)))[: chance.choice((3, 40))] for _ in range(150)]
    for said in [*typed, '"', "' OR 1=1 --", "spread*", "(", "NEAR(a b)", "words:spread", "^", "-moving", "\\", "   ", "%", ":*", "&|!"]:
        asked = asked_for(said)
        here = {number: frozenset(words_of(told)) for number, told in texts.items()}
        whole = [number for number, there in here.items() if asked and len(asked.found_in(there)) == len(asked.words)]
        some = [number for number, there in here.items() if asked.found_in(there)]
        assert search.matching(session, ROWS, asked, is_all=True, limit=500) == whole, said
        assert search.matching(session, ROWS, asked, is_all=False, limit=500) == some, said
    session.execute(delete(FindingRow))
    assert search.matching(session, ROWS, asked_for("spread"), is_all=True, limit=500) == []


def test_of_a_word_that_many_tell_of_other_people_are_looked_at_each_day(session: Session) -> None:
    """Not the same first few hundred for ever: those behind a point that moves with the day, and from the start again where the numbers end."""
    usual = {"industry_key": "", "region_key": "", "size": "", "tier": 1, "is_found": True, "names": "", "words": "audit trail"}
    session.execute(insert(FindingRow), [usual | {"person_id": n} for n in range(1, 3 * MATCHES + 1)])
    search, asked = text_search(session), asked_for("audit")
    behind = search.matching(session, ROWS, asked, is_all=True, limit=3, first=700)
    assert (len(set(behind)), behind) == (3, sorted(behind)), "which of those behind it is the engine's own matter"
    assert behind[0] >= 700
    assert search.matching(session, ROWS, asked_for("aud"), is_all=True, limit=3, first=1200) == [1200]
    admin, now = Actor(id=1, roles=frozenset({"admin"})), utcnow()
    told = [set(gather(session, admin, Needs(worry="audit"), now + timedelta(days=day)).near) for day in range(6)]
    assert told[0] == set(gather(session, admin, Needs(worry="audit"), now).near), "the same all day, so that pages follow each other"
    assert all(told)
    assert len(set.union(*told)) > 2 * len(told[0])


def found(session: Session, typed: str) -> list[int]:
    return text_search(session).matching(session, ROWS, asked_for(typed), is_all=True, limit=50)


def test_what_is_written_anywhere_is_found_at_once_and_what_is_gone_no_more(session: Session) -> None:
    amara = make_reference(
        session, "Kestrel Freight", "Amara Okafor", title="Head of Platform", story="We left paper.", use_cases=["Moving off spreadsheets"]
    )
    ben = make_reference(session, "Alto Rail", "Ben Duarte")
    assert found(session, "spreadsheets") == found(session, "kestrel") == found(session, "head plat") == found(session, "pap") == [amara.id]
    profile = session.get(ReferenceProfile, amara.id)
    assert profile is not None
    profile.story, profile.tier = "We dropped faxes.", 2
    person, company = session.get(Person, ben.id), session.get(Company, ben.company_id)
    assert person is not None
    assert company is not None
    person.title, company.name, company.industry = "Chief of Trains", "Alto Züge", "Rail"
    session.add(ProfileWord(person_id=ben.id, kind="use_case", key="night trains", word="Night trains"))
    session.flush()
    assert found(session, "faxes") == found(session, "freight") == [amara.id]
    assert found(session, "paper") == []
    assert found(session, "zuge rail chief night") == [ben.id]
    row = session.scalars(select(FindingRow).where(FindingRow.person_id == ben.id).execution_options(populate_existing=True)).one()
    assert (row.industry_key, row.tier, row.is_found) == ("rail", 1, True)
    for table in (ProfileActivity, ProfileWord, ReferenceProfile):
        session.execute(delete(table).where(table.person_id == ben.id))
    assert found(session, "night") == []
    assert disagreeing(session) == []


@pytest.mark.breaks_the_books(reason="the index is damaged to be made anew")
def test_an_index_that_was_damaged_is_seen_and_made_anew(database: Database) -> None:
    person_id = database.write(lambda session: make_reference(session, "Kestrel Freight", "Amara Okafor").id)
    database.write(lambda session: session.execute(text("UPDATE finding_row SET words = 'nothing', tier = 3")))
    with database.reading() as session:
        assert [problem.row_id for problem in disagreeing(session)] == [person_id]
    assert database.write(lambda session: reindex(session, now=utcnow())) == 1
    with database.reading() as session:
        assert disagreeing(session) == []
        assert found(session, "transport") == [person_id]
