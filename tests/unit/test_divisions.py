"""statistics.md 4: codes over the years."""

from __future__ import annotations

import csv

import pytest

from popbase.statistics.places.divisions import Division, Gazetteer


def county(
    code: str, valid_from: int, valid_to: int | None = None, successors: str | None = None
) -> Division:
    return Division(code, valid_from, "COUNTY", "COUNTY", valid_to, successors)


CODES = Gazetteer(
    [
        Division("330000", 1981, "PROVINCE"),
        Division("330100", 1981, "PREFECTURE"),
        county("330125", 1981, 1994, "330184"),
        county("330184", 1994, 2001, "330110[2001]"),
        county("330110", 2001, None, "330113[2021]"),
        county("330113", 2021),
        county("330186", 1990, 2000, "330187"),
        county("330187", 1990, 2000, "330186"),
        county("330188", 1990, 2000, "330110;330113"),
        county("330190", 1983, 2002, "330187[1994];330113[1994];330110"),
        county("330189", 1981, 1990, "330125"),
        county("330189", 2005),
    ]
)


@pytest.mark.parametrize(
    ("code", "year", "stands"),
    [
        ("330125", 1993, "330125"),
        ("330125", 1994, "330184"),
        ("330125", 2015, "330110"),
        ("330188", 2015, None),
        ("330190", 2015, "330110"),
        ("330186", 2015, None),
        ("330113", 2015, None),
        ("330113", 2021, "330113"),
        ("330189", 1992, "330125"),
        ("330189", 2006, "330189"),
        ("999999", 2015, None),
    ],
    ids=[
        "in force",
        "the year it ended it is no longer",
        "along a chain",
        "two successors",
        "parts went earlier: one took over the rest",
        "successors in a circle",
        "not yet in force",
        "the year it began",
        "between two lives of one code",
        "the second life",
        "never a code",
    ],
)
def test_a_code_s_people_stand_in(code, year, stands):
    found = CODES.successor(code, year)
    assert (found.code if found else None) == stands


def test_a_part_that_left_makes_two_heirs():
    assert CODES.heirs("330125", 1990, 2015) == {"330110"}
    assert CODES.heirs("330125", 1990, 2022) == {"330110", "330113"}
    assert CODES.heirs("330110", 2022, 2024) == {"330110"}


def test_the_real_history_of_codes_is_walked_without_a_loop(reference):
    levels = {"省级": "PROVINCE", "地级": "PREFECTURE", "县级": "COUNTY"}
    with (reference / "areacodes/result.csv").open(encoding="utf-8-sig") as file:
        divisions = [
            Division(
                row["代码"], int(row["启用时间"]), levels[row["级别"]], None,
                int(row["变更/弃用时间"]) if row["变更/弃用时间"] else None, row["新代码"] or None,
            )
            for row in csv.DictReader(file)
        ]  # fmt: skip
    codes = Gazetteer(divisions)
    standings = {s.code: s for s in codes.standings(2015, 2016)}
    assert standings["330184"].prefix == "330110"
    assert standings["320586"].prefix is None
    assert standings["441900"].prefix == "441900"
    assert standings["330100"].prefix == "3301"
    assert standings["110100"].prefix == "1101"
    assert sum(s.prefix is not None and len(s.prefix) == 6 for s in standings.values()) > 4000
