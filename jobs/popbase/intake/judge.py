"""From records to judged rows: typed values, flags, and the reasons why a row is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from popbase.contracts import OP_COLUMN, Contract, Field
from popbase.intake import citizen_id, rules
from popbase.intake.cells import SEPARATOR
from popbase.intake.lines import PLACE
from popbase.intake.normalise import normalised

# Working columns stand beside the fields they belong to; contracts refuse a field name with two underscores.
_TEXT = "{}__text"

ACCEPTED, REFUSED, CONTENDER = "accepted", "refused", "contender"


def columns(contract: Contract) -> list[str]:
    """The headers whose cells judging reads, in its order."""
    return [*(field.header for field in contract.fields), OP_COLUMN]


def judged(
    records: DataFrame, contract: Contract, *, areas: DataFrame, contended: DataFrame | None
) -> DataFrame:
    """One row is a record as sent, judged; `records` are `cells.with_cells` of `columns`.

    The contract's fields typed, op, flags, place; and for intake alone `key`, `reasons`, `raw`, `verdict`
    and, of rows whose key is in `contended`, `tie`: the last order of design section 4's record versions.
    """
    numbered = _numbers(_texts(records, contract), contract, areas)
    valued = _contention(_values(numbered, contract), contract, contended)
    rows = valued.select(
        *(f.name for f in contract.fields),
        "op",
        F.when(F.col("op") != "D", _gathered(_flags(contract))).otherwise(_nothing()).alias("flags"),
        *PLACE,
        _key(contract).alias("key"),
        _reasons(contract).alias("reasons"),
        "raw",
        "contended",
        F.when(F.col("contended"), _tie(contract)).alias("tie"),
    )
    refused = F.size("reasons") > 0
    verdict = F.when(refused, REFUSED).when(F.col("contended"), CONTENDER).otherwise(ACCEPTED)
    # Only a refused row keeps what was sent: of an accepted one the conformed values are enough.
    return rows.withColumns(
        {
            "verdict": verdict,
            **{name: F.when(refused, F.col(name)) for name in ("key", "reasons", "raw")},
        }
    ).drop("contended")


def malformed(records: DataFrame, schema: StructType) -> DataFrame:
    """Records that are refused unread, as rows of `judged`; `schema` is that frame's."""
    said = {
        **{name: F.col(name) for name in (*PLACE, "raw")},
        "flags": _nothing(), "key": F.lit(""), "verdict": F.lit(REFUSED),
        "reasons": F.array(F.lit("row.malformed")),
    }  # fmt: skip
    return records.select(
        *(said.get(f.name, F.lit(None).cast(f.dataType)).alias(f.name) for f in schema.fields)
    )


def key_hash(keys: DataFrame, contract: Contract) -> DataFrame:
    """One row is a record as sent: `key_hash` of its delivery and typed key, equal wherever those are.

    Read before the rows themselves, to know which keys a delivery carries twice: only those rows need be
    compared with each other. `keys` are `cells.key_cells` of the contract's key.
    """
    texts = keys.select(
        *PLACE, *(normalised(F.col("key_cells")[i]).alias(f.name) for i, f in enumerate(contract.key))
    )
    return texts.select(_key_hash([_key_value(field) for field in contract.key]).alias("key_hash"))


def _key_value(field: Field) -> Column:
    text = F.col(field.name)
    if field.type in rules.ID_TYPES:
        return citizen_id.number17(citizen_id.compact(text))
    return rules.typed(field, text)


def _texts(records: DataFrame, contract: Contract) -> DataFrame:
    """One column a field: its normalised text; null where it is empty."""
    texts = [F.when(F.col("cells")[i] != "", F.col("cells")[i]) for i in range(len(contract.fields) + 1)]
    unreadable = F.when(F.col("cells").isNull(), "row.malformed").when(F.col("undecodable"), "row.encoding")
    return records.select(
        *PLACE,
        "raw",
        "in_changes",
        unreadable.alias("unreadable"),
        F.when(F.col("in_changes"), texts[-1]).otherwise(F.lit("U")).alias("op"),
        *(text.alias(_TEXT.format(f.name)) for f, text in zip(contract.fields, texts[:-1], strict=True)),
    )


