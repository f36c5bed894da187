"""A database of which the sessions know what the application's know: who hears of acts and people, and what badges are told of challenges."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.challenges.queries.badges import ChallengesDone
from portal.kernel.db import Database
from portal.wiring import ACT_HEARD, PERSON_CHANGED, PERSON_EDITED


@pytest.fixture
def hearing(database: Database) -> Database:
    """The test's database, with everything that follows an act in the same transaction."""
    database.inform_sessions(person_changed=PERSON_CHANGED, person_edited=PERSON_EDITED, act_heard=ACT_HEARD, challenge_facts=ChallengesDone())
    return database


@pytest.fixture
def hearing_session(hearing: Database, session: Session) -> Session:
    """The test's open session, informed in the same way."""
    session.info.update(person_changed=PERSON_CHANGED, person_edited=PERSON_EDITED, act_heard=ACT_HEARD, challenge_facts=ChallengesDone())
    if session.get_bind().dialect.name == "postgresql":  # what follows at the commit is read before it here
        session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    return session
