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
from portal.recognition.actions.seasons import add_season
from portal.recognition.queries.levels import list_levels
from tests.factories.challenges import make_challenge
from tests.factories.people import make_admin, make_contact
from tests.factories.recognition import make_badge
from tests.factories.rewards import make_reward
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
    "reward": (lambda s: f"/admin/rewards/{make_reward(s).id}", {"price": "1234"}, {"summary": "A newer summary"}),
}


@pytest.mark.parametrize("editor", EDITORS)
def test_the_second_of_two_admins_is_told_loses_nothing_and_decides(database: Database, sign_in: SignIn, editor: str) -> None:
    make, first, second = EDITORS[editor]
    page, admin = database.write(lambda s: (make(s), make_admin(s).id))
    client = sign_in(admin)
    shown = fields_of(client.get(page).text, having="seen")
    for _click in range(2):
        assert client.post(page, data=shown | first).status_code == 303
    stored = fields_of(client.get(page).text, having="seen")
    refused = client.post(page, data=shown | second)
    assert refused.status_code == 409
    assert "Somebody changed this after you opened it" in refused.text
    told = refused.text.split("Stored now:")
    assert any(part.split("</p>")[0].find(value) >= 0 for part in told[1:] for value in first.values())
    offered = fields_of(refused.text, having="seen")
    assert {name: offered[name] for name in second} == {name: [value] for name, value in second.items()}
    assert _plain(fields_of(client.get(page).text, having="seen")) == _plain(stored)
    assert client.post(page, data=offered).status_code == 303
    kept = fields_of(client.get(page).text, having="seen")
    assert {name: kept[name] for name in second} == {name: [value] for name, value in second.items()}


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
