"""Once a day the head of the seals is noted where the database cannot reach it."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from portal.bank.jobs.heads import head_keeper
from portal.kernel.db import Database
from portal.ledger.actions.sealing import seal_pending
from portal.ledger.heads import read_heads
from portal.ledger.queries.sealed import head
from portal.notifications.models import OutboxJob
from tests.ledger.books import fill, fill_and_seal
from tests.ledger.verbs import NOW

DAY = timedelta(days=1)


def _mails(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        found = session.scalars(select(OutboxJob).order_by(OutboxJob.id)).all()
        return [(job.payload["to"]["email"], job.payload["data"]["hash"]) for job in found]


def test_each_days_head_is_noted_once_and_sent_once(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "heads.txt"
    keep = head_keeper(path, "auditor@example.com")
    fill_and_seal(database)
    with database.reading() as session:
        end = head(session)
    first = keep(database, NOW)
    assert first is not None
    assert (first.block_id, first.hash) == (end.block_id, end.hash)
    assert keep(database, NOW) is None
    second = keep(database, NOW + DAY)
    assert second is not None
    assert read_heads(path) == [first, second]
    assert second.day - first.day == DAY
    assert _mails(database) == [("auditor@example.com", end.hash)] * 2


def test_a_worker_that_was_killed_between_mail_and_file_sends_no_second_mail(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "heads.txt"
    keep = head_keeper(path, "auditor@example.com")
    fill_and_seal(database)
    keep(database, NOW)
    path.unlink()
    assert keep(database, NOW) is not None
    assert len(read_heads(path)) == len(_mails(database)) == 1


def test_nothing_is_noted_before_anything_is_sealed_and_nobody_is_written_to_unasked(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "heads.txt"
    keep = head_keeper(path, "")
    fill(database)
    assert keep(database, NOW) is None
    assert not path.exists()
    seal_pending(database, NOW)
    assert keep(database, NOW) is not None
    assert _mails(database) == []
