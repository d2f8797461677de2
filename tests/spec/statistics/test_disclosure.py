"""statistics.md 9: what leaves for the public, by cell keys."""

from __future__ import annotations

import hmac
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F
from spec.statistics.world import final, households, persons, places

from popbase.errors import SettingsError
from popbase.statistics.beyond import beyond
from popbase.statistics.disclosure import keyed, noise, shown
from popbase.statistics.forms import Told, forms
from popbase.statistics.noise import KEYS, LEAST, NOISE, added, secret
from popbase.statistics.published import published
from popbase.statistics.units import WEIGHT

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

KEY = bytes(range(32))
PEOPLE = """
  person_id | area         | usual_area   | usual_rule | usual_evidence | birth_date | sex | nature | n
  a         | 330106001001 | 330106001001 | 1          | NONE           | 1980-05-05 | 1   | 11     | 40
  b         | 330106001001 | 330106001001 | 1          | NONE           | 2010-05-05 | 2   | 12     | 7
  c         | 330106002001 | 330106002001 | 1          | NONE           | 1980-05-05 | 2   | 12     | 60
"""


def drawn() -> dict[int, int]:
    """Cell key -> what is added, by the table of statistics.md 9."""
    spans = {
        (0, 71): 0, (72, 127): 1, (128, 183): -1, (184, 210): 2, (211, 237): -2, (238, 245): 3,
        (246, 253): -3, (254, 254): 4, (255, 255): -4,
    }  # fmt: skip
    return {key: added for (first, last), added in spans.items() for key in range(first, last + 1)}


def test_the_noise_of_every_key_is_that_of_the_table(spark: SparkSession) -> None:
    keys = spark.range(KEYS).withColumn("added", noise(F.col("id")))
    assert {row.id: row.added for row in keys.collect()} == drawn()
    assert {key: added(key) for key in range(KEYS)} == drawn()


def test_its_mean_is_zero_and_its_variance_is_1_97() -> None:
    every = drawn().values()
    assert sum(every) == 0
    assert round(sum(added**2 for added in every) / KEYS, 2) == 1.97
    assert set(every) == set(NOISE.values())


def test_a_units_key_is_the_last_byte_of_its_hmac(spark: SparkSession) -> None:
    units = [f"person {n}" for n in range(50)]
    rows = spark.createDataFrame([(unit,) for unit in units], "unit string")
    for key in (KEY, bytes(100)):
        found = {row.unit: row[WEIGHT] for row in keyed(rows, key, "P", F.col("unit")).collect()}
        assert found == {u: hmac.digest(key, f"P{u}".encode(), "sha256")[-1] for u in units}


def test_the_key_stands_in_no_plan(spark: SparkSession) -> None:
    rows = keyed(spark.createDataFrame([("a",)], "unit string"), b"k" * 32, "P", F.col("unit"))
    plan = rows._jdf.queryExecution().toString()
    inner = bytes(byte ^ 0x36 for byte in b"k" * 32)
    assert "k" * 8 not in plan
    assert inner.hex() not in plan.lower()
    assert inner.decode("latin-1")[:8] not in plan


