"""How reviewing goes, on the overview; all about one person; bulk acts; and pages that ask as much of 10 lines as of 1,000."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from portal.challenges.actions.answering import submit_attempt
from portal.challenges.actions.appealing import appeal, grant_appeal
from portal.challenges.actions.review import approve_attempt, decline_attempt, reverse_approval
from portal.challenges.actions.undoing import undo_verdict
from portal.challenges.models.deciding import Appeal, Verdict
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.catalogue import usual_review_time
from portal.challenges.rules.gallery import AGREEMENT, AGREEMENT_VERSION
from portal.dashboard.queries.member import SECTIONS
from portal.dashboard.queries.reviewing import decided_lately, declines_by_reason, percentile, review_times, reviewer_loads
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.reviewing import grant_reviewing
from portal.people.models import Person
from portal.references.actions.decide import accept_nomination
from portal.review.actions.cases import change_case
from portal.review.actions.terms import set_terms
from portal.review.models import ReviewCase
from portal.review.rules.terms import Terms
from portal.wiring import WAITING
from tests.dashboard.scene import Scene, build, more_attempts
from tests.factories.challenges import as_admin, as_advocate, fill, make_attempt, make_challenge, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

QUEUE = "/admin/approvals"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def desk(stage: Scene, sign_in: SignIn) -> PortalClient:
    return sign_in(stage.admin)


@pytest.mark.parametrize(("values", "share", "found"), [([7], 90, 7), (list(range(1, 11)), 90, 9), (list(range(1, 11)), 50, 5), ([1, 2], 90, 2)])
def test_a_percentile_is_a_value_that_was_there(values: list[float], share: int, found: float) -> None:
    assert percentile(values, share) == found


def test_times_tell_the_median_and_what_nine_of_ten_waited_at_most(session: Session) -> None:
    assert review_times(session, NOW) is None
    admin = make_admin(session)
    for hours in range(1, 11):
        attempt = make_attempt(session, make_person(session), make_challenge(session, now=NOW), now=NOW - timedelta(hours=hours))
        decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="No", now=NOW)
    found = review_times(session, NOW)
    assert found is not None
    assert (found.median, found.ninetieth, found.number) == (timedelta(hours=5.5), timedelta(hours=9), 10)


def test_a_verdict_that_was_undone_within_the_minute_counts_in_no_figure_of_how_reviewing_goes(session: Session) -> None:
    """Of two verdicts one is undone, and given again an hour later: one wait of 4 hours and one of 3 are left."""
    admin, later = make_admin(session), NOW + timedelta(hours=1)
    waiting = [make_attempt(session, make_person(session), make_challenge(session, now=NOW), now=NOW - timedelta(hours=hours)) for hours in (4, 2)]
    said = [decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="No", now=NOW) for attempt in waiting]
    undo_verdict(session, as_admin(admin), verdict_id=said[1].id, now=NOW)
    found = review_times(session, NOW)
    assert found is not None
    assert (found.median, found.number, decided_lately(session, NOW)) == (timedelta(hours=4), 1, {admin.id: 1})
    assert usual_review_time(session, NOW) == timedelta(hours=4)
    approve_attempt(session, as_admin(admin), attempt_id=waiting[1].id, now=later)
    found = review_times(session, later)
    assert found is not None
    assert (found.median, found.number, decided_lately(session, later)) == (timedelta(hours=3.5), 2, {admin.id: 2})
    assert usual_review_time(session, later) == timedelta(hours=3.5)


def test_only_the_first_answer_of_a_person_to_what_was_sent_counts_as_the_wait(session: Session) -> None:
    """An answer is declined after one hour; what a rule approved, an appeal granted and an approval given again tell of no wait."""
    admin, other, person, later = make_admin(session), make_admin(session), make_person(session), NOW + timedelta(days=5)
    sent = [make_attempt(session, person, make_challenge(session, now=NOW), now=NOW - timedelta(hours=1)) for _ in range(2)]
    decline_attempt(session, as_admin(admin), attempt_id=sent[0].id, reason="No", now=NOW)
    made = appeal(session, as_advocate(person), submission_id=sent[0].submission_id, now=NOW)
    grant_appeal(session, as_admin(other), appeal_id=made.id, now=later)
    approve_attempt(session, as_admin(admin), attempt_id=sent[1].id, now=NOW)
    reverse_approval(session, as_admin(admin), submission_id=sent[1].submission_id, reason="A mistake", now=later)
    approve_attempt(session, as_admin(admin), attempt_id=sent[1].id, now=later)
    by_rule = make_attempt(session, person, make_challenge(session, now=NOW), now=NOW)
    facts = {"submission_id": by_rule.submission_id, "attempt_id": by_rule.id, "number": 1, "outcome": "approved", "reason": "", "points": 0}
    session.add(Verdict(**facts, rule_id=1, decided_at=NOW, recorded_at=NOW))
    session.flush()
    found = review_times(session, later)
    assert found is not None
    assert (found.median, found.ninetieth, found.number) == (timedelta(hours=1), timedelta(hours=1), 2)
    assert usual_review_time(session, later) == timedelta(hours=1)


def test_declines_are_counted_by_reason_without_those_undone(session: Session) -> None:
    admin = make_admin(session)
    for category in ("repeated", "repeated", None):
        attempt = make_attempt(session, make_person(session), make_challenge(session, now=NOW), now=NOW)
        verdict = decline_attempt(session, as_admin(admin), attempt_id=attempt.id, reason="No", category=category, now=NOW)
    assert declines_by_reason(session, NOW) == [("It was sent before", 2), ("Another reason", 1)]
    undo_verdict(session, as_admin(admin), verdict_id=verdict.id, now=NOW)
    assert declines_by_reason(session, NOW) == [("It was sent before", 2)]
    assert declines_by_reason(session, NOW + timedelta(days=31)) == []


def test_loads_tell_who_decided_and_what_waits_for_them(session: Session) -> None:
    made = build(session)
    other = make_admin(session, name="Noor Haddad")
    change_case(session, "redemption", made.redemption.id, {"owner_id": other.id}, ReviewCase.owner_id.is_(None))
    decline_attempt(session, as_admin(made.admin), attempt_id=made.attempt.id, reason="No", now=utcnow())
    loads = reviewer_loads(session, WAITING, decided_lately(session, utcnow() + timedelta(seconds=1)))
    assert [(load.name, load.decided, load.waiting) for load in loads] == [("Katja Brandt", 1, 0), ("Noor Haddad", 0, 1)]


def test_the_overview_shows_how_reviewing_goes(desk: PortalClient, stage: Scene) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={"reason": "Private", "category": "not_found"})
    page = desk.get("/").text
    assert "The proof cannot be opened or found" in page
    assert "90% within" in page
    assert "1 decided" in page


@pytest.mark.parametrize("section", [*SECTIONS, "nonsense"])
def test_every_section_of_a_record_opens_for_admins_alone(desk: PortalClient, stage: Scene, sign_in: SignIn, section: str) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={"reason": "The page is private."})
    address = f"/admin/people/{stage.advocate.id}/record?section={section}"
    page = desk.get(address).text
    said = {"did": "Write an honest review", "told": "The page is private.", "redeemed": "Gift card", "nonsense": "Write an honest review"}
    assert said.get(section, "Nothing here") in page
    assert sign_in(stage.advocate).get(address).status_code == 403
    assert "Ines Duarte" in desk.get(f"/admin/people/{stage.employee.id}/record?section=nominated").text


def test_a_record_tells_what_was_confirmed_disclosed_and_agreed_to_once_it_is_sent(desk: PortalClient, stage: Scene, database: Database) -> None:
    agreed = {"text": AGREEMENT, "language": "en", "version": AGREEMENT_VERSION}
    address = f"/admin/people/{stage.advocate.id}/record?section=confirmed"

    def ticked(session: Session) -> int:
        challenge = make_challenge(session, title="Read the rules", stages=("confirm",))
        submission = make_submission(session, stage.advocate, challenge)
        fill(session, stage.advocate, submission)
        return submission.id

    def sent(session: Session, submission_id: int) -> None:
        attempt = submit_attempt(session, as_advocate(stage.advocate), submission_id=submission_id, key="sent", now=utcnow())
        first = attempt.answers[0]
        said = {"kind": "review", "title": "Review us", "value": {"disclosure": {"text": "I got points.", "language": "en", "version": 1}}}
        seen = {"kind": "upload", "title": "Your desk", "value": {"file_id": 1, "agreed": agreed}}
        plain = {"kind": "upload", "title": "Your invoice", "value": {"file_id": 2}}
        attempt.answers = [first, *(first | step for step in (said, seen, plain))]

    submission_id = database.write(ticked)
    assert "Nothing here" in desk.get(address).text, "what is ticked and not sent is read by nobody"
    database.write(lambda s: sent(s, submission_id))
    page = desk.get(address).text
    for words in ("Step confirm", "Review us", "Disclosed", "Read the rules: I got points.", "Your desk", "Agreed to the gallery"):
        assert words in page
    assert "Your invoice" not in page


def test_a_record_asks_as_much_of_a_thousand_lines_as_of_ten(
    desk: PortalClient, stage: Scene, database: Database, count_queries: CountQueries
) -> None:
    address = f"/admin/people/{stage.advocate.id}/record"
    database.write(lambda s: _submissions(s, stage, 9))
    desk.get(address)
    with count_queries() as few:
        desk.get(address)
    database.write(lambda s: _submissions(s, stage, 990))
    with count_queries() as many:
        page = desk.get(address).text
    assert page.count("<li") > 50
    assert "Next page" in page
    assert many.total == few.total


def _submissions(session: Session, stage: Scene, number: int) -> None:
    """Let the advocate's answer be there ``number`` times more, waiting."""
    first, sent = session.get_one(Submission, stage.attempt.submission_id), session.get_one(Attempt, stage.attempt.id)
    taken = session.scalars(select(Submission.nth)).all()
    names = [c.name for c in Submission.__table__.columns if c.name != "id"]
    row = {name: getattr(first, name) for name in names}
    made = session.execute(
        insert(Submission).returning(Submission.id), [row | {"nth": max(taken) + n, "changed_at": utcnow()} for n in range(1, number + 1)]
    ).scalars()
    columns = [c.name for c in Attempt.__table__.columns if c.name != "id"]
    answer = {name: getattr(sent, name) for name in columns}
    session.execute(insert(Attempt), [answer | {"submission_id": found, "submitted_at": utcnow()} for found in made])


