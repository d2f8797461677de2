"""Disclosure control by cell keys (statistics.md 9): the same units get the same noise in whatever table.

Every person, household and event has a key of one byte that nobody can tell without the secret; a cell's key
is the sum of its units' keys, and names the noise. Nothing of the table's name is in it.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Literal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.base.event import event_id
from popbase.statistics.calendar import RESIDENCE
from popbase.statistics.forms import Told
from popbase.statistics.noise import KEYS, LEAST, NOISE
from popbase.statistics.units import WEIGHT

Kind = Literal["P", "H", "E"]
WITHHELD = "LT10"
_BLOCK = 64  # bytes of SHA-256's blocks
_PADS = "row__inner binary, row__outer binary"


def hmac_of(rows: DataFrame, key: bytes, message: Column, name: str) -> DataFrame:
    """`rows` with HMAC-SHA-256 of `message`, as hex, in the column `name`.

    The key reaches the executors as data: as a literal it would stand in the plan.
    """
    block = key.ljust(_BLOCK, b"\0") if len(key) <= _BLOCK else sha256(key).digest().ljust(_BLOCK, b"\0")
    pads = tuple(bytearray(byte ^ pad for byte in block) for pad in (0x36, 0x5C))
    keyed = rows.crossJoin(F.broadcast(rows.sparkSession.createDataFrame([pads], _PADS)))
    inner = F.unhex(F.sha2(F.concat("row__inner", F.encode(message, "UTF-8")), 256))
    outer = F.sha2(F.concat(F.col("row__outer"), inner), 256)
    return keyed.withColumn(name, outer).drop("row__inner", "row__outer")


def keyed(rows: DataFrame, key: bytes, kind: Kind, unit: Column) -> DataFrame:
    """`rows` weighing their units' keys: the last byte of HMAC-SHA-256 of the kind and its id."""
    told = hmac_of(rows, key, F.concat(F.lit(kind), unit), WEIGHT)
    return told.withColumn(WEIGHT, F.conv(F.right(F.col(WEIGHT), F.lit(2)), 16, 10).cast("int"))


def with_keys(told: Told, key: bytes) -> Told:
    """What a report counts, each unit weighing its key instead of one."""
    sectors = dict(told.sectors)
    if RESIDENCE in sectors:
        who = F.coalesce("person_id", "citizen_id")
        sectors[RESIDENCE] = keyed(sectors[RESIDENCE], key, "P", who)
    since = told.since
    if since is not None and since.steps is not None:
        since = replace(since, steps=keyed(since.steps, key, "E", event_id()))
    return replace(
        told,
        person=keyed(told.person, key, "P", F.col("person_id")),
        household=keyed(told.household, key, "H", F.col("household_id")),
        sectors=sectors,
        since=since,
    )


def noise(cell_key: Column) -> Column:
    """What is added to a count whose units' keys sum to `cell_key` modulo 256."""
    given = [F.when(cell_key <= last, added) for last, added in NOISE.items()]
    return F.coalesce(*given)


def shown(count: Column, keys: Column) -> Column:
    """The count as it is published; null where it is withheld. `keys`: the sum of its units' keys."""
    noisy = count + noise(F.pmod(keys.cast("bigint"), F.lit(KEYS)))
    return F.when((count > 0) & (noisy >= LEAST), noisy)
