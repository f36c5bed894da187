"""Notify and enqueue: in the business transaction, once per key."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.notifications.actions import enqueue, mark_all_read, mark_read, notify
from portal.notifications.models import Notice, OutboxJob
from portal.notifications.queries import unread_count
from portal.notifications.rules import HeaderRefused
from tests.factories.notifications import ASKED, make_job, make_notice, make_recipient


def count(database: Database, model: type[Notice] | type[OutboxJob]) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(model)).scalar_one()


def tell(session, **overrides) -> None:
    to = overrides.pop("to", None) or make_recipient(person_id=7)
    notify(session, **{"to": to, "kind": "mail_check", "data": ASKED, "key": "one", "now": utcnow(), "link": "/inbox"} | overrides)


def test_a_person_with_an_address_gets_a_notice_and_a_mail(database: Database) -> None:
    database.write(tell)
    assert (count(database, Notice), count(database, OutboxJob)) == (1, 1)


def test_a_rolled_back_transaction_tells_nothing(database: Database) -> None:
    def work(session) -> None:
        tell(session)
        raise NotAllowed()

    with pytest.raises(NotAllowed):
        database.write(work)
    assert (count(database, Notice), count(database, OutboxJob)) == (0, 0)


def test_without_an_address_there_is_only_a_notice(database: Database) -> None:
    database.write(lambda s: tell(s, to=make_recipient(person_id=7, email=None)))
    assert (count(database, Notice), count(database, OutboxJob)) == (1, 0)


def test_without_a_person_there_is_only_a_mail(database: Database) -> None:
    database.write(lambda s: tell(s, to=make_recipient()))
    assert (count(database, Notice), count(database, OutboxJob)) == (0, 1)


def test_mail_can_be_left_out(database: Database) -> None:
    database.write(lambda s: tell(s, mail=False))
    assert (count(database, Notice), count(database, OutboxJob)) == (1, 0)


def test_the_same_key_twice_is_told_once(database: Database) -> None:
    to = make_recipient(person_id=7)
    for _ in range(2):
        database.write(lambda s: tell(s, to=to))
    assert (count(database, Notice), count(database, OutboxJob)) == (1, 1)


def test_the_same_key_reaches_each_of_several_people(database: Database) -> None:
    for person_id in (1, 2, 3):
        database.write(lambda s, p=person_id: tell(s, to=make_recipient(person_id=p)))
    assert (count(database, Notice), count(database, OutboxJob)) == (3, 3)


def test_eight_writers_with_one_key_promise_one_job(database: Database) -> None:
    barrier, errors = Barrier(8), []

    def work() -> None:
        barrier.wait()
        try:
            database.write(lambda s: enqueue(s, topic="t", payload={}, key="one", now=utcnow()))
        except Exception as error:
            errors.append(error)

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert count(database, OutboxJob) == 1


@pytest.mark.parametrize("part", [{"name": "Eve\r\nBcc: all@example.com"}, {"email": "eve@example.com\nBcc: all@example.com"}])
def test_a_line_break_in_name_or_address_is_refused(session, part) -> None:
    with pytest.raises(HeaderRefused):
        tell(session, to=make_recipient(**part))


def test_jobs_of_a_unit_of_work_wake_the_engine_once_and_only_after_commit(database: Database) -> None:
    woken: list[list[int]] = []
    database.inform_sessions(wake=woken.append)

    def work(session) -> list[int]:
        made = [make_job(session) for _ in range(3)]
        assert woken == []
        return made

    made = database.write(work)
    assert woken == [made]


def test_a_rolled_back_job_wakes_nobody(database: Database) -> None:
    woken: list[list[int]] = []
    database.inform_sessions(wake=woken.append)

    def work(session) -> None:
        make_job(session)
        raise NotAllowed()

    with pytest.raises(NotAllowed):
        database.write(work)
    assert woken == []


def test_reading_touches_only_ones_own_notices(session) -> None:
    mine, other = make_notice(session, 1), make_notice(session, 2)
    assert mark_read(session, person_id=1, notice_id=other.id, now=utcnow()) is False
    assert mark_read(session, person_id=1, notice_id=mine.id, now=utcnow()) is True
    assert mark_read(session, person_id=1, notice_id=mine.id, now=utcnow()) is False
    assert (unread_count(session, 1), unread_count(session, 2)) == (0, 1)


def test_all_are_read_at_once(session) -> None:
    for _ in range(3):
        make_notice(session, 1)
    make_notice(session, 2)
    assert mark_all_read(session, person_id=1, now=utcnow()) == 3
    assert (unread_count(session, 1), unread_count(session, 2)) == (0, 1)
