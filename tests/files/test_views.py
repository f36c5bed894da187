"""The doors of stored files: who may, and how a browser is told to treat them."""

import io

import pytest
from flask import Flask
from PIL import Image

from portal.files.actions import erase_file, store_upload
from portal.files.models import StoredFile
from portal.files.receiving import receive
from portal.files.rules.images import Measures
from portal.files.rules.kinds import SIZES
from portal.kernel.actor import Actor, system
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.people.models import Person
from tests.factories.people import make_admin, make_person
from tests.files import samples
from tests.support.application import PortalClient, SignIn


@pytest.fixture
def owner(database: Database) -> Person:
    return database.write(make_person)


def stored(app: Flask, owner: Person, name: str, content: bytes, purpose: str) -> StoredFile:
    database, storage = app.extensions["database"], app.extensions["storage"]
    received = receive(io.BytesIO(content), name, purpose=purpose, storage=storage)
    return database.write(lambda s: store_upload(s, system("test"), received=received, owner_id=owner.id, now=utcnow()))


def test_a_file_is_sent_to_be_saved_and_can_never_run(app: Flask, owner: Person, sign_in: SignIn) -> None:
    file = stored(app, owner, "Größe “1”.txt", b"hello", "document")
    answer = sign_in(owner).get(f"/files/{file.id}", buffered=True)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, b"hello", "text/plain")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_an_image_is_an_attachment_too_when_it_is_downloaded(app: Flask, owner: Person, sign_in: SignIn) -> None:
    file = stored(app, owner, "photo.png", samples.picture(), "image")
    assert sign_in(owner).get(f"/files/{file.id}", buffered=True).headers["Content-Disposition"].startswith("attachment")


def test_a_file_is_for_its_owner_and_for_admins(app: Flask, database: Database, owner: Person, sign_in: SignIn, client: PortalClient) -> None:
    file = stored(app, owner, "photo.png", samples.picture(), "document")
    other, boss = database.write(make_person), database.write(make_admin)
    for path in (f"/files/{file.id}", f"/files/{file.id}/picture"):
        assert sign_in(owner).get(path, buffered=True).status_code == 200
        assert sign_in(boss).get(path, buffered=True).status_code == 200
        assert sign_in(other).get(path, buffered=True).status_code == 404
        assert client.get(path, buffered=True).status_code == 303


def test_a_video_plays_in_parts_for_its_owner_and_admins_alone(app: Flask, database: Database, owner: Person, sign_in: SignIn) -> None:
    content = samples.mp4(b"\0" * 5_000)
    file, note = stored(app, owner, "clip.mp4", content, "document"), stored(app, owner, "notes.txt", b"hello", "document")
    place, own = f"/files/{file.id}/video", sign_in(owner)
    whole = own.get(place, buffered=True)
    assert (whole.status_code, whole.data, whole.mimetype, whole.headers["Accept-Ranges"]) == (200, content, "video/mp4", "bytes")
    assert whole.headers["Content-Disposition"] == "inline; filename=clip.mp4"
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    part = own.get(place, headers={"Range": "bytes=4-11"}, buffered=True)
    assert (part.status_code, part.data, part.headers["Content-Range"]) == (206, b"ftypisom", f"bytes 4-11/{len(content)}")
    assert own.get(place, headers={"Range": f"bytes={len(content)}-"}, buffered=True).status_code == 416
    assert sign_in(database.write(make_admin)).get(place, headers={"Range": "bytes=0-3"}, buffered=True).status_code == 206
    assert sign_in(database.write(make_person)).get(place, headers={"Range": "bytes=0-3"}, buffered=True).status_code == 404
    assert own.get(f"/files/{note.id}/video", buffered=True).status_code == 404


def test_a_room_may_let_others_in(app: Flask, database: Database, owner: Person, sign_in: SignIn) -> None:
    file = stored(app, owner, "notes.txt", b"hello", "document")
    other = database.write(make_person)
    asked: list[tuple[int | None, int]] = []

    def allows(_session: object, actor: Actor, wanted: StoredFile) -> bool:
        asked.append((actor.id, wanted.id))
        return actor.id == other.id

    app.extensions["file_access"] = {"document": allows}
    assert sign_in(other).get(f"/files/{file.id}", buffered=True).status_code == 200
    assert asked == [(other.id, file.id)]


