"""Codes are where they are shown, once, and nowhere else: canaries go through every door, and every page, file, log, mail and dump is searched."""

import io
import sqlite3
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from config import Env, Settings
from portal.commands.backup import write_backup
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.ledger.actions.sealing import seal_pending
from portal.notifications.models import OutboxJob
from portal.rewards.models.redeeming import Redemption
from portal.tables import metadata
from portal.vault.models import CodeBatch
from portal.web.guards import audience_of
from tests.factories.people import PASSWORD
from tests.factories.recognition import give_points
from tests.factories.rewards import make_draft
from tests.factories.story import Story
from tests.journeys.test_every_page import AUDIENCES, arguments
from tests.support.application import SECRET, VAULT_KEY, PortalClient, SignIn
from tests.support.cards import TOKEN, CardMaker, card_maker
from tests.support.routes import routes

CANARY = "CANARY"
LIST = "code,pin,link\nCANARY-1,CANARY-PIN,https://cards.example.com/CANARY-L\nCANARY-2,,\nCANARY-2,,\n,CANARY-ALONE,\n" + "CANARY-LONG" * 30 + ",,\n"


@pytest.fixture
def maker() -> Iterator[CardMaker]:
    with card_maker(loses=1) as found:
        yield found


@pytest.fixture
def settings(database: Database, tmp_path: Path, maker: CardMaker) -> Settings:
    """As chatty as it gets, with a provider."""
    keys = {"secret_key": SECRET, "vault_keys": VAULT_KEY, "cards_url": maker.url, "cards_token": TOKEN}
    return Settings(_env_file=None, env=Env.TEST, data=tmp_path, database_url=database.url, log_level="DEBUG", **keys)


@pytest.fixture
def logged(app: Flask) -> Iterator[io.StringIO]:
    """Everything that the portal logs."""
    before, lines = structlog.get_config(), io.StringIO()
    structlog.configure(**before | {"logger_factory": structlog.PrintLoggerFactory(lines)})
    yield lines
    structlog.configure(**before)


def deliver(app: Flask, database: Database) -> None:
    """Run every job that waits, however late it is meant to run, as a worker does."""
    database.write(lambda s: s.execute(OutboxJob.__table__.update().where(OutboxJob.done_at.is_(None)).values(available_at=utcnow())))
    with database.reading() as session:
        waiting = session.scalars(select(OutboxJob.id).where(OutboxJob.done_at.is_(None), OutboxJob.dead_at.is_(None))).all()
    for job_id in waiting:
        app.extensions["jobs"].delivery.deliver(job_id)


