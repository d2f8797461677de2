"""The words of design section 7 as named Columns over the register's state."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, Window, WindowSpec
from pyspark.sql import functions as F

CANCELLING = ("4", "7")
DEATH = "1"
# The household kind of people without a settled registration, who are in no household.
UNSETTLED = "30"
# The flags by which intake says that a number contradicts what the record declares.
CONTRADICTIONS = {"citizen_id.sex": "sex", "citizen_id.birth_date": "birth_date"}
STATUS = {"1": "DEAD", "2": "MISSING", "3": "MOVED_OUT", "5": "IN_SERVICE", "6": "EMIGRATED"}


def number17(citizen_id: Column) -> Column:
    """The number as a long; `try_cast`, because a failed cast would print the number (invariant I5)."""
    return F.substring(citizen_id, 1, 17).try_cast("bigint")


def held17() -> Column:
    """Of a person: the number carried, or claimed where others do too, as a long."""
    return number17(F.coalesce("citizen_id", "claimed_citizen_id"))


def number_key(citizen_id: Column) -> Column:
    """Where a record stands among the numbers: at its own, or without one at a place below zero.

    Two records without a number may meet there by chance: whoever groups by it keeps them apart by
    `person_key`.
    """
    return F.coalesce(number17(citizen_id), below_zero(F.col("region"), F.col("record_no")))


def below_zero(*values: Column) -> Column:
    """A place among the numbers where none is: what has no number is spread, and not all in one partition."""
    return -F.pmod(F.xxhash64(*values), F.lit(2**62)) - 1


def is_live() -> Column:
    return F.col("ended_on").isNull() | (F.col("ended_on") > F.col("as_of"))


def is_cancelled() -> Column:
    """Ended as a double or mistaken registration."""
    return ~is_live() & F.coalesce(F.col("end_reason").isin(*CANCELLING), F.lit(False))


def is_death() -> Column:
    return ~is_live() & F.coalesce(F.col("end_reason") == DEATH, F.lit(False))


def winners_first() -> list[Column]:
    """Step 2: a total order over records; the end of a live one lies ahead and does not count."""
    return [
        is_live().desc(),
        F.when(~is_live(), F.col("ended_on")).desc_nulls_last(),
        F.col("registered_on").desc(),
        F.col("updated_at").desc(),
        F.col("region").desc(),
        F.col("record_no").desc(),
    ]


def is_registered() -> Column:
    """Of a person, by `status`: who counts in the registered population (statistics section 2)."""
    return F.col("status") == "REGISTERED"


def status() -> Column:
    """What became of the person, by the winning record."""
    ended = F.create_map(*(F.lit(text) for pair in STATUS.items() for text in pair))
    known = F.coalesce(ended[F.col("end_reason")], F.lit("CANCELLED"))
    return F.when(is_live(), F.lit("REGISTERED")).otherwise(known)


def person_class(citizen_id: Column) -> Column:
    return (
        F.when(citizen_id.rlike(r"\A8[123]0000"), F.lit("HMT"))
        .when(citizen_id.startswith("9"), F.lit("FOREIGN"))
        .otherwise(F.lit("CITIZEN"))
    )


def person_id(region: Column, record_no: Column) -> Column:
    """Step 7: named after the anchor, the record that first carried the person."""
    return F.substring(F.sha2(F.concat_ws("|", F.lit("person"), region, record_no), 256), 1, 32)


def record_ref() -> Column:
    return F.concat_ws("/", "region", "record_no")


def contradictions(citizen_id: Column) -> Column:
    """The flags that intake would give a record carrying this number (design section 6)."""
    male = F.substring(citizen_id, 17, 1).isin("1", "3", "5", "7", "9")
    declared = F.when(F.col("sex").isin("1", "2"), F.col("sex") == "1")
    born = F.date_format("birth_date", "yyyyMMdd")
    differs = {
        "citizen_id.sex": male != declared,
        "citizen_id.birth_date": F.substring(citizen_id, 7, 8) != born,
    }
    return F.array_compact(F.array(*(F.when(broken, F.lit(flag)) for flag, broken in differs.items())))


def per(*keys: str, order: Sequence[Column] = ()) -> WindowSpec:
    """A window over one date's rows of these keys."""
    window = Window.partitionBy("as_of", *keys)
    return window.orderBy(*order) if order else window
