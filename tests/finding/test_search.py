"""Searching: who fits comes first with reasons, who does not quite is told with the one rule, and a search of many costs what one of few does."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from benchmarks.finding import fill
from portal.accounts.models import CompanyAccount
from portal.acts.actions.blocking import set_block
from portal.acts.actions.settings import set_defaults
from portal.acts.queries.budget import budgets_of
from portal.acts.queries.people import everybody_to_ask
from portal.acts.queries.ready import Ready
from portal.acts.rules.budget import Band as Colour
from portal.acts.rules.budget import Cap, Defaults
from portal.finding.queries.candidates import Candidate, candidates_of, check_one, find, near_misses, search
from portal.finding.queries.everybody import listed, listed_whole
from portal.finding.queries.facts import facts_of
from portal.finding.queries.gathering import LOOKED, NEAR_LOOKED
from portal.finding.queries.price import ask_price
from portal.finding.rules.facts import Record
from portal.finding.rules.needs import Needs
from portal.finding.rules.price import OtherNeed
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.states import Status
from tests.factories.asks import by_admin, by_employee, log_ask, make_ask
from tests.factories.finding import make_reference
from tests.factories.people import make_admin, make_employee, make_person
from tests.support.counting import CountQueries

DAY = timedelta(days=1)
NEEDS = Needs(Activity.CALL, "moving off spreadsheets", "Transport", "EMEA", "1,000–4,999")
STORY = {"story": "We moved off spreadsheets in a week.", "use_cases": ["Moving off spreadsheets"], "languages": ["English"], "products": ["Planner"]}


class Market:
    """Nine customers of the kind the picture shows, and three who look for one."""

    def __init__(self, session: Session) -> None:
        self.now = utcnow()
        self.greta, self.olaf, self.ada = (one.id for one in (make_employee(session), make_employee(session), make_admin(session)))
        self.kestrel = self._add(session, "Kestrel Freight", "Amara Okafor", size="2,400 people", title="Head of Platform")
        self.alto = self._add(session, "Alto Rail", "Tomás Rivera", size="1,000–4,999")
        self.nimbus = self._add(session, "Nimbus Foundry", "Yuki Kimura", verified_at=self.now - 213 * DAY)
        self.skerry = self._add(session, "Skerry Aero", "Lena Petrova", industry="Aerospace", size="5,200")
        self.bank = self._add(session, "Quiet Bank", "Secret Name", tier=2)
        self.hidden = self._add(session, "Hidden Ltd", "Nobody Sees", tier=3, owner_id=self.olaf)
        self.soon = self._add(session, "Renewing Co", "Rita Renew")
        self.upset = self._add(session, "Upset Co", "Uma Upset", nps=4)
        self.shop = self._add(session, "Corner Shop", "Sam Small", industry="Retail", region="APAC", size="12", story="", use_cases=[], products=[])
        company = facts_of(session, [self.soon], self.now)[self.soon].company_id
        when: dict[str, Any] = {"goals": "", "notes": "", "competitors": "Northwind\nSouthwind", "changed_at": self.now}
        session.add(CompanyAccount(company_id=company, renewal_on=self.now.date() + 20 * DAY, **when))
        for days in (1, 2, 3, 4):
            log_ask(session, by_employee(self.greta), self.alto, self.now - (76 + days) * DAY, came="completed")
        session.flush()

    def _add(self, session: Session, company: str, name: str, **given: Any) -> int:
        return make_reference(session, company, name, **STORY | given).id

    def by(self, person_id: int, role: str = "employee") -> Actor:
        return Actor(id=person_id, roles=frozenset({role}))


@pytest.fixture
def market(session: Session) -> Market:
    return Market(session)


def ids(found: Any) -> list[int]:
    return [one.person_id for one in found]


def test_who_fits_comes_first_with_reasons_and_who_does_not_with_the_one_rule(session: Session, market: Market) -> None:
    gone = (
        make_reference(session, "Gone Ltd", "Gina", **STORY, is_visible=False).id,
        make_reference(session, "New Ltd", "Ned", **STORY, status=Status.CANDIDATE, is_visible=False).id,
    )
    assert not {*gone} & {*ids(search(session, market.by(market.ada, "admin"), NEEDS, market.now).near)}, "who is hidden is no near miss either"
    found = search(session, market.by(market.greta), NEEDS, market.now)
    assert ids(found.fitting) == [market.kestrel, market.bank, market.skerry]
    assert [one.text for one in found.fitting[0].reasons] == [
        "Same industry", "Same size band", "Same region", "Speaks of %(words)s", "Never asked before", "One of %(most)s slots free",
    ]  # fmt: skip
    assert [one.fit for one in found.fitting] == [98, 98, 56]
    waiting = {one.person_id: one.failed[0].name for one in found.waiting}
    assert waiting == {market.alto: "AskedOften", market.nimbus: "NotVerified"}
    assert {one.person_id: one.failed[0].name for one in found.near} == dict.fromkeys((market.upset, market.soon), "StandsAgainst")
    for who in (market.by(market.ada, "admin"), market.by(market.olaf)):
        told = {one.person_id: rule.name for one, rule in near_misses(session, who, NEEDS, market.now)}
        assert who.is_admin is (told[market.upset] == "Detracts"), "the score is for admins and who looks after them"
    assert not found.is_cut
    free = next(one for one in found.waiting if one.person_id == market.alto).failed[0].facts["day"]
    assert free == facts_of(session, [market.alto], market.now)[market.alto].load.free_on
    assert ids(find(session, market.by(market.greta), NEEDS, market.now)) == ids(found.fitting)
    assert {one.person_id for one, _rule in near_misses(session, market.by(market.greta), NEEDS, market.now)} == {*waiting, market.upset, market.soon}


def test_tiers_hide_the_name_or_the_person(session: Session, market: Market) -> None:
    employee, owner, admin = market.by(market.greta), market.by(market.olaf), market.by(market.ada, "admin")
    veiled = {one.person_id: one.is_veiled for one in search(session, employee, NEEDS, market.now).fitting}
    assert veiled == {market.kestrel: False, market.bank: True, market.skerry: False}
    assert market.hidden in ids(search(session, owner, NEEDS, market.now).fitting)
    seen = search(session, admin, NEEDS, market.now).fitting
    assert market.hidden in ids(seen)
    assert not any(one.is_veiled for one in seen)
    # A name that is hidden finds nobody, whatever else is asked for.
    by_name = Needs(worry="Quiet Bank Secret")
    assert market.bank not in ids(search(session, employee, by_name, market.now).shown)
    assert ids(search(session, admin, by_name, market.now).fitting)[0] == market.bank


def test_a_name_that_is_typed_is_found(session: Session, market: Market) -> None:
    assert ids(search(session, market.by(market.greta), Needs(worry="corner sh"), market.now).fitting) == [market.shop]
    assert ids(search(session, market.by(market.greta), Needs(worry="nobody says this word"), market.now).shown) == []


def test_each_hard_filter_of_the_deal_keeps_out(session: Session, market: Market) -> None:
    me = market.by(market.greta)

    def fits(**given: Any) -> list[int]:
        return ids(search(session, me, Needs(**{**NEEDS.to_json(), "activity": Activity.CALL, **given}), market.now).fitting)

    assert market.kestrel in fits(product="planner", language="ENGLISH")
    assert fits(product="Router") == fits(language="Finnish") == []
    assert fits(activity=Activity.VISIT) == []
    assert market.kestrel not in fits(prospect="kestrel  FREIGHT")
    assert market.kestrel in fits(prospect="Somebody Else")
    set_block(session, by_admin(market.ada), kind="escalation", reason="Outage", person_id=market.kestrel, now=market.now)
    assert market.kestrel not in fits()
    assert check_one(session, market.kestrel, NEEDS, market.now, me).failed[0].name == "Escalated"  # type: ignore[union-attr]


def test_no_guess_at_the_company_of_a_veiled_one_is_confirmed_by_what_is_said_or_who_is_missing(session: Session, market: Market) -> None:
    me, ada = market.by(market.greta), market.by(market.ada, "admin")
    for given in ({"prospect": "quiet BANK"}, {"prospect": "Somebody Else"}, {"prospect": "Rival Bank"}):
        needs = Needs(**NEEDS.to_json() | given)
        one = candidates_of(session, me, [market.bank], needs, market.now)[market.bank]
        assert (one.is_veiled, one.failed) == (True, ())
        assert market.bank in ids(search(session, me, needs, market.now).fitting)
    own = Needs(**NEEDS.to_json() | {"prospect": "quiet BANK"})
    assert check_one(session, market.bank, own, market.now, ada).failed[0].name == "OwnGroup"  # type: ignore[union-attr]


def test_a_full_company_keeps_all_its_people_out(session: Session, market: Market) -> None:
    set_defaults(session, by_admin(market.ada), defaults=Defaults(Cap(4, 90), Cap(1, 90)), now=market.now)
    make_ask(session, by_employee(market.greta), market.kestrel, now=market.now)
    one = check_one(session, market.kestrel, NEEDS, market.now + DAY)
    assert one is not None
    assert [failed.name for failed in one.failed] == ["CompanyAskedOften"]
    assert one.reasons[-1].text == "Last asked yesterday", "how many slots they have left themself helps nobody"
    assert [told.text for told in one.reasons if not told.speaks_for] == ["Last asked yesterday"], "and speaks for nobody"


def test_a_rested_person_at_a_worn_company_is_worn_in_every_list_on_every_page_and_in_the_search(session: Session, market: Market) -> None:
    set_defaults(session, by_admin(market.ada), defaults=Defaults(Cap(4, 90), Cap(4, 90)), now=market.now)
    company = facts_of(session, [market.kestrel], market.now)[market.kestrel].company_id
    colleague = make_person(session, name="A worn colleague", company_id=company).id
    for days in (1, 2):
        log_ask(session, by_employee(market.greta), colleague, market.now - days * DAY, kind="case_study", came="completed")
    budget = budgets_of(session, [market.kestrel], market.now)[market.kestrel]
    assert budget.standing.against("") == [], "they can be asked"
    assert budget.company is not None
    assert (budget.person.band, budget.company.band, budget.band) == (Colour.GREEN, Colour.RED, Colour.RED)
    listed_now = [row.id for row in everybody_to_ask(session, system(), now=market.now, state=Ready.NOW)]
    assert listed_now[-2:] == [market.kestrel, colleague], "behind everybody who is rested, whose companies are, too"
    found = search(session, market.by(market.greta), NEEDS, market.now).fitting
    assert {one.person_id: one.band for one in found} == {market.bank: Colour.GREEN, market.kestrel: Colour.RED, market.skerry: Colour.GREEN}
    assert [one.fit for one in found][:2] == [98, 87], "nothing for rest"


def test_pages_follow_each_other_without_gaps(session: Session, market: Market) -> None:
    for number in range(7):
        market._add(session, f"Fleet {number}", f"Driver {number}")
    seen: list[int] = []
    after: str | None = None
    while True:
        page = find(session, market.by(market.greta), NEEDS, market.now, after=after, limit=3)
        seen += ids(page)
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 10
    assert ids(find(session, market.by(market.greta), NEEDS, market.now, after="nonsense", limit=3)) == seen[:3]


def test_where_nothing_is_asked_for_everybody_is_listed_page_by_page_whatever_their_rest_and_grades(session: Session, market: Market) -> None:
    me, anything = market.by(market.greta), Needs()
    for days in (1, 2, 3):
        log_ask(session, by_employee(market.greta), market.skerry, market.now - (20 + days) * DAY, came="completed")
    worn = candidates_of(session, me, [market.skerry], anything, market.now)[market.skerry]
    assert (worn.fit < 50, worn.failed) == (True, ()), "three of four slots are taken: what is left is a matter of asking with care, not of hiding"
    assert market.skerry in ids(search(session, me, Needs(product="planner"), market.now).shown), "what only keeps out ranks nobody, too"
    # All in one moment, so that only the number tells them apart.
    for number in range(50):
        market._add(session, f"Fleet {number}", f"Driver {number}", verified_at=market.now - DAY)
    seen: list[int] = []
    after: str | None = None
    while True:
        page = listed(session, me, anything, market.now, after, limit=15)
        seen += ids(page)
        after = page.next
        if after is None:
            break
    assert len(seen) == len(set(seen)) == 56
    assert {market.kestrel, market.alto, market.nimbus, market.skerry, market.bank, market.shop} < set(seen)
    assert not {market.hidden, market.upset, market.soon} & set(seen), "who may not be found, or has something else against them"
    assert sorted(ids(listed_whole(session, me, anything, market.now))) == sorted(seen)
    assert ids(listed(session, me, anything, market.now, "nonsense", limit=15)) == seen[:15]


class Told:
    """What the room of requests hands over, as it might stand."""

    def of(self, _session: Session, person_ids: Any) -> dict[int, Record]:
        return {its_id: Record(4, 3, (5, 5, 4, 5)) for its_id in person_ids}

    def __call__(self, _session: Session, _person_id: int, *, without: int | None, now: datetime) -> list[OtherNeed]:
        return [OtherNeed(date(2027, 5, 3))] if without is None else []


def test_what_others_hand_over_is_told(session: Session, market: Market) -> None:
    session.info["track_records"] = session.info["live_needs"] = Told()
    one = check_one(session, market.kestrel, NEEDS, market.now)
    assert isinstance(one, Candidate)
    assert (one.facts.record.completed, one.facts.record.won) == (4, 3)
    assert "Their calls are graded well" in [told.text for told in one.reasons]
    price = ask_price(session, market.kestrel, Activity.CALL, None, market.now)
    assert (price.left, price.most, price.effort) == (4, 4, 8)
    assert price.until is not None
    assert [told.text for told in price.sentences] == [
        "Takes one of %(left)s free asks until %(day)s.",
        "Another open deal may need them by %(day)s.",
    ]
    assert len(ask_price(session, market.kestrel, Activity.CALL, None, market.now, request_id=7).sentences) == 1


@pytest.mark.breaks_the_books(reason="profiles and asks are written past every action, as the benchmark writes them")
@pytest.mark.parametrize("number", [10, 1_000])
def test_a_search_asks_no_more_of_a_thousand_than_of_ten(database: Database, count_queries: CountQueries, number: int) -> None:
    fill(database, number, utcnow())
    needs = Needs(Activity.CALL, "audit reporting", "Transport", "EMEA", "1–49")
    with database.reading() as session, count_queries(database.engine) as statements:
        found = search(session, Actor(id=1, roles=frozenset({"employee"})), needs, utcnow())
        sought = statements.total
        page = listed(session, Actor(id=1, roles=frozenset({"employee"})), Needs(), utcnow(), None)
    assert sought <= 45
    assert statements.total - sought <= 20
    assert len(found.shown) <= LOOKED + NEAR_LOOKED
    assert len(page.rows) == (20 if number > 20 else len(page.rows))


def test_a_search_of_many_asks_as_often_as_one_of_few(session: Session, market: Market, count_queries: CountQueries) -> None:
    def counted() -> int:
        with count_queries(session.get_bind().engine) as statements:
            search(session, market.by(market.greta), NEEDS, market.now)
        return statements.total

    few = counted()
    for number in range(60):
        market._add(session, f"Line {number}", f"Captain {number}", status=Status.ACTIVE)
    session.flush()
    assert counted() <= few, "never more; fewer steps of the ladder are needed"