def test_queue_and_overview_ask_as_much_of_a_thousand_lines_as_of_ten(
    desk: PortalClient, stage: Scene, database: Database, count_queries: CountQueries
) -> None:
    database.write(lambda s: _submissions(s, stage, 8))
    counted: list[list[int]] = []
    for number in (0, 990):
        if number:
            database.write(lambda s: _submissions(s, stage, number))  # noqa: B023
        counts = []
        for address in (QUEUE, f"{QUEUE}?owner=none&overdue=y&company=pocket", f"{QUEUE}?item=attempt-{stage.attempt.id}", "/"):
            desk.get(address)
            with count_queries() as found:
                assert desk.get(address).status_code == 200
            counts.append(found.total)
        counted.append(counts)
    assert counted[0] == counted[1]


def test_many_are_asked_for_more_with_one_reason(desk: PortalClient, stage: Scene, database: Database) -> None:
    ids = database.write(lambda s: more_attempts(s, stage.challenge, 2))
    chosen = [f"attempt-{found}" for found in ids]
    missing = desk.post(f"{QUEUE}/approve", data={"item": chosen, "verdict": "more", "reason": " "})
    assert missing.status_code == 422
    assert desk.post(f"{QUEUE}/approve", data={"item": chosen, "verdict": "more", "reason": "Please add a link."}).status_code == 303
    with database.reading() as session:
        said = session.execute(select(Verdict.outcome, Verdict.reason).where(Verdict.attempt_id.in_(ids))).all()
    assert said == [("more_wanted", "Please add a link.")] * 2
    page = desk.post(f"{QUEUE}/approve", data={"item": [f"redemption-{stage.redemption.id}"], "verdict": "more", "reason": "Which size?"}).text
    assert "Only answers to challenges can be asked for more." in page


