"""Figures of a large programme: counted by the worker, shown with their time, the same as if counted now."""

from dataclasses import replace
from datetime import timedelta

import pytest

from benchmarks import maker
from portal.dashboard import jobs
from portal.dashboard.models import KeptFigures
from portal.dashboard.queries.figures import count_figures, find_kept, programme_figures, year_figures
from portal.dashboard.rules import is_count_due
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from tests.support.application import SignIn
from tests.support.counting import CountQueries

NOW = utcnow()


@pytest.fixture
def programme(database: Database) -> maker.Programme:
    return maker.make(database, 60, NOW)


def test_a_small_programme_is_counted_by_its_pages(database: Database, programme: maker.Programme) -> None:
    assert jobs.keep_figures(database, NOW) is False
    with database.reading() as session:
        assert find_kept(session, NOW) is None
        assert programme_figures(session, NOW).counted_at is None
        assert sum(month.total for month in programme_figures(session, NOW).months) > 500


def test_a_large_one_shows_what_the_worker_counted(database: Database, programme: maker.Programme) -> None:
    assert jobs.keep_figures(database, NOW, beyond=100) is True
    with database.reading() as session:
        kept, counted = programme_figures(session, NOW), count_figures(session, NOW)
        assert kept == replace(counted, counted_at=NOW)
        assert year_figures(session, NOW) == (counted.year_acts, counted.year_people)


def test_it_is_not_counted_again_before_a_minute_has_passed(database: Database, programme: maker.Programme) -> None:
    assert jobs.keep_figures(database, NOW, beyond=100) is True
    assert jobs.keep_figures(database, NOW + timedelta(seconds=59), beyond=100) is False
    assert jobs.keep_figures(database, NOW + timedelta(seconds=60), beyond=100) is True


def test_figures_of_a_programme_that_is_small_are_dropped(database: Database, programme: maker.Programme) -> None:
    jobs.keep_figures(database, NOW, beyond=100)
    assert jobs.keep_figures(database, NOW, beyond=1_000_000) is False
    with database.reading() as session:
        assert find_kept(session, NOW) is None


def test_figures_of_last_month_are_not_shown(database: Database, programme: maker.Programme) -> None:
    jobs.keep_figures(database, NOW, beyond=100)
    later = NOW + timedelta(days=32)
    with database.reading() as session:
        assert programme_figures(session, later) == count_figures(session, later)


@pytest.mark.parametrize(
    ("age", "seconds", "due"), [(59, 0, False), (60, 0, True), (60, 1, True), (99, 2, False), (100, 2, True), (3_600, 100, False)]
)
def test_counting_takes_a_fiftieth_of_the_time_at_most(age: int, seconds: int, due: bool) -> None:
    assert is_count_due(NOW, seconds, NOW + timedelta(seconds=age)) is due


def test_the_overview_says_from_when_its_figures_are(
    database: Database, programme: maker.Programme, sign_in: SignIn, count_queries: CountQueries
) -> None:
    with count_queries() as live:
        page = sign_in(1).get("/").text
    assert "What waits is live." not in page
    jobs.keep_figures(database, NOW, beyond=100)
    client = sign_in(1)
    with count_queries() as kept:
        page = client.get("/").text
    assert "What waits is live." in page
    assert not any("FROM act" in statement for statement in kept.statements)
    assert any("FROM act" in statement for statement in live.statements)


def test_the_overview_of_a_large_programme_counts_no_verdict(
    database: Database, programme: maker.Programme, sign_in: SignIn, count_queries: CountQueries
) -> None:
    jobs.keep_figures(database, NOW, beyond=100)
    client = sign_in(1)
    with count_queries() as asked:
        page = client.get("/").text
    assert "Who decides" in page
    assert not any("FROM verdict" in statement for statement in asked.statements)


def test_figures_that_an_older_portal_kept_are_counted_anew(database: Database, programme: maker.Programme) -> None:
    jobs.keep_figures(database, NOW, beyond=100)
    with database.reading() as session:
        kept = find_kept(session, NOW)
        assert kept is not None
        older = {name: value for name, value in kept.figures.items() if name != "declines"}
    database.write(lambda session: setattr(session.get_one(KeptFigures, kept.month), "figures", older))
    with database.reading() as session:
        assert programme_figures(session, NOW).counted_at is None
    assert jobs.keep_figures(database, NOW, beyond=100) is True
    with database.reading() as session:
        assert programme_figures(session, NOW).counted_at == NOW
