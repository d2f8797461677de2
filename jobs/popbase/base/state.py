"""The state of a feed at a date, and every record's course before it (design section 4).

Both are one function: the state at d is what stands, of the records' versions up to d. Rows of a first
delivery whose key no later one names are never shuffled; only the others are grouped by record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from popbase.base.fates import MOVED_IN, Course, Fate, course
from popbase.contracts import Contract
from popbase.intake.ledger import Judgement, effective

# Keys of later changes that may be broadcast to the rows they might replace (a night's are some thousands).
BROADCAST_ROWS = 500_000
# Up to so many rows in all, it takes longer to tell those that need no shuffle apart than to shuffle them.
FEW_ROWS = 100_000
# Beyond this many dates a list of them in a filter costs more than the files it spares.
PRUNED_DATES = 400

_FATE = (
    "region string, business_date date, delivery_no int, _bureau string, _phase int, "
    "_next_snapshot date, _taken_on date, _taken_by string"
)
_ARRIVAL = "_bureau string, _at date, _next_snapshot date, _taken_on date, _taken_by string"
_AHEAD = ("_next_snapshot", "_taken_on", "_taken_by")


def record_versions(
    contract: Contract,
    versions: DataFrame,
    refused: DataFrame,
    judgements: Iterable[Judgement],
    *,
    until: date,
    few: bool = False,
) -> DataFrame:
    """One row is a version of a record over the business dates [from_date, to_date) on which it stands.

    The state's columns without as_of; `to_date` is null where the version stands on `until`, and
    `first_date` is what the record's state shows at any date of the span. `few`: `versions` holds a few
    records alone, of all that these deliveries brought.
    """
    past = course(effective(judgements, until))
    firsts, changes, rest = ((), (), past.fates) if few else _parted(past)
    if not rest:
        return _lasting(contract, _entries(contract, versions, firsts))
    moving = _entries(contract, versions, rest)
    if not firsts:
        return _told(contract, _moving_spans(contract, moving, _spared(refused, past), past))
    first = _entries(contract, versions, firsts)
    if changes:
        keys = F.broadcast(_entries(contract, versions, changes).select(*_key(contract)))
        moving = moving.unionByName(first.join(keys, _key(contract), how="left_semi"))
        first = first.join(keys, _key(contract), how="left_anti")
    spans = _moving_spans(contract, moving, _spared(refused, past), past)
    return _lasting(contract, first).unionByName(_told(contract, spans))


def _parted(past: Course) -> tuple[Sequence[Fate], Sequence[Fate], Sequence[Fate]]:
    """First deliveries whose rows stand unless a change names them, those changes, and the rest."""
    firsts, changes = past.settled(BROADCAST_ROWS)
    rest = sorted(set(past.fates) - set(firsts), key=lambda f: (f.region, f.business_date))
    if rest and sum(f.rows for f in past.fates) <= FEW_ROWS:
        return (), (), past.fates
    return firsts, changes, rest


def _entries(contract: Contract, versions: DataFrame, fates: Sequence[Fate]) -> DataFrame:
    """The rows of these deliveries as entries in their records' courses: what is set or removed, and when."""
    rows = [(f.region, f.business_date, f.delivery_no, f.bureau, f.phase, *_ahead(f)) for f in fates]
    known = versions.sparkSession.createDataFrame(rows, _FATE)
    dates = sorted({f.business_date for f in fates})
    if len(dates) <= PRUNED_DATES:
        versions = versions.where(F.col("business_date").isin(dates))
    joined = versions.join(F.broadcast(known), ["region", "business_date", "delivery_no"], how="inner")
    set_by = F.struct(F.col("business_date").alias("date"), "_bureau")
    return joined.select(
        *_fields(contract), "_bureau", "flags", "op", F.col("business_date").alias("_at"), "_phase",
        F.col("region").alias("_origin"), *_AHEAD, F.when(F.col("op") == "U", set_by).alias("_first"),
    )  # fmt: skip


