"""Rows that must be refused, each way to break a rule in turn (design section 6), and keys sent twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle

import numpy as np
import pyarrow as pa

from popbase import contracts
from popbase.contracts import Contract, Field
from popbase.generate import numbers
from popbase.generate.chance import Chance, Ints, count, stream
from popbase.generate.deliver import BROKEN_MARK, Delivery, Row
from popbase.generate.truth import Bad

MAX_SHARE = 0.1  # well under what a contract tolerates
LONGEST_LINE = 1 << 20


@dataclass(frozen=True)
class Breaker:
    """One way to break rows: the reasons that quarantine must show, and the deed."""

    reasons: tuple[str, ...]
    apply: Callable[[Row], Row]
    csv_only: bool = False
    changes_only: bool = False


class Spoiler:
    """Replaces some of each delivery's rows by hostile ones; remembers what it planted."""

    def __init__(self, *, seed: int, hostile: float, repeated: float) -> None:
        self._seed, self._hostile, self._repeated = seed, hostile, repeated
        self._turns: dict[str, Iterator[Breaker]] = {}

    def spoil(self, delivery: Delivery, *, csv: bool) -> tuple[Delivery, list[Bad]]:
        size = delivery.received
        chance = stream(self._seed, "spoil", *delivery.place.parts)
        hostile = min(count(self._hostile, size, least=int(self._hostile > 0)), int(size * MAX_SHARE))
        repeated = min(count(self._repeated, size, least=int(self._repeated > 0)), int(size * MAX_SHARE))
        if hostile + repeated == 0:
            return delivery, []
        delivery, victims = _taken_out(delivery, hostile, chance)
        broken = [self._break(delivery, victim, csv=csv) for victim in victims]
        twice = [_again(row, i) for i, row in enumerate(_some(delivery, repeated, chance))]
        rows = [*delivery.rows, *(row for row, _ in broken), *twice]
        return replace(delivery, rows=rows), [bad for _, bad in broken]

    def _break(self, delivery: Delivery, victim: Row, *, csv: bool) -> tuple[Row, Bad]:
        turns = self._turns.setdefault(delivery.feed, cycle(breakers(delivery.feed)))
        fits = delivery.kind == "changes"
        breaker = next(b for b in turns if (csv or not b.csv_only) and (fits or not b.changes_only))
        row = breaker.apply(victim)
        key = "" if breaker.csv_only else "|".join(
            (row.cells.get(f.name) or "") for f in contracts.feed(delivery.feed).key)  # fmt: skip
        return row, Bad(key, tuple(sorted(breaker.reasons)))


def _taken_out(delivery: Delivery, wanted: int, chance: Chance) -> tuple[Delivery, list[Row]]:
    """`wanted` rows removed from the delivery, from its table where it has one."""
    if delivery.table is not None and len(delivery.table) >= wanted:
        chosen: Ints = np.sort(chance.choice(len(delivery.table), wanted, replace=False))
        stays = np.ones(len(delivery.table), dtype=np.bool_)
        stays[chosen] = False
        left = replace(delivery, table=delivery.table.filter(pa.array(stays)))
        return left, _as_rows(delivery.table.take(pa.array(chosen)), delivery.kind)
    deletable = [i for i, row in enumerate(delivery.rows) if row.op != "D"]
    out = set(chance.permutation(deletable)[:wanted].tolist())
    rows = [row for i, row in enumerate(delivery.rows) if i not in out]
    return replace(delivery, rows=rows), [delivery.rows[i] for i in sorted(out)]


def _some(delivery: Delivery, wanted: int, chance: Chance) -> list[Row]:
    if delivery.table is not None and len(delivery.table) >= wanted:
        chosen = np.sort(chance.choice(len(delivery.table), wanted, replace=False))
        return _as_rows(delivery.table.take(pa.array(chosen)), delivery.kind)
    whole = [row for row in delivery.rows if row.op != "D"]
    return [whole[i] for i in sorted(chance.permutation(len(whole))[:wanted].tolist())]


def _as_rows(table: pa.Table, kind: str) -> list[Row]:
    names = [n for n in table.column_names if not n.startswith("_")]
    op = "U" if kind == "changes" else None
    return [Row(cells, op=op) for cells in table.select(names).to_pylist()]


