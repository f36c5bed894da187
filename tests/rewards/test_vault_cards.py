"""A gift card from the vault, through the doors: stock is what the vault holds, the code is shown once, to its member, after their password."""

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, g
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from portal.audit import actions as audit
from portal.audit.models import AuditEvent
from portal.invariants import problems
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.people.identity import require_own_password
from portal.people.queries.changes import EDITED, PASSWORD_CHANGED
from portal.receiving.actions.accepting import set_person_rule
from portal.receiving.rules.accepting import Rule, Stance
from portal.receiving.rules.refusals import MayNotAccept
from portal.rewards.actions import catalogue
from portal.rewards.actions.auto import set_auto_terms
from portal.rewards.actions.codes import allow_code, ask_for_code, confirm_codes, import_codes, remove_codes, reveal_code
from portal.rewards.actions.fulfilling import return_redemption, send_redemption
from portal.rewards.actions.redeeming import cancel_redemption
from portal.rewards.actions.review import approve_redemption, decline_redemption
from portal.rewards.actions.worth import set_value
from portal.rewards.models.offering import Reward
from portal.rewards.models.redeeming import Redemption
from portal.rewards.queries.cards import running_low
from portal.rewards.queries.worth import cents_of
from portal.rewards.rules.auto import AutoTerms
from portal.rewards.rules.cards import (
    CardValueMissing,
    CodeRests,
    NotFromVault,
    ProviderMissing,
    SourceFixed,
    StockIsVault,
    ValueIsAmount,
    holder_of,
    shelf_of,
)
from portal.vault.keys import Keys
from portal.vault.models import VaultCode
from portal.vault.queries import free_on, look_of
from portal.vault.rules import NoCodeYet, ShownAlready
from portal.web.errors import sentence
from tests.factories.people import PASSWORD, make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_draft, make_redemption, make_reward
from tests.factories.vault import KEY, add_codes, listed, make_vault_card, with_keys
from tests.rewards.racing import all_at_once, one_during_another
from tests.support.application import SignIn
from tests.support.counting import CountQueries
from tests.support.forms import fields_of

CODES = ("CANARY-1", "CANARY-2", "CANARY-3")


@pytest.fixture
def people(database: Database) -> tuple[int, int]:
    """Somebody with 1,000 points, and an admin."""

    def made(session: Session) -> tuple[int, int]:
        person_id = make_person(session, name="Amara Okafor").id
        give_points(session, person_id, 1_000)
        return person_id, make_admin(session, name="Ada Admin").id

    return database.write(made)


def write(database: Database, work: Any) -> Any:
    return database.write(lambda session: work(with_keys(session)))


def stock(database: Database, reward_id: int) -> tuple[int | None, int]:
    """Return what the catalogue says is left, and what the vault has."""
    with database.reading() as session:
        return session.scalar(select(Reward.stock).where(Reward.id == reward_id)), free_on(session, shelf_of(reward_id))


def a_list(*rows: str) -> dict[str, Any]:
    return {"key": "one", "upload": (io.BytesIO("\n".join(rows).encode()), "cards.csv")}


def ready(database: Database, person_id: int, admin_id: int, *codes: str) -> tuple[int, int]:
    """Return a reward and a redemption whose code is ready."""

    def made(session: Session) -> tuple[int, int]:
        reward_id = make_vault_card(session, *(codes or CODES)).id
        redemption_id = make_redemption(session, person_id, reward_id).id
        approve_redemption(session, as_admin(admin_id), redemption_id=redemption_id, now=utcnow())
        return reward_id, redemption_id

    return write(database, made)