def test_approving_many_lists_what_waits_for_a_second_person(desk: PortalClient, stage: Scene, database: Database) -> None:
    database.write(lambda s: set_terms(s, as_admin(stage.admin), terms=Terms(four_eyes_above=100), now=utcnow()))
    page = desk.post(f"{QUEUE}/approve", data={"item": [f"attempt-{stage.attempt.id}"]}).text
    assert "It needs a second person’s before anything is paid." in page
    assert "waits for a second approval" in desk.get(QUEUE).text


@pytest.mark.parametrize("kind", ["attempt", "redemption"])
def test_who_gave_the_first_approval_is_not_offered_the_second(
    desk: PortalClient, stage: Scene, sign_in: SignIn, database: Database, kind: str
) -> None:
    database.write(lambda s: set_terms(s, as_admin(stage.admin), terms=Terms(four_eyes_above=100), now=utcnow()))
    item = f"{kind}-{getattr(stage, kind).id}"
    pages = [f"{QUEUE}?item={item}"] + ([f"/admin/challenges/submissions/{stage.attempt.submission_id}"] if kind == "attempt" else [])
    other = sign_in(database.write(make_admin))
    button = re.compile(r'action="[^"]*/approve')
    assert all(button.search(_decided(desk.get(page).text)) for page in pages)
    desk.post(f"{QUEUE}/{item.replace('-', '/')}/approve", data={})
    for page in pages:
        mine, theirs = _decided(desk.get(page).text), _decided(other.get(page).text)
        assert "Somebody else has to give the second." in mine
        assert not button.search(mine)
        assert "Decline" in mine
        assert button.search(theirs)
    assert "Give the second approval" in other.get(pages[0]).text


