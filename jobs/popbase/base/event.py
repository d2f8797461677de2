"""What happened to persons, told by their winning records over time (statistics section 3): what leads from
one of a person's stays (`stay.py`) to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.stay import LINEAGE, quiet_stays, stays

EVENT = ("event_id", "person_id", "kind", "event_on", "occurred_on", "from_area", "to_area", "one_sided")
_ENDS = {
    "1": "DEATH", "2": "MISSING", "3": "TRANSIT_OUT", "4": "CANCEL_DUPLICATE", "5": "ENLIST",
    "6": "EMIGRATE", "7": "CANCEL_ERROR",
}  # fmt: skip
_REASONS = {r: r for r in ("BIRTH", "DISCHARGE", "RETURN", "RESTORE", "MOVE")} | {"LATE": "LATE_REGISTRATION"}
_BACK = {"5": "DISCHARGE", "6": "RETURN"}
_WHO = ("sex", "citizen_id", "birth_date", "settle_basis")


@dataclass(frozen=True)
class Period:
    """The days (since, until]."""

    since: date
    until: date

    def has(self, day: Column) -> Column:
        return (day > F.lit(self.since)) & (day <= F.lit(self.until))


def events(records: DataFrame, quiet: DataFrame, on: date) -> DataFrame:
    """One row is an event by the business date `on`.

    `records`: those of an `Identity`, at all dates; `quiet`: records that are their persons' only ones, in
    one version ever, over [as_of, until).
    """
    every = (_entries(rows) for rows in (stays(records, on), quiet_stays(quiet, on)))
    told, still = (rows.withColumn("event_id", event_id()).select(*EVENT) for rows in every)
    rows = told.groupBy("event_id").agg(F.min(F.struct(*EVENT[1:])).alias("event"))
    return rows.select("event_id", "event.*").unionByName(still)


def transitions(records: DataFrame, quiet: DataFrame, period: Period, *, known_by: date) -> DataFrame:
    """One row is a step of a person from where it stood on `period.since` to where it stood on its end, and
    those known after it, by `known_by`: `events` with `known_on`, the business date from which it is so, and
    the person's sex, citizen_id and birth_date, and its settle_basis. Arguments as for `events`.

    A step that is taken twice stands twice: the steps of a place add up to what its people became.
    """
    every = [stays(records, known_by, beside=_WHO), quiet_stays(quiet, known_by)]
    told, still = (_entries(rows, period, beside=_WHO) for rows in every)
    return told.unionByName(still).where(F.col("known_on") > F.lit(period.since))


def _entries(every: DataFrame, period: Period | None = None, *, beside: tuple[str, ...] = ()) -> DataFrame:
    """One row is an event; `period`: in which a move must have left and arrived to be one, else a year."""
    found = [_entrance(), _return(period), *_change(), _exit(period), _disappearance(), _conversion()]
    kept = ("person_id", *LINEAGE, *beside)
    rows = every.select(*kept, F.explode(F.array_compact(F.array(*found))).alias("event"))
    return rows.select(*kept, "event.*")


def event_id() -> Column:
    """The name of an event, of a row of `transitions` too."""
    parts = ("person_id", "kind", "event_on", *LINEAGE, "from_area", "to_area")
    name = [F.coalesce(F.col(part).cast("string"), F.lit("")) for part in parts]
    return F.substring(F.sha2(F.concat_ws("|", F.lit("event"), *name), 256), 1, 32)


def _entrance() -> Column:
    """Into a person's first stay, by the register's reason; again after it had vanished, or parted from
    another person.
    """
    reason, gap = F.col("move_in_reason"), F.col("gap")
    kind = F.coalesce(_of(_REASONS, reason), F.lit("APPEARED"))
    moved, was_born = reason == "MOVE", reason.isin("BIRTH", "LATE")
    by_reason = _event(
        kind, "registered_on",
        occurred_on=F.when(was_born, F.col("birth_date")),
        from_area=F.when(moved, _village("move_in_from")),
        to_area=F.col("area"), one_sided=F.coalesce(moved, F.lit(False)),
    )  # fmt: skip
    living_again = gap & F.col("live") & ~F.col("first")
    came_over = F.coalesce("came_over", F.lit(False))
    return (
        F.when((F.col("first") | living_again) & came_over, _event("SPLIT", "start", to_area=F.col("area")))
        .when((F.col("first") | living_again) & gap, _event("APPEARED", "start", to_area=F.col("area")))
        .when(F.col("first"), by_reason)
    )


def _return(period: Period | None) -> Column:
    """Into a living stay from one that had ended."""
    reason, q = F.col("move_in_reason"), F.col("q")
    by_reason = F.when(reason.isin("DISCHARGE", "RETURN", "RESTORE", "LATE"), _of(_REASONS, reason))
    kind = F.coalesce(by_reason, _of(_BACK, q["end_reason"]), F.lit("RESTORE"))
    on = F.when(F.col("registered_on") >= q["ended_on"], F.col("registered_on")).otherwise(F.col("start"))
    arrives = q["left"].isNotNull() & _arrives(q, F.struct("start", "registered_on"), period)
    completed = F.when(arrives, F.lit("MOVE")).otherwise(F.lit("TRANSIT_IN"))
    left = F.coalesce(q["left"], q["area"])
    came_back = F.when(
        F.coalesce(q["end_reason"] == "3", F.lit(False)),
        _event(completed, "registered_on", from_area=left, to_area=F.col("area")),
    ).otherwise(_event(kind, on, to_area=F.col("area")))
    return F.when(F.col("live") & q.isNotNull() & ~q["live"], came_back)


def _change() -> list[Column]:
    """From one living stay into another: a move, a change of code, or back from a double registration."""
    q, here, there = F.col("q"), F.col("area"), F.col("q.area")
    one_record = (q["anchor_region"] == F.col("anchor_region")) & (q["record_no"] == F.col("record_no"))
    recoded, ends = one_record & (q["region"] != F.col("region")), {"from_area": there, "to_area": here}
    registered_anew = F.col("registered_on") != q["registered_on"]
    moved_on = F.when(~one_record | registered_anew, F.col("registered_on")).otherwise(F.col("start"))
    moved = one_record | (F.col("registered_on") >= q["registered_on"])
    first = (
        F.when(recoded, _event("RECODED_OUT", "start", **ends))
        .when(moved, _event("MOVE", moved_on, **ends))
        .otherwise(_event("CANCEL_DUPLICATE", "start", from_area=there))
    )
    second = F.when(recoded, _event("RECODED_IN", "start", **ends)).when(
        ~moved, _event("RESTORE", "start", to_area=here)
    )
    changes = F.col("live") & q["live"] & (here != there)
    return [F.when(changes, first), F.when(changes, second)]


def _exit(period: Period | None) -> Column:
    """Into an ended stay; a move out that a registration elsewhere completes within the year is that move."""
    reason, n = F.col("end_reason"), F.col("n")
    leaves = F.coalesce(reason == "3", F.lit(False))
    follows = n.isNotNull() & n["live"]
    arrives = leaves & follows & _arrives(F.struct("start", "ended_on"), n, period)
    to_area = F.when(follows, n["area"]).otherwise(_village("move_out_to"))
    left = _event(
        F.coalesce(_of(_ENDS, reason), F.lit("OTHER")), "ended_on",
        occurred_on=F.when(reason == "1", F.col("died_on")),
        from_area=F.col("left"),
        to_area=F.when(leaves, to_area), one_sided=leaves & ~follows,
    )  # fmt: skip
    return F.when(F.col("left").isNotNull() & ~F.coalesce(arrives, F.lit(False)), left)


def _disappearance() -> Column:
    """Out of the last stay before a gap: into another person, or out of the register's sight."""
    into_another = F.coalesce("goes_over", F.lit(False))
    kind = F.when(into_another, F.lit("MERGE")).otherwise(F.lit("VANISHED"))
    gone = F.col("live") & F.col("closed") & F.col("n").isNull()
    return F.when(gone, _event(kind, "end", from_area=F.col("area"), known_on=F.col("end")))