def test_an_admin_looks_at_a_list_confirms_it_and_takes_it_back(app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]) -> None:
    reward_id = write(database, lambda s: make_draft(s, kind="gift_card", name="€25 gift card").id)
    ada = sign_in(people[1])
    assert "do not come from the vault" in ada.get(f"/admin/rewards/{reward_id}/codes").text
    assert ada.post(f"/admin/rewards/{reward_id}/details", data={"option_source": "vault", "option_low_at": "1"}).status_code == 303
    read = ada.post(f"/admin/rewards/{reward_id}/codes", data=a_list("code,pin", "CANARY-1,CANARY-9", "CANARY-2,", ",12", "CANARY-1,", '"CANARY'))
    assert read.status_code == 303
    page = ada.get(read.location).text
    assert "2 codes are sealed and wait" in page
    for line, why in ((4, "neither a code nor a link"), (5, "stands further up"), (6, "another number of cells")):
        assert re.search(rf"line {line}</span><span>[^<]*{why}", page), (line, why)
    assert stock(database, reward_id) == (0, 0)
    assert ada.post(f"{read.location}/confirm").status_code == 303
    assert ada.post(f"{read.location}/confirm").status_code == 409
    assert stock(database, reward_id) == (2, 2)
    overview = ada.get("/admin/rewards/codes").text
    assert "€25 gift card" in overview
    assert ada.post(f"{read.location}/remove").status_code == 303
    assert stock(database, reward_id) == (0, 0)
    assert "taken out of the vault" in ada.get(read.location).text
    assert "CANARY" not in page + overview + ada.get(f"/admin/rewards/{reward_id}/codes").text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["CANARY-1", "CANARY-2"], "must name a column"),
        ([""], "could not be read"),
        (["code"] + [f"CANARY-{n}" for n in range(5_001)], "Please split it"),
        (["code", "CANARY" * 20_000], "This file is larger than"),
    ],
)
def test_what_is_no_list_of_codes_is_refused_beside_its_field_and_not_repeated(
    app: Flask,
    database: Database,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    people: tuple[int, int],
    rows: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("portal.rewards.admin.codes.MOST_BYTES", 100_000)
    reward_id = write(database, lambda s: make_vault_card(s, "X").id)
    answer = sign_in(people[1]).post(f"/admin/rewards/{reward_id}/codes", data=a_list(*rows))
    assert answer.status_code == 422
    assert "field-error" in answer.text
    assert "CANARY" not in answer.text
    if rows != [""]:
        assert said in answer.text
    nothing = sign_in(people[1]).post(f"/admin/rewards/{reward_id}/codes", data={"key": "two"})
    assert (nothing.status_code, "Please choose a file." in nothing.text) == (422, True)


def test_from_approval_to_the_one_look(app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]) -> None:
    person_id, admin_id = people
    reward_id, redemption_id = ready(database, *people)
    amara, address = sign_in(person_id), f"/rewards/codes/{redemption_id}"
    assert "Show my code" in amara.get("/rewards/mine").text
    assert "Your code is ready" in amara.get(f"/rewards/redemptions/{redemption_id}").text
    assert stock(database, reward_id) == (2, 2)
    asked = amara.get(address).text
    assert "Your password" in asked
    key = re.search(r'name="key" value="([^"]+)"', asked)
    assert key
    form = {"key": key[1], "current": PASSWORD}
    wrong = amara.post(address, data=form | {"current": "another password"})
    assert (wrong.status_code, "not your current password" in wrong.text, "CANARY" in wrong.text) == (422, True, False)
    shown = amara.post(address, data=form)
    assert (shown.status_code, "CANARY-1" in shown.text) == (200, True)
    assert shown.headers["Cache-Control"] == "no-store"
    assert "CANARY-1" in amara.post(address, data=form).text  # a second click is the same look
    later = amara.post(address, data=form | {"key": "another"})
    assert (later.status_code, "CANARY" in later.text, "It is shown once" in later.text) == (409, False, True)
    assert "CANARY" not in amara.get(address).text
    assert "You looked at your code " in amara.get(f"/rewards/redemptions/{redemption_id}").text
    with database.reading() as session:
        assert session.get_one(Redemption, redemption_id).state == "received"
        events = session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == "redemption").order_by(AuditEvent.id)).all()
    assert [name for name in events if "code" in name] == ["redemption.code_shown"]
    assert amara.post(f"{address}/ask").status_code == 303
    ada = sign_in(admin_id)
    assert "They could not keep it" in ada.get(f"/admin/rewards/redemptions/{redemption_id}").text
    without = ada.post(f"/admin/rewards/redemptions/{redemption_id}/allow-code", data={"allow-reason": ""})
    assert (without.status_code, "Please give a reason" in without.text) == (422, True)
    assert ada.post(f"/admin/rewards/redemptions/{redemption_id}/allow-code", data={"allow-reason": "Printer jam"}).status_code == 303
    assert "once more" in amara.get(f"/rewards/redemptions/{redemption_id}").text
    assert "CANARY-1" in amara.post(address, data=form | {"key": "third"}).text
    log = ada.get("/admin/audit").text
    assert "looked at the code of" in log
    assert "Printer jam" in log


