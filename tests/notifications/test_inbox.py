"""The inbox: own notices only, read one or all, as many questions for 1,000 as for 10."""

from datetime import timedelta

import pytest
from flask import Flask

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.notifications.queries import unread_count
from tests.factories.notifications import make_notice
from tests.factories.people import make_person
from tests.support.application import PortalClient, SignIn


@pytest.fixture
def person_id(database: Database) -> int:
    return database.write(make_person).id


@pytest.fixture
def reader(sign_in: SignIn, person_id: int) -> PortalClient:
    return sign_in(person_id)


def unread(database: Database, person_id: int) -> int:
    with database.reading() as session:
        return unread_count(session, person_id)


def test_the_inbox_is_for_members(client: PortalClient) -> None:
    assert client.get("/inbox").status_code == 303


def test_an_empty_inbox_says_so(reader: PortalClient) -> None:
    page = reader.get("/inbox").text
    assert "Nothing here yet" in page
    assert "You have read everything" in page


def test_a_notice_is_shown_with_its_words_and_reason(database: Database, reader: PortalClient, person_id: int) -> None:
    data = {"asked_at": "2026-11-22T09:30:00+00:00", "reason": "Please add a picture <b>"}
    database.write(lambda s: make_notice(s, person_id, data=data))
    database.write(lambda s: make_notice(s, person_id + 1, data={"reason": "not yours"}))
    page = reader.get("/inbox").text
    assert "Mail from Laurel arrives" in page
    assert "Please add a picture &lt;b&gt;" in page
    assert "1 notice is waiting to be read" in page
    assert "Inbox, 1 unread" in page
    assert "not yours" not in page


def test_opening_a_notice_reads_it_and_goes_where_it_points(database: Database, reader: PortalClient, person_id: int) -> None:
    notice = database.write(lambda s: make_notice(s, person_id, link="/challenges/3"))
    for _ in range(2):
        answer = reader.post(f"/inbox/{notice.id}/open")
        assert (answer.status_code, answer.location) == (303, "/challenges/3")
    assert unread(database, person_id) == 0


def test_reading_a_notice_stays_in_the_place_of_the_list(database: Database, reader: PortalClient, person_id: int) -> None:
    notice = database.write(lambda s: make_notice(s, person_id))
    answer = reader.post(f"/inbox/{notice.id}/read?show=unread&_external=1&_scheme=javascript")
    assert (answer.status_code, answer.location) == (303, "/inbox?show=unread")
    assert "Nothing left to read" in reader.get("/inbox?show=unread").text


def test_another_persons_notice_is_not_found(database: Database, reader: PortalClient, person_id: int) -> None:
    notice = database.write(lambda s: make_notice(s, person_id + 1, link="/secret"))
    for verb in ("open", "read"):
        assert reader.post(f"/inbox/{notice.id}/{verb}").status_code == 404
    assert unread(database, person_id + 1) == 1


def test_all_are_read_at_once_and_only_ones_own(database: Database, reader: PortalClient, person_id: int) -> None:
    for owner in (person_id, person_id, person_id + 1):
        database.write(lambda s, o=owner: make_notice(s, o))
    answer = reader.post("/inbox/read", follow_redirects=True)
    assert "2 notices marked as read." in answer.text
    assert (unread(database, person_id), unread(database, person_id + 1)) == (0, 1)


def test_a_kind_that_is_gone_still_shows_its_notice(database: Database, reader: PortalClient, person_id: int) -> None:
    database.write(lambda s: make_notice(s, person_id, kind="kind_of_an_earlier_version"))
    assert "News for you" in reader.get("/inbox").text


def test_the_download_holds_all_pages(database: Database, reader: PortalClient, person_id: int) -> None:
    database.write(lambda s: [make_notice(s, person_id, data={"reason": "=1+1"}) for _ in range(60)])
    lines = reader.get("/inbox?format=csv").text.splitlines()
    assert len(lines) == 61
    assert "'=1+1" in lines[1]


def test_the_list_is_paged_by_key_newest_first(database: Database, reader: PortalClient, person_id: int) -> None:
    start = utcnow() - timedelta(days=1)
    for number in range(51):
        database.write(lambda s, n=number: make_notice(s, person_id, data={"reason": f"no. {n};"}, now=start + timedelta(minutes=n)))
    first = reader.get("/inbox").text
    assert "no. 50;" in first
    assert "no. 0;" not in first
    second = reader.get(first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")).text
    assert "no. 0;" in second
    assert "no. 50;" not in second


@pytest.mark.parametrize("path", ["/inbox", "/inbox?show=unread"])
def test_the_inbox_asks_as_much_for_three_hundred_notices_as_for_ten(
    database: Database, reader: PortalClient, person_id: int, count_queries, path: str
) -> None:
    database.write(lambda s: [make_notice(s, person_id) for _ in range(10)])
    reader.get(path)
    with count_queries() as few:
        assert reader.get(path).status_code == 200
    database.write(lambda s: [make_notice(s, person_id) for _ in range(290)])
    with count_queries() as many:
        assert reader.get(path).status_code == 200
    assert many.total == few.total


def test_the_bell_asks_once_a_request(app: Flask, database: Database, reader: PortalClient, person_id: int, count_queries) -> None:
    database.write(lambda s: make_notice(s, person_id))
    with count_queries() as counted:
        reader.get("/inbox")
    assert len([text for text in counted.statements if text.startswith("SELECT count(*)") and "notice" in text]) == 1
