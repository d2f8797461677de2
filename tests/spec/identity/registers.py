"""Registers as small text tables: letters stand for citizen numbers, and every column has a default.

All numbers are made up: their birth date lies in 1800, an even
sequence (a woman's) counts the letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lib.tables import parse_table
from lib.tables import rows as rows_of

from popbase.identity.anchors import apart
from popbase.identity.persons import Identity, resolve

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

RECORD = {
    "record": "330100/1", "citizen_id": None, "name": "王芳", "former_name": None, "sex": "2",
    "birth_date": "1800-01-01", "household_no": "H1", "household_kind": "10", "hukou_nature": "12",
    "relation_to_head": "02", "registered_area": "330102001001", "registered_on": "2000-01-01",
    "converted_on": None, "unsettled_reason": None, "ended_on": None, "end_reason": None,
    "updated_at": None, "flags": None, "first_date": "2014-01-01", "anchor_region": None,
    "as_of": "2016-01-01", "until": None,
}  # fmt: skip
RECORD_TYPES = {
    "birth_date": "date", "registered_on": "date", "converted_on": "date", "ended_on": "date",
    "updated_at": "timestamp", "flags": "array<string>", "first_date": "date", "as_of": "date",
    "until": "date",
}  # fmt: skip
DECISION = {
    "decision_no": "1", "kind": "12", "record": None, "other": None, "old": None, "new": None,
    "revokes": None,
    "effective_on": "2015-01-01", "authority": "杭州市公安局", "updated_at": "2015-01-01", "region": "330100",
    "as_of": "2016-01-01", "until": None,
}  # fmt: skip
DECISION_TYPES = {"effective_on": "date", "updated_at": "timestamp", "as_of": "date", "until": "date"}
NO_DECISIONS = "decision_no | kind | as_of\n- | 99 | 1999-01-01"


@dataclass(frozen=True)
class Case:
    """Registers and decisions, and what comes of them on the day they stand at.

    `persons`: (its records, number carried, number claimed, id_status), `findings`: (kind, its records,
    decision_no), both sorted. `{today}` and `{tomorrow}` in the tables are that day and the next.
    """

    records: str
    decisions: str | None
    persons: list[tuple[Any, ...]]
    findings: list[tuple[Any, ...]]


class Cases:
    """`resolve` over many cases at once, each at a date of its own: every date is resolved by itself."""

    def __init__(self, spark: SparkSession, cases: Mapping[str, Case]) -> None:
        self._days = {name: date(2016, 1, 1) + timedelta(days=turn) for turn, name in enumerate(cases)}
        named = [(self._days[name], case) for name, case in cases.items()]
        register = [r for day, case in named for r in register_rows(_dated(case.records, day), str(day))]
        decisions = [
            d
            for day, case in named
            for d in decision_rows(_dated(case.decisions or NO_DECISIONS, day), str(day))
        ]
        self.identity = resolved(spark, register, decisions)

    def persons(self, name: str) -> list[tuple[Any, ...]]:
        return self._people[self._days[name]]

    def findings(self, name: str) -> list[tuple[Any, ...]]:
        return self._findings.get(self._days[name], [])

    def rows(self, table: str, name: str, *columns: str) -> list[tuple[Any, ...]]:
        frame: DataFrame = getattr(self.identity, table)
        return rows_of(frame.where(f"as_of = '{self._days[name]}'"), *columns)

    @cached_property
    def _people(self) -> dict[date, list[tuple[Any, ...]]]:
        return people(self.identity)

    @cached_property
    def _findings(self) -> dict[date, list[tuple[Any, ...]]]:
        return findings(self.identity)


def _dated(table: str, day: date) -> str:
    return table.format(today=day, tomorrow=day + timedelta(days=1))


def number(letter: str | None) -> str | None:
    """The 18 characters that a letter of a test stands for; longer texts stand for themselves."""
    if letter is None or len(letter) > 1:
        return letter
    digits = f"33010218000101{2 * (ord(letter) - ord('A')):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


def letter(citizen_id: str | None) -> str | None:
    return citizen_id and chr(ord("A") + int(citizen_id[14:17]) // 2)


def register_rows(text: str, as_of: str | None = None) -> list[dict[str, Any]]:
    """The register's state from a text table; `record` is 'region/record_no'."""
    rows = [RECORD | {"as_of": as_of or RECORD["as_of"]} | row for row in parse_table(text)]
    for row in rows:
        region, row["record_no"] = str(row.pop("record")).split("/")
        row |= {"region": region, "anchor_region": row["anchor_region"] or region}
        row |= {
            "citizen_id": number(row["citizen_id"]),
            "updated_at": row["updated_at"] or row["registered_on"],
        }
        row["flags"] = (row["flags"] or "").split()
    return rows


def decision_rows(text: str, as_of: str | None = None) -> list[dict[str, Any]]:
    """The state of id_correction from a text table; `record` and `other` are 'region/record_no'."""
    rows = [DECISION | {"as_of": as_of or DECISION["as_of"]} | row for row in parse_table(text)]
    for row in rows:
        row["register_region"], row["record_no"] = (row.pop("record") or "/").split("/")
        row["other_region"], row["other_record_no"] = (row.pop("other") or "/").split("/")
        row["old_citizen_id"], row["new_citizen_id"] = number(row.pop("old")), number(row.pop("new"))
    return [{k: v or None for k, v in row.items()} for row in rows]


def resolved(spark: SparkSession, records: list[dict[str, Any]], decisions: list[dict[str, Any]]) -> Identity:
    """`resolve` over rows of both feeds."""
    register = apart(_frame(spark, records, RECORD_TYPES), "as_of")
    found = resolve(register, _frame(spark, decisions, DECISION_TYPES))
    found.records.persist()
    return found


def people(found: Identity) -> dict[date, list[tuple[Any, ...]]]:
    """Each date's persons by their records, winner first; those of the region 330100 go by number alone."""
    members = defaultdict(list)
    for r in found.person_record.collect():
        members[r.as_of, r.person_id].append((r.role != "WINNER", f"{r.region}/{r.record_no}"))
    rows = found.person.collect()
    assert len({(p.as_of, p.person_id) for p in rows}) == len(rows) == len(members)
    days = defaultdict(list)
    for p in rows:
        records = " ".join(_short([ref for _, ref in sorted(members[p.as_of, p.person_id])]))
        days[p.as_of].append((records, letter(p.citizen_id), letter(p.claimed_citizen_id), p.id_status))
    return {day: sorted(rows) for day, rows in sorted(days.items())}


def findings(found: Identity) -> dict[date, list[tuple[Any, ...]]]:
    """Each date's findings as (kind, its records, decision_no)."""
    days = defaultdict(list)
    for f in found.findings.collect():
        days[f.as_of].append((f.kind, " ".join(_short(f.record_nos)), f.decision_no))
    return {day: sorted(rows) for day, rows in sorted(days.items())}


def _short(refs: list[str]) -> list[str]:
    return [ref.removeprefix("330100/") for ref in refs]


def _frame(spark: Any, rows: list[dict[str, Any]], types: dict[str, str]) -> DataFrame:
    names = list(rows[0])
    raw = ", ".join(
        f"{n} {'array<string>' if types.get(n, '').startswith('array') else 'string'}" for n in names
    )
    frame = spark.createDataFrame([tuple(row[n] for n in names) for row in rows], raw)
    return frame.selectExpr(*(f"CAST({n} AS {types.get(n, 'string')}) AS {n}" for n in names))