def test_who_nominated_a_member_gives_neither_of_the_two_approvals(stage: Scene, sign_in: SignIn, database: Database) -> None:
    def given(session: Session) -> Attempt:
        set_terms(session, as_admin(stage.admin), terms=Terms(four_eyes_above=100), now=utcnow())
        grant_reviewing(session, as_admin(stage.admin), person_id=stage.employee.id, grants={"attempts"}, now=utcnow())
        made = accept_nomination(session, as_admin(stage.admin), nomination_id=stage.nomination.id, now=utcnow())
        return make_attempt(session, session.get_one(Person, made.person_id), stage.challenge)

    sent, nominator = database.write(given), sign_in(stage.employee)
    answer = nominator.post(f"{QUEUE}/attempt/{sent.id}/approve", data={})
    assert "You nominated this member" in (nominator.get(answer.location).text if answer.location else answer.text)
    with database.reading() as session:
        assert session.get_one(Attempt, sent.id).state == "waiting"
        assert session.get(ReviewCase, ("attempt", sent.id)) is None
    assert nominator.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={}).status_code == 303, "of others they may give the first"


def _decided(page: str) -> str:
    """The part of a page in which one thing is decided on."""
    return page[max(page.find("data-panel"), page.find('aria-labelledby="decide"')) :]


def test_a_verdict_is_undone_in_the_queue(desk: PortalClient, stage: Scene, database: Database) -> None:
    answer = desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={})
    page = desk.get(answer.location).text
    assert "Undo within the minute" in page
    with database.reading() as session:
        verdict = session.scalars(select(Verdict)).one()
    assert desk.post(f"{QUEUE}/attempt/decisions/{verdict.id}/undo", data={}).status_code == 303
    page = desk.get(QUEUE).text
    assert "Undone. It stands as before." in page
    assert "Undo within the minute" not in page
    again = desk.post(f"{QUEUE}/attempt/decisions/{verdict.id}/undo", data={})
    assert "It was undone already." in desk.get(again.location).text


