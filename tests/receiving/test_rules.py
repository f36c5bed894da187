"""Which of two rules holds, what a domain suggests, from when a form is needed, what a reward is worth, what the rule approves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from portal.kernel.countries import country_code
from portal.kernel.errors import Refusal
from portal.receiving.rules.accepting import Choice, Rule, Stance, objection, rule_from, stricter
from portal.receiving.rules.domains import suggestion_for
from portal.receiving.rules.thresholds import needs_form, threshold_on
from portal.receiving.rules.value import value_in_cents
from portal.rewards.rules.auto import Against, AutoTerms, Facts, against, require_terms, rests_until

UNKNOWN, MAY, CHARITY, NOTHING = (Rule(stance) for stance in Stance)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("person", "company", "holds"),
    [
        (UNKNOWN, UNKNOWN, UNKNOWN),
        (UNKNOWN, MAY, MAY),
        (MAY, UNKNOWN, MAY),
        (MAY, CHARITY, CHARITY),
        (NOTHING, MAY, NOTHING),
        (CHARITY, NOTHING, NOTHING),
        (UNKNOWN, NOTHING, NOTHING),
        (Rule(Stance.MAY, 2_000, None), Rule(Stance.MAY, 5_000, 9_000), Rule(Stance.MAY, 2_000, 9_000)),
        (Rule(Stance.MAY, None, 5_000), CHARITY, Rule(Stance.CHARITY, None, 5_000)),
    ],
)
def test_the_stricter_of_two_rules_holds(person: Rule, company: Rule, holds: Rule) -> None:
    assert stricter(person, company) == holds == stricter(company, person)
    assert stricter() == UNKNOWN


@pytest.mark.parametrize(
    ("rule", "cents", "is_charity", "before", "refused"),
    [
        (UNKNOWN, 100_000, False, 0, None),
        (NOTHING, 1, True, 0, "MayNotAccept"),
        (NOTHING, 0, False, 0, "MayNotAccept"),
        (CHARITY, 100, False, 0, "CharityOnly"),
        (CHARITY, 100_000, True, 0, None),
        (Rule(Stance.MAY, 2_000), 2_000, False, 90_000, None),
        (Rule(Stance.MAY, 2_000), 2_001, False, 0, "ItemAboveCap"),
        (Rule(Stance.MAY, None, 5_000), 2_000, False, 3_000, None),
        (Rule(Stance.MAY, None, 5_000), 2_000, False, 3_001, "YearAboveCap"),
        (Rule(Stance.CHARITY, 2_000), 2_001, True, 0, "ItemAboveCap"),
    ],
)
def test_what_a_rule_lets_somebody_have(rule: Rule, cents: int, is_charity: bool, before: int, refused: str | None) -> None:
    refusal = objection(rule, cents=cents, is_charity=is_charity, before=before, year=2026)
    assert (refusal.name if refusal else None) == refused
    if refusal:
        assert "%" not in str(refusal)


@pytest.mark.parametrize(
    ("choice", "item", "year", "made"),
    [
        (Choice.MAY, 2_000, None, MAY),
        (Choice.CAPPED, 2_000, None, Rule(Stance.MAY, 2_000)),
        (Choice.CAPPED, None, None, "CapMissing"),
        (Choice.CAPPED, 99, None, "AmountInvalid"),
        (Choice.CAPPED, 2_000, 10_000_001, "AmountInvalid"),
        (Choice.UNKNOWN, None, None, UNKNOWN),
        (None, None, None, "ChoiceMissing"),
        ("anything", None, None, "ChoiceMissing"),
    ],
)
def test_a_choice_is_a_rule(choice: str | None, item: int | None, year: int | None, made: Rule | str) -> None:
    try:
        found: Rule | str = rule_from(choice, item, year)
    except Refusal as refusal:
        found = refusal.name
    assert found == made
    if isinstance(found, Rule) and choice is not None:
        assert found.choice == choice


@pytest.mark.parametrize(
    ("domain", "stance", "item"),
    [
        ("ann@energy.gov", Stance.MAY, 2_000),
        ("ann@navy.mil", Stance.MAY, 2_000),
        ("ann@council.gov.uk", Stance.NOTHING, None),
        ("ann@interieur.gouv.fr", Stance.NOTHING, None),
        ("ann@bbk.bund.de", Stance.NOTHING, None),
        ("ann@leeds.nhs.uk", Stance.NOTHING, None),
        ("ann@stanford.edu", Stance.CHARITY, None),
        ("ann@cam.ac.uk", Stance.CHARITY, None),
        ("unimelb.edu.au", Stance.CHARITY, None),
        ("ann@customer.example", None, None),
        ("ann@gov.example", None, None),
        ("ann@notgov.uk", None, None),
        ("ann@government.com", None, None),
        ("ann@gov.com", None, None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_a_domain_suggests_a_rule_with_a_reason_or_nothing(domain: str | None, stance: Stance | None, item: int | None) -> None:
    found = suggestion_for(domain)
    assert (found.rule.stance if found else None) == stance
    if found:
        assert (found.rule.item_cents, bool(found.why)) == (item, True)
    assert suggestion_for("ann@customer.example", domain) == found


@pytest.mark.parametrize(
    ("country", "year", "cents"),
    [("US", 2025, 60_000), ("US", 2026, 200_000), ("US", 2031, 200_000), ("DE", 2026, None), ("", 2025, 60_000), ("", 2026, 200_000)],
)
def test_the_threshold_of_a_year_is_the_one_that_held_in_it(country: str, year: int, cents: int | None) -> None:
    found = threshold_on(country, year)
    assert (found.cents if found else None) == cents


@pytest.mark.parametrize(
    ("before", "cents", "limit", "has_form", "needed"),
    [
        (0, 199_999, 200_000, False, False),
        (0, 200_000, 200_000, False, True),
        (199_999, 1, 200_000, False, True),
        (199_999, 1, 200_000, True, False),
        (500_000, 0, 200_000, False, False),
        (500_000, 100, None, False, False),
    ],
)
def test_a_form_is_needed_from_the_limit_on(before: int, cents: int, limit: int | None, has_form: bool, needed: bool) -> None:
    assert needs_form(before=before, cents=cents, limit=limit, has_form=has_form) is needed


@pytest.mark.parametrize(("own", "price", "cents"), [(None, 500, 1_500), (None, 1, 3), (0, 500, 0), (12_345, 500, 12_345)])
def test_a_reward_is_worth_what_was_entered_or_its_price(own: int | None, price: int, cents: int) -> None:
    assert value_in_cents(own=own, price=price, point_value=Decimal("0.03")) == cents
    assert value_in_cents(own=None, price=1, point_value=Decimal("0.005")) == 1


@pytest.mark.parametrize(
    ("said", "code"), [("US", "US"), ("usa", "US"), ("United  States", "US"), ("Germany", "DE"), ("de", "DE"), ("Atlantis", ""), ("", "")]
)
def test_a_country_that_was_typed_is_found(said: str, code: str) -> None:
    assert country_code(said) == code


TERMS = AutoTerms(most_cents=5_000, received=2)
FINE = Facts(cents=5_000, price=100, received=2, returned=0, owed=0, eyes_above=100, is_known=True, is_stopped=False, is_resting=False)


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, []),
        ({"received": 0}, [Against.FIRST]),
        ({"received": 1}, [Against.FEW]),
        ({"returned": 1}, [Against.RETURNED]),
        ({"owed": 1}, [Against.OWES]),
        ({"cents": 5_001}, [Against.VALUE]),
        ({"price": 101}, [Against.EYES]),
        ({"price": 101, "eyes_above": None}, []),
        ({"is_known": False}, [Against.UNKNOWN]),
        ({"is_stopped": True}, [Against.STOPPED]),
        ({"is_resting": True}, [Against.RESTS]),
        ({"received": 0, "owed": 5, "is_resting": True}, [Against.FIRST, Against.OWES, Against.RESTS]),
    ],
)
def test_the_rule_approves_only_where_nothing_speaks_against_it(changed: dict[str, object], reasons: list[Against]) -> None:
    assert against(TERMS, replace(FINE, **changed)) == reasons  # type: ignore[arg-type]
    assert Against.VALUE in against(AutoTerms(), replace(FINE, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(("hours", "rests"), [(0, True), (23, True), (24, False), (100, False)])
def test_a_change_rests_for_a_day(hours: int, rests: bool) -> None:
    at = NOW - timedelta(hours=hours)
    assert rests_until(at, NOW) == (at + timedelta(hours=24) if rests else None)
    assert rests_until(None, NOW) is None


@pytest.mark.parametrize(
    ("terms", "refused"),
    [(AutoTerms(100, 1), None), (AutoTerms(99, 1), "LimitUnfit"), (AutoTerms(1_000_001, 1), "LimitUnfit"), (AutoTerms(None, 0), "CountUnfit")],
)
def test_terms_of_the_rule_have_limits(terms: AutoTerms, refused: str | None) -> None:
    try:
        require_terms(terms)
        found = None
    except Refusal as refusal:
        found = refusal.name
    assert found == refused
