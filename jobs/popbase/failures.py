"""Failures of the storage that come to us in others' words: Spark's, or the system's without a table.

Spark wraps what a disk says in its own errors, whose texts quote plans and rows (invariant I5). Taken from
them are the kind of failure and the table's name alone.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from popbase.errors import StorageError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TABLE = re.compile(r"/((?:conformed|quarantine|base|statistics)/[a-z][a-z0-9_]*)/")
# Where one of these is among the causes a file failed, and no plan: what it begins with, what we say of it.
_CAUSES = {
    "[PATH_NOT_FOUND]": "a file is gone",
    "java.io.FileNotFoundException": "a file is gone",
    "org.apache.hadoop.fs.ChecksumException": "a file is damaged",
    "org.apache.parquet": "a file is damaged",
    "java.io.EOFException": "a file is damaged",
    "[FAILED_READ_FILE": "a file cannot be read",
    "java.io.IOException": "the storage failed",
    "java.nio.file": "the storage failed",
    "org.apache.hadoop.fs": "the storage failed",
}


@contextmanager
def of_storage() -> Iterator[None]:
    """StorageError with one sentence, where Spark fails at a file."""
    try:
        yield
    except Exception as error:
        if told := storage_error(error):
            raise told from error
        raise


def storage_error(error: BaseException) -> StorageError | None:
    """The same failure as one of the storage; None where it is another."""
    if isinstance(error, OSError):
        return StorageError("No space is left on the device.") if error.errno in _FULL else None
    said = list(_said(getattr(error, "java_exception", None) or getattr(error, "_origin", None)))
    why = next((why for start, why in _CAUSES.items() if any(text.startswith(start) for text in said)), None)
    if why is None:
        return None
    if any("No space left on device" in text for text in said):
        why = "no space is left on the device"
    named = next(filter(None, map(_TABLE.search, said)), None)
    return StorageError(f"{named[1] if named else 'A table'} cannot be read or written: {why}.")


def _said(cause: Any) -> Iterator[str]:
    """Of an exception of the JVM and its causes the class and, as another text, the message."""
    while cause is not None:
        yield str(cause.getClass().getName())
        yield str(cause.getMessage())
        cause = cause.getCause()
