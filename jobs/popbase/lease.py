"""Leases: of the runs that want to write the same tables, one does (design section 3b).

A lease is a lock on a file of the lake, which the system lets go when its process ends, however it ends. So
a killed run needs no cleaning up, and a driver that outlives its killed spark-submit still holds its own.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from popbase.errors import LeaseError, StorageError

# Whoever makes base tables, reports or a publication holds this one.
BASE = "base"


def of_feed(feed: str) -> str:
    """The lease of whoever takes in a feed."""
    return f"feed-{feed}"


@contextmanager
def leased(lake: str, name: str) -> Iterator[None]:
    """Holds the lease; raises LeaseError at once where another run does."""
    path = Path(lake, "control", "leases", name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"The lease '{path}' could not be opened: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LeaseError(
                f"Another run holds '{name}'; this one changed nothing there. Run it again after that one."
            ) from error
        yield
