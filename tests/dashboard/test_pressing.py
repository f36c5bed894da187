"""A button of the queue that is pressed twice counts once, and nobody is told that somebody else was faster."""

import re
import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.challenges.models.deciding import Verdict
from portal.challenges.models.taking import Attempt
from portal.challenges.rules.refusals import AlreadyDecided
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.queries.balances import balance_of
from portal.review.actions.presses import KEPT_FOR, SAME_PRESS, take_press
from portal.review.jobs import forget_presses
from portal.review.models import ReviewPress
from portal.rewards.models.redeeming import Redemption
from tests.dashboard.scene import Scene
from tests.factories.people import make_admin
from tests.factories.rewards import as_admin
from tests.support.application import PortalClient, SignIn

QUEUE = "/admin/approvals"


@pytest.fixture
def desk(stage: Scene, sign_in: SignIn) -> PortalClient:
    return sign_in(stage.admin)


def _count(database: Database, model: type) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def _key(page: str) -> str:
    found = re.search(r'name="press" value="([^"]+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize("kind", ["attempt", "redemption", "nomination"])
def test_the_second_press_of_the_same_button_is_told_that_it_is_done(desk: PortalClient, stage: Scene, database: Database, kind: str) -> None:
    item = {"attempt": stage.attempt, "redemption": stage.redemption, "nomination": stage.nomination}[kind]
    pressed = {"press": _key(desk.get(f"{QUEUE}?item={kind}-{item.id}").text)}
    first, second = (desk.post(f"{QUEUE}/{kind}/{item.id}/approve", data=pressed) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert "it counts once" in desk.get(second.location).text
    with database.reading() as session:
        assert balance_of(session, stage.advocate.id).lifetime == (1_150 if kind == "attempt" else 1_000)


def test_a_key_that_a_browser_brought_from_another_page_decides_on_this_one_all_the_same(
    desk: PortalClient, stage: Scene, database: Database
) -> None:
    for kind, item in (("attempt", stage.attempt), ("nomination", stage.nomination), ("redemption", stage.redemption)):
        answer = desk.post(f"{QUEUE}/{kind}/{item.id}/approve", data={"press": "k1"})
        assert "counts once" not in desk.get(answer.location).text
    with database.reading() as session:
        assert session.get_one(Redemption, stage.redemption.id).state == "approved"


def test_what_is_pressed_later_is_judged_by_how_things_stand_then(stage: Scene, database: Database) -> None:
    admin, now = as_admin(stage.admin.id), utcnow()
    press = {"key": "k1", "verdict": "approve", "about": "attempt:1"}
    moments = (now, now + SAME_PRESS, now + SAME_PRESS + timedelta(seconds=1))
    assert [database.write(lambda s, at=at: take_press(s, admin, **press, now=at)) for at in moments] == [True, False, True]


def test_approving_twice_on_the_page_of_a_redemption_counts_once(desk: PortalClient, stage: Scene) -> None:
    address = f"/admin/rewards/redemptions/{stage.redemption.id}"
    pressed = {"press": _key(desk.get(address).text)}
    answers = [desk.post(f"{address}/approve", data=pressed) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert "it counts once" in desk.get(address).text


def test_feedback_pressed_twice_is_given_once(desk: PortalClient, stage: Scene, database: Database) -> None:
    before = _count(database, Verdict)
    for _ in range(2):
        desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/feedback", data={"press": "k1", "reason": "Lovely so far."})
    assert _count(database, Verdict) == before + 1


def test_another_button_of_the_same_page_is_no_second_press(desk: PortalClient, stage: Scene) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={"press": "k1"})
    answer = desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data={"press": "k1", "reason": "No."})
    assert answer.status_code == AlreadyDecided.status
    assert AlreadyDecided.message in answer.text


def test_somebody_else_is_told_that_it_was_decided(desk: PortalClient, stage: Scene, database: Database, sign_in: SignIn) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={"press": "k1"})
    other = sign_in(database.write(make_admin))
    assert other.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={"press": "k1"}).status_code == AlreadyDecided.status


def test_a_refused_press_may_be_pressed_again(desk: PortalClient, stage: Scene) -> None:
    pressed = {"press": "k1", "reason": " "}
    assert desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data=pressed).status_code == 422
    assert desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/decline", data=pressed | {"reason": "No link."}).status_code == 303
    assert desk.get(QUEUE).status_code == 200


def test_after_an_undo_the_old_page_may_be_pressed_again(desk: PortalClient, stage: Scene, database: Database) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={"press": "k1"})
    with database.reading() as session:
        verdict = session.scalars(select(Verdict.id).order_by(Verdict.id.desc())).first()
    desk.post(f"{QUEUE}/attempt/decisions/{verdict}/undo")
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={"press": "k1"})
    with database.reading() as session:
        assert session.get_one(Attempt, stage.attempt.id).state == "approved"


@pytest.mark.parametrize("key", ["", "x" * 80, "no key"])
def test_a_press_without_a_key_is_judged_by_how_things_stand(desk: PortalClient, stage: Scene, database: Database, key: str) -> None:
    answers = [desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={"press": key}).status_code for _ in range(2)]
    assert answers == [303, AlreadyDecided.status]
    assert _count(database, ReviewPress) == 0


def test_presses_that_arrive_together_decide_once_and_all_are_told_so(stage: Scene, sign_in: SignIn, database: Database) -> None:
    clients = [sign_in(stage.admin) for _ in range(4)]
    answers: list[int] = []

    def press(client: PortalClient) -> None:
        answers.append(client.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={"press": "k1"}).status_code)

    threads = [threading.Thread(target=press, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * 4
    with database.reading() as session:
        assert balance_of(session, stage.advocate.id).lifetime == 1_150


def test_old_presses_are_forgotten(desk: PortalClient, stage: Scene, database: Database) -> None:
    desk.post(f"{QUEUE}/attempt/{stage.attempt.id}/approve", data={"press": "k1"})
    assert forget_presses(database, utcnow() + KEPT_FOR - timedelta(minutes=5)) == 0
    assert forget_presses(database, utcnow() + KEPT_FOR + timedelta(minutes=5)) == 1
    assert _count(database, ReviewPress) == 0
