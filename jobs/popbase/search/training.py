"""A model's parameters, estimated from a base without labels: for people to store, never for a night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from splink import Linker
from splink.blocking_rule_library import CustomRule, block_on

from popbase.search.comparisons import MISTYPED_NUMBERS, SECOND_NUMBERS, SHARES, Question, slip
from popbase.search.frequency import NameFrequency
from popbase.search.linkage import spark_api
from popbase.search.model import Model
from popbase.search.rows import numbers, of_sectors, rows, with_members
from popbase.session import settled

_DIGITS = 3  # significant ones of a share
# Of likely matches, how many bear names with nothing in common: where the estimate starts.
_DIFFERS = 0.01
# Fields of which agreement by chance is counted, as a sample of pairs would hardly show it.
_KNOWN_BY_CHANCE = ("name", "digits")
# Of a level that no likely match showed.
_NEVER_SEEN = 1e-5
# Who is compared only within a block tells nothing of the fields that made it, by Splink's columns: hence
# copies of two. Twins are left out, who would teach that a likely match bears two names.
_COPIES = {"kin": "household", "called": "name"}
_TWINS = "coalesce(l.kin = r.kin AND l.called <> r.called, false)"
_BLOCKS = (
    CustomRule(f"l.birth = r.birth AND l.sex = r.sex AND NOT {_TWINS}", sql_dialect="spark"),
    block_on("name", "birth"),
    block_on("name", "household"),
)

# The same of mistyped numbers: a name, or a birth date, and a slip in one part of the number.
_SLIPS = tuple(
    CustomRule(f"l.{field} = r.{field} AND l.{part} = r.{part} AND {slip('written')}", sql_dialect="spark")
    for field, part in (("name", "digits_date"), ("name", "digits_place"), ("birth", "digits_place"))
)


def second_numbers_from(history: DataFrame, *, recall: float, threshold: float, seed: int) -> Model:
    """The model of people under two numbers, from base/person_history; the arguments as in `estimated`."""
    frequency = name_frequency(settled(rows(history, NameFrequency({}, {}))))
    told = settled(with_members(rows(history, frequency), history))
    model = estimated(told, recall=recall, threshold=threshold, seed=seed)
    return replace(model, frequency=frequency)


def estimated(told: DataFrame, *, recall: float, threshold: float, seed: int) -> Model:
    """A model of rows to be compared (`rows.rows`), without the frequencies of their names.

    `recall`: which share of the matches the same name, birth date and sex find, as those say who look through
    a sample; `threshold`: from which match weight on pairs are to be proposed.
    """
    told = settled(told.withColumns({copy: F.col(column) for copy, column in _COPIES.items()}))
    begun = _begun(SECOND_NUMBERS, _by_chance(told))
    linker = Linker(spark_api(told.sparkSession).register(told), begun, log_level="ERROR")
    train = linker.training
    train.estimate_probability_two_random_records_match([block_on("name", "birth", "sex")], recall=recall)
    train.estimate_u_using_random_sampling(max_pairs=2e6, seed=seed)
    for block in _BLOCKS:
        train.estimate_parameters_using_expectation_maximisation(block)
    return _model(SECOND_NUMBERS, linker, threshold, rows=told.count(), seed=seed)


def mistyped_numbers_from(
    found: DataFrame,
    history: DataFrame,
    frequency: NameFrequency,
    *,
    recall: float,
    threshold: float,
    seed: int,
) -> Model:
    """The model of sectors' mistyped numbers, from base/sector_finding and base/person_history.

    `recall`: of the records whose number was mistyped, the share that `_SLIPS` find; others as in
    `estimated`.
    """
    told, people = (
        settled(rows.withColumns({"written": F.col("digits"), "written_sorted": F.col("digits_sorted")}))
        for rows in (of_sectors(found, frequency), numbers(rows(history, frequency)))
    )
    chances = _by_chance(people) | _slips_by_chance(people)
    api = spark_api(told.sparkSession)
    begun = _begun(MISTYPED_NUMBERS, chances) | {"link_type": "link_only"}
    linker = Linker([api.register(told), api.register(people)], begun, log_level="ERROR")
    train = linker.training
    train.estimate_probability_two_random_records_match(list(_SLIPS), recall=recall)
    train.estimate_u_using_random_sampling(max_pairs=2e6, seed=seed)
    for block in _SLIPS:
        train.estimate_parameters_using_expectation_maximisation(block)
    model = _model(MISTYPED_NUMBERS, linker, threshold, rows=told.count(), seed=seed)
    return replace(model, frequency=frequency)


def _model(asks: Question, linker: Linker, threshold: float, *, rows: int, seed: int) -> Model:
    settings: dict[str, Any] = linker.misc.save_model_to_json()
    levels = {c["output_column_name"]: _levels(c) for c in settings["comparisons"]}
    of = {"rows": rows, "popbase": version("popbase"), "splink": version("splink"), "seed": seed}
    prior = settings["probability_two_random_records_match"]
    return Model(asks, prior, threshold, levels, NameFrequency({}, {}), of)


def _slips_by_chance(people: DataFrame) -> dict[str, float]:
    """How often two people's numbers are a slip apart by chance: too seldom for a sample of pairs."""
    some = people.select("digits").distinct()
    pairs = some.count() ** 2
    places = F.sequence(F.lit(1), F.lit(17))
    blank = F.transform(places, lambda at: F.overlay("digits", F.lit("?"), at))
    of_blank = some.select(F.explode(blank).alias("but_one")).groupBy("but_one").count()
    (one,) = of_blank.select(F.sum(F.col("count") * (F.col("count") - 1))).collect()
    swapped = F.transform(
        F.sequence(F.lit(1), F.lit(16)),
        lambda at: F.overlay(
            "digits",
            F.concat(F.substring("digits", at + 1, F.lit(1)), F.substring("digits", at, F.lit(1))),
            at,
        ),
    )
    swaps = some.select("digits", F.explode(swapped).alias("other")).where("digits <> other")
    two = swaps.join(some.withColumnRenamed("digits", "other"), "other", how="left_semi").count()
    return {"one_digit": max(one[0] or 0, 1) / pairs, "exchanged": max(two, 1) / pairs}


