"""Bands, words, hard filters, fit, price and spread, with the specification's numbers (A5, A6)."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from portal.acts.rules.budget import Cap
from portal.acts.rules.terms import BlockKind, Side, Standing, Terms
from portal.finding.rules.bands import Band, band_of, likeness, people_of
from portal.finding.rules.facts import Facts, Load, Record
from portal.finding.rules.filters import failures, first_free_day
from portal.finding.rules.fit import WEIGHTS, fit_of, outcome_quality, parts, reasons, shrunk_grade, use_case_overlap
from portal.finding.rules.needs import Needs
from portal.finding.rules.price import OtherNeed, price_of
from portal.finding.rules.seeing import Sight, sight_of
from portal.finding.rules.veil import opened, sealed, veil_key
from portal.finding.rules.words import asked_for, jaccard, telling_words, words_of
from portal.finding.rules.zones import lies_in
from portal.kernel.actor import Actor
from portal.kernel.ids import MOST_ID
from portal.profiles.rules.activity import Activity
from portal.profiles.rules.seeing import may_know
from portal.profiles.rules.states import Status

NOW, ZONE = datetime(2026, 11, 28, 12, tzinfo=UTC), "Europe/Berlin"
TODAY, DAY = date(2026, 11, 28), timedelta(days=1)
SIDE = Side("Amara", Terms(), Cap(4, 90))
GOOD = Facts(
    7, "Amara Okafor", "Head of Platform", 1, "Kestrel Freight", "kestrel freight", "kestrel.example", "Transport", "EMEA", "2,400 people",
    activities=frozenset({Activity.CALL}), languages={"english": "English"}, products={"planner": "Planner"}, verified_at=NOW - 12 * DAY, nps=9,
    use_cases={"k": "Moving off spreadsheets"}, words=telling_words("We moved off spreadsheets in a week"), names=telling_words("Kestrel Freight"),
    standing=Standing(SIDE, None, NOW, ZONE), competitors=frozenset({"Northwind Ltd"}), not_for=frozenset({"southwind"}), replaced={"oldco": "OldCo"},
    load=Load(2, Cap(4, 90), None, strain=0.25), last_asked_on=TODAY - 71 * DAY,
)  # fmt: skip
NEEDS = Needs(Activity.CALL, "moving off spreadsheets", "Transport", "EMEA", "1,000–4,999")


@pytest.mark.parametrize(
    ("size", "people", "band"),
    [
        ("50–249", 149, Band.MEDIUM), ("2,400 people", 2_400, Band.VERY_LARGE), ("10000+", 10_000, Band.HUGE), ("1–49", 25, Band.SMALL),
        ("5,000+", 5_000, Band.HUGE), ("2.4k", 2_400, Band.VERY_LARGE), ("about 640", 640, Band.LARGE), ("11.000", 11_000, Band.HUGE),
        ("249", 249, Band.MEDIUM), ("250", 250, Band.LARGE), ("1 200 Leute", 1_200, Band.VERY_LARGE), ("", None, None), ("many", None, None),
    ],
)  # fmt: skip
def test_a_size_is_read_as_people_write_it(size: str, people: int | None, band: Band | None) -> None:
    assert (people_of(size), band_of(size)) == (people, band)


def test_a_neighbouring_band_counts_half() -> None:
    assert [likeness(Band.LARGE, other) for other in (Band.LARGE, Band.MEDIUM, Band.HUGE, None)] == [1.0, 0.5, 0.0, 0.0]


def test_what_is_typed_becomes_words_and_nothing_else() -> None:
    assert asked_for('moving "off" OR spreadsheets* NEAR(a)').words == ("moving", "spreadsheets", "near")
    assert words_of("Straße, ÉCOLE-2024_x") == ["strasse", "ecole", "2024", "x"]
    assert asked_for("who are you").words == ("who", "are", "you"), "nothing else was typed"
    assert asked_for("  '  ").words == ()
    assert asked_for("moving spread").found_in(frozenset({"spreadsheets", "move"})) == ("spread",), "the last word may be begun, the others not"


def test_jaccard_is_what_two_sets_share() -> None:
    assert jaccard({"a", "b", "c"}, {"b", "c", "d"}) == 0.5
    assert jaccard((), ()) == 0.0


SLOTS_FULL = Load(4, Cap(4, 90), date(2026, 12, 12))
FIRM_FULL = Load(1, Cap(4, 90), None, 8, Cap(8, 90), date(2026, 12, 20))


def standing(**terms: Any) -> Standing:
    return Standing(Side("Amara", Terms(**terms), Cap(4, 90)), None, NOW, ZONE)


@pytest.mark.parametrize(
    ("changed", "needs", "name"),
    [
        ({}, {}, None),
        ({"activities": frozenset({Activity.REVIEW})}, {}, "NoConsent"),
        ({"never": frozenset({Activity.CALL})}, {}, "NeverThis"),
        ({"standing": standing(unwanted=("call",))}, {}, "NeverThis"),
        ({}, {"product": "planner"}, None),
        ({}, {"product": "Router"}, "OtherProduct"),
        ({}, {"language": "Français"}, "OtherLanguage"),
        ({}, {"prospect": "KESTREL freight"}, "OwnGroup"),
        ({}, {"prospect_domain": "rail.kestrel.example"}, "OwnGroup"),
        ({}, {"prospect_domain": "otherkestrel.example"}, None),
        ({}, {"prospect": "northwind LTD"}, "CompetesWithProspect"),
        ({}, {"prospect": "Southwind"}, "CompetesWithProspect"),
        ({"load": SLOTS_FULL}, {}, "AskedOften"),
        ({"load": FIRM_FULL}, {}, "CompanyAskedOften"),
        ({"load": replace(SLOTS_FULL, company_used=8, company_cap=Cap(8, 90), company_free_on=date(2027, 1, 2))}, {}, "CompanyAskedOften"),
        ({"load": Load(0, Cap(0, 90))}, {}, "TakesNone"),
        ({"verified_at": NOW - 180 * DAY}, {}, None),
        ({"verified_at": NOW - 181 * DAY}, {}, "NotVerified"),
        ({"status": Status.NEEDS_VERIFICATION, "is_visible": False}, {}, "NotVerified"),
        ({"verified_at": None}, {}, "NeverVerified"),
        ({"standing": Standing(replace(SIDE, blocks=(BlockKind.ESCALATION,)), None, NOW, ZONE)}, {}, "Escalated"),
        ({"standing": Standing(replace(SIDE, blocks=(BlockKind.LEGAL,)), None, NOW, ZONE)}, {}, "Held"),
        ({"status": Status.LEGAL_HOLD}, {}, "Held"),
        ({"renewal_on": TODAY + 30 * DAY}, {}, "RenewalNear"),
        ({"renewal_on": TODAY + 31 * DAY}, {}, None),
        ({"renewal_on": TODAY - DAY}, {}, None),
        ({"nps": 6}, {}, "Detracts"),
        ({"nps": 7}, {}, None),
        ({"nps": None}, {}, None),
        ({"status": Status.RETIRED}, {}, "NotFoundNow"),
        ({"is_visible": False}, {}, "NotFoundNow"),
        ({"status": Status.RESTING, "rests_until": TODAY + 9 * DAY}, {}, "Away"),
        ({"status": Status.RESTING, "rests_until": None}, {}, "NotFoundNow"),
        ({"status": Status.RESTING, "rests_until": TODAY}, {}, "NotFoundNow"),
        ({"standing": standing(paused_until=TODAY + DAY)}, {}, "Away"),
        ({"standing": standing(months_off=(11,))}, {}, "Away"),
        ({"blackouts": ((TODAY, TODAY + DAY),)}, {}, "Away"),
        ({"blackouts": ((TODAY, TODAY + 4 * DAY),)}, {"needed_by": TODAY + 3 * DAY}, "AwayThatDay"),
        ({"blackouts": ((TODAY, TODAY + 4 * DAY),)}, {"needed_by": TODAY + 5 * DAY}, None),
        ({"standing": Standing(SIDE, None, NOW, ZONE, can_be_asked=False)}, {}, "CannotBeAskedHere"),
    ],
)  # fmt: skip
def test_each_hard_filter_keeps_out_by_its_name_and_alone(changed: dict[str, Any], needs: dict[str, Any], name: str | None) -> None:
    failed = failures(replace(GOOD, **changed), replace(NEEDS, **needs), NOW, ZONE)
    assert [one.name for one in failed] == ([name] if name else [])
    assert all(str(one) for one in failed), "and says so in a sentence"


def test_a_cap_tells_when_it_frees_and_verification_how_long_ago() -> None:
    full, late = replace(GOOD, load=SLOTS_FULL), replace(GOOD, verified_at=NOW - 213 * DAY)
    assert str(failures(full, NEEDS, NOW, ZONE)[0]) == "Asked 4 of 4, free again on 2026-12-12."
    assert str(failures(late, NEEDS, NOW, ZONE)[0]) == "Not verified for 7 months: ask their owner to verify."
    assert failures(GOOD, NEEDS, NOW, ZONE, Sight.NONE)[0].name == "OnlyByAdmin"
    said = [str(failures(replace(GOOD, **one), NEEDS, NOW, ZONE)[0]) for one in (
        {"status": Status.CANDIDATE}, {"is_visible": False}, {"status": Status.CANDIDATE, "is_visible": False},
    )]  # fmt: skip
    assert said == [
        "Their profile is not active: Candidate.", "Their profile is hidden.", "Their profile is not active (Candidate), and it is hidden.",
    ]  # fmt: skip


def test_a_resting_person_says_so_once_however_many_ways_they_rest() -> None:
    rests = replace(GOOD, rests_until=TODAY + 5 * DAY, blackouts=((TODAY, TODAY),), standing=standing(paused_until=TODAY + DAY))
    assert [one.name for one in failures(rests, NEEDS, NOW, ZONE)] == ["Away"]
    assert first_free_day(replace(GOOD, blackouts=((TODAY, TODAY + DAY), (TODAY + 2 * DAY, TODAY + 2 * DAY))), TODAY) == TODAY + 3 * DAY


def test_the_weights_are_the_specifications_and_one_of_ours() -> None:
    assert {name: WEIGHTS[name] for name in ("industry", "size", "worry", "region", "role", "quality", "rest")} == {
        "industry": 30, "size": 15, "worry": 15, "region": 10, "role": 10, "quality": 10, "rest": 10,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "needs", "fit"),
    [
        # Of 90 asked (30 + 15 + 15 + 10 + 10 + 10): all but ¼·10 of the rest and 0.375·10 of a quality nobody graded.
        ({}, {}, 93),
        ({"industry": "Retail"}, {}, 60),
        ({"size": "640"}, {}, 85),
        ({"region": "APAC"}, {}, 82),
        ({"words": frozenset()}, {}, 93),  # the use case says it
        ({"words": frozenset(), "use_cases": {}}, {}, 76),
        # Nothing asked for but the activity: quality and rest alone.
        ({}, {"worry": "", "industry": "", "region": "", "size": ""}, 69),
        # Never asked comes before an equal, on top of the share.
        ({"last_asked_on": None}, {}, 95),
        ({"load": Load(4, Cap(4, 90), strain=2.0)}, {}, 85),
    ],
)  # fmt: skip
def test_the_fit_is_the_share_of_what_was_asked_for(changed: dict[str, Any], needs: dict[str, Any], fit: int) -> None:
    assert fit_of(parts(replace(GOOD, **changed), replace(NEEDS, **needs))) == fit


def test_what_was_not_asked_for_harms_nobody() -> None:
    bare = Facts(8, industry="Transport", load=Load(strain=1.0), last_asked_on=TODAY)
    only = Needs(industry="transport")
    assert set(parts(bare, only)) == {"industry", "quality", "rest", "fresh_voice"}
    assert fit_of(parts(bare, only)) == 72, "30 and 6.25 of 50"


def test_a_name_that_nobody_may_see_is_not_found() -> None:
    by_name = Needs(worry="kestrel")
    assert use_case_overlap(GOOD, by_name) == 1.0
    assert use_case_overlap(GOOD, by_name, with_names=False) == 0.0


def test_a_long_story_is_as_good_as_a_short_one() -> None:
    long = replace(GOOD, use_cases={}, words=GOOD.words | {f"word{n}" for n in range(200)})
    assert use_case_overlap(long, replace(NEEDS, worry="spreadsheets week")) == 1.0


@pytest.mark.parametrize(
    ("grades", "shrunk", "quality"),
    [((), 3.5, 0.625), ((1,), 2.875, 0.469), ((5,), 3.875, 0.719), ((5, 5, 5), 4.25, 0.8125), ((1, 1, 1), 2.25, 0.3125), ((5,) * 97, 4.955, 0.989)],
)
def test_one_bad_call_sinks_nobody_and_only_ones_own_grades_count(grades: tuple[int, ...], shrunk: float, quality: float) -> None:
    assert shrunk_grade(Record(grades=grades)) == pytest.approx(shrunk, abs=0.001)
    assert outcome_quality(Record(grades=grades)) == pytest.approx(quality, abs=0.001)


def test_reasons_are_sentences() -> None:
    met = parts(GOOD, NEEDS)
    said = [one.text for one in reasons(GOOD, NEEDS, met, TODAY)]
    assert said[:4] == ["Same industry", "Same size band", "Same region", "Speaks of %(words)s"]
    assert dict(reasons(GOOD, NEEDS, met, TODAY)[4].facts) == {"num": 71}
    assert dict(reasons(GOOD, NEEDS, met, TODAY)[5].facts) == {"num": 2, "most": 4}
    spent = reasons(replace(GOOD, load=Load(2, Cap(4, 90), company_used=7, company_cap=Cap(8, 90))), NEEDS, met, TODAY)[5]
    assert (spent.text, dict(spent.facts)["num"]) == ("One of %(most)s slots free, because of their company", 1)


@pytest.mark.parametrize(
    ("tier", "is_admin", "is_owner", "sight"),
    [
        (1, False, False, Sight.FULL), (2, False, False, Sight.VEILED), (3, False, False, Sight.NONE),
        (3, True, False, Sight.FULL), (3, False, True, Sight.FULL),
    ],
)  # fmt: skip
def test_who_sees_whom_follows_from_the_tier(tier: int, is_admin: bool, is_owner: bool, sight: Sight) -> None:
    assert (
        sight_of(tier, may_know=may_know(Actor(1, frozenset({"admin" if is_admin else "employee"})), owner_id=1 if is_owner else 2, tier=tier))
        is sight
    )


def test_a_veiled_name_leads_back_under_the_key_and_to_nobody_without_it() -> None:
    key, other = veil_key("one"), veil_key("other")
    names = {sealed(one, key): one for one in (*range(1, 300), 2**32, MOST_ID)}
    assert len(names) == 301
    assert all(opened(name, key) == one and re.fullmatch("v[a-z2-7]{13}", name) for name, one in names.items())
    assert not {opened(name, other) for name in names} & set(names.values())
    assert [opened(text, key) for text in ("", "7", "v", "vv", "v" * 14, "v" + "é" * 13, "x" * 14)][:4] == [None] * 4


def test_the_price_is_told_before_it_is_paid() -> None:
    until, may = date(2026, 12, 12), date(2027, 5, 3)
    price = price_of(Load(2, Cap(4, 90)), effort=8, until=until, others=[OtherNeed(may)])
    assert [one.text % dict(one.facts) for one in price.sentences] == [
        "Takes one of 2 free asks until 2026-12-12.", "Another open deal may need them by 2027-05-03.",
    ]  # fmt: skip
    last = price_of(Load(3, Cap(4, 90)), effort=8, until=until).sentences
    assert last[0].text.startswith("Takes the last free ask")
    assert price_of(SLOTS_FULL, effort=8, until=None).sentences[0].text.startswith("Takes nothing now")
    firm = price_of(Load(0, Cap(4, 90), None, 7, Cap(8, 90)), effort=8, until=until).sentences
    assert len(firm) == 2, "the company's cap is the narrower one, and is told"


def test_needs_are_kept_and_read_back() -> None:
    needs = replace(NEEDS, needed_by=TODAY, prospect="Acme")
    assert Needs.from_json(needs.to_json()) == needs
    assert Needs.from_json({"activity": "call", "unknown": "x"}) == Needs()
    assert needs.without("needed_by").needed_by is None


@pytest.mark.parametrize(
    ("zone", "region", "lies"),
    [
        ("Europe/Berlin", "EMEA", True),
        ("Europe/Berlin", "dach", True),
        ("Europe/Paris", "DACH", False),
        ("Asia/Dubai", "EMEA", True),
        ("Asia/Dubai", "APAC", False),
        ("Asia/Tokyo", "Apac", True),
        ("America/Lima", "Americas", True),
        ("Africa/Nairobi", "africa", True),
        ("Europe/Berlin", "Somewhere", False),
        ("", "EMEA", False),
    ],
)
def test_a_time_zone_lies_in_the_regions_that_sales_know(zone: str, region: str, *, lies: bool) -> None:
    assert lies_in(zone, region) is lies


def test_a_time_zone_of_the_region_is_half_a_region_and_said_as_what_it_is() -> None:
    needs = Needs(region="EMEA")
    for region, zone, met, said in (
        ("EMEA", "Asia/Tokyo", 1.0, "Same region"),
        ("", "Europe/Paris", 0.5, "Their time zone is in that region"),
        ("APAC", "Europe/Paris", 0.5, "Another region: %(region)s, but their time zone is in the one you asked for"),
        ("APAC", "Asia/Tokyo", 0.0, "Another region: %(region)s"),
        ("", "Asia/Tokyo", 0.0, "Another region"),
    ):
        facts = Facts(1, region=region, time_zone=zone)
        of = parts(facts, needs)
        texts = [told.text for told in reasons(facts, needs, of, TODAY)]
        assert of["region"] == met
        assert [text for text in texts if "region" in text] == [said]


def test_a_worry_that_nobody_answers_is_told_as_a_miss() -> None:
    needs = Needs(worry="spreadsheets")
    silent, telling = Facts(1), Facts(2, words=frozenset({"spreadsheets"}))
    texts = [next(told.text for told in reasons(one, needs, parts(one, needs), TODAY)) for one in (silent, telling)]
    assert texts == ["Tells of nothing like your worry", "Speaks of %(words)s"]


@pytest.mark.parametrize(
    ("used", "own", "company_used", "firm", "days"),
    [
        (0, Cap(4, 90), 0, None, 90),
        (0, Cap(4, 90), 0, Cap(8, 180), 90),
        (0, Cap(4, 90), 6, Cap(8, 180), 180),
        (0, Cap(4, 90), 4, Cap(8, 180), 180),
        (3, Cap(4, 365), 0, Cap(8, 30), 365),
    ],
)
def test_a_slot_is_gone_for_the_window_of_the_cap_that_binds(used: int, own: Cap, company_used: int, firm: Cap | None, days: int) -> None:
    assert Load(used, own, None, company_used, firm).days == days
