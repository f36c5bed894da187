"""“Picked for you” on home and above the list of challenges, and the field of the editor that it goes by."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.challenges.library.reading import built_in
from portal.challenges.models.offering import Challenge, ChallengeVersion
from portal.challenges.rules.offer import Offer, require_offer
from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database, programme_zone
from portal.kernel.tracks import Track
from portal.people.actions.interests import set_interests
from portal.people.models import Person
from portal.people.rules.interest import Interest, Wish
from tests.factories.challenges import as_advocate, make_challenge, make_draft, make_rows, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import SignIn
from tests.support.counting import CountQueries

TELL = 'href="/profile#interests" class="link link-hover text-sm quiet py-1">Tell us what you like doing</a>'


def picks(page: str) -> list[tuple[str, str]]:
    """Return the title and the line of reasons of each card."""
    found = re.search(r'aria-labelledby="picked".*?</section>', page, re.DOTALL)
    cards = re.findall(r"<h3[^>]*><a[^>]*>(.*?)</a>.*?</svg><span>(.*?)</span></p>", found.group(), re.DOTALL) if found else []
    return [(title, " ".join(line.split())) for title, line in cards]


def told(session: Session, *, wishes: bool = True) -> Person:
    now = utcnow()
    today, long_ago = local_date(now, programme_zone(session)), now - timedelta(days=60)
    person = make_person(session)
    plain = {"now": long_ago, "minutes": 60}
    make_challenge(session, title="Article", interests=("writing", "social"), closes_on=today, total_limit=3, **plain)
    make_challenge(session, title="Call", interests=("calls",), points=900, **plain)
    make_challenge(session, title="Vote", **{**plain, "minutes": 1})
    make_challenge(session, title="Only points", points=1, **plain)
    make_challenge(session, title="Nothing for it", points=0, **plain)
    make_submission(session, person, make_challenge(session, title="Begun", **plain))
    if wishes:
        said = {Interest.WRITING: Wish.LIKES, Interest.CALLS: Wish.NEVER}
        set_interests(session, as_advocate(person), person_id=person.id, wishes=said, now=now)
    return person


@pytest.mark.parametrize("address", ["/", "/challenges"])
def test_at_most_three_are_suggested_each_with_its_true_reasons(database: Database, sign_in: SignIn, address: str) -> None:
    page = sign_in(database.write(told)).get(address).text
    assert picks(page) == [
        ("Begun", "You have begun it"),
        ("Article", "You like writing · Closes today · 3 places left"),
        ("Vote", "Takes 1 minute"),
    ]
    assert TELL not in page
    assert address == "/challenges" or "All 5 open challenges" in page


def test_what_is_picked_stands_once_in_the_list_and_can_be_put_aside_there(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(told))
    page = client.get("/challenges").text
    titles = ("Begun", "Article", "Vote", "Call", "Only points", "Nothing for it")
    assert {title: page.count(f">{title}</a>") for title in titles} == dict.fromkeys(titles, 1)
    assert page.count('/dismiss"') == 2 * 5, "of all but what was begun, with and without a script"
    assert [title for title, _ in picks(client.get("/challenges?sort=points").text)] == []


def test_a_list_that_is_picked_whole_does_not_say_that_it_is_empty(database: Database, sign_in: SignIn) -> None:
    person, _challenge = database.write(lambda s: (make_person(s), make_challenge(s, title="The only one")))
    page = sign_in(person).get("/challenges").text
    assert (page.count(">The only one</a>"), "Nothing to do at this moment" in page, "All others" in page) == (1, False, False)


def test_who_has_said_nothing_is_asked_what_they_like(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(lambda s: told(s, wishes=False)))
    home = client.get("/").text
    assert dict(picks(home))["Article"] == "Closes today · 3 places left"
    assert TELL in home
    listed = client.get("/challenges", headers={"HX-Request": "true", "HX-Target": "results"}).text
    assert [title for title, _ in picks(listed)] == ["Begun", "Article", "Vote"]
    assert all(picks(client.get(f"/challenges?{query}").text) == [] for query in ("q=a", "state=open", "track=earn", "after=x"))


def test_where_nothing_speaks_there_is_no_box(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> Person:
        make_challenge(session, title="Nothing for it", points=0, minutes=60, now=utcnow() - timedelta(days=60))
        return make_person(session)

    client = sign_in(database.write(given))
    for page in (client.get("/").text, client.get("/challenges").text):
        assert ("Picked for you" in page, "Nothing is open for you" in page) == (False, False)


def test_home_asks_the_database_the_same_with_10_and_with_300_challenges(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    client = sign_in(database.write(told))
    client.get("/")
    totals = []
    for wanted in (10, 290):
        database.write(lambda s, n=wanted: make_rows(s, n))
        with count_queries() as counted:
            assert len(picks(client.get("/").text)) == 3
        totals.append(counted.total)
    assert totals[0] == totals[1]


def test_an_admin_says_what_a_challenge_asks_of_people_and_every_version_keeps_it(database: Database, sign_in: SignIn) -> None:
    challenge = database.write(lambda s: make_challenge(s, title="Call", interests=("calls",)))
    office = sign_in(database.write(lambda s: make_admin(s)))
    address = f"/admin/challenges/{challenge.id}"
    page = office.get(f"{address}/edit").text
    assert re.findall(r'name="interests"[^>]*value="(\w+)" checked', page) == ["calls"]
    fields = {"title": "Call", "track": "endorse", "points": "100", "per_period": "1", "period": "once", "interests": ["writing", "calls", "calls"]}
    assert office.post(f"{address}/edit", data=fields).status_code == 303
    assert office.post(f"{address}/edit", data=fields | {"interests": ["juggling"]}).status_code == 422
    assert "What it asks of people: Calls with other customers, now Calls with other customers, Writing" in office.get(f"{address}/edit").text
    assert office.post(f"{address}/duplicate", data={"key": "copy"}).status_code == 303
    with database.reading() as session:
        kept = session.execute(select(ChallengeVersion.challenge_id, ChallengeVersion.interests).order_by(ChallengeVersion.number)).all()
        copy = session.scalars(select(Challenge).where(Challenge.id != challenge.id)).one()
        assert session.get_one(Challenge, challenge.id).interests == ("calls",)
        assert sorted(kept) == [(challenge.id, ("calls",)), (challenge.id, ("calls", "writing")), (copy.id, ("calls", "writing"))]


def test_a_challenge_that_asks_for_nothing_special_has_none(session: Session) -> None:
    made = make_draft(session)
    session.expire_all()
    assert made.interests == ()
    assert require_offer(Offer(Track.EARN, "Call", interests=("writing", "juggling", "calls"))).interests == ("calls", "writing")


@pytest.mark.parametrize(
    ("key", "interests"),
    [
        ("reference-call", ("calls",)),
        ("welcome-newcomer", ("calls",)),
        ("guest-article", ("writing",)),
        ("speaking", ("speaking", "events")),
        ("beta-partner", ("testing",)),
        ("own-post", ("writing", "social")),
        ("user-group", ("events",)),
        ("logo-use", ()),
    ],
)
def test_our_templates_say_what_they_ask_of_people(key: str, interests: tuple[str, ...]) -> None:
    assert built_in()[key].offer.interests == interests
