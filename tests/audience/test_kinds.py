"""Each kind of rule: what it refuses, what it says, what it tells the member."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from portal.audience.kinds.company import FIELDS, CompanyField
from portal.audience.kinds.contract import Phrase
from portal.audience.queries.audiences import sheet_of
from portal.audience.queries.reasons import told_why
from portal.audience.registry import OWN
from portal.audience.wording import either, say
from portal.kernel.actor import system
from portal.kernel.errors import Refusal
from portal.people.actions.interests import set_interests
from portal.people.actions.tags import tag_person
from portal.people.rules.interest import Interest, Wish
from tests.factories.audience import Rule, make_rules
from tests.factories.people import make_company, make_contact, make_person
from tests.factories.recognition import give_points

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ACTS = {"track": "", "kind": "", "choice": "at_least", "number": 1, "days": None}


@pytest.mark.parametrize(
    ("kind", "given", "refusal"),
    [
        ("industry", {}, "ValuesMissing"),
        ("industry", {"values": ["Retail"]}, "ValueUnknown"),
        ("industry", {"values": [f"v{n}" for n in range(101)]}, "TooManyValues"),
        ("role", {"values": ["king"]}, "ValueUnknown"),
        ("tag", {"values": ["7"]}, "ValueUnknown"),
        ("likes", {"values": ["sleeping"]}, "ValueUnknown"),
        ("lifetime", {"choice": "at_least"}, "NumberMissing"),
        ("lifetime", {"choice": "at_least", "number": -1}, "NumberMissing"),
        ("lifetime", {"choice": "about", "number": 1}, "ChoiceUnknown"),
        ("member_for", {"choice": "at_most", "number": 0}, "NumberMissing"),
        ("joined_since", {}, "DayMissing"),
        ("joined_since", {"day": "yesterday"}, "DayMissing"),
        ("acts", {**ACTS, "number": 0}, "NumberMissing"),
        ("acts", {**ACTS, "days": 0}, "DaysOutOfRange"),
        ("acts", {**ACTS, "days": 40_000}, "DaysOutOfRange"),
        ("acts", {**ACTS, "track": "enrage"}, "ChoiceUnknown"),
        ("people", {"people": "  \n"}, "PeopleMissing"),
        ("people", {"people": "Nobody Here"}, "PersonUnknown"),
        ("people", {"people": "nobody@here.example"}, "PersonUnknown"),
        ("people", {"people": "Twin"}, "PersonAmbiguous"),
        ("people", {"people": "\n".join(f"a{n}" for n in range(101))}, "TooManyPeople"),
    ],
)
def test_what_means_nothing_is_refused_by_name(session: Session, kind: str, given: dict[str, Any], refusal: str) -> None:
    for _ in range(2):
        make_contact(session, name="Twin")
    with pytest.raises(Refusal) as refused:
        OWN[kind].read(session, given)
    assert refused.value.name == refusal
    assert str(refused.value.field).startswith("option_")


def test_people_are_named_by_name_or_address_and_shown_again_by_address(session: Session) -> None:
    ana = make_person(session, name="Ana Oliveira", email="ana@northwind.example")
    cleo = make_contact(session, name="Cleo Façade", email=None)
    options = OWN["people"].read(session, {"people": "ANA@northwind.example\ncleo facade\nAna Oliveira\n"})
    assert options == {"people": sorted([ana.id, cleo.id])}
    assert OWN["people"].shown(session, options) == {"people": "ana@northwind.example\nCleo Façade"}


def world(session: Session) -> int:
    """Return a person of whom one rule of each kind holds."""
    company = make_company(session, industry="Retail", size="1–49", region="Bavaria", country="Germany")
    make_company(session, industry="Transport")
    person = make_person(session, name="Ana Oliveira", company_id=company.id, language="de", now=NOW)
    tag_person(session, system("test"), person_id=person.id, tag="Churn risk", now=NOW)
    set_interests(session, system("test"), person_id=person.id, wishes={Interest.CALLS: Wish.LIKES, Interest.SOCIAL: Wish.NEVER}, now=NOW)
    give_points(session, person.id, 600)
    return person.id


RULES: list[tuple[Rule, str, str]] = [
    (("industry", {"values": ["Retail", "Transport"]}), "Industry is Retail or Transport", "your company’s industry is Retail"),
    (("size", {"values": ["1–49"]}), "Company size is 1–49", "your company’s size is 1–49"),
    (("region", {"values": ["Bavaria"]}), "Region is Bavaria", "your company is in Bavaria"),
    (("country", {"values": ["Germany"]}), "Country is Germany", "your company is in Germany"),
    (("tag", {"values": ["1"]}), "Tag is Churn risk", "the programme team chose you for it"),
    (
        ("likes", {"values": ["calls", "testing"]}),
        "Likes: Calls with other customers or Testing what is new",
        "you told us that you like this: Calls with",
    ),
    (("never", {"values": ["social"]}), "Never wants: Posting on social media", "you told us that you never want this"),
    (("language", {"values": ["de"]}), "Language is Deutsch", "you read in Deutsch"),
    (("role", {"values": ["admin", "advocate"]}), "Role is Admin or Advocate", "your role here is Advocate"),
    (("lifetime", {"choice": "at_least", "number": 500}), "Points earned in all: at least 500", "you have earned 500 points or more"),
    (("acts", {**ACTS, "track": "endorse", "choice": "at_most", "days": 90}), "Acts in Endorse: at most 1 within the last 90 days", "not done much"),
    (("joined_since", {"day": date(2026, 5, 1)}), "Joined on 1 May 2026 or later", "you joined on 1 May 2026 or later"),
    (("member_for", {"choice": "at_most", "number": 30}), "Days as a member: at most 30", "you are new here"),
    (("people", {"people": "Ana Oliveira"}), "Is Ana Oliveira", "the programme team chose you for it"),
]


@pytest.mark.parametrize(("rule", "sentence", "own"), RULES, ids=[rule[0] for rule, _, _ in RULES])
def test_a_rule_reads_as_a_sentence_and_tells_the_member_what_is_theirs(app: Flask, session: Session, rule: Rule, sentence: str, own: str) -> None:
    person_id = world(session)
    audience = make_rules(session, rule)
    with app.test_request_context():
        assert say(sheet_of(session, audience.id).side("include")[0].phrase) == sentence
        told = [say(phrase) for phrase in told_why(session, person_id, audience.id, NOW)]
    assert len(told) == 1
    assert own in told[0]
    assert "Churn" not in told[0]


def test_every_kind_of_this_room_has_a_sentence_here() -> None:
    assert {rule[0] for rule, _, _ in RULES} == set(OWN)


def test_a_long_list_is_cut(app: Flask) -> None:
    with app.test_request_context():
        assert either([]) == "–"
        assert either(["a"]) == "a"
        assert either(["a", "b", "c"]) == "a, b or c"
        assert either([str(n) for n in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7 or one of 4 more"
        assert say(Phrase("%(a)s", {"a": None})) == "–"


def test_a_value_that_a_rule_held_may_stay_when_nobody_has_it_any_more(session: Session) -> None:
    assert OWN["industry"].read(session, {"values": ["Coal"], "kept": ["Coal"]}) == {"values": ["Coal"]}


def test_each_field_of_a_company_says_what_it_is() -> None:
    hints = [CompanyField(field).hint for field in FIELDS]
    assert len(set(hints)) == len(FIELDS)
    assert not [hint for hint in hints if "'" in hint]
