"""The only module that runs Splink: pairs with their weights, and how much each level says for them."""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from splink import Linker
from splink.internals.spark.database_api import SparkAPI
from splink.internals.splink_dataframe import SplinkDataFrame

from popbase.search.model import UNKNOWN, Model

_KEPT = ("person_id", "ref", "valid_from", "valid_until")


def pairs(model: Model, some: DataFrame, others: DataFrame | None = None) -> DataFrame:
    """One row is a pair at or above the model's threshold, once for each pair of rows: what the rows say of
    both (`person_id_l`, ...), match_weight, evidence ('name=agrees_rare;birth=similar;...').

    `some` rows are compared with each other and with the `others`, which are not compared among themselves.
    """
    api = spark_api(some.sparkSession)
    mine = api.register(some)
    linker = Linker(mine, model.splink, log_level="ERROR")
    asked: dict[str, Any] = {"threshold_match_weight": model.threshold, "warning_mode": "never"}
    found = _scored(api.spark, linker.inference.predict_within(mine, **asked), model)
    if others is None:
        return found
    between = linker.inference.predict_between(mine, api.register(others), **asked)
    return found.unionByName(_scored(api.spark, between, model))


def between(model: Model, some: DataFrame, others: DataFrame) -> DataFrame:
    """The same of pairs of which one side is of `some` and the other of the `others`."""
    api = spark_api(some.sparkSession)
    mine = api.register(some)
    linker = Linker(mine, model.splink, log_level="ERROR")
    found = linker.inference.predict_between(
        mine, api.register(others), threshold_match_weight=model.threshold, warning_mode="never"
    )
    return _scored(api.spark, found, model)


def spark_api(session: SparkSession) -> SparkAPI:
    """Where Splink's SQL runs."""
    return _Spark(spark_session=session, register_udfs_automatically=False, break_lineage_method="cut")


def _scored(session: SparkSession, found: SplinkDataFrame, model: Model) -> DataFrame:
    verdicts = (F.concat(F.lit(f"{field}="), _verdict(model, field)) for field in model.levels)
    kept = [f"{name}_{side}" for name in _KEPT for side in "lr"]
    rows = session.table(found.physical_name)
    return rows.select(*kept, "match_weight", F.concat_ws(";", *verdicts).alias("evidence"))


def _verdict(model: Model, field: str) -> Column:
    gamma = F.col(f"gamma_{field}")
    unknown = F.when(gamma == UNKNOWN, F.lit("unknown"))
    known = (F.when(gamma == level.gamma, F.lit(level.label)) for level in model.of_field(field))
    return F.coalesce(unknown, *known)


class _Spark(SparkAPI):  # type: ignore[misc]
    """Splink breaks long plans by files in a folder that it leaves. Here rows stay with the executors, as in
    all steps of popbase: nothing of a citizen lies outside the tables.
    """

    def _break_lineage_and_repartition(self, spark_df: DataFrame, *_: str) -> DataFrame:
        return spark_df.localCheckpoint()
