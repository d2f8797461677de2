"""What the departments have said, as frames: the ledger's deliveries, states at a date, lists.

Everything after intake reads through here, so that a table is a pure function of the accepted deliveries
and a date (invariant I2).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from pyspark.sql import DataFrame

from popbase import contracts
from popbase.base.spans import standing, versions_by
from popbase.base.state import record_versions
from popbase.intake import ledger
from popbase.intake.ingest import QUARANTINE_SCHEMA, conformed_schema
from popbase.intake.ledger import Identity, Judgement
from popbase.lake import Lake
from popbase.session import settled


@dataclass(frozen=True)
class Sources:
    """The deliveries as the ledgers have them at a version each (feed -> version)."""

    lake: Lake
    ledgers: Mapping[str, int]
    judgements: Mapping[str, tuple[Judgement, ...]] = field(repr=False)
    _kept: dict[str, tuple[date, DataFrame]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def now(cls, lake: Lake) -> Sources:
        versions = {feed: ledger.version(lake.root, feed) for feed in contracts.feed_names()}
        return cls.at(lake, {feed: version for feed, version in versions.items() if version is not None})

    @classmethod
    def at(cls, lake: Lake, ledgers: Mapping[str, int]) -> Sources:
        """What had been judged then; rows that were taken in since belong to no delivery of these."""
        known = {feed: ledger.read(lake.root, feed, version) for feed, version in ledgers.items()}
        return cls(lake, ledgers, {feed: tuple(known.get(feed, ())) for feed in contracts.feed_names()})

    def deliveries(self, as_of: date) -> tuple[Judgement, ...]:
        """Of every feed the deliveries in force at the date."""
        return tuple(chain.from_iterable(ledger.effective(js, as_of) for js in self.judgements.values()))

    def times_judged(self) -> Counter[tuple[str, Identity]]:
        """By feed and identity, how often a delivery was accepted or refused."""
        said = (j for js in self.judgements.values() for j in js if j.status != "withdrawn")
        return Counter((j.feed, j.identity) for j in said)

    def withdrawn(self) -> set[tuple[str, Identity]]:
        """Feed and identity of the deliveries of which nothing is used any more."""
        standing = (j for js in self.judgements.values() for j in ledger.standing(js))
        return {(j.feed, j.identity) for j in standing if j.status == "withdrawn"}

    def dates(self, feed: str, until: date) -> list[date]:
        """The business dates of the feed's deliveries in force."""
        return sorted({j.business_date for j in ledger.effective(self.judgements[feed], until)})

    def state(self, feed: str, as_of: date) -> DataFrame:
        """One row is a record that exists at the date (`spans.standing`)."""
        until, kept = self._kept.get(feed, (date.min, None))
        return standing(self._versions(feed, as_of) if kept is None or until < as_of else kept, as_of)

    def spans(self, feed: str, until: date) -> DataFrame:
        """One row is a version of a record (`state.record_versions`)."""
        known_until, kept = self._kept.get(feed, (date.min, None))
        if kept is None or known_until < until:
            return self._versions(feed, until)
        return kept if known_until == until else versions_by(kept, until)

    def newest_snapshots(self, feeds: Iterable[str], as_of: date) -> DataFrame:
        """One row is a bureau of a feed (feed, region) and `snapshot_on`, its newest snapshot by the date."""
        newest: dict[tuple[str, str], date] = {}
        for feed in feeds:
            for j in ledger.effective(self.judgements[feed], as_of):
                if j.kind == "snapshot":
                    newest[feed, j.region] = max(j.business_date, newest.get((feed, j.region), date.min))
        rows = [(*bureau, on) for bureau, on in sorted(newest.items())]
        return self.lake.spark.createDataFrame(rows, "feed string, region string, snapshot_on date")

    def keep(self, feed: str, until: date) -> None:
        """Computes the feed's spans once, for `spans` and for every later `state` up to the date."""
        self._kept[feed] = until, settled(self._versions(feed, until))

    def _versions(self, feed: str, until: date) -> DataFrame:
        told = self.conformed(feed), self.refused(feed), self.judgements[feed]
        return record_versions(contracts.feed(feed), *told, until=until)

    def forget(self) -> None:
        """Gives back the room of all that many rows took, here and on the way from here to the tables."""
        self.lake.spark.catalog.clearCache()

    def stored_rows(self, feed: str, deliveries: Iterable[Judgement]) -> int:
        """Rows that `conformed/<feed>` holds of these deliveries, by its log alone."""
        places = {(j.region, j.business_date, j.delivery_no) for j in deliveries}
        return sum(
            n for place, n in self.lake.rows_by_partition(f"conformed/{feed}").items() if place in places
        )

    def conformed(self, feed: str) -> DataFrame:
        return self._table(f"conformed/{feed}", conformed_schema(contracts.feed(feed)))

    def refused(self, feed: str) -> DataFrame:
        return self._table(f"quarantine/{feed}", QUARANTINE_SCHEMA)

    def _table(self, table: str, schema: str) -> DataFrame:
        """The table, or no rows where nothing was ever written to it."""
        return (
            self.lake.read(table) if self.lake.exists(table) else self.lake.spark.createDataFrame([], schema)
        )
