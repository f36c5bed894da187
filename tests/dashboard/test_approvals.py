"""Deciding in the queue: one by one with the rooms' own actions, and many at once."""

import threading

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.challenges.models.taking import Attempt
from portal.challenges.rules.refusals import AlreadyDecided, OwnSubmission, ReasonMissing
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from portal.references.actions.decide import accept_nomination
from portal.references.models.nominating import Nomination
from portal.rewards.actions.fulfilling import receive_redemption, send_redemption
from portal.rewards.actions.review import approve_redemption
from portal.rewards.models.redeeming import Redemption
from tests.dashboard.scene import Scene, more_attempts
from tests.factories.challenges import as_admin, make_attempt
from tests.factories.people import make_admin, make_company
from tests.factories.recognition import give_points
from tests.factories.references import make_nomination
from tests.factories.rewards import make_redemption, make_reward
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

QUEUE = "/admin/approvals"


@pytest.fixture
def desk(stage: Scene, sign_in: SignIn) -> PortalClient:
    """The admin at work."""
    return sign_in(stage.admin)


def _state(database: Database, kind: type, item_id: int) -> str:
    with database.reading() as session:
        return session.get_one(kind, item_id).state


def test_the_queue_shows_what_waits_and_the_first_line_beside_it(desk: PortalClient) -> None:
    page = desk.get(QUEUE).text
    assert "3 are waiting, the oldest for 4 days." in page
    assert "Approve and award 150 points" in page
    assert page.index("Write an honest review") < page.index("Redeem: Gift card") < page.index("Nominated: Ines Duarte")


@pytest.mark.parametrize(
    ("kind", "button"), [("attempt", "Approve and award"), ("redemption", "Approve for 400 points"), ("nomination", "Approve and invite")]
)
def test_each_kind_has_its_tab_and_its_panel(desk: PortalClient, kind: str, button: str) -> None:
    page = desk.get(f"{QUEUE}?kind={kind}").text
    assert page.count("data-row") == 1
    assert button in page


def test_the_panel_comes_alone_for_htmx(desk: PortalClient, stage: Scene) -> None:
    answer = desk.get(f"{QUEUE}?item=redemption-{stage.redemption.id}", headers={"HX-Request": "true", "HX-Target": "panel"}).text
    assert "<html" not in answer
    assert "Approve for 400 points" in answer


def test_approving_pays_and_shows_the_next_line(desk: PortalClient, stage: Scene, database: Database) -> None:
    answer = desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve?q=dev", data={})
    assert answer.status_code == 303
    assert answer.location == f"{QUEUE}?q=dev&item=redemption-{stage.redemption.id}"
    with database.reading() as session:
        assert balance_of(session, stage.advocate.id).lifetime == 1_150
    assert _state(database, Attempt, stage.attempt.id) == "approved"
    assert "Approved and paid." in desk.get(answer.location).text


def test_the_last_line_leads_back_to_the_first(desk: PortalClient, stage: Scene) -> None:
    answer = desk.post(f"{QUEUE}/nomination/{stage.nomination.id}/approve", data={})
    assert answer.location == f"{QUEUE}?item=attempt-{stage.attempt.id}"


def test_an_empty_queue_says_so(desk: PortalClient, stage: Scene) -> None:
    for kind, item in (("attempt", stage.attempt), ("redemption", stage.redemption), ("nomination", stage.nomination)):
        answer = desk.post(f"{QUEUE}/{kind}/{item.id}/approve", data={})
    assert answer.location == QUEUE
    assert "Nothing waits. Everybody has an answer." in desk.get(QUEUE).text


@pytest.mark.parametrize(
    ("kind", "verdict", "state"),
    [
        ("attempt", "more", "more_wanted"),
        ("attempt", "decline", "declined"),
        ("redemption", "decline", "declined"),
        ("nomination", "decline", "not_approved"),
    ],
)
def test_saying_no_needs_a_reason_and_keeps_what_was_typed(
    desk: PortalClient, stage: Scene, database: Database, kind: str, verdict: str, state: str
) -> None:
    item = {"attempt": stage.attempt, "redemption": stage.redemption, "nomination": stage.nomination}[kind]
    refused = desk.post(f"{QUEUE}/{kind}/{item.id}/{verdict}", data={"reason": "   "})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    assert desk.post(f"{QUEUE}/{kind}/{item.id}/{verdict}", data={"reason": "Please add a public link."}).status_code == 303
    assert _state(database, type(item), item.id) == state


def test_a_missing_reason_is_refused_in_the_rooms_words(desk: PortalClient, stage: Scene) -> None:
    assert ReasonMissing.message in desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={}).text


def test_what_somebody_else_decided_is_said_and_changes_nothing(desk: PortalClient, stage: Scene, database: Database) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={"reason": "No link."})
    answer = desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={"reason": "Mine."})
    assert answer.status_code == AlreadyDecided.status
    assert AlreadyDecided.message in answer.text
    assert "This has been decided, so there is nothing left to do here." in answer.text


