"""popbase's number rule beside python-stdnum's: 10,000 made-up numbers, and why the two differ on some."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from random import Random
from typing import TYPE_CHECKING

import pytest
from lib.numbers import ACCEPTED, judged_numbers
from stdnum import numdb
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from popbase.intake.area_codes import HMT_AREAS, in_force

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TODAY = date(2015, 12, 31)
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@dataclass(frozen=True)
class Disagreement:
    """What the two say of one kind of number, and why popbase says so."""

    popbase: str
    stdnum: str
    because: str


DISAGREEMENTS = {
    "full-width X": Disagreement(
        ACCEPTED, "InvalidChecksum", "Chinese keyboards write it, as they do digits: NFKC comes first"
    ),
    "blanks inside": Disagreement(ACCEPTED, "InvalidLength", "forms print the number in groups"),
    "fifteen digits": Disagreement(ACCEPTED, "InvalidLength", "issued until 1999: upgraded and flagged"),
    "foreigner": Disagreement(
        ACCEPTED, "InvalidComponent", "permanent residents' cards begin with 9 since 2023"
    ),
    "Hong Kong, Macao or Taiwan resident": Disagreement(
        ACCEPTED, "InvalidComponent", "residence permits carry 81, 82 and 83 0000 since 2018"
    ),
    "Taiwan's own code": Disagreement(
        "citizen_id.unknown_area", ACCEPTED, "no citizen's number was ever issued under 71"
    ),
    "born after today": Disagreement("citizen_id.bad_date", ACCEPTED, "the oracle has no business date"),
    "born before 1800": Disagreement("citizen_id.bad_date", ACCEPTED, "nobody who lived when numbers began"),
    "date and check character wrong": Disagreement(
        "citizen_id.bad_date", "InvalidChecksum", "the date comes first: it tells a sender more"
    ),
    "code not in force at birth": Disagreement(
        ACCEPTED, "InvalidComponent", "numbers were assigned at the first card, not at birth: a flag at most"
    ),
    "code only popbase knows": Disagreement(
        ACCEPTED, "InvalidComponent", "the oracle's list leaves out codes that were in force"
    ),
    "code only the oracle knows": Disagreement(
        "citizen_id.unknown_area", ACCEPTED, "popbase's list ends in 2020; codes of 1981 are missing in part"
    ),
}

# Where both refuse, it is for the same reason.
AGREEMENTS = {
    ACCEPTED: {ACCEPTED},
    "citizen_id.malformed": {"InvalidLength", "InvalidFormat"},
    "citizen_id.bad_check": {"InvalidChecksum"},
    "citizen_id.bad_date": {"InvalidComponent"},
    "citizen_id.unknown_area": {"InvalidComponent"},
}


def oracle(text: str) -> str:
    try:
        ric.validate(text)
    except ValidationError as refusal:
        return type(refusal).__name__
    except KeyError:  # how it meets a code whose province it knows and whose county it does not
        return "InvalidComponent"
    return ACCEPTED


@cache
def oracle_years(area: int) -> list[tuple[int, int]]:
    """The years for which the oracle has the code; a county of today without years was always there."""
    entries = [entry["county"] for _, entry in numdb.get("cn/loc").info(str(area)) if "county" in entry]
    years = []
    for county in (county for entry in entries for county in entry.split(",")):
        first, _, last = county[1:].split("]")[0].partition("-") if county.startswith("[") else ("", "", "")
        years.append((int(first or 0), int(last or 9999)))
    return years


def oracle_knows(area: int, born: str) -> bool:
    return any(first <= int(born[:4]) <= last for first, last in oracle_years(area))


def numbered(area: int, born: str, sequence: int, *, right: bool = True) -> str:
    seventeen = f"{area:06d}{born}{sequence:03d}"
    check = ric.calc_check_digit(seventeen + "0")
    return seventeen + str(check if right else "0" if check != "0" else "1")


@dataclass(frozen=True)
class Made:
    """A made-up number and the kind of disagreement it was made for, if any."""

    text: str
    kind: str | None = None


def made(random: Random, areas: list[int]) -> Made:
    """A number of a random code and birth date; where both lists know the code, odd in a random way."""
    area, sequence = random.choice(areas), random.randrange(1000)
    born = (date(1900, 1, 1) + timedelta(days=random.randrange(42_000))).strftime("%Y%m%d")
    if (int(area) in in_force()) == oracle_knows(area, born):
        oddities = odd_numbers(random, area, born, sequence)
        return random.choice(oddities) if area in in_force() else Made(numbered(area, born, sequence))
    return Made(numbered(area, born, sequence), kind_of_area(area))


def kind_of_area(area: int) -> str:
    if area in HMT_AREAS:
        return "Hong Kong, Macao or Taiwan resident"
    if area // 10000 == 71:
        return "Taiwan's own code"
    if area not in in_force():
        return "code only the oracle knows"
    return "code not in force at birth" if oracle_years(area) else "code only popbase knows"


def odd_numbers(random: Random, area: int, born: str, sequence: int) -> list[Made]:
    plain = numbered(area, born, sequence)
    no_date = born[:4] + random.choice(["0230", "1301", "0431", "0000"])
    later, early = f"20{random.randrange(16, 26)}0101", f"17{born[2:]}"
    return [
        Made(plain),
        Made(plain.lower()),
        Made(f" {plain}\t"),
        Made(numbered(area, born, sequence, right=False)),
        Made(numbered(area, no_date, sequence)),
        Made(plain[:9] + "O" + plain[10:]),
        Made(plain[1:]),
        Made(plain + "0"),
        Made(numbered(area, no_date, sequence, right=False), "date and check character wrong"),
        Made(plain.translate(FULL_WIDTH), "full-width X" if plain.endswith("X") else None),
        Made(f"{plain[:6]} {plain[6:14]} {plain[14:]}", "blanks inside"),
        Made(plain[:6] + plain[8:17], "fifteen digits") if born < "2000" else Made(plain),
        Made(numbered(911000 + area % 1000, born, sequence), "foreigner"),
        Made(numbered(area, later, sequence), "born after today" if oracle_knows(area, later) else None),
        Made(numbered(area, early, sequence), "born before 1800" if oracle_knows(area, early) else None),
    ]


def oracle_codes() -> set[int]:
    provinces = ((low, counties) for _, low, _, _, counties in numdb.get("cn/loc").prefixes)
    return {int(province + low) for province, counties in provinces for _, low, *_ in counties}


@pytest.fixture(scope="module")
def numbers() -> list[Made]:
    random = Random(11643)
    ours, theirs = set(in_force()), oracle_codes()
    never = set(range(100_000, 900_000)) - ours - theirs
    kinds = [ours & theirs, ours - theirs, theirs - ours, set(HMT_AREAS), {710_000}, never]
    weights = [90, 3, 3, 1, 1, 2]
    pools = random.choices([sorted(kind) for kind in kinds], weights, k=10_000)
    return [made(random, pool) for pool in pools]


def test_both_judge_alike_except_for_the_kinds_written_above(
    spark: SparkSession, numbers: list[Made]
) -> None:
    verdicts = judged_numbers(spark, [(number.text, TODAY) for number in numbers])
    found: dict[str | None, set[tuple[str, str]]] = defaultdict(set)
    for number, (verdict, _) in zip(numbers, verdicts, strict=True):
        found[number.kind].add((verdict, oracle(number.text)))
    agreed = {(verdict, says) for verdict, alike in AGREEMENTS.items() for says in alike}
    assert found.pop(None) == agreed
    assert found == {kind: {(d.popbase, d.stdnum)} for kind, d in DISAGREEMENTS.items()}
