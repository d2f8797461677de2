"""The only module that runs Splink: pairs with their weights, and how much each level says for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from splink import DuckDBAPI, Linker
from splink.internals.spark.database_api import SparkAPI
from splink.internals.splink_dataframe import SplinkDataFrame

from popbase.search.model import UNKNOWN, Model

_KEPT = {"person_id": "string", "ref": "string", "valid_from": "date", "valid_until": "date"}
# Up to so many rows are linked in this process: Spark takes seconds to plan what DuckDB does at once.
FEW_ROWS = 100_000


def pairs(model: Model, some: DataFrame, others: DataFrame | None = None) -> DataFrame:
    """One row is a pair at or above the model's threshold, once for each pair of rows: what the rows say of
    both (`person_id_l`, ...), match_weight, evidence ('name=agrees_rare;birth=similar;...').

    `some` rows are compared with each other and with the `others`, which are not compared among themselves.
    Both are counted, and so computed before.
    """
    linked = _Linked.of(model, [some] if others is None else [some, others])
    found = linked.scored(linked.linker.inference.predict_within(linked.tables[0], **linked.asked))
    return found if others is None else found.unionByName(linked.between())


def between(model: Model, some: DataFrame, others: DataFrame) -> DataFrame:
    """The same of pairs of which one side is of `some` and the other of the `others`."""
    return _Linked.of(model, [some, others]).between()


@dataclass(frozen=True)
class _Linked:
    """Rows in a database in which Splink compares them: Spark, or DuckDB in memory alone."""

    model: Model
    session: SparkSession
    tables: Sequence[SplinkDataFrame]
    linker: Linker
    is_here: bool

    @classmethod
    def of(cls, model: Model, rows: Sequence[DataFrame]) -> _Linked:
        session, few = rows[0].sparkSession, sum(part.count() for part in rows) <= FEW_ROWS
        api = _memory_api() if few else spark_api(session)
        tables = [api.register(part.toArrow() if few else part) for part in rows]
        settings = model.splink("duckdb" if few else "spark")
        return cls(model, session, tables, Linker(tables[0], settings, log_level="ERROR"), few)

    @property
    def asked(self) -> dict[str, Any]:
        return {"threshold_match_weight": self.model.threshold, "warning_mode": "never"}

    def between(self) -> DataFrame:
        return self.scored(self.linker.inference.predict_between(*self.tables, **self.asked))

    def scored(self, found: SplinkDataFrame) -> DataFrame:
        """What Splink found as rows of Spark."""
        verdicts = (F.concat(F.lit(f"{field}="), _verdict(self.model, field)) for field in self.model.levels)
        kept = [f"{name}_{side}" for name in _KEPT for side in "lr"]
        rows = self._brought(found) if self.is_here else self.session.table(found.physical_name)
        return rows.select(*kept, "match_weight", F.concat_ws(";", *verdicts).alias("evidence"))

    def _brought(self, found: SplinkDataFrame) -> DataFrame:
        kept = {f"{name}_{side}": kind for name, kind in _KEPT.items() for side in "lr"}
        types = kept | {"match_weight": "double"} | {f"gamma_{field}": "int" for field in self.model.levels}
        rows = found.as_pyarrow_table().select(list(types)).to_pylist()
        schema = ", ".join(f"{name} {kind}" for name, kind in types.items())
        return self.session.createDataFrame([tuple(row.values()) for row in rows], schema)


def _memory_api() -> DuckDBAPI:
    """Nothing is written beside memory: no citizen's data outside the tables (I5)."""
    connection = duckdb.connect(config={"temp_directory": ""})
    connection.execute("CREATE MACRO arrays_overlap(a, b) AS list_has_any(a, b)")  # the only word it lacks
    return DuckDBAPI(connection)


def spark_api(session: SparkSession) -> SparkAPI:
    """Where Splink's SQL runs."""
    return _Spark(spark_session=session, register_udfs_automatically=False, break_lineage_method="cut")


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
