"""Files in a local folder: whole when they appear, on the disk when a call returns."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from popbase.killpoints import around, reach
from popbase.storage.files import FileInfo, owner

_HIDDEN = "."  # drafts of ours, checksums of Hadoop's
_DRAFT = ".tmp"


class Folder:
    """A Store in a local folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def folders(self, folder: str) -> list[str]:
        path = self.root / folder
        return [child.name for child in path.iterdir() if child.is_dir()] if path.is_dir() else []

    def files(self, folder: str) -> Iterator[FileInfo]:
        return self._found(folder, lambda name: not name.startswith(_HIDDEN))

    def drafts(self, folder: str) -> Iterator[FileInfo]:
        return self._found(folder, lambda name: name.startswith(_HIDDEN) and name.endswith(_DRAFT))

    def _found(self, folder: str, wanted: Callable[[str], bool]) -> Iterator[FileInfo]:
        for within, _, names in os.walk(self.root / folder, onerror=_unless_gone):
            for path in (Path(within, name) for name in names if wanted(name)):
                with suppress(FileNotFoundError):  # taken away while we look
                    stat = path.stat()
                    modified = datetime.fromtimestamp(stat.st_mtime, UTC)
                    yield FileInfo(path.relative_to(self.root).as_posix(), stat.st_size, modified)

    def open(self, path: str) -> BinaryIO:
        return (self.root / path).open("rb")

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def create(self, path: str, content: bytes) -> bool:
        whole = self.root / path
        with around("create", path):
            with _draft(whole, content) as draft:
                reach("half", "create", path)
                try:
                    os.link(draft, whole)
                except FileExistsError:
                    return False
            _sync_folder(whole.parent)
        return True

    def write(self, path: str, content: bytes) -> None:
        whole = self.root / path
        with around("write", path), _draft(whole, content) as draft:
            reach("half", "write", path)
            draft.replace(whole)

    def delete(self, paths: Iterable[str]) -> None:
        for path in paths:
            with around("delete", owner(path)):
                (self.root / path).unlink(missing_ok=True)


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


@contextmanager
def _draft(whole: Path, content: bytes) -> Iterator[Path]:
    """A file beside the one to be, with all of its content; gone afterwards under this name."""
    draft = whole.with_name(f"{_HIDDEN}{whole.name}.{secrets.token_hex(4)}{_DRAFT}")
    whole.parent.mkdir(parents=True, exist_ok=True)
    try:
        _write_through(draft, content)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _write_through(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
