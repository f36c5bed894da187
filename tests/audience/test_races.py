"""Many admins at once: nobody's rule is lost, nothing goes live unseen."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from portal.audience.actions.editing import add_rule, make_audience, put_live, remove_rule
from portal.audience.models import Audience
from portal.audience.queries.audiences import sheet_of
from portal.audience.rules import MAX_RULES, Side
from portal.challenges.actions.editing import open_audience
from portal.challenges.models.offering import ChallengeAudience
from portal.kernel.actor import system
from portal.kernel.db import Database
from portal.people.actions.interests import set_interests
from portal.people.actions.tags import tag_people, tag_person
from portal.people.models import Person, PersonTag, Tag
from portal.people.queries.directory import people_matching
from portal.people.queries.interests import interests_of
from portal.people.rules.interest import Interest, Wish
from tests.challenges.test_races import EIGHT, at_once, count
from tests.factories.challenges import make_draft
from tests.factories.people import make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLI = system("test")
ADMINS = ("role", {"values": ["admin"]})


def adding(audience_id: int, key: str, **overrides: Any) -> Any:
    facts: dict[str, Any] = {"side": Side.INCLUDE, "kind": ADMINS[0], "given": ADMINS[1], "key": key, "at_once": False} | overrides
    return lambda session: add_rule(session, CLI, audience_id=audience_id, **facts, now=NOW).id


def side(database: Database, audience_id: int) -> list[int]:
    with database.reading() as session:
        return [rule.id for rule in sheet_of(session, audience_id).side("include")]


def test_rules_that_eight_admins_add_at_once_are_all_there(database: Database) -> None:
    audience = database.write(lambda s: make_audience(s, CLI, now=NOW))
    made = at_once(database, [adding(audience.id, f"admin {n}") for n in range(EIGHT)])
    assert sorted(made) == sorted(side(database, audience.id))
    with database.reading() as session:
        assert session.get_one(Audience, audience.id).revision == EIGHT


def test_one_form_sent_eight_times_at_once_is_one_rule(database: Database) -> None:
    audience = database.write(lambda s: make_audience(s, CLI, now=NOW))
    made = at_once(database, [adding(audience.id, "one form")] * EIGHT)
    assert set(made) == set(side(database, audience.id))
    assert len(set(made)) == 1


def test_the_limit_of_rules_holds_against_eight_at_once(database: Database) -> None:
    def nearly_full(session: Session) -> Audience:
        made = make_audience(session, CLI, now=NOW)
        for number in range(MAX_RULES - 3):
            adding(made.id, f"before {number}")(session)
        return made

    audience = database.write(nearly_full)
    results = Counter(str(r) if isinstance(r, str) else "added" for r in at_once(database, [adding(audience.id, f"late {n}") for n in range(EIGHT)]))
    assert results == {"added": 3, "TooManyRules": EIGHT - 3}


def test_removing_one_rule_eight_times_at_once_removes_it_once(database: Database) -> None:
    audience = database.write(lambda s: make_audience(s, CLI, now=NOW))
    rule_id = database.write(adding(audience.id, "r"))

    def remove(session: Session) -> str:
        remove_rule(session, CLI, audience_id=audience.id, rule_id=rule_id, at_once=False, now=NOW)
        return "removed"

    assert Counter(at_once(database, [remove] * EIGHT)) == {"removed": 1, "RuleGone": EIGHT - 1}


def test_putting_live_while_others_edit_never_takes_what_was_not_seen(database: Database) -> None:
    audience = database.write(lambda s: make_audience(s, CLI, now=NOW))
    database.write(adding(audience.id, "seen"))

    def live(session: Session) -> str:
        put_live(session, CLI, audience_id=audience.id, revision=1, now=NOW)
        return "live"

    results = at_once(database, [live, adding(audience.id, "not seen")] * (EIGHT // 2))
    put = results.count("live")
    with database.reading() as session:
        rules = {rule.is_live for rule in sheet_of(session, audience.id).side("include")[1:]}
    assert rules == {False}
    assert set(results[::2]) <= {"live", "AudienceChanged"}
    assert put + results.count("AudienceChanged") == EIGHT // 2


def test_a_challenge_gets_one_audience_from_eight_admins(database: Database) -> None:
    challenge = database.write(lambda s: make_draft(s))
    opened = at_once(database, [lambda s: open_audience(s, CLI, challenge_id=challenge.id, now=NOW)] * EIGHT)
    assert len(set(opened)) == 1
    assert isinstance(opened[0], int)
    assert (count(database, Audience), count(database, ChallengeAudience)) == (1, 1)


def test_a_tag_given_eight_times_at_once_is_one_tag_carried_once(database: Database) -> None:
    person = database.write(lambda s: make_person(s))
    works = [lambda s: tag_person(s, CLI, person_id=person.id, tag="VIP", now=NOW)] * (EIGHT // 2)
    works += [lambda s: tag_people(s, CLI, chosen=people_matching(), tag="vip", now=NOW)] * (EIGHT // 2)
    results = at_once(database, works)
    assert Counter(bool(result) for result in results) == {True: 1, False: EIGHT - 1}
    assert (count(database, Tag), count(database, PersonTag)) == (1, 1)


def test_wishes_that_two_tabs_keep_at_once_are_those_of_one_tab_whole(database: Database) -> None:
    person = database.write(lambda s: make_person(s))
    first, second = {Interest.CALLS: Wish.LIKES, Interest.SOCIAL: Wish.LIKES}, {Interest.CALLS: Wish.NEVER, Interest.SOCIAL: Wish.NEVER}
    works = [lambda s, w=wishes: set_interests(s, CLI, person_id=person.id, wishes=w, now=NOW) for wishes in (first, second)]
    assert all(isinstance(result, bool) for result in at_once(database, works * (EIGHT // 2)))
    with database.reading() as session:
        assert interests_of(session, person.id) in (first, second)
        assert session.get_one(Person, person.id)
