"""Registers as small text tables: letters stand for citizen numbers, and every column has a default.

All numbers are made up: their birth date lies in 1800, an even
sequence (a woman's) counts the letters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from lib.tables import parse_table

from popbase.identity.persons import Identity, resolve

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

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


def number(letter: str | None) -> str | None:
    """The 18 characters that a letter of a test stands for; longer texts stand for themselves."""
    if letter is None or len(letter) > 1:
        return letter
    digits = f"33010218000101{2 * (ord(letter) - ord('A')):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(d) * w for d, w in zip(digits, weights, strict=True)) % 11]


def letter(citizen_id: str | None) -> str | None:
    return citizen_id and chr(ord("A") + int(citizen_id[14:17]) // 2)


@pytest.fixture
def register(spark: Any) -> Callable[[str], DataFrame]:
    """The register's state from a text table; `record` is 'region/record_no'."""

    def build(text: str) -> DataFrame:
        rows = [RECORD | row for row in parse_table(text)]
        for row in rows:
            region, row["record_no"] = str(row.pop("record")).split("/")
            row |= {"region": region, "anchor_region": row["anchor_region"] or region}
            row |= {
                "citizen_id": number(row["citizen_id"]),
                "updated_at": row["updated_at"] or row["registered_on"],
            }
            row["flags"] = (row["flags"] or "").split()
        return _frame(spark, rows, RECORD_TYPES)

    return build


@pytest.fixture
def decided(spark: Any) -> Callable[[str], DataFrame]:
    """The state of id_correction from a text table; `record` and `other` are 'region/record_no'."""

    def build(text: str) -> DataFrame:
        rows = [DECISION | row for row in parse_table(text)]
        for row in rows:
            row["register_region"], row["record_no"] = (row.pop("record") or "/").split("/")
            row["other_region"], row["other_record_no"] = (row.pop("other") or "/").split("/")
            row["old_citizen_id"], row["new_citizen_id"] = number(row.pop("old")), number(row.pop("new"))
        return _frame(spark, [{k: v or None for k, v in row.items()} for row in rows], DECISION_TYPES)

    return build


@pytest.fixture
def identity(register: Any, decided: Any) -> Callable[..., Identity]:
    """`resolve` over text tables, once for each pair of them."""

    @cache
    def build(records: str, decisions: str = NO_DECISIONS) -> Identity:
        found = resolve(register(records), decided(decisions))
        found.records.persist()
        return found

    return build


@pytest.fixture
def persons(identity: Any) -> Callable[..., list[tuple[Any, ...]]]:
    """Each person as (its records, number carried, number claimed, id_status)."""
    return lambda *tables: people(identity(*tables))


@pytest.fixture
def cases(identity: Any) -> Callable[..., list[tuple[Any, ...]]]:
    """Each finding as (kind, its records, decision_no)."""

    def build(*tables: str) -> list[tuple[Any, ...]]:
        found = identity(*tables).findings.collect()
        return sorted((f.kind, " ".join(_short(f.record_nos)), f.decision_no) for f in found)

    return build


def people(found: Identity) -> list[tuple[Any, ...]]:
    """Persons by their records, winner first; records of the region 330100 go by number alone."""
    members: dict[tuple[Any, str], list[tuple[str, str]]] = {}
    for r in found.person_record.collect():
        members.setdefault((r.as_of, r.person_id), []).append(
            (r.role != "WINNER", f"{r.region}/{r.record_no}")
        )
    rows = found.person.collect()
    assert len({(p.as_of, p.person_id) for p in rows}) == len(rows) == len(members)
    return sorted(
        (
            " ".join(_short([ref for _, ref in sorted(members[p.as_of, p.person_id])])),
            letter(p.citizen_id),
            letter(p.claimed_citizen_id),
            p.id_status,
        )
        for p in rows
    )


def _short(refs: list[str]) -> list[str]:
    return [ref.removeprefix("330100/") for ref in refs]


def _frame(spark: Any, rows: list[dict[str, Any]], types: dict[str, str]) -> DataFrame:
    names = list(rows[0])
    raw = ", ".join(
        f"{n} {'array<string>' if types.get(n, '').startswith('array') else 'string'}" for n in names
    )
    frame = spark.createDataFrame([tuple(row[n] for n in names) for row in rows], raw)
    return frame.selectExpr(*(f"CAST({n} AS {types.get(n, 'string')}) AS {n}" for n in names))