def _ahead(fate: Fate) -> tuple[date | None, date | None, str | None]:
    return fate.prospect.next_snapshot, fate.prospect.taken_on, fate.prospect.taken_by


def _lasting(contract: Contract, first: DataFrame) -> DataFrame:
    """Entries that nothing follows, as spans."""
    lasting = first.where(F.col("op") == "U").withColumn("to_date", F.lit(None).cast("date"))
    return _told(contract, lasting)


def _told(contract: Contract, spans: DataFrame) -> DataFrame:
    return spans.select(
        *_fields(contract), F.col("_bureau").alias("region"), "flags",
        F.col("_first.date").alias("first_date"), F.col("_first._bureau").alias("anchor_region"),
        F.col("_at").alias("from_date"), "to_date",
    )  # fmt: skip


def _spared(refused: DataFrame, past: Course) -> DataFrame | None:
    """Records that a snapshot carries as refused rows only: it does not remove them.

    _bureau, _key_text, _removers: the snapshots of the bureau that may still remove the record.
    """
    rows = [(f.region, f.business_date, f.delivery_no) for f in past.fates if _is_snapshot(past, f)]
    if not any(f.prospect.next_snapshot for f in past.fates):
        return None
    spark = refused.sparkSession
    known = spark.createDataFrame(rows, "region string, business_date date, delivery_no int")
    calendar = [(bureau, list(dates)) for bureau, dates in past.snapshots.items()]
    removers = spark.createDataFrame(calendar, "region string, _removers array<date>")
    return (
        refused.where(F.col("key") != "")
        .join(F.broadcast(known), ["region", "business_date", "delivery_no"], how="left_semi")
        .groupBy("region", "key")
        .agg(F.collect_set("business_date").alias("_refused_on"))
        .join(F.broadcast(removers), "region", how="inner")
        .select(
            F.col("region").alias("_bureau"), F.col("key").alias("_key_text"),
            F.array_except("_removers", "_refused_on").alias("_removers"),
        )
    )  # fmt: skip


def _is_snapshot(past: Course, fate: Fate) -> bool:
    return fate.bureau == fate.region and fate.business_date in past.snapshots.get(fate.bureau, ())


def _moving_spans(
    contract: Contract, entries: DataFrame, spared: DataFrame | None, past: Course
) -> DataFrame:
    """Entries as spans; those of bureaus that took over others take as many turns as records can move."""
    if not past.longest_chain:
        return _spans(contract, entries, spared)
    involved = F.col("_bureau").isin(*sorted(past.involved))
    here = entries.where(involved).localCheckpoint()
    spans = _spans(contract, here, spared)
    for _ in range(past.longest_chain):
        # A plan that grows with the turns costs more than the turns, and few bureaus take part in them.
        arrived = _arrivals(spans, past).localCheckpoint()
        spans = _spans(contract, here.unionByName(arrived), spared, arrivals=True)
    return _spans(contract, entries.where(~involved), spared).unionByName(spans)


def _spans(
    contract: Contract, entries: DataFrame, spared: DataFrame | None, *, arrivals: bool = False
) -> DataFrame:
    """One row is an entry that set a record, with the date on which the next entry, a snapshot or a takeover
    ends it. One shuffle: both windows share the record's key.
    """
    in_time = Window.partitionBy(*_key(contract)).orderBy("_at", "_phase", "_origin")
    judged = _with_ends(contract, entries, spared).withColumn("_first", F.min("_first").over(in_time))
    if arrivals:
        judged = _by_own_word(contract, judged, in_time)
    ended = judged.withColumn("to_date", F.least(F.lead("_at").over(in_time), "_removed_on", "_leaves_on"))
    lasts = F.col("to_date").isNull() | (F.col("to_date") > F.col("_at"))
    return ended.where((F.col("op") == "U") & lasts).drop("_removed_on")


def key_text(contract: Contract) -> Column:
    """A record's key as quarantine has it: its fields joined by `|` (design section 6)."""
    return F.concat_ws("|", *(f.name for f in contract.key))


