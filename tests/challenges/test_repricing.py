"""New points for past completions: what it would come to, who decides, once for each completion, and undone to exactly what was."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.acts.models import Act
from portal.challenges.actions.editing import edit_challenge, offer_of, publish_challenge
from portal.challenges.actions.repaying import do_some
from portal.challenges.actions.repricing import (
    approve_repricing,
    ask_repricing,
    decline_repricing,
    undo_repricing,
    withdraw_repricing,
)
from portal.challenges.actions.review import approve_attempt, reverse_approval
from portal.challenges.jobs import reprice
from portal.challenges.models.deciding import Verdict
from portal.challenges.models.offering import Challenge
from portal.challenges.models.repricing import Repricing, RepricingLine
from portal.challenges.models.taking import Attempt, Submission
from portal.challenges.queries.repricing import forecast, moved_alone
from portal.challenges.queries.sources import deciders_of_submission
from portal.challenges.queries.versions import current_version
from portal.challenges.rules.repricing import (
    AskedForRepricing,
    Forecast,
    Group,
    LaterRepricingStands,
    NothingToReprice,
    OwnRepricing,
    RepricingChanged,
    RepricingOpen,
    RepricingOutdated,
    RepricingReasonMissing,
    RepricingSettled,
    RepricingState,
    require_repricing,
)
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.ledger.queries.balances import Balance, balance_of
from portal.notifications.models import Notice
from portal.people.models import Person
from portal.recognition.actions.recounting import counted
from portal.recognition.models import PeriodScore
from portal.review.actions.terms import set_terms
from portal.review.rules.refusals import SecondApproverNeeded
from portal.review.rules.terms import Terms
from tests.factories.challenges import as_admin, as_advocate, make_attempt, make_challenge
from tests.factories.people import make_admin, make_person
from tests.rewards.racing import all_at_once
from tests.support.application import SignIn
from tests.support.counting import CountQueries

OLD = datetime(2026, 3, 10, 12, tzinfo=UTC)
WHY = "It takes longer than we thought"


class Past:
    """A challenge worth 100 that Amara, Bo and Cem completed in March, Cem for 40; from version 2 on it is worth ``points``."""

    def __init__(self, session: Session, points: int = 150) -> None:
        self.boss, self.ben = as_admin(make_admin(session, name="Ada Admin")), as_admin(make_admin(session, name="Ben Admin"))
        challenge = make_challenge(session, title="Write a review", now=OLD - timedelta(days=1))
        self.id = challenge.id
        people = [make_person(session, name=name) for name in ("Amara", "Bo", "Cem")]
        self.amara, self.bo, self.cem = (person.id for person in people)
        for person in people:
            self.complete(session, person, challenge, points=40 if person.id == self.cem else None)
        self.publish(session, points)

    def complete(
        self, session: Session, person: Person, challenge: Challenge, *, points: int | None = None, at: datetime = OLD, key: str | None = None
    ) -> Attempt:
        attempt = make_attempt(session, person, challenge, key=key, now=at)
        approve_attempt(session, self.boss, attempt_id=attempt.id, points=points, note="" if points is None else "Half", now=at)
        return attempt

    def publish(self, session: Session, points: int) -> None:
        challenge, now = session.get_one(Challenge, self.id), utcnow()
        offer = replace(offer_of(current_version(session, challenge)), points=points)
        edit_challenge(session, self.boss, challenge_id=self.id, offer=offer, now=now)
        publish_challenge(session, self.boss, challenge_id=self.id, now=now)

    def ask(self, session: Session, **overrides: Any) -> Repricing:
        seen = forecast(session, session.get_one(Challenge, self.id), self.boss.id, utcnow())
        given: dict[str, Any] = {"reason": WHY, "seen_people": seen.people, "seen_total": seen.total, "key": "k", "now": utcnow()}
        return ask_repricing(session, self.boss, challenge_id=self.id, **(given | overrides))

    def submission_of(self, session: Session, person_id: int) -> int:
        return session.scalars(select(Submission.id).where(Submission.person_id == person_id)).one()

    def stands(self, session: Session) -> dict[str, Any]:
        """Return balances, every score and the worth of every act."""
        people = (self.amara, self.bo, self.cem)
        scores = session.execute(select(PeriodScore.member_id, PeriodScore.period, PeriodScore.score, PeriodScore.first_neg)).all()
        acts = session.execute(select(Act.person_id, Act.points).where(Act.reversed_at.is_(None)).order_by(Act.id)).all()
        return {"balances": [balance_of(session, one) for one in people], "scores": sorted(map(tuple, scores)), "acts": [tuple(row) for row in acts]}


@pytest.fixture
def past(database: Database) -> Past:
    return database.write(Past)


def scores(session: Session, person_id: int) -> dict[str, int]:
    found = select(PeriodScore.period, PeriodScore.score).where(PeriodScore.member_id == person_id)
    return {row.period: row.score for row in session.execute(found)}


def finish(session: Session, made: Repricing, size: int = 50) -> None:
    while do_some(session, repricing_id=made.id, size=size, now=utcnow()):
        pass


def lines(session: Session, made: Repricing) -> list[tuple[int, str]]:
    found = select(RepricingLine.person_id, RepricingLine.state).where(RepricingLine.repricing_id == made.id).order_by(RepricingLine.id)
    return [(row.person_id, row.state) for row in session.execute(found)]


@pytest.mark.parametrize(
    ("groups", "seen", "reason", "refusal"),
    [
        ((), (0, 0), WHY, NothingToReprice),
        ((Group(1, 100, 150, 2),), (2, 100), "  ", RepricingReasonMissing),
        ((Group(1, 100, 150, 2),), (3, 150), WHY, RepricingChanged),
        ((Group(1, 100, 150, 2),), (2, 90), WHY, RepricingChanged),
    ],
)
def test_what_is_paid_is_what_was_shown_with_a_reason(groups: tuple[Group, ...], seen: tuple[int, int], reason: str, refusal: type) -> None:
    with pytest.raises(refusal):
        require_repricing(Forecast(2, 150, groups), seen_people=seen[0], seen_total=seen[1], reason=reason)


def test_points_given_and_taken_are_compared_with_the_limit_together() -> None:
    both = Forecast(3, 150, (Group(1, 100, 150, 2), Group(2, 200, 150, 2)))
    assert (both.people, both.total, both.moved) == (4, 0, 200)


def test_an_edit_changes_no_past_and_the_preview_tells_what_paying_it_would_come_to(session: Session) -> None:
    past = Past(session)
    assert [one.available for one in past.stands(session)["balances"]] == [100, 100, 40]
    challenge = session.get_one(Challenge, past.id)
    assert forecast(session, challenge, past.boss.id, utcnow()) == Forecast(2, 150, [Group(1, 100, 150, 2)], would_owe=0, partial=1, own=0)
    assert forecast(session, challenge, past.bo, utcnow()) == Forecast(2, 150, [Group(1, 100, 150, 1)], would_owe=0, partial=1, own=1)


def test_the_differences_are_paid_where_the_completions_count_and_undone_to_exactly_what_was(hearing_session: Session) -> None:
    session = hearing_session
    past = Past(session)
    before = past.stands(session)
    made = past.ask(session)
    finish(session, made)
    assert (made.state, lines(session, made)) == (RepricingState.DONE, [(past.amara, "paid"), (past.bo, "paid")])
    assert balance_of(session, past.amara) == Balance(150, 0, 0, 150)
    boards = [f"{period}{track}" for period in ("all", "2026-Q1", "2026-03") for track in ("", "/endorse")]
    assert scores(session, past.amara) == dict.fromkeys(boards, 150), "no board of another month, and those of the track too"
    kept = {(row.member_id, row.period): (row.score, row.first_neg) for row in session.scalars(select(PeriodScore))}
    assert counted(session, [past.amara, past.bo, past.cem]) == kept, "counted anew it is the same"
    assert session.scalars(select(Notice.kind).where(Notice.person_id == past.amara, Notice.kind == "points_repriced")).all() == ["points_repriced"]
    assert "repricing_done" in session.scalars(select(Notice.kind).where(Notice.person_id == past.boss.id)).all()
    with pytest.raises(NothingToReprice):
        past.ask(session, key="again")
    assert past.ask(session).id == made.id, "the same form is the same repricing"
    undo_repricing(session, past.ben, repricing_id=made.id, reason="The wrong version", now=utcnow())
    finish(session, made)
    assert (made.state, past.stands(session)) == (RepricingState.REVERSED, before)
    with pytest.raises(RepricingSettled):
        undo_repricing(session, past.ben, repricing_id=made.id, reason="Twice", now=utcnow())


def test_a_lower_price_is_taken_and_what_is_not_there_is_owed(hearing_session: Session) -> None:
    session = hearing_session
    past = Past(session, points=30)
    assert forecast(session, session.get_one(Challenge, past.id), past.boss.id, utcnow()).total == -140
    before = past.stands(session)
    made = past.ask(session)
    finish(session, made)
    assert balance_of(session, past.bo) == Balance(30, 0, 0, 30)
    past.publish(session, 10)
    second = past.ask(session, key="two")
    finish(session, second)
    assert balance_of(session, past.bo) == Balance(10, 0, 0, 10), "from what it was paid in all"
    for one in (second, made):
        undo_repricing(session, past.ben, repricing_id=one.id, reason="Back", now=utcnow())
        finish(session, one)
    assert past.stands(session) == before


def test_only_the_newest_that_stands_is_undone_so_that_no_price_is_left_that_was_never_offered(
    database: Database, past: Past, sign_in: SignIn
) -> None:
    def pay(session: Session, points: int, key: str) -> int:
        if points != 150:
            past.publish(session, points)
        made = past.ask(session, key=key)
        finish(session, made)
        return made.id

    first, second = database.write(lambda s: pay(s, 150, "one")), database.write(lambda s: pay(s, 30, "two"))
    undo = {"reason": "Back", "now": utcnow()}
    with pytest.raises(LaterRepricingStands):
        database.write(lambda s: undo_repricing(s, past.ben, repricing_id=first, **undo))
    page = sign_in(past.ben.id or 0).get(f"/admin/challenges/repricings/{first}").text
    assert (f"/admin/challenges/repricings/{second}" in page, "Undo the new points" in page) == (True, False)
    for one, left in ((second, 150), (first, 100)):
        database.write(lambda s, one=one: undo_repricing(s, past.ben, repricing_id=one, **undo))
        reprice(database, {"repricing_id": one}, utcnow())
        with database.reading() as session:
            assert [balance_of(session, who).available for who in (past.amara, past.bo)] == [left, left]


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


def test_what_waits_is_not_paid_once_a_newer_version_is_published_and_is_asked_for_anew(session: Session) -> None:
    past = Past(session)
    set_terms(session, past.ben, terms=Terms(four_eyes_above=0), now=utcnow())
    made = past.ask(session)
    past.publish(session, 120)
    with pytest.raises(RepricingOutdated):
        approve_repricing(session, past.ben, repricing_id=made.id, now=utcnow())
    withdraw_repricing(session, past.boss, repricing_id=made.id, now=utcnow())
    again = past.ask(session, key="again")
    approve_repricing(session, past.ben, repricing_id=again.id, now=utcnow())
    finish(session, again)
    assert [one.available for one in past.stands(session)["balances"]] == [120, 120, 40]


def test_what_was_imported_from_elsewhere_stays_as_it_was_paid_there(session: Session) -> None:
    past = Past(session)
    past.publish(session, 100)
    past.complete(session, make_person(session, name="Dee"), session.get_one(Challenge, past.id), key="import:1:2")
    past.publish(session, 150)
    made = past.ask(session)
    finish(session, made)
    assert lines(session, made) == [(past.amara, "paid"), (past.bo, "paid")]


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


def test_an_approval_that_is_taken_back_takes_its_difference_with_it(hearing_session: Session) -> None:
    session = hearing_session
    past = Past(session)
    made = past.ask(session)
    finish(session, made, size=1)
    verdict = reverse_approval(session, past.boss, submission_id=past.submission_of(session, past.amara), reason="Copied", now=utcnow())
    assert (verdict.points, balance_of(session, past.amara)) == (-150, Balance())
    assert set(scores(session, past.amara).values()) == {0}
    undo_repricing(session, past.ben, repricing_id=made.id, reason="Back", now=utcnow())
    finish(session, made)
    assert lines(session, made) == [(past.amara, "taken_back"), (past.bo, "undone")]
    assert [one.available for one in past.stands(session)["balances"]] == [0, 100, 40]


def test_a_lower_price_that_falls_with_its_approval_is_no_returned_reward(database: Database, sign_in: SignIn) -> None:
    past = database.write(lambda s: Past(s, points=60))
    database.write(lambda s: finish(s, past.ask(s)))
    ids = database.write(lambda s: past.submission_of(s, past.amara))
    database.write(lambda s: reverse_approval(s, past.boss, submission_id=ids, reason="Copied", now=utcnow()))
    page = sign_in(past.amara).get("/statement").text
    lines = page[page.index("<tbody") :]
    assert (lines.count("New points for a challenge undone"), "Returned" in lines, "+40" in lines) == (1, False, True)


def test_a_member_with_many_completions_is_told_once_with_the_sum(session: Session) -> None:
    past = Past(session)
    past.publish(session, 100)
    challenge = session.get_one(Challenge, past.id)
    session.execute(update(Submission).values(period_key="2026-02"))
    past.complete(session, session.get_one(Person, past.amara), challenge, at=OLD + timedelta(days=1))
    past.publish(session, 150)
    made = past.ask(session)
    told = select(Notice).where(Notice.person_id == past.amara, Notice.kind.in_(("points_repriced", "points_reprice_undone"))).order_by(Notice.id)
    assert do_some(session, repricing_id=made.id, size=1, now=utcnow()) == 1
    assert session.scalars(told).all() == [], "one of theirs is still to come"
    finish(session, made, size=1)
    undo_repricing(session, past.ben, repricing_id=made.id, reason="Back", now=utcnow())
    finish(session, made, size=1)
    read = [(one.data["points"], one.data["completions"], one.link) for one in session.scalars(told)]
    assert read == [(100, 2, "/statement"), (-100, 2, "/statement")]


def test_what_stands_otherwise_by_then_is_skipped(session: Session) -> None:
    past = Past(session)
    made = past.ask(session)
    reverse_approval(session, past.boss, submission_id=past.submission_of(session, past.bo), reason="Copied", now=utcnow())
    finish(session, made)
    assert lines(session, made) == [(past.amara, "paid"), (past.bo, "skipped")]


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


def test_all_who_had_a_hand_in_a_line_are_named_for_its_dispute(hearing_session: Session) -> None:
    """The second approver of an answer is in the ledger; the first, and who asked for and decided a repricing, only here."""
    session = hearing_session
    past = Past(session)
    set_terms(session, past.boss, terms=Terms(four_eyes_above=50), now=utcnow())
    made = past.ask(session)
    approve_repricing(session, past.ben, repricing_id=made.id, now=utcnow())
    finish(session, made)
    line = session.scalars(select(RepricingLine).where(RepricingLine.person_id == past.amara)).one()
    submission_id = past.submission_of(session, past.amara)
    paid = session.scalars(select(Verdict.transfer_id).where(Verdict.submission_id == submission_id)).one()
    assert deciders_of_submission(session, submission_id, frozenset({line.transfer_id})) == {past.boss.id, past.ben.id}
    assert deciders_of_submission(session, submission_id, frozenset({paid})) == {past.boss.id}
    attempt = make_attempt(session, make_person(session, name="Dee"), session.get_one(Challenge, past.id), now=utcnow())
    with pytest.raises(SecondApproverNeeded):
        approve_attempt(session, past.boss, attempt_id=attempt.id, note="", now=utcnow())
    approve_attempt(session, past.ben, attempt_id=attempt.id, note="", now=utcnow())
    verdict = session.scalars(select(Verdict).where(Verdict.attempt_id == attempt.id)).one()
    assert deciders_of_submission(session, attempt.submission_id, frozenset({verdict.transfer_id})) == {past.boss.id, past.ben.id}
