"""The one too many, at every door: staff's page, an admin's, several at once, other systems, a job, and what a file brings."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.acts.actions.asking import propose_ask
from portal.acts.actions.settings import set_defaults
from portal.acts.importer import AsksImporter
from portal.acts.models.asks import Ask
from portal.acts.rules.budget import Cap, Defaults
from portal.acts.rules.refusals import PersonCapReached
from portal.api.actions import make_token
from portal.kernel.actor import system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from tests.factories.asks import by_admin
from tests.factories.people import make_admin, make_employee, make_person
from tests.imports.engine import imported, table
from tests.support.application import SignIn
from tests.support.forms import fields_of

EMAIL = "amara@harbour.example"


def test_what_a_file_brings_takes_the_slots_and_then_no_door_asks_once_more(app: Any, database: Database, sign_in: SignIn) -> None:
    person_id = database.write(lambda s: make_person(s, name="Amara Okafor", email=EMAIL).id)
    greta, ada = database.write(lambda s: (make_employee(s).id, make_admin(s).id))
    database.write(lambda s: set_defaults(s, by_admin(ada), defaults=Defaults(Cap(2, 90), Cap(9, 90)), now=utcnow()))
    moment = (utcnow() - timedelta(days=3)).isoformat()
    row = {"member_email": EMAIL, "kind": "call", "asked_at": moment, "outcome": "completed"}
    imported(database, AsksImporter(), table(*(row | {"external_id": f"crm-{n}"} for n in range(2))))

    address, told = f"/goodwill/people/{person_id}", "has 2 of 2 asks in 90 days"
    for who in (greta, ada):
        visitor = sign_in(who)
        form = fields_of(visitor.get(address).text, having="about") | {"kind": "survey", "channel": "portal"}
        refused = visitor.post(address, data=form)
        assert (refused.status_code, told in refused.text) == (409, True)
        for step in ("look", "ask"):
            several = fields_of(visitor.get("/goodwill/several").text, having="people") | {"people": EMAIL, "kind": "survey", "step": step}
            assert told in visitor.post("/goodwill/several", data=several).text
    token = database.write(lambda s: make_token(s, system("test"), name="Survey tool", key="k", now=utcnow(), scopes=("asks",)))[1]
    sent = {"id": "wave-7", "kind": "survey", "email": EMAIL}
    answer = app.test_client().post("/api/v1/asks", json=sent, headers={"Authorization": f"Bearer {token}"}, csrf=False)
    assert (answer.status_code, answer.get_json()["type"].rsplit(":", 1)[-1]) == (409, "person-cap-reached")
    with pytest.raises(PersonCapReached):
        database.write(lambda s: propose_ask(s, system("job"), person_id=person_id, kind="email", key="job 7", now=utcnow()))

    imported(database, AsksImporter(), table(row | {"external_id": "crm-9", "outcome": ""}))
    with database.reading() as session:
        outside = session.scalars(select(Ask.is_outside)).all()
        assert session.scalar(select(func.count()).where(Ask.overrode != "")) == 0
    assert outside == [True] * 3, "what was asked already is written down, and nothing was asked here"