def live_through(app: Flask, database: Database, sign_in: SignIn, story: Story) -> tuple[list[str], dict[str, int], PortalClient, PortalClient]:
    """Take codes through everything that can be done with them; return all answers but those that showed one, and the ids."""
    ada, ann = sign_in(story.admin), sign_in(story.advocate)
    said: list[str] = []

    def made(session: Session) -> tuple[int, int]:
        give_points(session, story.advocate, 10_000)
        return make_draft(session, kind="gift_card", name="Vault card").id, make_draft(session, kind="gift_card", name="Ordered card").id

    vault_id, ordered_id = database.write(made)
    sources = {vault_id: {"option_source": "vault"}, ordered_id: {"option_source": "provider", "option_product": "P"}}
    for reward_id, given in sources.items():
        offered = {"name": f"Card {reward_id}", "kind": "gift_card", "price": "100", "summary": "A card.", "act": "publish"}
        for path, data in (("/details", given | {"option_amount": "25", "option_currency": "USD"}), ("", offered)):
            said.append(ada.post(f"/admin/rewards/{reward_id}{path}", data=data, follow_redirects=True).text)
    for key, content in (("a", "CANARY-HEAD\nCANARY-1\n"), ("b", LIST), ("c", LIST)):
        sent = {"key": key, "upload": (io.BytesIO(content.encode()), "cards.csv")}
        said.append(ada.post(f"/admin/rewards/{vault_id}/codes", data=sent, follow_redirects=True).text)
    with database.reading() as session:
        batch = session.scalars(select(CodeBatch.id).where(CodeBatch.shelf == f"reward:{vault_id}").order_by(CodeBatch.id)).first()
    said.append(ada.post(f"/admin/rewards/codes/imports/{batch}/confirm", follow_redirects=True).text)
    for reward_id in sources:
        for form in ("x", "y"):
            sent = {"key": f"{form}{reward_id}", "shown_price": "100"}
            said.append(ann.post(f"/rewards/{reward_id}/redeem", data=sent, follow_redirects=True).text)
    with database.reading() as session:
        ids = session.scalars(select(Redemption.id).where(Redemption.reward_id.in_(sources)).order_by(Redemption.id)).all()
    assert len(ids) == 4
    for redemption_id in ids:
        said.append(ada.post(f"/admin/rewards/redemptions/{redemption_id}/approve", follow_redirects=True).text)
    for _ in range(3):
        deliver(app, database)
    assert [s.state for s in _redemptions(database, ids)] == ["sent"] * 4
    shown = 0
    for card_id in ids[::2]:
        at, form = f"/rewards/codes/{card_id}", {"current": PASSWORD}
        said += [ann.get(at).text, ann.post(at, data=form | {"key": "k", "current": "wrong wrong wrong"}).text]
        shown += CANARY in ann.post(at, data=form | {"key": "one"}).text
        said += [ann.post(at, data=form | {"key": "two"}).text, ann.get(at).text, ann.post(f"{at}/ask", follow_redirects=True).text]
        said.append(ada.post(f"/admin/rewards/redemptions/{card_id}/allow-code", data={"allow-reason": "Lost"}, follow_redirects=True).text)
        shown += CANARY in ann.post(at, data=form | {"key": "three"}).text
    assert shown == 4
    back = f"/admin/rewards/redemptions/{ids[1]}/return"
    said.append(ada.post(back, data={"reason": "Another one"}, follow_redirects=True).text)
    deliver(app, database)
    return said, {"reward_id": vault_id, "redemption_id": ids[0], "card_id": ids[0], "code_batch_id": batch or 0}, ada, ann


def _redemptions(database: Database, ids: object) -> list[Redemption]:
    with database.reading() as session:
        return list(session.scalars(select(Redemption).where(Redemption.id.in_(ids)).order_by(Redemption.id)))


def dumped(database: Database) -> str:
    """Return every value of every table as text."""
    out = []
    with database.reading() as session:
        for table in metadata.sorted_tables:
            out += [f"{table.name} {tuple(row)!r}" for row in session.execute(select(table))]
    return "\n".join(out)


def test_canaries_are_seen_by_their_member_alone(
    app: Flask, database: Database, sign_in: SignIn, settings: Settings, tmp_path: Path, story: Story, logged: io.StringIO
) -> None:
    said, ids, ada, ann = live_through(app, database, sign_in, story)
    assert [text for text in said if CANARY in text] == []
    pages = 0
    for endpoint, _, path in routes(app, frozenset({"GET"}), arguments(story) | ids):
        if endpoint in ("static", "people.sign_out"):
            continue
        client = ann if audience_of(app, endpoint) in AUDIENCES["advocate"] else ada
        for query in ("", "?format=csv"):
            answer = client.get(path + query)
            assert CANARY.encode() not in answer.data, f"{path}{query}"
            pages += 1
    for path in ("/statement?format=xlsx", "/statement?format=pdf"):
        assert CANARY.encode() not in ann.get(path).data
    assert pages > 200
    assert CANARY not in dumped(database)
    seal_pending(database, utcnow())
    write_backup(database, settings.storage or tmp_path, tmp_path / "backup.tar.gz")
    with tarfile.open(tmp_path / "backup.tar.gz") as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is None or CANARY.encode() not in file.read(), member.name
    if database.is_sqlite:
        with sqlite3.connect(database.url.removeprefix("sqlite:///")) as raw:
            assert CANARY not in "\n".join(raw.iterdump())
        raw.close()
    mails = [path for path in (tmp_path / "mail").rglob("*") if path.is_file()]
    assert len(mails) > 5
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or CANARY.encode() not in path.read_bytes(), path.name
    assert "job done" in logged.getvalue()
    assert CANARY not in logged.getvalue()
    assert "CANARY-1" not in str(app.config)
