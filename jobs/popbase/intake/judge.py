"""From records to judged rows: typed values, flags, and the reasons why a row is refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from popbase.contracts import OP_COLUMN, Contract, Field
from popbase.intake import citizen_id, rules
from popbase.intake.cells import SEPARATOR
from popbase.intake.lines import PLACE
from popbase.intake.normalise import normalised

# A row's working columns are `row__...`, a field's `<field>__...`: contracts refuse a field name with two
# underscores, so that no department's field can be one of them.

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
    numbered = _numbers(_read(records, contract), contract, areas)
    valued = _contention(_values(numbered, contract), contract, contended)
    rows = valued.select(
        *(f.name for f in contract.fields),
        "op",
        F.when(F.col("op") != "D", _joined(_flags(contract))).otherwise("").alias("flags"),
        *PLACE,
        _key(contract).alias("key"),
        _reasons(contract).alias("reasons"),
        "raw",
        "row__contended",
        F.when(F.col("row__contended"), _tie(contract)).alias("tie"),
    )
    refused = F.col("reasons") != ""
    verdict = F.when(refused, REFUSED).when(F.col("row__contended"), CONTENDER).otherwise(ACCEPTED)
    # Only a refused row keeps what was sent: of an accepted one the conformed values are enough.
    return rows.withColumns(
        {
            "verdict": verdict,
            "flags": _apart(F.col("flags")),
            "reasons": F.when(refused, _apart(F.col("reasons"))),
            **{name: F.when(refused, F.col(name)) for name in ("key", "raw")},
        }
    ).drop("row__contended")


def malformed(records: DataFrame, schema: StructType) -> DataFrame:
    """Records that are refused unread, as rows of `judged`; `schema` is that frame's."""
    said = {
        **{name: F.col(name) for name in (*PLACE, "raw")},
        "flags": F.array().cast("array<string>"), "key": F.lit(""), "verdict": F.lit(REFUSED),
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


def _read(records: DataFrame, contract: Contract) -> DataFrame:
    """Adds why a row cannot be read, if so, what it does, and each citizen number without blanks.

    Texts stay in their one array: as columns of their own each step would copy every one of them.
    """
    cells, in_changes = F.col("cells"), F.col("in_changes")
    unreadable = F.when(cells.isNull(), "row.malformed").when(F.col("undecodable"), "row.encoding")
    op = _filled(F.get(cells, F.lit(len(contract.fields))))
    rows = records.select(
        *PLACE,
        "raw",
        cells.alias("row__cells"),
        in_changes.alias("row__in_changes"),
        unreadable.alias("row__unreadable"),
        F.when(in_changes, op).otherwise("U").alias("op"),
        (in_changes & op.eqNullSafe("D")).alias("row__deletes"),
    )
    numbers = {
        f"{field.name}__compact": citizen_id.compact(_text(contract, field))
        for field in _number_fields(contract)
    }
    return rows.withColumns(numbers)


def _numbers(rows: DataFrame, contract: Contract, areas: DataFrame) -> DataFrame:
    """Adds, for each citizen number: its seventeen digits, and the years its area was in force."""
    seventeens = {
        f"{f.name}__seventeen": citizen_id.number17(F.col(f"{f.name}__compact"))
        for f in _number_fields(contract)
    }
    numbers = rows.withColumns(seventeens)
    for name in (f.name for f in _number_fields(contract)):
        years = areas.select(*(F.col(c).alias(f"{name}__{c}") for c in areas.columns))
        own = citizen_id.area(F.col(f"{name}__seventeen"))
        numbers = numbers.join(years, how="left", on=own == F.col(f"{name}__area"))
    return numbers


def _values(rows: DataFrame, contract: Contract) -> DataFrame:
    """Adds one column a field: its typed value; and the birth date in each citizen number."""
    values = {
        field.name: rules.citizen_number(_number(contract, field))
        if field.type in rules.ID_TYPES
        else rules.typed(field, _cell(contract, field))
        for field in contract.fields
    }
    born = {
        f"{f.name}__born": citizen_id.birth_date(F.col(f"{f.name}__seventeen"))
        for f in _number_fields(contract)
    }
    return rows.withColumns({**values, **born})


def _key_hash(values: Sequence[Column]) -> Column:
    return F.xxhash64(*PLACE, *(value.cast("string") for value in values))


def _contention(values: DataFrame, contract: Contract, contended: DataFrame | None) -> DataFrame:
    """Adds `row__contended`: whether the delivery carries the row's key more than once."""
    if contended is None:
        return values.withColumn("row__contended", F.lit(False))
    hashes = contended.select(F.col("key_hash").alias("row__key_hash"), F.lit(True).alias("row__contended"))
    own = _key_hash(
        [_number(contract, f).seventeen if f.type in rules.ID_TYPES else F.col(f.name) for f in contract.key]
    )
    return values.withColumn("row__key_hash", own).join(hashes, on="row__key_hash", how="left")


def _reasons(contract: Contract) -> Column:
    """Every error code that the row breaks, joined; empty for an accepted one."""
    op = F.col("op")
    wrong_op = F.when(op.isNull(), "op.required").when(~op.isin("U", "D"), "op.code")
    codes = [F.when(F.col("row__in_changes"), wrong_op)]
    for field in contract.fields:
        # Of a deletion only key and updated_at are judged.
        judged_always = field.key or field.role == "updated_at"
        error = _error(contract, field)
        codes.append(error if judged_always else F.when(~F.col("row__deletes"), error))
    return F.coalesce("row__unreadable", _joined(codes))


def _error(contract: Contract, field: Field) -> Column:
    if field.type in rules.ID_TYPES:
        return rules.number_error(_number(contract, field))
    return rules.error(field, _text(contract, field), F.col(field.name))


def _flags(contract: Contract) -> list[Column]:
    return [
        flag
        for field in contract.fields
        for flag in (
            rules.number_warnings(_number(contract, field), contract)
            if field.type in rules.ID_TYPES
            else rules.warnings(field, _text(contract, field), F.col(field.name))
        )
    ]


def _joined(codes: Sequence[Column]) -> Column:
    """The codes that are not null, as one text: each is in the compiled code once."""
    return F.concat_ws(",", *codes) if codes else F.lit("")


def _apart(codes: Column) -> Column:
    """The codes of a joined text, each once; nothing is split for the many rows that have none."""
    none = F.array().cast("array<string>")
    return F.when(codes != "", F.array_distinct(F.split(codes, ","))).otherwise(none)


def _key(contract: Contract) -> Column:
    """The key fields joined by `|`, as conformed where they are, else as sent; of an unreadable row empty."""
    parts = (F.coalesce(F.col(f.name).cast("string"), _text(contract, f), F.lit("")) for f in contract.key)
    return F.when(F.col("row__unreadable").isNull(), F.concat_ws("|", *parts)).otherwise(F.lit(""))


def _tie(contract: Contract) -> Column:
    texts = (F.coalesce(_text(contract, field), F.lit("")) for field in contract.fields)
    return F.sha2(F.concat_ws(SEPARATOR, *texts), 256)


def _number(contract: Contract, field: Field) -> rules.Number:
    part = {
        p: F.col(f"{field.name}__{p}") for p in ("compact", "seventeen", "born", "first_year", "last_year")
    }
    return rules.Number(field=field, text=_text(contract, field), **part)


def _text(contract: Contract, field: Field) -> Column:
    """The field's normalised text; null where it is empty."""
    return _filled(_cell(contract, field))


def _cell(contract: Contract, field: Field) -> Column:
    return F.get("row__cells", F.lit(contract.fields.index(field)))


def _filled(cell: Column) -> Column:
    return F.when(cell != "", cell)


def _number_fields(contract: Contract) -> Iterable[Field]:
    return (field for field in contract.fields if field.type in rules.ID_TYPES)