def _numbers(texts: DataFrame, contract: Contract, areas: DataFrame) -> DataFrame:
    """Adds, for each citizen number: compact text, seventeen digits, birth date, its area's years."""
    for field in _number_fields(contract):
        compact, seventeen = f"{field.name}__compact", f"{field.name}__seventeen"
        years = areas.select(*(F.col(c).alias(f"{field.name}__{c}") for c in areas.columns))
        texts = (
            texts.withColumn(compact, citizen_id.compact(_text(field)))
            .withColumn(seventeen, citizen_id.number17(F.col(compact)))
            .withColumn(f"{field.name}__born", citizen_id.birth_date(F.col(seventeen)))
            .join(years, how="left", on=citizen_id.area(F.col(seventeen)) == F.col(f"{field.name}__area"))
        )
    return texts


def _values(texts: DataFrame, contract: Contract) -> DataFrame:
    """Adds one column a field: its typed value."""
    return texts.withColumns(
        {
            field.name: rules.citizen_number(_number(field))
            if field.type in rules.ID_TYPES
            else rules.typed(field, _text(field))
            for field in contract.fields
        }
    )


def _key_hash(values: Sequence[Column]) -> Column:
    return F.xxhash64(*PLACE, *(value.cast("string") for value in values))


def _contention(values: DataFrame, contract: Contract, contended: DataFrame | None) -> DataFrame:
    """Adds `contended`: whether the delivery carries the row's key more than once."""
    if contended is None:
        return values.withColumn("contended", F.lit(False))
    hashes = contended.select("key_hash", F.lit(True).alias("contended"))
    own = _key_hash(
        [_number(f).seventeen if f.type in rules.ID_TYPES else F.col(f.name) for f in contract.key]
    )
    return values.withColumn("key_hash", own).join(hashes, on="key_hash", how="left")


def _reasons(contract: Contract) -> Column:
    """Every error code that the row breaks; empty for an accepted one."""
    op, in_changes = F.col("op"), F.col("in_changes")
    deletes = in_changes & op.eqNullSafe("D")
    codes = [F.when(in_changes, F.when(op.isNull(), "op.required").when(~op.isin("U", "D"), "op.code"))]
    for field in contract.fields:
        # Of a deletion only key and updated_at are judged.
        judged_always = field.key or field.role == "updated_at"
        codes.append(_error(field) if judged_always else F.when(~deletes, _error(field)))
    unreadable = F.col("unreadable")
    return F.when(unreadable.isNotNull(), F.array(unreadable)).otherwise(_gathered(codes))


def _error(field: Field) -> Column:
    if field.type in rules.ID_TYPES:
        return rules.number_error(_number(field))
    return rules.error(field, _text(field), F.col(field.name))


def _flags(contract: Contract) -> list[Column]:
    return [
        flag
        for field in contract.fields
        for flag in (
            rules.number_warnings(_number(field), contract)
            if field.type in rules.ID_TYPES
            else rules.warnings(field, _text(field), F.col(field.name))
        )
    ]


def _gathered(codes: Sequence[Column]) -> Column:
    """The codes that are not null, each once; no array is built for the many rows that have none."""
    if not codes:
        return _nothing()
    some = reduce(lambda a, b: a | b, (code.isNotNull() for code in codes))
    # Joined and split: array_compact is a lambda, which would take the whole projection out of compiled code.
    return F.when(some, F.array_distinct(F.split(F.concat_ws(",", *codes), ","))).otherwise(_nothing())


def _nothing() -> Column:
    return F.array().cast("array<string>")


def _key(contract: Contract) -> Column:
    """The key fields joined by `|`, as conformed where they are, else as sent; of an unreadable row empty."""
    parts = (F.coalesce(F.col(f.name).cast("string"), _text(f), F.lit("")) for f in contract.key)
    return F.when(F.col("unreadable").isNull(), F.concat_ws("|", *parts)).otherwise(F.lit(""))


def _tie(contract: Contract) -> Column:
    texts = (F.coalesce(_text(field), F.lit("")) for field in contract.fields)
    return F.sha2(F.concat_ws(SEPARATOR, *texts), 256)


def _number(field: Field) -> rules.Number:
    part = {
        p: F.col(f"{field.name}__{p}") for p in ("compact", "seventeen", "born", "first_year", "last_year")
    }
    return rules.Number(field=field, text=_text(field), **part)


def _text(field: Field) -> Column:
    return F.col(_TEXT.format(field.name))


def _number_fields(contract: Contract) -> Iterable[Field]:
    return (field for field in contract.fields if field.type in rules.ID_TYPES)
