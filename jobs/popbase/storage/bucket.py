"""Files in a bucket of S3, by its conditional writes.

Where S3 is and who we are, its library reads from AWS's own variables (`AWS_ENDPOINT_URL`,
`AWS_ACCESS_KEY_ID`, ...) or the machine's role.
"""

from __future__ import annotations

import errno
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO

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

from popbase.killpoints import around
from popbase.storage.files import FileInfo, owner

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import RetryConfig

# A store that does not answer must become one sentence while the operator still looks.
_RETRIES: RetryConfig = {"max_retries": 5, "retry_timeout": timedelta(seconds=30)}
_STATUS = re.compile(r"status code: ([1-5]\d\d)")
_READ_AT_ONCE = 8 * 1024**2


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
        with _as_on_disk(), around("delete", owner(gone[0]) if gone else "nothing"):
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
