"""Codes that lapse: never given out, out of the stock in time, those first that lapse first; and from which balance on admins are told."""

import io
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, update
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.invariants import problems
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.kernel.ids import new_key
from portal.kernel.seen import ChangedMeanwhile, seen_of
from portal.notifications.models import Notice
from portal.rewards.actions.card_terms import set_low_balance
from portal.rewards.actions.codes import confirm_codes, import_codes, lapse_codes
from portal.rewards.actions.fulfilling import send_redemption
from portal.rewards.actions.review import approve_redemption
from portal.rewards.actions.settling import note_balance
from portal.rewards.card_jobs import lapse_codes as lapse_all
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.cards import low_balance_of, running_low
from portal.rewards.rules.cards import LOW_BALANCE_CENTS, LowBalanceUnfit, holder_of, require_low_balance, shelf_of
from portal.rewards.rules.refusals.redeeming import OutOfStock
from portal.vault.keys import Keys
from portal.vault.models import VaultCode
from portal.vault.queries import counts_of, look_of
from portal.vault.rules import Card, NoCodeLeft, Read
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_redemption
from tests.factories.vault import KEY, make_vault_card
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.forms import fields_of

NOW = utcnow()


@pytest.fixture(autouse=True)
def keys(database: Database) -> None:
    database.inform_sessions(vault_keys=Keys(lambda: (KEY,)))


class World:
    """A member with points, an admin, and a card whose codes last so many days each; 0 is for ever."""

    def __init__(self, database: Database, *days: int) -> None:
        self.database = database

        def made(session: Session) -> tuple[int, int, int]:
            person_id, admin_id = make_person(session).id, make_admin(session).id
            give_points(session, person_id, 1_000)
            reward_id = make_vault_card(session, name="Cinema card", price=10).id
            cards = [
                Card(f"CODE-{reward_id}-{n}", expires_on=NOW.date() + timedelta(days=last)) if last else Card(f"CODE-{reward_id}-{n}")
                for n, last in enumerate(days)
            ]
            read = Read(list(enumerate(cards, 2)), [])
            batch = import_codes(session, as_admin(admin_id), reward_id=reward_id, filename="a.csv", key=new_key(), read=read, now=NOW)
            confirm_codes(session, as_admin(admin_id), reward_id=reward_id, batch_id=batch.id, now=NOW)
            return person_id, admin_id, reward_id

        self.person_id, self.admin_id, self.reward_id = database.write(made)

    def stands(self) -> tuple[int | None, int, int]:
        """Return the stock, and how many codes are free and lapsed; the books are in order."""
        with self.database.reading() as session:
            counts = counts_of(session, [shelf_of(self.reward_id)])[shelf_of(self.reward_id)]
            assert problems(session) == []
            return session.scalar(select(Reward.stock).where(Reward.id == self.reward_id)), counts.free, counts.lapsed

    def ask(self, at: datetime = NOW) -> int:
        return self.database.write(lambda s: make_redemption(s, self.person_id, self.reward_id, now=at).id)

    def do(self, verb: Any, redemption_id: int, at: datetime) -> Redemption:
        return self.database.write(lambda s: verb(s, as_admin(self.admin_id), redemption_id=redemption_id, now=at))

    def last_day(self, redemption_id: int) -> int | None:
        """Return after how many days the code of a redemption lapses."""
        with self.database.reading() as session:
            look = look_of(session, holder_of(redemption_id))
        return None if look is None or look.last_day is None else (look.last_day - NOW.date()).days


def test_what_lapsed_leaves_the_stock_once_and_is_not_given_out_before_the_job_came(database: Database) -> None:
    world = World(database, 2, 3, 60)
    assert world.last_day(world.ask()) == 2
    late = NOW + timedelta(days=5)
    with pytest.raises(OutOfStock):
        world.ask(NOW + timedelta(days=90))
    assert world.stands() == (2, 2, 0)
    assert [lapse_all(database, at) for at in (NOW, late, late)] == [0, 1, 0]
    assert world.stands() == (1, 1, 1)
    assert world.last_day(world.ask(late)) == 60
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.name == "reward.codes_lapsed")) == 1


