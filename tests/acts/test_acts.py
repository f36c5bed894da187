"""Acts: recorded once a source, marked when taken back, counted while they live."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.acts.actions.acts import record_act, reverse_act
from portal.acts.queries.acts import acts_by_track, count_acts, find_act
from portal.acts.rules.acts import ActUnknown
from portal.kernel.actor import system
from portal.kernel.tracks import Track
from tests.factories.people import make_company, make_person

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def act_of(session: Session, person_id: int, *, source_id: int = 1, track: Track = Track.ENDORSE, company_id: int | None = None) -> int:
    return record_act(
        session,
        system("test"),
        person_id=person_id,
        company_id=company_id,
        kind="challenge",
        track=track,
        source_type="submission",
        source_id=source_id,
        points=50,
        happened_at=NOW - timedelta(days=3),
        now=NOW,
    )


def test_an_act_keeps_what_it_was_and_when(session: Session) -> None:
    company = make_company(session)
    person = make_person(session, company_id=company.id)
    act_of(session, person.id, company_id=company.id)
    act = find_act(session, "submission", 1)
    assert act is not None
    assert (act.person_id, act.company_id, act.track, act.points) == (person.id, company.id, "endorse", 50)
    assert (act.happened_at, act.recorded_at) == (NOW - timedelta(days=3), NOW)


def test_a_source_counts_once(session: Session) -> None:
    person = make_person(session)
    act_of(session, person.id)
    with pytest.raises(IntegrityError):
        act_of(session, person.id)


def test_an_act_taken_back_counts_no_more_and_can_be_recorded_again(session: Session) -> None:
    person = make_person(session)
    first = act_of(session, person.id)
    reverse_act(session, system("test"), source_type="submission", source_id=1, now=NOW)
    assert find_act(session, "submission", 1) is None
    assert acts_by_track(session, person.id) == {}
    assert act_of(session, person.id) != first
    assert acts_by_track(session, person.id) == {"endorse": 1}


def test_what_was_taken_back_cannot_be_taken_back_again(session: Session) -> None:
    person = make_person(session)
    act_of(session, person.id)
    reverse_act(session, system("test"), source_type="submission", source_id=1, now=NOW)
    with pytest.raises(ActUnknown):
        reverse_act(session, system("test"), source_type="submission", source_id=1, now=NOW)


def test_acts_are_counted_by_when_they_happened(session: Session) -> None:
    person = make_person(session)
    act_of(session, person.id, source_id=1)
    act_of(session, person.id, source_id=2, track=Track.EARN)
    happened = NOW - timedelta(days=3)
    assert acts_by_track(session, person.id) == {"endorse": 1, "earn": 1}
    assert count_acts(session, since=happened, until=NOW) == 2
    assert count_acts(session, since=NOW - timedelta(days=9), until=happened) == 0
