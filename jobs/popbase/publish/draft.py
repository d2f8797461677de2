"""The draft: the tables that the next publication will show, and the deliveries that they were made from.

Base, reports and publication may be three runs, and departments deliver in between: whoever publishes must
name the deliveries that the tables hold, not those that the ledger holds by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from popbase.control import overwrite_small, read_small
from popbase.errors import LeaseError

_TABLE = "control/draft"
_COUNTS = pa.map_(pa.string(), pa.int64())
_SCHEMA = pa.schema(
    [("as_of", pa.date32()), ("ledgers", _COUNTS), ("tables", _COUNTS), ("made_by", pa.string())]
)


@dataclass(frozen=True)
class Draft:
    """`ledgers`: feed -> version of its ledger; `tables`: path of a table -> its version; `made_by`: which
    code and contracts (`contracts.fingerprint`) made them: others may make other rows of the same deliveries.
    """

    as_of: date
    ledgers: Mapping[str, int]
    tables: Mapping[str, int]
    made_by: str = ""

    def write(self, lake: str) -> Draft:
        counts = {"ledgers": [*self.ledgers.items()], "tables": [*self.tables.items()]}
        row = {"as_of": self.as_of, **counts, "made_by": self.made_by}
        overwrite_small(lake, _TABLE, [row], _SCHEMA)
        return self

    def check(self, heads: Mapping[str, int], *, below: str = "") -> None:
        """Raises LeaseError where a table has been written since: whoever did that was not done."""
        every = {table for table in {*heads, *self.tables} if table.startswith(below)}
        odd = sorted(table for table in every if heads.get(table) != self.tables.get(table))
        if odd:
            raise LeaseError(f"Another run has begun to write {', '.join(odd)}; make the base again.")


def read(lake: str) -> Draft | None:
    """The newest draft; None before the first base tables."""
    for row in read_small(lake, _TABLE):
        return Draft(row["as_of"], dict(row["ledgers"]), dict(row["tables"]), row.get("made_by") or "")
    return None
