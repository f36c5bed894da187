"""The statement: each line with what, why, who and the balance after it; corrections by hand."""

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.bank.actions.adjusting import adjust_points
from portal.bank.queries.statement import debts_of
from portal.bank.rules.adjusting import NothingToChange, OwnBalance, ReasonNeeded, TooMuch
from portal.bank.rules.statement import LINE_NAMES, MOST_MONTHS, RETURNED, dotted, line_name, months_between
from portal.kernel.actor import Actor
from portal.kernel.clock import start_of_day, utcnow
from portal.kernel.db import Database, programme_zone
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import Balance, balance_of
from portal.ledger.rules import TransferKind
from portal.notifications.models import Notice
from portal.recognition.queries.board import find_own
from portal.rewards.actions.fulfilling import return_redemption, send_redemption
from portal.rewards.actions.redeeming import cancel_redemption
from portal.rewards.actions.review import approve_redemption
from tests.factories.people import make_admin, make_contact, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin, make_redemption, make_reward
from tests.rewards.racing import all_at_once
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

JULY = datetime(2026, 7, 14, 12, tzinfo=UTC)
HANDED_OVER = datetime(2026, 11, 3, 23, 30, tzinfo=UTC)


class Account:
    """Amara with a year of lines: earned, redeemed and returned, corrected."""

    def __init__(self, session: Session) -> None:
        self.person_id, self.admin_id = make_person(session, name="Amara Okafor").id, make_admin(session, name="Ada Admin").id
        admin, now = as_admin(self.admin_id), utcnow()
        give_points(session, self.person_id, 500, at=JULY)
        self.redemption_id = make_redemption(session, self.person_id, make_reward(session, name="Café visit", price=200).id).id
        approve_redemption(session, admin, redemption_id=self.redemption_id, now=now)
        send_redemption(session, admin, redemption_id=self.redemption_id, now=HANDED_OVER)
        return_redemption(session, admin, redemption_id=self.redemption_id, reason="Closed that day", now=now)
        adjust_points(
            session, admin, person_id=self.person_id, points=-30, counts_as_earned=False, category="error", reason="Counted twice", key="a", now=now
        )


@pytest.fixture
def account(database: Database) -> Account:
    return database.write(Account)


@pytest.fixture
def amara(account: Account, sign_in: SignIn) -> PortalClient:
    return sign_in(account.person_id)


def lines(client: PortalClient, address: str) -> list[list[str]]:
    found = client.get(address + ("&" if "?" in address else "?") + "format=csv").text
    return [row[2:] for row in csv.reader(io.StringIO(found.removeprefix("\ufeff")))][1:]


EXPECTED = [
    ["Corrected by hand", "", "", "-30", "470", "Counted twice", "Ada Admin", "Error in our records"],
    ["Returned", "Café visit", "", "200", "500", "", "Ada Admin", ""],
    ["Sent on 4 Nov 2026", "Café visit", "", "-200", "300", "", "Ada Admin", ""],
    ["Earned", "", "", "500", "500", "", "the portal", ""],
]


def test_lines_tell_what_why_who_and_the_balance_after(amara: PortalClient, subtests: pytest.Subtests) -> None:
    for query, places in [
        ("", [0, 1, 2, 3]),
        ("?kind=adjust", [0]),
        ("?category=error", [0]),
        ("?category=goodwill", []),
        ("?kind=hold", [2]),
        ("?q=cafe", [1, 2]),
        ("?q=counted+twice", [0]),
        ("?q=nothing", []),
        ("?until=2026-07-14", [3]),
        ("?since=2026-07-15", [0, 1, 2]),
        ("?since=2026-07-14&until=2026-07-14", [3]),
    ]:
        with subtests.test(query):
            assert lines(amara, f"/statement{query}") == [EXPECTED[place] for place in places]


