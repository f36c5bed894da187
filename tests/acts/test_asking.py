"""The one verb that every door calls: a slot is reserved, refusals have names and days, and nothing is written twice."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from portal.acts.actions.answering import answer_ask, expire_due, finish_ask, withdraw_ask
from portal.acts.actions.asking import Override
from portal.acts.actions.blocking import lift_block, set_block
from portal.acts.actions.saying import set_company_terms, set_own_terms, set_person_terms
from portal.acts.actions.settings import set_defaults, set_efforts
from portal.acts.jobs import expire_asks
from portal.acts.models.asks import Ask, AskEffort, AskOutcome, OpenAsk
from portal.acts.queries.asks import outcomes_of
from portal.acts.queries.budget import budget_of
from portal.acts.rules import refusals
from portal.acts.rules.asks import AskKind
from portal.acts.rules.budget import Cap, Defaults
from portal.acts.rules.terms import Terms
from portal.kernel.actor import Actor, system
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed
from portal.people.actions.states import deactivate_person
from portal.people.models import Person
from tests.factories.asks import by_admin, by_advocate, by_employee, log_ask, make_ask
from tests.factories.people import make_admin, make_company, make_contact, make_employee, make_person

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Cast:
    session: Session
    company_id: int
    person: Person
    other: Person
    employee: Actor
    admin: Actor
    second: Actor

    def ask(self, person: Person | None = None, **overrides: Any) -> Ask:
        return make_ask(self.session, self.employee, (person or self.person).id, **{"now": NOW} | overrides)

    def left(self, now: datetime = NOW) -> int:
        return budget_of(self.session, self.person.id, now).left


@pytest.fixture
def cast(session: Session) -> Cast:
    company = make_company(session, name="Harbour Bank")
    people = [make_person(session, name=name, company_id=company.id, now=NOW - 300 * DAY) for name in ("Amara Okafor", "Ben Duarte")]
    staff = [by_employee(make_employee(session).id), by_admin(make_admin(session).id), by_admin(make_admin(session).id)]
    return Cast(session, company.id, *people, *staff)


def caps(cast: Cast, person: int = 4, company: int = 8) -> None:
    set_defaults(cast.session, cast.admin, defaults=Defaults(Cap(person, 90), Cap(company, 90)), now=NOW - 200 * DAY)


def test_an_ask_reserves_a_slot_of_the_person_and_of_the_company(cast: Cast) -> None:
    ask = cast.ask(about="Call with Hall & Sons")
    budget = budget_of(cast.session, cast.person.id, NOW)
    assert (budget.person.used, budget.person.left, budget.company.used) == (1, 3, 1)
    assert (ask.effort, ask.company_id, ask.expires_at, ask.is_outside) == (8, cast.company_id, NOW + 14 * DAY, False)
    assert cast.session.get(OpenAsk, ask.id) is not None


def test_a_survey_and_a_call_draw_on_the_same_budget(cast: Cast) -> None:
    caps(cast, person=2)
    cast.ask(kind="survey")
    cast.ask(kind="call")
    with pytest.raises(refusals.PersonCapReached) as refused:
        cast.ask(kind="review")
    assert refused.value.free_on == date(2026, 12, 12), "if nobody answers, the first lapses then"
    assert str(refused.value) == "Amara Okafor has 2 of 2 asks in 90 days. A slot frees on 2026-12-12."


def test_five_people_of_one_bank_do_not_get_five_calls(cast: Cast) -> None:
    caps(cast, company=2)
    cast.ask()
    cast.ask(cast.other)
    third = make_person(cast.session, company_id=cast.company_id)
    with pytest.raises(refusals.CompanyCapReached) as refused:
        cast.ask(third)
    assert "Harbour Bank have 2 of 2 asks in 90 days" in str(refused.value)


@pytest.mark.parametrize("end", ["declined", "withdrawn", "expired"])
def test_a_no_a_withdrawal_and_silence_free_the_slot_and_weigh(cast: Cast, end: str) -> None:
    caps(cast, person=1)
    ask = cast.ask()
    later = NOW + 20 * DAY if end == "expired" else NOW + DAY
    if end == "declined":
        answer_ask(cast.session, by_advocate(cast.person.id), ask_id=ask.id, is_yes=False, reason="No time", now=later)
    elif end == "withdrawn":
        withdraw_ask(cast.session, cast.employee, ask_id=ask.id, now=later)
    assert cast.ask(now=later).id != ask.id
    assert outcomes_of(cast.session, ask.id) == [end]
    assert budget_of(cast.session, cast.person.id, later).person.strain > 0


@pytest.mark.parametrize("was_done", [True, False])
def test_what_was_accepted_holds_its_slot_whatever_came_of_it(cast: Cast, was_done: bool) -> None:
    caps(cast, person=1)
    ask = cast.ask()
    answer_ask(cast.session, by_advocate(cast.person.id), ask_id=ask.id, is_yes=True, now=NOW + DAY)
    finish_ask(cast.session, cast.employee, ask_id=ask.id, was_done=was_done, minutes=35, note="Went well", now=NOW + 2 * DAY)
    with pytest.raises(refusals.PersonCapReached):
        cast.ask(now=NOW + 89 * DAY)
    assert cast.ask(now=NOW + 90 * DAY)


def test_an_accepted_ask_does_not_lapse(cast: Cast) -> None:
    ask = cast.ask()
    answer_ask(cast.session, by_advocate(cast.person.id), ask_id=ask.id, is_yes=True, now=NOW)
    cast.ask(now=NOW + 40 * DAY)
    assert outcomes_of(cast.session, ask.id) == ["accepted"]


def test_the_same_key_is_the_same_ask_even_where_the_budget_is_used_up(cast: Cast) -> None:
    caps(cast, person=1)
    first = cast.ask(key="one form")
    assert cast.ask(key="one form").id == first.id
    with pytest.raises(refusals.KeyUsed):
        cast.ask(cast.other, key="one form")
    with pytest.raises(refusals.KeyUsed):
        cast.ask(kind="survey", key="one form")


def test_one_source_asks_once_until_that_is_settled(cast: Cast) -> None:
    source = ("reference_request", 7)
    first = cast.ask(source=source)
    with pytest.raises(refusals.SourceAsks):
        cast.ask(cast.other, source=source)
    withdraw_ask(cast.session, cast.employee, ask_id=first.id, now=NOW)
    assert cast.ask(cast.other, source=source).source_id == 7


@pytest.mark.parametrize(
    ("terms", "refusal"),
    [
        (Terms(unwanted=("call",)), "KindNotWanted"),
        (Terms(months_off=(11,)), "MonthOff"),
        (Terms(paused_until=date(2026, 12, 24)), "Paused"),
        (Terms(most=0), "PersonTakesNone"),
    ],
)
def test_what_a_member_said_of_themself_holds_for_everybody_who_asks(cast: Cast, terms: Terms, refusal: str) -> None:
    set_own_terms(cast.session, by_advocate(cast.person.id), terms=terms, now=NOW)
    for actor in (cast.employee, cast.admin, system("api"), system("job"), system("import")):
        with pytest.raises(getattr(refusals, refusal)):
            make_ask(cast.session, actor, cast.person.id, now=NOW)


def test_a_member_sets_a_lower_or_higher_number_of_their_own(cast: Cast) -> None:
    caps(cast, person=2)
    set_own_terms(cast.session, by_advocate(cast.person.id), terms=Terms(most=3, days=180), now=NOW)
    assert cast.left() == 3
    set_own_terms(cast.session, by_advocate(cast.person.id), terms=Terms(most=1), now=NOW)
    cast.ask()
    with pytest.raises(refusals.PersonCapReached):
        cast.ask()


def test_a_company_may_pause_and_have_a_number_of_its_own(cast: Cast) -> None:
    set_company_terms(cast.session, cast.admin, company_id=cast.company_id, terms=Terms(most=1), reason="Merger", now=NOW)
    cast.ask()
    with pytest.raises(refusals.CompanyCapReached):
        cast.ask(cast.other)
    set_company_terms(cast.session, cast.admin, company_id=cast.company_id, terms=Terms(paused_until=date(2027, 1, 15)), reason="Merger", now=NOW)
    with pytest.raises(refusals.Paused, match="2027-01-15"):
        cast.ask(cast.other)
    with pytest.raises(NotAllowed):
        set_company_terms(cast.session, cast.employee, company_id=cast.company_id, terms=Terms(), reason="Why not", now=NOW)


def test_who_says_no_more_and_more_often_rests(cast: Cast) -> None:
    caps(cast, person=9, company=9)
    for day in range(8):
        came = "completed" if day < 4 else "declined"
        log_ask(cast.session, cast.employee, cast.person.id, NOW - (200 - day) * DAY, now=NOW - (200 - day) * DAY, came=came)
    last = NOW - 193 * DAY
    with pytest.raises(refusals.Resting) as refused:
        cast.ask(now=last + 59 * DAY)
    assert refused.value.free_on == date(2026, 7, 18)
    assert cast.ask(now=last + 60 * DAY)


def test_an_override_names_a_reason_and_another_admin_and_stands_in_the_record(cast: Cast) -> None:
    caps(cast, person=1)
    cast.ask()
    for override in (Override("", cast.admin.id), Override("  ", cast.admin.id)):
        with pytest.raises(refusals.ReasonNeeded):
            cast.ask(override=override)
    not_approvers = (None, 10**9, cast.employee.id, cast.person.id)
    for approver_id in not_approvers:
        with pytest.raises(refusals.ApproverNeeded):
            cast.ask(override=Override("The CEO asked for her", approver_id))
    with pytest.raises(refusals.ApproverNeeded):
        make_ask(cast.session, cast.admin, cast.person.id, now=NOW, override=Override("I may", cast.admin.id))
    ask = cast.ask(override=Override("The CEO asked for her", cast.admin.id))
    assert (ask.overrode, ask.override_reason, ask.approver_id) == ("PersonCapReached", "The CEO asked for her", cast.admin.id)
    ask = cast.ask(override=Override("The CEO asked for her", cast.admin.id), also=[refusals.ReasonNeeded() for _ in range(20)])
    assert ask.overrode == "PersonCapReached ReasonNeeded", "each name once, and whole"


def test_an_override_that_nothing_needs_is_none(cast: Cast) -> None:
    ask = cast.ask(override=Override("Just in case", cast.admin.id))
    assert (ask.overrode, ask.approver_id) == ("", None)


@pytest.mark.parametrize(("kind", "refusal"), [("legal", "LegalHold"), ("escalation", "OpenEscalation")])
@pytest.mark.parametrize("of", ["person", "company"])
def test_nothing_overrides_a_block_until_it_is_lifted(cast: Cast, kind: str, refusal: str, of: str) -> None:
    whom = {"person_id": cast.person.id} if of == "person" else {"company_id": cast.company_id}
    asked, own = cast.ask(), {"is_yes": True, "now": NOW}
    block = set_block(cast.session, cast.admin, kind=kind, reason="Ticket 4711", now=NOW, **whom)
    with pytest.raises(refusals.HeldBack):
        answer_ask(cast.session, by_advocate(cast.person.id), ask_id=asked.id, **own)
    for override in (None, Override("Really", cast.admin.id)):
        with pytest.raises(getattr(refusals, refusal)):
            make_ask(cast.session, cast.admin, cast.person.id, now=NOW, override=override)
        with pytest.raises(refusals.NotToBeAsked):
            cast.ask(override=override)  # Which block stands is for admins and the account owner.
    with pytest.raises(refusals.BlockThere):
        set_block(cast.session, cast.admin, kind=kind, reason="Again", now=NOW, **whom)
    with pytest.raises(refusals.ReasonNeeded):
        lift_block(cast.session, cast.admin, block_id=block.id, reason="", now=NOW)
    with pytest.raises(NotAllowed):
        lift_block(cast.session, cast.employee, block_id=block.id, reason="Over", now=NOW)
    lift_block(cast.session, cast.second, block_id=block.id, reason="Settled", now=NOW)
    with pytest.raises(refusals.BlockGone):
        lift_block(cast.session, cast.second, block_id=block.id, reason="Settled", now=NOW)
    assert cast.ask()
    assert answer_ask(cast.session, by_advocate(cast.person.id), ask_id=asked.id, **own).id == asked.id


def test_only_customers_people_are_asked_and_only_by_staff(cast: Cast) -> None:
    with pytest.raises(refusals.CannotBeAsked):
        make_ask(cast.session, cast.employee, cast.admin.id or 0, now=NOW)
    with pytest.raises(NotAllowed):
        make_ask(cast.session, by_advocate(cast.other.id), cast.person.id, now=NOW)
    deactivate_person(cast.session, cast.admin, person_id=cast.person.id, reason="Left", now=NOW)
    with pytest.raises(refusals.CannotBeAsked):
        cast.ask()
    contact = make_contact(cast.session, email=None)
    with pytest.raises(refusals.NotHereYet) as refused:
        cast.ask(contact)
    assert refused.value.field == "channel", "nobody would tell them, and they could not answer"
    assert cast.ask(contact, channel="phone")
    with pytest.raises(refusals.KindUnknown):
        cast.ask(cast.other, kind="favour")


def test_an_ask_made_outside_is_written_down_although_the_cap_is_reached_and_takes_slots(cast: Cast) -> None:
    caps(cast, person=1)
    cast.ask()
    logged = log_ask(cast.session, cast.employee, cast.person.id, NOW - 2 * DAY, now=NOW, came="completed", minutes=40, note="By phone")
    assert (logged.is_outside, logged.asked_at, logged.recorded_at, logged.person_used) == (True, NOW - 2 * DAY, NOW, 1)
    assert budget_of(cast.session, cast.person.id, NOW).person.used == 2
    with pytest.raises(refusals.PersonCapReached) as refused:
        cast.ask()
    assert refused.value.free_on == date(2027, 2, 24), "the open one leaves with its lapse, and that is not enough"


def test_an_ask_outside_was_in_the_past(cast: Cast) -> None:
    with pytest.raises(refusals.MomentAhead):
        log_ask(cast.session, cast.employee, cast.person.id, NOW + DAY, now=NOW)
    with pytest.raises(refusals.MomentTooOld):
        log_ask(cast.session, cast.employee, cast.person.id, NOW - 4000 * DAY, now=NOW)
    with pytest.raises(refusals.MinutesInvalid):
        log_ask(cast.session, cast.employee, cast.person.id, NOW, now=NOW, came="completed", minutes=6001)


def test_an_open_one_from_outside_waits_for_its_answer_and_lapses_like_others(cast: Cast) -> None:
    ask = log_ask(cast.session, cast.employee, cast.person.id, NOW - 3 * DAY, now=NOW)
    answer_ask(cast.session, cast.employee, ask_id=ask.id, is_yes=True, now=NOW)
    assert outcomes_of(cast.session, ask.id) == ["accepted"]
    old = log_ask(cast.session, cast.employee, cast.other.id, NOW - 30 * DAY, now=NOW)
    cast.ask(cast.other)
    assert outcomes_of(cast.session, old.id) == [], "staff said that it is open: it has the days of one that is asked now"
    cast.ask(cast.other, now=NOW + 14 * DAY)
    assert outcomes_of(cast.session, old.id) == ["expired"]
    assert cast.session.scalars(select(AskOutcome.by_id).where(AskOutcome.ask_id == old.id)).one() is None, "nobody's doing"


def test_effort_is_frozen_and_a_new_one_holds_from_its_day(cast: Cast) -> None:
    before = cast.ask(now=NOW - 30 * DAY)
    set_efforts(cast.session, cast.admin, efforts={AskKind.CALL: 12}, now=NOW - 10 * DAY)
    assert cast.session.get(Ask, before.id).effort == 8
    assert cast.ask().effort == 12
    assert log_ask(cast.session, cast.employee, cast.person.id, NOW - 20 * DAY, now=NOW, came="completed").effort == 8
    assert set_efforts(cast.session, cast.admin, efforts={AskKind.CALL: 12}, now=NOW) == 0
    assert cast.session.scalar(select(func.count()).select_from(AskEffort)) == 1
    with pytest.raises(refusals.CapInvalid):
        set_efforts(cast.session, cast.admin, efforts={AskKind.CALL: 101}, now=NOW)
    with pytest.raises(NotAllowed):
        set_efforts(cast.session, cast.employee, efforts={AskKind.CALL: 1}, now=NOW)


def test_answers_are_of_the_person_asked_or_written_down_by_staff(cast: Cast) -> None:
    ask = cast.ask()
    with pytest.raises(refusals.AskUnknown):
        answer_ask(cast.session, by_advocate(cast.other.id), ask_id=ask.id, is_yes=True, now=NOW)
    answer_ask(cast.session, cast.employee, ask_id=ask.id, is_yes=True, reason="Told me on the phone", now=NOW)
    same = answer_ask(cast.session, by_advocate(cast.person.id), ask_id=ask.id, is_yes=True, now=NOW)
    assert (same.id, outcomes_of(cast.session, ask.id)) == (ask.id, ["accepted"])
    answer_ask(cast.session, by_advocate(cast.person.id), ask_id=ask.id, is_yes=False, reason="Ill", now=NOW)
    with pytest.raises(refusals.AlreadyAnswered):
        answer_ask(cast.session, by_advocate(cast.person.id), ask_id=ask.id, is_yes=True, now=NOW)
    with pytest.raises(refusals.AlreadyAnswered):
        finish_ask(cast.session, cast.employee, ask_id=ask.id, was_done=True, now=NOW)


def test_a_late_answer_is_told_that_it_is_late(cast: Cast) -> None:
    ask = cast.ask()
    with pytest.raises(refusals.AskLapsed):
        answer_ask(cast.session, by_advocate(cast.person.id), ask_id=ask.id, is_yes=True, now=NOW + 14 * DAY)


def test_only_who_asked_and_admins_take_an_ask_back(cast: Cast) -> None:
    ask, stranger = cast.ask(), by_employee(make_employee(cast.session).id)
    for actor in (stranger, by_advocate(cast.person.id)):
        with pytest.raises(NotAllowed):
            withdraw_ask(cast.session, actor, ask_id=ask.id, now=NOW)
    withdraw_ask(cast.session, cast.admin, ask_id=ask.id, reason="Deal lost", now=NOW)
    assert outcomes_of(cast.session, ask.id) == ["withdrawn"]


def test_the_company_is_that_of_the_time(cast: Cast) -> None:
    cast.ask()
    cast.person.company_id = make_company(cast.session).id
    cast.session.flush()
    assert budget_of(cast.session, cast.person.id, NOW).company.used == 0
    assert budget_of(cast.session, cast.person.id, NOW).person.used == 1
    assert budget_of(cast.session, cast.other.id, NOW).company.used == 1


def test_an_admin_writes_down_what_a_person_said_and_why(cast: Cast) -> None:
    with pytest.raises(refusals.ReasonNeeded):
        set_person_terms(cast.session, cast.admin, person_id=cast.person.id, terms=Terms(most=1), reason=" ", now=NOW)
    set_person_terms(cast.session, cast.admin, person_id=cast.person.id, terms=Terms(most=1), reason="Told us at the summit", now=NOW)
    assert cast.left() == 1
    for wrong in (Terms(most=-1), Terms(days=0), Terms(months_off=tuple(range(1, 13)))):
        with pytest.raises(refusals.CapInvalid):
            set_own_terms(cast.session, by_advocate(cast.person.id), terms=wrong, now=NOW)


def test_the_job_lets_asks_lapse_once_however_often_it_runs(database: Database) -> None:
    person_id = database.write(lambda s: make_person(s, now=NOW).id)
    asks = [database.write(lambda s: make_ask(s, system("job"), person_id, now=NOW).id) for _ in range(3)]
    assert (expire_asks(database, NOW + 13 * DAY), expire_asks(database, NOW + 14 * DAY), expire_asks(database, NOW + 15 * DAY)) == (0, 3, 0)
    with database.reading() as session:
        assert [outcomes_of(session, ask_id) for ask_id in asks] == [["expired"]] * 3


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ask SET effort = 0",
        "DELETE FROM ask",
        "UPDATE ask_outcome SET came = 'declined'",
        "DELETE FROM ask_outcome",
        "UPDATE ask_effort SET effort = 0",
        "DELETE FROM ask_defaults",
    ],
)
def test_the_database_refuses_to_change_the_record(database: Database, statement: str) -> None:
    def tell(session: Session) -> None:
        admin = by_admin(make_admin(session).id)
        ask = make_ask(session, admin, make_person(session).id, now=NOW)
        answer_ask(session, admin, ask_id=ask.id, is_yes=True, now=NOW)
        set_efforts(session, admin, efforts={AskKind.CALL: 9}, now=NOW)
        set_defaults(session, admin, defaults=Defaults(answer_days=7), now=NOW)

    database.write(tell)
    with pytest.raises(DatabaseError, match="append-only"):
        database.write(lambda session: session.execute(text(statement)))
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AskOutcome)) == 1


def test_an_ask_whose_time_is_over_has_lapsed_at_its_own_moment_whether_or_not_the_job_ran(cast: Cast) -> None:
    caps(cast, person=1)
    ask = cast.ask()
    late = NOW + 20 * DAY
    shown = budget_of(cast.session, cast.person.id, late).person
    assert (shown.used, shown.left, shown.free_on) == (0, 1, None), "the page says what asking would find"
    expire_due(cast.session, system("job"), now=late)
    (lapsed,) = cast.session.scalars(select(AskOutcome).where(AskOutcome.ask_id == ask.id))
    assert (lapsed.came, lapsed.at) == ("expired", NOW + 14 * DAY)
