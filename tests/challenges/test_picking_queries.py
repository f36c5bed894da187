"""The suggestions as the database orders them: the same that the rules pick, of what one could begin or go on with today."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal.challenges.actions.dismissing import dismiss_challenge
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.lifecycle import pause_challenge
from portal.challenges.actions.prerequisites import add_prerequisite
from portal.challenges.actions.review import decline_attempt
from portal.challenges.models.offering import Challenge
from portal.challenges.queries.page import ChallengePage, challenge_page
from portal.challenges.queries.picking import picked_for
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.dismissing import Why
from portal.challenges.rules.lifecycle import last_day
from portal.challenges.rules.picking import NEW_FOR, Candidate, pick
from portal.challenges.rules.standing import Standing
from portal.kernel.actor import system
from portal.kernel.clock import local_date, start_of_day
from portal.kernel.errors import NotFound
from portal.people.actions.interests import set_interests
from portal.people.models import Person
from portal.people.queries.interests import interests_of
from portal.people.rules.interest import Interest, Wish
from tests.factories.audience import in_industry, show_only_to
from tests.factories.challenges import as_advocate, make_attempt, make_challenge, make_submission
from tests.factories.people import make_company, make_person

# Late in the evening in UTC, when it is the next day already in the programme's zone.
ZONE = "Europe/Berlin"
NOW = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
TODAY = local_date(NOW, ZONE)
NEW_SINCE = start_of_day(TODAY - NEW_FOR, ZONE)
PUBLISHED = (NOW - timedelta(hours=1), NEW_SINCE, NEW_SINCE - timedelta(seconds=1), NOW - timedelta(days=90))
PORTAL = system("test")


def days(*ahead: int | None) -> list[object]:
    return [None if number is None else TODAY + timedelta(days=number) for number in ahead]


def wish(session: Session, person: Person, likes: set[str], nevers: set[str]) -> None:
    said = {Interest(name): Wish.LIKES for name in likes} | {Interest(name): Wish.NEVER for name in nevers}
    set_interests(session, as_advocate(person), person_id=person.id, wishes=said, now=NOW)


def generated(session: Session, chance: Random) -> list[Challenge]:
    """Return challenges with chance facts on both sides of each limit; some paused, full, locked, or for one industry only."""
    made: list[Challenge] = []
    for _ in range(24):
        limit = chance.choice([None, None, 4, 6, 12])
        facts = {
            "points": chance.choice([0, 0, 5, 100]),
            "minutes": chance.choice([None, 5, 10, 11, 60]),
            "opens_on": chance.choice(days(None, None, 0, -14, -15)),
            "closes_on": chance.choice(days(None, 0, 6, 7, 30)),
            "interests": tuple(chance.sample([*Interest], chance.randint(0, 2))),
        }
        challenge = make_challenge(session, **facts, total_limit=limit, now=chance.choice(PUBLISHED))
        challenge.taken = chance.randint(0, limit) if limit else 0
        made.append(challenge)
    session.flush()
    for paused, locked, chosen in zip(*[iter(chance.sample(made, 12))] * 3, strict=True):
        pause_challenge(session, PORTAL, challenge_id=paused.id, now=NOW)
        add_prerequisite(session, PORTAL, challenge_id=locked.id, requires_id=chosen.id, now=NOW)
        publish_challenge(session, PORTAL, challenge_id=locked.id, now=NOW)
        show_only_to(session, chosen, in_industry("Retail"))
    return made


def seen(session: Session, person: Person, challenge: Challenge) -> ChallengePage | None:
    try:
        return challenge_page(session, person.id, challenge.id, NOW)
    except NotFound:
        return None


def act(session: Session, person: Person, challenges: list[Challenge], chance: Random) -> None:
    """Let somebody begin, send, be declined, and put aside."""
    for challenge in chance.sample(challenges, min(8, len(challenges))):
        session.refresh(challenge)
        page, did = seen(session, person, challenge), chance.choice(["begin", "begin", "wait", "return", "dismiss"])
        if page is None or not page.can_start:
            continue
        at = NOW - timedelta(seconds=chance.randint(1, 1_700))
        if did == "dismiss":
            dismiss_challenge(session, as_advocate(person), challenge_id=challenge.id, reason=Why.NO_TIME, words="", now=NOW)
        elif did == "begin":
            make_submission(session, person, challenge, now=at)
        else:
            attempt = make_attempt(session, person, challenge, now=at)
            if did == "return":
                decline_attempt(session, PORTAL, attempt_id=attempt.id, reason="No", now=at)


def changed(session: Session, challenges: list[Challenge], chance: Random) -> None:
    """Publish another version of some: who has begun keeps theirs."""
    for challenge in chance.sample(challenges, 10):
        offer = offer_of(current_version(session, challenge))
        facts: dict[str, Any] = {
            "points": 7,
            "minutes": chance.choice([None, 3, 90]),
            "closes_on": chance.choice(days(None, 3, 20)),
            "interests": ("social",),
        }
        edit_challenge(session, PORTAL, challenge_id=challenge.id, offer=replace(offer, **facts), now=NOW)
        publish_challenge(session, PORTAL, challenge_id=challenge.id, now=NOW)


def candidate(page: ChallengePage) -> Candidate:
    """Return what the page of one challenge says of it: another way to the facts than the statement's."""
    challenge, is_begun = page.challenge, page.standing is Standing.UNDER_WAY
    opened = max(local_date(challenge.published_at or NOW, ZONE), challenge.opens_on or TODAY - timedelta(days=999))
    return Candidate(
        id=challenge.id,
        is_begun=is_begun,
        is_returned=is_begun and page.submission is not None and page.submission.state != "open",
        interests=page.version.interests,
        closes_on=last_day(page.version.closes_on, challenge.closes_on),
        places=challenge.total_limit - challenge.taken if challenge.total_limit else None,
        minutes=page.version.minutes,
        is_new=opened >= TODAY - NEW_FOR,
        points=page.version.points,
    )