def test_who_says_they_kept_it_closes_the_page_that_showed_it(app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]) -> None:
    _, redemption_id = ready(database, *people)
    amara, address = sign_in(people[0]), f"/rewards/codes/{redemption_id}"
    key = re.search(r'name="key" value="([^"]+)"', amara.get(address).text)
    assert key
    form = {"key": key[1], "current": PASSWORD}
    assert "CANARY-1" in amara.post(address, data=form).text
    stranger = sign_in(database.write(lambda s: make_person(s).id))
    assert stranger.post(f"{address}/kept").status_code == 404
    assert "CANARY-1" in amara.post(address, data=form).text
    for _ in range(2):
        assert amara.post(f"{address}/kept").headers["Location"].endswith(f"/rewards/redemptions/{redemption_id}")
    back = amara.post(address, data=form)
    assert (back.status_code, "CANARY" in back.text, "It is shown once" in back.text) == (409, False, True)


def test_nobody_else_gets_to_a_code(app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]) -> None:
    _, redemption_id = ready(database, *people)
    other = database.write(lambda s: make_person(s).id)
    form = {"key": "one", "current": PASSWORD}
    for client, status in ((sign_in(other), 404), (sign_in(people[1]), 403), (app.test_client(), 401)):
        for path in ("", "/ask"):
            answer = client.post(f"/rewards/codes/{redemption_id}{path}", data=form)
            assert (answer.status_code, "CANARY" in answer.text) == (status, False)
        assert client.get(f"/rewards/codes/{redemption_id}").status_code in (status, 302, 303)


def test_guessing_the_password_is_slowed_down_as_signing_in_is(app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]) -> None:
    _, redemption_id = ready(database, *people)
    amara = sign_in(people[0])
    statuses = [amara.post(f"/rewards/codes/{redemption_id}", data={"key": f"k{n}", "current": "wrong wrong wrong"}).status_code for n in range(6)]
    assert statuses == [422] * 5 + [429]
    right = amara.post(f"/rewards/codes/{redemption_id}", data={"key": "k", "current": PASSWORD})
    assert (right.status_code, "CANARY" in right.text, "Retry-After" in right.headers) == (429, False, True)


@pytest.mark.parametrize("way", ["declined", "cancelled", "returned unseen", "returned seen", "returned allowed"])
def test_what_comes_back_is_on_the_shelf_again_unless_somebody_has_seen_it(database: Database, people: tuple[int, int], way: str) -> None:
    person_id, admin = people[0], as_admin(people[1])
    now = utcnow()

    def go(session: Session) -> int:
        reward_id = make_vault_card(session, *CODES).id
        facts: dict[str, Any] = {"redemption_id": make_redemption(session, person_id, reward_id).id, "now": now}
        if way == "declined":
            decline_redemption(session, admin, reason="No", **facts)
        elif way == "cancelled":
            cancel_redemption(session, acting(person_id), **facts)
        else:
            approve_redemption(session, admin, **facts)
            if way in ("returned seen", "returned allowed"):
                reveal_code(session, acting(person_id), key="k", **facts)
            if way == "returned allowed":
                allow_code(session, admin, reason="Could not keep it", **facts)
            return_redemption(session, admin, reason="Wrong card", **facts)
            with pytest.raises(NoCodeYet):
                reveal_code(session, acting(person_id), key="k2", **facts)
        return reward_id

    reward_id = write(database, go)
    left = 2 if way in ("returned seen", "returned allowed") else 3
    assert stock(database, reward_id) == (left, left)
    with database.reading() as session:
        assert balance_of(session, person_id).available == 1_000


