"""The area rule beside the real history of GB/T 2260: what differs is written here, by kind, with counts."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lib.numbers import ACCEPTED, judged_numbers
from stdnum.cn import ric

from popbase.intake.area_codes import in_force

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST_EDITION, LAST_EDITION = 1981, 2020
OPEN = 9999


@dataclass(frozen=True)
class Code:
    """A code and the years between which the reference had it in force; like popbase's rule, without gaps."""

    area: int
    first: int
    last: int


@dataclass(frozen=True)
class Probe:
    """A number under the code: born and registered in these years, so the flag is due or not."""

    code: Code
    born: int
    registered: int
    says: str
    due: bool

    @property
    def number(self) -> tuple[str, date]:
        seventeen = f"{self.code.area}{self.born}0101001"
        return seventeen + ric.calc_check_digit(seventeen + "0"), date(self.registered, 12, 31)


@pytest.fixture(scope="module")
def codes(reference: Path) -> list[Code]:
    spans: dict[int, Code] = {}
    with (reference / "areacodes/result.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            area, first, last = (
                int(row["代码"]),
                int(row["启用时间"]),
                int(row["变更/弃用时间"] or OPEN + 1) - 1,
            )
            known = spans.get(area, Code(area, first, last))
            spans[area] = Code(area, min(first, known.first), max(last, known.last))
    return [spans[area] for area in sorted(spans)]


def probes(code: Code) -> Iterator[Probe]:
    """At both ends of its time, inside and outside; popbase's list has no word on what came after 2020."""
    if code.first > LAST_EDITION:
        return
    yield Probe(code, code.first, code.first, "registered in its first year", due=False)
    if code.first > FIRST_EDITION:
        yield Probe(code, code.first - 1, code.first - 1, "registered the year before", due=True)
    if code.last < LAST_EDITION:
        yield Probe(code, code.last, code.last, "born in its last year", due=False)
        yield Probe(code, code.last + 1, code.last + 1, "born the year after", due=True)


def kind(code: Code) -> str:
    """Why the two lists may date the code differently; where no general reason holds, its prefecture."""
    if in_force()[code.area][0] == 0:
        return "no first year"
    if code.area // 100 % 100 == 90:
        return "city under a province"
    if code.area % 100 > 80:
        return "city of a county's rank"
    if code.area // 10_000 == 46:
        return "Hainan"
    return "first edition" if code.first < 1986 else str(code.area // 100)


WRITTEN = {
    # popbase's list leaves the first year open for most codes of the first edition: ever in force, no flag.
    "no first year": 479,
    # 9001 and the like gave way to 81 and up: dated by the decision of 1989 or by the edition of 1995.
    "city under a province": 113,
    # The same cities' new codes, from the other side.
    "city of a county's rank": 249,
    # Coded anew in 2001 or in 2003.
    "Hainan": 20,
    # The years to 1985 are dated by the decision or by the next list.
    "first edition": 156,
    # A code used twice, for another place earlier: gaps between are ignored on purpose (design section 6).
    **{"3202": 1, "4213": 1, "4304": 1, "4501": 1, "4502": 1, "4505": 1, "6103": 1},
    # Founded by a decision some years before the list that popbase's data takes it from; one has both wrong.
    **{"2114": 1, "3402": 1, "4405": 3, "5114": 6, "4112": 2},
    # The other way round.
    **{"1329": 1, "2108": 1, "4305": 5},
}


def test_a_code_that_was_ever_in_force_may_begin_a_number(spark: SparkSession, codes: list[Code]) -> None:
    numbers = [Probe(code, 1980, 2020, "", due=False).number for code in codes]
    verdicts = judged_numbers(spark, numbers)
    refused = {
        code.area: verdict for code, (verdict, _) in zip(codes, verdicts, strict=True) if verdict != ACCEPTED
    }
    assert set(refused.values()) == {"citizen_id.unknown_area"}
    newer = {code.area for code in codes if code.first > LAST_EDITION}
    # 710000 on purpose; the others were in force for a year or a few, and the dependency lacks them.
    assert refused.keys() - newer == {230834, 370719, 370819, 710000}
    # The dependency's list ends in 2020, but for two cities' new districts.
    assert newer - refused.keys() == {330113, 330114, 410307, 410308}


def test_the_flag_is_raised_outside_a_codes_time_and_not_inside(
    spark: SparkSession, codes: list[Code]
) -> None:
    asked = [probe for code in codes if code.area in in_force() for probe in probes(code)]
    verdicts = judged_numbers(spark, [probe.number for probe in asked])
    differs = Counter(
        kind(probe.code)
        for probe, (_, flags) in zip(asked, verdicts, strict=True)
        if ("citizen_id.area_not_in_force" in flags) != probe.due
    )
    assert len(asked) > 16_000
    assert differs == WRITTEN
