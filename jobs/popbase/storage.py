"""Plain files beside the tables, below one root: a local folder, or a bucket of S3 (`s3a://bucket/prefix`).

Delta tables are read and written by delta-rs and Spark, which know both kinds themselves. What else a lake
holds goes through here: publications, run reports, workbooks, and a look at what Spark has staged.

Whatever fails raises the OSError that a disk would raise. Where S3 is and who we are, its library reads from
AWS's own variables (`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, ...) or the machine's role.
"""

from __future__ import annotations

import errno
import io
import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from popbase.errors import StorageError
from popbase.killpoints import around, reach

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import RetryConfig

S3_SCHEMES = ("s3a://", "s3://")
# A store that does not answer must become one sentence while the operator still looks.
_RETRIES: RetryConfig = {"max_retries": 5, "retry_timeout": timedelta(seconds=30)}
_STATUS = re.compile(r"status code: ([1-5]\d\d)")
_HIDDEN = "."  # drafts of ours, checksums of Hadoop's
_DRAFT = ".tmp"
_READ_AT_ONCE = 8 * 1024**2


def is_s3(root: str | Path) -> bool:
    return str(root).startswith(S3_SCHEMES)


@dataclass(frozen=True)
class FileInfo:
    """`path` is below the store's root."""

    path: str
    size: int
    modified: datetime


class Store(Protocol):
    """Files by their paths below the root, with `/`; `folder` may be the root itself, ''."""

    def folders(self, folder: str) -> list[str]:
        """Names of the folders directly below this one; none where it does not exist."""

    def files(self, folder: str) -> Iterator[FileInfo]:
        """All files below it, however deep, in no order; without those whose names hide them on a disk."""

    def drafts(self, folder: str) -> Iterator[FileInfo]:
        """Files below it that a run began and was killed over."""

    def open(self, path: str) -> BinaryIO:
        """For reading, with `seek`."""

    def read(self, path: str) -> bytes:
        """All of a file."""

    def create(self, path: str, content: bytes) -> bool:
        """All of the file at once, or False where the path is taken; durable when it returns."""

    def write(self, path: str, content: bytes) -> None:
        """All of the file at once, in place of what stood there."""

    def delete(self, paths: Iterable[str]) -> None:
        """Those that there are."""


def store(root: str | Path) -> Store:
    """What keeps the files below `root`."""
    return Bucket(str(root)) if is_s3(root) else Folder(Path(root))


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
            with around("delete", _owner(path)):
                (self.root / path).unlink(missing_ok=True)


def _owner(path: str) -> str:
    """The table that a data file belongs to; of other files the area and what follows."""
    return "/".join(path.split("/")[:2])


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


class Bucket:
    """A Store in S3, where folders are what paths have in common."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _s3(self) -> S3Store:
        return S3Store.from_url(self._url, retry_config=_RETRIES)

    def folders(self, folder: str) -> list[str]:
        with _as_on_disk():
            found = obstore.list_with_delimiter(self._s3, folder or None)
        return [path.rpartition("/")[2] for path in found["common_prefixes"]]

    def files(self, folder: str) -> Iterator[FileInfo]:
        with _as_on_disk():
            for page in obstore.list(self._s3, folder or None):
                for found in page:
                    yield FileInfo(found["path"], found["size"], found["last_modified"])

    def drafts(self, folder: str) -> Iterator[FileInfo]:  # noqa: ARG002 - the protocol's
        """None: an object is there when all of it is."""
        return iter(())

    def open(self, path: str) -> BinaryIO:
        return self.open_version(path)[0]

    def open_version(self, path: str) -> tuple[BinaryIO, FileInfo, str]:
        """The file, what it is, and the tag of this version of it; whoever writes it makes another tag."""
        with _as_on_disk():
            meta = obstore.head(self._s3, path)
        info = FileInfo(path, meta["size"], meta["last_modified"])
        return io.BufferedReader(_Object(self._s3, path, info.size), _READ_AT_ONCE), info, str(meta["e_tag"])

    def read(self, path: str) -> bytes:
        return self.read_version(path)[0]

    def read_version(self, path: str) -> tuple[bytes, str]:
        """The file, and the tag of this version of it."""
        with _as_on_disk():
            found = obstore.get(self._s3, path)
            return bytes(found.bytes()), str(found.meta["e_tag"])

    def tag(self, path: str) -> str:
        """Of the version that stands there now."""
        with _as_on_disk():
            return str(obstore.head(self._s3, path)["e_tag"])

    def create(self, path: str, content: bytes) -> bool:
        return self.replace(path, content, None) is not None

    def replace(self, path: str, content: bytes, tag: str | None) -> str | None:
        """Writes where the version of this tag still stands, or with None where nothing does.

        The new version's tag; None where another version stands there.
        """
        mode: PutMode = "create" if tag is None else {"e_tag": tag}
        with _as_on_disk(), around("create" if tag is None else "replace", path):
            try:
                return str(obstore.put(self._s3, path, content, mode=mode, use_multipart=False)["e_tag"])
            except (AlreadyExistsError, PreconditionError, FileNotFoundError):
                return self._tag_of(path, content)

    def _tag_of(self, path: str, content: bytes) -> str | None:
        """Of what stands there, where that is this very content: the answer to a first try got lost."""
        try:
            standing, tag = self.read_version(path)
        except FileNotFoundError:
            return None
        return tag if standing == content else None

    def write(self, path: str, content: bytes) -> None:
        with _as_on_disk(), around("write", path):
            obstore.put(self._s3, path, content)

    def delete(self, paths: Iterable[str]) -> None:
        gone = list(paths)
        with _as_on_disk(), around("delete", _owner(gone[0]) if gone else "nothing"):
            obstore.delete(self._s3, gone)


class _Object(io.RawIOBase):
    """An object of S3, read range by range."""

    def __init__(self, s3: S3Store, path: str, size: int) -> None:
        self._s3, self._path, self._size = s3, path, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        length = min(len(buffer), self._size - self._at)
        if length <= 0:
            return 0
        with _as_on_disk():
            data = bytes(obstore.get_range(self._s3, self._path, start=self._at, length=length))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


@contextmanager
def reached(what: str) -> Iterator[None]:
    """StorageError with one sentence about `what`, where it could not be read or written."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{what}: {error.strerror or type(error).__name__}.") from error


@contextmanager
def _as_on_disk() -> Iterator[None]:
    """What S3 fails at, as the OSError of a disk: without the answer's text, which names keys and buckets."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, "no such object") from error
    except BaseError as error:
        status = _STATUS.search(str(error))
        if isinstance(error, PermissionDeniedError | UnauthenticatedError) or (status and status[1] == "403"):
            raise PermissionError(errno.EACCES, "S3 does not permit it") from error
        if isinstance(error, InvalidPathError):
            raise OSError(errno.EINVAL, "an object's name has an empty or dotted part; remove it") from error
        why = f"answered {status[1]}" if status else "did not answer"
        raise OSError(errno.EIO, f"S3 {why}") from error