def test_days_that_are_the_wrong_way_round_are_told_beside_their_field(amara: PortalClient) -> None:
    page = amara.get("/statement?since=2026-07-15&until=2026-07-14").text
    assert "This day lies before “From”." in page
    assert 'aria-describedby="until-error"' in page
    assert 'value="2026-07-14"' in page, "what was typed stays"
    assert "Nothing matches" not in page


def test_the_page_links_lines_to_what_they_came_from(amara: PortalClient, account: Account, sign_in: SignIn) -> None:
    page = amara.get("/statement").text
    assert 'href="/rewards/redemptions/1">Café visit</a>' in page
    assert "You can spend 470 points." in page
    assert "Sent on 4 Nov 2026" in page, "late in the evening here, past midnight where Amara reads it"
    admin = sign_in(account.admin_id).get(f"/admin/statement/{account.person_id}").text
    assert f'href="/admin/rewards/redemptions/{account.redemption_id}">Café visit</a>' in admin
    assert "by Ada Admin" in admin


def test_only_admins_read_others_statements(amara: PortalClient, account: Account, sign_in: SignIn) -> None:
    assert amara.get(f"/admin/statement/{account.admin_id}").status_code == 403
    assert sign_in(account.admin_id).get("/admin/statement/99999").status_code == 404


def test_what_cannot_be_taken_is_owed_and_shown(amara: PortalClient, account: Account, sign_in: SignIn) -> None:
    form = {"key": "k", "points": "-500", "reason": "The award was a mistake", "counts_as_earned": "y", "agreed": "30", "category": "error"}
    answer = sign_in(account.admin_id).post(f"/admin/statement/{account.person_id}", data=form)
    assert answer.status_code == 303
    page = amara.get("/statement").text
    assert "You can spend 0 points. 30 are owed and are paid first by what you earn next." in page
    assert lines(amara, "/statement?kind=adjust")[0][3:5] == ["-500", "-30"]
    assert "You owe 30 points" in page
    assert "What it came from" in page
    assert "You owe 30 points. What you earn next pays them first." in amara.get("/rewards").text
    assert "/statement#owed" in amara.get("/").text


def test_what_is_owed_is_paid_first_and_its_panel_names_only_the_debt_that_stands(session: Session, account: Account) -> None:
    def take(points: int, reason: str) -> None:
        given = {"person_id": account.person_id, "points": -points, "counts_as_earned": False, "category": "error", "reason": reason}
        adjust_points(session, as_admin(account.admin_id), **given, key=reason, now=utcnow())

    def debts() -> list[tuple[int, str]]:
        return [(line.points, line.note) for line in debts_of(session, account.person_id, balance_of(session, account.person_id).owed, {})]

    take(500, "A mistake")
    assert (balance_of(session, account.person_id).owed, debts()) == (30, [(-500, "A mistake")])
    give_points(session, account.person_id, 20)
    assert (balance_of(session, account.person_id).available, balance_of(session, account.person_id).owed) == (0, 10)
    assert debts() == [(-500, "A mistake")]
    give_points(session, account.person_id, 25)
    assert (balance_of(session, account.person_id).available, balance_of(session, account.person_id).owed, debts()) == (15, 0, [])
    take(40, "Another")
    assert (balance_of(session, account.person_id).owed, debts()) == (25, [(-40, "Another")])


@pytest.mark.parametrize(("counts", "lifetime", "on_board"), [(True, 150, 150), (False, 100, 100)])
def test_a_correction_is_audited_told_and_counts_only_if_it_should(session: Session, counts: bool, lifetime: int, on_board: int) -> None:
    person_id, admin_id = make_person(session).id, make_admin(session).id
    give_points(session, person_id, 100)
    for _ in range(2):
        facts = {"points": 50, "counts_as_earned": counts, "category": "event", "reason": " Forgotten call ", "key": "k"}
        adjust_points(session, as_admin(admin_id), person_id=person_id, now=utcnow(), **facts)
    assert balance_of(session, person_id) == Balance(150, 0, 0, lifetime)
    assert find_own(session, "all", person_id).points == on_board
    audited = session.scalars(select(AuditEvent).where(AuditEvent.name == "points.adjusted")).one()
    assert (audited.subject_id, audited.actor_id, audited.data["reason"]) == (person_id, admin_id, "Forgotten call")
    assert session.scalars(select(Notice.kind).where(Notice.person_id == person_id)).all() == ["points_adjusted"]


