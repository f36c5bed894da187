"""Fence posts: built when a board is long and changed, right at every place, gone when it is short again."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from portal.recognition.actions.fences import replace_fences
from portal.recognition.actions.scores import person_changed
from portal.recognition.jobs import keep_fences
from portal.recognition.models import Fence, FenceBuild, PeriodScore
from portal.recognition.queries.board import get_board, iter_board
from portal.recognition.queries.fences import look_at
from portal.recognition.queries.places import find_build
from portal.recognition.rules.boards import quarter_of
from tests.factories.people import make_contact
from tests.factories.recognition import give_points

LONG = 6_200


def fill(session: Session, members: int) -> None:
    """Write a long board at once: few different scores, as in life, so that ties are long."""
    template = {c.name: getattr(make_contact(session), c.name) for c in Person.__table__.columns}
    first = template["id"] + 100_000
    ids = range(first, first + members)
    for part in range(0, members, 500):
        some = ids[part : part + 500]
        session.execute(
            insert(Person.__table__), [template | {"id": n, "email": None, "email_key": None, "made_by": None, "name": f"Member {n}"} for n in some]
        )
        rows = [{"member_id": n, "period": "all", "score": 10 * (1 + n % 7), "first_neg": -(n % 50), "is_shown": n % 11 != 0} for n in some]
        session.execute(insert(PeriodScore.__table__), rows)


def test_a_long_board_gets_fences_and_every_place_stays_right(database: Database) -> None:
    database.write(lambda s: fill(s, LONG))
    now = utcnow()
    with database.reading() as session:
        assert find_build(session, "all") is None
        counted = {row.member_id: row for row in iter_board(session, "all")}
    assert keep_fences(database, now) == ["all"]
    with database.reading() as session:
        assert [position for (position,) in session.execute(select(Fence.position).order_by(Fence.position))] == [1000, 2000, 3000, 4000, 5000]
        for member_id in list(counted)[::311]:
            board = get_board(session, "all", member_id=member_id)
            assert board.own == counted[member_id]
            assert [counted[row.member_id] for row in board.around] == list(board.around)
            assert board.places_at == now
            assert board.members == len(counted)


def test_a_building_that_breaks_midway_leaves_the_fences_that_stood(database: Database) -> None:
    database.write(lambda s: fill(s, LONG))
    now = utcnow()
    keep_fences(database, now)
    with database.reading() as session:
        stood = session.execute(select(Fence.__table__).order_by(Fence.position)).all()
        look = look_at(session, "all")
        posts = [(row.score, row.first_neg, row.member_id, row.position + 1) for row in stood]
    with pytest.raises(IntegrityError):
        database.write(lambda s: replace_fences(s, period="all", posts=[*posts, posts[-1]], look=look, now=now + timedelta(hours=1)))
    with database.reading() as session:
        assert session.execute(select(Fence.__table__).order_by(Fence.position)).all() == stood
        assert session.scalars(select(FenceBuild.built_at)).all() == [now]
        last = list(iter_board(session, "all"))[-1]
        assert get_board(session, "all", member_id=last.member_id).own == last


def test_fences_are_built_again_only_when_the_board_changed(database: Database) -> None:
    database.write(lambda s: fill(s, LONG))
    now = utcnow()
    assert keep_fences(database, now) == ["all"]
    assert keep_fences(database, now + timedelta(seconds=20)) == []
    assert keep_fences(database, now + timedelta(seconds=40)) == []
    database.write(lambda s: give_points(s, make_contact(s).id, 35))
    assert keep_fences(database, now + timedelta(seconds=50)) == []
    assert keep_fences(database, now + timedelta(seconds=80)) == ["all"]


def test_a_board_that_became_short_is_counted_again(database: Database) -> None:
    people = database.write(lambda s: [make_contact(s).id for _ in range(6)])
    database.write(lambda s: [give_points(s, person_id, 10 + person_id) for person_id in people])
    now = utcnow()
    built = keep_fences(database, now, step=2, beyond=5)
    assert set(built) == {"all", quarter_of(now.date()), f"{now:%Y-%m}"}

    def leave(session: Session) -> None:
        person = session.get(Person, people[0])
        person.is_employee = True
        session.flush()
        person_changed(session, person.id)

    database.write(leave)
    assert keep_fences(database, now, step=2, beyond=5) == []
    with database.reading() as session:
        assert session.scalars(select(FenceBuild)).all() == []
        assert session.scalars(select(Fence)).all() == []
        assert get_board(session, "all").places_at is None


PLACES = "SELECT member_id FROM period_score WHERE period = 'all' AND period_score.is_shown AND period_score.score > 0 ORDER BY score DESC LIMIT 50"


@pytest.mark.only_on("sqlite", reason="its planner uses a partial index only for the very words of its predicate")
def test_sqlite_reads_the_board_from_its_partial_index(session: Session) -> None:
    plan = " ".join(row[3] for row in session.execute(text(f"EXPLAIN QUERY PLAN {PLACES}")))
    assert "ix_period_score_board" in plan
    assert "TEMP B-TREE" not in plan
