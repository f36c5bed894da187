"""Every door that takes a file: while it is received, looked into and written anew, nobody has to wait."""

import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.challenges.actions.stages import edit_stage
from portal.challenges.models.offering import Stage
from portal.challenges.models.taking import Answer, Attempt, Submission
from portal.challenges.queries.stages import stages_of
from portal.files.actions import GRACE, remove_orphans
from portal.files.models import StoredFile
from portal.finding.actions.library import Content, add_item
from portal.finding.rules.library import Kind
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from portal.people.queries.persons import get_person
from portal.profiles.actions.opening import open_by_staff
from portal.profiles.rules.facts import Facts
from portal.rewards.actions.catalogue import add_reward, set_options
from tests.factories.challenges import as_admin, make_challenge, make_submission
from tests.factories.people import make_admin, make_employee, make_person
from tests.factories.profiles import Scene as ProfileScene
from tests.files import samples
from tests.support.application import PortalClient, SignIn
from tests.support.routes import routes
from tests.support.units import Watch, watch_uploads

Sending = tuple[PortalClient, str, dict[str, Any]]
REWARD = {"name": "Summit pass", "summary": "A day with us", "kind": "event", "price": "1500"}


@pytest.fixture
def watch(app: Flask, database: Database) -> Watch:
    return watch_uploads(app, database)


class Deadlock(Exception):
    """What PostgreSQL says to the one it chose."""

    sqlstate = "40P01"


def photo() -> tuple[io.BytesIO, str]:
    return io.BytesIO(samples.picture()), "photo.png"


def under_way(session: Session) -> tuple[Person, Submission, Stage]:
    person, challenge = make_person(session), make_challenge(session, stages=("upload",))
    return person, make_submission(session, person, challenge), stages_of(session, challenge.id)[0]


def step(database: Database, sign_in: SignIn, end: str = "") -> Sending:
    person, submission, stage = database.write(under_way)
    return sign_in(person), f"/challenges/submissions/{submission.id}/steps/{stage.id}{end}", {"answer": photo(), "key": "one"}


def new_reward(database: Database, sign_in: SignIn) -> Sending:
    return sign_in(database.write(make_admin)), "/admin/rewards/new", REWARD | {"key": "one", "picture": photo()}


def old_reward(database: Database, sign_in: SignIn) -> Sending:
    def given(session: Session) -> tuple[Person, int]:
        admin = make_admin(session)
        return admin, add_reward(session, as_admin(admin), name="Summit", kind="event", price=5, now=utcnow()).id

    admin, reward_id = database.write(given)
    return sign_in(admin), f"/admin/rewards/{reward_id}", REWARD | {"picture": photo()}


def new_import(database: Database, sign_in: SignIn) -> Sending:
    data = {"kind": "companies", "source": "crm", "file": (io.BytesIO(b"id,name\n1,Kestrel\n"), "rows.csv")}
    return sign_in(database.write(make_admin)), "/admin/imports/new", data


def evidence(database: Database, sign_in: SignIn) -> Sending:
    data = {"key": "one", "company": "Works", "name": "Ada", "email": "ada@works.example", "why": "She tells it well.", "evidence": photo()}
    return sign_in(database.write(make_employee)), "/nominate", data


def consent(database: Database, sign_in: SignIn) -> Sending:
    scene = database.write(ProfileScene)
    data = {"activity": "logo", "words": "Our logo on your site.", "evidence": photo()}
    with database.reading() as session:
        return sign_in(get_person(session, scene.greta_id)), f"/profiles/{scene.id}/consents", data


ITEM = {"kind": "slides", "title": "Twelve slides", "permission": "Signed, 2026", "key": "one"}


def new_item(database: Database, sign_in: SignIn) -> Sending:
    return sign_in(database.write(make_admin)), "/library/new", ITEM | {"file": photo()}


def old_item(database: Database, sign_in: SignIn) -> Sending:
    def given(session: Session) -> tuple[Person, int]:
        admin = make_admin(session)
        content = Content(Kind.SLIDES, "Twelve slides", link="https://x.example/", permission="Signed, 2026")
        return admin, add_item(session, as_admin(admin), key="one", content=content, file_id=None, now=utcnow()).id

    admin, item_id = database.write(given)
    return sign_in(admin), f"/library/{item_id}/edit", ITEM | {"edition": "1", "file": photo()}


