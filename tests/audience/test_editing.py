"""Editing an audience: a rule an act, changes that wait, put live as a whole."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.actions.editing import add_rule, change_rule, copy_audience, drop_changes, make_audience, put_live, remove_rule, set_mode
from portal.audience.models import AudienceRule
from portal.audience.queries.admission import is_admitted
from portal.audience.queries.audiences import sheet_of
from portal.audience.rules import MAX_RULES, AudienceChanged, KindUnknown, Mode, RuleGone, Side, TooManyRules, ValuesMissing, ValueUnknown
from portal.audit.models import AuditEvent
from portal.kernel.actor import Actor, system
from portal.kernel.errors import NotAllowed, NotFound
from tests.factories.audience import in_industry, make_rule, make_rules
from tests.factories.people import make_company, make_person

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLI = system("test")


def person_in(session: Session, industry: str) -> int:
    return make_person(session, company_id=make_company(session, industry=industry).id).id


def add(session: Session, audience_id: int, industry: str = "Retail", *, key: str = "k", at_once: bool = False, **overrides: Any) -> AudienceRule:
    kind, given = in_industry(industry)
    facts = {"side": Side.INCLUDE, "kind": kind, "given": given, "key": key, "at_once": at_once, "now": NOW} | overrides
    return add_rule(session, CLI, audience_id=audience_id, **facts)


def sees(session: Session, person_id: int, audience_id: int) -> bool:
    return is_admitted(session, person_id, audience_id, NOW)


def test_a_rule_waits_until_the_changes_are_put_live(session: Session) -> None:
    inside, outside = person_in(session, "Retail"), person_in(session, "Transport")
    audience = make_audience(session, CLI, now=NOW)
    add(session, audience.id)
    assert (sees(session, inside, audience.id), sees(session, outside, audience.id)) == (True, True)
    assert sheet_of(session, audience.id).has_changes
    put_live(session, CLI, audience_id=audience.id, revision=audience.revision, now=NOW)
    assert (sees(session, inside, audience.id), sees(session, outside, audience.id)) == (True, False)
    assert not sheet_of(session, audience.id).has_changes


def test_at_once_puts_the_rule_live_with_it(session: Session) -> None:
    outside, audience = person_in(session, "Transport"), make_audience(session, CLI, now=NOW)
    add(session, audience.id, at_once=True)
    assert not sees(session, outside, audience.id)


def test_a_removed_rule_counts_until_that_is_put_live(session: Session) -> None:
    outside, audience = person_in(session, "Transport"), make_rules(session, in_industry("Retail"))
    rule = sheet_of(session, audience.id).side("include")[0]
    remove_rule(session, CLI, audience_id=audience.id, rule_id=rule.id, at_once=False, now=NOW)
    sheet = sheet_of(session, audience.id)
    assert ([r.id for r in sheet.side("include")], [r.id for r in sheet.leaving("include")]) == ([], [rule.id])
    assert not sees(session, outside, audience.id)
    put_live(session, CLI, audience_id=audience.id, revision=audience.revision, now=NOW)
    assert sees(session, outside, audience.id)
    assert sheet_of(session, audience.id).rules == []


def test_a_changed_rule_keeps_its_place_and_waits_too(session: Session) -> None:
    audience = make_rules(session, in_industry("Retail"), ("lifetime", {"choice": "at_least", "number": 5}))
    first = sheet_of(session, audience.id).side("include")[0]
    given = in_industry("Transport")[1]
    make_company(session, industry="Transport")
    change_rule(session, CLI, audience_id=audience.id, rule_id=first.id, given=given, key="new", at_once=False, now=NOW)
    sheet = sheet_of(session, audience.id)
    assert [r.options.get("values") for r in sheet.side("include")] == [["Transport"], None]
    assert [r.options.get("values") for r in sheet.leaving("include")] == [["Retail"]]


def test_dropping_the_changes_brings_back_what_is_live(session: Session) -> None:
    audience = make_rules(session, in_industry("Retail"))
    before = sheet_of(session, audience.id)
    remove_rule(session, CLI, audience_id=audience.id, rule_id=before.rules[0].id, at_once=False, now=NOW)
    add(session, audience.id, "Transport", given=in_industry("Transport")[1])
    set_mode(session, CLI, audience_id=audience.id, side=Side.INCLUDE, mode=Mode.ALL, at_once=False, now=NOW)
    drop_changes(session, CLI, audience_id=audience.id, revision=audience.revision, now=NOW)
    after = sheet_of(session, audience.id)
    assert [r.id for r in after.rules] == [r.id for r in before.rules]
    assert after.mode("include") is Mode.ANY
    assert not after.has_changes


@pytest.mark.parametrize("act", [put_live, drop_changes])
def test_nobody_puts_live_or_drops_what_they_have_not_seen(session: Session, act: Any) -> None:
    audience = make_audience(session, CLI, now=NOW)
    add(session, audience.id)
    seen = audience.revision
    add(session, audience.id, key="by another admin")
    with pytest.raises(AudienceChanged):
        act(session, CLI, audience_id=audience.id, revision=seen, now=NOW)


def test_the_same_form_twice_adds_one_rule_even_after_it_was_removed(session: Session) -> None:
    audience = make_audience(session, CLI, now=NOW)
    first = add(session, audience.id, key="one form")
    assert add(session, audience.id, key="one form").id == first.id
    remove_rule(session, CLI, audience_id=audience.id, rule_id=first.id, at_once=False, now=NOW)
    add(session, audience.id, key="one form")
    assert sheet_of(session, audience.id).side("include") == []


def test_a_form_of_another_audience_is_nobodys_here(session: Session) -> None:
    one, other = make_audience(session, CLI, now=NOW), make_audience(session, CLI, now=NOW)
    rule = add(session, one.id, key="one form")
    with pytest.raises(NotFound):
        add(session, other.id, key="one form")
    with pytest.raises(NotFound):
        remove_rule(session, CLI, audience_id=other.id, rule_id=rule.id, at_once=False, now=NOW)


def test_a_rule_that_somebody_removed_can_be_neither_changed_nor_removed(session: Session) -> None:
    audience = make_audience(session, CLI, now=NOW)
    rule = add(session, audience.id)
    remove_rule(session, CLI, audience_id=audience.id, rule_id=rule.id, at_once=False, now=NOW)
    with pytest.raises(RuleGone):
        remove_rule(session, CLI, audience_id=audience.id, rule_id=rule.id, at_once=False, now=NOW)
    facts: dict[str, Any] = {"given": in_industry("Retail")[1], "key": "late", "at_once": False}
    with pytest.raises(RuleGone):
        change_rule(session, CLI, audience_id=audience.id, rule_id=rule.id, **facts, now=NOW)


def test_refusals_by_name(session: Session) -> None:
    audience = make_audience(session, CLI, now=NOW)
    with pytest.raises(KindUnknown):
        add(session, audience.id, kind="horoscope")
    with pytest.raises(ValuesMissing):
        add(session, audience.id, given={"values": []})
    with pytest.raises(ValueUnknown):
        add(session, audience.id, given={"values": ["Nobody has this"]})
    with pytest.raises(NotAllowed):
        make_audience(session, Actor(id=1, roles=frozenset({"advocate"})), now=NOW)
    with pytest.raises(NotAllowed):
        put_live(session, Actor(id=1, roles=frozenset({"employee"})), audience_id=audience.id, revision=0, now=NOW)
    for number in range(MAX_RULES):
        add(session, audience.id, key=f"rule {number}")
    with pytest.raises(TooManyRules):
        add(session, audience.id, key="one too many")
    add(session, audience.id, key="the other side has room", side=Side.EXCLUDE)


def test_a_copy_has_the_rules_that_are_wanted_and_they_are_its_own(session: Session) -> None:
    audience = make_rules(session, in_industry("Retail"), in_industry("Transport"), exclude=(("role", {"values": ["admin"]}),), include_mode="all")
    gone = sheet_of(session, audience.id).side("include")[1]
    remove_rule(session, CLI, audience_id=audience.id, rule_id=gone.id, at_once=False, now=NOW)
    copy = copy_audience(session, CLI, audience_id=audience.id, now=NOW)
    sheet = sheet_of(session, copy.id)
    assert [(r.side, r.options["values"], r.is_live) for r in sheet.rules] == [("include", ["Retail"], True), ("exclude", ["admin"], True)]
    assert sheet.mode("include") is Mode.ALL
    assert not sheet.has_changes
    make_rule(session, copy.id, *in_industry("Energy"))
    assert len(sheet_of(session, audience.id).side("include")) == 1


def test_every_change_is_in_the_audit_log(session: Session) -> None:
    make_company(session, industry="Transport")
    audience = make_audience(session, CLI, now=NOW)
    rule = add(session, audience.id)
    given = in_industry("Transport")[1]
    changed = change_rule(session, CLI, audience_id=audience.id, rule_id=rule.id, given=given, key="c", at_once=False, now=NOW)
    set_mode(session, CLI, audience_id=audience.id, side=Side.EXCLUDE, mode=Mode.ALL, at_once=False, now=NOW)
    put_live(session, CLI, audience_id=audience.id, revision=audience.revision, now=NOW)
    remove_rule(session, CLI, audience_id=audience.id, rule_id=changed.id, at_once=False, now=NOW)
    drop_changes(session, CLI, audience_id=audience.id, revision=audience.revision, now=NOW)
    names = list(session.scalars(select(AuditEvent.name).where(AuditEvent.subject_type == "audience").order_by(AuditEvent.id)))
    verbs = ("made", "rule_added", "rule_changed", "mode_changed", "put_live", "rule_removed", "changes_dropped")
    assert names == [f"audience.{verb}" for verb in verbs]
    told = session.scalars(select(AuditEvent.data).where(AuditEvent.name == "audience.rule_changed")).one()
    assert (told["before"], told["options"]) == ({"values": ["Retail"]}, {"values": ["Transport"]})


def test_a_kind_that_is_gone_admits_nobody_and_the_editor_says_so(session: Session) -> None:
    person, audience = person_in(session, "Retail"), make_rules(session, in_industry("Retail"))
    assert sees(session, person, audience.id)
    gone = AudienceRule(audience_id=audience.id, side="exclude", kind="horoscope", options={}, position=9, created_at=NOW, live_at=NOW)
    session.add(gone)
    session.flush()
    assert not sees(session, person, audience.id)
    assert "no longer has" in sheet_of(session, audience.id).side("exclude")[0].phrase.text


def test_time_passes_for_rules_that_were_built_before(session: Session) -> None:
    """What is kept of a rule must not keep the moment with it."""
    person = make_person(session, now=NOW)
    audience = make_rules(session, ("member_for", {"choice": "at_least", "number": 30}))
    assert not is_admitted(session, person.id, audience.id, NOW + timedelta(days=29))
    assert is_admitted(session, person.id, audience.id, NOW + timedelta(days=30))
