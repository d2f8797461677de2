"""A delivery's folder as its sender left it: what lies in it and its files' bytes, on a disk or in S3.

Nothing is judged here. On a disk a sender may have left links and pipes, which are never followed or waited
for; in S3 there are only objects.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import BinaryIO, Literal, Protocol

from popbase.storage import Bucket, is_s3

# Which file, of how many bytes, last written when.
Stamp = tuple[int | str, ...]


@dataclass(frozen=True)
class Found:
    """Something that lies in the folder; what is no file has no size that means anything."""

    kind: Literal["file", "link", "other"]
    size: int = 0


@dataclass(frozen=True)
class Opened:
    """A file that is being read; `stamp` is that of the moment at which it was opened."""

    stream: BinaryIO
    size: int
    stamp: Stamp


class SenderFolder(Protocol):
    """Raises OSError where the storage fails us."""

    def links(self) -> list[str]:
        """Names of the folders down to this one, the region's and below, that are links."""

    def listing(self) -> dict[str, Found]:
        """What lies directly in it, by name; nothing where it is gone."""

    def open(self, name: str) -> Opened:
        """A regular file; raises OSError of ELOOP for a link, FileNotFoundError for anything else."""

    def stamp(self, name: str) -> Stamp:
        """Of the file that has this name now."""

    def url(self, name: str) -> str:
        """Where Spark finds the file."""

    def remove(self, *, last: str) -> None:
        """All of it. While a run that is killed has not come to `last`, the folder is no half delivery."""


def folder_at(landing: str | Path, path: str) -> SenderFolder:
    return BucketFolder(str(landing), path) if is_s3(landing) else DiskFolder(Path(landing, path))


@dataclass(frozen=True)
class DiskFolder:
    """A SenderFolder on a disk or a mounted share."""

    path: Path

    def links(self) -> list[str]:
        return [folder.name for folder in (self.path, *self.path.parents[:2]) if folder.is_symlink()]

    def listing(self) -> dict[str, Found]:
        found = {}
        try:
            with os.scandir(self.path) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # taken away while we look
                        found[entry.name] = _found(entry.stat(follow_symlinks=False))
        except (FileNotFoundError, NotADirectoryError):
            return {}
        return found

    def open(self, name: str) -> Opened:
        stream = open_regular(self.path / name)
        status = os.fstat(stream.fileno())
        return Opened(stream, status.st_size, _stamp(status))

    def stamp(self, name: str) -> Stamp:
        return _stamp((self.path / name).stat())

    def url(self, name: str) -> str:
        return str(self.path / name)

    def remove(self, *, last: str) -> None:
        with os.scandir(self.path) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name == last):
                if entry.is_dir(follow_symlinks=False):
                    rmtree(entry.path)
                else:
                    Path(entry.path).unlink()
        self.path.rmdir()
        with suppress(OSError):  # the day's, once it is empty
            self.path.parent.rmdir()


@dataclass(frozen=True)
class BucketFolder:
    """A SenderFolder in S3."""

    landing: str
    path: str

    @property
    def _bucket(self) -> Bucket:
        return Bucket(self.landing)

    def links(self) -> list[str]:
        return []

    def listing(self) -> dict[str, Found]:
        found = {name: Found("other") for name in self._bucket.folders(self.path)}
        for file in self._bucket.files(self.path):
            name = file.path.removeprefix(f"{self.path}/")
            if "/" not in name:
                found[name] = Found("file", file.size)
        return found

    def open(self, name: str) -> Opened:
        stream, info, tag = self._bucket.open_version(f"{self.path}/{name}")
        return Opened(stream, info.size, (tag,))

    def stamp(self, name: str) -> Stamp:
        return (self._bucket.tag(f"{self.path}/{name}"),)

    def url(self, name: str) -> str:
        return f"{self.landing.rstrip('/')}/{self.path}/{name}"

    def remove(self, *, last: str) -> None:
        paths = [file.path for file in self._bucket.files(self.path)]
        for rank in (False, True):
            self._bucket.delete(path for path in paths if (path == f"{self.path}/{last}") is rank)


def open_regular(path: Path) -> BinaryIO:
    """The file itself, for reading: never what a link points at, never a pipe that would wait."""
    # Without O_NONBLOCK a named pipe would hold the night until somebody writes into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, "no regular file")
    return os.fdopen(descriptor, "rb")


def _found(status: os.stat_result) -> Found:
    if stat.S_ISLNK(status.st_mode):
        return Found("link")
    return Found("file", status.st_size) if stat.S_ISREG(status.st_mode) else Found("other")


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns
