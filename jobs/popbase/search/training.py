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

from popbase.search.comparisons import SHARES, second_numbers
from popbase.search.frequency import NameFrequency
from popbase.search.linkage import spark_api
from popbase.search.model import Model
from popbase.search.rows import rows, with_members
from popbase.session import settled

_DIGITS = 3  # significant ones of a share
# Of likely matches, how many bear names with nothing in common: where the estimate starts.
_DIFFERS = 0.01
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
    linker = Linker(spark_api(told.sparkSession).register(told), _begun(_by_chance(told)), log_level="ERROR")
    train = linker.training
    train.estimate_probability_two_random_records_match([block_on("name", "birth", "sex")], recall=recall)
    train.estimate_u_using_random_sampling(max_pairs=2e6, seed=seed)
    for block in _BLOCKS:
        train.estimate_parameters_using_expectation_maximisation(block)
    settings: dict[str, Any] = linker.misc.save_model_to_json()
    levels = {c["output_column_name"]: _levels(c) for c in settings["comparisons"]}
    of = {"rows": told.count(), "popbase": version("popbase"), "splink": version("splink"), "seed": seed}
    prior = settings["probability_two_random_records_match"]
    return Model(prior, threshold, levels, NameFrequency({}, {}), of)


def _begun(chances: Mapping[str, float]) -> dict[str, Any]:
    """Where the estimate starts: from names that nearly always agree, and agree by chance as often as known.
    From Splink's own start it may end with strangers born on one day."""
    settings: dict[str, Any] = second_numbers().create_settings_dict("spark")
    (name,) = (c for c in settings["comparisons"] if c["output_column_name"] == "name")
    levels = [level for level in name["comparison_levels"] if not level.get("is_null_level")]
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
