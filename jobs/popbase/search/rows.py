"""What the search compares: one row a person over a time."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.household import family_home
from popbase.base.sector_case import sector_ref
from popbase.base.sector_finding import NAME_MISMATCH, NOT_IN_REGISTER
from popbase.base.sector_finding import RECORD as SECTOR_RECORD
from popbase.identity.rules import held17, is_registered, number17, record_ref
from popbase.intake.normalise import match_name
from popbase.search.characters import simplified
from popbase.search.frequency import NameFrequency

FOREVER = "9999-12-31"
# Who shares a household with more names than this is not known by it: a dormitory entered as a family.
_MOST_MEMBERS = 20
# Findings after which a number may be another's, mistyped.
DOUBTED = (NOT_IN_REGISTER, NAME_MISMATCH)
_NUMBERED = ["unique_id", "person_id", "ref", "valid_from", "valid_until", "number17", "name", "surname",
             "share", "sex", "birth", "county"]  # fmt: skip
_NEWBORN = 60  # days: the month that the law gives parents, and as much again


def rows(history: DataFrame, frequency: NameFrequency) -> DataFrame:
    """One row is what a person registered under a number is over [valid_from, valid_until), to be compared.

    `history`: rows of base/person_history. Columns: unique_id (person and time), person_id, ref (the winner's
    region/record_no), valid_from, valid_until, number17, name and former (match names in simplified
    characters), share (of people who are called so), rare_name (the name, where few bear it), sex, birth,
    village, town, county, household, cradle (one for twins), entry (birth, late or
    moved).
    """
    told = history.where(is_registered() & held17().isNotNull()).select(
        F.concat_ws("|", "person_id", "valid_from").alias("unique_id"),
        "person_id",
        record_ref().alias("ref"),
        "valid_from",
        F.coalesce("valid_to", F.lit(FOREVER).cast("date")).alias("valid_until"),
        held17().alias("number17"),
        spelled(F.col("name")).alias("name"),
        spelled(F.col("former_name")).alias("former"),
        F.when(F.col("sex").isin("1", "2"), F.col("sex")).alias("sex"),
        F.col("birth_date").alias("birth"),
        F.col("registered_area").alias("village"),
        F.substring("registered_area", 1, 9).alias("town"),
        F.substring("registered_area", 1, 6).alias("county"),
        family_home().alias("household"),
        F.concat(family_home(), F.lit("|"), F.col("birth_date").cast("string")).alias("cradle"),
        _entry().alias("entry"),
    )
    return frequency.of(told)


def numbers(told: DataFrame) -> DataFrame:
    """`rows` as those of sectors are compared with them: with `digits`, the number's first seventeen, and
    parts of it that a slip may leave as they are; and the surname's first character.
    """
    parts = {"date": "substring(digits, 7, 8)", "place": "concat(left(digits, 6), right(digits, 3))",
             "head": "left(digits, 13)", "tail": "right(digits, 10)"}  # fmt: skip
    spelt = told.withColumns(
        {"digits": F.col("number17").cast("string"), "surname": F.left("name", F.lit(1))}
    )
    named = {f"digits_{part}": F.expr(sql) for part, sql in parts.items()}
    named["digits_sorted"] = F.array_join(F.array_sort(F.split("digits", "")), "")
    return spelt.withColumns(named).select(*_NUMBERED, "digits", *named)


def of_sectors(found: DataFrame, frequency: NameFrequency) -> DataFrame:
    """One row is a finding about a sector's record whose number may be mistyped, as `numbers` are.

    `found`: base/sector_finding. `person_id` and `ref` are the record, as a case names it.
    """
    told = found.where(F.col("finding").isin(*DOUBTED)).select(
        F.concat_ws("|", *SECTOR_RECORD, "finding", "valid_from").alias("unique_id"),
        sector_ref().alias("person_id"),
        sector_ref().alias("ref"),
        "valid_from",
        F.coalesce("valid_to", F.lit(FOREVER).cast("date")).alias("valid_until"),
        number17(F.col("citizen_id")).alias("number17"),
        spelled(F.col("name")).alias("name"),
        F.when(F.col("sex").isin("1", "2"), F.col("sex")).alias("sex"),
        F.col("birth_date").alias("birth"),
        F.substring("area", 1, 6).alias("county"),
    )
    return numbers(frequency.of(told))


def with_members(some: DataFrame, history: DataFrame) -> DataFrame:
    """`rows` with `members`: the names that ever stood in that household by `history`, but the row's own."""
    named = history.select(family_home().alias("household"), spelled(F.col("name")).alias("name"))
    names = F.collect_set("name")
    homes = named.where("household IS NOT NULL").groupBy("household").agg(names.alias("names"))
    known = F.when(F.size("names") <= _MOST_MEMBERS, F.array_remove("names", F.col("name")))
    members = F.coalesce(known, F.array().cast("array<string>"))
    return some.join(homes, "household", how="left").withColumn("members", members).drop("names")


def _entry() -> Column:
    """Registered as a newborn child; later, with a number of this very county; or with one from elsewhere."""
    newborn = F.datediff("registered_on", "birth_date").between(0, _NEWBORN)
    here = F.substring(F.coalesce("citizen_id", "claimed_citizen_id"), 1, 6) == F.substring(
        "registered_area", 1, 6
    )
    return F.when(newborn, "birth").when(here, "late").otherwise("moved")


def spelled(name: Column) -> Column:
    """A name as the search compares it."""
    return simplified(match_name(name))
