"""``flask backup`` and ``flask restore``: one file that either engine can read.

The archive holds every table as JSON lines, read in one snapshot, and every stored file. It is
the same from SQLite and from PostgreSQL, so it is also the way from one to the other. The secret
key is not in it: it belongs beside the backup, not inside.
"""

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import Date, Table, func, inspect, select, text, update
from sqlalchemy.orm import Session

from config import Settings
from portal.invariants import problems
from portal.kernel import migrate
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.kernel.schema import UTCDateTime
from portal.tables import metadata
from portal.web.transaction import database

FORMAT = 1
CHUNK = 1000
# Tables that migrations put rows into: those of the backup take their place.
SEEDED = {"level"}
# Tables whose triggers rest meanwhile: rows of a published version may not be written, and what companies have on boards is in the backup.
RESTING = ["stage", "period_score"]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value


def _typed(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    for column in table.columns:
        value = row.get(column.name)
        if value is not None and isinstance(column.type, UTCDateTime):
            row[column.name] = datetime.fromisoformat(value)
        elif value is not None and isinstance(column.type, Date):
            row[column.name] = date.fromisoformat(value)
    return row


def _add(archive: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mtime = int(utcnow().timestamp())
    archive.addfile(entry, file)


def write_backup(db: Database, storage: Path, target: Path) -> dict[str, int]:
    """Write the archive and return the number of rows per table. The file appears whole or not at all, and only its owner can read it."""
    counts: dict[str, int] = {}
    unfinished = target.with_suffix(target.suffix + ".part")
    unfinished.unlink(missing_ok=True)
    with (
        db.snapshot() as session,
        open(unfinished, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out,
        tarfile.open(fileobj=out, mode="w:gz", compresslevel=3) as archive,
    ):
        revision = session.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        for table in metadata.sorted_tables:
            counts[table.name] = _write_table(session, table, archive)
        hashes = dict(_write_files(storage, archive))
        manifest = {"format": FORMAT, "revision": revision, "made_at": utcnow().isoformat(), "rows": counts, "files": hashes}
        content = json.dumps(manifest, indent=1).encode()
        _add(archive, "manifest.json", io.BytesIO(content), len(content))
    unfinished.replace(target)
    return counts


def _write_files(storage: Path, archive: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    """Add every stored file and give its name and hash. What is just being received has no row yet; what is erased meanwhile is wanted no more."""
    for path in sorted(p for p in storage.rglob("*") if p.is_file() and p.parent != storage / "incoming"):
        name = path.relative_to(storage).as_posix()
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        with file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            _add(archive, f"files/{name}", file, os.fstat(file.fileno()).st_size)
        yield name, digest


def _write_table(session: Session, table: Table, archive: tarfile.TarFile) -> int:
    count = 0
    keys = list(table.primary_key.columns)
    with tempfile.TemporaryFile() as spool:
        rows = session.execute(select(table).order_by(*keys).execution_options(yield_per=CHUNK))
        for row in rows.mappings():
            spool.write(json.dumps({k: _plain(v) for k, v in row.items()}, ensure_ascii=False).encode() + b"\n")
            count += 1
        size = spool.tell()
        spool.seek(0)
        _add(archive, f"tables/{table.name}.jsonl", spool, size)
    return count


def read_backup(db: Database, storage: Path, source: Path) -> dict[str, Any]:
    """Fill an empty database and storage folder from the archive, all of it or nothing. Returns the manifest."""
    with tempfile.TemporaryDirectory() as folder, tarfile.open(source) as archive:
        archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((Path(folder) / "manifest.json").read_text())
        if manifest["format"] != FORMAT:
            raise click.ClickException(f"This backup has format {manifest['format']}; this version reads {FORMAT}.")
        _require_empty(db)
        migrate.upgrade(db, manifest["revision"])
        db.write(lambda session: _restore_rows(session, Path(folder) / "tables"))
        migrate.upgrade(db)
        for name in manifest["files"]:
            path = storage / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((Path(folder) / "files" / name).read_bytes())
    return manifest


def _require_empty(db: Database) -> None:
    with db.engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
        own = [t for t in metadata.sorted_tables if t.name in names and t.name not in SEEDED]
        filled = [t.name for t in own if connection.execute(select(t).limit(1)).first() is not None]
    if filled:
        raise click.ClickException(f"The database is not empty ({filled[0]} has rows). A backup is restored into an empty one.")


def _restore_rows(session: Session, folder: Path) -> None:
    with ExitStack() as stack:
        for table in RESTING:
            stack.enter_context(_resting_triggers(session, table))
        _fill(session, folder)


@contextmanager
def _resting_triggers(session: Session, table: str) -> Iterator[None]:
    """Let rows be written without the triggers of their table: they would refuse what was frozen since, or add up what is restored anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield
        session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        return
    found = session.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"), {"table": table}).all()
    for name, _sql in found:
        session.execute(text(f'DROP TRIGGER "{name}"'))
    yield
    for _name, sql in found:
        session.connection().exec_driver_sql(sql)


def _fill(session: Session, folder: Path) -> None:
    """Insert table by table. A column that points to a table filled later is set in a second pass."""
    done: set[str] = set()
    later: list[Callable[[], None]] = []
    for table in metadata.sorted_tables:
        path = folder / f"{table.name}.jsonl"
        if not path.exists():
            continue
        done.add(table.name)
        if table.name in SEEDED:
            session.execute(table.delete())
        early = [c.name for c in table.columns if any(key.column.table.name not in done for key in c.foreign_keys)]
        for rows in _chunks(path, table):
            if early:
                kept = [{"the_id": row["id"], **{name: row[name] for name in early}} for row in rows]
                later.append(lambda table=table, kept=kept: _point(session, table, kept))  # type: ignore[misc]
                rows = [row | dict.fromkeys(early) for row in rows]
            session.execute(table.insert(), rows)
    for finish in later:
        finish()
    if session.get_bind().dialect.name == "postgresql":
        for table in metadata.sorted_tables:
            _move_sequence(session, table)


def _point(session: Session, table: Table, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        key = row.pop("the_id")
        if any(value is not None for value in row.values()):
            session.execute(update(table).where(table.c.id == key).values(**row))


def _move_sequence(session: Session, table: Table) -> None:
    if "id" in table.c:
        top = session.execute(select(func.max(table.c.id))).scalar()
        name = session.execute(text("SELECT pg_get_serial_sequence(:t, 'id')"), {"t": table.name}).scalar()
        if top and name:
            session.execute(text("SELECT setval(:s, :v)"), {"s": name, "v": top})


def _chunks(path: Path, table: Table) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            chunk.append(_typed(table, json.loads(line)))
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    if chunk:
        yield chunk


def problems_of(db: Database, storage: Path, manifest: dict[str, Any]) -> list[str]:
    """Return what is wrong with a restored copy: row counts, files, the ledger's invariants and seals."""
    found = []
    with db.snapshot() as session:
        for name, count in manifest["rows"].items():
            have = session.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one()
            if have != count:
                found.append(f"{name}: {have} rows instead of {count}")
        found += [str(problem) for problem in problems(session)]
    for name, digest in manifest["files"].items():
        path = storage / name
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            found.append(f"file {name} differs")
    return found


def _storage() -> Path:
    settings: Settings = current_app.config["SETTINGS"]
    assert settings.storage
    return settings.storage


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(target: Path) -> None:
    """Write everything but the secret key into TARGET (.tar.gz). The portal may go on running."""
    counts = write_backup(database(), _storage(), target)
    click.echo(f"{sum(counts.values())} rows of {len(counts)} tables in {target}. Not in it: secret.key; keep a copy of it elsewhere.")


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Prove the copy: row counts, files, the ledger's invariants and seals.")
@with_appcontext
def restore(source: Path, verify: bool) -> None:
    """Fill an empty database (either engine) from SOURCE."""
    manifest = read_backup(database(), _storage(), source)
    click.echo(f"Restored {sum(manifest['rows'].values())} rows and {len(manifest['files'])} files, made at {manifest['made_at']}.")
    if verify:
        found = problems_of(database(), _storage(), manifest)
        for problem in found:
            click.echo(problem, err=True)
        if found:
            raise click.exceptions.Exit(1)
        click.echo("Verified: counts, files, ledger invariants and seals hold.")
