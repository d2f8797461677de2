"""What a night did, as one object: the page, the terminal and `--json` all show it. Counts only (I5)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter

from popbase import clock
from popbase.intake.ledger import Judgement
from popbase.publish.staleness import Sender
from popbase.storage import store

# published: readers see tonight's tables. unchanged: nothing came and nothing fell due, readers keep what
# they had, and that is right. held: readers keep what they had because something is wrong.
Outcome = Literal["published", "unchanged", "held"]

_NAME_LENGTH = 40

REPORTS = "reports"
PAGE, DATA = "index.html", "night.json"
_STARTED = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class Stage:
    name: str
    seconds: float


@dataclass(frozen=True)
class DeliveryLine:
    """One delivery that this night judged; a refused row may count under several reasons."""

    feed: str
    region: str
    business_date: date
    delivery_no: int
    status: str
    reason: str | None
    rows_received: int
    rows_accepted: int
    rows_quarantined: int
    rows_superseded: int
    rows_withheld: int
    reasons: Mapping[str, int] = field(default_factory=dict)
    detail: str | None = None  # a sentence for the sender of a refused one

    @classmethod
    def of(cls, judgement: Judgement, reasons: Mapping[str, int] | None = None) -> DeliveryLine:
        names = {f.name for f in fields(cls)} - {"reasons"}
        return cls(**{name: getattr(judgement, name) for name in names}, reasons=dict(reasons or {}))

    @property
    def name(self) -> str:
        return f"{self.feed} {self.region} {self.business_date} {self.delivery_no:03d}"


@dataclass(frozen=True)
class Notice:
    """Something about a delivery that stopped nothing: `manifest.changed`, `column.unknown`."""

    feed: str
    region: str
    business_date: date
    delivery_no: int
    code: str
    detail: str = ""  # a file's or a column's name

    def __post_init__(self) -> None:
        # Senders choose these names: one that may hold a citizen's number is left out (invariant I5).
        if len(self.detail) > _NAME_LENGTH or re.search(r"\d{6}", self.detail):
            object.__setattr__(self, "detail", "")

    @property
    def name(self) -> str:
        return f"{self.feed} {self.region} {self.business_date} {self.delivery_no:03d}"


@dataclass(frozen=True)
class GateLine:
    """An expectation that failed: what it says, and the number found against what must be."""

    table: str
    expectation: str
    severity: Literal["critical", "warning"]
    observed: float | None
    expected: str
    says: str

    @property
    def found(self) -> str:
        observed = "nothing to judge" if self.observed is None else f"{self.observed:,.6g}"
        return f"{self.expectation} is {observed}, must be {self.expected}"


# Kinds of case that departments are told of, and mend.
OF_SECTORS = frozenset(
    {"not_in_register", "name_mismatch", "dead_but_active", "former_number", "mistyped_number"}
)


@dataclass(frozen=True)
class NightReport:
    """A night for one business date; `publication` is what readers see when it is over."""

    business_date: date
    started: datetime
    ended: datetime
    outcome: Outcome
    publication: int | None
    why: str | None = None  # one sentence, where the night was held
    deliveries: tuple[DeliveryLine, ...] = ()
    senders: tuple[Sender, ...] = ()
    notices: tuple[Notice, ...] = ()
    strays: Mapping[str, int] = field(default_factory=dict)  # folders that are no deliveries, by feed
    gates: tuple[GateLine, ...] = ()
    gates_checked: int = 0
    cases: Mapping[str, int] = field(default_factory=dict)  # opened tonight, by kind
    stages: tuple[Stage, ...] = ()

    @property
    def to_decide(self) -> int:
        """New cases of the register's own, which decisions answer."""
        return sum(n for kind, n in self.cases.items() if kind not in OF_SECTORS)

    @property
    def to_mend(self) -> int:
        """New cases about sectors' records, which their departments mend."""
        return sum(n for kind, n in self.cases.items() if kind in OF_SECTORS)

    @property
    def rejected(self) -> list[DeliveryLine]:
        return [d for d in self.deliveries if d.status == "rejected"]

    @property
    def late(self) -> list[Sender]:
        """The longest overdue first; feeds that nobody ever sent before all."""
        overdue = [s for s in self.senders if s.late]
        return sorted(overdue, key=lambda s: (s.days_late is not None, -(s.days_late or 0), s.feed))

    @property
    def seconds(self) -> float:
        return (self.ended - self.started).total_seconds()

    @property
    def folder(self) -> str:
        return report_folder(self.business_date, self.started)

    def of_feed(self, feed: str) -> FeedTotals:
        return FeedTotals.of(feed, self)

    @property
    def totals(self) -> list[FeedTotals]:
        """One line for every feed that delivered tonight or ever should have."""
        feeds = {d.feed for d in self.deliveries} | {s.feed for s in self.senders}
        return [self.of_feed(feed) for feed in sorted(feeds)]


