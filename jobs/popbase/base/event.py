"""What happened to persons, told by their winning records over time (statistics section 3).

A person's days are parted into stays: unbroken runs of days with one winning record, at one bureau and one
registered area, living or ended. What happens is what leads from one stay to the next; its facts are those
of the stay's last day, so that a correction of a date corrects the event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from popbase.identity.histories import run_end, runs
from popbase.identity.rules import is_live

EVENT = ("event_id", "person_id", "kind", "event_on", "occurred_on", "from_area", "to_area", "one_sided")
_ENDS = {
    "1": "DEATH", "2": "MISSING", "3": "TRANSIT_OUT", "4": "CANCEL_DUPLICATE", "5": "ENLIST",
    "6": "EMIGRATE", "7": "CANCEL_ERROR",
}  # fmt: skip
_REASONS = {r: r for r in ("BIRTH", "DISCHARGE", "RETURN", "RESTORE", "MOVE")} | {"LATE": "LATE_REGISTRATION"}
_BACK = {"5": "DISCHARGE", "6": "RETURN"}
_LINEAGE = ("anchor_region", "record_no")
_PLACE = ("region", "record_no")
_FACTS = (
    "registered_on", "birth_date", "move_in_reason", "move_in_from", "move_out_to", "ended_on", "end_reason",
    "died_on", "converted_on",
)  # fmt: skip


def events(records: DataFrame, on: date) -> DataFrame:
    """One row is an event by the business date `on`. `records`: those of an `Identity`, at all dates."""
    told = _entries(_with_neighbours(_stays(records), on))
    rows = told.groupBy("event_id").agg(F.min(F.struct(*EVENT[1:])).alias("event"))
    return rows.select("event_id", "event.*").select(*EVENT)


def quiet_events(records: DataFrame, on: date) -> DataFrame:
    """`events` of records that are their persons' only ones, in one version ever: no row meets another."""
    first = F.col("as_of") == F.greatest("first_date", "registered_on")
    columns = {
        "live": is_live(), "area": F.col("registered_area"), "first": first, "gap": F.lit(False),
        "came_over": F.lit(False), "goes_over": F.lit(False), "closed": F.lit(False),
        "q": F.when(~first, F.struct(
            F.lit(True).alias("live"), "region", *_LINEAGE, F.col("registered_area").alias("area"),
            "registered_on", "ended_on", "end_reason", "converted_on",
        )),
        "n": F.lit(None).cast("struct<live: boolean, area: string, registered_on: date>"),
    }  # fmt: skip
    stays = records.where(F.col("as_of") <= F.lit(on)).withColumns({**columns, "start": F.col("as_of")})
    return _entries(stays.withColumn("end", F.lit(None).cast("date"))).select(*EVENT)


def _stays(records: DataFrame) -> DataFrame:
    """One row is a stay [start, end) of a person; `came_over`, `goes_over`: its record was
    another person's on the day before, or will be on the day after.
    """
    # By its place too: a takeover may give what stands there an earlier origin.
    known = (_LINEAGE, _PLACE)
    came, goes = (
        reduce(Column.__or__, (_passed(record, *beside) for record in known))
        for beside in ((F.lag, "until", "as_of"), (F.lead, "as_of", "until"))
    )
    passed = {
        "came_over": came,
        "goes_over": goes,
        "live": is_live(),
        "area": F.col("registered_area"),
    }
    winners = records.withColumns(passed).where("role = 'WINNER'")
    same = ("region", *_LINEAGE, "live", "area")
    last = F.max(F.struct("as_of", "goes_over", *_FACTS)).alias("last")
    first = F.min(F.struct("as_of", "came_over"))["came_over"]
    return (
        runs(winners, "person_id", same=same)
        .groupBy("person_id", "turn", *same)
        .agg(F.min("as_of").alias("start"), run_end().alias("end"), first.alias("came_over"), last)
        .select(
            "person_id", *same, "start", "end", "came_over", "last.goes_over", *(f"last.{f}" for f in _FACTS)
        )
    )  # fmt: skip


def _passed(record: Sequence[str], beside: Callable[[Column], Column], end: str, start: str) -> Column:
    """Whether the record was, or will be, another person's on the day next to the row's."""
    other = beside(F.struct(end, "person_id")).over(Window.partitionBy(*record).orderBy("as_of"))
    passes = (other[end] == F.col(start)) & (other["person_id"] != F.col("person_id"))
    return F.coalesce(passes, F.lit(False))