def test_eight_buyers_and_five_codes_make_five_holders(database: Database) -> None:
    reward_id = write(database, lambda s: make_vault_card(s, *"ABCDE").id)
    buyers = database.write(lambda s: [make_person(s).id for _ in range(8)])
    database.write(lambda s: [give_points(s, person_id, 100) for person_id in buyers])
    works = [lambda s, person_id=person_id: make_redemption(with_keys(s), person_id, reward_id) for person_id in buyers]
    assert all_at_once(database, works) == {"done": 5, "OutOfStock": 3}
    with database.reading() as session:
        holders = session.scalars(select(VaultCode.holder)).all()
        made = session.scalars(select(Redemption.id)).all()
    assert sorted(filter(None, holders)) == sorted(map(holder_of, made))
    assert stock(database, reward_id) == (0, 0)


def test_the_rule_approves_and_the_code_is_ready_at_once(database: Database, people: tuple[int, int]) -> None:
    person_id, admin = people[0], as_admin(people[1])

    def go(session: Session) -> Redemption:
        set_auto_terms(session, admin, terms=AutoTerms(most_cents=10_000, received=1), now=utcnow())
        reward_id = make_vault_card(session, *CODES).id
        first = make_redemption(session, person_id, reward_id)
        approve_redemption(session, admin, redemption_id=first.id, now=utcnow())
        reveal_code(session, acting(person_id), redemption_id=first.id, key="k", now=utcnow())
        session.execute(Redemption.__table__.update().values(state="received", received_at=utcnow()))
        session.expire_all()
        return make_redemption(session, person_id, reward_id)

    made = write(database, go)
    with database.reading() as session:
        found = session.get_one(Redemption, made.id)
        look = look_of(session, holder_of(made.id))
        assert (found.state, found.approved_by) == ("sent", None)
        assert look
        assert look.is_ready
        told = session.scalars(select(Notice.kind).where(Notice.person_id == person_id).order_by(Notice.id)).all()
    assert told[-1] == "card_ready"


def test_who_may_not_receive_now_waits_approved_and_the_desk_says_why(
    database: Database, sign_in: SignIn, app: Flask, people: tuple[int, int]
) -> None:
    person_id, admin = people[0], as_admin(people[1])

    def go(session: Session) -> int:
        made = make_redemption(session, person_id, make_vault_card(session, *CODES).id)
        set_person_rule(session, admin, person_id=person_id, rule=Rule(stance=Stance.NOTHING), country="", reason="Ministry.", now=utcnow())
        approve_redemption(session, admin, redemption_id=made.id, now=utcnow())
        return made.id

    redemption_id = write(database, go)
    with database.reading() as session:
        look = look_of(session, holder_of(redemption_id))
        assert session.get_one(Redemption, redemption_id).state == "approved"
        assert look
        assert not look.is_ready
    ada = sign_in(people[1])
    answer = ada.post("/admin/rewards/desk", data={"act": "send", "item": [str(redemption_id)]})
    assert sentence(MayNotAccept()) in answer.text
    with database.reading() as session:
        assert session.get_one(Redemption, redemption_id).state == "approved"

    def allow(session: Session) -> None:
        set_person_rule(session, admin, person_id=person_id, rule=Rule(stance=Stance.MAY), country="", reason="Another.", now=utcnow())
        send_redemption(session, admin, redemption_id=redemption_id, now=utcnow())

    write(database, allow)
    with database.reading() as session:
        look = look_of(session, holder_of(redemption_id))
        assert look
        assert look.is_ready