@pytest.mark.parametrize("held", [b"", b"short"])
def test_a_secret_too_short_is_refused(tmp_path: Path, held: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(held)
    with pytest.raises(SettingsError, match="fewer than 32"):
        secret(str(file), "disclosure")


def test_a_secret_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        secret(str(tmp_path / "none"), "disclosure")


SHOWN = {
    # count, its units' keys, what is shown
    (0, 0): None, (0, 100): None, (9, 0): None, (9, 72): 10, (10, 0): 10, (10, 128): None, (6, 254): 10,
    (5, 254): None, (1000, 255): 996, (1000, 256): 1000, (1000, 255 + 256): 996,
}  # fmt: skip


@pytest.mark.parametrize(("count", "keys"), SHOWN)
def test_small_counts_are_withheld_with_true_zeros(spark: SparkSession, count: int, keys: int) -> None:
    (row,) = spark.range(1).select(shown(F.lit(count), F.lit(keys)).alias("value")).collect()
    assert row.value == SHOWN[count, keys]


def test_no_shown_cell_has_a_true_count_below_six(spark: SparkSession) -> None:
    cells = spark.range(10).crossJoin(spark.range(KEYS).withColumnRenamed("id", "key"))
    told = cells.where(shown(F.col("id"), F.col("key")).isNotNull())
    assert [row[0] for row in told.agg(F.min("id")).collect()] == [6]


def test_who_knows_two_cells_that_differ_by_one_person_learns_little() -> None:
    """Whatever the cells: over the person's key and theirs the difference is true for at most a quarter."""
    told = drawn()
    alike = Counter(
        told[cell] == told[(cell + person) % KEYS] for cell in range(KEYS) for person in range(KEYS)
    )
    assert Fraction(alike[True], alike.total()) <= Fraction(1, 4)


@pytest.fixture(scope="module")
def faces(_session: SparkSession) -> tuple[DataFrame, DataFrame]:
    """The exact cube of some people, and what is published of it."""
    spark = _session
    people = persons(spark, PEOPLE)
    own = people.withColumn("person_id", F.concat("person_id", F.monotonically_increasing_id()))
    told, areas = Told(own.localCheckpoint(), households(spark, SIZES)), places(spark)
    rows = forms(told, areas, release=final()).unionByName(beyond(told, areas, release=final()))
    exact = rows.localCheckpoint()
    return exact, published(exact, told, areas, release=final(), key=KEY).localCheckpoint()


SIZES = "household_id | registered_area | kind | size\n1 | 330106001001 | 10 | 3"


def figures(cube: DataFrame, table: str, measure: str, **breakdowns: str) -> dict[tuple[str, str], Any]:
    wanted = cube.where((F.col("table") == table) & (F.col("measure") == measure)).collect()
    return {
        (row.area_level, row.area_code): (row.value, row.status)
        for row in wanted if row.breakdowns == breakdowns
    }  # fmt: skip


def test_totals_stay_exact_down_to_the_county(faces: tuple[DataFrame, DataFrame]) -> None:
    for table, measure in (("T1", "population"), ("usual", "residents")):
        exact, public = (figures(face, table, measure) for face in faces)
        assert public["county", "330106"] == exact["county", "330106"] == (107, "OK")
    towns = figures(faces[1], "T1", "population")
    assert towns["township", "330106002"][0] == pytest.approx(60, abs=4)


def test_the_same_people_get_the_same_noise_in_every_table(faces: tuple[DataFrame, DataFrame]) -> None:
    """All women of the second town, by sex, by age, and as all who live there."""
    exact, public = faces
    place = ("township", "330106002")
    told = [figures(public, "T1", "female")[place], figures(public, "T1", "population")[place]]
    told.append(figures(public, "T2", "female", age="35-59")[place])
    assert len(set(told)) == 1
    assert figures(exact, "T1", "female")[place] == (60, "OK")


def test_the_noise_is_that_of_the_sum_of_their_keys(faces: tuple[DataFrame, DataFrame]) -> None:
    exact, public = (figures(face, "T1", "male")["nation", "000000"][0] for face in faces)
    assert abs(public - exact) <= 4
    whole = faces[1].where("status = 'OK' AND size(breakdowns) > 0").count()
    assert whole > 50


def test_what_is_small_is_withheld_and_zeros_with_it(faces: tuple[DataFrame, DataFrame]) -> None:
    _, public = faces
    assert figures(public, "T1", "sex_unknown")["nation", "000000"] == (None, "LT10")
    assert figures(public, "T1", "households")["nation", "000000"] == (None, "LT10")
    values = [
        row.value
        for row in public.where(
            "value IS NOT NULL AND `table` <> 'T5' AND measure NOT LIKE '%rate%'"
        ).collect()
    ]
    counts = [value for value in values if value == int(value)]
    assert min(value for value in counts if value) >= LEAST


def test_neither_differences_nor_the_registers_faults_are_published(
    faces: tuple[DataFrame, DataFrame],
) -> None:
    _, public = faces
    measures = {row.measure for row in public.select("measure").distinct().collect()}
    assert not measures & {"net", "residual", "corrections", "change", "natural_increase", "records"}
    assert "numbers" not in {row.table for row in public.select("table").distinct().collect()}


def test_rates_are_made_of_what_is_shown(faces: tuple[DataFrame, DataFrame]) -> None:
    exact, public = (figures(face, "age", "child_dependency") for face in faces)
    assert exact["nation", "000000"][0] == 7.0
    assert ("nation", "000000") not in public  # seven children may not be shown


def test_each_published_figure_stands_once(faces: tuple[DataFrame, DataFrame]) -> None:
    _, public = faces
    key = ("form", "table", "area_level", "area_code", "measure")
    told = public.select(*key, F.to_json("breakdowns").alias("b"))
    assert told.count() == told.distinct().count() > 0