@dataclass(frozen=True)
class FeedTotals:
    """One feed's night: received = accepted + quarantined + superseded + withheld (invariant I1)."""

    feed: str
    accepted_deliveries: int
    rejected_deliveries: int
    late: int
    received: int
    accepted: int
    quarantined: int
    superseded: int
    withheld: int
    reasons: tuple[tuple[str, int], ...]  # the most frequent first

    @classmethod
    def of(cls, feed: str, night: NightReport) -> FeedTotals:
        lines = [d for d in night.deliveries if d.feed == feed]
        return cls(
            feed=feed,
            accepted_deliveries=sum(d.status == "accepted" for d in lines),
            rejected_deliveries=sum(d.status == "rejected" for d in lines),
            late=sum(s.late for s in night.senders if s.feed == feed),
            received=sum(d.rows_received for d in lines),
            accepted=sum(d.rows_accepted for d in lines),
            quarantined=sum(d.rows_quarantined for d in lines),
            superseded=sum(d.rows_superseded for d in lines),
            withheld=sum(d.rows_withheld for d in lines),
            reasons=_most_frequent(d.reasons for d in lines),
        )


def _most_frequent(tallies: Iterable[Mapping[str, int]]) -> tuple[tuple[str, int], ...]:
    together: Counter[str] = Counter()
    for tally in tallies:
        together.update(tally)
    return tuple(sorted(together.items(), key=lambda item: (-item[1], item[0])))


def report_folder(business_date: date, started: datetime) -> str:
    """Below the lake; it is named in the publication, which is made before the report is."""
    return f"{REPORTS}/{business_date}-{started.strftime(_STARTED)}"


def to_json(report: NightReport) -> bytes:
    return TypeAdapter(NightReport).dump_json(report, indent=1)


def newest(lake: str | Path) -> NightReport | None:
    """The report of the night that started last."""
    reports = store(lake)
    found = [file.path for file in reports.files(REPORTS) if file.path.endswith(f"/{DATA}")]
    last = max(found, key=lambda path: _started(path.split("/")[-2]), default=None)
    return TypeAdapter(NightReport).validate_json(reports.read(last)) if last else None


def last_started(lake: str | Path) -> datetime | None:
    """When the night began whose report's folder is the newest, whether it got done or not."""
    began = max(map(_started, store(lake).folders(REPORTS)), default="")
    return datetime.strptime(began, _STARTED).replace(tzinfo=clock.ZONE) if began else None


def _started(folder: str) -> str:
    return folder.rpartition("-")[2]


def read(lake: str | Path, folder: str) -> NightReport | None:
    """None where its night was killed before it was told."""
    try:
        return TypeAdapter(NightReport).validate_json(store(lake).read(f"{folder}/{DATA}"))
    except FileNotFoundError:
        return None


def is_of_a_publication(lake: str | Path, folder: str) -> bool:
    """Whether it tells of a night that published, or of none: that one laid out its forms and was killed."""
    report = read(lake, folder)
    return report is None or report.outcome == "published"
