"""Publications: named, immutable sets of table versions; the only thing readers follow (invariant I3).

A publication is one file, `<lake>/publications/<seq>.json`, created exclusively and never changed.
The greatest seq is current. A rollback adds a publication with old versions; nothing is ever removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from popbase.errors import PublicationError, StorageError
from popbase.intake.ledger import Judgement
from popbase.publish.staleness import Sender

_FILE = re.compile(r"(\d{8,})\.json")


class DeliveryRef(BaseModel):
    """A delivery that the tables are made from: together they are the cursor of the next night."""

    model_config = ConfigDict(frozen=True)

    feed: str
    region: str
    business_date: date
    delivery_no: int

    @classmethod
    def of(cls, judged: Judgement) -> DeliveryRef:
        region, business_date, delivery_no = judged.identity
        return cls(feed=judged.feed, region=region, business_date=business_date, delivery_no=delivery_no)


class Publication(BaseModel):
    """What readers see: every table at one version, and where it came from."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    seq: int
    kind: Literal["night", "rollback"] = "night"
    of: int | None = None  # of a rollback: the publication whose versions it brings back
    business_date: date
    created_at: datetime
    tables: Mapping[str, int]
    deliveries: tuple[DeliveryRef, ...]
    senders: tuple[Sender, ...] = ()
    warnings: tuple[str, ...] = ()
    contracts: Mapping[str, str] = {}
    code_version: str
    report: str | None = None


class Folder:
    """Immutable files in a local folder; an S3 store would take its place, `create` by If-None-Match."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        with _storage(self.path):
            return [path.name for path in self.path.iterdir()] if self.path.is_dir() else []

    def read(self, name: str) -> bytes:
        with _storage(self.path / name):
            return (self.path / name).read_bytes()

    def create(self, name: str, content: bytes) -> bool:
        """All of the file at once, or False where the name is taken; durable when it returns."""
        draft = self.path / f".{name}.{secrets.token_hex(4)}.tmp"
        with _storage(self.path / name):
            self.path.mkdir(parents=True, exist_ok=True)
            try:
                _write_through(draft, content)
                os.link(draft, self.path / name)
            except FileExistsError:
                return False
            finally:
                draft.unlink(missing_ok=True)
            _sync_folder(self.path)
        return True


class Publications:
    """All publications of a lake."""

    def __init__(self, lake: str | Path) -> None:
        self._store = Folder(Path(lake) / "publications")

    def numbers(self) -> list[int]:
        found = (_FILE.fullmatch(name) for name in self._store.names())
        return sorted(int(match[1]) for match in found if match)

    def all(self) -> list[Publication]:
        return [self.get(seq) for seq in self.numbers()]

    def get(self, seq: int) -> Publication:
        if seq not in self.numbers():
            raise PublicationError(f"There is no publication {seq}; 'popbase publications' lists them.")
        try:
            return Publication.model_validate_json(self._store.read(_name(seq)))
        except ValidationError as error:
            raise PublicationError(
                f"publications/{_name(seq)} is not a publication ({error.error_count()} faults); "
                "restore it from a copy."
            ) from error

    def current(self) -> Publication | None:
        """What readers see now; None before the first night."""
        numbers = self.numbers()
        return self.get(numbers[-1]) if numbers else None

    def as_of(self, day: date) -> Publication:
        """The newest publication whose business date is not after `day`."""
        for seq in reversed(self.numbers()):
            if (publication := self.get(seq)).business_date <= day:
                return publication
        raise PublicationError(
            f"Nothing was published for {day} or before; 'popbase publications' lists what was."
        )

    def next_seq(self) -> int:
        """The number for `add`; taken before the work, it shows whether another run published meanwhile."""
        return max(self.numbers(), default=0) + 1

    def add(self, publication: Publication) -> Publication:
        """Makes it current; raises PublicationError when another run has taken its number."""
        content = publication.model_dump_json(indent=1).encode() + b"\n"
        if not self._store.create(_name(publication.seq), content):
            raise PublicationError(
                f"Another run published {publication.seq} first; this one published nothing: run it again."
            )
        return publication

    def rollback(self, seq: int, *, at: datetime, code_version: str) -> Publication:
        """Readers go back to what `seq` showed: a new publication with its versions."""
        old = self.get(seq)
        changes = {
            "seq": self.next_seq(),
            "kind": "rollback",
            "of": seq,
            "created_at": at,
            "code_version": code_version,
        }
        return self.add(old.model_copy(update=changes))


def _name(seq: int) -> str:
    return f"{seq:08d}.json"


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


@contextlib.contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"publications/{path.name}: {error.strerror or type(error).__name__}.") from error