def test_a_code_that_lapses_before_it_is_handed_over_is_followed_by_another_one(database: Database) -> None:
    world = World(database, 2, 60)
    redemption_id, late = world.ask(), NOW + timedelta(days=5)
    assert world.stands() == (1, 1, 0)
    assert world.do(approve_redemption, redemption_id, late).state == "sent"
    assert (world.last_day(redemption_id), world.stands()) == (60, (0, 0, 1))


def test_without_another_code_it_waits_approved_until_there_is_one(database: Database) -> None:
    world = World(database, 2)
    redemption_id, late = world.ask(), NOW + timedelta(days=5)
    assert world.do(approve_redemption, redemption_id, late).state == "approved"
    with pytest.raises(NoCodeLeft):
        world.do(send_redemption, redemption_id, late)
    assert world.stands() == (0, 0, 0)

    def bring(session: Session) -> None:
        admin = as_admin(world.admin_id)
        batch = import_codes(session, admin, reward_id=world.reward_id, filename="b.csv", key="l", read=Read([(2, Card("FRESH"))], []), now=late)
        confirm_codes(session, admin, reward_id=world.reward_id, batch_id=batch.id, now=late)

    database.write(bring)
    assert world.do(send_redemption, redemption_id, late).state == "sent"
    assert (world.last_day(redemption_id), world.stands()) == (None, (0, 0, 1))


def test_its_page_and_the_desk_say_that_the_code_lapsed(app: Flask, database: Database, sign_in: SignIn) -> None:
    app.extensions["database"].inform_sessions(vault_keys=Keys(lambda: (KEY,)))
    world = World(database, 2, 60)
    long_ago = NOW - timedelta(days=30)
    redemption_id, fine = world.ask(), world.ask()

    def age(session: Session) -> None:
        session.execute(update(VaultCode).where(VaultCode.holder == holder_of(redemption_id)).values(expires_on=long_ago.date()))

    database.write(age)
    ada = sign_in(world.admin_id)
    page, other = (f"/admin/rewards/redemptions/{number}" for number in (redemption_id, fine))
    answer = ada.post(f"{page}/approve", data=fields_of(ada.get(page).text, having="press"), follow_redirects=True).text
    assert "Approved, but its code lapsed, and there is no other one." in answer
    assert "The code that was set aside for them lapsed." in answer
    assert "A code is set aside for them." in ada.get(other).text
    assert "Its code lapsed." in "".join(ada.get(f"/admin/rewards/desk?tab={tab}").text for tab in ("order", "send"))
    assert "Its code lapsed." not in ada.get("/admin/rewards/desk?tab=approve").text


@pytest.mark.breaks_the_books(reason="a stock is made wrong on purpose")
def test_a_shelf_that_fails_keeps_no_other_from_lapsing(database: Database) -> None:
    broken, sound = World(database, 2), World(database, 2)
    late = NOW + timedelta(days=5)

    def breaks(session: Session) -> None:
        # The vault holds a code that the stock does not know: taking it off would make the stock negative, which the table refuses.
        session.execute(update(Reward).where(Reward.id == broken.reward_id).values(stock=0))

    database.write(breaks)
    with pytest.raises(ExceptionGroup):
        lapse_all(database, late)
    with database.reading() as session:
        counted = counts_of(session, [shelf_of(one.reward_id) for one in (broken, sound)])
    assert [(found.free, found.lapsed) for found in counted.values()] == [(1, 0), (0, 1)]


def test_lapsing_beside_buyers_leaves_the_stock_what_the_vault_holds(database: Database) -> None:
    world, late = World(database, 2, 2, 2, 60, 60), NOW + timedelta(days=5)
    buy = partial(make_redemption, person_id=world.person_id, reward_id=world.reward_id, now=late)
    lapse = partial(lapse_codes, reward_id=world.reward_id, now=late)
    counted = all_at_once(database, [buy, lapse, buy, lapse, buy, lapse])
    assert counted == {"done": 5, "OutOfStock": 1}
    assert world.stands() == (0, 0, 3)


