"""The printed tables of every report year, as files of a publication."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase.sources import Sources
from popbase.statistics.calendar import DIVISIONS, LIST, form_of
from popbase.statistics.places.areas import area_names
from popbase.statistics.printed.workbook import tables_of, write_csv, write_form
from popbase.statistics.releases import TABLE
from popbase.statistics.tables.t1 import TABLE as T1_TABLE
from popbase.storage import Store, reached, store


def lay_out(sources: Sources, folder: str, *, last: str | None, version: int | None) -> None:
    """Every year of the cube as the official form and as CSV, in the lake's `folder`.

    `version`: the cube's in the last publication; its files in `last` serve for the years that are as
    they were.
    """
    lake = sources.lake
    shown = {} if version is None else lake.files_by_partition(TABLE, version)
    with reached(folder):
        files = store(lake.root)
        for (year,), rows in sorted(lake.files_by_partition(TABLE).items()):
            kept = _kept(files, last, year) if last and rows == shown.get((year,)) else None
            for name, content in (kept or _laid_out(sources, lake.read(TABLE), year)).items():
                files.write(f"{folder}/{name}", content)


def _kept(files: Store, folder: str, year: int) -> dict[str, bytes] | None:
    """A year's files as an earlier publication has them; None where one is gone."""
    try:
        names = [name for table in tables_of(form_of(year)) for name in _files(table, year)]
        return {name: files.read(f"{folder}/{name}") for name in names}
    except FileNotFoundError:
        return None


def _laid_out(sources: Sources, cube: DataFrame, year: int) -> dict[str, bytes]:
    rows: list[dict[str, Any]] = [row.asDict() for row in cube.where(F.col("report_year") == year).collect()]
    whole = (T1_TABLE, "nation", "population")
    nation = next(r for r in rows if (r["table"], r["area_level"], r["measure"]) == whole)
    divisions = sources.state(DIVISIONS, nation["cut_off"])
    villages = sources.state(LIST, nation["list_vintage"] or nation["cut_off"])
    names = area_names(divisions, villages, year=nation["boundary_year"])
    with TemporaryDirectory() as draft:
        for table in tables_of(form_of(year)):
            told = [row for row in rows if row["table"] == table]
            workbook, lines = (Path(draft, name) for name in _files(table, year))
            write_form(workbook, told, names=names)
            write_csv(lines, told, names=names)
        return {file.name: file.read_bytes() for file in sorted(Path(draft).iterdir())}


def _files(table: str, year: int) -> tuple[str, str]:
    return f"{table}-{year}.xlsx", f"{table}-{year}.csv"