@pytest.mark.parametrize(
    ("points", "reason", "refusal"), [(0, "x", NothingToChange), (5, "  ", ReasonNeeded), (10**10, "x", TooMuch), (-(10**10), "x", TooMuch)]
)
def test_a_correction_that_makes_no_sense_is_refused(session: Session, points: int, reason: str, refusal: type) -> None:
    person_id, admin_id = make_contact(session).id, make_admin(session).id
    with pytest.raises(refusal):
        adjust_points(
            session,
            as_admin(admin_id),
            person_id=person_id,
            points=points,
            counts_as_earned=False,
            category="other",
            reason=reason,
            key="k",
            now=utcnow(),
        )


def test_nobody_corrects_their_own_points_and_only_admins_correct(session: Session) -> None:
    admin_id, other_id = make_admin(session).id, make_contact(session).id
    facts = {"points": 5, "counts_as_earned": True, "category": "other", "reason": "x", "key": "k", "now": utcnow()}
    with pytest.raises(OwnBalance):
        adjust_points(session, as_admin(admin_id), person_id=admin_id, **facts)
    with pytest.raises(NotAllowed):
        adjust_points(session, acting(admin_id), person_id=other_id, **facts)


def test_a_form_that_is_refused_keeps_what_was_typed(account: Account, sign_in: SignIn) -> None:
    client = sign_in(account.admin_id)
    answer = client.post(f"/admin/statement/{account.person_id}", data={"key": "k", "points": "7", "reason": " ", "category": "other"})
    assert answer.status_code == 422
    assert "Please give a reason." in answer.text
    assert 'value="7"' in answer.text
    assert client.post(f"/admin/statement/{account.person_id}", data={"key": "k", "points": "lots", "reason": "x"}).status_code == 422
    assert "Another admin can correct them" in client.get(f"/admin/statement/{account.admin_id}").text


def test_the_same_correction_sent_eight_times_is_one(database: Database) -> None:
    person_id, admin_id = database.write(lambda s: (make_contact(s).id, make_admin(s).id))
    facts = {"person_id": person_id, "points": 40, "counts_as_earned": True, "category": "other", "reason": "x", "key": "one form", "now": utcnow()}
    counted = all_at_once(database, [lambda s: adjust_points(s, as_admin(admin_id), **facts)] * 8)
    assert counted == {"done": 8}
    with database.reading() as session:
        assert balance_of(session, person_id).available == 40
        assert find_own(session, "all", person_id).points == 40
        assert session.scalar(select(func.count()).select_from(AuditEvent).where(AuditEvent.name == "points.adjusted")) == 1


def test_the_statement_costs_the_same_with_ten_and_with_three_hundred_lines(
    database: Database, amara: PortalClient, account: Account, count_queries: CountQueries
) -> None:
    reward_id = database.write(lambda s: make_reward(s, price=1).id)
    totals = []
    for size in (10, 290):
        moments = [JULY + timedelta(minutes=n) for n in range(size)]
        database.write(lambda s, moments=moments: [give_points(s, account.person_id, 1, at=moment) for moment in moments])
        database.write(lambda s: make_redemption(s, account.person_id, reward_id))
        with count_queries() as counted:
            assert amara.get("/statement").status_code == 200
        totals.append(counted.total)
    assert totals[0] == totals[1]


