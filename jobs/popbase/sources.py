"""What the departments have said, as frames: the ledger's deliveries, states at a date, lists.

Everything after intake reads through here, so that a table is a pure function of the accepted deliveries
and a date (invariant I2).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import contracts
from popbase.base.state import record_versions, standing
from popbase.intake import ledger
from popbase.intake.ingest import QUARANTINE_SCHEMA, conformed_schema
from popbase.intake.ledger import Judgement
from popbase.lake import Lake
from popbase.publish.publication import DeliveryRef
from popbase.session import settled


@dataclass(frozen=True)
class Sources:
    """The accepted deliveries as the ledger has them when the object is made."""

    lake: Lake
    judgements: Mapping[str, tuple[Judgement, ...]] = field(repr=False)
    _kept: dict[str, tuple[date, DataFrame]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def now(cls, lake: Lake) -> Sources:
        return cls(lake, {feed: tuple(ledger.read(lake.root, feed)) for feed in contracts.feed_names()})

    def deliveries(self, as_of: date) -> tuple[DeliveryRef, ...]:
        """What is in force at the date: the cursor of a publication."""
        return tuple(
            DeliveryRef(
                feed=j.feed, region=j.region, business_date=j.business_date, delivery_no=j.delivery_no
            )
            for judgements in self.judgements.values()
            for j in ledger.effective(judgements, as_of)
        )

    def state(self, feed: str, as_of: date) -> DataFrame:
        """One row is a record that exists at the date (`state.standing`)."""
        until, spans = self._kept.get(feed, (date.min, None))
        if spans is None or until < as_of:
            spans = self._versions(feed, as_of)
        return standing(spans, as_of)

    def spans(self, feed: str, until: date) -> DataFrame:
        """One row is a version of a record (`state.record_versions`); kept for every state up to the date."""
        spans = settled(self._versions(feed, until))
        self._kept[feed] = until, spans
        return spans

    def _versions(self, feed: str, until: date) -> DataFrame:
        told = self.conformed(feed), self.refused(feed), self.judgements[feed]
        return record_versions(contracts.feed(feed), *told, until=until)

    def release(self) -> None:
        """Gives back the room of all that was kept, here and on the way from here to the tables."""
        self._kept.clear()
        self.lake.spark.catalog.clearCache()

    def lists(self, feed: str, until: date) -> DataFrame:
        """Every row of a reference feed's deliveries in force, each list by its business date."""
        places = [
            (j.region, j.business_date, j.delivery_no) for j in ledger.effective(self.judgements[feed], until)
        ]
        in_force = self.lake.spark.createDataFrame(
            places, "region string, business_date date, delivery_no int"
        )
        rows = self.conformed(feed).where(F.col("op") == "U")
        return rows.join(
            F.broadcast(in_force), on=["region", "business_date", "delivery_no"], how="left_semi"
        )

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
