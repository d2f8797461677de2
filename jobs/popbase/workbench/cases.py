"""Cases as the correction office works through them: found, and looked into.

Read from one publication by delta-rs and DuckDB. Names and numbers stand in `revealed` alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from popbase import table_contracts
from popbase.contracts import REGISTER
from popbase.errors import UsageError
from popbase.publish.publication import Publication, Publications
from popbase.publish.tables import open_table, query

Rows = list[dict[str, Any]]

TABLE, FINDINGS = "base/id_case", "base/sector_finding"
_SHORTEST = 4  # characters of a case's id that may stand for all of it

_FOUND = """
    SELECT case_id, kind, status, opened_on, closed_on, len(record_nos) AS records
    FROM cases
    WHERE ($kind::TEXT IS NULL OR kind = $kind)
      AND ($status::TEXT IS NULL OR status = $status)
      AND ($region::TEXT IS NULL OR len(list_filter(record_nos, lambda ref: starts_with(ref, $region))) > 0)
      AND ($since::DATE IS NULL OR opened_on >= $since OR closed_on >= $since)
    ORDER BY opened_on DESC, kind, case_id
"""

_ONE = "SELECT * FROM cases WHERE starts_with(case_id, $case) ORDER BY case_id LIMIT 2"

_ALL = """
    SELECT * FROM cases WHERE case_id IN (SELECT unnest($cases::TEXT[])) ORDER BY kind, opened_on, case_id
"""

# A sector may key its records by a number: none is shown.
_RECORDS = r"""
    WITH named AS (
      SELECT split_part(ref, '/', 1) AS region, substr(ref, strpos(ref, '/') + 1) AS record_no
      FROM (SELECT unnest($refs::TEXT[]) AS ref)
    )
    SELECT n.region, if(r.role IS NULL, regexp_replace(n.record_no, '\d{14}', '*'), n.record_no) AS record_no,
      coalesce(r.role, if(contains(n.record_no, ':'), 'SECTOR', NULL)) AS role, p.id_status, p.status
    FROM named AS n
    LEFT JOIN records AS r USING (region, record_no)
    LEFT JOIN persons AS p USING (person_id)
    ORDER BY n.region, n.record_no
"""

# Of each record the newest version that the publication's deliveries brought.
_REVEALED = """
    SELECT region, record_no, citizen_id, name, former_name, sex, birth_date, registered_area, registered_on
    FROM register AS v SEMI JOIN deliveries USING (region, business_date, delivery_no)
    WHERE v.region || '/' || v.record_no IN (SELECT unnest($refs::TEXT[]))
    QUALIFY row_number() OVER (
      PARTITION BY region, record_no ORDER BY business_date DESC, delivery_no DESC
    ) = 1
    ORDER BY region, record_no
"""

# A sector's record as it last stood in a finding.
_REVEALED_BY_SECTORS = """
    SELECT region, feed || ':' || record_key AS record_no, citizen_id, name, NULL AS former_name, sex,
      birth_date, area AS registered_area, NULL AS registered_on
    FROM found
    WHERE region || '/' || feed || ':' || record_key IN (SELECT unnest($refs::TEXT[]))
    QUALIFY row_number() OVER (PARTITION BY feed, region, record_key ORDER BY valid_from DESC, finding) = 1
    ORDER BY region, record_no
"""


@dataclass(frozen=True)
class Wanted:
    """Which cases; None is all. `region`: a bureau, or a province or city by its first digits."""

    kind: str | None = None
    status: str | None = None
    region: str | None = None
    since: date | None = None


@dataclass(frozen=True)
class Case:
    """`evidence`: field -> agrees, differs or another verdict; `refs`: the records as the case names them;
    `records`: one row a record, as it may be shown.
    """

    facts: dict[str, Any]
    evidence: dict[str, str]
    refs: list[str]
    records: Rows


class CaseFile:
    """The cases of the publication that readers see now; raises PublicationError where there is none."""

    def __init__(self, lake: str) -> None:
        self.lake, self.publication = lake, Publications(lake).shown()

    def found(self, wanted: Wanted) -> Rows:
        """The last opened first."""
        if wanted.kind is not None and wanted.kind not in (known := kinds()):
            raise UsageError(f"There is no kind of case '{wanted.kind}'; there are {', '.join(known)}.")
        asked = {name: getattr(wanted, name) for name in ("kind", "status", "region", "since")}
        return query(_FOUND, asked, cases=self._table(TABLE))

    def one(self, case_id: str) -> Case:
        """The case of this id, or of the only one that begins so."""
        if len(case_id) < _SHORTEST:
            raise UsageError(f"A case's id is given by its first {_SHORTEST} characters at least.")
        rows = query(_ONE, {"case": case_id}, cases=self._table(TABLE))
        if len(rows) != 1:
            raise UsageError(f"{'No case' if not rows else 'More than one case'} has the id '{case_id}'.")
        tables = {"records": self._table("base/person_record"), "persons": self._table("base/person")}
        return _case(rows[0], query(_RECORDS, {"refs": rows[0]["record_nos"]}, **tables))

    def all(self, case_ids: Sequence[str]) -> list[Case]:
        """These cases, without what is known of their records."""
        rows = query(_ALL, {"cases": list(case_ids)}, cases=self._table(TABLE))
        return [_case(row, []) for row in rows]

    def revealed(self, refs: Sequence[str]) -> Rows:
        """What the records say of people. Whoever asks has written down that they do (`audit.note`)."""
        tables = {
            "register": open_table(self.lake, f"conformed/{REGISTER}"),
            "deliveries": _deliveries(self.publication),
        }
        asked = {"refs": list(refs)}
        of_sectors = query(_REVEALED_BY_SECTORS, asked, found=self._table(FINDINGS))
        return [*query(_REVEALED, asked, **tables), *of_sectors]

    def _table(self, table: str) -> Any:
        return open_table(self.lake, table, self.publication.tables[table])


def _case(row: dict[str, Any], records: Rows) -> Case:
    facts = {name: value for name, value in row.items() if name not in ("record_nos", "evidence")}
    return Case(facts, said(row["evidence"]), row["record_nos"], records)


def kinds() -> list[str]:
    """Every kind of case, as the table's contract lists them."""
    columns = {column.name: column for column in table_contracts.tables()[TABLE].columns}
    return list(columns["kind"].codes)


def said(evidence: str | None) -> dict[str, str]:
    """'name=differs;sex=agrees' by field."""
    pairs = (part.partition("=") for part in (evidence or "").split(";") if part)
    return {field: verdict for field, _, verdict in pairs}


def counted(found: Iterable[dict[str, Any]]) -> Rows:
    """How many cases there are of each kind, open and closed."""
    tally = Counter((c["kind"], c["status"]) for c in found)
    return [{"kind": kind, "status": status, "cases": n} for (kind, status), n in sorted(tally.items())]


def _deliveries(publication: Publication) -> pa.Table:
    columns = [("region", pa.string()), ("business_date", pa.date32()), ("delivery_no", pa.int32())]
    names = [name for name, _ in columns]
    rows = [dict(zip(names, d.identity, strict=True)) for d in publication.deliveries if d.feed == REGISTER]
    return pa.Table.from_pylist(rows, schema=pa.schema(columns))
