"""The citizen ID number as columns (GB 11643-1999; rules and their order: design section 6).

All arithmetic is on `number17`, the first seventeen digits as one long: the eighteenth follows from them.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from popbase.intake.area_codes import in_force
from popbase.intake.normalise import BLANKS

# ISO 7064 MOD 11-2, for the digits from left to right.
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"

OLDEST_YEAR = 1800
MAX_AGE = 120


def compact(text: Column) -> Column:
    """Upper case, blanks inside removed; `text` is normalised."""
    return F.when(text.rlike(r"\A[0-9]+X?\z"), text).otherwise(F.upper(F.translate(text, BLANKS, "")))


def number17(number: Column) -> Column:
    """The first seventeen digits as a long; null where the number is malformed.

    A number of fifteen digits is from before 1999, without century and check character.
    """
    fifteen = F.when(number.rlike(r"\A[0-9]{15}\z"), number.try_cast("long"))
    century = F.lit(19 * 10**9)
    upgraded = F.call_function("div", fifteen, F.lit(10**9)) * 10**11 + century + fifteen % 10**9
    eighteen = number.rlike(r"\A[0-9]{17}[0-9X]\z")
    return F.when(eighteen, F.substring(number, 1, 17).try_cast("long")).otherwise(upgraded)


def check_character(seventeen: Column) -> Column:
    digits = (_digits(seventeen, 16 - place, 1) * weight for place, weight in enumerate(WEIGHTS))
    return F.substring(F.lit(CHECK_CHARACTERS), (reduce(add, digits) % 11 + 1).cast("int"), F.lit(1))


def area(seventeen: Column) -> Column:
    return _digits(seventeen, 11, 6).cast("int")


def sex(seventeen: Column) -> Column:
    """1 or 2, as text: the seventeenth digit is odd for men."""
    return F.when(seventeen % 2 == 1, F.lit("1")).when(seventeen % 2 == 0, F.lit("2"))


def birth_date(seventeen: Column) -> Column:
    """The date within the number; null where there is no such date, or it is before 1800."""
    year, month, day = _digits(seventeen, 7, 4), _digits(seventeen, 5, 2), _digits(seventeen, 3, 2)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    days = (
        F.when(month == 2, F.when(leap, 29).otherwise(28))
        .when(month.isin(4, 6, 9, 11), F.lit(30))
        .otherwise(F.lit(31))
    )
    exists = (year >= OLDEST_YEAR) & month.between(1, 12) & day.between(F.lit(1), days)
    # make_date raises on a day that does not exist: the guard keeps ANSI mode on without an error.
    return F.when(exists, F.make_date(year.cast("int"), month.cast("int"), day.cast("int")))


def areas(spark: SparkSession) -> DataFrame:
    """One row is a code that may begin a number: area, first_year, last_year it was in force."""
    rows = [(code, first, last) for code, (first, last) in sorted(in_force().items())]
    return F.broadcast(spark.createDataFrame(rows, "area int, first_year int, last_year int"))


def is_foreigner(seventeen: Column) -> Column:
    """Permanent residents from abroad carry numbers that begin with 9 (since 2023)."""
    return seventeen >= 9 * 10**16


def _digits(seventeen: Column, from_right: int, count: int) -> Column:
    """`count` digits of the long, `from_right` digits before its end, by whole-number arithmetic."""
    return F.call_function("div", seventeen, F.lit(10**from_right)) % F.lit(10**count)
