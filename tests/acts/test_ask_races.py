"""Everybody at once: for the last slot of a person or a company, for one answer, and two bulk asks that cross."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.acts.actions.answering import answer_ask, expire_due, withdraw_ask
from portal.acts.actions.blocking import set_block
from portal.acts.actions.locking import locked_company
from portal.acts.actions.saying import set_own_terms
from portal.acts.actions.settings import set_defaults
from portal.acts.actions.several import ask_several
from portal.acts.models.asks import Ask, OpenAsk
from portal.acts.queries.asks import outcomes_of
from portal.acts.queries.budget import budget_of
from portal.acts.rules.budget import Cap, Defaults
from portal.acts.rules.terms import Terms
from portal.kernel.actor import Actor, system
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.people.models import Person
from tests.factories.asks import by_admin, by_advocate, make_ask
from tests.factories.people import make_admin, make_company, make_person
from tests.rewards.racing import LIMIT_SECONDS, PROCESSES, all_at_once, one_during_another
from tests.support.patient import patient
from tests.support.prepared import prepared

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ASKERS = 32


def stage(database: Database, *, person: int, company: int, people: int = 1) -> tuple[Actor, int, list[int]]:
    """Set the caps, and return an admin, a company and its people."""

    def work(session: Session) -> tuple[Actor, int, list[int]]:
        admin = by_admin(make_admin(session).id)
        set_defaults(session, admin, defaults=Defaults(Cap(person, 90), Cap(company, 90)), now=NOW)
        company_id = make_company(session).id
        return admin, company_id, [make_person(session, company_id=company_id).id for _ in range(people)]

    return database.write(work)


def asks_in(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Ask)) or 0


def ask_for(person_id: int, key: str, session: Session, kind: str = "call") -> None:
    make_ask(session, system("test"), person_id, key=key, kind=kind, now=NOW)


def test_32_proposals_for_the_last_slot_of_a_person_are_one_ask(database: Database) -> None:
    _, _, (person_id,) = stage(database, person=3, company=50)
    database.write(lambda s: [ask_for(person_id, f"before {n}", s) for n in range(2)])
    kinds = ("call", "survey", "review", "referral")
    with patient(database) as shared:
        counted = all_at_once(shared, [partial(ask_for, person_id, f"key {n}", kind=kinds[n % 4]) for n in range(ASKERS)])
    assert counted == {"done": 1, "PersonCapReached": ASKERS - 1}
    assert asks_in(database) == 3


def test_32_people_of_one_company_and_one_slot_left_are_one_ask(database: Database) -> None:
    _, _, people = stage(database, person=4, company=1, people=ASKERS)
    with patient(database) as shared:
        counted = all_at_once(shared, [partial(ask_for, person_id, f"key {person_id}") for person_id in people])
    assert counted == {"done": 1, "CompanyCapReached": ASKERS - 1}
    assert asks_in(database) == 1


def test_one_form_sent_32_times_is_one_ask_and_every_click_gets_it(database: Database) -> None:
    _, _, (person_id,) = stage(database, person=1, company=50)
    with patient(database) as shared:
        assert all_at_once(shared, [partial(ask_for, person_id, "one form")] * ASKERS) == {"done": ASKERS}
    assert asks_in(database) == 1


def test_one_source_that_asks_eight_people_at_once_asks_one(database: Database) -> None:
    _, _, people = stage(database, person=4, company=50, people=8)

    def work(person_id: int, session: Session) -> None:
        make_ask(session, system("test"), person_id, source=("reference_request", 7), now=NOW)

    assert all_at_once(database, [partial(work, person_id) for person_id in people]) == {"done": 1, "SourceAsks": 7}


def test_yes_no_withdrawal_and_lapse_at_once_end_as_one_of_them(database: Database) -> None:
    admin, _, (person_id,) = stage(database, person=1, company=50)
    ask_id = database.write(lambda s: make_ask(s, admin, person_id, now=NOW).id)
    member, late = by_advocate(person_id), NOW + timedelta(days=14)
    works: list[Any] = [
        *[partial(answer_ask, actor=member, ask_id=ask_id, is_yes=False, now=NOW)] * 2,
        *[partial(withdraw_ask, actor=admin, ask_id=ask_id, now=NOW)] * 3,
        *[partial(expire_due, actor=system("job"), now=late)] * 3,
    ]
    counted = all_at_once(database, works)
    with database.reading() as session:
        (came,) = outcomes_of(session, ask_id)
        assert session.get(OpenAsk, ask_id) is None
    assert set(counted) <= {"done", "AlreadyAnswered"}
    assert counted["done"] == {"declined": 2, "withdrawn": 3, "expired": 0}[came] + 3


def test_a_no_and_15_who_want_the_slot_it_frees_give_it_to_one_at_most(database: Database) -> None:
    admin, _, (person_id,) = stage(database, person=1, company=50)
    ask_id = database.write(lambda s: make_ask(s, admin, person_id, now=NOW).id)
    works: list[Any] = [partial(ask_for, person_id, f"key {n}") for n in range(15)]
    with patient(database) as shared:
        counted = all_at_once(shared, [partial(answer_ask, actor=by_advocate(person_id), ask_id=ask_id, is_yes=False, now=NOW), *works])
    assert counted["done"] in (1, 2)
    assert counted["done"] + counted["PersonCapReached"] == 16
    with database.reading() as session:
        assert budget_of(session, person_id, NOW).person.used == counted["done"] - 1


def test_bulk_asks_over_the_same_people_in_opposite_order_never_stop_each_other_nor_pass_a_cap(database: Database) -> None:
    admin, _, people = stage(database, person=4, company=15, people=6)

    def several(order: list[int], key: str, session: Session) -> None:
        lines = [f"#{person_id}" for person_id in order]
        ask_several(session, admin, lines=lines, kind="call", about="", channel="phone", key=key, now=NOW)

    works = [partial(several, people[:: 1 if n % 2 else -1], f"bulk {n // 2}") for n in range(8)]
    with patient(database) as shared:
        assert all_at_once(shared, works, tries=1) == {"done": 8}
    assert asks_in(database) == 15, "four forms, each sent twice, for six people: 24 asks, but for the cap of the company"


def test_who_changes_company_while_the_old_ones_budget_is_waited_for_is_asked_as_one_of_the_new(database: Database) -> None:
    """The budget of the old company is held, and within it the person moves to one that is full."""
    _, old_id, (person_id,) = stage(database, person=4, company=1)

    def fill(session: Session) -> int:
        full_id = make_company(session).id
        ask_for(make_person(session, company_id=full_id).id, "the last", session)
        return full_id

    full_id = database.write(fill)

    def move(session: Session) -> None:
        locked_company(session, old_id)
        session.get_one(Person, person_id).company_id = full_id

    _, answer = one_during_another(database, move, lambda: database.write(partial(ask_for, person_id, "one more")))
    assert answer == "CompanyCapReached"
    assert asks_in(database) == 1


def test_a_block_and_a_pause_set_at_the_same_moment_come_before_or_after_an_ask_and_never_between(database: Database) -> None:
    admin, company_id, (person_id,) = stage(database, person=40, company=50)
    pause = Terms(paused_until=NOW.date() + timedelta(days=9))
    works: list[Any] = [partial(ask_for, person_id, f"key {n}") for n in range(10)]
    works += [partial(set_block, actor=admin, kind="legal", reason="Lawsuit", company_id=company_id, now=NOW)]
    works += [partial(set_own_terms, actor=by_advocate(person_id), terms=pause, now=NOW)]
    with patient(database) as shared:
        counted = all_at_once(shared, works)
    assert set(counted) <= {"done", "LegalHold", "Paused"}
    assert asks_in(database) == counted["done"] - 2
    assert all_at_once(database, [partial(ask_for, person_id, "afterwards")]) == {"LegalHold": 1}


def propose(url: str, people: list[int], rounds: int, name: int, start: Any, answers: Any) -> None:
    """Ask each person, round by round, in a process of its own; report what came of it."""
    database, found = Database(url), Counter[str]()
    for number in range(rounds):
        start.wait(LIMIT_SECONDS)
        for person_id in people:
            try:
                database.write(partial(ask_for, person_id, f"{name} {number} {person_id}"))
                found["done"] += 1
            except Refusal as refusal:
                found[refusal.name] += 1
    answers.put(found)


def test_eight_processes_go_for_the_slots_of_a_person_and_of_a_company(database: Database) -> None:
    """Two people with three slots each, five of the company together, five rounds by eight processes."""
    _, _, people = stage(database, person=3, company=5, people=2)
    context, rounds = prepared(), 5
    start, answers = context.Barrier(PROCESSES), context.Queue()
    facts = [(database.url, people[:: 1 if n % 2 else -1], rounds, n, start, answers) for n in range(PROCESSES)]
    workers = [context.Process(target=propose, args=one, daemon=True) for one in facts]
    for worker in workers:
        worker.start()
    counted = sum((answers.get(timeout=LIMIT_SECONDS) for _ in workers), Counter())
    for worker in workers:
        worker.join(LIMIT_SECONDS)
    assert counted["done"] == 5 == asks_in(database)
    assert set(counted) <= {"done", "PersonCapReached", "CompanyCapReached", "Busy"}
    assert counted.total() == PROCESSES * rounds * 2
    assert counted["Busy"] == 0
