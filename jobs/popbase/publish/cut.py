"""A record that goes, and what is cut from one table for it; `cuts` says what is cut from each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from popbase.contracts import Contract
from popbase.publish.tables import arrow, key_text

# The record's own, as SQL beside its `sources`.
REGION, KEY = "(SELECT region FROM asked)", "(SELECT key FROM asked)"


@dataclass(frozen=True)
class Record:
    """A record by its feed, its bureau and its key, whose parts `|` joins. The key is a citizen's data."""

    contract: Contract
    region: str
    key: str = field(repr=False)

    @property
    def holds(self) -> str:
        """SQL beside `sources`: whether a row with the contract's fields is of the record."""
        return f"region = {REGION} AND {key_text(self.contract)} = {KEY}"

    @property
    def sources(self) -> dict[str, pa.Table]:
        return {"asked": pa.Table.from_pydict({"region": [self.region], "key": [self.key]})}


@dataclass(frozen=True)
class Cut:
    """Of one table: SQL for the rows that go, for those that are mended, and how: column -> its new value.

    `sources`: the tables that the SQL names beside the one that is cut, which is `t`.
    """

    gone: str = "false"
    mends: str = "false"
    mended: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, pa.Table] = field(default_factory=dict, repr=False)

    @property
    def touches(self) -> str:
        return f"coalesce({self.gone}, false) OR coalesce({self.mends}, false)"

    @cached_property
    def name(self) -> str:
        """Equal of those that cut alike; in memory alone."""
        said = (self.gone, self.mends, dict(self.mended))
        return repr((said, {name: rows.to_pylist() for name, rows in self.sources.items()}))

    @cached_property
    def words(self) -> frozenset[str]:
        """Among them the columns by which it is told what it touches."""
        return frozenset(re.findall(r"\w+", self.touches))

    def rows_touched(self, rows: pa.Table) -> int:
        (count,) = arrow(f"SELECT count(*) FROM t WHERE {self.touches}", t=rows, **self.sources)[0]  # noqa: S608
        return int(count.as_py())

    def of(self, rows: pa.Table) -> pa.Table:
        """The rows that stay, mended; with the very types that they came with."""
        new = (
            f"if(coalesce({self.mends}, false), {sql}, {name}) AS {name}" for name, sql in self.mended.items()
        )
        mended = f"REPLACE ({', '.join(new)})" if self.mended else ""
        sql = f"SELECT * {mended} FROM t WHERE NOT coalesce({self.gone}, false)"  # noqa: S608 - ours
        return arrow(sql, t=rows, **self.sources).cast(rows.schema)