def test_nobody_decides_on_their_own(sign_in: SignIn, stage: Scene, database: Database) -> None:
    def both_roles(session) -> tuple[Person, int]:  # type: ignore[no-untyped-def]
        person = make_admin(session, roles={"admin", "advocate"})
        return person, make_attempt(session, person, stage.challenge).id

    person, attempt_id = database.write(both_roles)
    desk = sign_in(person)
    assert "This is your own, so somebody else has to decide." in desk.get(f"{QUEUE}?item=attempt-{attempt_id}").text
    answer = desk.post(f"{QUEUE}/attempt/{attempt_id}/approve", data={})
    assert answer.status_code == OwnSubmission.status
    assert _state(database, Attempt, attempt_id) == "waiting"


@pytest.mark.parametrize("address", ["/attempt/1/burn", "/nothing/1/approve", "/attempt/999999/approve"])
def test_what_does_not_exist_is_not_decided(desk: PortalClient, stage: Scene, address: str) -> None:
    assert desk.post(QUEUE + address, data={}).status_code == 404


@pytest.mark.parametrize("item", ["attempt-999999", "nothing-1", "attempt-x", "x"])
def test_a_panel_of_nothing_is_not_found(desk: PortalClient, item: str) -> None:
    assert desk.get(QUEUE, query_string={"item": item}).status_code == 404


def test_a_company_can_be_corrected_on_accepting(desk: PortalClient, stage: Scene, database: Database) -> None:
    known = database.write(lambda s: make_company(s, name="Alto Rail"))
    desk.post(f"{QUEUE}/nomination/{stage.nomination.id}/approve", data={"company": "alto rail"})
    with database.reading() as session:
        assert session.get_one(Nomination, stage.nomination.id).company_id == known.id


def test_a_duplicate_is_marked_in_the_panel(desk: PortalClient, stage: Scene, database: Database) -> None:
    twin = database.write(lambda s: make_nomination(s, name="Ines Duarte", email="ines.d@customer.example"))
    page = desk.get(f"{QUEUE}?item=nomination-{twin.id}").text
    assert "Maybe the same person" in page
    answer = desk.post(f"{QUEUE}/nomination/{twin.id}/duplicate", data={"first_id": stage.nomination.id})
    assert answer.status_code == 303
    assert _state(database, Nomination, twin.id) == "duplicate"


def test_the_chosen_lines_are_approved(desk: PortalClient, stage: Scene, database: Database) -> None:
    database.write(lambda s: received_before(s, stage))
    answer = desk.post(f"{QUEUE}/approve?q=dev", data={"item": [f"attempt-{stage.attempt.id}", f"redemption-{stage.redemption.id}"]})
    assert (answer.status_code, answer.location) == (303, f"{QUEUE}?q=dev")
    assert _state(database, Attempt, stage.attempt.id) == "approved"
    assert _state(database, Redemption, stage.redemption.id) == "approved"
    assert _state(database, Nomination, stage.nomination.id) == "submitted"


def test_choosing_nothing_is_refused_in_words(desk: PortalClient) -> None:
    answer = desk.post(f"{QUEUE}/approve", data={})
    assert answer.status_code == 422
    assert "Choose at least one line first." in answer.text


def test_one_refused_line_does_not_stop_the_others(sign_in: SignIn, stage: Scene, database: Database) -> None:
    def both_roles(session) -> tuple[Person, int]:  # type: ignore[no-untyped-def]
        person = make_admin(session, name="Own Admin", roles={"admin", "advocate"})
        return person, make_attempt(session, person, stage.challenge).id

    person, own = database.write(both_roles)
    answer = sign_in(person).post(f"{QUEUE}/approve", data={"item": [f"attempt-{own}", f"attempt-{stage.attempt.id}"]})
    assert answer.status_code == 200
    assert "1 line approved, 1 refused." in answer.text
    assert OwnSubmission.message in answer.text
    assert _state(database, Attempt, own) == "waiting"
    assert _state(database, Attempt, stage.attempt.id) == "approved"


def test_all_that_match_the_filter_are_approved_and_nothing_else(desk: PortalClient, stage: Scene, database: Database) -> None:
    ids = database.write(lambda s: more_attempts(s, stage.challenge, 3))
    answer = desk.post(f"{QUEUE}/approve?kind=attempt", data={"scope": "all"})
    assert answer.location == f"{QUEUE}?kind=attempt"
    assert [_state(database, Attempt, item_id) for item_id in [stage.attempt.id, *ids]] == ["approved"] * 4
    assert _state(database, Redemption, stage.redemption.id) == "requested"


def received_before(session: Session, stage: Scene) -> None:
    """Let the advocate have received a reward, so that nothing speaks for opening the next."""
    give_points(session, stage.advocate.id, 100)
    made, admin, now = make_redemption(session, stage.advocate.id, make_reward(session, price=100).id), as_admin(stage.admin), utcnow()
    for verb in (approve_redemption, send_redemption, receive_redemption):
        verb(session, admin, redemption_id=made.id, now=now)


