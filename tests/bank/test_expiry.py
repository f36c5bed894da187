"""Terms on which points expire or wait, the jobs that keep them, and what members and admins read of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.audit.models import AuditEvent
from portal.bank.actions.terms import set_terms, tell_of_expiry
from portal.bank.jobs import expiry as jobs
from portal.bank.rules.terms import DaysOutOfRange, InThePast, MonthsNeeded, require_terms
from portal.kernel.actor import ADVOCATE
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.lots import PolicyKind
from portal.ledger.models import lapse_notice, lot, pending, transfer
from portal.ledger.queries.balances import Balance, balance_of
from portal.ledger.queries.lots import DayOfPoints, lapsing, waiting
from portal.ledger.queries.policies import policy_at
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.rules import MAIL_TOPIC
from portal.recognition.actions.scores import adjust, reverse
from tests.factories.people import make_admin, make_contact, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import acting, as_admin
from tests.support.application import SignIn
from tests.support.counting import CountQueries

TODAY = date(2026, 7, 6)
AT = datetime(2026, 7, 6, 12, tzinfo=UTC)
FIXED, IDLE, NONE = PolicyKind.FIXED, PolicyKind.INACTIVITY, PolicyKind.NONE


@pytest.mark.parametrize(
    ("kind", "months", "days", "from_on", "refusal"),
    [
        (FIXED, None, 0, None, MonthsNeeded),
        (IDLE, 0, 0, None, MonthsNeeded),
        (FIXED, 121, 0, None, MonthsNeeded),
        (NONE, None, -1, None, DaysOutOfRange),
        (NONE, None, 366, None, DaysOutOfRange),
        (FIXED, 12, 0, TODAY - timedelta(days=1), InThePast),
    ],
)
def test_terms_that_cannot_be_are_refused(kind: PolicyKind, months: int | None, days: int, from_on: date | None, refusal: type) -> None:
    with pytest.raises(refusal):
        require_terms(kind, months, days, from_on, TODAY)


def test_terms_that_never_expire_points_have_no_months() -> None:
    assert require_terms(NONE, 12, 0, None, TODAY) is None
    assert require_terms(FIXED, 12, 365, TODAY, TODAY) == 12


def terms(session: Session, at: datetime = AT - timedelta(days=1), *, kind: PolicyKind = FIXED, months: int | None = 1, **more: Any) -> bool:
    return set_terms(session, as_admin(1), **({"kind": kind, "months": months, "pending_days": 0, "now": at} | more))


def test_terms_change_the_future_and_are_audited_once(session: Session) -> None:
    admin_id = make_admin(session).id
    admin = as_admin(admin_id)
    facts: dict[str, Any] = {"kind": FIXED, "months": 12, "pending_days": 3}
    with pytest.raises(NotAllowed):
        set_terms(session, acting(admin_id, ADVOCATE), **facts, now=AT)
    assert set_terms(session, admin, **facts, from_on=date(2026, 8, 1), now=AT)
    assert not set_terms(session, admin, **facts, from_on=date(2026, 8, 1), now=AT)
    assert policy_at(session, AT).kind is NONE
    assert policy_at(session, datetime(2026, 7, 31, 21, 59, tzinfo=UTC)).kind is NONE
    assert policy_at(session, datetime(2026, 7, 31, 22, tzinfo=UTC)).months == 12, "August begins in Berlin"
    # The last word stands: what was to come is replaced.
    assert set_terms(session, admin, kind=IDLE, months=6, pending_days=0, now=AT)
    assert policy_at(session, datetime(2026, 9, 1, tzinfo=UTC)).kind is IDLE
    events = session.scalars(select(AuditEvent).where(AuditEvent.name == "points.terms_changed").order_by(AuditEvent.id)).all()
    assert [event.data["after"]["kind"] for event in events] == ["fixed", "inactivity"]
    assert events[0].data["before"] == {"kind": "none", "months": None, "pending_days": 0}


def test_terms_to_come_can_be_put_off_brought_forward_and_called_off(session: Session) -> None:
    admin = as_admin(make_admin(session).id)
    first, second, before = date(2027, 1, 1), date(2027, 2, 1), date(2026, 12, 1)

    def begin(on: date | None, now: datetime = AT, **other: Any) -> bool:
        return set_terms(session, admin, **({"kind": FIXED, "months": 12, "pending_days": 0} | other), from_on=on, now=now)

    def stands(on: date) -> PolicyKind:
        return policy_at(session, datetime(on.year, on.month, on.day, 12, tzinfo=UTC)).kind

    assert begin(first)
    assert begin(second, AT + timedelta(hours=1))
    assert [stands(day) for day in (first, second)] == [NONE, FIXED]
    assert begin(before, AT + timedelta(hours=2))
    assert [stands(day) for day in (date(2026, 11, 30), before, second)] == [NONE, FIXED, FIXED]
    assert begin(None, AT + timedelta(hours=3), kind=NONE, months=None)
    assert [stands(day) for day in (before, first, second)] == [NONE, NONE, NONE]
    assert not begin(first, AT + timedelta(hours=4), kind=NONE, months=None), "they stand already"


def earn(session: Session, person_id: int, points: int, at: datetime) -> None:
    give_points(session, person_id, points, at=at, now=at)


def test_what_has_expired_is_posted_once_however_often_the_job_runs(database: Database) -> None:
    def prepare(session: Session) -> list[int]:
        terms(session)
        people = [make_person(session).id for _ in range(3)]
        for person_id in people[:2]:
            earn(session, person_id, 50, AT)
        earn(session, people[2], 50, AT + timedelta(days=40))
        return people

    people = database.write(prepare)
    last = datetime(2026, 8, 31, 21, 59, tzinfo=UTC)
    assert jobs.expire_points(database, last) == 0, "the last minute of the day in Berlin"
    assert jobs.expire_points(database, last + timedelta(minutes=1)) == 2
    assert jobs.expire_points(database, last + timedelta(minutes=1)) == 0
    with database.reading() as session:
        assert [balance_of(session, person_id).available for person_id in people] == [0, 0, 50]
        keys = session.scalars(select(transfer.c.key).where(transfer.c.kind == "expire").order_by(transfer.c.id)).all()
        ids = session.scalars(select(lot.c.id).where(lot.c.expired > 0).order_by(lot.c.id)).all()
    assert keys == [f"expire:{number}:1" for number in ids]


def test_owners_are_told_thirty_and_seven_days_before_once_each(database: Database) -> None:
    def prepare(session: Session) -> int:
        terms(session)
        person_id = make_person(session, email="amara@example.com").id
        earn(session, person_id, 50, AT)
        return person_id

    person_id = database.write(prepare)
    last = datetime(2026, 8, 31, 12, tzinfo=UTC)
    told = [jobs.tell_of_expiring_points(database, last - timedelta(days=days)) for days in (31, 30, 30, 20, 8, 7, 7, 0)]
    assert told == [0, 1, 0, 0, 0, 1, 0, 0]
    # More that expires the same day is not told again.
    database.write(lambda session: earn(session, person_id, 5, AT + timedelta(days=2)))
    assert jobs.tell_of_expiring_points(database, last) == 0
    with database.reading() as session:
        notices = session.scalars(select(Notice).where(Notice.person_id == person_id, Notice.kind == "points_expiring").order_by(Notice.id)).all()
        mails = session.scalar(select(func.count()).select_from(OutboxJob).where(OutboxJob.topic == MAIL_TOPIC))
        steps = session.execute(select(lapse_notice.c.step, lapse_notice.c.points).order_by(lapse_notice.c.told_at)).all()
    assert [notice.data for notice in notices] == [{"points": 50, "on": "2026-08-31", "step": step} for step in (30, 7)]
    assert mails == 2
    assert [tuple(row) for row in steps] == [(30, 50), (7, 50)]


def test_who_is_late_is_told_once_at_the_nearer_step(database: Database) -> None:
    def prepare(session: Session) -> None:
        terms(session)
        earn(session, make_person(session).id, 50, AT)

    database.write(prepare)
    assert jobs.tell_of_expiring_points(database, datetime(2026, 8, 27, 12, tzinfo=UTC)) == 1
    assert jobs.tell_of_expiring_points(database, datetime(2026, 8, 28, 12, tzinfo=UTC)) == 0


@pytest.mark.breaks_the_books(reason="one lot's owner has more in it than there is")
def test_a_lot_that_cannot_lapse_stops_no_other_and_is_told_at_the_end(database: Database) -> None:
    def prepare(session: Session) -> list[int]:
        terms(session)
        people = [make_person(session).id for _ in range(3)]
        for person_id in people:
            earn(session, person_id, 50, AT)
        return people

    people = database.write(prepare)
    database.write(lambda session: session.execute(text("UPDATE account SET balance = 0 WHERE owner_id = :o AND balance = 50"), {"o": people[0]}))
    late = datetime(2026, 9, 1, 12, tzinfo=UTC)
    with pytest.raises(ExceptionGroup, match="1 rows could not be done"):
        jobs.expire_points(database, late)
    with database.reading() as session:
        assert session.scalars(select(lot.c.owner_id).where(lot.c.expired == 50).order_by(lot.c.owner_id)).all() == people[1:]
        assert session.execute(select(transfer.c.id).where(transfer.c.kind == "expire", transfer.c.owner_id == people[0])).first() is None


def test_owners_are_told_page_by_page(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def prepare(session: Session) -> list[int]:
        terms(session)
        people = [make_person(session).id for _ in range(3)]
        for person_id in people:
            earn(session, person_id, 50, AT)
        return people

    people = database.write(prepare)
    monkeypatch.setattr(jobs, "TOLD_AT_ONCE", 1)
    assert jobs.tell_of_expiring_points(database, datetime(2026, 8, 28, 12, tzinfo=UTC)) == len(people)
    assert jobs.tell_of_expiring_points(database, datetime(2026, 8, 28, 12, tzinfo=UTC)) == 0


def test_who_never_joined_and_who_has_spent_them_by_now_is_not_told(database: Database) -> None:
    def prepare(session: Session) -> list[int]:
        terms(session)
        people = [make_contact(session).id, make_person(session).id, make_person(session).id]
        for person_id in people:
            earn(session, person_id, 50, AT)
        return people

    _contact, spent, member = database.write(prepare)
    near, on = datetime(2026, 8, 28, 12, tzinfo=UTC), date(2026, 8, 31)
    admin = as_admin(database.write(lambda session: make_admin(session).id))
    database.write(lambda session: adjust(session, admin, person_id=spent, points=-50, counts_as_earned=False, key="d", reason="test.d", now=near))
    assert not database.write(lambda session: tell_of_expiry(session, owner_id=spent, on=on, step=7, now=near))
    assert jobs.tell_of_expiring_points(database, near) == 1
    assert jobs.tell_of_expiring_points(database, near) == 0
    with database.reading() as session:
        told = select(Notice.person_id).where(Notice.kind == "points_expiring")
        assert session.scalars(told).all() == [member]


def test_what_has_expired_and_is_not_posted_yet_is_not_about_to(session: Session) -> None:
    terms(session)
    person_id = make_person(session).id
    earn(session, person_id, 50, AT)
    assert lapsing(session, person_id, date(2026, 8, 31)) == [DayOfPoints(date(2026, 8, 31), 50)]
    assert lapsing(session, person_id, date(2026, 9, 1)) == []


def test_points_wait_for_their_day_and_are_spent_then(database: Database) -> None:
    def prepare(session: Session) -> int:
        terms(session, kind=NONE, months=None, pending_days=14)
        person_id = make_person(session).id
        earn(session, person_id, 50, AT)
        return person_id

    person_id = database.write(prepare)
    with database.reading() as session:
        assert balance_of(session, person_id) == Balance(0, 50, 0, 50)
        assert waiting(session, person_id) == [DayOfPoints(date(2026, 7, 20), 50)]
    assert jobs.release_points(database, datetime(2026, 7, 19, 21, 59, tzinfo=UTC)) == 0
    assert jobs.release_points(database, datetime(2026, 7, 19, 22, tzinfo=UTC)) == 1
    assert jobs.release_points(database, datetime(2026, 7, 19, 22, tzinfo=UTC)) == 0
    with database.reading() as session:
        assert balance_of(session, person_id) == Balance(50, 0, 0, 50)
        assert waiting(session, person_id) == []


def test_what_waits_is_the_awards_own_and_goes_with_it_when_it_is_reversed(session: Session) -> None:
    terms(session, months=12)
    person_id, admin = make_person(session).id, as_admin(make_admin(session).id)
    earn(session, person_id, 30, AT - timedelta(days=1))
    terms(session, AT, months=12, pending_days=7)
    earn(session, person_id, 50, AT)
    assert balance_of(session, person_id) == Balance(30, 50, 0, 80)
    assert lapsing(session, person_id, TODAY) == [DayOfPoints(date(2027, 7, 31), 30)]
    award_id = session.execute(select(pending.c.award_id)).scalar_one()
    for _ in range(2):
        reverse(session, admin, transfer_id=award_id, key="back", reason="test.mistake", now=AT)
    assert balance_of(session, person_id) == Balance(30, 0, 0, 30)
    assert waiting(session, person_id) == []
    assert session.execute(select(lot.c.reversed).order_by(lot.c.id)).scalars().all() == [0, 50]


def test_an_award_that_pays_a_debt_leaves_only_the_rest_waiting(session: Session) -> None:
    terms(session, kind=NONE, months=None, pending_days=7)
    person_id, admin = make_person(session).id, as_admin(make_admin(session).id)
    adjust(session, admin, person_id=person_id, points=-20, counts_as_earned=False, key="d", reason="test.debt", now=AT)
    earn(session, person_id, 15, AT)
    earn(session, person_id, 15, AT)
    assert balance_of(session, person_id) == Balance(0, 10, 0, 30)
    assert [part.points for part in waiting(session, person_id)] == [10]


def prepared_member(session: Session) -> int:
    now = utcnow()
    terms(session, now - timedelta(days=90), months=1)
    person_id = make_person(session, name="Amara Okafor").id
    earn(session, person_id, 120, now - timedelta(days=1))
    terms(session, now - timedelta(hours=2), months=12, pending_days=3)
    earn(session, person_id, 40, now)
    return person_id


@pytest.mark.breaks_the_books(reason="a last day is moved by hand")
def test_members_read_what_expires_and_what_waits(database: Database, sign_in: SignIn) -> None:
    person_id = database.write(prepared_member)
    with database.reading() as session:
        (soon,), (later,) = lapsing(session, person_id, utcnow().date()), waiting(session, person_id)
    # The clock of the page is the machine's, so the lot is brought near its day by hand.
    near = utcnow().date() + timedelta(days=5)
    assert near < soon.day
    database.write(lambda session: session.execute(text("UPDATE lot SET expires_on = :near WHERE open = 120"), {"near": near.isoformat()}))
    client = sign_in(person_id)
    page = client.get("/statement").text
    assert f"About to expire: 120 points after {near.day} {near:%b %Y}. They are used first." in page
    assert f"Pending until {later.day.day} {later.day:%b %Y}: 40 points." in page
    assert "Earned" in page
    home = client.get("/").text
    assert f"120 expire after {near.day} {near:%b %Y}" in home
    assert f"40 pending until {later.day.day} {later.day:%b %Y}" in home
    assert "set aside for rewards" not in home


def test_an_admin_sets_the_terms_in_words(database: Database, sign_in: SignIn) -> None:
    admin_id = database.write(lambda session: make_admin(session, name="Ada Admin").id)
    client = sign_in(admin_id)
    assert "Points never expire. They can be spent at once." in client.get("/admin/bank").text
    refused = client.post("/admin/bank", data={"kind": "fixed", "months": "", "pending_days": "0"})
    assert refused.status_code == 422
    assert "Say after how many months, from 1 to 120." in refused.text
    assert client.post("/admin/bank", data={"kind": "fixed", "months": "12", "pending_days": "3"}).status_code == 303
    page = client.get("/admin/bank").text
    assert "Points expire at the end of the month that lies 12 months after the one they were earned in." in page
    assert "They can be spent 3 days after they were earned." in page
    assert "by Ada Admin" in page
    assert "changed when points expire and can be spent" in client.get("/admin/audit").text


def test_the_terms_are_for_admins(database: Database, sign_in: SignIn) -> None:
    person_id = database.write(lambda session: make_person(session).id)
    assert sign_in(person_id).get("/admin/bank").status_code == 403
    assert sign_in(person_id).post("/admin/bank", data={"kind": "none", "pending_days": "0"}).status_code == 403


def test_a_statement_asks_as_much_with_a_thousand_lots(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    def prepare(session: Session, months: int) -> int:
        terms(session, AT - timedelta(days=1000), months=120) if months == 3 else None
        person_id = make_person(session).id
        for month in range(months):
            earn(session, person_id, 5, AT - timedelta(days=31 * month))
        return person_id

    counts = []
    for months in (3, 40):
        client = sign_in(database.write(lambda session, months=months: prepare(session, months)))
        client.get("/statement")
        with count_queries() as counted:
            assert client.get("/statement").status_code == 200
        counts.append(counted.total)
    assert counts[0] == counts[1]
