"""Tickets: what a number is worth at the door, and what a member shows."""

from datetime import date, timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session

from portal.kernel.clock import local_date, utcnow
from portal.kernel.db import Database
from portal.rewards.actions.catalogue import set_options
from portal.rewards.actions.doors import let_in
from portal.rewards.actions.fulfilling import confirm_received, return_redemption, send_redemption
from portal.rewards.actions.review import approve_redemption
from portal.rewards.jobs import receive_by_itself
from portal.rewards.models.redeeming import Redemption
from portal.rewards.rules.refusals.deciding import ShownAtTheDoor
from portal.rewards.rules.states import RECEIVED_AFTER_DAYS, State
from portal.rewards.rules.tickets import Standing, number_of, redemption_of, standing
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_redemption, make_reward
from tests.rewards.racing import all_at_once
from tests.support.application import PortalClient, SignIn
from tests.support.forms import fields_of

TODAY = date(2027, 5, 31)
SECRET = "a secret that is long enough for a table of numbers"


@pytest.mark.parametrize(
    ("state", "day", "worth"),
    [
        (State.REQUESTED, TODAY, Standing.WAITING),
        (State.APPROVED, TODAY, Standing.WAITING),
        (State.FAILED, TODAY, Standing.WAITING),
        (State.SENT, TODAY, Standing.GOOD),
        (State.SENT, None, Standing.GOOD),
        (State.SENT, TODAY + timedelta(days=1), Standing.EARLY),
        (State.SENT, TODAY - timedelta(days=1), Standing.OVER),
        (State.RECEIVED, TODAY, Standing.USED),
        (State.RETURNED, TODAY, Standing.VOID),
        (State.CANCELLED, TODAY, Standing.VOID),
        (State.DECLINED, TODAY, Standing.VOID),
        (State.ENDED, TODAY, Standing.VOID),
    ],
)
def test_a_ticket_is_good_on_its_day_once_it_was_given_and_until_it_was_used(state: State, day: date | None, worth: Standing) -> None:
    assert standing(state, day, TODAY) == worth


def test_a_number_is_read_as_it_is_typed_and_cannot_be_made_from_another() -> None:
    number = number_of(41, SECRET)
    assert redemption_of(f" {number.lower()[:6]} {number.lower()[6:]}", [SECRET]) == 41
    assert redemption_of(number.replace("-", " "), [SECRET]) == 41
    assert redemption_of(number, ["a newer secret of this portal", SECRET]) == 41
    assert redemption_of(number, ["a newer secret of this portal"]) is None
    assert redemption_of(number.replace("41-", "42-"), [SECRET]) is None
    for nothing in ("", "41", "41-", "-", "0-AAAAAAAA", "x-AAAAAAAA", "٣-AAAAAAAA", "9" * 40 + "-AAAAAAAA", "\ud800"):
        assert redemption_of(nothing, [SECRET]) is None


class Event:
    """A member with a ticket for an event in ``days``, and two admins."""

    def __init__(self, session: Session, days: int) -> None:
        now = utcnow()
        self.day = local_date(now, "Europe/Berlin") + timedelta(days=days)
        self.member, self.ada = make_person(session, name="Rita Reader").id, make_admin(session).id
        give_points(session, self.member, 500)
        reward = make_reward(session, name="Summit pass", kind="event", stock=5)
        set_options(session, as_admin(self.ada), reward_id=reward.id, given={"happens_on": self.day.isoformat(), "place": "Ghent"}, now=now)
        self.redemption = make_redemption(session, self.member, reward.id).id
        approve_redemption(session, as_admin(self.ada), redemption_id=self.redemption, now=now)
        send_redemption(session, as_admin(self.ada), redemption_id=self.redemption, now=now)


def state_of(database: Database, event: Event) -> str:
    with database.reading() as session:
        return session.get_one(Redemption, event.redemption).state


def number_on(page: str) -> str:
    return page.partition('<p class="font-mono text-lg">')[2].partition("<")[0]


def test_a_member_shows_the_ticket_and_it_is_let_in_once(database: Database, sign_in: SignIn) -> None:
    event = database.write(lambda s: Event(s, 0))
    member, ada = sign_in(event.member), sign_in(event.ada)
    with database.reading() as session:
        reward_id = session.get_one(Redemption, event.redemption).reward_id
    for before in (member.get(f"/rewards/{reward_id}"), ada.get(f"/admin/rewards/{reward_id}/preview")):
        assert '<dd class="wrap-anywhere">Ghent</dd>' in before.text, "the place is read before it is redeemed"
    page = member.get(f"/rewards/redemptions/{event.redemption}").text
    number = number_on(page)
    assert number.startswith(f"{event.redemption}-")
    assert "<svg viewBox" in page
    assert "I have it" not in page
    assert ada.get("/admin/rewards/tickets", query_string={"number": number.lower()}).location.endswith(number.lower())
    worth = ada.get(f"/admin/rewards/tickets/{number}").text
    assert "Let them in" in worth
    assert "Rita Reader" in worth
    assert ada.post(f"/admin/rewards/tickets/{number}").status_code == 303
    assert state_of(database, event) == "received"
    again = ada.get(f"/admin/rewards/tickets/{number}").text
    assert "Used already" in again
    assert "note as used" not in again


