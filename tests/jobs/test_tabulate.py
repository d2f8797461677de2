"""`popbase tabulate`: tables of people that may leave, with the noise of the published ones."""

from __future__ import annotations

import hmac
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from popbase.errors import UsageError
from popbase.publish.publication import Publications
from popbase.publish.reader import Reader
from popbase.statistics.noise import LEAST, added
from popbase.workbench.tabulate import DIMENSIONS, tabulate

if TYPE_CHECKING:
    from jobs.conftest import Nights

KEY = b"a key of this test alone, 32 bytes."


def told(nights: Nights, *by: str) -> dict[tuple[object, ...], int]:
    rows = tabulate(str(nights.lake), Publications(nights.lake).shown(), by, key=KEY)
    assert all(list(row) == [*by, "persons"] for row in rows)
    return {tuple(row[name] for name in by): row["persons"] for row in rows}


def people(nights: Nights, sql: str) -> dict[tuple[object, ...], list[str]]:
    """Whatever the statement selects before person_id -> the people."""
    found: dict[tuple[object, ...], list[str]] = defaultdict(list)
    with Reader(str(nights.lake), Publications(nights.lake).shown()) as reader:
        (answer,) = reader.run(sql)
        for *cell, person in answer.rows:
            found[tuple(cell)].append(person)
    return found


def test_every_cell_has_its_peoples_noise_and_small_ones_are_left_out(nights: Nights) -> None:
    cells = people(
        nights,
        "SELECT sex, left(registered_area, 6), person_id FROM base.person WHERE status = 'REGISTERED'",
    )
    expected = {}
    for cell, who in cells.items():
        keys = (hmac.digest(KEY, f"P{person}".encode(), "sha256")[-1] for person in who)
        noisy = len(who) + added(sum(keys) % 256)
        if noisy >= LEAST:
            expected[cell] = noisy
    assert told(nights, "sex", "county") == expected
    assert 0 < len(expected) < len(cells)


def test_totals_of_areas_stay_exact(nights: Nights) -> None:
    areas = people(
        nights, "SELECT left(registered_area, 6), person_id FROM base.person WHERE status = 'REGISTERED'"
    )
    assert told(nights, "county") == {area: len(who) for area, who in areas.items()}


@pytest.mark.parametrize("name", DIMENSIONS)
def test_a_table_can_be_made_by_every_dimension(nights: Nights, name: str) -> None:
    assert told(nights, name)


@pytest.mark.parametrize("by", [("name",), ("sex", "sex"), ("sex; DROP TABLE person",)])
def test_nothing_else_can_be_asked(nights: Nights, by: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="Tables are made by some of these"):
        told(nights, *by)
