"""A contract as Spark sees it: schema, comments, and rows that break it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lib.small_world import TAX, World, frame, small_world
from pyspark.sql import functions as F

from popbase import table_contracts
from popbase.errors import ContractError
from popbase.schema import breaks, conform_to, off_contract, schema_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PERSON = table_contracts.table("person")


@pytest.fixture
def world() -> World:
    return small_world()


def people(spark: SparkSession, world: World) -> DataFrame:
    return frame(spark, world["person"], PERSON)


@pytest.mark.parametrize("table", table_contracts.tables())
def test_every_contract_has_a_schema_with_its_descriptions_as_comments(
    spark: SparkSession, table: str
) -> None:
    contract = table_contracts.tables()[table]
    schema = schema_of(contract)
    assert tuple(schema.names) == contract.names
    assert [f.metadata["comment"] for f in schema] == [c.description for c in contract.columns]


def test_columns_come_in_the_contracts_order_without_others(spark: SparkSession, world: World) -> None:
    shuffled = people(spark, world).select("flags", F.lit(1).alias("as_of"), *PERSON.names[:-1])
    assert conform_to(shuffled, PERSON).schema == schema_of(PERSON)


def test_a_smaller_integer_and_an_untyped_null_fit(spark: SparkSession, world: World) -> None:
    household = table_contracts.table("household")
    rows = frame(spark, world["household"], household).withColumn("size", F.lit(1).cast("int"))
    assert conform_to(rows, household).dtypes == _dtypes(household)
    unknown = people(spark, world).withColumn("usual_area", F.lit(None))
    assert conform_to(unknown, PERSON).dtypes == _dtypes(PERSON)


def test_a_missing_column_and_one_of_another_type_are_both_named(spark: SparkSession, world: World) -> None:
    wrong = people(spark, world).drop("sex").withColumn("birth_date", F.col("birth_date").cast("string"))
    with pytest.raises(ContractError, match=r"birth_date is string and must be date") as error:
        conform_to(wrong, PERSON)
    assert "sex is missing" in str(error.value)


def test_a_row_off_its_contract_is_told_by_rule(spark: SparkSession, world: World) -> None:
    world["person"][0].update(sex="8", name=None)
    broken = people(spark, world).where(off_contract(PERSON))
    rules = [F.when(rule, F.lit(name)) for name, rule in breaks(PERSON).items()]
    assert broken.select(F.array_compact(F.array(*rules))).collect()[0][0] == ["name.required", "sex.code"]
    assert broken.count() == 1


def test_an_empty_code_is_no_unknown_code(spark: SparkSession, world: World) -> None:
    world["person"][0].update(hukou_nature=None)
    assert people(spark, world).where(off_contract(PERSON)).count() == 0


def test_a_sector_table_takes_conformed_types(spark: SparkSession, world: World) -> None:
    rows = frame(spark, world["sector"], TAX)
    assert conform_to(rows, TAX).schema == schema_of(TAX)
    assert rows.where(off_contract(TAX)).count() == 0


def _dtypes(contract: table_contracts.TableContract) -> list[tuple[str, str]]:
    return [(c.name, c.type) for c in contract.columns]
