"""Row rules as named columns, derived from the contract's field types (design sections 5 and 6).

For every field: its typed value, the code of the error that refuses the row, the codes of the warnings that
flag it. `text` is always the field's normalised text: NFKC, trimmed, null where empty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pyspark.sql import Column
from pyspark.sql import functions as F

from popbase.contracts import Contract, Field
from popbase.frames import completed_years
from popbase.intake import citizen_id as number

ID_TYPES = frozenset({"id", "oldid"})

_DATE = r"\A(?!0000)[0-9]{4}(-[0-9]{2}-[0-9]{2}|[0-9]{4})\z"
_TIMESTAMP = (
    r"\A(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?\z"
)


def _date(text: Column) -> Column:
    dashed = F.when(
        F.length(text) == 8,
        F.concat_ws("-", F.substring(text, 1, 4), F.substring(text, 5, 2), F.substring(text, 7, 2)),
    ).otherwise(text)
    return F.when(text.rlike(_DATE), dashed.try_cast("date"))


def _year_month(text: Column) -> Column:
    first_day = F.concat_ws("-", F.substring(text, 1, 4), F.substring(text, 5, 2), F.lit("01"))
    return F.when(text.rlike(r"\A(?!0000)[0-9]{6}\z"), first_day.try_cast("date"))


def _timestamp(text: Column) -> Column:
    """The session's zone is +08:00, which is the delivery's default."""
    # Spark reads no zone behind hours and minutes alone.
    seconds = F.when(F.substring(text, 17, 1) == ":", F.lit("")).otherwise(":00")
    whole = F.concat(F.substring(text, 1, 16), seconds, F.substr(text, F.lit(17)))
    return F.when(text.rlike(_TIMESTAMP), whole.try_cast("timestamp"))


def _digits(pattern: str, spark_type: str) -> Callable[[Column], Column]:
    return lambda text: F.when(text.rlike(rf"\A{pattern}\z"), text.try_cast(spark_type))


def _text(text: Column) -> Column:
    """NUL would end the text for half of the tools behind us."""
    return F.when((text != "") & ~text.contains("\0"), text)


_PARSERS: Mapping[str, Callable[[Column], Column]] = MappingProxyType(
    {
        "text": _text,
        "date": _date,
        "yearmonth": _year_month,
        "timestamp": _timestamp,
        "integer": _digits("-?[0-9]+", "bigint"),
        "decimal": _digits(r"-?[0-9]{1,16}(\.[0-9]{1,2})?", "decimal(18,2)"),
        "area12": _digits("[0-9]{12}", "string"),
        "area6": _digits("[0-9]{6}", "string"),
        "area": _digits("([0-9]{6}|[0-9]{9}|[0-9]{12})", "string"),
        "code2": _digits("[0-9]{2}", "string"),
    }
)


def typed(field: Field, text: Column) -> Column:
    """The field's value; null where the text is null, empty or not of the type. Not for citizen numbers."""
    if field.type == "code":
        return F.when(text.isin(*field.codes), text)
    return _PARSERS[field.type](text)


def error(field: Field, text: Column, value: Column) -> Column:
    """The code of what is wrong with the field, or null. Not for citizen numbers."""
    suspicious = text.isNotNull() & value.isNull()
    broken = F.lit(None).cast("string")
    if field.unknown_code != "warning":
        kind = "code" if field.unknown_code == "error" else "format"
        broken = F.when(suspicious, F.lit(f"{field.name}.{kind}"))
    if not field.required:
        return broken
    return F.when(text.isNull(), F.lit(f"{field.name}.required")).otherwise(broken)


def warnings(field: Field, text: Column, value: Column) -> list[Column]:
    """Flags: an unknown code that the contract forgives leaves the value null."""
    if field.unknown_code != "warning":
        return []
    return [F.when(text.isNotNull() & value.isNull(), F.lit(f"{field.name}.code"))]


@dataclass(frozen=True)
class Number:
    """One citizen number on its way through the rules; each part is a column computed once."""

    field: Field
    text: Column
    compact: Column
    seventeen: Column
    born: Column
    first_year: Column
    last_year: Column

    @property
    def is_old(self) -> Column:
        """Fifteen digits: a number of before 1999, or false."""
        return self.seventeen.isNotNull() & (F.octet_length(self.compact) == 15)


def number_error(n: Number) -> Column:
    """The first rule that the citizen number breaks, in the order of design section 6, or null."""
    missing = F.lit("citizen_id.missing") if n.field.required else F.lit(None).cast("string")
    rules = F.when(n.text.isNull(), missing).when(n.seventeen.isNull(), F.lit("citizen_id.malformed"))
    if n.field.type == "oldid":  # a number to be corrected may be wrong in every other way
        return rules
    wrong_check = ~n.is_old & (F.substring(n.compact, 18, 1) != number.check_character(n.seventeen))
    unknown_area = n.first_year.isNull() & ~number.is_foreigner(n.seventeen)
    return (
        rules.when(n.born.isNull() | (n.born > F.col("business_date")), F.lit("citizen_id.bad_date"))
        .when(wrong_check, F.lit("citizen_id.bad_check"))
        .when(unknown_area, F.lit("citizen_id.unknown_area"))
    )


def citizen_number(n: Number) -> Column:
    """The conformed number: eighteen characters; an old one gets its century and check character."""
    upgraded = F.concat(F.lpad(n.seventeen.cast("string"), 17, "0"), number.check_character(n.seventeen))
    return F.when(n.seventeen.isNotNull(), F.when(n.is_old, upgraded).otherwise(n.compact))


def number_warnings(n: Number, contract: Contract) -> list[Column]:
    """Flags of one citizen number; every one that holds."""
    flags = [(n.is_old, "upgraded")]
    if n.field.type == "id":
        flags += [
            (_out_of_force(n, contract), "area_not_in_force"),
            *_disagreements(n, contract),
            (completed_years(n.born, F.col("business_date")) > number.MAX_AGE, "age"),
        ]
    return [F.when(holds, F.lit(f"citizen_id.{name}")) for holds, name in flags]


def _out_of_force(n: Number, contract: Contract) -> Column:
    registered = F.col("business_date")
    if any(f.name == "registered_on" for f in contract.fields):
        registered = F.coalesce(F.col("registered_on"), registered)
    return (n.last_year < F.year(n.born)) | (n.first_year > F.year(registered))


def _disagreements(n: Number, contract: Contract) -> list[tuple[Column, str]]:
    """Declared sex and birth date against the number, where the feed declares them beside it."""
    sex, birth_date = contract.with_role("sex"), contract.with_role("birth_date")
    found = []
    if n.field.role == "number" and sex:
        declared = F.col(sex.name)
        found.append((declared.isin("1", "2") & (declared != number.sex(n.seventeen)), "sex"))
    if n.field.role == "number" and birth_date:
        found.append((F.col(birth_date.name) != n.born, "birth_date"))
    return found
