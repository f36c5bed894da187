"""The admins' doors, through the client: create, steps, publish, close, duplicate, preview, review, reverse."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.challenges.actions.answering import save_answers
from portal.challenges.actions.editing import close_challenge, edit_challenge, offer_of
from portal.challenges.actions.lifecycle import pause_challenge
from portal.challenges.actions.recording import add_record_challenge
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge, Stage
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.stages import stages_of
from portal.challenges.queries.versions import current_version
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.people.models import Person
from tests.factories.challenges import as_advocate, make_attempt, make_challenge, make_draft, make_rows, make_submission
from tests.factories.people import make_admin, make_person
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

FIELDS = {"title": "Write a review", "track": "endorse", "summary": "Your words", "text": "**Honest**", "points": "150", "minutes": "15"}
FIELDS |= {"per_period": "2", "period": "month", "max_attempts": "3", "opens_on": "2026-11-01", "closes_on": "2026-12-24", "key": "form-1"}


@pytest.fixture
def office(database: Database, sign_in: SignIn) -> PortalClient:
    """An admin at work."""
    return sign_in(database.write(lambda s: make_admin(s, name="Mara Lind")))


def one(database: Database, statement: Any) -> Any:
    with database.reading() as session:
        return session.scalar(statement)


def titles(database: Database, challenge_id: int) -> list[str]:
    with database.reading() as session:
        return [stage.title for stage in stages_of(session, challenge_id)]


def sent(database: Database) -> tuple[Person, Attempt]:
    def given(session: Session) -> tuple[Person, Attempt]:
        person = make_person(session, name="Ana Oliveira")
        return person, make_attempt(session, person, make_challenge(session, title="Review", points=150))

    return database.write(given)


def test_a_challenge_is_created_once_as_a_draft(database: Database, office: PortalClient) -> None:
    assert office.get("/admin/challenges/new").status_code == 200
    first, second = (office.post("/admin/challenges/new", data=FIELDS) for _ in range(2))
    assert (first.status_code, first.location) == (303, second.location)
    challenge = one(database, select(Challenge))
    assert one(database, select(func.count()).select_from(Challenge)) == 1
    assert (challenge.state, challenge.points, challenge.per_period, challenge.period, challenge.max_attempts) == ("draft", 150, 2, "month", 3)
    assert (challenge.opens_on, challenge.closes_on, challenge.minutes) == (date(2026, 11, 1), date(2026, 12, 24), 15)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"title": "  "}, "Please give this a title."),
        ({"points": "-1"}, "Please enter a number between 0 and 100000."),
        ({"points": "many"}, "Please enter a whole number."),
        ({"closes_on": "2026-10-01"}, "The closing day cannot lie before the opening day."),
        ({"period": "year"}, "Please choose one of those that are offered."),
    ],
)
def test_a_wrong_field_is_refused_in_words_and_nothing_typed_is_lost(
    database: Database, office: PortalClient, change: dict[str, str], told: str
) -> None:
    answer = office.post("/admin/challenges/new", data=FIELDS | change)
    assert answer.status_code == 422
    assert told in answer.text
    assert "Your words" in answer.text
    assert one(database, select(func.count()).select_from(Challenge)) == 0


def test_editing_changes_the_offer_and_is_audited(database: Database, office: PortalClient) -> None:
    challenge = database.write(make_draft)
    assert "Write a review" not in office.get(f"/admin/challenges/{challenge.id}/edit").text
    assert office.post(f"/admin/challenges/{challenge.id}/edit", data=FIELDS).status_code == 303
    page = office.get(f"/admin/challenges/{challenge.id}/edit").text
    event = one(database, select(AuditEvent).where(AuditEvent.name == "challenge.edited"))
    assert 'value="Write a review"' in page
    assert event.data["changes"]["points"] == [100, 150]
    wrong = office.post(f"/admin/challenges/{challenge.id}/edit", data=FIELDS | {"closes_on": "2020-01-01"})
    assert wrong.status_code == 422
    assert "The closing day cannot lie before the opening day." in wrong.text


def test_steps_are_added_edited_moved_and_removed_without_javascript(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_draft(s, stages=()))
    steps = f"/admin/challenges/{challenge.id}/steps"
    for kind, title in (("confirm", "Rules"), ("link", "Your review"), ("upload", "A picture")):
        assert office.get(f"{steps}/new?kind={kind}").status_code == 200
        data = {"title": title, "text": "", "key": f"key-{kind}", "option_purpose": "image", "option_seen_by": "reviewers"}
        codes = [office.post(f"{steps}/new?kind={kind}", data=data).status_code for _ in range(2)]
        assert codes == [303, 303]
    assert titles(database, challenge.id) == ["Rules", "Your review", "A picture"]
    with database.reading() as session:
        ids = [stage.id for stage in stages_of(session, challenge.id)]
    assert office.post(f"{steps}/{ids[2]}/up").status_code == 303
    assert office.post(f"{steps}/{ids[0]}/down").status_code == 303
    assert titles(database, challenge.id) == ["A picture", "Rules", "Your review"]
    data = {"title": "Your review on G2", "text": "Public", "option_host": "g2.com", "option_label": "", "key": "k"}
    assert office.get(f"{steps}/{ids[1]}").status_code == 200
    assert office.post(f"{steps}/{ids[1]}", data=data).status_code == 303
    assert one(database, select(Stage).where(Stage.id == ids[1])).options == {"host": "g2.com"}
    assert office.post(f"{steps}/{ids[0]}/remove").status_code == 303
    assert titles(database, challenge.id) == ["A picture", "Your review on G2"]
    assert office.get(f"{steps}/{ids[0]}").status_code == 404


def test_a_step_needs_a_title_and_a_known_kind(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_draft(s, stages=()))
    steps = f"/admin/challenges/{challenge.id}/steps"
    answer = office.post(f"{steps}/new?kind=answer", data={"title": " ", "text": "Kept", "key": "k"})
    assert answer.status_code == 422
    assert "Kept" in answer.text
    assert office.get(f"{steps}/new?kind=poem").status_code == 404
    assert office.post(f"{steps}/new?kind=poem", data={"title": "x", "key": "k"}).status_code == 404


def test_publish_close_and_open_again(database: Database, office: PortalClient) -> None:
    challenge = database.write(make_draft)
    steps = (("publish", "live", "Published."), ("close", "closed", ""), ("publish", "live", "It is open again"))
    for act, state, told in steps:
        answer = office.post(f"/admin/challenges/{challenge.id}/{act}", follow_redirects=True)
        assert (answer.status_code, told in answer.text) == (200, True)
        assert one(database, select(Challenge.state)) == state
    assert "Published." not in answer.text
    with database.reading() as session:
        named = session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == "challenge").order_by(AuditEvent.id)).all()
    assert named[-3:] == ["challenge.published", "challenge.closed", "challenge.reopened"]
    again = office.post(f"/admin/challenges/{challenge.id}/publish")
    assert again.status_code == 409
    assert "This is live already, and there are no changes to publish." in again.text


def test_what_has_no_steps_or_is_a_record_is_not_published(database: Database, office: PortalClient) -> None:
    def given(session: Session) -> tuple[Challenge, Challenge, Challenge]:
        record = add_record_challenge(session, system("import"), title="Walking Boy", track="engage", points=100, now=utcnow())
        return make_draft(session, stages=()), record, make_challenge(session)

    empty, record, live = database.write(given)
    assert "Add at least one step before you publish." in office.post(f"/admin/challenges/{empty.id}/publish").text
    assert "imported as a record" in office.post(f"/admin/challenges/{record.id}/publish").text
    stage = one(database, select(Stage.id).where(Stage.challenge_id == live.id))
    assert office.post(f"/admin/challenges/{live.id}/steps/{stage}/remove").status_code == 303
    assert "Add at least one step before you publish." in office.post(f"/admin/challenges/{live.id}/publish").text
    assert len(titles(database, live.id)) == 1


def test_a_copy_is_a_draft_with_the_same_steps_made_once(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_challenge(s, title="Review", stages=("confirm", "link"), closes_on=date(2030, 1, 1)))
    first, second = (office.post(f"/admin/challenges/{challenge.id}/duplicate", data={"key": "copy"}) for _ in range(2))
    assert first.location == second.location
    copy = one(database, select(Challenge).where(Challenge.id != challenge.id))
    assert (copy.title, copy.state, copy.closes_on, copy.points) == ("Review (copy)", "draft", None, 100)
    assert titles(database, copy.id) == ["Step confirm", "Step link"]


def test_a_copy_takes_what_the_editor_shows_and_its_title_says_so_however_long(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_challenge(s, title="Review"))
    changed = {name: value for name, value in FIELDS.items() if name != "key"} | {"title": "A long title " * 9, "points": "77"}
    assert office.post(f"/admin/challenges/{challenge.id}/edit", data=changed).status_code == 303
    assert office.post(f"/admin/challenges/{challenge.id}/duplicate", data={"key": "copy"}).status_code == 303
    copy = one(database, select(Challenge).where(Challenge.id != challenge.id))
    assert (copy.title.startswith("A long title A long"), copy.title.endswith(" (copy)"), len(copy.title) <= 120) == (True, True, True)
    assert (copy.points, copy.opens_on, copy.state) == (77, None, "draft")


def test_the_preview_shows_what_an_advocate_sees_and_sends_nothing(database: Database, office: PortalClient) -> None:
    challenge = database.write(lambda s: make_draft(s, title="Review", text="**Honest** <script>alert(1)</script>", stages=("answer", "link")))
    page = office.get(f"/admin/challenges/{challenge.id}/preview").text
    assert "<strong>Honest</strong>" in page
    assert "<script>alert" not in page
    assert "Step answer" in page
    assert "/submissions/" not in page


def test_the_list_filters_and_exports(database: Database, office: PortalClient) -> None:
    def given(session: Session) -> None:
        person = make_person(session)
        make_attempt(session, person, make_challenge(session, title="Review"))
        make_draft(session, title="Draft of a vote", track="engage")
        add_record_challenge(session, system("import"), title="Walking Boy", track="engage", points=100, now=utcnow())

    database.write(given)
    shown = {
        "": {"Review", "Draft of a vote"},
        "?state=live": {"Review"},
        "?state=records": {"Walking Boy"},
        "?track=engage": {"Draft of a vote"},
        "?q=vote": {"Draft of a vote"},
    }
    for query, expected in shown.items():
        page = office.get(f"/admin/challenges{query}").text
        assert {title for title in ("Review", "Draft of a vote", "Walking Boy") if f">{title}</a>" in page} == expected
    lines = office.get("/admin/challenges?format=csv&state=live").text.splitlines()
    assert lines[0].endswith("started,waiting,approved,paid,steps")
    assert lines[1].endswith(",1,1,0,0,1")
    assert len(lines) == 2


def test_an_attempt_is_approved_on_its_page_and_paid_once(database: Database, office: PortalClient) -> None:
    person, attempt = sent(database)
    page = office.get(f"/admin/challenges/submissions/{attempt.submission_id}").text
    assert "It saved us two days a month." in page
    assert "Approve and award 150 points" in page
    assert office.post(f"/admin/challenges/attempts/{attempt.id}/approve", data={"reason": "Lovely"}).status_code == 303
    again = office.post(f"/admin/challenges/attempts/{attempt.id}/approve")
    assert again.status_code == 409
    assert "This was already approved and paid." in again.text
    with database.reading() as session:
        assert balance_of(session, person.id).available == 150
    assert "by Mara Lind" in office.get(f"/admin/challenges/submissions/{attempt.submission_id}").text


@pytest.mark.parametrize("typed", ["50.0", "5e1", "1.000", "fifty"])
def test_fewer_points_that_cannot_be_read_are_asked_for_again_and_pay_nothing(database: Database, office: PortalClient, typed: str) -> None:
    person, attempt = sent(database)
    answer = office.post(f"/admin/challenges/attempts/{attempt.id}/approve", data={"points": typed, "reason": "Half of it"})
    assert answer.status_code == 422
    assert "Please enter a whole number." in answer.text
    assert "Half of it" in answer.text
    begun = database.write(lambda s: make_submission(s, make_person(s), make_challenge(s)))
    assert office.post(f"/admin/challenges/submissions/{begun.id}/accept", data={"points": typed, "reason": "Half"}).status_code == 422
    with database.reading() as session:
        assert balance_of(session, person.id).available == 0
        assert session.get_one(Submission, begun.id).state == "open"


def test_what_is_there_is_accepted_although_a_step_is_missing(database: Database, office: PortalClient) -> None:
    def begun(session: Session) -> tuple[Person, Submission]:
        person, challenge = make_person(session), make_challenge(session, stages=("answer", "link"), points=150)
        submission = make_submission(session, person, challenge)
        values = {stages_of(session, challenge.id)[0].id: {"text": "It saved us two days a month."}}
        save_answers(session, as_advocate(person), submission_id=submission.id, values=values, now=utcnow())
        return person, submission

    person, submission = database.write(begun)
    address = f"/admin/challenges/submissions/{submission.id}"
    answer = office.post(f"{address}/accept", data={"reason": "The words are enough.", "points": ""})
    assert (answer.status_code, answer.location) == (303, address)
    assert "Approved and paid." in office.get(address).text
    with database.reading() as session:
        assert balance_of(session, person.id).available == 150
        assert session.get_one(Submission, submission.id).state == "approved"
    assert office.post(f"{address}/accept", data={"reason": "Again", "points": ""}).status_code == 409


@pytest.mark.parametrize(("act", "outcome"), [("more", "more_wanted"), ("decline", "declined")])
def test_a_verdict_against_needs_a_reason(database: Database, office: PortalClient, act: str, outcome: str) -> None:
    _person, attempt = sent(database)
    refused = office.post(f"/admin/challenges/attempts/{attempt.id}/{act}", data={"reason": "  "})
    assert refused.status_code == 422
    assert "Please write a reason. The advocate reads it." in refused.text
    assert one(database, select(func.count()).select_from(Verdict)) == 0
    assert office.post(f"/admin/challenges/attempts/{attempt.id}/{act}", data={"reason": "Which team?"}).status_code == 303
    verdict = one(database, select(Verdict))
    assert (verdict.outcome, verdict.reason) == (outcome, "Which team?")


def test_an_approval_is_taken_back_with_a_reason(database: Database, office: PortalClient) -> None:
    person, attempt = sent(database)
    office.post(f"/admin/challenges/attempts/{attempt.id}/approve")
    address = f"/admin/challenges/submissions/{attempt.submission_id}/reverse"
    assert office.post(address, data={"reason": ""}).status_code == 422
    assert office.post(address, data={"reason": "Wrong person"}).status_code == 303
    again = office.post(address, data={"reason": "Wrong person"})
    assert again.status_code == 409
    assert "There is no approval to take back." in again.text
    with database.reading() as session:
        assert balance_of(session, person.id).available == 0
        line = session.scalars(select(AuditEvent).where(AuditEvent.name == "submission.reversed")).one()
        assert (line.subject_type, line.subject_id, line.data["reason"], line.data["points"]) == (
            "submission",
            attempt.submission_id,
            "Wrong person",
            -150,
        )
    assert office.post(f"/admin/challenges/attempts/{attempt.id}/approve").status_code == 303


def test_nobody_decides_on_their_own_page(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, Attempt]:
        person = make_person(session, roles={"advocate", "admin"})
        return person, make_attempt(session, person, make_challenge(session))

    person, attempt = database.write(given)
    client = sign_in(person)
    page = client.get(f"/admin/challenges/submissions/{attempt.submission_id}").text
    assert "This is your own answer." in page
    assert "/approve" not in page
    assert client.post(f"/admin/challenges/attempts/{attempt.id}/approve").status_code == 403
    assert one(database, select(func.count()).select_from(Verdict)) == 0


def test_what_is_only_begun_is_not_read(database: Database, office: PortalClient) -> None:
    submission = database.write(lambda s: make_submission(s, make_person(s, name="Ana Oliveira"), make_challenge(s)))
    page = office.get(f"/admin/challenges/submissions/{submission.id}").text
    assert "nothing sent yet" in page
    assert office.get("/admin/challenges/submissions/999").status_code == 404
    assert office.post("/admin/challenges/attempts/999/approve").status_code == 404


def test_submissions_of_a_challenge_filter_and_export(database: Database, office: PortalClient) -> None:
    _person, attempt = sent(database)
    challenge_id = one(database, select(Submission.challenge_id))
    address = f"/admin/challenges/{challenge_id}/submissions"
    assert "Ana Oliveira" in office.get(f"{address}?state=waiting&q=oliv").text
    assert ">Ana Oliveira</a>" not in office.get(f"{address}?state=approved").text
    lines = office.get(f"{address}?format=csv").text.splitlines()
    assert lines[1].startswith(f"{attempt.submission_id},Ana Oliveira,,waiting,once,1,1,")


@pytest.mark.parametrize("role", ["advocate", "employee"])
def test_the_pages_are_for_admins(database: Database, sign_in: SignIn, role: str) -> None:
    person, challenge = database.write(lambda s: (make_person(s, roles={role}), make_challenge(s)))
    client = sign_in(person)
    for address in ("", "/new", f"/{challenge.id}/edit", f"/{challenge.id}/preview", f"/{challenge.id}/submissions"):
        assert client.get(f"/admin/challenges{address}").status_code == 403
    assert client.post(f"/admin/challenges/{challenge.id}/close").status_code == 403
    assert one(database, select(Challenge.state)) == "live"


def test_lists_ask_the_database_the_same_with_10_and_with_300_rows(database: Database, office: PortalClient, count_queries: CountQueries) -> None:
    challenge = database.write(make_challenge)
    addresses = ["/admin/challenges", "/admin/challenges?format=csv", f"/admin/challenges/{challenge.id}/submissions"]
    totals: list[list[int]] = []
    for wanted in (10, 290):
        database.write(lambda s, n=wanted: _many(s, challenge, n))
        counts = []
        for address in addresses:
            with count_queries() as counted:
                assert office.get(address).status_code == 200
            counts.append(counted.total)
        totals.append(counts)
    assert totals[0] == totals[1]


def _many(session: Session, challenge: Challenge, number: int) -> None:
    """Add challenges and people who started one, as rows: a thousand through the actions would take minutes."""
    now = utcnow()
    make_rows(session, number)
    roles = {"is_advocate": True, "is_employee": False, "is_admin": False, "is_demo": False}
    people = [Person(name=f"P{i}", name_key=f"p{i}", state="contact", title="", created_at=now, **roles) for i in range(number)]
    session.add_all(people)
    session.flush()
    begun = {"challenge_id": challenge.id, "period_key": "once", "zone": "Europe/Berlin", "nth": 1, "state": "open", "attempts": 0, "declines": 0}
    session.add_all(Submission(**begun, person_id=p.id, decisions=0, started_at=now, changed_at=now) for p in people)
    session.flush()


@pytest.mark.parametrize(
    ("opens_in", "begun", "said"),
    [
        (None, False, "Published. Advocates see it now.<"),
        (None, True, "Published. Advocates see it now. Who has begun keeps what they began with.<"),
        (0, False, "Published. Advocates see it now.<"),
        (9, False, "Published. Advocates see it from "),
    ],
)
def test_publishing_tells_what_is_so(database: Database, office: PortalClient, opens_in: int | None, begun: bool, said: str) -> None:
    def given(session: Session) -> int:
        opens_on = None if opens_in is None else utcnow().date() + timedelta(days=opens_in)
        if not begun:
            return make_draft(session, opens_on=opens_on).id
        challenge = make_challenge(session)
        make_submission(session, make_person(session), challenge)
        edit_challenge(
            session,
            system("test"),
            challenge_id=challenge.id,
            offer=replace(offer_of(current_version(session, challenge)), title="Anew"),
            now=utcnow(),
        )
        return challenge.id

    challenge_id = database.write(given)
    page = office.post(f"/admin/challenges/{challenge_id}/publish", follow_redirects=True).text
    assert said in page
    assert "its opening day" not in page


def test_the_head_of_the_list_leaves_no_challenge_out(database: Database, office: PortalClient) -> None:
    def given(session: Session) -> None:
        day = utcnow().date()
        make_challenge(session)
        make_draft(session)
        make_challenge(session, opens_on=day + timedelta(days=9))
        make_challenge(session, closes_on=day - timedelta(days=9))
        pause_challenge(session, system("test"), challenge_id=make_challenge(session).id, now=utcnow())
        close_challenge(session, system("test"), challenge_id=make_challenge(session).id, now=utcnow())

    assert "0 live<" in office.get("/admin/challenges").text
    database.write(given)
    assert "1 live, 1 scheduled, 1 paused, 1 in draft, 1 expired, 1 closed<" in office.get("/admin/challenges").text