def test_a_line_of_a_reward_tells_how_it_stands(account: Account, sign_in: SignIn, database: Database) -> None:
    """Until something happened it is held; afterwards the line says what."""
    admin, moment = as_admin(account.admin_id), datetime(2026, 11, 9, 12, tzinfo=UTC)
    client = sign_in(account.person_id)
    redemption_id = database.write(lambda s: make_redemption(s, account.person_id, make_reward(s, name="Mug", price=10).id).id)
    facts = {"redemption_id": redemption_id, "now": moment}

    def told(verb: Callable[..., object], actor: Actor, **more: str) -> list[str]:
        database.write(lambda s: verb(s, actor, **facts, **more))
        return [line[0] for line in lines(client, "/statement?q=mug")]

    assert [line[0] for line in lines(client, "/statement?q=mug")] == ["Held, waiting for approval"]
    assert told(approve_redemption, admin) == ["Held, approved on 9 Nov 2026"]
    assert [line[6] for line in lines(client, "/statement?q=mug")] == ["Ada Admin"]
    assert "by Ada Admin" in client.get("/statement?q=mug").text
    assert told(cancel_redemption, acting(account.person_id)) == ["Given back", "Held until it was cancelled on 9 Nov 2026"]
    assert [line[6] for line in lines(client, "/statement?q=mug")] == ["Amara Okafor"] * 2


@pytest.mark.parametrize("kind", [kind for kind in TransferKind if kind is not TransferKind.CAPTURE])
def test_every_kind_of_line_has_a_name(kind: TransferKind) -> None:
    assert line_name(kind, -1) == LINE_NAMES[kind]
    assert line_name(TransferKind.REVERSE, 5) == RETURNED


def test_a_correction_into_debt_is_asked_with_its_result_and_made_on_the_second_click(database: Database, account: Account, sign_in: SignIn) -> None:
    client, address = sign_in(account.admin_id), f"/admin/statement/{account.person_id}"
    form = {"key": "k", "points": "-1470", "reason": "Paid by mistake", "category": "error"}
    with database.reading() as session:
        before = balance_of(session, account.person_id)
    asked = client.post(address, data=form)
    assert (asked.status_code, before.available) == (422, 470)
    assert "470 → 0, 1,000 owed" in asked.text
    assert 'name="agreed" value="1000"' in asked.text
    with database.reading() as session:
        assert balance_of(session, account.person_id) == before
    assert "1,530 owed" in client.post(address, data=form | {"points": "-2000", "agreed": "1000"}).text
    assert client.post(address, data=form | {"agreed": "1000"}).status_code == 303
    with database.reading() as session:
        after = balance_of(session, account.person_id)
    assert (after.available, after.owed) == (0, 1000)
    assert client.post(address, data={"key": "l", "points": "200", "reason": "Half of it", "category": "goodwill"}).status_code == 303


def test_a_month_holds_for_page_search_and_files_alike_and_with_days_within_it(amara: PortalClient) -> None:
    page = amara.get("/statement?month=2026-07").text
    assert '<option selected value="2026-07">July 2026</option>' in page
    assert "Earned" in page
    assert "Counted twice" not in page
    assert lines(amara, "/statement?month=2026-07") == [EXPECTED[3]]
    assert lines(amara, "/statement?month=2026-07&since=2026-07-15") == []
    assert lines(amara, "/statement?month=2026-07&q=cafe") == []
    assert lines(amara, "/statement?month=1812-02") == EXPECTED, "a month that is not offered is none"
    assert "Counted twice" in amara.get("/statement?month=1812-02").text
    for kind in ("xlsx", "pdf"):
        assert len(amara.get(f"/statement?month=2026-07&format={kind}").data) < len(amara.get(f"/statement?format={kind}").data)


