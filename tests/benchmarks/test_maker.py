"""What the data maker writes past every action still keeps every promise of the portal."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from benchmarks import audience, maker
from benchmarks.pages import Visit
from portal.audience.models import AudienceRule
from portal.challenges.models.taking import Submission
from portal.challenges.queries.audience import admitted_today
from portal.challenges.queries.review import count_waiting
from portal.invariants import problems
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.models import account, transfer
from portal.people.actions.persons import add_person
from portal.recognition.badges.registry import rule_of
from portal.recognition.jobs import run_recount
from portal.recognition.models import Badge, BadgeHolding, PeriodScore
from portal.recognition.queries.board import get_board
from portal.recognition.queries.earned import last_act, last_raise
from portal.recognition.rules.boards import ALL, periods_of, span_of, split_key
from tests.benchmarks.conftest import MEMBERS
from tests.support.application import SignIn


def test_every_invariant_and_seal_of_the_ledger_holds(database: Database, programme: maker.Programme) -> None:
    with database.snapshot() as session:
        assert problems(session) == []
        kinds = {row[0]: row[1] for row in session.execute(select(transfer.c.kind, func.count()).group_by(transfer.c.kind))}
    assert kinds == {"award": 2_000, "hold": 40, "capture": 10, "release": 10}
    assert programme.awards == 2_000


def test_the_boards_say_what_the_ledger_says(database: Database, programme: maker.Programme) -> None:
    with database.reading() as session:
        lifetimes = {row[0]: row[1] for row in session.execute(select(account.c.owner_id, account.c.lifetime).where(account.c.lifetime > 0))}
        board = get_board(session, ALL, member_id=programme.member(50))
        scores = {row[0]: row[1] for row in session.execute(select(PeriodScore.member_id, PeriodScore.score).where(PeriodScore.period == ALL))}
        sums = select(func.sum(PeriodScore.score)).where(PeriodScore.period.like("____-Q_"))
        assert session.scalar(sums) == sum(lifetimes.values())
    assert scores == lifetimes
    assert board.members == MEMBERS
    assert board.own is not None
    assert board.own.points == lifetimes[programme.member(50)]


def test_who_reached_a_score_first_is_as_the_ledger_has_it(database: Database, programme: maker.Programme) -> None:
    person = programme.member(7)
    with database.reading() as session:
        for score in session.scalars(select(PeriodScore).where(PeriodScore.member_id == person)).all():
            period, track = split_key(score.period)
            span = span_of(period, maker.ZONE)
            raised = last_act(session, person, track, span) if track else last_raise(session, person, span)
            assert raised is not None
            assert score.first_neg == -round((raised - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
            assert period in periods_of(raised, maker.ZONE)


def test_counting_the_boards_anew_changes_nothing(database: Database, programme: maker.Programme) -> None:
    ordered = select(PeriodScore.member_id, PeriodScore.period, PeriodScore.score, PeriodScore.first_neg).order_by(
        PeriodScore.member_id, PeriodScore.period
    )
    with database.reading() as session:
        made = session.execute(ordered).all()
    run_recount(database, {"boards": "everything"}, utcnow())
    with database.reading() as session:
        assert session.execute(ordered).all() == made
        assert {row.period for row in made} >= {"all", "all/engage", "all/endorse", "all/earn"}


def test_whoever_meets_a_rule_has_its_badge(database: Database, programme: maker.Programme) -> None:
    with database.reading() as session:
        for badge in session.scalars(select(Badge).where(Badge.rule.in_(["acts", "track", "every_track", "level"]))):
            held = set(session.scalars(select(BadgeHolding.person_id).where(BadgeHolding.badge_id == badge.id)))
            assert held == {person_id for person_id, _at in rule_of(badge.rule).holders(session, badge.options, utcnow())}, badge.name


def test_as_many_answers_wait_as_were_made(database: Database, programme: maker.Programme) -> None:
    with database.reading() as session:
        assert count_waiting(session) == programme.waiting == MEMBERS * maker.BEGUN
        begun = session.scalar(select(func.count()).select_from(Submission).where(Submission.state == "open"))
    assert begun == programme.writers * maker.TO_SEND


def test_what_is_written_next_gets_the_next_number(database: Database, programme: maker.Programme) -> None:
    made = database.write(lambda session: add_person(session, system("cli"), name="Next One", now=utcnow()).id)
    assert made == programme.member(MEMBERS)


def test_members_and_admins_can_look_at_it(programme: maker.Programme, sign_in: SignIn) -> None:
    member, admin = sign_in(programme.member(0)), sign_in(1)
    pages = ["/", "/challenges", "/board", "/rewards", "/statement", "/inbox", "/challenges/mine/1"]
    desks = ["/", "/admin/approvals", "/admin/people", "/admin/people/42", "/admin/statement/42", "/registry?q=ada", "/admin/audit"]
    assert {path: member.get(path).status_code for path in pages} == dict.fromkeys(pages, 200)
    assert {path: admin.get(path).status_code for path in desks} == dict.fromkeys(desks, 200)


def test_audiences_are_put_into_it_and_what_they_cost_is_measured(app: Flask, programme: maker.Programme, capsys: pytest.CaptureFixture[str]) -> None:
    database: Database = app.extensions["database"]  # knows the kinds of rules that higher rooms bring
    audience.fill(database, programme)
    audience.fill(database, programme)  # what an earlier run made is used
    with database.reading() as session:
        admitted = [len(admitted_today(session, programme.member(who), utcnow())) for who in range(0, MEMBERS, 20)]
        assert session.scalar(select(func.count()).select_from(AudienceRule)) == audience.AUDIENCES * audience.RULES
    assert 0 < min(admitted) < max(admitted) < audience.AUDIENCES
    audience.report(database, programme, 1)
    lines = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")][1:]
    assert [line[0].removeprefix("| ").partition(" ")[0] for line in lines] == ["whom", "the", "dry", "dry"]
    assert all(float(line[1]) > 0 for line in lines)
    named = {page.name for page in Visit(app, database, programme).pages()}
    assert named >= {"advocate home", "challenge list"}  # those that are loaded with audiences
