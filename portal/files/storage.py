"""The folder where files lie: random names in fanned-out folders, written whole or not at all."""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from portal.files.rules.refusals import FileEmpty, FileTooLarge

BLOCK = 256 * 1024
OURS = re.compile(r"[0-9a-f]{32}(\.[a-z]+)?")


@dataclass(frozen=True)
class Storage:
    """``root`` is the folder, never under static; ``limit_mb`` the largest upload in megabytes."""

    root: Path
    limit_mb: int

    def path(self, name: str, size: str | None = None) -> Path:
        """Return where the file ``name`` lies, or its smaller ``size``."""
        return self.root / name[:2] / name[2:4] / (f"{name}.{size}" if size else name)

    @contextmanager
    def received(self, stream: IO[bytes]) -> Iterator[Path]:
        """Give ``stream`` as a file on the same disk, gone afterwards unless it was moved. Refuses an empty and a too large one."""
        temporary = self._temporary()
        try:
            with open(temporary, "xb") as out:
                self._copy(stream, out)
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _copy(self, stream: IO[bytes], out: IO[bytes]) -> None:
        total = 0
        while block := stream.read(BLOCK):
            total += len(block)
            if total > self.limit_mb * 1_000_000:
                raise FileTooLarge(limit=self.limit_mb)
            out.write(block)
        if total == 0:
            raise FileEmpty()

    def _temporary(self) -> Path:
        folder = self.root / "incoming"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder / secrets.token_hex(16)

    def keep(self, path: Path, name: str) -> None:
        """Move a received file to its place, on disk before this returns."""
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(path, target)
        _sync_folder(target.parent)

    def write(self, content: bytes, name: str, size: str | None = None) -> None:
        """Write ``content`` under ``name``, whole and on disk before this returns."""
        temporary, target = self._temporary(), self.path(name, size)
        with open(temporary, "xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(temporary, target)
        _sync_folder(target.parent)

    def remove(self, name: str) -> None:
        """Remove a file and its sizes; one that is gone already is fine."""
        for path in self.path(name).parent.glob(f"{name}*"):
            path.unlink(missing_ok=True)

    def older_than(self, moment: datetime) -> Iterator[Path]:
        """Give every file of ours last written before ``moment``, half-received ones too. What others keep in the folder is not looked at."""
        for pattern in ("incoming/*", "??/??/*"):
            for path in self.root.glob(pattern):
                if OURS.fullmatch(path.name) and path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < moment:
                    yield path


def new_name() -> str:
    """Return a name that nobody can guess."""
    return secrets.token_hex(16)


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