def test_the_stock_is_the_vaults_and_where_cards_come_from_stays_while_some_are_on_their_way(database: Database, people: tuple[int, int]) -> None:
    admin, now = as_admin(people[1]), utcnow()

    def go(session: Session) -> list[type[Refusal]]:
        reward = make_vault_card(session, *CODES)
        made = make_redemption(session, people[0], reward.id)
        found: list[type[Refusal]] = []
        for refused in (
            lambda: catalogue.adjust_stock(session, admin, reward_id=reward.id, change=1, now=now),
            lambda: catalogue.count_stock(session, admin, reward_id=reward.id, stock=1, now=now),
            lambda: catalogue.uncount_stock(session, admin, reward_id=reward.id, now=now),
            lambda: catalogue.set_options(session, admin, reward_id=reward.id, given={"source": "hand"}, now=now),
            lambda: catalogue.set_options(session, admin, reward_id=reward.id, given=PROVIDED, now=now),
            lambda: import_codes(session, admin, reward_id=make_reward(session).id, filename="x", key="x", read=listed("Z"), now=now),
        ):
            with pytest.raises(Refusal) as refusal:
                refused()
            found.append(type(refusal.value))
        cancel_redemption(session, acting(people[0]), redemption_id=made.id, now=now)
        catalogue.set_options(session, admin, reward_id=reward.id, given={"source": "hand"}, now=now)
        catalogue.adjust_stock(session, admin, reward_id=reward.id, change=4, now=now)
        catalogue.set_options(session, admin, reward_id=reward.id, given={"source": "vault", "amount": "25", "currency": "USD"}, now=now)
        session.refresh(reward)
        assert reward.stock == 3
        return found

    assert write(database, go) == [StockIsVault] * 3 + [SourceFixed, ProviderMissing, NotFromVault]


PROVIDED = {"source": "provider", "product": "P", "amount": "25", "currency": "EUR"}


def test_admins_hear_once_when_codes_run_low_and_the_desk_says_so(app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]) -> None:
    def go(session: Session) -> int:
        reward_id = make_vault_card(session, *CODES, low_at=1, name="Cinema card").id
        for _ in range(3):
            make_redemption(session, people[0], reward_id)
        return reward_id

    reward_id = write(database, go)
    with database.reading() as session:
        notices = session.scalars(select(Notice).where(Notice.kind == "codes_low")).all()
    assert [(notice.person_id, notice.data["left"]) for notice in notices] == [(people[1], 1)]
    desk = sign_in(people[1]).get("/admin/rewards/desk").text
    assert "No code left" in desk
    assert f"/admin/rewards/{reward_id}/codes" in desk


def test_pages_of_codes_ask_as_much_of_the_database_for_ten_as_for_three_hundred(
    app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int], count_queries: CountQueries
) -> None:
    reward_id = write(database, lambda s: make_vault_card(s, *(f"few {n}" for n in range(10))).id)
    ada, totals = sign_in(people[1]), []
    addresses = (f"/admin/rewards/{reward_id}/codes", "/admin/rewards/codes", "/admin/rewards/desk", "/admin/rewards/codes/imports/1")
    for address in addresses:
        ada.get(address)
    for more in (0, 300):
        if more:
            write(database, lambda s: [add_codes(s, reward_id, *(f"{batch} {n}" for n in range(50))) for batch in range(6)])
            write(database, lambda s: [make_vault_card(s, f"own {n}").id for n in range(12)])
        for address in addresses:
            with count_queries() as counted:
                assert ada.get(address).status_code == 200
            totals.append(counted.total)
    assert totals[:4] == totals[4:]


