"""The judged rows of a feed's deliveries, staged: one pass over the files, a folder for each verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from popbase.contracts import Contract
from popbase.delta_log import StagedFile
from popbase.frames import first_per
from popbase.intake import citizen_id, judge
from popbase.intake.cells import key_cells, with_cells
from popbase.intake.delivery import Received
from popbase.intake.lines import PLACE, Sent, overlong, read
from popbase.lake import Lake
from popbase.session import gathered

INTAKE_ONLY = ("key", "reasons", "raw", "tie", "verdict")

# Some thirty bytes each in the driver and in every executor.
_MOST_BROADCAST = 10_000_000

# A delivery as its files' folders name it: region, business date, number.
Folder = tuple[str, str, str]


@dataclass(frozen=True)
class Staging:
    """Files that no reader sees yet; `winners` are the contenders that stay (design section 4)."""

    table: str
    schema: T.StructType
    files: Sequence[StagedFile]
    winners: Sequence[StagedFile] = ()

    def of(self, verdict: str, *, among: Collection[Folder] | None = None) -> list[StagedFile]:
        """The files of one verdict, of all deliveries or of those named."""
        files = [file for file in self.files if file.partition["verdict"] == verdict]
        return files if among is None else [file for file in files if folder_of(file) in among]

    def rows(self, verdict: str, folder: Folder) -> int:
        return _rows(self.of(verdict))[folder]

    def kept(self, folder: Folder) -> int:
        return _rows(self.winners)[folder]

    def good(self, accepted: Collection[Folder]) -> list[StagedFile]:
        """What may be committed of the deliveries named."""
        winners = [file for file in self.winners if folder_of(file) in accepted]
        return [*self.of(judge.ACCEPTED, among=accepted), *winners]

    @property
    def conformed_schema(self) -> T.StructType:
        return T.StructType([field for field in self.schema.fields if field.name not in INTAKE_ONLY])


def stage(lake: Lake, contract: Contract, deliveries: Sequence[Received]) -> Staging:
    """Reads, judges and writes every row once; then settles which of several rows with one key stays."""
    columns = judge.columns(contract)
    sent = read(lake.spark, deliveries, columns)
    records = gathered(reduce(DataFrame.union, (with_cells(s, columns) for s in sent)))
    judged = judge.judged(
        records, contract, areas=citizen_id.areas(lake.spark), contended=contended_keys(sent, contract)
    )
    table = f"conformed/{contract.feed}"
    files = lake.stage(table, judged, partition_by=(*PLACE, "verdict"))
    for unread in overlong(lake.spark, deliveries):
        refused = judge.malformed(unread, judged.schema)
        files += lake.stage(table, refused, partition_by=(*PLACE, "verdict"))
    staging = Staging(table, judged.schema, files)
    return replace(staging, winners=settle(lake, contract, staging))


def contended_keys(sent: Sequence[Sent], contract: Contract) -> DataFrame | None:
    """`key_hash` of the keys that one delivery carries more than once; None where there are none.

    The one shuffle of intake: eight bytes a row. Only the rows it names are compared with each other, so the
    wide rows of a delivery never move.
    """
    headers = [field.header for field in contract.key]
    keys = gathered(reduce(DataFrame.union, (key_cells(s, headers) for s in sent)))
    counted = judge.key_hash(keys, contract).groupBy("key_hash").count()
    repeated = counted.where("count > 1").select("key_hash").localCheckpoint()
    count = repeated.count()
    if not count:
        return None
    # Spark's guess at their number is that of all rows: it would shuffle those to meet a handful of keys.
    return F.broadcast(repeated) if count <= _MOST_BROADCAST else repeated


def settle(lake: Lake, contract: Contract, staging: Staging) -> list[StagedFile]:
    """Of accepted rows with one key in one delivery, the winner: later `updated_at`, then greater hash.

    Rows alike in every field may still be a U and a D: the U stays, so that nothing is lost by chance.
    """
    contenders = staging.of(judge.CONTENDER)
    if not contenders:
        return []
    newest_first = Window.partitionBy(*PLACE, *(f.name for f in contract.key)).orderBy(
        F.desc(contract.updated_at.name), F.desc("tie"), F.desc("op")
    )
    rows = gathered(lake.staged(staging.table, contenders, staging.schema))
    return lake.stage(staging.table, first_per(rows, newest_first), partition_by=(*PLACE, "verdict"))


def folder_of(file: StagedFile) -> Folder:
    region, business_date, delivery_no = (str(file.partition[name]) for name in PLACE)
    return region, business_date, delivery_no


def _rows(files: Iterable[StagedFile]) -> Counter[Folder]:
    counts: Counter[Folder] = Counter()
    for file in files:
        counts[folder_of(file)] += file.rows
    return counts
