"""A backup holds everything, and a restored copy proves itself, from either engine into either."""

from pathlib import Path

import pytest
from click import ClickException
from sqlalchemy import func, select, text

from portal.commands.backup import problems_of, read_backup, write_backup
from portal.kernel.db import Database
from portal.tables import metadata
from tests.support.databases import Templates

OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


def copy_of(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.reading() as session:
        tables = metadata.sorted_tables
        return {t.name: [tuple(r) for r in session.execute(select(t).order_by(*t.primary_key.columns))] for t in tables}


@pytest.mark.parametrize("into", ["the same engine", "the other engine"])
@pytest.mark.usefixtures("story")
def test_a_restored_copy_is_the_same_to_the_row_and_proves_itself(
    engine_name: str, database: Database, templates: Templates, tmp_path: Path, into: str
) -> None:
    (tmp_path / "files" / "incoming").mkdir(exist_ok=True)
    (tmp_path / "files" / "incoming" / "half").write_bytes(b"half an upload")
    counts = write_backup(database, tmp_path / "files", tmp_path / "backup.tar.gz")
    assert (tmp_path / "backup.tar.gz").stat().st_mode & 0o777 == 0o600
    assert counts["transfer"] > 5
    assert counts["person"] > 5
    target = tmp_path / "target"
    target.mkdir()
    url = templates.empty(engine_name if into == "the same engine" else OTHER[engine_name], target)
    restored = Database(url)
    try:
        manifest = read_backup(restored, target / "files", tmp_path / "backup.tar.gz")
        assert problems_of(restored, target / "files", manifest) == []
        assert not (target / "files" / "incoming").exists()
        assert copy_of(restored) == copy_of(database)
        restored.write(lambda s: tell_more(s))
    finally:
        restored.dispose()
        templates.drop(url)


def tell_more(session) -> None:
    """Ids go on behind those that were restored."""
    from tests.factories.people import make_person

    top = session.execute(select(func.max(metadata.tables["person"].c.id))).scalar_one()
    assert make_person(session, name="After", email="after@restore.example").id > top


@pytest.mark.breaks_the_books(reason="rows are removed to see that verify notices")
@pytest.mark.usefixtures("story")
def test_what_is_missing_after_a_restore_is_named(engine_name: str, database: Database, templates: Templates, tmp_path: Path) -> None:
    write_backup(database, tmp_path / "files", tmp_path / "backup.tar.gz")
    target = tmp_path / "target"
    target.mkdir()
    url = templates.empty(engine_name, target)
    restored = Database(url)
    try:
        manifest = read_backup(restored, target / "files", tmp_path / "backup.tar.gz")
        next(p for p in (target / "files").rglob("*") if p.is_file()).write_bytes(b"other")
        restored.write(lambda s: s.execute(text("DELETE FROM notice WHERE id = (SELECT min(id) FROM notice)")))
        restored.write(lambda s: s.execute(text("UPDATE account SET balance = balance + 1 WHERE kind = 'available' AND balance > 0")))
        found = "\n".join(problems_of(restored, target / "files", manifest))
    finally:
        restored.dispose()
        templates.drop(url)
    assert "notice:" in found
    assert "file " in found
    assert "account" in found


@pytest.mark.usefixtures("story")
def test_a_backup_is_not_restored_over_people(database: Database, tmp_path: Path) -> None:
    write_backup(database, tmp_path / "files", tmp_path / "backup.tar.gz")
    with pytest.raises(ClickException, match="not empty"):
        read_backup(database, tmp_path / "files", tmp_path / "backup.tar.gz")
