"""The model's answers and the base's, case by case, and how the smallest disagreement is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from lib import model_base, model_identity, model_numbers
from lib.cases import NIGHTS
from lib.sent import Case
from popbase.control import read_small

Row = tuple[tuple[str, Any], ...]
TABLES = ("person", "person_record", "household", "id_case", "id_history", "unregistered", "education",
          "housing", "social_security", "person_history", "event", "sector_finding")  # fmt: skip
# What no rule makes: it must tell rows apart, and nothing else.
OPAQUE = {"id_case": "case_id"}
NAMING = ("region", "person_id", "citizen_id", "household_id", "decision_no")


@dataclass(frozen=True)
class Disagreement:
    """Rows of one case and table after one night that only the model has, and those only the base has."""

    case: int
    night: int
    table: str
    missing: Sequence[Row]
    surplus: Sequence[Row]

    def __str__(self) -> str:
        lines = [f"base/{self.table} on {NIGHTS[self.night]}, case {self.case}"]
        lines += [f"  only the model: {told(row)}" for row in self.missing]
        lines += [f"  only the base:  {told(row)}" for row in self.surplus]
        return "\n".join(lines)


def told(row: Row) -> str:
    return " ".join(f"{name}={_short(value)}" for name, value in row if value is not None)


def _short(value: Any) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)


def report(found: Sequence[Disagreement], cases: Sequence[Case]) -> str:
    """The smallest case that disagrees, and everything said of it."""
    smallest = min((d.case for d in found), key=lambda at: (cases[at].size, at))
    said = [str(d) for d in found if d.case == smallest]
    counts, disagreeing = Counter(d.table for d in found), {d.case for d in found}
    return "\n".join([
        f"{len(disagreeing)} of {len(cases)} cases disagree, by table {dict(counts)}. The smallest:",
        *describe(cases[smallest]), *said,
    ])  # fmt: skip


def describe(case: Case) -> Iterator[str]:
    for n, night in enumerate(case.nights):
        yield f"night {NIGHTS[n]}"
        for s in night:
            d = s.delivery
            over = f" replaces {','.join(d.replaces)}" if d.replaces else ""
            yield f"  {s.feed} {d.region} {d.business_date} {d.delivery_no} {d.kind} {s.status}{over}"
            for row in d.rows:
                fields = row.value or {}
                said = " ".join(f"{k}={_short(v)}" for k, v in fields.items() if v not in (None, []))
                yield f"    {'refused' if row.refused else row.op} {'|'.join(row.key)} {said}"


def compare(root: str, cases: Sequence[Case], night: int) -> list[Disagreement]:
    """`cases` have regions and numbers of their own; the lake has seen them up to the night."""
    owner = owners(cases)
    expected = model_answers(cases, night)
    found = []
    for table in TABLES:
        actual = by_case(table, read_small(root, f"base/{table}"), owner)
        for case in range(len(cases)):
            ours, theirs = expected[table][case], actual[case]
            if ours != theirs:
                missing, surplus = sorted((ours - theirs), key=repr), sorted((theirs - ours), key=repr)
                found.append(Disagreement(case, night, table, missing, surplus))
    return found


def model_answers(cases: Sequence[Case], night: int) -> dict[str, list[Counter[Row]]]:
    answers: dict[str, list[Counter[Row]]] = defaultdict(list)
    for case in cases:
        tables = model_base.base_tables(case.known(night), NIGHTS[night])
        for table in TABLES:
            answers[table].append(Counter(comparable(table, row) for row in tables[table]))
    return answers


def by_case(
    table: str, rows: Sequence[Mapping[str, Any]], owner: Mapping[str, int]
) -> dict[int, Counter[Row]]:
    if table in OPAQUE:
        assert len({row[OPAQUE[table]] for row in rows}) == len(rows), f"an id stands twice in {table}"
    found: dict[int, Counter[Row]] = defaultdict(Counter)
    for row in rows:
        found[whose(row, owner)][comparable(table, row)] += 1
    return found


def comparable(table: str, row: Mapping[str, Any]) -> Row:
    """The row's columns in the order of their names, those without a value left out."""
    given = {**row, OPAQUE.get(table, ""): None}
    return tuple(sorted((name, _plain(value)) for name, value in given.items() if value is not None))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return tuple(value) if isinstance(value, (list, tuple)) else value


def owners(cases: Sequence[Case]) -> dict[str, int]:
    """Whatever names a case -> the case."""
    return {name: at for at, case in enumerate(cases) for name in names(case, at)}


def names(case: Case, at: int) -> Iterator[str]:
    yield from (model_numbers.number(at, n) for n in range(10))
    yield from (model_numbers.decision(at, n) for n in range(10))
    for s in (s for night in case.nights for s in night):
        for region in (model_numbers.region(at, n) for n in range(10)):
            yield region
            yield from (model_identity.person_id(region, row.key[0]) for row in s.delivery.rows)


def whose(row: Mapping[str, Any], owner: Mapping[str, int]) -> int:
    said: Iterable[Any] = [row.get(name) for name in NAMING] + list(row.get("record_nos") or [])
    for name in (str(s).partition("/")[0] for s in said if s):
        if name in owner:
            return owner[name]
    raise AssertionError(f"a row of no case: {sorted(row)}")