def test_a_first_redemption_is_not_approved_unread(desk: PortalClient, stage: Scene, database: Database) -> None:
    for given in ({"scope": "all"}, {"item": f"redemption-{stage.redemption.id}"}):
        answer = desk.post(f"{QUEUE}/approve?kind=redemption", data=given)
        assert "It is their first redemption; a person looks at that. Please open it by itself." in answer.text
        assert _state(database, Redemption, stage.redemption.id) == "requested"
    desk.post(f"{QUEUE}/redemption/{stage.redemption.id}/approve", data={})
    assert _state(database, Redemption, stage.redemption.id) == "approved"


def test_what_came_after_the_page_was_shown_is_not_touched(desk: PortalClient, stage: Scene, database: Database) -> None:
    database.write(lambda s: received_before(s, stage))
    shown_at = stage.redemption.requested_at.isoformat()
    desk.post(f"{QUEUE}/approve", data={"scope": "all", "until": shown_at})
    assert _state(database, Redemption, stage.redemption.id) == "approved"
    assert _state(database, Nomination, stage.nomination.id) == "submitted"


def test_many_are_approved_in_steps_with_progress(desk: PortalClient, stage: Scene, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    database.write(lambda s: received_before(s, stage))
    monkeypatch.setattr("portal.dashboard.views.bulk.BULK_SIZE", 2)
    first = desk.post(f"{QUEUE}/approve", data={"scope": "all"})
    assert first.status_code == 200
    assert "2 lines approved, 0 refused." in first.text
    after = first.text.split('name="after" value="')[1].split('"')[0]
    last = desk.post(f"{QUEUE}/approve", data={"scope": "all", "after": after, "approved": 2})
    assert last.status_code == 303
    assert "3 lines approved." in desk.get(QUEUE).text


def test_two_admins_at_once_pay_once(stage: Scene, sign_in: SignIn, database: Database) -> None:
    admins = [stage.admin, *database.write(lambda s: [make_admin(s) for _ in range(7)])]
    desks = [sign_in(admin) for admin in admins]
    barrier, answers = threading.Barrier(len(desks)), []

    def click(desk: PortalClient) -> None:
        barrier.wait()
        answers.append(desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={}).status_code)

    threads = [threading.Thread(target=click, args=(desk,)) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, *[409] * 7]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Act)) == 1
        assert balance_of(session, stage.advocate.id).lifetime == 1_150


def test_the_list_is_a_file_with_the_same_filter(desk: PortalClient) -> None:
    answer = desk.get(f"{QUEUE}?q=dev&format=csv")
    lines = answer.text.lstrip("\ufeff").splitlines()
    assert lines[0] == "kind,id,waiting_since,due_at,person,company,what,track,points"
    assert [line.split(",")[0] for line in lines[1:]] == ["attempt", "redemption"]


@pytest.mark.parametrize("role", ["employee", "advocate"])
def test_only_admins_see_the_queue(stage: Scene, sign_in: SignIn, role: str) -> None:
    client = sign_in(getattr(stage, role))
    assert client.get(QUEUE).status_code == 403
    assert client.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={}).status_code == 403
    assert client.post(f"{QUEUE}/approve", data={"scope": "all"}).status_code == 403


def test_a_deactivated_advocates_answer_still_gets_its_verdict(desk: PortalClient, stage: Scene, database: Database) -> None:
    database.write(lambda s: deactivate_person(s, as_admin(stage.admin), person_id=stage.advocate.id, reason="Left.", now=stage.attempt.submitted_at))
    assert desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={"reason": "No link."}).status_code == 303


def test_the_page_asks_as_much_with_a_full_queue(desk: PortalClient, stage: Scene, database: Database, count_queries: CountQueries) -> None:
    desk.get(QUEUE)
    with count_queries() as few:
        desk.get(QUEUE)
    database.write(lambda s: more_attempts(s, stage.challenge, 60))
    with count_queries() as many:
        page = desk.get(QUEUE).text
    assert page.count("data-row") == 50
    assert many.total == few.total


def test_a_reason_that_came_too_late_is_there_to_be_copied(stage: Scene, desk: PortalClient, database: Database) -> None:
    database.write(lambda s: accept_nomination(s, as_admin(make_admin(s)), nomination_id=stage.nomination.id, now=utcnow()))
    reason = "She told us twice that she would rather not, and here is the whole story."
    late = desk.post(f"/admin/approvals/nomination/{stage.nomination.id}/decline", data={"reason": reason})
    assert late.status_code == 409
    assert "What you typed, to copy" in late.text
    assert f"{reason}</textarea>" in late.text


def test_the_sentence_above_the_queue_counts_the_kind_whose_tab_is_open(desk: PortalClient) -> None:
    assert "3 are waiting, the oldest for 4 days." in desk.get("/admin/approvals").text.replace("\xa0", " ")
    assert "1 is waiting, for 2 days." in desk.get("/admin/approvals?kind=redemption").text.replace("\xa0", " ")