def _again(row: Row, turn: int) -> Row:
    """The same key once more: a minute later, earlier, or at the same instant with another text."""
    stamp = str(row.cells["updated_at"])
    texts = [
        name
        for name in ("registered_address", "address", "grade", "employer_no", "name")
        if name in row.cells
    ]
    changes: tuple[dict[str, str | None], ...] = (
        {"updated_at": stamp[:17] + "59.5"},
        {"updated_at": "1990-01-01 00:00"},
        {texts[0]: f"{row.cells[texts[0]] or ''} 又"} if texts else {"updated_at": stamp.replace(" ", "T")},
    )
    return replace(row, cells=row.cells | changes[turn % len(changes)])


@cache
def breakers(feed: str) -> tuple[Breaker, ...]:
    """Every way to break a row of this feed."""
    contract = contracts.feed(feed)
    return (*_fields(contract), *_numbers(contract), *_two_at_once(contract), *_lines(contract), *_OPS)


def _set(name: str, value: str | None) -> Callable[[Row], Row]:
    return lambda row: replace(row, cells=row.cells | {name: value})


def _fields(contract: Contract) -> Iterator[Breaker]:
    for field in contract.fields:
        if field.required and field.type != "id" and not field.key:
            yield Breaker((f"{field.name}.required",), _set(field.name, "\u3000"))
        if field.type in _NO_SUCH:
            yield Breaker((f"{field.name}.format",), _set(field.name, _NO_SUCH[field.type]))
        if field.type in ("code", "code2") and field.unknown_code == "error":
            yield Breaker((f"{field.name}.code",), _set(field.name, "Q7"))


_NO_SUCH = {
    "date": "2015-02-30",
    "yearmonth": "201513",
    "timestamp": "2015-01-01 25:00:00",
    "integer": "1.5",
    "decimal": "1,000.00",
    "area12": "33010200100",
    "area6": "3301",
    "area": "3301020",
}


def _numbers(contract: Contract) -> Iterator[Breaker]:
    for field in contract.fields:
        if field.type in ("id", "oldid"):
            yield from _bad_numbers(field)


def _bad_numbers(field: Field) -> Iterator[Breaker]:
    """None of these can be somebody's number."""
    if field.required:
        yield Breaker(("citizen_id.missing",), _set(field.name, None))
    yield Breaker(("citizen_id.malformed",), _set(field.name, "12345678901234567"))
    if field.type == "oldid":
        return
    wrong = {
        "citizen_id.bad_date": ("11010119850230001", "11010117991231001", "11010129990101001"),
        "citizen_id.unknown_area": ("00000019850307001", "71000019850307001"),
    }
    for code, heads in wrong.items():
        for head in heads:
            yield Breaker((code,), _set(field.name, numbers.complete(head)))
    yield Breaker(("citizen_id.bad_check",), _set(field.name, _wrong_check("11010119850307001")))


def _wrong_check(first17: str) -> str:
    right = numbers.check_character(first17)
    return first17 + ("0" if right != "0" else "1")


def _two_at_once(contract: Contract) -> Iterator[Breaker]:
    stamp = contract.with_role("updated_at")
    other = next((f for f in contract.fields if f.required and not f.key and f.type == "text"), None)
    if stamp is not None and other is not None:
        both = {stamp.name: "2015-13-01 00:00", other.name: None}
        reasons = (f"{stamp.name}.format", f"{other.name}.required")
        yield Breaker(reasons, lambda row: replace(row, cells=row.cells | both))


# Lines as they stand in the file; {rest} is as many commas as the header has.
_MALFORMED = (
    "少了几列",
    "多了一列,{rest}",
    "甲\r乙{rest}",
    '"没有结束{rest}',
    '引号"在中间{rest}',
    '"引号"之后{rest}',
    "长" * (LONGEST_LINE // 2 + 1) + "{rest}",  # two bytes in GB18030, three in UTF-8
)


def _lines(contract: Contract) -> Iterator[Breaker]:
    for line in _MALFORMED:
        yield Breaker(("row.malformed",), lambda row, line=line: replace(row, raw=line), csv_only=True)  # type: ignore[misc]
    text = next(f for f in reversed(contract.fields) if f.type == "text" and not f.key)
    undecodable = f"AB{BROKEN_MARK}CD"
    yield Breaker(
        ("row.encoding",),
        lambda row: replace(row, cells=row.cells | {text.name: undecodable}, broken=True),
        csv_only=True,
    )


_OPS = (
    Breaker(("op.required",), lambda row: replace(row, op=None), changes_only=True),
    Breaker(("op.code",), lambda row: replace(row, op="X"), changes_only=True),
)
