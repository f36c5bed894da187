"""The editor of an audience: rules, mistakes in words, dry run, why not."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.audience.models import Audience, AudienceRule
from portal.audience.queries.audiences import sheet_of
from portal.challenges.actions.editing import open_audience
from portal.challenges.actions.lifecycle import pause_challenge
from portal.challenges.models.offering import Challenge
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from tests.factories.audience import in_industry, make_rule
from tests.factories.challenges import make_challenge, make_draft, make_submission
from tests.factories.people import make_admin, make_company, make_employee, make_person
from tests.support.application import PortalClient, SignIn
from tests.support.forms import fields_of


def scene(session: Session) -> tuple[Person, int, Challenge]:
    """Return an admin, the audience of a live challenge that has no rules yet, and the challenge."""
    retail, energy = make_company(session, industry="Retail"), make_company(session, industry="Energy")
    make_person(session, name="Rita Retail", company_id=retail.id)
    make_person(session, name="Emil Energy", company_id=energy.id)
    challenge = make_challenge(session, title="Shops only")
    return make_admin(session, name="Ada"), open_audience(session, system("test"), challenge_id=challenge.id, now=utcnow()), challenge


@pytest.fixture
def at(database: Database, sign_in: SignIn) -> tuple[PortalClient, str]:
    admin, audience_id, _ = database.write(scene)
    return sign_in(admin), f"/admin/audiences/{audience_id}"


def add(browser: PortalClient, address: str, of: str = "industry", key: str = "k1", **options: Any) -> Any:
    given = {f"option_{name}": value for name, value in (options or {"values": "Retail"}).items()}
    return browser.post(f"{address}/rules/new?side=include&kind={of}", data={"key": key, **given})


def test_a_rule_is_added_waits_and_is_put_live(at: tuple[PortalClient, str]) -> None:
    browser, address = at
    page = browser.get(address).text
    assert "of 2 active advocates" in page
    assert "see it at this moment" in page
    assert add(browser, address).status_code == 303
    assert add(browser, address).status_code == 303  # the second click
    page = browser.get(address).text
    assert page.count("Industry is Retail</p>") == 1
    assert "Your changes are not live yet" in page
    assert "1 person would lose it" in page
    assert "Emil Energy" in page
    revision = page.split('name="revision" value="')[1].split('"')[0]
    assert browser.post(f"{address}/live", data={"revision": revision}).status_code == 303
    page = browser.get(address).text
    assert "not live yet" not in page
    assert "would lose" not in page


def test_what_was_not_seen_is_not_put_live(at: tuple[PortalClient, str]) -> None:
    browser, address = at
    add(browser, address)
    add(browser, address, key="k2", values="Energy")
    refused = browser.post(f"{address}/live", data={"revision": "1"})
    assert refused.status_code == 409
    assert "Somebody changed the rules while you were looking" in refused.text
    assert browser.post(f"{address}/drop", data={"revision": "1"}).status_code == 409
    assert browser.post(f"{address}/live", data={"revision": ""}).status_code == 422
    assert browser.post(f"{address}/drop", data={"revision": "2"}).status_code == 303
    assert "Industry is" not in browser.get(address).text


def test_mistakes_are_told_beside_the_field_with_what_was_typed(at: tuple[PortalClient, str]) -> None:
    browser, address = at
    mistakes = {
        "industry": ({"values": []}, "Choose at least one."),
        "lifetime": ({"choice": "at_least", "number": ""}, "whole number from 0 to 1,000,000,000"),
        "people": ({"people": "Rita Retail\nNobody Here"}, "We know nobody called Nobody Here."),
        "joined_since": ({"day": ""}, "Please enter a day."),
        "acts": ({"track": "", "kind": "", "choice": "at_least", "number": "x"}, "Please enter a whole number"),
    }
    for kind, (options, sentence) in mistakes.items():
        answer = add(browser, address, kind, key=f"m-{kind}", **options)
        assert answer.status_code == 422, kind
        assert sentence in answer.text.replace("\xa0", " "), kind
    answer = add(browser, address, "people", key="m2", people="Rita Retail\nNobody Here")
    assert "Rita Retail" in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_a_rule_is_changed_and_removed(at: tuple[PortalClient, str], database: Database) -> None:
    browser, address = at
    add(browser, address)
    with database.reading() as session:
        rule_id = session.scalars(select(AudienceRule.id)).one()
    page = browser.get(f"{address}/rules/{rule_id}").text
    assert 'value="Retail" checked' in page
    saved = browser.post(f"{address}/rules/{rule_id}", data={"key": "c1", "option_values": ["Retail", "Energy"]})
    assert saved.status_code == 303
    assert "Industry is Energy or Retail" in browser.get(address).text
    late = browser.post(f"{address}/rules/{rule_id}", data={"key": "c2", "option_values": ["Energy"]})
    assert late.status_code == 409
    assert "Somebody changed this after you opened it" in late.text
    assert fields_of(late.text, having="key")["option_values"] == ["Energy"]
    assert "Retail</span>" in late.text.split("Stored now:")[1]
    with database.reading() as session:
        changed = session.scalars(select(AudienceRule.id).where(AudienceRule.removed_at.is_(None))).one()
    assert browser.post(f"{address}/rules/{changed}", data={"key": "c3", "option_values": []}).status_code == 422
    assert f'action="{address}/rules/{changed}"' in late.text
    old = browser.get(f"{address}/rules/{rule_id}", follow_redirects=True)
    assert ("Somebody changed this rule. Here is what holds now." in old.text, "Industry is Energy or Retail" in old.text) == (True, True)
    assert browser.post(f"{address}/rules/{changed}/remove").status_code == 303
    gone = browser.post(f"{address}/rules/{changed}", data={"key": "c4", "option_values": ["Energy"]})
    assert gone.status_code == 409
    assert "Somebody removed this rule after you opened it" in gone.text
    assert fields_of(gone.text, having="key")["option_values"] == ["Energy"]
    assert f'action="{address}/rules/new?side=include&amp;kind=industry"' in gone.text
    assert browser.post(f"{address}/rules/{changed}/remove").status_code == 409
    assert "Somebody removed this rule. Here is what holds now." in browser.get(f"{address}/rules/{changed}", follow_redirects=True).text
    assert browser.get(f"{address}/rules/99999").status_code == 404
    assert "Industry is" not in browser.get(address).text


def test_the_rules_of_a_side_go_together_by_any_or_all(at: tuple[PortalClient, str], database: Database) -> None:
    browser, address = at
    add(browser, address)
    add(browser, address, key="k2", values="Energy")
    assert browser.post(f"{address}/include", data={"mode": "all"}).status_code == 303
    page = browser.get(address).text
    assert "Nobody sees it" in page
    assert browser.post(f"{address}/include", data={"mode": "most"}).status_code == 422
    with database.reading() as session:
        audience = session.scalars(select(Audience)).one()
        assert (audience.include_mode, audience.live_include_mode) == ("all", "any")


def test_rules_of_a_draft_count_at_once(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, int]:
        make_company(session, industry="Retail")
        return make_admin(session), open_audience(session, system("test"), challenge_id=make_draft(session).id, now=utcnow())

    admin, audience_id = database.write(given)
    browser = sign_in(admin)
    assert add(browser, f"/admin/audiences/{audience_id}").status_code == 303
    assert "Nobody sees it yet" in browser.get(f"/admin/audiences/{audience_id}").text
    with database.reading() as session:
        assert not sheet_of(session, audience_id).has_changes


def test_rules_of_a_paused_challenge_wait_as_those_of_a_live_one(database: Database, sign_in: SignIn) -> None:
    admin, audience_id, challenge = database.write(scene)
    database.write(lambda s: pause_challenge(s, system("test"), challenge_id=challenge.id, now=utcnow()))
    browser, address = sign_in(admin), f"/admin/audiences/{audience_id}"
    assert "Nobody sees it yet" not in browser.get(address).text
    answer = browser.post(f"{address}/rules/new?side=include&kind=industry", data={"key": "k1", "option_values": "Retail"}, follow_redirects=True)
    assert "It counts once you put the changes live." in answer.text
    assert "1 person would lose it" in answer.text
    with database.reading() as session:
        emil, rita = (session.scalars(select(Person.id).where(Person.name == name)).one() for name in ("Emil Energy", "Rita Retail"))
    assert "Shops only" in sign_in(emil).get("/challenges").text
    revision = answer.text.split('name="revision" value="')[1].split('"')[0]
    assert browser.post(f"{address}/live", data={"revision": revision}).status_code == 303
    assert ["Shops only" in sign_in(one).get("/challenges").text for one in (emil, rita)] == [False, True]


def test_of_a_scheduled_challenge_the_dry_run_says_from_when_and_changes_wait(database: Database, sign_in: SignIn) -> None:
    def given(session: Session) -> tuple[Person, int]:
        make_company(session, industry="Retail")
        challenge = make_challenge(session, opens_on=utcnow().date() + timedelta(days=9))
        return make_admin(session), open_audience(session, system("test"), challenge_id=challenge.id, now=utcnow())

    admin, audience_id = database.write(given)
    browser, address = sign_in(admin), f"/admin/audiences/{audience_id}"
    page = browser.get(address).text
    assert "will see it from" in page
    assert "see it at this moment" not in page
    assert add(browser, address).status_code == 303
    page = browser.get(address).text
    assert "would see it from" in page
    assert "see it at this moment" not in page


def test_why_answers_by_name_and_lets_one_choose(at: tuple[PortalClient, str], database: Database) -> None:
    browser, address = at
    audience_id = int(address.rsplit("/", 1)[1])

    def given(session: Session) -> int:
        make_rule(session, audience_id, *in_industry("Retail"))
        challenge = session.scalars(select(Challenge)).one()
        make_submission(session, session.scalars(select(Person).where(Person.name == "Rita Retail")).one(), challenge)
        return make_person(session, name="Rita Other").id

    other = database.write(given)
    page = browser.get(f"{address}?who=emil").text
    assert "Does not see it" in page
    assert "The one rule does not hold:" in page
    assert "Sees it" in browser.get(f"{address}?who=rita+retail").text
    choice = browser.get(f"{address}?who=rita").text
    assert "Which of them?" in choice
    assert f"person={other}" in choice
    assert "Does not see it" in browser.get(f"{address}?person={other}").text
    assert "We know nobody called “Zoë”." in browser.get(f"{address}?who=Zoë").text
    page = browser.get(f"{address}?who=Ada").text
    assert "Not an advocate" in page
    assert "Does not see it" in page
    assert "Sees it" not in page, "one verdict"
    assert browser.get(f"{address}?person=99999").status_code == 404
    for number in (2**63, -1, "٣٣", "x"):
        assert browser.get(f"{address}?person={number}").status_code in (200, 404), number


def test_htmx_swaps_the_answer_alone_and_counts_nobody_again(at: tuple[PortalClient, str]) -> None:
    browser, address = at
    piece = browser.get(f"{address}?who=emil", headers={"HX-Request": "true", "HX-Target": "why"}).text
    assert "Emil Energy" in piece
    assert "<html" not in piece
    assert "Dry run" not in piece


def test_only_admins_come_here_and_only_to_audiences_of_something(database: Database, sign_in: SignIn) -> None:
    admin, audience_id, _ = database.write(scene)
    employee, advocate = database.write(lambda s: (make_employee(s), make_person(s)))
    for person in (employee, advocate):
        assert sign_in(person).get(f"/admin/audiences/{audience_id}").status_code == 403
        assert sign_in(person).post(f"/admin/audiences/{audience_id}/include", data={"mode": "all"}).status_code == 403
    browser = sign_in(admin)
    loose = database.write(lambda s: _loose(s))
    for path in (f"/admin/audiences/{loose}", "/admin/audiences/99999", f"/admin/audiences/{audience_id}/rules/new?side=middle&kind=industry"):
        assert browser.get(path).status_code == 404, path
    assert browser.get(f"/admin/audiences/{audience_id}/rules/new?side=include&kind=horoscope").status_code == 404


def _loose(session: Session) -> int:
    from portal.audience.actions.editing import make_audience

    return make_audience(session, system("test"), now=utcnow()).id


def test_every_kind_can_be_opened_on_both_sides(at: tuple[PortalClient, str]) -> None:
    browser, address = at
    page = browser.get(address).text
    links = {piece.split('"')[0].replace("&amp;", "&") for piece in page.split('href="') if "rules/new?" in piece.split('"')[0]}
    assert len(links) == 2 * 18
    for link in links:
        assert browser.get(link).status_code == 200, link


def test_the_editor_asks_the_same_number_of_statements_with_2_rules_and_with_40(
    at: tuple[PortalClient, str], database: Database, count_queries: Any
) -> None:
    browser, address = at
    audience_id, totals = int(address.rsplit("/", 1)[1]), []
    for number in (1, 19):
        for _ in range(number):
            database.write(lambda s: make_rule(s, audience_id, *in_industry("Retail")))
            database.write(lambda s: make_rule(s, audience_id, "role", {"values": ["admin"]}, side="exclude"))
        with count_queries() as counted:
            assert browser.get(f"{address}?who=rita").status_code == 200
        totals.append(counted.total)
    assert totals[0] == totals[1]