def test_a_member_who_lost_a_code_asks_once_and_an_admin_may_not_allow_themselves(database: Database, people: tuple[int, int]) -> None:
    _, redemption_id = ready(database, *people)
    me, now = acting(people[0]), utcnow()

    def go(session: Session) -> None:
        with pytest.raises(NoCodeYet):
            ask_for_code(session, me, redemption_id=redemption_id, now=now)
        reveal_code(session, me, redemption_id=redemption_id, key="k", now=now)
        for minutes in (0, 1):
            ask_for_code(session, me, redemption_id=redemption_id, now=now + timedelta(minutes=minutes))
        with pytest.raises(ShownAlready):
            reveal_code(session, me, redemption_id=redemption_id, key="other", now=now)
        with pytest.raises(Refusal):
            allow_code(session, as_admin(people[0]), redemption_id=redemption_id, reason="Mine", now=now)
        assert len(session.scalars(select(Notice).where(Notice.kind == "code_asked")).all()) == 1

    write(database, go)


def test_an_import_of_a_draft_can_be_thrown_away_before_it_is_confirmed(database: Database, people: tuple[int, int]) -> None:
    admin, now = as_admin(people[1]), utcnow()

    def go(session: Session) -> None:
        reward = make_vault_card(session)
        batch = import_codes(session, admin, reward_id=reward.id, filename="x.csv", key="k", read=listed("A", "B"), now=now)
        assert remove_codes(session, admin, reward_id=reward.id, batch_id=batch.id, now=now) == 2
        with pytest.raises(Refusal):
            confirm_codes(session, admin, reward_id=reward.id, batch_id=batch.id, now=now)
        session.refresh(reward)
        assert reward.stock == 0
        assert [low.name for low, _ in running_low(session, utcnow()).low] == [reward.name]

    write(database, go)


@pytest.mark.breaks_the_books(reason="rows are changed behind the actions' back")
@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE reward SET stock = stock + 1 WHERE kind = 'gift_card'", "I12"),
        ("UPDATE reward SET stock = NULL WHERE kind = 'gift_card'", "I12"),
        ("UPDATE vault_code SET state = 'ready' WHERE state = 'taken'", "I12"),
        ("UPDATE vault_code SET holder = 'redemption:999' WHERE state = 'taken'", "I12"),
        (
            "INSERT INTO card_order (id, redemption_id, turn, order_id, product, amount_cents, currency, state, why, reference, tries, noted_at) "
            "SELECT 9, id, 1, 'x', 'p', 1, 'EUR', 'noted', '', '', 0, requested_at FROM redemption",
            "I8",
        ),
    ],
)
def test_books_of_codes_that_are_wrong_are_named(database: Database, people: tuple[int, int], damage: str, named: str) -> None:
    write(database, lambda s: make_redemption(s, people[0], make_vault_card(s, *CODES).id))
    with database.reading() as session:
        assert problems(session) == []
    database.write(lambda s: s.execute(text(damage)))
    with database.reading() as session:
        assert {problem.rule for problem in problems(session)} == {named}


@pytest.mark.parametrize("change", ["password", "address"])
def test_a_day_after_a_change_of_password_or_address_no_code_is_shown(
    app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int], change: str
) -> None:
    """Who takes over a mailbox resets the password, and would read every code that is ready."""
    _, redemption_id = ready(database, *people)
    amara, address, now = sign_in(people[0]), f"/rewards/codes/{redemption_id}", utcnow()
    name, data = (PASSWORD_CHANGED, {}) if change == "password" else (EDITED, {"fields": ["email"]})
    database.write(lambda s: audit.record(s, acting(people[0]), name, "person", people[0], now=now, **data))
    assert "can be looked at from" in amara.get(address).text
    answer = amara.post(address, data={"key": "one", "current": PASSWORD})
    assert (answer.status_code, "can be looked at from" in answer.text, "CANARY" in answer.text) == (409, True, False)
    look = {"redemption_id": redemption_id, "key": "two"}
    with pytest.raises(CodeRests):
        write(database, lambda s: reveal_code(s, acting(people[0]), **look, now=now + timedelta(hours=23)))
    card, _ = write(database, lambda s: reveal_code(s, acting(people[0]), **look, now=now + timedelta(hours=25)))
    assert card.code == "CANARY-1"