DOORS: dict[str, Callable[[Database, SignIn], Sending]] = {
    "challenges.answer": step,
    "challenges.keep": lambda database, sign_in: step(database, sign_in, "/keep"),
    "challenges.send": lambda database, sign_in: step(database, sign_in, "/send"),
    "rewards_admin.add": new_reward,
    "rewards_admin.change": old_reward,
    "imports_admin.upload": new_import,
    "references.submit_nomination": evidence,
    "profiles.consent": consent,
    "library.add": new_item,
    "library.change": old_item,
}
# Look at a file and keep nothing of it (tests/challenges/test_rehearsal.py, tests/rewards/test_tracking.py, test_preview.py, test_vault_cards.py).
NOTHING_KEPT = {
    "challenges_admin.rehearse_step",
    "references.keep_draft",
    "rewards_admin.look_at_numbers",
    "rewards_admin.preview_typed",
    "rewards_admin.import_codes",
}
each_door = pytest.mark.parametrize("door", DOORS)


def stored(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(StoredFile.storage_name)))


def on_disk(app: Flask) -> set[str]:
    return {path.name.split(".")[0] for path in app.extensions["storage"].root.rglob("*") if path.is_file()}


@each_door
def test_anybody_can_write_while_a_file_is_received_and_written_anew(
    app: Flask, database: Database, sign_in: SignIn, watch: Watch, door: str
) -> None:
    client, address, data = DOORS[door](database, sign_in)
    assert client.post(address, data=data).status_code == 303
    assert watch.done == ["read", "kept"]
    assert [doing for doing, was_free in watch.seen if not was_free] == []
    assert on_disk(app) == set(stored(database))
    assert len(stored(database)) == 1


def test_an_open_unit_of_work_would_be_seen(database: Database, watch: Watch) -> None:
    database.write(lambda session: (make_person(session), watch.look("read")))
    watch.look("kept")
    assert watch.seen == [("read", False), ("kept", True)]