@pytest.mark.parametrize("seed", range(2))
def test_the_statement_orders_as_the_rules_pick(session: Session, seed: int) -> None:
    chance = Random(seed)
    challenges = generated(session, chance)
    people = [make_person(session, company_id=make_company(session, industry=chance.choice(["Retail", "Energy"])).id) for _ in range(3)]
    for number, person in enumerate(people):
        act(session, person, challenges if number else [], chance)
        said = chance.sample([*Interest], 3)
        wish(session, person, set(said[:2]), set(said[2:]) if chance.random() < 0.7 else set())
    changed(session, challenges, chance)
    session.expire_all()
    for person in people:
        wishes = interests_of(session, person.id)
        likes, nevers = ([name for name, said in wishes.items() if said == one] for one in Wish)
        pages = [page for challenge in challenges if (page := seen(session, person, challenge)) is not None]
        begun = [page for page in pages if page.standing is Standing.UNDER_WAY and page.stopped_because is None]
        free = [page for page in pages if page.can_start and page.dismissal is None]
        while True:
            expected = pick([candidate(page) for page in begun + free], likes, nevers, TODAY)
            found = picked_for(session, person.id, NOW)
            assert [(one.row.Challenge.id, tuple(one.terms)) for one in found.suggestions] == [(one.id, one.terms) for one in expected]
            last = max(begun, key=lambda page: page.submission.changed_at if page.submission else NOW, default=None)
            assert (found.all_open, found.going_on) == (len(free), last.challenge.id if last else None)
            done_with = {one.row.Challenge.id for one in found.suggestions if one.row.standing == Standing.OPEN}
            for challenge_id in sorted(done_with):
                dismiss_challenge(session, as_advocate(person), challenge_id=challenge_id, reason=Why.NO_TIME, words="", now=NOW)
            free = [page for page in free if page.challenge.id not in done_with]
            if not done_with:
                break


def test_what_somebody_never_wants_is_not_suggested_even_where_they_have_begun_it(session: Session) -> None:
    person = make_person(session)
    calls = make_challenge(session, title="Call", interests=("calls",), now=NOW - timedelta(days=40))
    both = make_challenge(session, title="Write and call", interests=("calls", "writing"), now=NOW - timedelta(days=40))
    plain = make_challenge(session, title="Plain", points=1, minutes=60, now=NOW - timedelta(days=40))
    make_submission(session, person, calls, now=NOW)
    wish(session, person, {"writing"}, {"calls"})
    found = picked_for(session, person.id, NOW)
    assert [one.row.Challenge.id for one in found.suggestions] == [plain.id]
    assert (found.all_open, found.going_on, found.has_wishes) == (2, calls.id, True)
    wish(session, person, {"writing"}, set())
    found = picked_for(session, person.id, NOW)
    assert [(one.row.Challenge.id, list(one.reasons)) for one in found.suggestions] == [
        (calls.id, ["begun", "quick", "worth"]),
        (both.id, ["liked", "quick", "worth"]),
        (plain.id, ["worth"]),
    ]


def test_where_nothing_speaks_nothing_is_suggested(session: Session) -> None:
    person = make_person(session)
    make_challenge(session, points=0, minutes=60, now=NOW - timedelta(days=40))
    found = picked_for(session, person.id, NOW)
    assert (found.suggestions, found.all_open, found.going_on, found.has_wishes) == ([], 1, None, False)


def test_what_was_begun_closes_as_in_the_version_it_was_begun_with(session: Session) -> None:
    person, other = make_person(session), make_person(session)
    challenge = make_challenge(session, points=60, minutes=60, now=NOW - timedelta(days=40))
    make_submission(session, person, challenge, now=NOW)
    offer = offer_of(current_version(session, challenge))
    closing = replace(offer, points=0, minutes=5, closes_on=TODAY + timedelta(days=3))
    edit_challenge(session, PORTAL, challenge_id=challenge.id, offer=closing, now=NOW)
    publish_challenge(session, PORTAL, challenge_id=challenge.id, now=NOW)
    reasons = [picked_for(session, one.id, NOW).suggestions[0].reasons for one in (person, other)]
    assert reasons == [{"begun": "open", "worth": 60}, {"closing": TODAY + timedelta(days=3), "quick": 5}]