def test_a_month_and_a_day_end_when_the_programme_ends_them(amara: PortalClient, account: Account, database: Database) -> None:
    """A line of half an hour before midnight and one of half an hour after are of two days, and of two months."""
    with database.reading() as session:
        first = start_of_day(date(2026, 8, 1), programme_zone(session))
    assert first.astimezone(UTC).date() == date(2026, 7, 31), "else the zone would not matter"
    half = timedelta(minutes=30)
    database.write(lambda s: [give_points(s, account.person_id, points, at=at) for points, at in ((31, first - half), (1, first + half))])
    july, august = (["31"], ["1"])

    def points(query: str) -> list[str]:
        return [line[3] for line in lines(amara, f"/statement?{query}") if line[3] in ("31", "1")]

    assert (points("month=2026-07"), points("month=2026-08")) == (july, august)
    assert (points("until=2026-07-31"), points("since=2026-08-01")) == (july, august)
    assert (points("since=2026-07-31&until=2026-07-31"), points("since=2026-08-01&until=2026-08-01")) == (july, august)
    for query, amount in (("month=2026-07", "+31"), ("since=2026-08-01&until=2026-08-01", "+1")):
        shown = {sign for sign in ("+31", "+1") if re.search(rf">\s*{re.escape(sign)}\s*<", amara.get(f"/statement?{query}").text)}
        assert shown == {amount}


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 11, 3), date(2026, 11, 30), ["2026-11"]),
        (date(2025, 12, 31), date(2026, 2, 1), ["2026-02", "2026-01", "2025-12"]),
        (date(2027, 1, 1), date(2026, 12, 1), []),
    ],
)
def test_months_are_offered_from_the_first_points_on(first: date, last: date, months: list[str]) -> None:
    assert [f"{month:%Y-%m}" for month in months_between(first, last)] == months
    assert len(months_between(date(1990, 1, 1), last)) == MOST_MONTHS


def test_months_begin_with_the_first_line_even_where_it_took_what_was_never_there(account: Account, sign_in: SignIn, database: Database) -> None:
    def taken(session: Session, at: datetime) -> int:
        person_id = make_person(session).id
        given: dict[str, Any] = {"counts_as_earned": False, "category": "misuse", "reason": "Never earned", "key": f"taken:{at}"}
        adjust_points(session, as_admin(account.admin_id), person_id=person_id, points=-50, **given, counts_from=at, now=utcnow())
        return person_id

    page = sign_in(database.write(lambda s: taken(s, datetime(2026, 3, 5, tzinfo=UTC)))).get("/statement?month=2026-03").text
    assert '<option selected value="2026-03">March 2026</option>' in page
    assert "Never earned" in page
    assert "2026-02" not in page
    assert "Older ones" not in page
    old = sign_in(database.write(lambda s: taken(s, datetime(2005, 3, 5, tzinfo=UTC)))).get("/statement").text
    assert '<option disabled value="">Older ones: by From and Until</option>' in old


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (["Thanks.", "version 2"], "Thanks · version 2"),
        (["", "Thanks."], "Thanks."),
        (["And so on...", "Thanks.", "by Ada"], "And so on... · Thanks · by Ada"),
        ([], ""),
    ],
)
def test_a_note_that_ends_with_a_full_stop_is_joined_without_it(parts: list[str], said: str) -> None:
    assert " · ".join(dotted(parts)) == said


def test_a_reward_that_a_rule_approved_names_it_and_leads_admins_there(account: Account, sign_in: SignIn, database: Database) -> None:
    def approved(session: Session) -> None:
        made = make_redemption(session, account.person_id, make_reward(session, name="Mug", price=10).id)
        made.state, made.approved_at = "approved", utcnow()

    database.write(approved)
    mine = sign_in(account.person_id)
    assert lines(mine, "/statement?q=mug")[0][6] == "the rule for small rewards"
    assert "by the rule for small rewards" in mine.get("/statement?q=mug").text
    admin = sign_in(account.admin_id).get(f"/admin/statement/{account.person_id}?q=mug").text
    assert 'by <a class="link" href="/admin/rewards/terms">the rule for small rewards</a>' in admin