def _begun(asks: Question, chances: Mapping[str, float]) -> dict[str, Any]:
    """Where the estimate starts: from names and digits that nearly always agree, and agree by chance as often
    as known. From Splink's own start it may end with strangers born on one day.
    """
    settings = asks.settings()
    for comparison in settings["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        if comparison["output_column_name"] not in _KNOWN_BY_CHANCE:
            continue
        for level in levels:
            level["m_probability"] = _DIFFERS if level is levels[-1] else (1 - _DIFFERS) / (len(levels) - 1)
            if (chance := chances.get(level["label_for_charts"])) is not None:
                level |= {"u_probability": chance, "fix_u_probability": True}
    return settings


def name_frequency(bare: DataFrame) -> NameFrequency:
    """The shares of surnames and of given characters among `rows`."""
    first = bare.groupBy(F.substring("name", 1, 1).alias("name")).count()
    places = F.array(F.substring("name", 2, 1), F.substring("name", 3, 1))
    given = bare.select(F.explode(places).alias("name")).where("name <> ''")
    counted = given.groupBy("name").count()
    return NameFrequency(_shares(first, bare.count()), _shares(counted, given.count()))


def _levels(comparison: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
    return {
        level["label_for_charts"]: (
            max(level.get("m_probability") or 0.0, _NEVER_SEEN), level.get("u_probability") or _NEVER_SEEN
        )
        for level in levels
    }  # fmt: skip


def _by_chance(told: DataFrame) -> dict[str, float]:
    """How often two people bear one name of these shares by chance: too seldom for a sample of pairs."""
    bounds = [0.0, *SHARES.values()]
    share = F.col("share")
    among = {
        label: F.sum(F.when((share > low) & (share <= high), share)) / F.count("*")
        for label, low, high in zip(SHARES, bounds[:-1], bounds[1:], strict=True)
    }
    (row,) = told.agg(
        *(F.coalesce(u, F.lit(_NEVER_SEEN)).alias(label) for label, u in among.items())
    ).collect()
    return dict(row.asDict())


def _shares(counted: DataFrame, total: int) -> dict[str, float]:
    found = counted.orderBy(F.desc("count"), "name").collect()
    return {row["name"]: float(f"{row['count'] / total:.{_DIGITS}g}") for row in found}