def test_a_second_admin_reads_that_the_ticket_was_used(database: Database, sign_in: SignIn) -> None:
    event = database.write(lambda s: Event(s, 0))
    other = database.write(lambda s: make_admin(s).id)
    number = number_on(sign_in(event.member).get(f"/rewards/redemptions/{event.redemption}").text)
    assert sign_in(event.ada).post(f"/admin/rewards/tickets/{number}").status_code == 303
    late = sign_in(other).post(f"/admin/rewards/tickets/{number}")
    assert late.status_code == 409
    assert "was marked as received by" in late.text


def looked(client: PortalClient, number: str) -> tuple[int, str]:
    answer = client.get("/admin/rewards/tickets", query_string={"number": number})
    return answer.status_code, answer.text


def test_a_number_that_is_on_no_ticket_is_refused_and_one_for_another_day_says_so(database: Database, sign_in: SignIn) -> None:
    event = database.write(lambda s: Event(s, 3))
    ada = sign_in(event.ada)
    number = number_on(sign_in(event.member).get(f"/rewards/redemptions/{event.redemption}").text)
    status, page = looked(ada, f"{event.redemption}-AAAAAAAA")
    assert status == 200
    assert "No ticket has this number" in page
    assert ada.get(f"/admin/rewards/tickets/{event.redemption}-AAAAAAAA").status_code == 404
    assert "For a later day" in ada.get(f"/admin/rewards/tickets/{number}").text
    taken_back = {"redemption_id": event.redemption, "reason": "The event is called off.", "now": utcnow()}
    database.write(lambda s: return_redemption(s, as_admin(event.ada), **taken_back))
    assert "Not valid" in ada.get(f"/admin/rewards/tickets/{number}").text
    assert number_on(sign_in(event.member).get(f"/rewards/redemptions/{event.redemption}").text) == ""


def test_a_ticket_is_not_used_by_saying_so_nor_before_its_day(database: Database) -> None:
    event = database.write(lambda s: Event(s, 40))
    with pytest.raises(ShownAtTheDoor):
        database.write(lambda s: confirm_received(s, acting(event.member), redemption_id=event.redemption, now=utcnow()))
    later = utcnow() + timedelta(days=RECEIVED_AFTER_DAYS + 1)
    assert receive_by_itself(database, later) == 0
    assert state_of(database, event) == "sent"
    assert receive_by_itself(database, later + timedelta(days=41)) == 1


def fortnight(days: int) -> timedelta:
    return timedelta(days=RECEIVED_AFTER_DAYS + days)


def test_a_ticket_without_a_day_is_never_used_by_itself(database: Database) -> None:
    event = database.write(lambda s: Event(s, 0))
    reward_id = database.write(lambda s: s.get_one(Redemption, event.redemption).reward_id)
    database.write(lambda s: set_options(s, as_admin(event.ada), reward_id=reward_id, given={"place": "Ghent"}, now=utcnow()))
    assert receive_by_itself(database, utcnow() + fortnight(400)) == 0
    assert state_of(database, event) == "sent"


def test_a_ticket_of_an_event_that_was_moved_counts_from_its_new_day(database: Database) -> None:
    event = database.write(lambda s: Event(s, 2))
    reward_id = database.write(lambda s: s.get_one(Redemption, event.redemption).reward_id)
    moved = {"happens_on": (event.day + timedelta(days=60)).isoformat(), "place": "Ghent"}
    database.write(lambda s: set_options(s, as_admin(event.ada), reward_id=reward_id, given=moved, now=utcnow()))
    assert receive_by_itself(database, utcnow() + fortnight(5)) == 0
    assert state_of(database, event) == "sent"
    assert receive_by_itself(database, utcnow() + fortnight(64)) == 1


def test_a_ticket_lets_one_person_in_whoever_looks_at_it_from_two_pages(database: Database, sign_in: SignIn) -> None:
    event = database.write(lambda s: Event(s, 0))
    number = number_on(sign_in(event.member).get(f"/rewards/redemptions/{event.redemption}").text)
    door = f"/admin/rewards/tickets/{number}"
    ada = sign_in(event.ada)
    first, second = (fields_of(ada.get(door).text, having="key") for _tab in range(2))
    for _click in range(2):
        assert ada.post(door, data=first).status_code == 303
    late = ada.post(door, data=second)
    assert late.status_code == 409
    assert "This ticket was used already" in late.text
    assert "Used already" in late.text


def test_of_two_pages_at_once_one_lets_in(database: Database) -> None:
    event = database.write(lambda s: Event(s, 0))
    about = {"actor": as_admin(event.ada), "redemption_id": event.redemption}
    works = [partial(let_in, **about, key=f"the page number {n} of them", now=utcnow() + timedelta(seconds=n)) for n in range(4)]
    assert all_at_once(database, works) == {"done": 1, "TicketUsed": 3}
