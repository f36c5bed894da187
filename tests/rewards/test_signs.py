"""Signs of misuse: what counts as one, that they lead to a look and to nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal.dashboard.waiting.redemptions import WaitingRedemptions
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.marks import mark_key, note_mark
from portal.people.actions.sessions import end_sessions, open_session
from portal.people.jobs import forget_marks
from portal.people.models import SignInMark, SignInSession
from portal.people.queries.persons import get_person
from portal.people.rules.session import MARK_DAYS
from portal.recognition.actions.scores import award
from portal.rewards.actions.auto import set_auto_terms
from portal.rewards.actions.review import approve_among_many, approve_redemption
from portal.rewards.queries.catalogue import get_reward
from portal.rewards.queries.redemptions import get_redemption
from portal.rewards.queries.signs import counted_for
from portal.rewards.queries.worth import looked_at
from portal.rewards.rules.auto import Against, AutoTerms
from portal.rewards.rules.kinds import Kind
from portal.rewards.rules.refusals.deciding import NamedInSign, ReadFirst
from portal.rewards.rules.signs import Counted, Found, Sign, signs_in
from tests.factories.people import make_admin, make_company, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import as_admin, make_redemption, make_reward
from tests.support.application import SignIn

ANN, BO = 1, 2


@pytest.mark.parametrize(
    ("counted", "found"),
    [
        (Counted(), []),
        (Counted(same_device=1, same_address=4), []),
        (Counted(same_device=2, same_address=4), [Found(Sign.DEVICE, 2)]),
        (Counted(same_device=1, same_address=5), [Found(Sign.ADDRESS, 5)]),
        (Counted(redemptions=3, gift_cards=3, gift_points=900, lifetime=1_000), [Found(Sign.GIFTS, 3)]),
        (Counted(redemptions=3, gift_cards=3, gift_points=899, lifetime=1_000), []),
        (Counted(redemptions=3, gift_cards=2, gift_points=990, lifetime=1_000), []),
        (Counted(redemptions=2, gift_cards=2, gift_points=990, lifetime=1_000), []),
        (Counted(decided=((ANN, 9),), usual=((BO, 100),)), []),
        (Counted(decided=((ANN, 8), (BO, 2)), usual=((ANN, 40), (BO, 60))), [Found(Sign.REVIEWER, 8, 10, ANN)]),
        (Counted(decided=((ANN, 8), (BO, 2)), usual=((ANN, 41), (BO, 59))), []),
        (Counted(decided=((ANN, 7), (BO, 3)), usual=((BO, 100),)), []),
        (Counted(decided=((ANN, 50),), usual=((ANN, 500),)), []),
        (Counted(decided=((ANN, 50),)), []),
        (Counted(in_a_day=4), []),
        (Counted(in_a_day=5), [Found(Sign.VELOCITY, 5)]),
    ],
)
def test_a_sign_is_what_the_counts_say(counted: Counted, found: list[Found]) -> None:
    assert signs_in(counted) == found


def test_sessions_of_colleagues_are_no_sign_and_those_of_strangers_are(database: Database) -> None:
    def count(session: Session) -> list[tuple[int, int]]:
        firm, reward = make_company(session), make_reward(session, price=10)
        people = [make_person(session, company_id=company).id for company in (firm.id, firm.id, None, make_company(session).id, None)]
        give_points(session, people[0], 100)
        made = make_redemption(session, people[0], reward.id)
        seen = []
        for person_id, browser in zip(people, ("Fox", "Fox", "Fox", "Fox", "Other"), strict=True):
            open_session(session, get_person(session, person_id), is_kept=True, origin="198.51.100.7", browser=browser, now=utcnow())
            counted = counted_for(session, made)
            seen.append((counted.same_device, counted.same_address))
        return seen

    assert database.write(count) == [(0, 0), (0, 0), (1, 1), (2, 2), (2, 3)]


def test_signs_stand_in_the_queue_and_keep_the_rule_off_and_refuse_nothing(database: Database, sign_in: SignIn) -> None:
    def prepare(session: Session) -> tuple[int, int, list[Against]]:
        admin_id, person_id = make_admin(session, name="Ada Admin").id, make_person(session).id
        set_auto_terms(session, as_admin(admin_id), terms=AutoTerms(100_000, 1), now=utcnow())
        give_points(session, person_id, 500)
        card = make_reward(session, price=100, kind=Kind.GIFT_CARD).id
        now = utcnow()
        made = [make_redemption(session, person_id, card, now=now - timedelta(minutes=9 - n)) for n in range(5)]
        return admin_id, made[-1].id, looked_at(session, made[-1], get_reward(session, card), now).against

    admin_id, redemption_id, against = database.write(prepare)
    assert against == [Against.FIRST, Against.SIGNS]
    ada = sign_in(admin_id)
    for address in (f"/admin/rewards/redemptions/{redemption_id}", f"/admin/approvals?item=redemption-{redemption_id}"):
        page = " ".join(ada.get(address).text.split())
        assert "They asked for 5 rewards within a day." in page
        assert "All 5 redemptions so far are gift cards" in page
    assert ada.post(f"/admin/rewards/redemptions/{redemption_id}/approve").status_code == 303


def test_the_reviewer_of_whom_a_sign_speaks_does_not_approve(database: Database) -> None:
    """Bo decided everything of Amara and next to nothing of others; Ada decides the rest."""

    def prepare(session: Session) -> tuple[int, int, int]:
        ada, bo = (make_admin(session, name=name).id for name in ("Ada Admin", "Bo Admin"))
        amara, other = make_person(session, name="Amara Okafor").id, make_person(session).id
        for person_id, admin_id, times in ((amara, bo, 12), (other, ada, 30)):
            for number in range(times):
                source = {"key": f"{person_id}:{number}", "source_type": "test", "source_id": number, "effective_at": utcnow()}
                award(session, as_admin(admin_id), person_id=person_id, points=10, **source, reason="test.paid", now=utcnow())
        return ada, bo, make_redemption(session, amara, make_reward(session, price=100).id).id

    ada, bo, redemption_id = database.write(prepare)
    with database.reading() as session:
        made = get_redemption(session, redemption_id)
        assert looked_at(session, made, get_reward(session, made.reward_id), utcnow()).named == {bo}
        assert WaitingRedemptions().shown(session, as_admin(ada), redemption_id).barred == {bo, made.person_id}
    with pytest.raises(NamedInSign):
        database.write(lambda s: approve_redemption(s, as_admin(bo), redemption_id=redemption_id, now=utcnow()))
    with pytest.raises(ReadFirst):
        database.write(lambda s: approve_among_many(s, as_admin(ada), redemption_id=redemption_id, now=utcnow()))
    assert database.write(lambda s: approve_redemption(s, as_admin(ada), redemption_id=redemption_id, now=utcnow()).state) == "approved"


@pytest.fixture
def marked(database: Database) -> Database:
    """Tell the database's sessions the key of marks, as the application does."""
    database.inform_sessions(mark_key=mark_key("a secret"))
    return database