def _with_ends(contract: Contract, entries: DataFrame, spared: DataFrame | None) -> DataFrame:
    """`_removed_on`: the first snapshot that may remove the record, had it no later entry; `_leaves_on`: the
    takeover with which it moves. A register record that has ended by then stays where and as it is.
    """
    snapshot = F.col("_next_snapshot")
    if spared is not None:
        entries = entries.withColumn("_key_text", key_text(contract))
        entries = entries.join(F.broadcast(spared), ["_bureau", "_key_text"], how="left").drop("_key_text")
        remaining = F.array_min(F.filter("_removers", lambda on: on >= F.col("_next_snapshot")))
        snapshot = F.when(F.col("_removers").isNull(), snapshot).otherwise(remaining)
    return entries.withColumns({
        "_removed_on": F.when(_live(contract, snapshot), snapshot),
        "_leaves_on": F.when(_live(contract, F.col("_taken_on")), F.col("_taken_on")),
    }).drop("_removers")  # fmt: skip


def _by_own_word(contract: Contract, entries: DataFrame, in_time: WindowSpec) -> DataFrame:
    """A record that moves in, and that the bureau already keeps live by its own word, changes nothing there
    but since when it is known.
    """
    said = [*_fields(contract), "flags", "op", *_AHEAD, "_removed_on", "_leaves_on"]
    told = F.struct(*(name for name in said if name not in _key(contract)))
    so_far = in_time.rowsBetween(Window.unboundedPreceding, Window.currentRow)
    holds = F.last(F.when(~_own_standing(contract, in_time), told), ignorenulls=True).over(so_far)
    return entries.withColumn("_told", holds).select(
        *_key(contract), "_at", "_phase", "_origin", "_first", "_told.*"
    )


def _own_standing(contract: Contract, in_time: WindowSpec) -> Column:
    """True of an entry that moves in where the bureau's own word has set the record, live to this day."""
    ended_on = F.col("ended_on") if contract.kind == "register" else F.lit(None).cast("date")
    own = F.when(
        F.col("_phase") > MOVED_IN,
        F.struct("op", ended_on.alias("ended_on"), F.least("_removed_on", "_leaves_on").alias("ends_on")),
    )
    before = F.last(own, ignorenulls=True).over(in_time.rowsBetween(Window.unboundedPreceding, -1))
    stands = before["ends_on"].isNull() | (before["ends_on"] >= F.col("_at"))
    live = before["ended_on"].isNull() | (before["ended_on"] > F.col("_at"))
    kept = (F.col("_phase") == MOVED_IN) & (before["op"] == "U") & stands & live
    return F.coalesce(kept, F.lit(False))


def _arrivals(spans: DataFrame, past: Course) -> DataFrame:
    """Spans that a takeover ended, as entries at the successor."""
    rows = [(bureau, on, p.next_snapshot, p.taken_on, p.taken_by) for bureau, on, p in past.arrivals]
    ahead = F.broadcast(spans.sparkSession.createDataFrame(rows, _ARRIVAL))
    moved = spans.where(F.col("to_date") == F.col("_leaves_on")).withColumns({
        "_origin": F.col("_bureau"), "_bureau": F.col("_taken_by"), "_at": F.col("_taken_on"),
        "_phase": F.lit(MOVED_IN),
    })  # fmt: skip
    return moved.drop(*_AHEAD, "to_date", "_leaves_on").join(ahead, ["_bureau", "_at"], how="inner")


def _live(contract: Contract, on: Column) -> Column:
    """Only the register's records end without being removed."""
    if contract.kind != "register":
        return F.lit(True)
    return F.col("ended_on").isNull() | (F.col("ended_on") > on)


def _fields(contract: Contract) -> list[str]:
    return [f.name for f in contract.fields]


def _key(contract: Contract) -> list[str]:
    """A record's whole name, field by field: joined texts of two keys could be one text."""
    return ["_bureau", *(f.name for f in contract.key)]