def _with_neighbours(stays: DataFrame, on: date) -> DataFrame:
    """Stays that have begun, each with the one directly before (`q`) and directly after it (`n`)."""
    begun = stays.where(F.col("start") <= F.lit(on))
    in_time = Window.partitionBy("person_id").orderBy("start")
    told = F.struct(
        "start", "end", "live", "region", *_LINEAGE, "area", "registered_on", "ended_on", "end_reason",
        "converted_on",
    )  # fmt: skip
    before, after = F.lag(told).over(in_time), F.lead(told).over(in_time)
    return (
        begun.withColumns({"before": before, "after": after})
        .withColumns({
            "q": F.when(F.col("before.end") == F.col("start"), F.col("before")),
            "n": F.when(F.col("after.start") == F.col("end"), F.col("after")),
            "first": F.col("before").isNull(),
            "closed": F.coalesce(F.col("end") <= F.lit(on), F.lit(False)),
        })
        .withColumn("gap", ~F.col("first") & F.col("q").isNull())
        .withColumn("first", F.col("first") | (F.col("gap") & F.col("before.live")))
    )  # fmt: skip


def _entries(stays: DataFrame) -> DataFrame:
    """One row is an event; `first` also holds after a gap that followed a living stay."""
    every = [_entrance(), _return(), *_change(), _exit(), _disappearance(), _conversion()]
    found = F.explode(F.array_compact(F.array(*every)))
    rows = stays.select("person_id", *_LINEAGE, found.alias("event")).select(
        "person_id", *_LINEAGE, "event.*"
    )
    parts = ("person_id", "kind", "event_on", *_LINEAGE, "from_area", "to_area")
    name = [F.coalesce(F.col(part).cast("string"), F.lit("")) for part in parts]
    return rows.withColumn(
        "event_id", F.substring(F.sha2(F.concat_ws("|", F.lit("event"), *name), 256), 1, 32)
    )


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


def _return() -> Column:
    """Into a living stay from one that had ended."""
    reason, q = F.col("move_in_reason"), F.col("q")
    by_reason = F.when(reason.isin("DISCHARGE", "RETURN", "RESTORE", "LATE"), _of(_REASONS, reason))
    kind = F.coalesce(by_reason, _of(_BACK, q["end_reason"]), F.lit("RESTORE"))
    on = F.when(F.col("registered_on") >= q["ended_on"], F.col("registered_on")).otherwise(F.col("start"))
    completed = F.when(_arrives(q, F.col("registered_on")), F.lit("MOVE")).otherwise(F.lit("TRANSIT_IN"))
    came_back = F.when(
        F.coalesce(q["end_reason"] == "3", F.lit(False)),
        _event(completed, "registered_on", from_area=q["area"], to_area=F.col("area")),
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


def _exit() -> Column:
    """Into an ended stay; a move out that a registration elsewhere completes within the year is that move."""
    reason, q, n = F.col("end_reason"), F.col("q"), F.col("n")
    leaves = F.coalesce(reason == "3", F.lit(False))
    follows = n.isNotNull() & n["live"]
    arrives = leaves & follows & _arrives(F.struct("ended_on"), n["registered_on"])
    to_area = F.when(follows, n["area"]).otherwise(_village("move_out_to"))
    left = _event(
        F.coalesce(_of(_ENDS, reason), F.lit("OTHER")), "ended_on",
        occurred_on=F.when(reason == "1", F.col("died_on")),
        from_area=F.coalesce(q["area"], F.col("area")),
        to_area=F.when(leaves, to_area), one_sided=leaves & ~follows,
    )  # fmt: skip
    ended = ~F.col("live") & (F.col("first") | (q.isNotNull() & q["live"]))
    return F.when(ended & ~F.coalesce(arrives, F.lit(False)), left)


def _disappearance() -> Column:
    """Out of the last stay before a gap: into another person, or out of the register's sight."""
    into_another = F.coalesce("goes_over", F.lit(False))
    kind = F.when(into_another, F.lit("MERGE")).otherwise(F.lit("VANISHED"))
    gone = F.col("live") & F.col("closed") & F.col("n").isNull()
    return F.when(gone, _event(kind, "end", from_area=F.col("area")))


def _conversion() -> Column:
    new = F.col("converted_on").isNotNull() & ~F.col("converted_on").eqNullSafe(F.col("q.converted_on"))
    area = F.col("area")
    return F.when(new, _event("CONVERSION", "converted_on", from_area=area, to_area=area))


def _arrives(left: Column, registered_on: Column) -> Column:
    """A flow is a year's: within it, leaving and registering elsewhere are one move."""
    return F.coalesce(F.year(left["ended_on"]) == F.year(registered_on), F.lit(False))


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
) -> Column:
    nothing = F.lit(None)
    return F.struct(
        (F.lit(kind) if isinstance(kind, str) else kind).alias("kind"),
        (F.col(event_on) if isinstance(event_on, str) else event_on).alias("event_on"),
        (nothing.cast("date") if occurred_on is None else occurred_on).alias("occurred_on"),
        (nothing.cast("string") if from_area is None else from_area).alias("from_area"),
        (nothing.cast("string") if to_area is None else to_area).alias("to_area"),
        (F.lit(False) if one_sided is None else one_sided).alias("one_sided"),
    )