def test_closed_sessions_are_a_sign_for_ninety_days_and_leave_no_address(marked: Database) -> None:
    now = utcnow()

    def used(session: Session) -> int:
        people = [make_person(session, company_id=make_company(session).id).id for _ in range(4)]
        give_points(session, people[0], 100)
        made = make_redemption(session, people[0], make_reward(session, price=10).id)
        for person_id, browser in zip(people, ("Fox", "Fox", "Fox", "Other"), strict=True):
            open_session(session, get_person(session, person_id), is_kept=True, origin="198.51.100.7", browser=browser, now=now)
            end_sessions(session, person_id)
        return made.id

    def counted(session: Session, redemption_id: int) -> tuple[int, int]:
        found = counted_for(session, get_redemption(session, redemption_id))
        return found.same_device, found.same_address

    redemption_id = marked.write(used)
    with marked.reading() as session:
        assert session.scalar(select(func.count()).select_from(SignInSession)) == 0
        assert counted(session, redemption_id) == (2, 3)
        kept = " ".join(f"{row.device} {row.address}" for row in session.scalars(select(SignInMark)))
        assert "198.51" not in kept
        assert "Fox" not in kept
    assert forget_marks(marked, now + timedelta(days=MARK_DAYS)) == 0
    assert [forget_marks(marked, now + timedelta(days=MARK_DAYS + 1)) for _ in range(2)] == [4, 0]
    with marked.reading() as session:
        assert counted(session, redemption_id) == (0, 0)


def test_a_day_leaves_one_mark_however_often_somebody_comes(marked: Database) -> None:
    at = datetime(2026, 11, 27, 9, tzinfo=UTC)

    def come(session: Session) -> int:
        person = make_person(session)
        for hours in (0, 1, 2, 24):
            note_mark(session, person_id=person.id, origin="2001:db8::1", browser="Fox", now=at + timedelta(hours=hours))
        note_mark(session, person_id=person.id, origin="2001:db8::2", browser="Fox", now=at)
        note_mark(session, person_id=person.id, origin="", browser="Fox", now=at)
        return person.id

    marked.write(come)
    with marked.reading() as session:
        assert sorted(mark.day.day for mark in session.scalars(select(SignInMark))) == [27, 28], "of IPv6 the network of one customer counts"


def test_a_page_leaves_a_mark_of_where_somebody_is_today(app: Flask, database: Database, sign_in: SignIn) -> None:
    person_id = database.write(lambda s: make_person(s).id)
    client = sign_in(person_id)
    database.write(lambda s: s.execute(update(SignInSession).values(last_seen_at=utcnow() - timedelta(minutes=2))))
    database.write(lambda s: s.execute(delete(SignInMark)))
    assert client.get("/").status_code == 200
    with database.reading() as session:
        assert [mark.person_id for mark in session.scalars(select(SignInMark))] == [person_id]


def test_a_mark_is_made_with_the_key_of_the_installation(app: Flask, session: Session) -> None:
    """Whoever has the database alone cannot try all addresses: another key gives other marks, and the portal's is made of its secret."""
    person_id, marks = make_person(session).id, []
    for day, secret in enumerate(("one", "two", "one")):
        session.info["mark_key"] = mark_key(secret)
        at = utcnow() + timedelta(days=day)
        note_mark(session, person_id=person_id, origin="198.51.100.7", browser="Fox", now=at)
        marks.append(session.execute(select(SignInMark.address, SignInMark.device).where(SignInMark.day == at.date())).one())
    assert marks[0] == marks[2]
    assert not set(marks[0]) & set(marks[1])
    with app.extensions["database"].reading() as own:
        assert own.info["mark_key"] == mark_key(app.config["SETTINGS"].secret_key)
