"""Lists of people to ask: ranked by strain and sifted by how they stand, in the database, as the one verb would find them one by one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from portal.acts.actions.answering import answer_ask, finish_ask, withdraw_ask
from portal.acts.actions.blocking import set_block
from portal.acts.actions.saying import set_company_terms, set_own_terms, set_person_terms
from portal.acts.actions.settings import set_defaults
from portal.acts.actions.several import ask_several, foresee_several
from portal.acts.jobs import run_recount
from portal.acts.models.asks import Ask, AskLoad, CompanyAskLoad
from portal.acts.queries.budget import budgets_of
from portal.acts.queries.people import Order, everybody_to_ask, people_to_ask
from portal.acts.queries.ready import Ready
from portal.acts.rules import refusals
from portal.acts.rules.asks import AskState
from portal.acts.rules.budget import Band, Cap, Defaults, capacity, strain
from portal.acts.rules.loads import NEVER_ASKED, TAKES_NONE, kept_of, load_at, rank_at, rank_of, strain_of
from portal.acts.rules.terms import Terms
from portal.invariants import problems
from portal.kernel.actor import Actor, system
from portal.kernel.db import Database
from tests.factories.asks import by_admin, by_advocate, log_ask, make_ask
from tests.factories.people import make_admin, make_company, make_person
from tests.support.counting import CountQueries

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
DAY = timedelta(days=1)
STOPS = {
    Ready.BLOCKED: (refusals.LegalHold, refusals.OpenEscalation),
    Ready.PAUSED: (refusals.Paused, refusals.MonthOff),
    Ready.RESTING: (refusals.Resting,),
    Ready.FULL: (refusals.PersonCapReached, refusals.PersonTakesNone, refusals.CompanyCapReached, refusals.CompanyTakesNone),
}


@pytest.mark.parametrize("cap", [Cap(4, 90), Cap(1, 365), Cap(50, 30)])
@pytest.mark.parametrize("days", [0, 45, 400])
def test_a_rank_is_the_strain_of_load_and_capacity_at_any_moment(cap: Cap, days: int) -> None:
    moments, now = (NOW - 3 * DAY, NOW - 50 * DAY, NOW - 500 * DAY), NOW + days * DAY
    kept = sum(kept_of(8, AskState.COMPLETED, moment) for moment in moments)
    plain = sum(8 * 0.5 ** ((now - moment) / DAY / 45) for moment in moments)
    strained = strain(plain, capacity(cap, 8))
    assert load_at(kept, now) == pytest.approx(plain)
    assert strain_of(rank_of(kept, cap), now, 8) == pytest.approx(strained, rel=1e-5)
    assert abs(rank_at(strained, now, 8) - rank_of(kept, cap)) <= 1


def test_who_was_never_asked_comes_first_and_who_takes_none_last() -> None:
    assert (rank_of(0.0, Cap(4, 90)), rank_of(8.0, Cap(0, 90))) == (NEVER_ASKED, TAKES_NONE)
    assert (strain_of(NEVER_ASKED, NOW, 8), strain_of(TAKES_NONE, NOW, 8)) == (0.0, inf)
    assert NEVER_ASKED < rank_of(0.4 * 2**-80, Cap(200, 1)) < rank_of(10.0**30, Cap(1, 730)) < TAKES_NONE


@dataclass
class Town:
    """People of whom each stands otherwise, as their name says."""

    session: Session
    admin: Actor
    ids: dict[str, int]
    companies: dict[str, int]


def town(session: Session) -> Town:
    admin = by_admin(make_admin(session).id)
    set_defaults(session, admin, defaults=Defaults(Cap(3, 90), Cap(5, 90)), now=NOW - 400 * DAY)
    companies = {name: make_company(session, name=name).id for name in ("Full", "Paused", "Held", "Quiet", "Off")}
    ids: dict[str, int] = {}
    made = made_of(session, ids)
    made("never")
    made("worn", [(5, "completed", "case_study"), (20, "completed", "case_study")])
    made("rested", [(80, "declined", "survey")])
    made("full", [(1, None, "call"), (2, "completed", "call"), (88, "completed", "call")])
    made("over", [(1, "completed", "call"), (2, "completed", "call"), (3, None, "call"), (70, "completed", "call"), (80, "accepted", "call")])
    made("rests", [*((300 - n, "completed", "call") for n in range(3)), *((200 - 55 * n, "declined", "survey") for n in range(4))])
    for number in range(2):
        made(f"of full {number}", [(3 + number, "completed", "survey"), (4, None, "survey"), (60, "completed", "survey")], companies["Full"])
    for name in ("Full", "Paused", "Held", "Quiet", "Off"):
        made(f"quiet of {name}", (), companies[name])
    for name, terms in {
        "none": Terms(most=0),
        "paused": Terms(paused_until=(NOW + 9 * DAY).date()),
        "was paused": Terms(paused_until=(NOW + DAY).date()),
        "not in november": Terms(months_off=(11,)),
        "not in january": Terms(months_off=(1, 12)),
        "six a month": Terms(most=6, days=30),
    }.items():
        made(name, [(4, "completed", "call")])
        set_own_terms(session, by_advocate(ids[name]), terms=terms, now=NOW - 2 * DAY)
    set_person_terms(session, admin, person_id=ids["six a month"], terms=Terms(most=1, days=30), reason="They said so", now=NOW - DAY)
    made("held")
    set_block(session, admin, kind="legal", reason="Lawsuit", person_id=ids["held"], now=NOW)
    set_block(session, admin, kind="escalation", reason="Outage", company_id=companies["Held"], now=NOW)
    pause = Terms(paused_until=(NOW + 40 * DAY).date())
    set_company_terms(session, admin, company_id=companies["Paused"], terms=pause, reason="Audit", now=NOW)
    set_company_terms(session, admin, company_id=companies["Off"], terms=Terms(most=0), reason="Contract", now=NOW)
    return Town(session, admin, ids, companies)


def made_of(session: Session, ids: dict[str, int]) -> Callable[..., None]:
    staff = by_admin(make_admin(session).id)

    def made(name: str, asks: Any = (), company_id: int | None = None) -> None:
        ids[name] = make_person(session, name=name, company_id=company_id, now=NOW - 400 * DAY).id
        for days, came, kind in asks:
            log_ask(session, staff, ids[name], NOW - days * DAY, now=NOW, kind=kind, came=came)

    return made


def listed(session: Session, now: datetime, state: str | None = None, **asked: Any) -> list[int]:
    return [row.id for row in everybody_to_ask(session, system(), now=now, state=state, **asked)]


def stands(session: Session, ids: list[int], now: datetime) -> dict[Ready, set[int]]:
    """Return who stands where, as the verb finds it one by one."""
    found: dict[Ready, set[int]] = {state: set() for state in Ready}
    for person_id, budget in budgets_of(session, ids, now).items():
        against = budget.standing.against("")
        for state, stops in STOPS.items():
            if any(isinstance(stop, stops) for stop in against):
                found[state].add(person_id)
        if not against:
            found[Ready.NOW].add(person_id)
    return found


def test_the_list_says_of_everybody_what_the_verb_finds_now_and_while_time_passes(session: Session) -> None:
    world = town(session)
    ids = list(world.ids.values())
    for days in (0, 3, 13, 35, 61, 91):
        now = NOW + days * DAY
        expected = stands(session, ids, now)
        for state in Ready:
            assert set(listed(session, now, state)) == expected[state], (days, state)
        budgets = budgets_of(session, ids, now)
        strains = {one: budget.person.strain for one, budget in budgets.items()}
        named = [one for one in listed(session, now) if one != world.ids["none"]]
        colours = [(one not in expected[Ready.NOW], list(Band).index(budgets[one].band) * (one in expected[Ready.NOW])) for one in named]
        assert colours == sorted(colours), "who cannot be asked comes last, and nobody stands above whom the page calls more rested"
        for colour in set(colours):
            own = [strains[one] for one, other in zip(named, colours, strict=True) if other == colour]
            assert own == pytest.approx(sorted(own), rel=1e-4), "and within a colour by their own strain"
        worn = [strains[one] for one in listed(session, now, order=Order.WORN) if one != world.ids["none"]]
        assert worn == pytest.approx(sorted(worn, reverse=True), rel=1e-4)
    assert len(stands(session, ids, NOW)[Ready.FULL]) >= 6, "the world has somebody everywhere"
    assert all(stands(session, ids, NOW).values())
    full = people_to_ask(session, system(), now=NOW, company_id=world.companies["Full"])
    assert [row.name for row in full] == ["quiet of Full", "of full 1", "of full 0"]


def test_whatever_comes_of_an_ask_moves_the_list_with_it(session: Session) -> None:
    world = town(session)
    person, rested = world.ids["never"], world.ids["rested"]
    asks = [make_ask(session, world.admin, person, kind="case_study", now=NOW) for _ in range(3)]
    assert person in listed(session, NOW, Ready.FULL)
    before = session.get_one(AskLoad, person).load
    answer_ask(session, by_advocate(person), ask_id=asks[0].id, is_yes=True, now=NOW)
    finish_ask(session, world.admin, ask_id=asks[0].id, was_done=False, now=NOW)
    answer_ask(session, by_advocate(person), ask_id=asks[1].id, is_yes=False, now=NOW)
    withdraw_ask(session, world.admin, ask_id=asks[2].id, now=NOW)
    session.expire_all()
    assert session.get_one(AskLoad, person).load == pytest.approx(before * (0.7 + 0.4 + 0.4) / 3)
    assert person in listed(session, NOW, Ready.NOW)
    assert listed(session, NOW).index(rested) < listed(session, NOW).index(person)


def test_caps_of_the_programme_reach_the_list_with_their_job(database: Database) -> None:
    world = database.write(town)
    database.write(lambda s: set_defaults(s, world.admin, defaults=Defaults(Cap(1, 90), Cap(50, 90)), now=NOW))
    run_recount(database, {}, NOW)
    ids = list(world.ids.values())
    with database.reading() as session:
        expected = stands(session, ids, NOW)
        assert {state: set(listed(session, NOW, state)) for state in Ready} == expected


def test_pages_follow_each_other_while_time_passes_between_them(session: Session) -> None:
    staff = by_admin(make_admin(session).id)
    ids = [make_person(session, name=f"P {n % 5}", now=NOW - 400 * DAY).id for n in range(30)]
    for number, person_id in enumerate(ids):
        if number % 3:
            log_ask(session, staff, person_id, NOW - (number % 7) * DAY, now=NOW, kind="survey", came="completed")
    for order in (None, Order.WORN, Order.NAME):
        seen, after, now = list[int](), None, NOW
        while True:
            page = people_to_ask(session, system(), now=now, order=order, after=after, size=7)
            seen += [row.id for row in page]
            if (after := page.next) is None:
                break
            now += 11 * DAY
        assert seen == listed(session, NOW, order=order)
        assert sorted(seen) == ids


def test_a_load_that_is_not_the_sum_is_found(database: Database) -> None:
    world = database.write(town)
    for table, key, its_id in (("ask_load", "person_id", world.ids["worn"]), ("company_ask_load", "company_id", world.companies["Full"])):
        database.write(lambda s, t=table, k=key, i=its_id: s.execute(text(f"UPDATE {t} SET load = load * 2 WHERE {k} = {i}")))
        with database.reading() as session:
            assert [(one.rule, one.table, one.row_id) for one in problems(session)] == [("I15", table, its_id)]
        database.write(lambda s, t=table, k=key, i=its_id: s.execute(text(f"UPDATE {t} SET load = load / 2 WHERE {k} = {i}")))


def test_a_bulk_ask_of_200_reads_as_often_as_of_10_and_foresees_what_it_does(database: Database, count_queries: CountQueries) -> None:
    def people(session: Session, number: int) -> list[str]:
        firms = [make_company(session).id for _ in range(2)]
        return [f"#{make_person(session, company_id=firms[n % 2] if n % 3 else None).id}" for n in range(number)]

    staff = database.write(lambda s: by_admin(make_admin(s).id))
    reads: list[int] = []
    for number in (10, 200):
        lines = database.write(lambda s, n=number: people(s, n))
        given = {"lines": lines, "kind": "survey", "channel": "portal"}
        with database.reading() as session:
            foreseen = [line.refusal.name if line.refusal else None for line in foresee_several(session, staff, **given, now=NOW)]
        with count_queries() as counted:
            done = database.write(lambda s, given=given, n=number: ask_several(s, staff, **given, about="", key=f"bulk {n}", now=NOW))
        assert [line.refusal.name if line.refusal else None for line in done] == foreseen
        assert {line.ask is None for line in done if line.refusal is None} == {False}
        reads.append(sum(1 for one in counted.statements if one.startswith(("SELECT", "WITH"))))
    assert reads[0] == reads[1]
    assert foreseen.count("CompanyCapReached") == 133 - 16
    with database.reading() as session:
        assert (
            session.get_one(CompanyAskLoad, budgets_of(session, [int(lines[1][1:])], NOW)[int(lines[1][1:])].company_id).full_until == NOW + 14 * DAY
        )


def test_asks_of_thousands_in_one_company_are_counted_and_not_read(database: Database) -> None:
    """A company with thousands of logged surveys: the budget reads as few rows as there are places, and says when one frees."""
    world = database.write(town)

    def fill(session: Session) -> None:
        person = make_person(session, company_id=world.companies["Quiet"], now=NOW - 400 * DAY).id
        columns = [column.name for column in Ask.__table__.columns if column.name != "id"]
        log_ask(session, world.admin, person, NOW - 50 * DAY, now=NOW, kind="survey", came="completed", key="first")
        copied = ", ".join("ask.key || '-' || n.n" if name == "key" else f"ask.{name}" for name in columns)
        numbers = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000)"
        session.execute(text(f"INSERT INTO ask ({', '.join(columns)}) {numbers} SELECT {copied} FROM ask, n WHERE ask.key = 'first'"))
        ended = "INSERT INTO ask_outcome (ask_id, came, note, at) SELECT id, 'completed', '', asked_at FROM ask WHERE key LIKE 'first-%'"
        session.execute(text(ended))
        for table, key in (("ask_load", "person_id"), ("company_ask_load", "company_id")):
            session.execute(text(f"UPDATE {table} SET load = load * 3001 WHERE {key} = {person if key == 'person_id' else world.companies['Quiet']}"))
        make_ask_events(session)

    def make_ask_events(session: Session) -> None:
        columns = "name, actor_id, subject_type, subject_id, data, origin, request_id, at"
        session.execute(text(f"INSERT INTO audit_event ({columns}) SELECT 'ask.logged', NULL, 'ask', id, '{{}}', '', '', recorded_at "
                             "FROM ask WHERE key LIKE 'first-%'"))  # fmt: skip

    database.write(fill)
    with database.reading() as session:
        quiet = world.ids["quiet of Quiet"]
        budget = budgets_of(session, [quiet], NOW)[quiet]
        held = budget.standing.company
        assert held is not None
        assert (held.taken.used, len(held.taken.leaving)) == (3001, 200)
        assert [stop.free_on for stop in budget.standing.against("")] == [(NOW + 40 * DAY).date()]
