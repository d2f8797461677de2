"""Plain files beside the tables, below one root: a local folder, or a bucket of S3 (`s3a://bucket/prefix`).

Delta tables are read and written by delta-rs and Spark, which know both kinds themselves. What else a lake
holds goes through here: publications, run reports, workbooks, and a look at what Spark has staged.

Whatever fails raises the OSError that a disk would raise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from popbase.errors import StorageError
from popbase.storage.bucket import Bucket
from popbase.storage.files import FileInfo, Store
from popbase.storage.folder import Folder

__all__ = ["Bucket", "FileInfo", "Folder", "Store", "is_s3", "reached", "store"]

_S3_SCHEMES = ("s3a://", "s3://")


def is_s3(root: str | Path) -> bool:
    return str(root).startswith(_S3_SCHEMES)


def store(root: str | Path) -> Store:
    """What keeps the files below `root`."""
    return Bucket(str(root)) if is_s3(root) else Folder(Path(root))


@contextmanager
def reached(what: str) -> Iterator[None]:
    """StorageError with one sentence about `what`, where it could not be read or written."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{what}: {error.strerror or type(error).__name__}.") from error