@pytest.mark.parametrize(("size", "side"), [("small", 320), ("medium", 640), ("large", 800)])
def test_a_picture_is_shown_to_every_member_in_the_size_asked_for(
    app: Flask, database: Database, owner: Person, sign_in: SignIn, size: str, side: int
) -> None:
    file = stored(app, owner, "reward.png", samples.picture("PNG", (800, 400)), "picture")
    answer = sign_in(database.write(make_person)).get(f"/files/{file.id}/picture?size={size}", buffered=True)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert "attachment" not in answer.headers.get("Content-Disposition", "")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert Image.open(io.BytesIO(answer.data)).size == (side, side // 2)


def test_what_is_no_picture_is_never_shown(app: Flask, owner: Person, sign_in: SignIn) -> None:
    file = stored(app, owner, "paper.pdf", samples.pdf(), "document")
    assert sign_in(owner).get(f"/files/{file.id}/picture", buffered=True).status_code == 404


@pytest.mark.parametrize("path", ["/files/999", "/files/999/picture", "/files/{id}/picture?size=../../secret", "/files/{id}/picture?size=huge"])
def test_what_is_not_there_is_not_found(app: Flask, owner: Person, sign_in: SignIn, path: str) -> None:
    file = stored(app, owner, "photo.png", samples.picture(), "picture")
    assert sign_in(owner).get(path.format(id=file.id), buffered=True).status_code == 404


def test_an_erased_file_is_not_found(app: Flask, database: Database, owner: Person, sign_in: SignIn) -> None:
    file = stored(app, owner, "photo.png", samples.picture(), "picture")
    database.write(lambda s: erase_file(s, system("test"), file_id=file.id, now=utcnow(), storage=app.extensions["storage"]))
    assert sign_in(owner).get(f"/files/{file.id}", buffered=True).status_code == 404


def test_a_picture_without_its_sizes_is_shown_whole_until_they_are_made(app: Flask, owner: Person, sign_in: SignIn) -> None:
    file = stored(app, owner, "photo.png", samples.picture(), "picture")
    storage, client = app.extensions["storage"], sign_in(owner)
    for size in SIZES:
        storage.path(file.storage_name, size).unlink()
    whole = client.get(f"/files/{file.id}/picture?size=small", buffered=True)
    assert (whole.status_code, whole.mimetype, whole.headers["Cache-Control"]) == (200, "image/png", "private, no-cache")
    runner = app.test_cli_runner()
    assert "Looked at 1 pictures and made 3 sizes." in runner.invoke(args=["pictures"]).output
    assert "Looked at 1 pictures and made 0 sizes." in runner.invoke(args=["pictures"]).output
    small = client.get(f"/files/{file.id}/picture?size=small", buffered=True)
    assert (small.mimetype, "immutable" in small.headers["Cache-Control"]) == ("image/webp", True)
    storage.path(file.storage_name, "small").unlink()
    storage.path(file.storage_name).write_bytes(b"broken")
    failed = runner.invoke(args=["pictures"])
    assert (failed.exit_code, f"Could not read: file {file.id}." in failed.output) == (1, True)


@pytest.mark.parametrize(
    ("width", "height", "widths"),
    [
        (2_000, 1_000, {"small": 320, "medium": 640, "large": 1_280}),
        (1_000, 2_000, {"small": 160, "medium": 320, "large": 640}),
        (500, 300, {"small": 320, "medium": 500}),
        (100, 100, {"small": 100}),
        (12_000, 1, {"small": 320, "medium": 640, "large": 1_280}),
    ],
)
def test_the_widths_that_a_page_offers_are_those_of_the_files(width: int, height: int, widths: dict[str, int]) -> None:
    assert Measures(width, height).widths == widths