def _conversion() -> Column:
    new = F.col("converted_on").isNotNull() & ~F.col("converted_on").eqNullSafe(F.col("q.converted_on"))
    area = F.col("area")
    return F.when(new, _event("CONVERSION", "converted_on", from_area=area, to_area=area))


def _arrives(left: Column, entered: Column, period: Period | None) -> Column:
    """A flow is a year's: within it, leaving and registering elsewhere are one move."""
    one_year = F.coalesce(F.year(left["ended_on"]) == F.year(entered["registered_on"]), F.lit(False))
    if period is None:
        return one_year
    return one_year & period.has(left["start"]) & period.has(entered["start"])


def _village(area: str) -> Column:
    return F.when(F.length(area) == 12, F.col(area))


def _of(names: dict[str, str], code: Column) -> Column:
    pairs = [F.lit(text) for pair in names.items() for text in pair]
    return F.try_element_at(F.create_map(*pairs), code)


def _event(
    kind: Column | str,
    event_on: Column | str,
    *,
    occurred_on: Column | None = None,
    from_area: Column | None = None,
    to_area: Column | None = None,
    one_sided: Column | None = None,
    known_on: Column | None = None,
) -> Column:
    nothing = F.lit(None)
    return F.struct(
        (F.lit(kind) if isinstance(kind, str) else kind).alias("kind"),
        (F.col(event_on) if isinstance(event_on, str) else event_on).alias("event_on"),
        (nothing.cast("date") if occurred_on is None else occurred_on).alias("occurred_on"),
        (nothing.cast("string") if from_area is None else from_area).alias("from_area"),
        (nothing.cast("string") if to_area is None else to_area).alias("to_area"),
        (F.lit(False) if one_sided is None else one_sided).alias("one_sided"),
        (F.col("start") if known_on is None else known_on).alias("known_on"),
    )
