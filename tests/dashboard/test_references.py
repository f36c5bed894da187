"""References at a glance: what the programme owner reads, held to a plain count over the rows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import literal, select, update
from sqlalchemy.orm import Session

from portal.acts.actions.answering import answer_ask, finish_ask
from portal.acts.actions.blocking import set_block
from portal.acts.models.asks import AskLoad, CompanyGoodwill, PersonGoodwill
from portal.dashboard.queries.coverage import _slots, coverage
from portal.dashboard.queries.references import by_month, glance
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.profiles.models import ProfileWord, ReferenceProfile
from portal.requests.actions.following import settle_silence
from portal.requests.actions.outcomes import say_as_requester
from portal.requests.models import ReferenceRequest
from portal.requests.rules.deals import Comparison
from portal.requests.rules.figures import Cell, Share, free_slots
from tests.factories.asks import by_admin, by_employee, log_ask, make_ask
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.factories.requests import Cast
from tests.factories.story import Story
from tests.requests.test_figures import FREE_SLOTS
from tests.requests.test_path import to_booked
from tests.support.application import SignIn
from tests.support.counting import CountQueries

NOW = datetime(2026, 11, 28, 12, tzinfo=utcnow().tzinfo)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXTS = (
    "prospect", "prospect_domain", "prospect_contact", "prospect_email", "industry", "region", "size", "product", "language", "competitor",
    "worry", "deal_name", "end_code", "end_reason", "unfilled_by", "search",
)  # fmt: skip


def request_row(requester_id: int, key: str, at: datetime, **given: Any) -> ReferenceRequest:
    """Return a request as a row: past the actions, which nobody could race through a year."""
    plain: dict[str, Any] = dict.fromkeys(TEXTS, "") | {"state": "open", "activity": "call", "criteria": {}, "currency": "USD"}
    own = {"key": key, "requester_id": requester_id, "is_self_serve": True, "made_at": at, "changed_at": at, "opened_at": at}
    return ReferenceRequest(**plain | own | given)


def profile_row(person_id: int, **given: Any) -> ReferenceProfile:
    """Return an active profile as a row."""
    plain = dict.fromkeys(("time_zone", "story", "results", "sensitivities", "status_reason", "verify_why", "search"), "")
    own = {"status": "active", "is_visible": True, "tier": 1, "edition": 1, "made_at": NOW, "changed_at": NOW}
    return ReferenceProfile(person_id=person_id, **plain | own | given)


def fill(session: Session) -> int:
    employee, admin = make_employee(session, now=NOW - 400 * DAY), make_admin(session, now=NOW - 400 * DAY)
    bank = make_company(session, industry="Banking", size="50–249", region="EMEA", now=NOW - 400 * DAY)
    rail = make_company(session, industry="Transport", size="5,000+", region="APAC", now=NOW - 400 * DAY)
    people = [make_person(session, company_id=(bank.id, bank.id, rail.id)[n], now=NOW - 400 * DAY) for n in range(3)]
    for n, person in enumerate(people):
        session.add(profile_row(person.id, verified_at=NOW - 9 * DAY if n else None, verify_on=(NOW + DAY).date() if n == 1 else NOW.date()))
    session.flush()
    session.add_all(ProfileWord(person_id=people[0].id, kind="product", key=word.lower(), word=word) for word in ("Boards", "Maps"))
    # Not what the figures of a year count: 13 months old.
    log_ask(session, by_employee(employee.id), people[2].id, NOW - 396 * DAY, now=NOW - 395 * DAY, came="completed")
    ask = make_ask(session, by_employee(employee.id), people[0].id, now=NOW - 20 * DAY)
    answer_ask(session, by_admin(admin.id), ask_id=ask.id, is_yes=True, now=NOW - 19 * DAY)
    finish_ask(session, by_admin(admin.id), ask_id=ask.id, was_done=True, now=NOW - 18 * DAY)
    log_ask(session, by_employee(employee.id), people[0].id, NOW - 30 * DAY, now=NOW - 29 * DAY, came="completed")
    log_ask(session, by_employee(employee.id), people[2].id, NOW - 30 * DAY, now=NOW - 29 * DAY, came="declined")
    make_ask(session, by_employee(employee.id), people[2].id, now=NOW - DAY)
    # Not what the concentration counts: a survey is no reference.
    log_ask(session, by_employee(employee.id), people[1].id, NOW - 30 * DAY, now=NOW - 29 * DAY, kind="survey", came="completed")
    wanted = {"industry": "Banking", "region": "EMEA", "size": "50–249"}
    rows = [
        request_row(employee.id, "late", NOW - 9 * DAY, needed_by=(NOW - DAY).date(), **wanted, product="Boards"),
        request_row(employee.id, "soon", NOW - 2 * DAY, needed_by=(NOW + 3 * DAY).date(), first_proposed_at=NOW - DAY, prospect="Soon & Co"),
        request_row(employee.id, "far", NOW - DAY, needed_by=(NOW + 4 * DAY).date(), industry="Mining"),
        request_row(employee.id, "old", NOW - 366 * DAY, state="expired", unfilled_by="region", industry="Old"),
        request_row(employee.id, "gone", NOW - 40 * DAY, state="declined", unfilled_by="product", ended_at=NOW - 30 * DAY, needed_by=NOW.date()),
        request_row(employee.id, "draft", NOW, state="draft", industry="Drafted", opened_at=None),
    ]
    for n in range(25):
        deal = {"deal_stage": "proposal", "deal_value": 20_000 + n, "deal_closed_on": NOW.date()}
        times = {"first_proposed_at": NOW - 50 * DAY + n * HOUR, "ended_at": NOW - 45 * DAY, "needed_by": (NOW - 44 * DAY).date()}
        rows.append(request_row(employee.id, f"w{n}", NOW - 50 * DAY, state="completed", deal_outcome="won" if n < 20 else "lost", **deal, **times))
        lost = {"deal_outcome": "won" if n < 5 else "lost", "ended_at": NOW - 45 * DAY}
        rows.append(request_row(employee.id, f"l{n}", NOW - 50 * DAY, state="cancelled", **lost, **deal))
    # Two more requests of one deal, of which one was not closed by itself; and a deal of which the stage is not known.
    named = {"deal_name": "Roll-out", "prospect": "Zürich AG"}
    rows.append(request_row(employee.id, "one", NOW - 50 * DAY, state="completed", ended_at=NOW - 45 * DAY, **named))
    closed = {"deal_outcome": "won", "deal_value": 20_000, "deal_closed_on": NOW.date(), "state": "cancelled"}
    rows.append(request_row(employee.id, "other", NOW - 50 * DAY, **closed, deal_stage="proposal", deal_name="roll-OUT", prospect="zurich ag"))
    rows.append(request_row(employee.id, "unknown", NOW - 50 * DAY, **closed, deal_ref="R-9"))
    euros = {"currency": "EUR", "deal_outcome": "won", "deal_stage": "early", "deal_value": 1, "deal_closed_on": NOW.date()}
    rows.append(request_row(employee.id, "eur", NOW - 50 * DAY, state="cancelled", **euros))
    session.add_all(rows)
    session.flush()
    return admin.id


def test_the_figures_are_those_of_the_rows(database: Database) -> None:
    database.write(fill)
    with database.reading() as session:
        found = glance(session, NOW, "USD")
        assert ([row.ReferenceRequest.key for row in found.due], found.number_due) == (["late", "soon"], 2)
        assert found.requests == 58
        assert (found.to_proposal.number, found.to_proposal.median, found.to_proposal.p90) == (26, 12.5 * HOUR, 23 * HOUR)
        assert (found.to_completion.number, found.to_completion.median) == (26, 5 * DAY)
        assert found.filled == Share(25, 27), "all 25 in time; one late, one declined; those that still run are not judged"
        assert found.unfilled_by == [("product", 1)]
        assert found.verified == Share(1, 3)
        assert found.concentration is not None
        assert abs(found.concentration - 2 / 3) < 1e-9, "one of three did both"
        assert found.bypass == Share(1, 2), "of two that took place one; a no and one that waits are no calls"
        [line] = found.deals.lines
        assert (line.stage, line.band, line.with_reference, line.without) == ("proposal", "under_50k", Share(21, 26), Share(5, 25))
        assert (line.comparison, found.deals.unplaced, found.deals.other_currencies) == (Comparison.MORE, 1, 1)
        assert by_month(session, [NOW - 60 * DAY, NOW - 47 * DAY, NOW - 10 * DAY]) == [(54, 0), (1, 26), (3, 0)]


def test_coverage_sets_what_can_be_asked_against_what_was_asked_for(database: Database) -> None:
    database.write(fill)
    with database.reading() as session:
        found = {gap.cell: (gap.supply, gap.demand) for gap in coverage(session, NOW)}
        # Four asks in 90 days each, eight for a company together; one of the railway's is open.
        assert found == {
            Cell(): (8 + 3, 56),
            Cell("Mining"): (0, 1),
            Cell("Banking", "50–249", "EMEA", "Boards"): (4, 1),
        }
        assert [gap.gap for gap in coverage(session, NOW)] == [45, 1, -3]


def test_who_is_not_to_be_asked_is_no_supply_and_words_are_compared_folded(session: Session) -> None:
    admin, asker = by_admin(make_admin(session).id), make_employee(session)
    firms = [make_company(session, industry="Énergie", size="1–49", region="EMEA") for _ in range(4)]
    people = [make_person(session, company_id=firm.id) for firm in (*firms, firms[0])]
    session.add_all(profile_row(person.id) for person in people)
    session.flush()
    session.add_all(
        ProfileWord(person_id=person.id, kind="product", key="analytics", word=word) for person, word in zip(people, "aAaAa", strict=True)
    )
    session.add_all(request_row(asker.id, str(n), NOW, industry=("energie", "Énergie")[n > 0], product="ANALYTICS") for n in range(3))
    session.flush()

    def supply() -> tuple[str, int, int]:
        [one] = coverage(session, NOW)
        return one.cell.industry, one.supply, one.demand

    assert supply() == ("Énergie", 8 + 4 + 4 + 4, 3)
    set_block(session, admin, kind="escalation", reason="Open", person_id=people[4].id, now=NOW)
    assert supply()[1] == 4 * 4
    set_block(session, admin, kind="legal", reason="Held", company_id=firms[1].id, now=NOW)
    session.add(CompanyGoodwill(company_id=firms[2].id, paused_until=(NOW + 100 * DAY).date(), unwanted=[], months_off=[], reason="Busy", set_at=NOW))
    session.flush()
    assert supply()[1] == 4 + 4, "one of the first company is held, all of the second; the third pauses; the fourth is free"
    plain = {"unwanted": [], "months_off": [], "reason": "", "set_at": NOW}
    session.add(PersonGoodwill(person_id=people[3].id, paused_until=(NOW + 89 * DAY).date(), **plain))
    session.flush()
    assert supply()[1] == 4 + 4, "who pauses for less than the 90 days can still be asked in them"
    session.execute(update(PersonGoodwill).values(paused_until=(NOW + 90 * DAY).date()))
    assert supply()[1] == 4, "the one of the fourth pauses"
    session.execute(update(PersonGoodwill).values(paused_until=None))
    assert supply()[1] == 4 + 4
    session.add(AskLoad(person_id=people[3].id, load=0.0, rank=0, full_until=None, rests_until=NOW + 91 * DAY))
    session.flush()
    assert supply()[1] == 4, "they said no so often that they rest"
    session.execute(update(AskLoad).values(rests_until=NOW + 60 * DAY))
    assert supply()[1] == 4 + 4
    session.execute(update(ReferenceProfile).where(ReferenceProfile.person_id == people[3].id).values(is_visible=False))
    assert supply()[1] == 4, "who is hidden is found by nobody"


def test_slots_that_are_counted_in_the_database_are_those_of_the_rule(session: Session) -> None:
    own, silent = (make_person(session).id for _ in range(2))
    plain = {"unwanted": [], "months_off": [], "reason": "", "set_at": NOW}
    session.add_all(PersonGoodwill(person_id=person_id, paused_until=None, **plain) for person_id in (own, silent))
    session.flush()
    for most, days, held, _free in FREE_SLOTS:
        session.execute(update(PersonGoodwill).where(PersonGoodwill.person_id == own).values(most=most, days=days))
        said = select(_slots(PersonGoodwill, 7, 30, literal(held))).where(PersonGoodwill.person_id == own)
        house = select(_slots(PersonGoodwill, most, days, literal(held))).where(PersonGoodwill.person_id == silent)
        assert [session.scalar(one) for one in (said, house)] == [free_slots(most, days, held)] * 2, (most, days, held)


def test_the_pages_show_figures_with_tables_and_files_and_what_they_do_not_prove(database: Database, sign_in: SignIn, story: Story) -> None:
    admin = sign_in(database.write(fill))
    text = admin.get("/admin/references").text
    for shown in (
        "References at a glance",
        "Filled by the day needed",
        "Show as table",
        "no proof of cause",
        "Nobody with this product",
        "Too few carry",
    ):
        assert shown in text
    file = admin.get("/admin/references?format=csv").text
    assert "1 deal is left out, since its stage or its value is not known." in text
    assert "1 deal in another currency is left out." in text
    for line in ("won_with_reference:proposal:under_50k,0.8077,21,26", "stage_or_value_unknown,1,,", "deals_left_out_other_currency,1,,"):
        assert line in file
    grid = admin.get("/admin/references/coverage").text
    for words in ("1 lacking</td>", " to spare</td>"):
        assert words in grid
    assert "Mining" in grid
    assert "Drafted" not in grid
    assert "Mining,,,,0,1,1" in admin.get("/admin/references/coverage?format=csv").text
    assert sign_in(story.employee).get("/admin/references").status_code == 403
    both = sign_in(database.write(lambda s: make_person(s, roles={"admin", "employee"}).id))
    assert "/nominate?industry=Mining" in both.get("/admin/references/coverage").text


def test_empty_pages_say_so_and_a_thousand_requests_cost_as_much_as_ten(database: Database, sign_in: SignIn, count_queries: CountQueries) -> None:
    admin_id, employee_id = database.write(lambda s: (make_admin(s).id, make_employee(s).id))
    admin, now = sign_in(admin_id), utcnow()
    empty = admin.get("/admin/references").text
    assert all(text in empty for text in ("Nothing is due.", "No request in twelve months."))
    assert "0 of 0" not in empty
    assert "No request yet" in admin.get("/admin/references/coverage").text

    def add(number: int) -> Callable[[Session], None]:
        def rows(session: Session) -> None:
            facts = {"needed_by": now.date(), "industry": "Banking", "deal_outcome": "won", "deal_stage": "early", "deal_value": 5}
            each = (facts | {"product": f"P{n}", "deal_closed_on": now.date()} for n in range(number))
            session.add_all(request_row(employee_id, f"{number}-{n}", now, **one) for n, one in enumerate(each))

        return rows

    costs = []
    for number in (10, 1000):
        database.write(add(number))
        for page in ("/admin/references", "/admin/references/coverage"):
            with count_queries() as counted:
                assert admin.get(page).status_code == 200
            costs.append(counted.total)
    assert costs[:2] == costs[2:]
    assert "These are the 200 places where most is lacking, of 1,000" in admin.get("/admin/references/coverage").text
    assert len(admin.get("/admin/references/coverage?format=csv").text.splitlines()) == 1001


def test_verified_is_counted_among_all_in_use_and_a_call_is_done_on_the_day_it_was_held(session: Session) -> None:
    cast = Cast(session, at=NOW - 20 * DAY)
    for status in ("active", "resting", "needs_verification", "candidate"):
        fresh = {"verified_at": NOW - 9 * DAY, "verify_on": (NOW + 9 * DAY).date()}
        session.add(profile_row(make_person(session, now=NOW - 400 * DAY).id, status=status, **fresh))
    request = cast.request(session, needed_by=(NOW - 15 * DAY).date())
    candidate, meeting = to_booked(session, cast, request.id)
    held = meeting.starts_at
    said = {"request_id": request.id, "candidate_id": candidate.id, "came": True, "grade": 4}
    say_as_requester(session, cast.greta, **said, now=held + 3 * HOUR)
    assert settle_silence(session, request_id=request.id, now=held + 8 * DAY)
    found = glance(session, NOW, "USD")
    assert found.verified == Share(2, 4), "Ada has no day yet, and silence hid one: both count; the candidate was never in use"
    with session.begin_nested() as trial:
        fresh_id = session.scalar(select(ReferenceProfile.person_id).where(ReferenceProfile.status == "resting"))
        set_block(session, cast.admin, kind="legal", reason="A case.", person_id=fresh_id, now=NOW)
        assert glance(session, NOW, "USD").verified == Share(1, 3), "who is held in goodwill is in no use"
        trial.rollback()
    assert found.to_completion.median == held - cast.at
    assert found.filled == Share(1, 1), "held before it was needed, though it counted as done only a week later"
    assert by_month(session, [held - DAY, held + DAY]) == [(0, 1), (0, 0)], "the months count the call where it was held"