def test_no_connection_is_held_while_the_password_is_looked_at(
    app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, redemption_id = ready(database, *people)
    held: list[bool] = []

    def asked(password: str) -> None:
        held.append(g.get("db") is not None)
        require_own_password(password)

    monkeypatch.setattr("portal.rewards.code_views.require_own_password", asked)
    assert sign_in(people[0]).post(f"/rewards/codes/{redemption_id}", data={"key": "one", "current": PASSWORD}).status_code == 200
    assert held == [False]


def test_an_amount_that_is_none_is_refused_beside_its_field(
    app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int], subtests: pytest.Subtests
) -> None:
    reward_id = write(database, lambda s: make_draft(s, kind="gift_card").id)
    client = sign_in(people[1])
    for amount in ["1E999999", "sNaN", "NaN", "25,00", "1_0", "\u0662\u0665", "-1", "0", "1.234", "99999999"]:
        with subtests.test(amount):
            said = {"option_source": "vault", "option_amount": amount, "option_currency": "USD"}
            answer = client.post(f"/admin/rewards/{reward_id}/details", data=said)
            assert (answer.status_code, "Please write the amount as a number" in answer.text) == (422, True)


def test_the_amount_of_a_card_is_its_value_and_a_card_without_a_value_is_not_offered(database: Database, people: tuple[int, int]) -> None:
    admin, now = as_admin(people[1]), utcnow()

    def go(session: Session) -> list[Any]:
        reward = make_draft(session, kind="gift_card", price=100)
        its = {"reward_id": reward.id, "now": now}
        catalogue.set_options(session, admin, given={"source": "vault"}, **its)
        with pytest.raises(CardValueMissing):
            catalogue.publish_reward(session, admin, **its)
        catalogue.set_options(session, admin, given={"source": "vault", "amount": "500", "currency": "USD"}, **its)
        found: list[Any] = [cents_of(session, reward)]
        with pytest.raises(ValueIsAmount):
            set_value(session, admin, cents=300, **its)
        catalogue.publish_reward(session, admin, **its)
        with pytest.raises(CardValueMissing):
            catalogue.set_options(session, admin, given={"source": "vault", "amount": "500", "currency": "EUR"}, **its)
        session.refresh(reward)
        catalogue.retire_reward(session, admin, **its)
        catalogue.set_options(session, admin, given={"source": "vault", "amount": "500", "currency": "EUR"}, **its)
        set_value(session, admin, cents=54_000, **its)
        catalogue.publish_reward(session, admin, **its)
        with pytest.raises(CardValueMissing):
            set_value(session, admin, cents=None, **its)
        return [*found, cents_of(session, reward)]

    assert write(database, go) == [50_000, 54_000]


def test_admins_hear_of_codes_that_were_few_from_the_beginning_and_again_after_there_were_enough(database: Database, people: tuple[int, int]) -> None:
    def told(session: Session) -> int:
        return len(session.scalars(select(Notice).where(Notice.kind == "codes_low")).all())

    def go(session: Session) -> list[int]:
        reward_id = make_vault_card(session, *CODES, low_at=5).id
        found = [told(session)]
        for _ in range(3):
            make_redemption(session, people[0], reward_id)
            found.append(told(session))
        batch_id = add_codes(session, reward_id, *(f"more {n}" for n in range(6)), by=as_admin(people[1]))
        found.append(told(session))
        assert batch_id
        remove_codes(session, as_admin(people[1]), reward_id=reward_id, batch_id=batch_id, now=utcnow() + timedelta(seconds=1))
        return [*found, told(session)]

    assert write(database, go) == [0, 1, 1, 1, 1, 2]