def test_admins_see_how_many_lapse_soon_and_members_until_when_a_code_is_good(database: Database, sign_in: SignIn) -> None:
    world = World(database, 3, 20, 60)
    client = sign_in(world.admin_id)
    page = client.get(f"/admin/rewards/{world.reward_id}/codes").text
    assert "2 free codes lapse within 30 days" in page
    assert "Lapsed, never given out" in page
    assert "2 free codes lapse within 30 days" in client.get("/admin/rewards/desk").text
    assert "Cinema card" in client.get("/admin/rewards/codes").text
    redemption_id = world.ask()
    world.do(approve_redemption, redemption_id, utcnow())
    assert "Good until" in sign_in(world.person_id).get(f"/rewards/redemptions/{redemption_id}").text


def test_a_list_says_until_when_its_codes_are_good(app: Flask, database: Database, sign_in: SignIn) -> None:
    world = World(database)
    client, last = sign_in(world.admin_id), (utcnow() + timedelta(days=400)).date()
    rows = ["code,expires_on", f"ONE,{last}", "TWO,", "THREE,2020-01-31", "FOUR,soon"]
    sent = {"key": "one", "upload": (io.BytesIO("\n".join(rows).encode()), "cards.csv")}
    answer = client.post(f"/admin/rewards/{world.reward_id}/codes", data=sent, content_type="multipart/form-data")
    assert answer.status_code == 303
    page = client.get(answer.location).text
    assert "2 codes are sealed and wait." in page
    assert "Its last day has gone by already." in page
    assert "The last day is none of the calendar." in page


@pytest.mark.parametrize("cents", [None, -1, 100_000_001])
def test_a_balance_that_cannot_be_low_is_refused(cents: int | None) -> None:
    with pytest.raises(LowBalanceUnfit):
        require_low_balance(cents)


def test_admins_say_from_which_balance_on_they_are_told(app: Flask, database: Database, sign_in: SignIn) -> None:
    app.extensions["database"].inform_sessions(has_card_provider=True)
    database.inform_sessions(has_card_provider=True)
    admin_id = database.write(lambda s: make_admin(s).id)
    client = sign_in(admin_id)
    page = client.get("/admin/rewards/codes").text
    assert 'value="100.00"' in page or 'value="100"' in page
    seen = seen_of({"cents": LOW_BALANCE_CENTS})
    refused = client.post("/admin/rewards/codes/low", data={"low": "-5", "seen": seen})
    assert refused.status_code == 422
    assert 'value="-5"' in refused.text
    assert client.post("/admin/rewards/codes/low", data={"low": "250.50", "seen": seen}).status_code == 303
    with database.reading() as session:
        assert low_balance_of(session) == 25_050
    database.write(lambda s: note_balance(s, cents=25_000, currency="EUR", now=NOW))
    with database.reading() as session:
        assert [n.person_id for n in session.scalars(select(Notice).where(Notice.kind == "balance_low"))] == [admin_id]
        assert running_low(session, NOW).balance is not None
    with pytest.raises(ChangedMeanwhile):
        database.write(lambda s: set_low_balance(s, as_admin(admin_id), cents=1, seen=seen, now=NOW))
    with pytest.raises(NotAllowed):
        database.write(lambda s: set_low_balance(s, acting(admin_id), cents=1, now=NOW))
    database.write(lambda s: set_low_balance(s, as_admin(admin_id), cents=0, now=NOW))
    database.write(lambda s: note_balance(s, cents=0, currency="EUR", now=NOW))
    with database.reading() as session:
        assert running_low(session, NOW).balance is None


def test_the_year_of_who_receives_a_card_is_held_before_the_reward_whose_code_follows(database: Database) -> None:
    """Redeeming takes them in this order; the other way round the two could hold each other up."""
    world, asked = World(database, 2, 60), []
    redemption_id = database.write(lambda s: make_redemption(s, world.person_id, world.reward_id, now=NOW)).id
    database.write(lambda s: s.execute(update(Redemption).where(Redemption.id == redemption_id).values(state="approved", approved_at=NOW)))

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        send = {"redemption_id": redemption_id, "now": NOW + timedelta(days=5)}
        database.write(lambda s: send_redemption(s, as_admin(world.admin_id), **send))
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    years = [place for place, statement in enumerate(asked) if "INTO received_year" in statement]
    shelves = [place for place, statement in enumerate(asked) if statement.startswith("UPDATE reward SET stock") or "UPDATE vault_code" in statement]
    assert years[0] < shelves[0]
