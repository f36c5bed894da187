"""The advocates' lists, through the client: what there is to do, what one has done; filters, order, export, cost."""

import html
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt, withdraw_submission
from portal.challenges.actions.editing import close_challenge, edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.review import approve_attempt, ask_for_more, decline_attempt
from portal.challenges.actions.stages import add_stage
from portal.challenges.models.taking import Dismissal, Submission
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.states import Period
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.tracks import Track
from portal.people.models import Person
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_draft, make_rows, make_submission
from tests.factories.people import make_admin, make_employee, make_person
from tests.support.application import SignIn
from tests.support.counting import CountQueries


def test_the_list_shows_what_is_open_with_counts_per_track(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> Person:
        make_challenge(session, title="Vote on the roadmap", track=Track.ENGAGE, points=60)
        make_challenge(session, title="Write a review", track=Track.ENDORSE, points=150)
        make_draft(session, title="Still a draft")
        closed = make_challenge(session, title="Closed by now")
        close_challenge(session, as_admin(make_admin(session)), challenge_id=closed.id, now=utcnow())
        make_challenge(session, title="Ended", closes_on=(utcnow() - timedelta(days=3)).date())
        make_challenge(session, title="Not yet", opens_on=(utcnow() + timedelta(days=3)).date())
        return make_person(session)

    page = sign_in(database.write(given)).get("/challenges").text
    assert page.index("Write a review") < page.index("Vote on the roadmap")
    assert "2 open to you, 0 under way." in page
    assert not any(title in page for title in ("Still a draft", "Closed by now", "Ended", "Not yet"))


def test_filters(database: Database, sign_in: SignIn, subtests: pytest.Subtests) -> None:
    def given(session: Session) -> Person:
        make_challenge(session, title="Short vote", summary="", track=Track.ENGAGE, points=60, minutes=5, stages=("confirm",))
        make_challenge(session, title="Long réview", summary="", track=Track.ENDORSE, points=150, minutes=25, stages=("answer", "confirm"))
        make_challenge(session, title="Story", summary="", track=Track.EARN, points=250, minutes=None, stages=("upload",))
        return make_person(session)

    member = sign_in(database.write(given))
    for query, shown in [
        ("", {"Short vote", "Long réview", "Story"}),
        ("?q=review", {"Long réview"}),
        ("?q=VOTE+short", {"Short vote"}),
        ("?q=100%25", set()),
        ("?track=earn", {"Story"}),
        ("?minutes=10", {"Short vote"}),
        ("?points=100", {"Long réview", "Story"}),
        ("?kind=confirm", {"Short vote", "Long réview"}),
        ("?kind=upload", {"Story"}),
        ("?kind=unheard+of", {"Short vote", "Long réview", "Story"}),
        ("?kind=confirm&minutes=30&points=100&track=endorse&state=open&q=long", {"Long réview"}),
        ("?state=dismissed&kind=confirm", set()),
        ("?state=open", {"Short vote", "Long réview", "Story"}),
        ("?state=done", set()),
        ("?state=nonsense&track=nonsense&minutes=x&sort=x&after=x", {"Short vote", "Long réview", "Story"}),
    ]:
        with subtests.test(query):
            page = member.get(f"/challenges{query}").text
            assert {title for title in ("Short vote", "Long réview", "Story") if title in page} == shown


def test_states_follow_what_the_person_did(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> Person:
        person, admin = make_person(session), make_admin(session)
        make_challenge(session, title="Fresh")
        make_submission(session, person, make_challenge(session, title="Begun"))
        make_attempt(session, person, make_challenge(session, title="Sent"))
        approved = make_attempt(session, person, make_challenge(session, title="Paid"))
        approve_attempt(session, as_admin(admin), attempt_id=approved.id, now=utcnow())
        declined = make_attempt(session, person, make_challenge(session, title="Back", max_attempts=2))
        decline_attempt(session, as_admin(admin), attempt_id=declined.id, reason="No", now=utcnow())
        final = make_attempt(session, person, make_challenge(session, title="Over", max_attempts=1))
        decline_attempt(session, as_admin(admin), attempt_id=final.id, reason="No", now=utcnow())
        make_attempt(session, person, make_challenge(session, title="Weekly", period=Period.WEEK, per_period=2))
        make_attempt(session, make_person(session), make_challenge(session, title="Of another"))
        return person

    client = sign_in(database.write(given))
    titles = ("Fresh", "Begun", "Sent", "Paid", "Back", "Over", "Weekly", "Of another")
    expected = {"open": {"Fresh", "Weekly", "Of another"}, "under_way": {"Begun", "Back"}, "waiting": {"Sent"}, "done": {"Paid", "Over"}}
    for state, shown in expected.items():
        page = client.get(f"/challenges?state={state}").text
        assert {title for title in titles if f">{title}</a>" in page} == shown


def test_what_can_still_be_sent_after_the_closing_day_stays_under_way(database: Database, sign_in: SignIn) -> None:
    now, day = utcnow(), timedelta(days=1)
    then, gone = now - 9 * day, (now - 3 * day).date()

    def closed_earlier(session: Session, title: str, person: Person, **offer: Any) -> Submission:
        made = make_challenge(session, title=title, closes_on=(now + 9 * day).date(), now=then, **offer)
        begun = make_submission(session, person, made, now=then)
        earlier = replace(offer_of(current_version(session, made)), title=f"{title}, closed", closes_on=gone)
        edit_challenge(session, system("test"), challenge_id=made.id, offer=earlier, now=then)
        publish_challenge(session, system("test"), challenge_id=made.id, now=then)
        return begun

    def given(session: Session) -> Person:
        person, admin = make_person(session), as_admin(make_admin(session))
        more, over, done, closed = (make_challenge(session, title=title, closes_on=gone, now=then) for title in ("More", "Over", "Paid", "Closed"))
        for challenge in (more, closed):
            attempt = make_attempt(session, person, challenge, now=then)
            ask_for_more(session, admin, attempt_id=attempt.id, reason="Which team?", now=then)
        close_challenge(session, admin, challenge_id=closed.id, now=now)
        make_submission(session, person, over, now=then)
        approve_attempt(session, admin, attempt_id=make_attempt(session, person, done, now=then).id, now=then)
        closed_earlier(session, "Longer", person)
        for title, tries in (("Again", 2), ("Spent", 1)):
            begun = closed_earlier(session, title, person, max_attempts=tries)
            fill(session, person, begun, now=then)
            sent = submit_attempt(session, as_advocate(person), submission_id=begun.id, key=title, now=then)
            decline_attempt(session, admin, attempt_id=sent.id, reason="No", now=then)
        return person

    person = database.write(given)
    client, stranger = sign_in(person), sign_in(database.write(make_person))
    titles = ("More", "Over", "Paid", "Closed", "Longer", "Again", "Spent")

    def found(client: Any, address: str) -> set[str]:
        page = client.get(address).text
        return {title for title in titles if f">{title}</a>" in page or f">{title}, closed</a>" in page}

    kept = {"More", "Longer", "Again"}
    assert found(client, "/challenges") == found(client, "/challenges?state=under_way") == kept
    assert "3 under way" in client.get("/challenges").text
    assert found(client, "/challenges?q=longer") == {"Longer"}
    assert found(client, "/") == kept
    assert found(stranger, "/challenges") == set()


def test_a_decline_that_was_appealed_is_with_us_and_no_work_of_the_members(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, int]:
        person, admin = make_person(session), make_admin(session)
        back = make_attempt(session, person, make_challenge(session, title="Back", max_attempts=3))
        decline_attempt(session, as_admin(admin), attempt_id=back.id, reason="No", now=utcnow())
        return person, back.submission_id

    def told(address: str) -> tuple[bool, bool]:
        page = client.get(address).text
        return words in page, any(other in page for other in ("Your turn", "Sent back to you", "Go on where you left off"))

    person, submission_id = database.write(given)
    client, words = sign_in(person), "Appeal: it is looked at once more"
    assert told("/") == told("/challenges?state=under_way") == (False, True)
    assert client.post(f"/challenges/submissions/{submission_id}/appeal").status_code == 303
    assert "Nothing fits" in client.get("/challenges?state=under_way").text
    assert told("/") == told("/challenges?state=waiting") == (True, False)
    assert words in client.get(f"/challenges/mine/{submission_id}").text
    mine = client.get("/challenges/mine?state=appealed").text
    assert (mine.count(words), mine.count("Declined")) == (2, 1), "each once to choose by, and the appeal on its row"
    assert "1 waiting for an answer" in client.get("/challenges/mine").text


def test_htmx_gets_the_rows_alone(database: Database, sign_in: SignIn) -> None:
    person = database.write(lambda s: (make_challenge(s, title="Vote"), make_person(s))[1])
    page = sign_in(person).get("/challenges?q=vote", headers={"HX-Request": "true", "HX-Target": "results"}).text
    assert "Vote" in page
    assert "<html" not in page


def test_what_can_be_done_stands_before_what_is_done_unless_points_are_asked_for(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> Person:
        person = make_person(session)
        attempt = make_attempt(session, person, make_challenge(session, title="Long done", points=900))
        approve_attempt(session, as_admin(make_admin(session)), attempt_id=attempt.id, now=utcnow())
        make_challenge(session, title="Open still", points=100)
        make_submission(session, person, make_challenge(session, title="Just begun", points=10))
        return person

    client = sign_in(database.write(given))

    def order(address: str) -> list[str]:
        page = client.get(address).text
        return sorted(("Long done", "Open still", "Just begun"), key=page.index)

    assert order("/challenges") == ["Just begun", "Open still", "Long done"]
    assert order("/challenges?sort=points") == ["Long done", "Open still", "Just begun"]


def test_a_search_finds_the_words_that_the_member_reads(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    def renamed(session: Session, number: int, begun_by: Person) -> None:
        for n in range(number):
            challenge, now = make_challenge(session, title=f"Old réview {n}", summary="Opinions"), utcnow()
            make_submission(session, begun_by, challenge)
            offer = replace(offer_of(current_version(session, challenge)), title=f"New story {n}", summary="Tales")
            edit_challenge(session, system("test"), challenge_id=challenge.id, offer=offer, now=now)
            publish_challenge(session, system("test"), challenge_id=challenge.id, now=now)

    def given(session: Session) -> tuple[Person, Person]:
        begun_by = make_person(session)
        make_challenge(session, title="Plain story", summary="")
        renamed(session, 1, begun_by)
        return begun_by, make_person(session)

    begun_by, other = database.write(given)
    client, stranger = sign_in(begun_by), sign_in(other)

    def found(client: Any, address: str) -> set[str]:
        page = html.unescape(client.get(address).text)
        return {title for title in ("Old réview 0", "New story 0", "Plain story") if f">{title}</a>" in page}

    assert found(client, "/challenges?q=REVIEW") == found(client, "/challenges?q=opinions+old") == {"Old réview 0"}
    assert found(client, "/challenges?q=story") == {"Plain story"}
    assert found(client, "/challenges?q=old+story") == set()
    assert found(stranger, "/challenges?q=story") == {"New story 0", "Plain story"}
    assert found(stranger, "/challenges?q=review") == set()
    assert found(client, "/challenges/mine?q=review") == found(client, "/challenges/mine?q=opinions") == {"Old réview 0"}
    assert found(client, "/challenges/mine?q=tales") == set()
    assert len(client.get("/challenges/mine?format=csv&q=review").text.splitlines()) == 2

    def counted() -> list[int]:
        totals = []
        for address in ("/challenges?q=review", "/challenges/mine?q=review"):
            with count_queries() as counting:
                assert client.get(address).status_code == 200
            totals.append(counting.total)
        return totals

    few = counted()
    database.write(lambda s: renamed(s, 20, begun_by))
    assert counted() == few


def test_own_submissions_filter_and_export(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> Person:
        person, admin = make_person(session), make_admin(session)
        approved = make_attempt(session, person, make_challenge(session, title="=Vote", points=60))
        approve_attempt(session, as_admin(admin), attempt_id=approved.id, now=utcnow())
        asked = make_attempt(session, person, make_challenge(session, title="Review"))
        ask_for_more(session, as_admin(admin), attempt_id=asked.id, reason="Which team?", now=utcnow())
        gone = make_attempt(session, person, make_challenge(session, title="Gone"))
        withdraw_submission(session, as_advocate(person), submission_id=gone.submission_id, now=utcnow())
        return person

    client = sign_in(database.write(given))
    assert ">Review</a>" not in client.get("/challenges/mine?state=approved").text
    assert ">Review</a>" in client.get("/challenges/mine?q=rev").text
    lines = client.get("/challenges/mine?format=csv").text.splitlines()
    assert lines[0].endswith("challenge,track,state,period,started_at,changed_at,attempts,points")
    assert len(lines) == 3
    assert any(line.startswith("'=Vote,endorse,approved,once,") and line.endswith(",1,60") for line in lines)


def test_the_pages_are_for_advocates(database: Database, sign_in: SignIn, client: Any) -> None:
    employee = database.write(make_employee)
    assert sign_in(employee).get("/challenges").status_code == 403
    assert client.get("/challenges").status_code == 303


def test_the_kind_is_that_of_a_step_which_the_reader_has_not_of_one_that_was_taken_out_or_is_new_since(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> Person:
        person, challenge = make_person(session), make_challenge(session, title="Story", stages=("answer",))
        make_submission(session, person, challenge)
        add_stage(session, system("test"), challenge_id=challenge.id, kind="link", title="Where?", text="", now=utcnow())
        publish_challenge(session, system("test"), challenge_id=challenge.id, now=utcnow())
        return person

    person = database.write(given)
    newcomer = database.write(make_person)
    assert ">Story</a>" not in sign_in(person).get("/challenges?kind=link").text
    assert ">Story</a>" in sign_in(newcomer).get("/challenges?kind=link").text


def test_filters_hold_from_page_to_page(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> Person:
        person = make_person(session)
        for _ in range(26):
            row = make_challenge(session, track=Track.EARN, stages=("link",), minutes=10)
            session.add(Dismissal(person_id=person.id, challenge_id=row.id, reason="no_time", words="", dismissed_at=utcnow()))
        return person

    client, filters = sign_in(database.write(given)), "state=dismissed&track=earn&kind=link&minutes=10"
    first = client.get(f"/challenges?{filters}").text
    link = html.unescape(re.search(r'rel="next" href="([^"]+)"', first)[1])
    second = client.get(link).text
    assert (first.count(">Bring it back<"), second.count(">Bring it back<")) == (24, 2)


def test_lists_ask_the_database_the_same_with_10_and_with_300_rows(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    addresses = ["/challenges", "/challenges?state=dismissed&kind=link&minutes=10", "/", "/challenges/mine", "/challenges/mine?format=csv"]
    person = database.write(make_person)
    client = sign_in(person)
    for address in addresses:
        client.get(address)
    totals: list[dict[str, int]] = []
    for wanted in (10, 290):
        database.write(lambda s, n=wanted: _many(s, person, n))
        totals.append({})
        for address in addresses:
            with count_queries() as counted:
                assert client.get(address).status_code == 200
            totals[-1][address] = counted.total
    assert totals[0] == totals[1]


def _many(session: Session, person: Person, number: int) -> None:
    """Add challenges with a submission each, as rows: a thousand through the actions would take minutes."""
    now = utcnow()
    made = make_rows(session, number)
    begun = {"person_id": person.id, "period_key": "once", "zone": "Europe/Berlin", "nth": 1, "state": "open", "attempts": 0, "declines": 0}
    session.add_all(Submission(**begun, challenge_id=c.id, decisions=0, started_at=now, changed_at=now) for c in made)
    session.flush()
