"""Publications: named, immutable sets of table versions; the only thing readers follow (invariant I3).

A publication is one file, `<lake>/publications/<seq>.json`, created exclusively and never changed, but where
a record is erased from its tables (`erasure.py`). The greatest seq is current. A rollback adds a publication
with old versions; maintenance removes old ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from popbase import lease
from popbase.errors import LeaseError, PublicationError, UsageError
from popbase.intake.ledger import Identity, Judgement
from popbase.publish.staleness import Sender
from popbase.storage import reached, store

_FOLDER = "publications"
_FILE = re.compile(rf"{_FOLDER}/(\d{{8,}})\.json")


class DeliveryRef(BaseModel):
    """A delivery that the tables are made from: together they are the cursor of the next night.

    `judged`: how often it has been by then, for judged again it may have other rows.
    """

    model_config = ConfigDict(frozen=True)

    feed: str
    region: str
    business_date: date
    delivery_no: int
    judged: int = 1

    @property
    def identity(self) -> Identity:
        return self.region, self.business_date, self.delivery_no

    @classmethod
    def of(cls, judged: Judgement, times: int = 1) -> DeliveryRef:
        region, on, number = judged.identity
        return cls(feed=judged.feed, region=region, business_date=on, delivery_no=number, judged=times)


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
    reissued_at: datetime | None = None  # when a record was last erased from its tables
    passed: str = ""  # which gates let all its tables through (`gates.rules`); empty: not known, or not all
    told: Mapping[str, int] = {}  # what its run report says came, by the control tables' versions


class Publications:
    """All publications of a lake."""

    def __init__(self, lake: str | Path) -> None:
        self._store = store(lake)

    def numbers(self) -> list[int]:
        with reached(_FOLDER):
            found = [_FILE.fullmatch(file.path) for file in self._store.files(_FOLDER)]
        return sorted(int(match[1]) for match in found if match)

    def all(self) -> list[Publication]:
        return [self.get(seq) for seq in self.numbers()]

    def get(self, seq: int) -> Publication:
        if seq not in self.numbers():
            raise PublicationError(f"There is no publication {seq}; 'popbase publications' lists them.")
        with reached(_name(seq)):
            content = self._store.read(_name(seq))
        try:
            return Publication.model_validate_json(content)
        except ValidationError as error:
            raise PublicationError(
                f"{_name(seq)} is not a publication ({error.error_count()} faults); restore it from a copy."
            ) from error

    def current(self) -> Publication | None:
        """What readers see now; None before the first night."""
        numbers = self.numbers()
        return self.get(numbers[-1]) if numbers else None

    def shown(self) -> Publication:
        """What readers see now; raises PublicationError before the first night."""
        if (current := self.current()) is None:
            raise PublicationError(
                "Nothing is published yet; the first night does it: popbase night --date D."
            )
        return current

    def rolled_back(self) -> Publication | None:
        """What readers saw before they were taken back, as long as nothing was published since."""
        current = self.current()
        if current is None or current.of is None:
            return None
        nights = (p for seq in reversed(self.numbers()) if (p := self.get(seq)).kind != "rollback")
        newest = next(nights, None)
        # Readers may have been taken back to it since.
        return newest if newest and newest.tables != current.tables else None

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
        """Makes it current; raises LeaseError when another run has taken its number."""
        content = publication.model_dump_json(indent=1).encode() + b"\n"
        with reached(_name(publication.seq)):
            lease.check()
            created = self._store.create(_name(publication.seq), content)
        if not created:
            raise LeaseError(
                f"Another run published {publication.seq} first; this one published nothing: run it again."
            )
        return publication

    def reissue(self, publication: Publication) -> None:
        """The same publication at other versions; whoever reads it by then finds its files until they go."""
        lease.check()
        with reached(_name(publication.seq)):
            self._store.write(_name(publication.seq), publication.model_dump_json(indent=1).encode() + b"\n")

    def remove(self, seqs: Iterable[int]) -> None:
        """Old ones, whose tables' files are about to go; never the current one."""
        gone = sorted({*seqs} - set(self.numbers()[-1:]))
        lease.check()
        with reached(_FOLDER):
            self._store.delete(_name(seq) for seq in gone)

    def rollback(self, seq: int, *, at: datetime, code_version: str) -> Publication:
        """A new publication with the versions that `seq` showed; UsageError where readers see that now."""
        old, current = self.get(seq), self.get(max(self.numbers()))
        if seq in (current.seq, current.of):
            raise UsageError(f"Readers see publication {seq} already.")
        changes = {
            "seq": self.next_seq(),
            "kind": "rollback",
            "of": seq,
            "created_at": max(at, current.created_at),
            "code_version": code_version,
            "told": current.told,
            "passed": "",  # what gates let those tables through, this code cannot tell
        }
        return self.add(old.model_copy(update=changes))


def _name(seq: int) -> str:
    return f"{_FOLDER}/{seq:08d}.json"
