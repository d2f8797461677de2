"""From records to judged rows: typed values, flags, and the reasons why a row is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.contracts import OP_COLUMN, Contract, Field
from popbase.intake import citizen_id, rules
from popbase.intake.lines import PLACE, SEPARATOR, Records, key_cells, with_cells
from popbase.intake.normalise import normalised

# Working columns stand beside the fields they belong to; contracts refuse a field name with two underscores.
_TEXT = "{}__text"

ACCEPTED, REFUSED, CONTENDER = "accepted", "refused", "contender"


def judged(
    records: Records, contract: Contract, *, areas: DataFrame, contended: DataFrame | None
) -> DataFrame:
    """One row is a record as sent, judged.

    The contract's fields typed, op, flags, place; and for intake alone `key`, `reasons`, `raw`, `verdict`
    and, of rows whose key is in `contended`, `tie`: the last order of design section 4's record versions.
    """
    texts = _texts(with_cells(records), records, contract)
    valued = _contention(_values(_numbers(texts, contract, areas), contract), contract, contended)
    rows = valued.select(
        *(f.name for f in contract.fields),
        "op",
        F.when(F.col("op") != "D", _gathered(_flags(contract))).otherwise(_nothing()).alias("flags"),
        *PLACE,
        _key(contract).alias("key"),
        _reasons(contract, changes=records.layout.kind == "changes").alias("reasons"),
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


def key_hash(records: Records, contract: Contract) -> DataFrame:
    """One row is a record as sent: `key_hash` of its delivery and typed key, equal wherever those are.

    Read before the rows themselves, to know which keys a delivery carries twice: only those rows need be
    compared with each other.
    """
    cells = key_cells(records, [f.header for f in contract.key])
    texts = [normalised(F.col(f"`{f.header}`")) for f in contract.key]
    values = [
        citizen_id.number17(citizen_id.compact(text)) if f.type in rules.ID_TYPES else rules.typed(f, text)
        for f, text in zip(contract.key, texts, strict=True)
    ]
    return cells.select(_key_hash(values).alias("key_hash"))


def _texts(cells: DataFrame, records: Records, contract: Contract) -> DataFrame:
    """One column a field: its normalised text; null where it is empty or the delivery has no such column."""
    header = list(records.layout.header)

    def text(name: str) -> Column:
        cell = F.col("cells")[header.index(name)] if name in header else F.lit(None).cast("string")
        return F.when(cell != "", cell)

    unreadable = F.when(F.col("cells").isNull(), "row.malformed").when(F.col("undecodable"), "row.encoding")
    op = text(OP_COLUMN) if records.layout.kind == "changes" else F.lit("U")
    return cells.select(
        *PLACE,
        "raw",
        unreadable.alias("unreadable"),
        op.alias("op"),
        *(text(f.header).alias(_TEXT.format(f.name)) for f in contract.fields),
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


def _reasons(contract: Contract, *, changes: bool) -> Column:
    """Every error code that the row breaks; empty for an accepted one."""
    codes = []
    for field in contract.fields:
        code = _error(field)
        # Of a deletion only key and updated_at are judged.
        judged_always = field.key or field.role == "updated_at"
        codes.append(code if judged_always or not changes else F.when(~F.col("op").eqNullSafe("D"), code))
    if changes:
        op = F.col("op")
        codes.insert(0, F.when(op.isNull(), "op.required").when(~op.isin("U", "D"), "op.code"))
    return F.when(F.col("unreadable").isNotNull(), F.array("unreadable")).otherwise(_gathered(codes))


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
    """The key fields joined by `|`, as conformed where they are, else as sent; empty for an unreadable row."""
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
