"""Level and badge as rules of an audience: what they refuse, say, and tell the member."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.kinds.contract import Phrase
from portal.audience.queries.admission import facts_of
from portal.audience.registry import moment_of
from portal.audience.rules import ValueUnknown
from portal.kernel.actor import system
from portal.people.models import Person
from portal.recognition.actions.holdings import give_badge
from portal.recognition.actions.levels import set_levels
from portal.recognition.audience.badge import HasBadge
from portal.recognition.audience.level import OnLevel
from portal.recognition.queries.levels import list_levels
from portal.recognition.rules.levels import Wanted
from tests.factories.people import make_person
from tests.factories.recognition import give_points, make_badge

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(("points", "level"), [(0, "Friend"), (199, "Friend"), (200, "Supporter"), (599, "Supporter"), (600, "Advocate")])
def test_the_level_is_that_of_lifetime_points_and_moves_when_an_admin_moves_it(session: Session, points: int, level: str) -> None:
    person, kind = make_person(session), OnLevel()
    if points:
        give_points(session, person.id, points, at=NOW)
    ids = {str(found.id): found.name for found in list_levels(session)}
    mine = [ids[one] for one in ids if kind.test({"values": [one]})(facts_of(session, person.id, NOW))]
    assert mine == [level]
    wanted = [Wanted(found.id, found.name, found.threshold and found.threshold + 1) for found in list_levels(session)]
    set_levels(session, system("test"), levels=wanted, now=NOW)
    moved = [ids[one] for one in ids if _is_meant(session, person, {"values": [one]})]
    assert moved == [{200: "Friend", 600: "Supporter"}.get(points, level)]


def _is_meant(session: Session, person: Person, options: dict[str, list[str]]) -> bool:
    return session.scalar(select(OnLevel().condition(options, moment_of(session, NOW))).where(Person.id == person.id)) is True


def test_a_draft_badge_and_an_unknown_level_cannot_be_chosen_and_the_member_reads_what_is_theirs(session: Session) -> None:
    person = make_person(session)
    badge, draft = make_badge(session, rule="hand", name="Mentor"), make_badge(session, rule="hand", name="Idea", is_live=False)
    give_badge(session, system("test"), badge_id=badge.id, person_id=person.id, reason="Thanks", now=NOW)
    with pytest.raises(ValueUnknown):
        HasBadge().read(session, {"values": [str(draft.id)]})
    with pytest.raises(ValueUnknown):
        OnLevel().read(session, {"values": ["999"]})
    facts, friend = facts_of(session, person.id, NOW), str(list_levels(session)[0].id)
    options = HasBadge().read(session, {"values": [str(badge.id)]})
    assert HasBadge().told(options, HasBadge().labels(session, [options]), facts) == Phrase("you have the badge %(values)s", {"values": ["“Mentor”"]})
    level = OnLevel().read(session, {"values": [friend]})
    assert OnLevel().told(level, OnLevel().labels(session, [level]), facts) == Phrase("you are on the level %(values)s", {"values": ["Friend"]})
