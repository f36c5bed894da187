"""Two admins with the same editor open: the second is told, loses nothing they typed, and decides."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from portal.challenges.queries.stages import stages_of
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.actions.companies import add_company
from portal.people.actions.reviewing import grant_reviewing
from portal.recognition.actions.seasons import add_season
from portal.recognition.queries.levels import list_levels
from portal.rewards.actions.variants import add_variant
from portal.rewards.models.offering import RewardVariant
from tests.factories.challenges import make_challenge
from tests.factories.people import make_admin, make_company, make_contact, make_person
from tests.factories.recognition import make_badge
from tests.factories.rewards import as_admin, make_draft, make_reward
from tests.support.application import SignIn
from tests.support.forms import fields_of


def _challenge(session: Session) -> str:
    return f"/admin/challenges/{make_challenge(session, title='Review', summary='Old summary').id}/edit"


def _step(session: Session) -> str:
    challenge = make_challenge(session)
    return f"/admin/challenges/{challenge.id}/steps/{stages_of(session, challenge.id, 1)[0].id}"


def _season(session: Session) -> str:
    days = {"starts_on": utcnow().date(), "ends_on": utcnow().date() + timedelta(days=30)}
    return f"/admin/recognition/seasons/{add_season(session, system('test'), name='Winter', **days, now=utcnow()).id}"


EDITORS: dict[str, tuple[Callable[[Session], str], dict[str, str], dict[str, str]]] = {
    "challenge": (_challenge, {"points": "217"}, {"summary": "A newer summary"}),
    "step": (_step, {"title": "Title of the first admin"}, {"text": "Text of the second"}),
    "person": (lambda s: f"/admin/people/{make_contact(s, title='Baker').id}", {"title": "Head of baking"}, {"name": "Ana Maria Novak"}),
    "company": (
        lambda s: f"/admin/people/companies/{add_company(s, system('test'), name='Kestrel', now=utcnow()).id}",
        {"industry": "Falconry"},
        {"region": "The north"},
    ),
    "badge": (lambda s: f"/admin/recognition/badges/{make_badge(s, is_live=False).id}", {"number": "77"}, {"how": "By helping often."}),
    "season": (_season, {"name": "Winter of the first"}, {"name": "Winter of the second"}),
    "levels": (lambda s: "/admin/recognition/levels", {"levels-1-name": "Copper beech"}, {"levels-2-name": "Silver birch"}),
    "template": (lambda s: "/admin/challenges/templates/review/edit", {"points": "217"}, {"summary": "A newer summary"}),
    "step of a template": (
        lambda s: "/admin/challenges/templates/review/steps/1",
        {"title": "Title of the first admin"},
        {"text": "Text of the second"},
    ),
    "review site": (lambda s: "/admin/challenges/sites/g2", {"note": "A note of the first"}, {"source": "https://example.org/rules"}),
    "terms of reviewing": (lambda s: "/admin/reviewing", {"four_eyes_above": "321"}, {"holidays": "2026-12-25"}),
    "limits of corrections": (lambda s: "/admin/corrections/limits", {"given": "4321"}, {"taken": "1234"}),
    "terms of points": (lambda s: "/admin/bank", {"pending_days": "7"}, {"kind": "fixed", "months": "12"}),
    "rule of a person": (
        lambda s: f"/admin/receiving/people/{make_person(s).id}",
        {"choice": "capped", "item": "25.00", "reason": "HR wrote"},
        {"choice": "capped", "item": "77.00", "reason": "HR wrote again"},
    ),
    "rule of a company": (
        lambda s: f"/admin/receiving/companies/{make_company(s).id}",
        {"choice": "capped", "item": "25.00", "reason": "HR wrote"},
        {"choice": "capped", "item": "77.00", "reason": "HR wrote again"},
    ),
    "goodwill of a person": (
        lambda s: f"/admin/goodwill/people/{make_person(s).id}",
        {"most": "17", "reason": "She said so"},
        {"most": "19", "reason": "She said more"},
    ),
    "goodwill of a company": (
        lambda s: f"/admin/goodwill/companies/{make_company(s).id}",
        {"most": "17", "reason": "They said so"},
        {"most": "19", "reason": "They said more"},
    ),
    "terms of the rule": (lambda s: "/admin/rewards/terms", {"most": "25.00"}, {"most": "77.00"}),
    "reward": (lambda s: f"/admin/rewards/{make_reward(s).id}", {"price": "1234"}, {"summary": "A newer summary"}),
    "terms of a reward": (lambda s: f"/admin/rewards/{make_reward(s).id}", {"terms": "Terms of the first."}, {"terms": "Terms of the second."}),
}
MARKS = {"template": "revision", "step of a template": "revision", "review site": "version"}
"""The hidden field by which an editor tells what it showed, where it is not a digest."""
ASKED_ANEW = {"reason"}
"""What an editor asks at each change, and shows empty."""


@pytest.mark.parametrize("editor", EDITORS)
def test_the_second_of_two_admins_is_told_loses_nothing_and_decides(database: Database, sign_in: SignIn, editor: str) -> None:
    make, first, second = EDITORS[editor]
    mark = MARKS.get(editor, "seen")
    page, admin = database.write(lambda s: (make(s), make_admin(s).id))
    client = sign_in(admin)
    shown = fields_of(client.get(page).text, having=mark)
    for _click in range(2):
        assert client.post(page, data=shown | first).status_code == 303
    stored = fields_of(client.get(page).text, having=mark)
    refused = client.post(page, data=shown | second)
    assert refused.status_code == 409
    assert "Somebody changed this after you opened it" in refused.text
    told = refused.text.split("Stored now:")
    assert any(part.split("</p>")[0].find(value) >= 0 for part in told[1:] for value in first.values())
    offered = fields_of(refused.text, having=mark)
    assert {name: offered[name] for name in second} == {name: [value] for name, value in second.items()}
    assert _plain(fields_of(client.get(page).text, having=mark)) == _plain(stored)
    assert client.post(page, data=offered).status_code == 303
    kept = fields_of(client.get(page).text, having=mark)
    assert {name: kept[name] for name in second if name not in ASKED_ANEW} == {name: [v] for name, v in second.items() if name not in ASKED_ANEW}


ADDED: dict[str, tuple[str, str, str, dict[str, str], dict[str, str]]] = {
    "cost of a point": (
        "/admin/bank/finance/assumptions",
        "/cost",
        "cost-",
        {"value": "0.012", "reason": "Cheaper cards"},
        {"value": "0.015", "reason": "The new contract"},
    ),
    "expected redemption": (
        "/admin/bank/finance/assumptions",
        "/expected",
        "expected-",
        {"value": "81", "reason": "As last year"},
        {"value": "77", "reason": "As we saw"},
    ),
    "budget": (
        "/admin/bank/finance/budgets",
        "",
        "",
        {"counts": "issued", "period": "quarter", "measure": "points", "amount": "4321", "reason": "The board said so"},
        {"counts": "issued", "period": "quarter", "measure": "points", "amount": "1234", "reason": "Less is enough"},
    ),
}
"""What is only ever added to: a page, its door, how its fields begin, what the first sends and the second."""


@pytest.mark.parametrize("editor", ADDED)
def test_what_is_only_added_to_is_not_set_by_who_never_saw_the_last_of_it(database: Database, sign_in: SignIn, editor: str) -> None:
    page, door, prefix, first, second = ADDED[editor]
    client, mark = sign_in(database.write(lambda s: make_admin(s).id)), f"{prefix}seen"
    first, second = ({f"{prefix}{name}": value for name, value in sent.items()} for sent in (first, second))
    shown = fields_of(client.get(page).text, having=mark)
    for _click in range(2):
        assert client.post(page + door, data=shown | first).status_code == 303
    refused = client.post(page + door, data=shown | second)
    assert refused.status_code == 409
    assert "Somebody changed this after you opened it" in refused.text
    told = [part.split("</p>")[0] for part in refused.text.split("Stored now:")[1:]]
    for value in (first[f"{prefix}reason"], first.get(f"{prefix}value") or first["amount"]):
        assert any(value in part.replace(",", "") for part in told)
    offered = fields_of(refused.text, having=mark)
    assert {name: offered[name] for name in second} == {name: [value] for name, value in second.items()}
    assert second[f"{prefix}reason"] not in client.get(page).text
    assert client.post(page + door, data=offered).status_code == 303
    assert second[f"{prefix}reason"] in client.get(page).text


def _plain(fields: dict[str, list[str]]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in ("csrf_token", "key")}


def test_a_level_added_meanwhile_is_not_removed_by_who_never_saw_it(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(lambda s: make_admin(s).id))
    page = "/admin/recognition/levels"
    shown = fields_of(client.get(page).text, having="seen")
    free = next(name for name, value in shown.items() if name.endswith("-name") and value == [""]).removesuffix("name")
    assert client.post(page, data=shown | {f"{free}name": "Ancient oak", f"{free}threshold": "99000"}).status_code == 303
    refused = client.post(page, data=shown | {"levels-0-name": "Seed"})
    assert refused.status_code == 409
    assert client.post(page, data=fields_of(refused.text, having="seen")).status_code == 303
    with database.reading() as session:
        names = [level.name for level in list_levels(session)]
    assert (names[0], names[-1]) == ("Seed", "Ancient oak")


@pytest.mark.parametrize(
    ("name", "door", "before", "first", "second"),
    [
        ("roles", "roles", ["advocate"], ["advocate", "employee"], ["advocate", "admin"]),
        ("grants", "reviewing", ["attempts"], ["attempts", "redemptions"], ["attempts", "nominations"]),
    ],
)
def test_nobody_takes_away_rights_that_they_never_saw(
    database: Database, sign_in: SignIn, name: str, door: str, before: list[str], first: list[str], second: list[str]
) -> None:
    person, admin = database.write(lambda s: (make_person(s).id, make_admin(s).id))
    if name == "grants":
        database.write(lambda s: grant_reviewing(s, as_admin(admin), person_id=person, grants=before, now=utcnow()))
    client, page = sign_in(admin), f"/admin/people/{person}"
    shown = fields_of(client.get(page).text, having=name)
    assert shown[name] == before
    for _click in range(2):
        assert client.post(f"{page}/{door}", data=shown | {name: first}).status_code == 303
    refused = client.post(f"{page}/{door}", data=shown | {name: second})
    assert refused.status_code == 409
    assert "Somebody changed this after you opened it" in refused.text
    assert "Stored now:" in refused.text
    assert sorted(fields_of(refused.text, having=name)[name]) == sorted(second)
    assert sorted(fields_of(client.get(page).text, having=name)[name]) == sorted(first)
    assert client.post(f"{page}/{door}", data=fields_of(refused.text, having=name)).status_code == 303
    assert sorted(fields_of(client.get(page).text, having=name)[name]) == sorted(second)


def test_the_second_admin_at_a_variant_is_told_and_a_change_of_its_stock_is_made_once(database: Database, sign_in: SignIn) -> None:
    def scene(session: Session) -> tuple[int, int, int]:
        admin, reward = make_admin(session).id, make_draft(session, kind="merchandise")
        return admin, reward.id, add_variant(session, as_admin(admin), reward_id=reward.id, name="M", stock=5, now=utcnow()).id

    admin, reward, variant = database.write(scene)
    client, page = sign_in(admin), f"/admin/rewards/{reward}"
    name, change = f"variant{variant}-name", f"variant{variant}-change"
    shown = fields_of(client.get(page).text, having=name)
    for _click in range(2):
        assert client.post(f"{page}/variants/{variant}", data=shown | {name: "M, navy", change: "3"}).status_code == 303
    refused = client.post(f"{page}/variants/{variant}", data=shown | {f"variant{variant}-position": "7", change: "1"})
    assert refused.status_code == 409
    assert "Somebody changed this after you opened it" in refused.text
    assert any("M, navy" in part.split("</p>")[0] for part in refused.text.split("Stored now:")[1:])
    with database.reading() as session:
        kept = session.get_one(RewardVariant, variant)
        assert (kept.name, kept.position, kept.stock) == ("M, navy", 1, 8)
    again = fields_of(client.get(page).text, having=name)
    assert client.post(f"{page}/variants/{variant}", data=again | {f"variant{variant}-position": "7", change: "1"}).status_code == 303
    with database.reading() as session:
        kept = session.get_one(RewardVariant, variant)
        assert (kept.name, kept.position, kept.stock) == ("M, navy", 7, 9)


def test_a_step_of_a_template_keeps_what_was_typed_when_somebody_removed_it_or_changed_the_rest(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(lambda s: make_admin(s).id))
    place = "/admin/challenges/templates/review"
    added = fields_of(client.get(f"{place}/steps/new?kind=confirm").text, having="revision") | {"title": "Mine"}
    edited = fields_of(client.get(f"{place}/steps/1").text, having="revision") | {"title": "Typed for long"}
    assert client.post(f"{place}/steps/1/remove").status_code == 303
    late = client.post(f"{place}/steps/new?kind=confirm", data=added)
    assert (late.status_code, fields_of(late.text, having="revision")["title"]) == (409, ["Mine"])
    for _click in range(2):
        assert client.post(f"{place}/steps/new?kind=confirm", data=fields_of(late.text, having="revision")).status_code == 303
    assert client.get(f"{place}/edit").text.count(">Mine</a>") == 1
    gone = client.post(f"{place}/steps/1?kind=review", data=edited)
    assert (gone.status_code, fields_of(gone.text, having="revision")["title"]) == (404, ["Typed for long"])
    assert f'action="{place}/steps/new?kind=review"' in gone.text


def test_a_review_site_that_somebody_removed_can_be_added_again_with_what_was_typed(database: Database, sign_in: SignIn) -> None:
    client = sign_in(database.write(lambda s: make_admin(s).id))
    shown = fields_of(client.get("/admin/challenges/sites/g2").text, having="version")
    assert client.post("/admin/challenges/sites/new", data=shown | {"name": "Kestrel reviews", "key": "one"}).status_code == 303
    page = "/admin/challenges/sites/own:one"
    typed = fields_of(client.get(page).text, having="version") | {"note": "Typed for long"}
    assert client.post(f"{page}/restore").status_code == 303
    gone = client.post(page, data=typed)
    assert (gone.status_code, "not in the list any more, so nothing was saved" in gone.text) == (404, True)
    again = fields_of(gone.text, having="version")
    assert again["note"] == ["Typed for long"]
    assert client.post("/admin/challenges/sites/new", data=again).status_code == 303