@pytest.mark.parametrize("now_from", ["vault", "provider"])
def test_where_cards_come_from_may_change_while_somebody_redeems(database: Database, people: tuple[int, int], now_from: str) -> None:
    database.inform_sessions(has_card_provider=True)
    admin, now = as_admin(people[1]), utcnow()
    start = "hand" if now_from == "vault" else "vault"

    def switch(session: Session, source: str, reward_id: int) -> None:
        catalogue.set_options(with_keys(session), admin, reward_id=reward_id, given=PROVIDED | {"currency": "USD", "source": source}, now=now)

    def made(session: Session) -> int:
        reward_id = make_vault_card(session, *CODES).id
        switch(session, start, reward_id)
        return reward_id

    reward_id = write(database, made)
    _, found = one_during_another(
        database,
        lambda s: switch(s, now_from, reward_id),
        lambda: write(database, lambda s: make_redemption(s, people[0], reward_id).id),
    )
    with database.reading() as session:
        if isinstance(found, int):
            look = look_of(session, holder_of(found))
            assert (look is not None) == (now_from == "vault")
        assert problems(session) == []


def test_a_code_whose_import_is_taken_out_while_it_comes_back_is_on_no_shelf(database: Database, people: tuple[int, int]) -> None:
    admin, now = as_admin(people[1]), utcnow()

    def made(session: Session) -> tuple[int, int, int]:
        reward = make_vault_card(session)
        batch_id = add_codes(session, reward.id, *CODES)
        assert batch_id
        return reward.id, make_redemption(session, people[0], reward.id).id, batch_id

    reward_id, redemption_id, batch_id = write(database, made)
    one_during_another(
        database,
        lambda s: decline_redemption(with_keys(s), admin, redemption_id=redemption_id, reason="No", now=now),
        lambda: write(database, lambda s: remove_codes(s, admin, reward_id=reward_id, batch_id=batch_id, now=now)),
    )
    assert stock(database, reward_id) == (0, 0)
    with database.reading() as session:
        assert problems(session) == []


def test_the_second_of_two_admins_who_change_the_details_is_told_and_loses_nothing(
    app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]
) -> None:
    reward_id = write(database, lambda s: make_vault_card(s).id)
    ada, page = sign_in(people[1]), f"/admin/rewards/{reward_id}"
    shown = fields_of(ada.get(page).text, having="option_amount")
    first, second = shown | {"option_amount": ["50"]}, shown | {"option_low_at": ["9"]}
    assert [ada.post(f"{page}/details", data=first).status_code for _ in range(2)] == [303, 303]
    refused = ada.post(f"{page}/details", data=second)
    assert refused.status_code == 409
    again = fields_of(refused.text, having="option_amount")
    assert (again["option_low_at"], ada.post(f"{page}/details", data=again | {"option_amount": ["50"]}).status_code) == (["9"], 303)
    with database.reading() as session:
        options = session.get_one(Reward, reward_id).options
    assert (options["amount"], options["low_at"]) == ("50", "9")


def test_the_page_of_a_card_says_that_its_amount_is_its_value(app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]) -> None:
    reward_id = write(database, lambda s: make_vault_card(s).id)
    page = sign_in(people[1]).get(f"/admin/rewards/{reward_id}").text
    assert "which is the amount of the card" in page
    assert "Save the value" not in page


def test_nobody_who_keeps_no_codes_gets_a_key(app: Flask, database: Database, sign_in: SignIn, people: tuple[int, int]) -> None:
    asked: list[int] = []

    def read() -> tuple[str, ...]:
        asked.append(1)
        return (KEY,)

    app.extensions["database"].inform_sessions(vault_keys=Keys(read))
    assert sign_in(people[1]).get("/admin/rewards/desk").status_code == 200
    assert asked == []