def test_fewer_points_a_step_and_feedback_are_given_in_the_panel(desk: PortalClient, stage: Scene, database: Database) -> None:
    refused = desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/partial", data={"reason": "Half", "points": "150"})
    assert refused.status_code == 422
    assert "Please enter between 1 and 149 points" in refused.text
    stays = desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/feedback", data={"reason": "Well begun."})
    assert stays.location.endswith(f"item=attempt-{stage.attempt.id}")
    assert desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/partial", data={"reason": "Half", "points": "75"}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Verdict.points).order_by(Verdict.number)).all() == [0, 75]


def test_an_appeal_is_one_click_and_waits_in_the_queue(desk: PortalClient, stage: Scene, sign_in: SignIn, database: Database) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={"reason": "The page is private."})
    own = sign_in(stage.advocate)
    assert "Appeal: let somebody else look" in own.get(f"/challenges/{stage.challenge.id}").text
    other = sign_in(database.write(make_admin))
    assert own.post(f"/challenges/submissions/{stage.attempt.submission_id}/appeal", data={"words": "It is public now."}).status_code == 303
    page = own.get(f"/challenges/{stage.challenge.id}").text
    assert "Somebody else looks at it now." in page
    assert "You appealed" in page
    page = other.get(f"{QUEUE}?kind=appeal").text
    assert "It is public now." in page
    assert "The page is private." in page
    with database.reading() as session:
        appeal_id = int(session.scalar(select(Appeal.id)) or 0)
    assert "You declined this answer" in desk.get(f"{QUEUE}?item=appeal-{appeal_id}").text
    assert desk.post(f"{QUEUE}/appeal/{appeal_id}/approve", data={}).status_code == 403
    assert other.post(f"{QUEUE}/appeal/{appeal_id}/decline", data={"reason": "It still asks for a password."}).status_code == 303
    page = own.get(f"/challenges/{stage.challenge.id}").text
    assert "We looked again, and it stays declined" in page
    assert "It still asks for a password." in page


def test_who_gave_the_first_approval_of_an_appeal_is_not_offered_the_second(
    desk: PortalClient, stage: Scene, sign_in: SignIn, database: Database
) -> None:
    database.write(lambda s: set_terms(s, as_admin(stage.admin), terms=Terms(four_eyes_above=100), now=utcnow()))
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={"reason": "The page is private."})
    sign_in(stage.advocate).post(f"/challenges/submissions/{stage.attempt.submission_id}/appeal", data={"words": ""})
    with database.reading() as session:
        appeal_id = int(session.scalar(select(Appeal.id)) or 0)
    first, second = sign_in(database.write(make_admin)), sign_in(database.write(make_admin))
    item, button = f"{QUEUE}?item=appeal-{appeal_id}", re.compile(r'action="[^"]*/approve')
    assert button.search(_decided(first.get(item).text))
    first.post(f"{QUEUE}/appeal/{appeal_id}/approve", data={})
    mine, theirs = _decided(first.get(item).text), _decided(second.get(item).text)
    assert "Somebody else has to give the second." in mine
    assert not button.search(mine)
    assert "Give the second approval" in theirs
    assert second.post(f"{QUEUE}/appeal/{appeal_id}/approve", data={}).status_code == 303
    with database.reading() as session:
        assert session.get_one(Submission, stage.attempt.submission_id).state == "approved"


def test_the_advocate_lands_on_the_step_that_was_named(desk: PortalClient, stage: Scene, sign_in: SignIn, database: Database) -> None:
    def sent(session: Session) -> tuple[int, int]:
        challenge = make_challenge(session, stages=("confirm", "answer", "link"))
        return challenge.id, make_attempt(session, stage.advocate, challenge).id

    challenge_id, attempt_id = database.write(sent)
    page = desk.get(f"{QUEUE}?item=attempt-{attempt_id}").text
    assert "Back to the step" in page
    step = page.split("Step answer</option>")[0].rsplit('value="', 1)[1].split('"')[0]
    desk.post(f"{QUEUE}/attempt/{attempt_id}/more", data={"reason": "Which days?", "stage_id": step})
    shown = sign_in(stage.advocate).get(f"/challenges/{challenge_id}").text
    assert "Which days?" in shown
    current = shown.split('aria-current="step"')[1]
    assert current.index("Step answer") < current.index("Step link")