@each_door
def test_a_unit_of_work_that_runs_again_uses_the_received_file_again(
    app: Flask, database: Database, sign_in: SignIn, watch: Watch, door: str
) -> None:
    """The engine stops the unit when the row is written, as in a deadlock; the file is neither read nor kept a second time."""
    client, address, data = DOORS[door](database, sign_in)
    stopped: list[str] = []

    def stop_once(_connection: Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO stored_file") and not stopped:
            stopped.append(statement)
            raise OperationalError("", None, Deadlock())

    event.listen(app.extensions["database"].engine, "before_cursor_execute", stop_once)
    assert client.post(address, data=data).status_code == 303
    assert len(stopped) == 1
    assert on_disk(app) == set(stored(database))
    assert len(stored(database)) == 1


@each_door
def test_what_is_refused_is_refused_by_name_and_leaves_nothing(app: Flask, database: Database, sign_in: SignIn, watch: Watch, door: str) -> None:
    client, address, data = DOORS[door](database, sign_in)
    name = next(name for name, value in data.items() if isinstance(value, tuple))
    typed = {"name": "Kept name"} if door.startswith("rewards") else {}
    answer = client.post(address, data=data | typed | {name: (io.BytesIO(b"a,b\n1,2\n<svg"), "proof.svg")})
    assert answer.status_code == 422
    assert "SVG drawings can hold scripts" in answer.text
    assert all(value in answer.text for value in typed.values())
    assert (stored(database), on_disk(app)) == ([], set())
    assert all(was_free for _, was_free in watch.seen)


def test_a_file_whose_unit_was_refused_goes_after_a_day_and_what_was_typed_stays(app: Flask, database: Database, sign_in: SignIn) -> None:
    client, address, data = new_reward(database, sign_in)
    answer = client.post(address, data=data | {"price": "0", "text": "Kept text"})
    assert (answer.status_code, "Kept text" in answer.text) == (422, True)
    assert stored(database) == []
    assert len(on_disk(app)) == 1
    with database.reading() as session:
        assert remove_orphans(session, now=utcnow() + GRACE - timedelta(minutes=5), storage=app.extensions["storage"]) == 0
        assert remove_orphans(session, now=utcnow() + GRACE + timedelta(minutes=5), storage=app.extensions["storage"]) > 0
    assert on_disk(app) == set()


def test_what_was_sent_with_a_key_already_is_not_received_again(app: Flask, database: Database, sign_in: SignIn, watch: Watch) -> None:
    client, address, data = step(database, sign_in, "/send")
    assert client.post(address, data=data).status_code == 303
    watch.seen.clear()
    assert client.post(address, data=data | {"answer": photo()}).status_code == 303
    assert watch.seen == []
    with database.reading() as session:
        assert len(session.scalars(select(Attempt)).all()) == 1


def test_a_preview_receives_nothing(database: Database, sign_in: SignIn, watch: Watch) -> None:
    client, address, data = old_reward(database, sign_in)
    assert client.post(address, data=data | {"act": "preview"}).status_code == 200
    assert watch.seen == []


def test_a_step_that_is_changed_while_the_file_is_read_takes_it_as_it_was_begun(database: Database, sign_in: SignIn, watch: Watch) -> None:
    """An admin changes the step in the very moment in which the file is read: that is the next version, and this one stays."""
    client, address, data = step(database, sign_in)

    def change(session: Session) -> None:
        stage, admin = session.scalars(select(Stage)).one(), make_admin(session)
        said = {"title": stage.title, "text": stage.text, "options": {"purpose": "document"}}
        edit_stage(session, as_admin(admin), challenge_id=stage.challenge_id, stage_id=stage.id, **said, now=utcnow())

    def look(doing: str) -> None:
        if not watch.seen:
            database.write(change)
        watch.seen.append((doing, True))

    watch.look = look  # type: ignore[method-assign]
    answer = client.post(address, data=data)
    assert answer.status_code == 303
    assert len(stored(database)) == 1
    with database.reading() as session:
        assert session.scalars(select(Answer)).one().value["is_image"] is True


def test_every_form_that_sends_a_file_leads_to_one_of_these_doors(app: Flask, database: Database, sign_in: SignIn) -> None:
    """Read from the pages themselves, so that the next form with a file has to join."""

    def given(session: Session) -> tuple[Person, Person, str, dict[str, object]]:
        person, submission, stage = under_way(session)
        longer, admin = make_challenge(session, stages=("upload", "answer")), make_admin(session)
        make_submission(session, person, longer)
        reward = add_reward(session, as_admin(admin), name="Summit", kind="gift_card", price=5, now=utcnow())
        set_options(session, as_admin(admin), reward_id=reward.id, given={"source": "vault"}, now=utcnow())
        open_by_staff(session, as_admin(admin), person_id=person.id, facts=Facts(), now=utcnow())
        item = add_item(
            session,
            as_admin(admin),
            key="one",
            content=Content(Kind.SLIDES, "Twelve slides", link="https://x.example/", permission="Signed"),
            file_id=None,
            now=utcnow(),
        )
        known = {"challenge_id": submission.challenge_id, "stage_id": stage.id, "reward_id": reward.id, "person_id": person.id}
        known |= {"library_item_id": item.id}
        return person, admin, f"/challenges/{longer.id}", known

    person, admin, first_of_two, known = database.write(given)
    router, found = app.url_map.bind("localhost"), set()
    clients = sign_in(person), sign_in(admin), sign_in(database.write(make_employee))
    for path in [first_of_two, *(path for _, _, path in routes(app, frozenset({"GET"}), known))]:
        for client in clients:
            with client.get(path) as page:
                forms = re.findall(r"<form\b[^>]*multipart/form-data.*?</form>", page.text if page.mimetype == "text/html" else "", re.DOTALL)
            for form in forms:
                opening = form[: form.index(">")]
                targets = [*re.findall(r'(?<!form)action="([^"]+)"', opening), *re.findall(r'formaction="([^"]+)"', form)]
                found |= {router.match(target.split("#")[0], method="POST")[0] for target in targets or [path]}
    assert found == set(DOORS) | NOTHING_KEPT
