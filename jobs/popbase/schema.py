"""A table's contract as Spark sees it: its schema, and the rules of its rows as named Columns."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StructField, StructType

from popbase.errors import ContractError
from popbase.table_contracts import TableContract


def schema_of(contract: TableContract) -> StructType:
    """Descriptions travel as column comments, so that `DESCRIBE TABLE` explains the table.

    All columns are nullable: a NOT NULL would fail the write with Spark's message, whereas `breaks`
    lets the table's gate say how many rows and which columns.
    """
    return StructType(
        [
            StructField(c.name, DataType.fromDDL(c.type), nullable=True, metadata={"comment": c.description})
            for c in contract.columns
        ]
    )


def conform_to(rows: DataFrame, contract: TableContract) -> DataFrame:
    """The contract's columns, in its order and types; raises ContractError where they cannot be had.

    Only the type a column has decides: nothing is cast, as a cast that fails puts the value in its message.
    """
    schema = schema_of(contract)
    faults = [
        *(f"{f.name} is missing" for f in schema if f.name not in rows.columns),
        *(
            f"{f.name} is {_type(rows, f.name)} and must be {f.dataType.simpleString()}"
            for f in schema
            if f.name in rows.columns and _type(rows, f.name) not in _fitting(f)
        ),
    ]
    if faults:
        raise ContractError(f"{contract.table} does not keep its contract: {'; '.join(faults)}.")
    return rows.select(*(F.col(f.name).cast(f.dataType).alias(f.name, metadata=f.metadata) for f in schema))


def _type(rows: DataFrame, column: str) -> str:
    return rows.schema[column].dataType.simpleString()


def _fitting(wanted: StructField) -> tuple[str, ...]:
    """Types that become the wanted one without loss and without a value that could fail."""
    name = wanted.dataType.simpleString()
    return {"bigint": ("bigint", "int", "smallint", "tinyint"), "int": ("int", "smallint", "tinyint")}.get(
        name, (name, "void")
    )


def breaks(contract: TableContract) -> dict[str, Column]:
    """Rule name -> Column that is true where a row breaks it; `required` and codes, as the contract says."""
    required = {f"{c.name}.required": F.col(c.name).isNull() for c in contract.columns if c.required}
    codes = {f"{c.name}.code": ~F.col(c.name).isin(*c.codes) for c in contract.columns if c.codes}
    return required | codes


def off_contract(contract: TableContract) -> Column:
    """True where a row breaks any rule of its contract, never null."""
    return reduce(
        lambda broken, rule: broken | F.coalesce(rule, F.lit(False)),
        breaks(contract).values(),
        F.lit(False),
    )
