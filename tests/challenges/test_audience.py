"""Who sees a challenge: the list, the page by its address, starting, the home page, the search; and who has begun keeps it."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.actions.editing import make_audience
from portal.audience.models import Audience, AudienceRule
from portal.audience.queries.admission import Gates
from portal.audience.queries.audiences import sheet_of
from portal.audience.registry import moment_of
from portal.challenges.actions.answering import submit_attempt, withdraw_submission
from portal.challenges.actions.editing import duplicate_challenge, edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.lifecycle import pause_challenge
from portal.challenges.actions.review import approve_attempt, decline_attempt
from portal.challenges.actions.starting import start_submission
from portal.challenges.audience.answered import HasAnswered
from portal.challenges.audience.done import HasDone
from portal.challenges.models.offering import Challenge, ChallengeAudience, Prerequisite
from portal.challenges.models.taking import Submission
from portal.challenges.queries.audience import audience_of
from portal.challenges.queries.catalogue import Wanted, count_by_track, list_challenges
from portal.challenges.queries.page import challenge_page
from portal.challenges.queries.picking import picked_for
from portal.challenges.queries.stages import stages_of
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.refusals import NotInAudience
from portal.challenges.rules.states import Period
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotFound
from portal.people.models import Person
from tests.factories.audience import in_industry, make_rule, show_only_to
from tests.factories.challenges import as_advocate, fill, make_attempt, make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_company, make_person
from tests.support.application import SignIn

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RETAIL = in_industry("Retail")


def person_in(session: Session, industry: str, **given: Any) -> Person:
    return make_person(session, company_id=make_company(session, industry=industry).id, **given)


def listed(session: Session, person: Person, wanted: Wanted | None = None, now: datetime = NOW) -> set[str]:
    return {row.Challenge.title for row in list_challenges(session, person.id, wanted or Wanted(), now, after=None)}


def scene(session: Session) -> tuple[Person, Person, Challenge]:
    """Return somebody who is meant, somebody who is not, and the challenge; another one is for everybody."""
    meant, other = person_in(session, "Retail", name="Rita"), person_in(session, "Energy", name="Emil")
    challenge = make_challenge(session, title="Shops only", track="engage")
    make_challenge(session, title="For all", track="engage")
    show_only_to(session, challenge, RETAIL)
    return meant, other, challenge


def test_the_list_its_counts_the_search_and_the_home_page_hide_what_is_not_meant_for_one(session: Session) -> None:
    meant, other, _ = scene(session)
    assert listed(session, meant) == {"Shops only", "For all"}
    assert listed(session, other) == {"For all"}
    assert listed(session, other, Wanted(q="shops")) == set()
    assert listed(session, meant, Wanted(q="shops")) == {"Shops only"}
    assert [count_by_track(session, person.id, NOW)["engage"].open for person in (meant, other)] == [2, 1]
    for person, titles in ((meant, {"Shops only", "For all"}), (other, {"For all"})):
        picked = picked_for(session, person.id, NOW)
        assert {pick.row.Challenge.title for pick in picked.suggestions} == titles
        assert picked.all_open == len(titles)


@pytest.mark.parametrize("shut", ["paused", "full", "something comes first"])
def test_what_cannot_be_begun_now_is_hidden_from_whom_it_is_not_meant_for_too(session: Session, shut: str) -> None:
    meant, other, challenge = scene(session)
    if shut == "paused":
        pause_challenge(session, system("test"), challenge_id=challenge.id, now=NOW)
    elif shut == "full":
        challenge.total_limit = challenge.taken = 1
    else:
        first = session.scalars(select(Challenge.id).where(Challenge.title == "For all")).one()
        session.add(Prerequisite(challenge_id=challenge.id, version=challenge.version, requires_id=first))
    session.flush()
    assert [listed(session, person) for person in (meant, other)] == [{"Shops only", "For all"}, {"For all"}]
    assert [count_by_track(session, person.id, NOW)["engage"].shut for person in (meant, other)] == [1, 0]


def test_the_page_by_its_address_is_as_if_not_there(session: Session) -> None:
    meant, other, challenge = scene(session)
    assert challenge_page(session, meant.id, challenge.id, NOW).can_start
    with pytest.raises(NotFound):
        challenge_page(session, other.id, challenge.id, NOW)


def test_starting_past_the_list_is_refused_by_name(session: Session) -> None:
    meant, other, challenge = scene(session)
    assert make_submission(session, meant, challenge, now=NOW).id
    with pytest.raises(NotInAudience):
        make_submission(session, other, challenge, now=NOW)
    assert session.scalar(select(Submission.id).where(Submission.person_id == other.id)) is None


def test_an_import_records_what_happened_whoever_is_meant(session: Session) -> None:
    _, other, challenge = scene(session)
    facts = {"challenge_id": challenge.id, "person_id": other.id}
    assert start_submission(session, system("import"), **facts, now=NOW, started_at=NOW - timedelta(days=9)).id


@pytest.mark.parametrize("state", ["open", "waiting", "declined"])
def test_who_has_begun_keeps_it_until_they_finish(session: Session, state: str) -> None:
    person = person_in(session, "Energy")
    challenge = make_challenge(session, title="Shops only")
    submission = make_submission(session, person, challenge, now=NOW)
    if state != "open":
        attempt = make_attempt(session, person, challenge, now=NOW)
        if state == "declined":
            decline_attempt(session, system("test"), attempt_id=attempt.id, reason="No", now=NOW)
    show_only_to(session, challenge, RETAIL)
    assert listed(session, person) == {"Shops only"}
    page = challenge_page(session, person.id, challenge.id, NOW)
    assert page.can_answer is (state != "waiting")
    if state != "waiting":
        assert make_submission(session, person, challenge, now=NOW).id == submission.id
        fill(session, person, submission, now=NOW)
        assert submit_attempt(session, as_advocate(person), submission_id=submission.id, key="again", now=NOW).state == "waiting"


def test_what_was_done_stays_in_sight_and_a_new_week_does_not_offer_it_again(session: Session) -> None:
    person = person_in(session, "Energy")
    challenge = make_challenge(session, title="Weekly", period=Period.WEEK)
    attempt = make_attempt(session, person, challenge, now=NOW)
    approve_attempt(session, system("test"), attempt_id=attempt.id, now=NOW)
    show_only_to(session, challenge, RETAIL)
    assert listed(session, person, Wanted(standing="done")) == {"Weekly"}
    later = NOW + timedelta(days=8)
    assert listed(session, person, now=later) == set()
    page = challenge_page(session, person.id, challenge.id, later)
    assert (page.can_start, page.is_meant, page.told) == (False, False, ())
    with pytest.raises(NotInAudience):
        make_submission(session, person, challenge, now=later)


def test_who_withdrew_may_read_what_they_sent_and_not_begin_again(session: Session) -> None:
    person = person_in(session, "Energy")
    challenge = make_challenge(session)
    submission = make_submission(session, person, challenge, now=NOW)
    show_only_to(session, challenge, RETAIL)
    withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=NOW)
    assert listed(session, person) == set()
    assert not challenge_page(session, person.id, challenge.id, NOW).can_start
    with pytest.raises(NotInAudience):
        make_submission(session, person, challenge, now=NOW)


def test_a_copy_is_for_the_same_people(session: Session) -> None:
    """A copy for everybody would show to all what only some were to see."""
    _, _, challenge = scene(session)
    copy = duplicate_challenge(session, system("test"), challenge_id=challenge.id, title="Copy", key="c", now=NOW)
    assert duplicate_challenge(session, system("test"), challenge_id=challenge.id, title="Copy", key="c", now=NOW).id == copy.id
    audience_id = audience_of(session, copy.id)
    assert audience_id not in (None, audience_of(session, challenge.id))
    assert [rule.options for rule in sheet_of(session, audience_id or 0).rules] == [{"values": ["Retail"]}]


def test_an_audience_that_nobody_tried_admits_nobody(session: Session) -> None:
    meant, _, _ = scene(session)
    rows = list_challenges(session, meant.id, Wanted(), NOW, after=None, admitted=[])
    assert {row.Challenge.title for row in rows} == {"For all"}


def test_rules_about_challenges(session: Session) -> None:
    session.info["audience_kinds"] = {kind.key: kind for kind in (HasDone(), HasAnswered())}
    person, other = make_person(session), make_person(session)
    first = make_challenge(session, title="First")
    step = stages_of(session, first.id)[0]
    attempt = make_attempt(session, person, first, now=NOW)
    make_challenge_for = {
        "after First": ("challenge_done", {"values": [str(first.id)]}),
        "answered": ("answered", {"stage": str(step.id), "answers": "It saved us two days a month.\nNothing"}),
        "answered otherwise": ("answered", {"stage": str(step.id), "answers": "Nothing"}),
    }
    for title, rule in make_challenge_for.items():
        show_only_to(session, make_challenge(session, title=title), rule)
    assert listed(session, person) == {"First", "answered"}
    approve_attempt(session, system("test"), attempt_id=attempt.id, now=NOW)
    assert listed(session, person) == {"First", "after First", "answered"}
    assert listed(session, other) == {"First"}
    decline = make_attempt(session, other, first, now=NOW)
    decline_attempt(session, system("test"), attempt_id=decline.id, reason="No", now=NOW)
    assert "answered" not in listed(session, other)


def test_a_rule_about_an_answer_holds_for_every_version_of_its_step(session: Session) -> None:
    """The step is asked about as it is in any version; the editor offers it once, as it is now, and nothing of a draft."""
    kind = HasAnswered()
    session.info["audience_kinds"] = {kind.key: kind}
    early, late, other = (make_person(session) for _ in range(3))
    asked = make_challenge(session, title="Asked", now=NOW)
    make_draft(session, title="Not yet")
    steps = []
    for points in (50, 60, 70):
        steps.append(stages_of(session, asked.id)[0].id)
        if points == 50:
            make_attempt(session, early, asked, now=NOW)
        offer = replace(offer_of(current_version(session, asked)), points=points)
        edit_challenge(session, system("test"), challenge_id=asked.id, offer=offer, now=NOW)
        publish_challenge(session, system("test"), challenge_id=asked.id, now=NOW)
    make_attempt(session, late, asked, now=NOW)
    steps.append(stages_of(session, asked.id)[0].id)
    assert len(set(steps)) == 4
    for step in steps:
        for answers in ("", "It saved us two days a month.", "Nothing"):
            title = f"{step}: {answers or None}"
            show_only_to(session, make_challenge(session, title=title), ("answered", {"stage": str(step), "answers": answers}))
            options = kind.read(session, {"stage": str(step), "answers": answers})
            in_sql = set(session.scalars(select(Person.id).where(kind.condition(options, moment_of(session, NOW)))))
            assert in_sql == (set() if answers == "Nothing" else {early.id, late.id})
            assert [title in listed(session, person) for person in (early, late, other)] == [answers != "Nothing"] * 2 + [False]
            assert kind.shown(session, options)["stage"] == "Asked › Step answer"
    titles = [title for _, title in kind.controls(session)["stage"].choices]
    assert titles.count("Asked › Step answer") == 1
    assert not any(title.startswith("Not yet") for title in titles)
    assert kind.read(session, {"stage": "Asked › Step answer", "answers": ""})["stage"] == steps[-1]


# Pages


def test_hidden_is_404_for_who_has_not_begun_also_by_a_direct_post(database: Database, sign_in: SignIn) -> None:
    meant, other, challenge = database.write(scene)
    browser, address = sign_in(other), f"/challenges/{challenge.id}"
    answers = {browser.get(address).status_code, browser.post(f"{address}/start").status_code}
    assert answers == {404}
    nowhere = browser.get("/challenges/99999").text
    assert re.sub(r"\w{8}-[\w-]+|[0-9a-f]{12,}", "", browser.get(address).text) == re.sub(r"\w{8}-[\w-]+|[0-9a-f]{12,}", "", nowhere)
    assert "not open to you" not in browser.post(f"{address}/start").text
    assert "Shops only" not in browser.get("/challenges").text + browser.get("/").text + browser.get("/challenges?q=shops").text
    assert "Shops only" in sign_in(meant).get("/challenges").text


def test_the_member_reads_why_they_see_it(database: Database, sign_in: SignIn) -> None:
    meant, _, challenge = database.write(scene)
    page = sign_in(meant).get(f"/challenges/{challenge.id}").text
    assert "Why do I see this?" in page
    assert "industry is Retail" in page
    other = database.write(lambda s: make_challenge(s))
    assert "Why do I see this?" not in sign_in(meant).get(f"/challenges/{other.id}").text


def test_who_did_it_before_reads_that_it_is_not_open_now(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Challenge]:
        person, challenge = person_in(session, "Energy"), make_challenge(session)
        submission = make_submission(session, person, challenge)
        withdraw_submission(session, as_advocate(person), submission_id=submission.id, now=utcnow())
        show_only_to(session, challenge, RETAIL)
        return person, challenge

    person, challenge = database.write(given)
    browser, address = sign_in(person), f"/challenges/{challenge.id}"
    assert "not open to you at the moment" in browser.get(address).text
    assert ">Start<" not in browser.get(address).text
    answer = browser.post(f"{address}/start")
    assert answer.status_code == 404
    assert "not open to you at the moment" in answer.text


def many(session: Session, challenges: int, person: Person) -> None:
    """Make live challenges with an audience of four rules each, past the actions."""
    row = make_challenge(session, title="Pattern")
    columns = {c.name: getattr(row, c.name) for c in Challenge.__table__.columns if c.name not in ("id", "made_by", "title")}
    made = [Challenge(**columns, title=f"Many {n}") for n in range(challenges)]
    audiences = [make_audience(session, system("test"), now=NOW) for _ in range(challenges)]
    session.add_all(made)
    session.flush()
    for n, (challenge, audience) in enumerate(zip(made, audiences, strict=True)):
        session.add(ChallengeAudience(challenge_id=challenge.id, audience_id=audience.id))
        rules = [
            ("include", "industry", {"values": ["Retail"]}),
            ("include", "lifetime", {"choice": "at_least", "number": 10_000 + n}),
            ("exclude", "tag", {"values": ["1"]}),
            ("exclude", "acts", {"track": "", "kind": "", "choice": "at_least", "number": 5 + n, "days": 90}),
        ]
        facts = {"audience_id": audience.id, "created_at": NOW, "live_at": NOW}
        session.add_all(AudienceRule(**facts, side=s, kind=k, options=o, position=p) for p, (s, k, o) in enumerate(rules))
    session.flush()


@pytest.mark.parametrize("path", ["/challenges", "/"])
def test_the_list_asks_the_same_number_of_statements_for_10_and_for_300_challenges_with_rules(
    database: Database, sign_in: SignIn, count_queries: Any, path: str
) -> None:
    person = database.write(lambda s: person_in(s, "Retail"))
    browser, totals = sign_in(person), []
    for number in (10, 290):
        database.write(lambda s, n=number: many(s, n, person))
        for _kept in (False, True):
            with count_queries() as counted:
                assert "Many" in browser.get(path).text
            totals.append(counted.total)
    # The first look at new audiences reads their rules once; after that they are kept.
    assert totals[0] == totals[2]
    assert totals[1] == totals[3] == totals[0] - 1


def test_what_is_kept_of_rules_ends_with_their_stamp(session: Session) -> None:
    session.info["audience_gates"] = Gates()
    meant, other, challenge = scene(session)
    assert "Shops only" not in listed(session, other)
    make_rule(session, audience_of(session, challenge.id) or 0, *in_industry("Energy"))
    assert "Shops only" in listed(session, other)
    assert "Shops only" in listed(session, meant)


def test_an_admin_chooses_who_sees_a_challenge(database: Database, sign_in: SignIn) -> None:
    admin, draft = database.write(lambda s: (make_admin(s), make_draft(s, title="A draft")))
    database.write(lambda s: make_company(s, industry="Retail"))
    browser, editor = sign_in(admin), f"/admin/challenges/{draft.id}/edit"
    assert "Every active advocate." in browser.get(editor).text
    opened = browser.post(f"/admin/challenges/{draft.id}/audience")
    assert opened.status_code == 303
    assert browser.post(f"/admin/challenges/{draft.id}/audience").location == opened.location
    added = browser.post(f"{opened.location}/rules/new?side=include&kind=industry", data={"key": "k1", "option_values": "Retail"})
    assert added.status_code == 303
    assert "Industry is Retail" in browser.get(editor).text
    with database.reading() as session:
        assert session.scalar(select(Audience.id)) is not None
