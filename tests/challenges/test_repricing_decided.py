"""Re-pricing that needs two, is undone, or meets others on its way."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.acts.models.acts import Act
from portal.challenges.actions.repaying import do_some
from portal.challenges.actions.repricing import (
    approve_repricing,
    decline_repricing,
    undo_repricing,
    withdraw_repricing,
)
from portal.challenges.actions.review import reverse_approval
from portal.challenges.jobs import reprice
from portal.challenges.models.offering import Challenge
from portal.challenges.models.repricing import Repricing, RepricingLine
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.repricing import forecast, moved_alone
from portal.challenges.rules.repricing import (
    AskedForRepricing,
    OwnRepricing,
    RepricingOpen,
    RepricingReasonMissing,
    RepricingSettled,
    RepricingState,
)
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.models import transfer
from portal.ledger.queries.balances import balance_of
from portal.notifications.models import Notice
from portal.people.models import Person
from portal.review.actions.terms import set_terms
from portal.review.rules.terms import Terms
from tests.challenges.past import OLD, WHY, Past, finish, lines
from tests.factories.challenges import as_admin, as_advocate
from tests.factories.people import make_admin
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.counting import CountQueries


@pytest.fixture
def past(database: Database) -> Past:
    return database.write(Past)


def test_above_the_limit_a_second_admin_decides_who_neither_asked_nor_gains(session: Session) -> None:
    past = Past(session)
    gains = make_admin(session, name="Gil Gain")
    past.publish(session, 100)
    past.complete(session, gains, session.get_one(Challenge, past.id), at=utcnow())
    past.publish(session, 150)
    set_terms(session, past.ben, terms=Terms(four_eyes_above=99), now=utcnow())
    made = past.ask(session)
    assert (made.state, made.moved, balance_of(session, past.amara).available) == (RepricingState.WAITING, 150, 100)
    for actor, refusal in (
        (past.boss, AskedForRepricing),
        (as_admin(gains), OwnRepricing),
        (as_advocate(session.get_one(Person, past.bo)), NotAllowed),
    ):
        for act in (approve_repricing, partial(decline_repricing, reason="No")):
            with pytest.raises(refusal):
                act(session, actor, repricing_id=made.id, now=utcnow())
    with pytest.raises(RepricingOpen):
        past.ask(session, key="two")
    with pytest.raises(RepricingReasonMissing):
        decline_repricing(session, past.ben, repricing_id=made.id, reason=" ", now=utcnow())
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(Repricing.__table__.update().where(Repricing.id == made.id).values(decided_by_id=past.boss.id))
    approve_repricing(session, past.ben, repricing_id=made.id, now=utcnow())
    finish(session, made)
    assert (made.state, balance_of(session, past.amara).available) == (RepricingState.DONE, 150)
    with pytest.raises(OwnRepricing):
        undo_repricing(session, as_admin(gains), repricing_id=made.id, reason="Mine", now=utcnow())


def test_what_one_admin_moves_in_pieces_within_the_month_counts_together(session: Session) -> None:
    past = Past(session)
    set_terms(session, past.ben, terms=Terms(four_eyes_above=150), now=utcnow())
    first = past.ask(session)
    finish(session, first)
    past.publish(session, 180)
    assert forecast(session, session.get_one(Challenge, past.id), past.boss.id, utcnow()).alone == 100
    second = past.ask(session, key="two")
    assert (first.state, second.state, second.moved) == (RepricingState.DONE, RepricingState.WAITING, 60)
    approve_repricing(session, past.ben, repricing_id=second.id, now=utcnow())
    finish(session, second)
    assert moved_alone(session, past.boss.id, utcnow()) == 100, "what a second admin looked at does not count"
    assert moved_alone(session, past.boss.id, utcnow() + timedelta(days=32)) == 0
    undo_repricing(session, past.ben, repricing_id=second.id, reason="Back", now=utcnow())
    approve_repricing(session, past.boss, repricing_id=second.id, now=utcnow())
    finish(session, second)
    undo_repricing(session, past.ben, repricing_id=first.id, reason="Back", now=utcnow())
    finish(session, first)
    assert moved_alone(session, past.boss.id, utcnow()) == 0


def test_what_needed_two_needs_two_to_be_undone(database: Database, past: Past, sign_in: SignIn) -> None:
    database.write(lambda s: set_terms(s, past.ben, terms=Terms(four_eyes_above=0), now=utcnow()))
    made = database.write(lambda s: past.ask(s).id)
    database.write(lambda s: approve_repricing(s, past.ben, repricing_id=made, now=utcnow()))
    reprice(database, {"repricing_id": made}, utcnow())

    def stands() -> tuple[str, int]:
        reprice(database, {"repricing_id": made}, utcnow())
        with database.reading() as session:
            return session.get_one(Repricing, made).state, balance_of(session, past.amara).available

    ada, ben, address = sign_in(past.boss.id or 0), sign_in(past.ben.id or 0), f"/admin/challenges/repricings/{made}"
    assert "another one has to approve that it is undone" in ben.get(address).text
    assert ben.post(f"{address}/undo", data={"reason": "Wrong"}).status_code == 303
    assert stands() == (RepricingState.UNDO_ASKED, 150)
    with pytest.raises(AskedForRepricing):
        database.write(lambda s: approve_repricing(s, past.ben, repricing_id=made, now=utcnow()))
    with pytest.raises(RepricingSettled):
        database.write(lambda s: undo_repricing(s, past.boss, repricing_id=made, reason="Me too", now=utcnow()))
    assert "Withdraw my request" in ben.get(address).text
    assert ben.post(f"{address}/withdraw").status_code == 303
    assert stands() == (RepricingState.DONE, 150)
    ben.post(f"{address}/undo", data={"reason": "Wrong"})
    assert ada.post(f"/admin/approvals/repricing/{made}/decline", data={"reason": "It is right"}).status_code == 303
    assert stands() == (RepricingState.DONE, 150)
    ben.post(f"{address}/undo", data={"reason": "Wrong all the same"})
    panel = ada.get(f"/admin/approvals?item=repricing-{made}").text
    assert ("Wrong all the same" in panel, "Undo the new points" in panel) == (True, True)
    assert ada.post(f"/admin/approvals/repricing/{made}/approve").status_code == 303
    assert stands() == (RepricingState.REVERSED, 100)


def test_declined_or_withdrawn_it_pays_nothing_and_another_can_be_asked_for(session: Session) -> None:
    past = Past(session)
    set_terms(session, past.ben, terms=Terms(four_eyes_above=0), now=utcnow())
    first = past.ask(session)
    decline_repricing(session, past.ben, repricing_id=first.id, reason="Only from now on", now=utcnow())
    second = past.ask(session, key="two")
    with pytest.raises(NotAllowed):
        withdraw_repricing(session, past.ben, repricing_id=second.id, now=utcnow())
    withdraw_repricing(session, past.boss, repricing_id=second.id, now=utcnow())
    with pytest.raises(RepricingSettled):
        approve_repricing(session, past.ben, repricing_id=second.id, now=utcnow())
    for one in (first, second):
        finish(session, one)
    assert [one.available for one in past.stands(session)["balances"]] == [100, 100, 40]
    assert "repricing_declined" in session.scalars(select(Notice.kind).where(Notice.person_id == past.boss.id)).all()


def test_a_job_that_was_killed_goes_on_and_five_at_once_pay_each_completion_once(database: Database, past: Past) -> None:
    made_id = database.write(lambda s: past.ask(s).id)
    assert database.write(partial(do_some, repricing_id=made_id, size=1, now=utcnow())) == 1
    works: list[Callable[[Session], Any]] = [partial(do_some, repricing_id=made_id, size=1, now=utcnow())] * 5
    assert all_at_once(database, works) == {"done": 5}
    reprice(database, {"repricing_id": made_id}, utcnow())
    with database.reading() as session:
        assert [one.available for one in past.stands(session)["balances"]] == [150, 150, 40]
        assert session.get_one(Repricing, made_id).state == RepricingState.DONE


def test_everybody_reads_what_was_paid_in_all(database: Database, past: Past, sign_in: SignIn) -> None:
    made_id, submission_id = database.write(lambda s: (past.ask(s).id, past.submission_of(s, past.amara)))
    amara, ada = sign_in(past.amara), sign_in(past.boss.id or 0)

    def read() -> list[bool]:
        own = [amara.get(f"/challenges/mine/{submission_id}").text, amara.get("/challenges/mine").text, amara.get("/challenges/mine?format=csv").text]
        theirs = [ada.get(f"/admin/challenges/{past.id}/submissions").text, ada.get("/admin/challenges").text]
        return ["150" in page for page in own] + ["+150" in theirs[0], "340" in theirs[1]]

    assert read() == [False] * 5
    reprice(database, {"repricing_id": made_id}, utcnow())
    assert read() == [True] * 5
    database.write(lambda s: undo_repricing(s, past.ben, repricing_id=made_id, reason="Back", now=utcnow()))
    reprice(database, {"repricing_id": made_id}, utcnow())
    assert read() == [False] * 5


def test_one_form_eight_times_at_once_is_one_and_eight_undoings_are_one(database: Database, past: Past) -> None:
    assert all_at_once(database, [lambda s: past.ask(s)] * 8) == {"done": 8}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Repricing)) == 1
        assert session.scalar(select(func.count()).select_from(RepricingLine)) == 2
        made_id = session.scalars(select(Repricing.id)).one()
    reprice(database, {"repricing_id": made_id}, utcnow())
    undo = partial(undo_repricing, repricing_id=made_id, reason="Back", now=utcnow())
    assert all_at_once(database, [lambda s: undo(s, past.ben)] * 8) == {"done": 1, "RepricingSettled": 7}
    reprice(database, {"repricing_id": made_id}, utcnow())
    with database.reading() as session:
        assert [one.available for one in past.stands(session)["balances"]] == [100, 100, 40]


def test_paying_and_taking_an_approval_back_at_once_leave_nothing_behind(database: Database, past: Past) -> None:
    made_id, submission_id = database.write(lambda s: (past.ask(s).id, past.submission_of(s, past.amara)))
    works: list[Callable[[Session], Any]] = [
        partial(do_some, repricing_id=made_id, size=50, now=utcnow()),
        lambda s: reverse_approval(s, past.boss, submission_id=submission_id, reason="Copied", now=utcnow()),
    ]
    assert all_at_once(database, works) == {"done": 2}
    with database.reading() as session:
        assert [one.available for one in past.stands(session)["balances"]] == [0, 150, 40]
        assert lines(session, session.get_one(Repricing, made_id))[0] in [(past.amara, "skipped"), (past.amara, "taken_back")]


def test_the_pages_show_ask_decide_and_undo(database: Database, past: Past, sign_in: SignIn) -> None:
    ada, ben = sign_in(past.boss.id or 0), sign_in(past.ben.id or 0)
    address = f"/admin/challenges/{past.id}/past"
    assert address in ada.get(f"/admin/challenges/{past.id}/versions").text
    assert address in ada.get(f"/admin/challenges/{past.id}/edit").text
    page = ada.get(address).text
    assert "2 completions, +100 points in all." in page
    assert "1 completion was paid in part by a reviewer" in page
    seen = dict(re.findall(r'type="hidden" name="(seen_\w+)" value="(-?\d*)"', page))
    form = {"key": "k", "reason": WHY} | seen
    assert (seen, page.count('name="seen_')) == ({"seen_people": "2", "seen_total": "100"}, 2)
    assert ada.post(address, data=form | {"reason": ""}).status_code == 422
    assert "it would be 100 points for 2 completions now" in ada.post(address, data=form | {"seen_total": "90"}).text
    database.write(lambda s: set_terms(s, past.ben, terms=Terms(four_eyes_above=99), now=utcnow()))
    assert "a second admin has to approve it first" in ada.get(address).text
    answer = ada.post(address, data=form)
    assert (answer.status_code, answer.location) == (303, "/admin/challenges/repricings/1")
    assert "Withdraw my request" in ada.get("/admin/challenges/repricings/1").text
    panel = ben.get("/admin/approvals?item=repricing-1").text
    assert "Let it be paid" in panel
    assert WHY in panel
    assert ben.post("/admin/approvals/repricing/1/approve").status_code == 303
    assert "0 of 2 completions." in ada.get("/admin/challenges/repricings/1").text
    reprice(database, {"repricing_id": 1}, utcnow())
    assert "2 completions were paid the difference." in ada.get("/admin/challenges/repricings/1").text
    statement = sign_in(past.amara).get("/statement").text
    assert "New points for a challenge" in statement
    assert WHY in statement
    assert ben.post("/admin/challenges/repricings/1/undo", data={"reason": ""}).status_code == 422
    assert ben.post("/admin/challenges/repricings/1/undo", data={"reason": "The wrong version"}).status_code == 303
    assert ada.post("/admin/approvals/repricing/1/approve").status_code == 303
    reprice(database, {"repricing_id": 1}, utcnow())
    assert "The wrong version" in ada.get("/admin/challenges/repricings/1").text
    assert "New points for a challenge undone" in sign_in(past.amara).get("/statement").text


def test_the_preview_costs_the_same_with_ten_and_with_a_thousand_completions(
    database: Database, past: Past, sign_in: SignIn, count_queries: CountQueries
) -> None:
    client, totals = sign_in(past.boss.id or 0), []
    given = {"person_id": past.amara, "challenge_id": past.id, "version": 1, "period_key": "once", "zone": "UTC", "has_place": False, "paid": 100}
    given |= {"state": "approved", "attempts": 1, "declines": 0, "decisions": 1, "started_at": OLD, "changed_at": OLD}
    act = {"person_id": past.amara, "kind": "challenge", "track": "endorse", "source_type": "submission", "points": 0, "happened_at": OLD}

    def fill(session: Session, first: int, number: int) -> None:
        ids = range(first, first + number)
        session.execute(Submission.__table__.insert(), [given | {"id": n, "nth": n} for n in ids])
        sent = {"number": 1, "points": 100, "answers": [], "state": "approved", "submitted_at": OLD, "recorded_at": OLD}
        session.execute(Attempt.__table__.insert(), [sent | {"submission_id": n, "key": f"a{n}"} for n in ids])
        session.execute(Act.__table__.insert(), [act | {"source_id": n, "recorded_at": OLD} for n in ids])

    for first, number in ((1_000, 10), (2_000, 990)):
        database.write(partial(fill, first=first, number=number))
        with count_queries() as found:
            page = client.get(f"/admin/challenges/{past.id}/past")
        totals.append(found.total)
    assert "1,002 completions" in page.text
    assert totals[0] == totals[1]


def test_each_part_of_a_repricing_is_recorded_when_it_is_paid(database: Database, past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.challenges.jobs.REPRICED_AT_ONCE", 1)
    made_id, began = database.write(lambda s: past.ask(s).id), utcnow()
    reprice(database, {"repricing_id": made_id}, began)
    with database.reading() as session:
        recorded = session.scalars(select(transfer.c.recorded_at).where(transfer.c.recorded_at >= began).order_by(transfer.c.id)).all()
    assert len(recorded) == 2
    assert recorded[0] == began < recorded[1]
