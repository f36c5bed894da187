"""Conditions of rewards: days of sale, limits that count anew, levels, countries, audiences. Rules as tables, then every door."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from config import Settings
from portal.audience.actions.editing import add_rule
from portal.audience.rules import Side
from portal.kernel.actor import system
from portal.kernel.clock import local_date, utcnow
from portal.kernel.countries import Countries
from portal.kernel.db import Database
from portal.kernel.errors import NotAllowed, NotFound, Refusal
from portal.kernel.seen import ChangedMeanwhile, seen_of
from portal.ledger.queries.balances import balance_of
from portal.people.actions.companies import add_company
from portal.people.queries.persons import get_person
from portal.receiving.actions.accepting import set_person_rule
from portal.receiving.rules.accepting import Rule, Stance
from portal.recognition.actions.levels import set_levels
from portal.recognition.queries.levels import list_levels
from portal.recognition.rules.levels import LevelNeededFor, Wanted
from portal.rewards.actions.addresses import give_address
from portal.rewards.actions.catalogue import change_reward, retire_reward
from portal.rewards.actions.conditions import open_audience, seen_values, set_conditions
from portal.rewards.actions.redeeming import Asked, cancel_redemption
from portal.rewards.models.redeeming import Redemption, RedemptionAddress
from portal.rewards.queries.catalogue import count_rewards, list_offers, list_rewards, offer_for, within_reach
from portal.rewards.queries.conditions import get_conditions, level_use, shopper_of
from portal.rewards.rules import conditions as rules
from portal.rewards.rules.addresses import Address
from portal.rewards.rules.conditions import FREE, Buyer, Conditions, Need, Period, Sale, Shelf
from portal.rewards.rules.kinds import RewardState
from portal.rewards.rules.reach import Reach, Standing
from portal.rewards.rules.refusals.editing import CountriesUnknown, LevelUnknown, LimitCounts, PeriodWithoutLimit, SaleEndsBeforeItBegins
from portal.rewards.rules.refusals.offering import CountryNotKnown, LevelNeeded, NotDeliveredThere, NotInCountry
from tests.factories.people import make_admin, make_person
from tests.factories.recognition import give_points
from tests.factories.rewards import HOME, acting, as_admin, make_draft, make_redemption, make_reward
from tests.rewards.racing import PROCESSES, all_at_once, press_in_processes
from tests.rewards.test_races import facts_of
from tests.rewards.test_races import sign_in as open_window

TODAY = date(2026, 11, 28)
GOLD = Need(3, "Gold", 1_000)
DAY = timedelta(days=1)


def days(sale_from: date | None, sale_to: date | None, **more: Any) -> Conditions:
    return Conditions(sale_from, sale_to, **more)


@pytest.mark.parametrize(
    ("conditions", "sale", "shelf"),
    [
        (FREE, Sale.ON, Shelf.ON_SALE),
        (days(TODAY, TODAY), Sale.ON, Shelf.ON_SALE),
        (days(TODAY + DAY, None), Sale.SOON, Shelf.SCHEDULED),
        (days(TODAY + DAY, TODAY + 2 * DAY), Sale.SOON, Shelf.SCHEDULED),
        (days(None, TODAY), Sale.ON, Shelf.ON_SALE),
        (days(None, TODAY - DAY), Sale.OVER, Shelf.OVER),
        (days(TODAY - 2 * DAY, TODAY - DAY), Sale.OVER, Shelf.OVER),
    ],
)
def test_both_days_of_sale_are_days_of_sale(conditions: Conditions, sale: Sale, shelf: Shelf) -> None:
    assert rules.sale_of(conditions, TODAY) is sale
    assert rules.offer_state(RewardState.LIVE, conditions, TODAY) is shelf
    assert rules.offer_state(RewardState.DRAFT, conditions, TODAY) is Shelf.DRAFT
    assert rules.offer_state(RewardState.RETIRED, conditions, TODAY) is Shelf.PAUSED


@pytest.mark.parametrize(
    ("period", "day", "key", "first", "following"),
    [
        (Period.ONCE, date(2026, 11, 28), "once", None, None),
        (Period.MONTH, date(2026, 11, 30), "2026-11", date(2026, 11, 1), date(2026, 12, 1)),
        (Period.MONTH, date(2026, 12, 1), "2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        (Period.MONTH, date(2028, 2, 29), "2028-02", date(2028, 2, 1), date(2028, 3, 1)),
        (Period.MONTH, date(2027, 1, 31), "2027-01", date(2027, 1, 1), date(2027, 2, 1)),
        (Period.QUARTER, date(2026, 3, 31), "2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        (Period.QUARTER, date(2026, 4, 1), "2026-Q2", date(2026, 4, 1), date(2026, 7, 1)),
        (Period.QUARTER, date(2026, 9, 30), "2026-Q3", date(2026, 7, 1), date(2026, 10, 1)),
        (Period.QUARTER, date(2026, 12, 31), "2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        (Period.YEAR, date(2026, 12, 31), "2026", date(2026, 1, 1), date(2027, 1, 1)),
        (Period.YEAR, date(2027, 1, 1), "2027", date(2027, 1, 1), date(2028, 1, 1)),
    ],
)
def test_periods_are_those_of_the_calendar(period: Period, day: date, key: str, first: date | None, following: date | None) -> None:
    assert (rules.period_key(period, day), rules.first_day(period, day), rules.next_day(period, day)) == (key, first, following)


@pytest.mark.parametrize(
    ("zone", "moment", "key"),
    [
        ("Europe/Berlin", datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), "2026-11"),
        ("Europe/Berlin", datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "2026-12"),
        ("Pacific/Auckland", datetime(2026, 11, 30, 10, 59, 59, tzinfo=UTC), "2026-11"),
        ("Pacific/Auckland", datetime(2026, 11, 30, 11, 0, tzinfo=UTC), "2026-12"),
        ("Pacific/Honolulu", datetime(2026, 12, 1, 9, 59, 59, tzinfo=UTC), "2026-11"),
        ("Pacific/Honolulu", datetime(2026, 12, 1, 10, 0, tzinfo=UTC), "2026-12"),
        ("Europe/Berlin", datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC), "2026-03"),
        ("Europe/Berlin", datetime(2026, 3, 31, 22, 0, tzinfo=UTC), "2026-04"),
    ],
)
def test_a_month_ends_when_it_ends_in_the_zone_of_the_programme(zone: str, moment: datetime, key: str) -> None:
    assert rules.period_key(Period.MONTH, local_date(moment, zone)) == key


@pytest.mark.parametrize(
    ("conditions", "day"),
    [
        (FREE, None),
        (Conditions(period=Period.MONTH), date(2026, 12, 1)),
        (Conditions(period=Period.MONTH, sale_to=date(2026, 12, 1)), date(2026, 12, 1)),
        (Conditions(period=Period.MONTH, sale_to=date(2026, 11, 30)), None),
        (Conditions(period=Period.QUARTER), date(2027, 1, 1)),
        (Conditions(period=Period.YEAR), date(2027, 1, 1)),
    ],
)
def test_somebody_at_the_limit_reads_from_when_they_may_have_it_again(conditions: Conditions, day: date | None) -> None:
    assert rules.again_on(conditions, TODAY) == day
    refusal = rules.limit_refusal("Cup", 1, conditions, TODAY)
    assert (refusal.name == "LimitReached") is (day is None)
    assert refusal.facts.get("day") == day


@pytest.mark.parametrize(
    ("conditions", "buyer", "ships", "expected"),
    [
        (FREE, Buyer(0, ""), False, None),
        (Conditions(need=GOLD), Buyer(1_000, ""), False, None),
        (Conditions(need=GOLD), Buyer(660, ""), False, LevelNeeded),
        (Conditions(countries=("DE", "FR")), Buyer(0, "FR"), False, None),
        (Conditions(countries=("DE", "FR")), Buyer(0, "US"), False, NotInCountry),
        (Conditions(countries=("DE", "FR")), Buyer(0, ""), False, CountryNotKnown),
        (Conditions(countries=("DE", "FR")), Buyer(0, "US"), True, None),
        (Conditions(need=GOLD, countries=("DE",)), Buyer(0, "US"), False, LevelNeeded),
    ],
)
def test_level_and_country_are_asked_of_the_person(conditions: Conditions, buyer: Buyer, ships: bool, expected: type[Refusal] | None) -> None:
    found = rules.own_objection("Cup", conditions, buyer, ships=ships)
    assert type(found) is (expected or type(None))
    if expected is LevelNeeded and found is not None:
        assert found.facts["missing"] == 1_000 - buyer.lifetime


@pytest.mark.parametrize(
    ("plain", "conditions", "objection", "reach"),
    [
        (Reach.CAN, FREE, None, Reach.CAN),
        (Reach.LIMIT, days(None, TODAY - DAY), None, Reach.OVER),
        (Reach.CAN, days(TODAY + DAY, None), None, Reach.SOON),
        (Reach.OUT, days(TODAY + DAY, None), None, Reach.SOON),
        (Reach.OUT, Conditions(need=GOLD), LevelNeeded(), Reach.OUT),
        (Reach.LIMIT, Conditions(need=GOLD), LevelNeeded(), Reach.LIMIT),
        (Reach.NEAR, Conditions(need=GOLD), LevelNeeded(), Reach.LEVEL),
        (Reach.CAN, Conditions(countries=("DE",)), NotInCountry(), Reach.COUNTRY),
    ],
)
def test_the_day_decides_before_stock_and_limit_and_those_before_the_person(
    plain: Reach, conditions: Conditions, objection: Refusal | None, reach: Reach
) -> None:
    assert rules.stand(Standing(plain, 5), conditions, TODAY, objection) == Standing(reach, 5)


@pytest.mark.parametrize(
    ("rule", "refusal"),
    [
        (lambda: rules.require_days(TODAY, TODAY - DAY), SaleEndsBeforeItBegins),
        (lambda: rules.require_period(Period.MONTH, None), PeriodWithoutLimit),
        (lambda: rules.require_delivered(Conditions(countries=("DE",)), "US"), NotDeliveredThere),
        (lambda: rules.read_countries("DE, Wonderland"), CountriesUnknown),
    ],
)
def test_what_cannot_be_is_refused_by_name(rule: Callable[[], object], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        rule()


@pytest.mark.parametrize(
    ("typed", "codes"),
    [("", ()), (" de ,, Austria\nUSA; ch", ("AT", "CH", "DE", "US")), ("DE, Germany", ("DE",))],
)
def test_countries_are_typed_by_code_or_name(typed: str, codes: tuple[str, ...]) -> None:
    assert rules.read_countries(typed) == codes


def test_what_is_possible_passes() -> None:
    rules.require_days(TODAY, TODAY)
    rules.require_days(None, TODAY)
    rules.require_period(Period.ONCE, None)
    rules.require_period(Period.YEAR, 2)
    rules.require_delivered(FREE, "US")
    rules.require_delivered(Conditions(countries=("US",)), "US")


# The act, whatever the door.


def rich(session: Session, points: int = 10_000, **facts: Any) -> int:
    person_id = make_person(session, **facts).id
    give_points(session, person_id, points)
    return person_id


def with_conditions(session: Session, reward: dict[str, Any] | None = None, **conditions: Any) -> int:
    """Return a published reward of 100 points with these conditions."""
    made = make_reward(session, **{"kind": "perk", "price": 100} | (reward or {}))
    set_conditions(session, system("test"), reward_id=made.id, now=utcnow(), **conditions)
    return made.id


def level_id(session: Session, number: int) -> int:
    return int(list_levels(session)[number].id)


def refused(session: Session, person_id: int, reward_id: int, **more: Any) -> Refusal:
    """Return what a redemption is refused for; nothing is held by it."""
    with pytest.raises(Refusal) as caught, session.begin_nested():
        make_redemption(session, person_id, reward_id, **more)
    assert balance_of(session, person_id).held == 0 or "key" in more
    return caught.value


def today_in(session: Session) -> date:
    return local_date(utcnow(), session.info["zone"])


def test_a_reward_is_redeemed_on_its_first_and_last_day_and_on_no_other(session: Session) -> None:
    person_id = rich(session)
    zone = session.info["zone"]
    reward_id = with_conditions(session, sale_from=date(2027, 3, 1), sale_to=date(2027, 3, 28))
    assert zone == "Europe/Berlin"
    before, first = datetime(2027, 2, 28, 22, 59, 59, tzinfo=UTC), datetime(2027, 2, 28, 23, 0, tzinfo=UTC)
    # The clocks go forward on the last day: it ends at 22:00 UTC.
    last, after = datetime(2027, 3, 28, 21, 59, 59, tzinfo=UTC), datetime(2027, 3, 28, 22, 0, tzinfo=UTC)
    early = refused(session, person_id, reward_id, now=before, key="early")
    assert (early.name, early.facts["day"]) == ("NotOnSaleYet", date(2027, 3, 1))
    make_redemption(session, person_id, reward_id, now=first)
    make_redemption(session, person_id, reward_id, now=last)
    late = refused(session, person_id, reward_id, now=after, key="late")
    assert (late.name, late.facts["day"]) == ("SaleIsOver", date(2027, 3, 28))


def test_what_is_not_shown_before_its_day_is_simply_not_offered(session: Session) -> None:
    person_id, tomorrow = rich(session), today_in(session) + DAY
    reward_id = with_conditions(session, sale_from=tomorrow, is_shown_before=False)
    assert refused(session, person_id, reward_id).name == "RewardNotOffered"
    with pytest.raises(NotFound):
        offer_for(session, person_id, reward_id, utcnow())
    assert [offer.reward.id for offer in list_offers(session, person_id, {}, utcnow())] == []
    set_conditions(session, system("test"), reward_id=reward_id, sale_from=tomorrow, now=utcnow())
    assert [offer.standing.reach for offer in list_offers(session, person_id, {}, utcnow())] == [Reach.SOON]
    assert offer_for(session, person_id, reward_id, utcnow()).standing.reach is Reach.SOON


def test_what_is_over_is_listed_only_for_who_redeemed_it_and_its_page_opens_for_all(session: Session) -> None:
    has, other = rich(session), rich(session)
    reward_id, yesterday = with_conditions(session), today_in(session) - DAY
    make_redemption(session, has, reward_id)
    set_conditions(session, system("test"), reward_id=reward_id, sale_to=yesterday, now=utcnow())
    assert [offer.standing.reach for offer in list_offers(session, has, {}, utcnow())] == [Reach.OVER]
    assert list(list_offers(session, other, {}, utcnow())) == []
    assert offer_for(session, other, reward_id, utcnow()).standing.reach is Reach.OVER
    assert within_reach(session, shopper_of(session, has, utcnow())) == []


@pytest.mark.parametrize(
    ("period", "last", "following", "name"),
    [
        (Period.MONTH, datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), datetime(2026, 11, 30, 23, 0, tzinfo=UTC), "AgainNextMonth"),
        (Period.QUARTER, datetime(2026, 9, 30, 21, 59, 59, tzinfo=UTC), datetime(2026, 9, 30, 22, 0, tzinfo=UTC), "AgainNextQuarter"),
        (Period.YEAR, datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC), datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "AgainNextYear"),
    ],
)
def test_a_limit_counts_anew_with_the_next_period_and_not_a_second_before(
    session: Session, period: Period, last: datetime, following: datetime, name: str
) -> None:
    person_id = rich(session)
    reward_id = with_conditions(session, {"limit_per_person": 2}, period=period)
    first = make_redemption(session, person_id, reward_id, now=last - DAY)
    make_redemption(session, person_id, reward_id, now=last)
    full = refused(session, person_id, reward_id, now=last, key="third")
    assert (full.name, full.facts["day"]) == (name, local_date(following, "Europe/Berlin"))
    for _ in range(2):
        make_redemption(session, person_id, reward_id, now=following)
    assert refused(session, person_id, reward_id, now=following, key="fifth").name == name
    # What is called off frees its place, in its own period alone.
    cancel_redemption(session, acting(person_id), redemption_id=first.id, now=following)
    assert refused(session, person_id, reward_id, now=following, key="sixth").name == name
    make_redemption(session, person_id, reward_id, now=last)
    stands = session.execute(select(Redemption.period_key, Redemption.slot).where(Redemption.released_at.is_(None)).order_by(Redemption.id))
    keys = [rules.period_key(period, local_date(moment, "Europe/Berlin")) for moment in (last, following, following, last)]
    assert stands.all() == list(zip(keys, (2, 1, 2, 1), strict=True))


def test_a_limit_whose_period_changes_counts_what_there_is(session: Session) -> None:
    person_id, then, now = rich(session), datetime(2026, 10, 20, 9, 0, tzinfo=UTC), datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
    reward_id = with_conditions(session, {"limit_per_person": 1})
    set_period = partial(set_conditions, session, system("test"), reward_id=reward_id, now=now)
    make_redemption(session, person_id, reward_id, now=then)
    assert refused(session, person_id, reward_id, now=now, key="once").name == "LimitReached"
    set_period(period=Period.QUARTER)
    assert refused(session, person_id, reward_id, now=now, key="quarter").name == "AgainNextQuarter"
    set_period(period=Period.MONTH)
    make_redemption(session, person_id, reward_id, now=now)
    set_period(period=Period.QUARTER)
    assert refused(session, person_id, reward_id, now=now, key="again").name == "AgainNextQuarter"
    set_period(period=Period.ONCE)
    assert refused(session, person_id, reward_id, now=now, key="for all time").name == "LimitReached"


def test_a_level_that_is_missing_is_told_with_the_points_to_go(session: Session) -> None:
    threshold = list_levels(session)[1].threshold
    person_id, other = rich(session, threshold - 40), rich(session, threshold)
    reward_id = with_conditions(session, {"price": 10}, level_id=level_id(session, 1))
    found = refused(session, person_id, reward_id)
    assert (found.name, found.facts["missing"], found.facts["level"]) == ("LevelNeeded", 40, list_levels(session)[1].name)
    assert [offer.standing.reach for offer in list_offers(session, person_id, {}, utcnow())] == [Reach.LEVEL]
    assert list(list_offers(session, person_id, {"reach": "can"}, utcnow())) == within_reach(session, shopper_of(session, person_id, utcnow())) == []
    make_redemption(session, other, reward_id)
    # Spending lowers no level.
    make_redemption(session, other, reward_id)


def test_a_level_that_a_reward_takes_is_not_removed(session: Session) -> None:
    reward_id = with_conditions(session, {"name": "Golden cup"}, level_id=level_id(session, 1))
    wanted = [Wanted(level.id, level.name, level.threshold) for level in list_levels(session)]
    session.info["level_uses"] = [level_use]
    with pytest.raises(LevelNeededFor) as caught:
        set_levels(session, system("test"), levels=[wanted[0], *wanted[2:]], now=utcnow())
    assert caught.value.facts == {"level": wanted[1].name, "thing": "Golden cup"}
    set_conditions(session, system("test"), reward_id=reward_id, now=utcnow())
    assert set_levels(session, system("test"), levels=[wanted[0], *wanted[2:]], now=utcnow())
    with pytest.raises(LevelUnknown):
        set_conditions(session, system("test"), reward_id=reward_id, level_id=wanted[1].id, now=utcnow())


def test_countries_count_by_the_company_or_what_an_admin_entered(session: Session) -> None:
    here = add_company(session, system("test"), name="Kestrel", country="Germany", now=utcnow()).id
    german, unknown = rich(session, company_id=here), rich(session)
    reward_id = with_conditions(session, countries=("DE", "FR"))
    make_redemption(session, german, reward_id)
    assert refused(session, unknown, reward_id).name == "CountryNotKnown"
    rule, admin = Rule(Stance.MAY), as_admin(make_admin(session).id)
    set_person_rule(session, admin, person_id=unknown, rule=rule, country="US", reason="They said so", now=utcnow())
    found = refused(session, unknown, reward_id)
    assert (found.name, found.facts["country"]) == ("NotInCountry", Countries(("US",)))
    assert [offer.standing.reach for offer in list_offers(session, unknown, {}, utcnow())] == [Reach.COUNTRY]
    assert list(list_offers(session, unknown, {"reach": "can"}, utcnow())) == within_reach(session, shopper_of(session, unknown, utcnow())) == []
    assert len(list_offers(session, german, {"reach": "can"}, utcnow())) == 1


def test_a_parcel_goes_only_to_the_countries_of_the_reward(session: Session) -> None:
    person_id = rich(session)
    reward_id = with_conditions(session, {"kind": "merchandise"}, countries=("DE",))
    abroad = Address("Amara Okafor", "Main Street 4", "10001", "New York", "", "US")
    found = refused(session, person_id, reward_id, asked=Asked(address=abroad))
    assert (found.name, found.field) == ("NotDeliveredThere", "country")
    assert [offer.standing.reach for offer in list_offers(session, person_id, {"reach": "can"}, utcnow())] == [Reach.CAN]
    make_redemption(session, person_id, reward_id, asked=Asked(address=HOME))


def meant_for(session: Session, reward_id: int, *people: int) -> int:
    """Let a reward be meant for these people alone."""
    audience_id = open_audience(session, system("test"), reward_id=reward_id, now=utcnow())
    given = {"people": "\n".join(get_person(session, person_id).email or "" for person_id in people)}
    add_rule(
        session,
        system("test"),
        audience_id=audience_id,
        side=Side.INCLUDE,
        kind="people",
        given=given,
        key=f"rule {reward_id}",
        at_once=True,
        now=utcnow(),
    )
    return audience_id


def test_who_is_not_meant_does_not_see_it_unless_they_redeemed_it(session: Session) -> None:
    meant, other, had = rich(session), rich(session), rich(session)
    reward_id = with_conditions(session)
    make_redemption(session, had, reward_id)
    assert meant_for(session, reward_id, meant) == open_audience(session, system("test"), reward_id=reward_id, now=utcnow())
    seen = {person_id: [offer.reward.id for offer in list_offers(session, person_id, {}, utcnow())] for person_id in (meant, other, had)}
    assert seen == {meant: [reward_id], other: [], had: []}
    assert refused(session, other, reward_id).name == "NotForThisPerson"
    with pytest.raises(NotFound):
        offer_for(session, other, reward_id, utcnow())
    assert offer_for(session, had, reward_id, utcnow()).objection.name == "NotForThisPerson"
    assert within_reach(session, shopper_of(session, other, utcnow())) == []
    make_redemption(session, meant, reward_id)


def test_a_second_click_is_the_first_whatever_changed_meanwhile(session: Session) -> None:
    person_id, yesterday = rich(session), today_in(session) - DAY
    reward_id = with_conditions(session)
    first = make_redemption(session, person_id, reward_id, key="one form")
    set_conditions(session, system("test"), reward_id=reward_id, sale_to=yesterday, now=utcnow())
    assert make_redemption(session, person_id, reward_id, key="one form").id == first.id


def test_only_admins_set_conditions_and_nobody_overwrites_what_they_never_saw(session: Session) -> None:
    reward = make_draft(session)
    with pytest.raises(NotAllowed):
        set_conditions(session, acting(rich(session)), reward_id=reward.id, now=utcnow())
    with pytest.raises(NotAllowed):
        open_audience(session, acting(rich(session)), reward_id=reward.id, now=utcnow())
    seen = seen_of(seen_values(get_conditions(session, reward.id)))
    admin = as_admin(make_admin(session).id)
    for _click in range(2):
        set_conditions(session, admin, reward_id=reward.id, sale_from=TODAY, seen=seen, now=utcnow())
    with pytest.raises(ChangedMeanwhile):
        set_conditions(session, admin, reward_id=reward.id, sale_to=TODAY, seen=seen, now=utcnow())
    with pytest.raises(SaleEndsBeforeItBegins):
        set_conditions(session, admin, reward_id=reward.id, sale_from=TODAY, sale_to=TODAY - DAY, now=utcnow())
    with pytest.raises(PeriodWithoutLimit):
        set_conditions(session, admin, reward_id=reward.id, period="month", now=utcnow())
    assert get_conditions(session, reward.id) == Conditions(sale_from=TODAY)


def test_admins_see_how_each_reward_stands_and_find_them_by_it(session: Session) -> None:
    today = today_in(session)
    made = {
        Shelf.DRAFT: make_draft(session).id,
        Shelf.SCHEDULED: with_conditions(session, sale_from=today + DAY, sale_to=today + 2 * DAY),
        Shelf.ON_SALE: with_conditions(session, sale_from=today, sale_to=today),
        Shelf.PAUSED: with_conditions(session),
        Shelf.OVER: with_conditions(session, sale_to=today - DAY),
    }
    retire_reward(session, system("test"), reward_id=made[Shelf.PAUSED], now=utcnow())
    for shelf, reward_id in made.items():
        rows = list(list_rewards(session, {"state": shelf}, utcnow()))
        assert [(row[0].id, row.shelf) for row in rows] == [(reward_id, shelf)]
    assert count_rewards(session, utcnow()) == dict.fromkeys(Shelf, 1)
    assert len(list_rewards(session, {}, utcnow())) == len(Shelf)


@pytest.mark.parametrize(("reach", "expected"), [("can", ["now"]), ("on", ["now", "dear"]), ("soon", ["soon"]), ("out", ["gone"]), ("", None)])
def test_the_shop_is_narrowed_to_what_can_be_had_is_on_sale_comes_soon_or_is_gone(session: Session, reach: str, expected: list[str] | None) -> None:
    person_id, today = rich(session, 500), today_in(session)
    with_conditions(session, {"name": "now", "price": 10}, sale_from=today)
    with_conditions(session, {"name": "dear", "price": 9_000})
    with_conditions(session, {"name": "soon", "price": 20}, sale_from=today + DAY)
    with_conditions(session, {"name": "gone", "price": 30, "stock": 0}, sale_to=today)
    with_conditions(session, {"name": "over", "price": 40}, sale_to=today - DAY)
    found = [offer.reward.name for offer in list_offers(session, person_id, {"reach": reach} if reach else {}, utcnow())]
    assert found == (expected or ["now", "soon", "gone", "dear"])


def every_offer(session: Session, person_id: int, filters: dict[str, str]) -> dict[int, Reach]:
    """Return how each listed reward stands, page by page."""
    found: dict[int, Reach] = {}
    page, after = None, None
    while page is None or after is not None:
        page = list_offers(session, person_id, filters, utcnow(), after=after)
        found |= {offer.reward.id: offer.standing.reach for offer in page}
        after = page.next
    return found


def test_lists_find_what_the_rules_say_of_each_reward(session: Session) -> None:
    chance, today, levels = Random(41), today_in(session), list_levels(session)
    here = add_company(session, system("test"), name="Kestrel", country="Germany", now=utcnow()).id
    people = [rich(session, 150, company_id=here), rich(session, 2_000), rich(session, 700, company_id=here)]
    made: dict[int, Conditions] = {}
    for _ in range(60):
        first, last = chance.choice([None, today - DAY, today, today + DAY]), chance.choice([None, today - DAY, today, today + DAY])
        if first is not None and last is not None and last < first:
            last = None
        reward = {"kind": chance.choice(["perk", "merchandise"]), "price": chance.choice([10, 400]), "stock": chance.choice([None, 0, 2])}
        reward_id = with_conditions(
            session,
            reward | {"limit_per_person": chance.choice([None, 1])},
            sale_from=first,
            sale_to=last,
            is_shown_before=chance.random() < 0.5,
            level_id=chance.choice([None, levels[1].id, levels[3].id]),
            countries=chance.choice([(), ("DE",), ("FR", "US")]),
        )
        made[reward_id] = get_conditions(session, reward_id)
    seen_reaches: set[Reach] = set()
    for person_id in people:
        for reward_id in made:
            with suppress(Refusal), session.begin_nested():
                make_redemption(session, person_id, reward_id)
        give_points(session, person_id, 1)
        redeemed = set(session.scalars(select(Redemption.reward_id).where(Redemption.person_id == person_id)))
        sales = {reward_id: rules.sale_of(conditions, today) for reward_id, conditions in made.items()}
        shown = every_offer(session, person_id, {})
        assert set(shown) == {
            reward_id
            for reward_id, sale in sales.items()
            if sale is Sale.ON or (sale is Sale.SOON and made[reward_id].is_shown_before) or (sale is Sale.OVER and reward_id in redeemed)
        }
        assert set(every_offer(session, person_id, {"reach": "soon"})) == {r for r in shown if shown[r] is Reach.SOON}
        assert set(every_offer(session, person_id, {"reach": "can"})) == {r for r in shown if shown[r] is Reach.CAN}
        near = {offer.reward.id: offer.standing.reach for offer in within_reach(session, shopper_of(session, person_id, utcnow()), limit=100)}
        assert near == {r: reach for r, reach in shown.items() if reach in (Reach.CAN, Reach.NEAR)}
        seen_reaches |= set(shown.values())
    assert {Reach.CAN, Reach.NEAR, Reach.OUT, Reach.LIMIT, Reach.SOON, Reach.LEVEL, Reach.COUNTRY} <= seen_reaches


# Everybody at once.


def test_eight_windows_go_for_the_last_one_of_a_month(database: Database) -> None:
    person_id, reward_id = database.write(lambda s: (rich(s), with_conditions(s, {"limit_per_person": 2}, period=Period.MONTH)))
    november, december = datetime(2026, 11, 15, 12, 0, tzinfo=UTC), datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
    database.write(lambda s: make_redemption(s, person_id, reward_id, now=november))
    for moment, done in ((november, 1), (december, 2)):
        counted = all_at_once(database, [partial(make_redemption, person_id=person_id, reward_id=reward_id, now=moment)] * PROCESSES)
        assert counted == {"done": done, "AgainNextMonth": PROCESSES - done}
    with database.reading() as session:
        kept = session.execute(select(Redemption.period_key, Redemption.slot).order_by(Redemption.period_key, Redemption.slot)).all()
    assert kept == [("2026-11", 1), ("2026-11", 2), ("2026-12", 1), ("2026-12", 2)]


def test_eight_processes_press_the_button_and_one_of_them_has_the_last_one_of_the_month(database: Database, settings: Settings) -> None:
    reward_id = database.write(lambda s: with_conditions(s, {"price": 10, "limit_per_person": 1}, period=Period.MONTH))
    people = [database.write(rich) for _ in range(3)]
    tokens = [database.write(partial(open_window, person_id=person_id)) for person_id in people]
    # Few tries: the last one is gone with the first of them.
    answers = press_in_processes(facts_of(settings), tokens, f"/rewards/{reward_id}/redeem", 10, tries=5)
    with database.reading() as session:
        made = dict(session.execute(select(Redemption.person_id, func.count()).group_by(Redemption.person_id)).all())
    assert made == dict.fromkeys(people, 1)
    assert all(answers[token]["303"] == 1 and set(answers[token]) <= {"303", "409", "503"} for token in tokens)


def test_a_limit_that_counts_anew_is_not_taken_away_before_its_period(session: Session) -> None:
    """Else the conditions could not be saved any more: they would ask for a limit, whatever is changed in them."""
    reward, actor, now = make_reward(session, limit_per_person=1), system("test"), utcnow()
    said = {name: getattr(reward, name) for name in ("name", "kind", "price", "summary", "text")}
    set_conditions(session, actor, reward_id=reward.id, period="month", now=now)
    with pytest.raises(LimitCounts):
        change_reward(session, actor, reward_id=reward.id, limit_per_person=None, picture_id=None, now=now, **said)
    set_conditions(session, actor, reward_id=reward.id, period="once", now=now)
    change_reward(session, actor, reward_id=reward.id, limit_per_person=None, picture_id=None, now=now, **said)


def test_an_admin_enters_no_address_that_the_reward_does_not_go_to(session: Session) -> None:
    reward, now = make_reward(session, kind="merchandise"), utcnow()
    person_id = make_person(session).id
    give_points(session, person_id, 1_000)
    made = make_redemption(session, person_id, reward.id)
    session.execute(RedemptionAddress.__table__.delete())
    set_conditions(session, system("test"), reward_id=reward.id, countries=("PT",), now=now)
    to = Address(name="Ana", street="Street 1", postcode="1000", city="Town", region="", country="DE")
    with pytest.raises(NotDeliveredThere):
        give_address(session, as_admin(make_admin(session).id), redemption_id=made.id, address=to, now=now)
