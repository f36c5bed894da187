"""The queue merges what waits in every room, oldest first, page by page."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from portal.dashboard.queries.queue import COUNTED, Waiting, count_waiting, find_row, iter_waiting, rows_of, together, waiting_page
from portal.dashboard.waiting.contract import Wanted
from portal.kernel.clock import utcnow
from portal.wiring import WAITING
from tests.dashboard.scene import Scene, build, more_attempts


@pytest.fixture
def scene(session: Session) -> Scene:
    return build(session)


def _kinds(session: Session, wanted: Wanted) -> list[str]:
    return [row.kind for row in waiting_page(session, WAITING, wanted)]


def test_everything_waits_in_one_list_oldest_first(session: Session, scene: Scene) -> None:
    rows = waiting_page(session, WAITING, Wanted()).rows
    assert [(row.kind, row.id) for row in rows] == [
        ("attempt", scene.attempt.id),
        ("redemption", scene.redemption.id),
        ("nomination", scene.nomination.id),
    ]
    assert [row.points for row in rows] == [150, -400, None]
    assert [row.person for row in rows] == ["Dev Shah", "Dev Shah", "Karim Haddad"]
    assert rows[0].waiting_since < rows[1].waiting_since < rows[2].waiting_since


def test_pages_hold_everything_once_whatever_their_size(session: Session, scene: Scene, subtests: pytest.Subtests) -> None:
    more_attempts(session, scene.challenge, 6)
    whole = [(row.kind, row.id) for row in iter_waiting(session, WAITING, Wanted())]
    for size in [1, 2, 3, 5, 7]:
        with subtests.test(size=size):
            found, after = [], None
            while True:
                page = waiting_page(session, WAITING, Wanted(), after=after, size=size)
                found += [(row.kind, row.id) for row in page]
                if page.next is None:
                    break
                after = page.next
            assert found == whole
            assert len(set(found)) == 9


def test_things_of_one_moment_are_paged_too(session: Session, scene: Scene) -> None:
    from sqlalchemy import update

    from portal.references.models.nominating import Nomination
    from portal.rewards.models.redeeming import Redemption

    moment = scene.attempt.submitted_at
    session.execute(update(Redemption).values(requested_at=moment))
    session.execute(update(Nomination).values(created_at=moment))
    first = waiting_page(session, WAITING, Wanted(), size=1)
    second = waiting_page(session, WAITING, Wanted(), after=first.next, size=1)
    third = waiting_page(session, WAITING, Wanted(), after=second.next, size=1)
    assert [page.rows[0].kind for page in (first, second, third)] == ["attempt", "nomination", "redemption"]
    assert third.next is None


def test_a_cursor_that_cannot_be_read_gives_the_first_page(session: Session, scene: Scene) -> None:
    page = waiting_page(session, WAITING, Wanted(), after="nonsense")
    assert page.is_first
    assert len(page) == 3


def test_search_finds_people_companies_and_what_it_is_about(session: Session, scene: Scene, subtests: pytest.Subtests) -> None:
    for q, kinds in [
        ("dev", ["attempt", "redemption"]),
        ("pocket review", ["attempt"]),
        ("ines", ["nomination"]),
        ("karim", ["nomination"]),
        ("gift", ["redemption"]),
        ("100%", []),
    ]:
        with subtests.test(q):
            assert _kinds(session, Wanted(q=q)) == kinds


def test_a_track_leaves_only_activities_of_it(session: Session, scene: Scene) -> None:
    assert _kinds(session, Wanted(track="endorse")) == ["attempt"]
    assert _kinds(session, Wanted(track="engage")) == []


def test_a_moment_leaves_out_what_came_later(session: Session, scene: Scene) -> None:
    assert _kinds(session, Wanted(until=utcnow() - timedelta(days=1))) == ["attempt", "redemption"]


def test_counts_tell_the_oldest_of_each_kind(session: Session, scene: Scene) -> None:
    counts = count_waiting(session, WAITING, Wanted())
    assert {kind: one.number for kind, one in counts.items()} == {
        "attempt": 1,
        "redemption": 1,
        "nomination": 1,
        "appeal": 0,
        "adjustment": 0,
        "repricing": 0,
        "dispute": 0,
    }
    assert together(counts) == Waiting(3, scene.attempt.submitted_at)
    assert not together(counts).is_more


def test_nothing_waits_since_never(session: Session) -> None:
    assert together(count_waiting(session, WAITING, Wanted())) == Waiting(0, None)


def test_a_number_above_what_is_counted_says_that_there_is_more() -> None:
    assert not Waiting(COUNTED).is_more
    assert Waiting(COUNTED + 1).is_more


def test_a_line_is_found_by_its_kind_and_number(session: Session, scene: Scene) -> None:
    assert find_row(session, WAITING[2], scene.nomination.id).title == "Ines Duarte"
    assert find_row(session, WAITING[2], 9_999) is None
    assert len(rows_of(session, WAITING, [("attempt", scene.attempt.id), ("redemption", scene.redemption.id), ("attempt", 9_999)])) == 2
