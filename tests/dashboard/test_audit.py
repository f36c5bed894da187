"""The audit log is found by who, what and when, told in sentences, and cannot be changed."""

from datetime import timedelta

import pytest

from portal.audit.actions import record
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from tests.dashboard.scene import Scene
from tests.factories.people import make_person
from tests.support.application import PortalClient, SignIn
from tests.support.counting import CountQueries

LOG = "/admin/audit"


@pytest.fixture
def desk(stage: Scene, sign_in: SignIn) -> PortalClient:
    return sign_in(stage.admin)


def _lines(page: str) -> int:
    return page.count("<details>")


def test_what_happened_is_told_in_sentences(desk: PortalClient) -> None:
    page = desk.get(LOG).text
    assert "Karim Haddad nominated Ines Duarte" in page
    assert "Dev Shah redeemed “Gift card” for 400 points" in page
    assert "Dev Shah sent “Write an honest review” (submission" in page
    assert "The portal added the company Pocket Toys" in page


def test_a_name_finds_what_they_did_and_what_was_done_to_them(desk: PortalClient) -> None:
    page = desk.get(f"{LOG}?q=karim").text
    assert "Karim Haddad nominated Ines Duarte" in page
    assert "The portal added Karim Haddad" in page
    assert "Dev Shah" not in page


def test_nobody_of_that_name_finds_nothing(desk: PortalClient) -> None:
    assert "No event matches this filter." in desk.get(f"{LOG}?q=nobody-here").text


@pytest.mark.parametrize(
    ("query", "shown", "hidden"), [("what=nomination", "nominated Ines", "redeemed"), ("what=redemption", "redeemed", "nominated Ines")]
)
def test_a_kind_of_thing_leaves_only_that(desk: PortalClient, query: str, shown: str, hidden: str) -> None:
    page = desk.get(f"{LOG}?{query}").text
    assert shown in page
    assert hidden not in page


def test_days_bound_the_log(desk: PortalClient, stage: Scene) -> None:
    day = (stage.redemption.requested_at).date().isoformat()
    page = desk.get(f"{LOG}?since={day}&until={day}").text
    assert "redeemed" in page
    assert "nominated Ines" not in page


def test_where_it_came_from_can_be_chosen(desk: PortalClient, database: Database) -> None:
    database.write(lambda s: record(s, system("import"), "company.added", "company", None, now=utcnow(), company="From a file"))
    page = desk.get(f"{LOG}?origin=import").text
    assert _lines(page) == 1
    assert _lines(desk.get(f"{LOG}?origin=click").text) > 1


def test_an_event_that_no_sentence_knows_is_shown_all_the_same(desk: PortalClient, database: Database, stage: Scene) -> None:
    actor = Actor(id=stage.admin.id, origin="127.0.0.1")
    database.write(lambda s: record(s, actor, "moon.landed", "moon", 7, now=utcnow()))
    assert "Katja Brandt: moon.landed, #7" in desk.get(LOG).text


def test_the_log_is_a_file_with_the_same_filter(desk: PortalClient) -> None:
    lines = desk.get(f"{LOG}?what=nomination&format=csv").text.lstrip("\ufeff").splitlines()
    assert lines[0].startswith("id,at,event,sentence,actor_id,actor")
    assert [line.split(",")[2] for line in lines[1:]] == ["nomination.submitted"]


def test_a_cell_that_begins_like_a_formula_is_guarded(desk: PortalClient, database: Database) -> None:
    database.write(lambda s: make_person(s, name="=1+1", now=utcnow() - timedelta(days=1)))
    rows = desk.get(f"{LOG}?format=csv").text
    assert ",'=1+1 joined," in rows or "'=1+1" in rows


def test_pages_follow_each_other_without_a_gap(desk: PortalClient, database: Database, stage: Scene) -> None:
    actor = Actor(id=stage.admin.id, origin="127.0.0.1")
    database.write(lambda s: [record(s, actor, "job.retried", "job", n, now=utcnow()) for n in range(120)])
    first = desk.get(f"{LOG}?what=job").text
    after = first.split("after=")[1].split('"')[0].split("&")[0]
    second = desk.get(f"{LOG}?what=job&after={after}").text
    assert "job 119 again" in first
    assert "job 70 again" in first
    assert "job 69 again" in second
    assert "job 70 again" not in second


@pytest.mark.parametrize("role", ["employee", "advocate"])
def test_only_admins_read_the_log(stage: Scene, sign_in: SignIn, role: str) -> None:
    assert sign_in(getattr(stage, role)).get(LOG).status_code == 403


def test_there_is_no_way_to_change_it(desk: PortalClient) -> None:
    for method in (desk.post, desk.put, desk.delete):
        assert method(LOG).status_code == 405


def test_the_page_asks_as_much_with_many_events(desk: PortalClient, database: Database, stage: Scene, count_queries: CountQueries) -> None:
    desk.get(LOG)
    with count_queries() as few:
        desk.get(LOG)

    def events(session) -> None:  # type: ignore[no-untyped-def]
        for n in range(300):
            record(session, Actor(id=stage.employee.id), "nomination.submitted", "nomination", stage.nomination.id + n, now=utcnow())
            record(session, Actor(id=stage.advocate.id), "person.edited", "person", stage.advocate.id, now=utcnow())

    database.write(events)
    with count_queries() as many:
        assert _lines(desk.get(LOG).text) == 50
    assert many.total <= few.total


def test_the_overview_tells_repeats_in_a_row_once_and_how_often(database: Database, desk: PortalClient, count_queries: CountQueries) -> None:
    person, other = database.write(lambda s: (make_person(s, name="Ona Reyes"), make_person(s, name="Uli Brandt")))

    def again(times: int, who: Person, event: str = "person.board_chosen", **data: int) -> None:
        for _time in range(times):
            database.write(lambda s: record(s, Actor(id=who.id, roles=frozenset()), event, "person", who.id, now=utcnow(), **data))

    again(6, person)
    again(1, other)
    again(2, person)
    with count_queries() as few:
        page = desk.get("/").text
    told = "Ona Reyes chose how to stand on the boards"
    assert page.count(told) == 2
    assert ("6 times" in page, "2 times" in page) == (True, True)
    assert page.count("Uli Brandt chose how to stand") == 1
    again(30, other)
    with count_queries() as many:
        page = desk.get("/").text
    assert "30 times" in page
    assert page.count(told) == 2
    assert few.total == many.total


def test_what_differs_in_its_sentence_is_told_apart(database: Database, desk: PortalClient) -> None:
    person = database.write(lambda s: make_person(s, name="Ona Reyes"))
    for points in (5, 9):
        database.write(lambda s, n=points: record(s, system("test"), "points.adjusted", "person", person.id, now=utcnow(), points=n))
    page = desk.get("/").text
    assert "the points of Ona Reyes by 5" in page
    assert "the points of Ona Reyes by 9" in page
