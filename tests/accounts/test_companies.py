"""The company page for staff: what sales handed over, who is there, what they said, did and were asked."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal.accounts.actions.handing_over import hand_over, seen_values
from portal.accounts.models import CompanyAccount
from portal.accounts.queries.companies import companies_page, count_people, people_there
from portal.accounts.queries.knowing import account_of, hand_over_of
from portal.accounts.rules.knowing import MOST_STAKEHOLDERS, HandOver, Someone, tidied
from portal.accounts.rules.refusals import (
    CompetitorTooLong,
    NotYoursToHandOver,
    StakeholderNameless,
    TooManyCompetitors,
    TooManyStakeholders,
)
from portal.acts.queries.people import people_to_ask
from portal.kernel.actor import EMPLOYEE, Actor
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from portal.kernel.seen import ChangedMeanwhile, seen_of
from portal.people.models import Company, Person
from portal.people.queries.directory import history_of
from portal.profiles.models import ReferenceProfile
from portal.profiles.rules.states import Status
from portal.requests.models import ReferenceRequest, RequestCandidate
from tests.factories.consents import make_consent
from tests.factories.people import make_company, make_contact, make_employee, make_person
from tests.factories.references import make_nomination
from tests.factories.story import Story
from tests.support.application import SignIn
from tests.support.counting import CountQueries

GIVEN = HandOver(
    date(2027, 3, 1),
    "Halve the time to plan a week.",
    "They had a hard start.",
    ("Rival Works", "Old & Sons"),
    (Someone("Vera Planner", "COO", "no night shifts"), Someone("Max", "", "")),
)


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (HandOver(stakeholders=(Someone("", "COO", ""),)), StakeholderNameless),
        (HandOver(stakeholders=tuple(Someone(f"P{n}") for n in range(MOST_STAKEHOLDERS + 1))), TooManyStakeholders),
        (HandOver(competitors=("x" * 161,)), CompetitorTooLong),
        (HandOver(competitors=tuple(f"C{n}" for n in range(101))), TooManyCompetitors),
    ],
)
def test_what_cannot_be_kept_is_refused_by_name(given: HandOver, refused: type[Refusal]) -> None:
    with pytest.raises(refused):
        tidied(given)


def test_competitors_stand_once_whatever_case_and_empty_lines_are_nobody() -> None:
    kept = tidied(HandOver(competitors=(" Rival  Works", "rival works", "", "Ábc", "abc"), stakeholders=(Someone(" "), Someone("Vera", " COO "))))
    assert kept == HandOver(competitors=("Rival Works", "Ábc"), stakeholders=(Someone("Vera", "COO"),))


def test_a_hand_over_is_written_by_its_owner_with_history_and_no_update_is_lost(database: Database) -> None:
    def world(session: Session) -> tuple[int, int, int]:
        owner = make_employee(session, name="Olga Owner")
        return owner.id, make_employee(session).id, make_company(session, owner_id=owner.id).id

    owner_id, other_id, company_id = database.write(world)
    owner, other = (Actor(id=one, roles=frozenset({EMPLOYEE}), origin="127.0.0.1") for one in (owner_id, other_id))

    def write(actor: Actor, given: HandOver, seen: str | None = None) -> bool:
        return database.write(lambda s: hand_over(s, actor, company_id=company_id, given=given, seen=seen, now=utcnow()))

    with pytest.raises(NotYoursToHandOver):
        write(other, GIVEN)
    nothing = seen_of(seen_values(HandOver()))
    assert write(owner, GIVEN, nothing)
    assert not write(owner, GIVEN)
    with pytest.raises(ChangedMeanwhile):
        write(owner, HandOver(goals="Something else"), nothing)
    changed = HandOver(GIVEN.renewal_on, "Plan a week in an hour.", GIVEN.notes, GIVEN.competitors[:1], GIVEN.stakeholders[:1])
    assert write(owner, changed, seen_of(seen_values(GIVEN)))
    with database.reading() as session:
        account, stands = hand_over_of(session, company_id)
        assert account is not None
        assert (stands, account.handed_over_by_id) == (changed, owner_id)
        assert account_of(session, [company_id, 999])[company_id].competitors == ("Rival Works",)
        latest, *earlier = [event for event in history_of(session, "company", company_id) if event.name == "company.handed_over"]
        assert len(earlier) == 1
        assert (latest.actor, latest.data["changes"]["goals"]) == ("Olga Owner", [GIVEN.goals, changed.goals])
        assert set(latest.data["changes"]) == {"goals", "competitors", "stakeholders"}


def fill(session: Session, company_id: int, requester: Person, number: int) -> list[int]:
    """Put people, profiles, requests and consents at a company as rows."""
    now = utcnow()
    ids = []
    empty: dict[str, Any] = dict.fromkeys(("time_zone", "story", "results", "sensitivities", "status_reason", "verify_why", "search"), "")
    blank = dict.fromkeys(("prospect_domain", "prospect_contact", "prospect_email", "industry", "region", "size", "product", "language"), "")
    blank |= dict.fromkeys(("competitor", "worry", "deal_name", "end_code", "end_reason", "unfilled_by", "search"), "")
    for n in range(number):
        person = make_contact(session, company_id=company_id, name=f"Kim {n}")
        ids.append(person.id)
        session.add(
            ReferenceProfile(
                person_id=person.id, status=Status.ACTIVE, is_visible=True, tier=1 + n % 3, edition=1, made_at=now, changed_at=now, **empty
            )
        )
        deal = {"deal_value": 5_000, "currency": "EUR", "deal_outcome": "won", "deal_closed_on": now.date(), "prospect": f"Prospect {n}"}
        whose: dict[str, Any] = {"key": f"k{company_id}-{n}", "requester_id": requester.id, "is_self_serve": True}
        plain: dict[str, Any] = {"state": "completed", "activity": "call", "criteria": {}, "made_at": now, "changed_at": now, "opened_at": now}
        asked = ReferenceRequest(**whose, **plain, **deal, **blank)
        session.add(asked)
        session.flush()
        said = {"decline_code": "", "said": "", "suggested_name": "", "suggested_email": "", "reasons": []}
        session.add(
            RequestCandidate(
                request_id=asked.id, person_id=person.id, company_id=company_id, state="completed", proposed_at=now, ended_at=now, **said
            )
        )
    session.flush()
    return ids


@pytest.mark.breaks_the_books(reason="requests are written as rows, without what paid for them")
def test_everybody_on_the_team_reads_the_page_and_only_the_owner_reads_what_is_theirs(database: Database, sign_in: SignIn, story: Story) -> None:
    def world(session: Session) -> tuple[int, int, int]:
        owner, other = make_employee(session, name="Olga Owner"), make_employee(session)
        company = make_company(session, name="Harbour & Sons", owner_id=owner.id, region="Bavaria")
        member = make_person(session, company_id=company.id, name="Mia Member", title="COO")
        make_consent(session, member, quote="We plan twice as fast.")
        make_nomination(session, other, name="Nele Nominee", company="Harbour & Sons")
        fill(session, company.id, owner, 3)
        hand_over(session, Actor(id=owner.id, roles=owner.roles), company_id=company.id, given=GIVEN, now=utcnow())
        return owner.id, other.id, company.id

    owner_id, other_id, company_id = database.write(world)
    owner, other, admin, page = sign_in(owner_id), sign_in(other_id), sign_in(story.admin), f"/companies/{company_id}"
    everybody = (
        "Harbour &amp; Sons",
        "Olga Owner",
        "Halve the time",
        "Vera Planner",
        "Rival Works",
        "Mia Member",
        "We plan twice as fast.",
        "Nele Nominee",
    )
    for client in (owner, other, admin):
        text = client.get(page).text
        assert [word for word in everybody if word not in text] == []
        assert "@customer.example" not in text
        assert "COO · Member" in text, "of the account; active is said of a profile"
        assert ("Nominate somebody from here" in text, "Nominate somebody for it" in text) == (False, False)
    bare = database.write(lambda s: make_company(s, name="Empty Works").id)
    text = other.get(f"/companies/{bare}").text
    for leads_on in ("Nominate somebody from here", "Nominate somebody for it", "Find a reference elsewhere", "Find a reference for a deal"):
        assert leads_on in text
    assert text.count("/nominate?company=Empty+Works") >= 3
    text = other.get(page).text
    for hidden in ("Prospect 0", "What they said", "Show contact details", "Change it"):
        assert hidden not in text
        assert hidden in owner.get(page).text
    assert GIVEN.renewal_on is not None
    for client, knows in ((owner, True), (other, False), (admin, True)):
        day = client.get(f"{page}").text, client.get("/companies?q=Harbour").text, client.get("/companies?q=Harbour&format=csv").text
        assert ["2027" in part for part in day] == [knows] * 3, "when a contract is renewed is for its owner and admins"
    assert "agreed to nothing now" in text, "a profile that everybody may find"
    assert (text.count("agreed to nothing now"), owner.get(page).text.count("agreed to nothing now")) == (1, 3), "tiers 2 and 3 are not for everybody"
    assert "Deal won" in admin.get(page).text
    assert other.get(f"{page}/hand-over").status_code == 403
    assert other.post(f"{page}/hand-over", data={"goals": "mine"}).status_code == 403
    assert "Edit the record" in admin.get(page).text
    assert "Edit the record" not in owner.get(page).text
    for what in ("people", "acts", "quotes"):
        assert other.get(f"{page}/{what}").status_code == 200
    assert sign_in(story.advocate).get(page).status_code == 403


def test_the_editor_keeps_what_was_typed_and_shows_what_somebody_else_saved(database: Database, sign_in: SignIn, story: Story) -> None:
    company_id = database.write(lambda s: make_company(s).id)
    admin, page = sign_in(story.admin), f"/companies/{company_id}/hand-over"
    typed = {"renewal_on": "2027-05-01", "goals": "Fewer lorries", "competitors": "A\nB", "stakeholders-0-name": "", "stakeholders-0-role": "Boss"}
    refused = admin.post(page, data=typed)
    assert refused.status_code == 422
    assert "Please give everybody who matters there a name" in refused.text
    assert "Fewer lorries" in refused.text
    assert 'value="Boss"' in refused.text
    nothing = seen_of(seen_values(HandOver()))
    assert admin.post(page, data=typed | {"stakeholders-0-name": "Vera", "seen": nothing}).status_code == 303
    late = admin.post(page, data={"goals": "Mine", "stakeholders-0-name": "Max", "seen": nothing})
    assert late.status_code == 409
    for told in ("Somebody changed this after you opened it", "Fewer lorries", "Vera, Boss", 'value="Max"'):
        assert told in late.text
    shown = admin.get(page).text
    assert "Fewer lorries" in shown
    with database.reading() as session:
        account = session.get_one(CompanyAccount, company_id)
        assert (account.competitors, account.renewal_on) == ("A\nB", date(2027, 5, 1))
    assert "2027" in admin.get(f"/companies/{company_id}").text


def test_the_list_finds_filters_and_pages_and_costs_the_same_for_many(
    database: Database, sign_in: SignIn, story: Story, count_queries: CountQueries
) -> None:
    employee = sign_in(story.employee)

    def add(number: int) -> None:
        def rows(session: Session) -> None:
            now = utcnow()
            plain = {"size": "", "country": "", "domain": "", "created_at": now}
            session.add_all(
                Company(name=f"Firm {number} {n:04}", name_key=f"firm {number} {n:04}", industry=f"I{n % 3}", region=f"R{n % 2}", **plain)
                for n in range(number)
            )

        database.write(rows)

    add(10)
    with count_queries() as few:
        assert "Firm 10 0003" in employee.get("/companies").text
    add(1000)
    with count_queries() as many:
        assert employee.get("/companies?q=firm").status_code == 200
    assert many.total <= few.total
    assert "Firm 10 0001" not in employee.get("/companies?q=firm+10&industry=I2&region=R0").text
    assert "Firm 10 0002" in employee.get("/companies?q=firm+10&industry=I2&region=R0").text
    mine = employee.get("/companies?mine=y").text
    assert "Bright &amp; Sons" in mine
    assert "Firm 10" not in mine
    assert employee.get("/companies?q=firm&format=csv").text.count("\n") == 1011
    assert "No company fits" in employee.get("/companies?q=zzz").text
    first = employee.get("/companies?q=firm+1000").text
    assert "after=" in first


@pytest.mark.only_on("sqlite", reason="its planner has no figures, and would read all advocates for each company")
def test_a_companys_people_are_looked_for_by_their_company(database: Database, count_queries: CountQueries) -> None:
    actor = Actor(id=1, roles=frozenset({EMPLOYEE}))
    with database.reading() as session, count_queries() as counted:
        companies_page(session, actor)
        count_people(session, actor, 1)
        people_there(session, actor, 1)
        people_to_ask(session, actor, now=utcnow(), company_id=1)
    asked = [statement for statement in counted.statements if "person.company_id = " in statement]
    with database.engine.connect() as connection:
        for statement in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?")).all()
            assert "ix_person_company_id" in str(plan), (statement, plan)
    assert len(asked) >= 4


@pytest.mark.breaks_the_books(reason="requests are written as rows, without what paid for them")
def test_the_page_of_a_company_costs_the_same_however_much_is_known_of_it(
    database: Database, sign_in: SignIn, story: Story, count_queries: CountQueries
) -> None:
    def world(session: Session, number: int) -> int:
        company = make_company(session, owner_id=story.employee)
        fill(session, company.id, session.get_one(Person, story.employee), number)
        return company.id

    client, costs = sign_in(story.employee), []
    for number in (10, 60):
        company_id = database.write(lambda s, number=number: world(s, number))
        client.get(f"/companies/{company_id}")
        with count_queries() as spent:
            assert client.get(f"/companies/{company_id}").status_code == 200
        costs.append(spent.total)
    assert costs[0] == costs[1]
