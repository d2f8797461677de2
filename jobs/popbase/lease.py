"""Leases: of the runs that want to write the same tables, one does (design section 3b).

On a disk a lease is a lock on a file of the lake, which the system lets go when its process ends, however it
ends. So a killed run needs no cleaning up, and a driver that outlives its killed spark-submit still holds its
own. S3 has no locks: there a lease is an object that its holder writes again every few seconds, and one that
stands still for longer belongs to nobody. Nobody's clock is compared with anybody's.

Each holder has an epoch, one greater than that of the one before. It stands in every commit that is made
under the lease, and before every commit the lease is checked (`check`): a run that was stopped for a minute,
and has lost it meanwhile, writes nothing any more.
"""

from __future__ import annotations

import fcntl
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from popbase.errors import LeaseError
from popbase.killpoints import around
from popbase.storage import Bucket, is_s3, reached

# Whoever makes base tables, reports or a publication holds this one.
BASE = "base"

_FOLDER = "control/leases"


def of_feed(feed: str) -> str:
    """The lease of whoever takes in a feed."""
    return f"feed-{feed}"


@dataclass(frozen=True)
class Patience:
    """Seconds. Between a check and the commit that follows may lie `silence` - `beat`, some twenty."""

    beat: float = 8  # between two signs of life
    silence: float = 30  # after which a holder counts as dead


class Held(Protocol):
    """A lease while it is held."""

    @property
    def name(self) -> str: ...

    @property
    def epoch(self) -> int: ...

    def check(self) -> None:
        """Raises LeaseError where it is lost."""


_HELD: ContextVar[tuple[Held, ...]] = ContextVar("leases held by this run", default=())


@contextmanager
def leased(lake: str, name: str, patience: Patience = Patience()) -> Iterator[None]:
    """Holds the lease; raises LeaseError where another run does, in S3 only once that has shown its life."""
    with _in_bucket(lake, name, patience) if is_s3(lake) else _on_disk(lake, name) as held:
        before = _HELD.set((*_HELD.get(), held))
        try:
            yield
        finally:
            _HELD.reset(before)


def check() -> dict[str, str]:
    """Before a commit: raises LeaseError where a lease of this run is lost; their epochs, for the commit."""
    for held in _HELD.get():
        held.check()
    return {f"popbase.lease.{held.name}": str(held.epoch) for held in _HELD.get()}


def _held_by_another(name: str) -> LeaseError:
    return LeaseError(
        f"Another run holds '{name}'; this one changed nothing there. Run it again after that one."
    )


@dataclass(frozen=True)
class _Lock:
    """A lock is lost with its process alone: there is nothing to check."""

    name: str
    epoch: int

    def check(self) -> None:
        pass


@contextmanager
def _on_disk(lake: str, name: str) -> Iterator[Held]:
    path = Path(lake, _FOLDER, name)
    with reached(f"the lease '{path}'"):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _held_by_another(name) from error
        yield _Lock(name, _next_epoch(path))


def _next_epoch(path: Path) -> int:
    """Written over the one before, which is never longer: a killed run leaves one of the two."""
    with reached(f"the lease '{path}'"), path.open("r+b", buffering=0) as file:
        before = file.read().decode()
        epoch = int(before) + 1 if before.isdecimal() else 1
        with around("write", f"{_FOLDER}/{path.name}"):
            file.seek(0)
            file.write(str(epoch).encode())
        return epoch


@contextmanager
def _in_bucket(lake: str, name: str, patience: Patience) -> Iterator[Held]:
    with reached(f"the lease '{name}'"):
        held = _taken(Bucket(lake), name, patience)
    held.start()
    try:
        yield held
    finally:
        held.release()


def _taken(bucket: Bucket, name: str, patience: Patience) -> _Object:
    path = f"{_FOLDER}/{name}.json"
    try:
        content, tag = bucket.read_version(path)
    except FileNotFoundError:
        return _Object.written(bucket, path, name, epoch=1, over=None, patience=patience)
    said = json.loads(content)
    if not said["free"]:
        _wait_for_silence(bucket, path, tag, name, patience)
    return _Object.written(bucket, path, name, epoch=said["epoch"] + 1, over=tag, patience=patience)


def _wait_for_silence(bucket: Bucket, path: str, tag: str, name: str, patience: Patience) -> None:
    until = _now() + patience.silence
    while _now() < until:
        time.sleep(patience.beat / 4)
        if bucket.tag(path) != tag:
            raise _held_by_another(name)


def _now() -> float:
    """Seconds that go on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class _Object:
    """A lease in S3 and the thread that keeps it."""

    def __init__(self, bucket: Bucket, path: str, name: str, epoch: int, patience: Patience) -> None:
        self.name, self.epoch = name, epoch
        self._bucket, self._path, self._patience = bucket, path, patience
        self._run, self._beats = secrets.token_hex(8), 0
        self._tag: str | None = None
        self._written_at = 0.0
        self._one_at_a_time, self._done = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease {name}", daemon=True)

    @classmethod
    def written(
        cls, bucket: Bucket, path: str, name: str, *, epoch: int, over: str | None, patience: Patience
    ) -> _Object:
        held = cls(bucket, path, name, epoch, patience)
        held._tag = over
        if not held._write(free=False):
            raise _held_by_another(name)
        return held

    def start(self) -> None:
        self._thread.start()

    def check(self) -> None:
        with self._one_at_a_time, reached(f"the lease '{self.name}'"):
            fresh = self._tag and _now() - self._written_at < self._patience.beat
            if not fresh and not (self._tag and self._write(free=False)):
                raise LeaseError(f"This run has lost '{self.name}' to another; it publishes nothing.")

    def release(self) -> None:
        self._done.set()
        self._thread.join()
        # Whoever comes next else waits until the lease has stood still for long enough.
        with suppress(OSError):
            if self._tag:
                self._write(free=True)

    def _keep(self) -> None:
        while not self._done.wait(self._patience.beat / 2):
            # What S3 fails at is for whoever writes next to see, if it has not come back by then.
            with self._one_at_a_time, suppress(OSError):
                if not self._tag or not self._write(free=False):
                    return

    def _write(self, *, free: bool) -> bool:
        """One more sign of life; False, and no tag any more, where another has written meanwhile."""
        self._beats += 1
        said = {"epoch": self.epoch, "run": self._run, "beat": self._beats, "free": free}
        begun = _now()
        content = json.dumps(said).encode()
        written = self._bucket.replace(self._path, content, self._tag)
        if written is None and self._tag and (own := self._own_tag()):
            # An earlier sign of life arrived, and only its answer got lost.
            written = self._bucket.replace(self._path, content, own)
        self._tag, self._written_at = written, begun
        return written is not None

    def _own_tag(self) -> str | None:
        """Of what stands there, where this run has written it."""
        try:
            standing, tag = self._bucket.read_version(self._path)
        except FileNotFoundError:
            return None
        return tag if json.loads(standing)["run"] == self._run else None
