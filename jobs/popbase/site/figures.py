"""The published figures as pages and charts ask for them. No Spark: the published zone, through DuckDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from popbase.errors import UsageError
from popbase.publish.publication import Publication
from popbase.publish.reader import Reader
from popbase.statistics.part import part_of
from popbase.statistics.places.tree import LEVELS, NATION, Area
from popbase.zone import Zone

Row = Mapping[str, Any]
WHOLE = Area("nation", NATION)
_FIGURES = """SELECT * FROM published.figure WHERE area_level <> 'township' ORDER BY ALL"""
_AREAS = "SELECT report_year, area_level, area_code, name FROM published.area WHERE area_level <> 'township'"


@dataclass(frozen=True)
class Published:
    """What the public may see of a publication, from the counties up.

    `names`: (report year, level, code) -> Chinese name.
    """

    publication: Publication
    rows: tuple[Row, ...] = field(repr=False)
    names: Mapping[tuple[int, str, str], str] = field(repr=False)

    @classmethod
    def read(cls, lake: str, publication: Publication) -> Published:
        """Raises UsageError where nothing has been released to the public yet."""
        if "published/figure" not in publication.tables:
            raise UsageError(
                "Nothing is released to the public yet: that is done for a year when it is final, if"
                " POPBASE_KEY_FILE names the secret."
            )
        with Reader(lake, publication, zone=Zone.published) as reader:
            (figures,) = reader.run(_FIGURES)
            rows = tuple(dict(zip(figures.columns, row, strict=True)) for row in figures.rows)
            (areas,) = reader.run(_AREAS)
            names = {(year, level, code): name for year, level, code, name in areas.rows}
        return cls(publication, rows, names)

    @cached_property
    def years(self) -> list[int]:
        return sorted({row["report_year"] for row in self.rows})

    @property
    def latest(self) -> int:
        return self.years[-1]

    @cached_property
    def _cells(self) -> dict[tuple[int, str, str, str, str, str], Row]:
        return {
            (
                row["report_year"], row["table"], row["measure"], part_of(row["breakdowns"]),
                row["area_level"], row["area_code"],
            ): row
            for row in self.rows
        }  # fmt: skip

    def form(self, year: int) -> str:
        """The form that the year is on."""
        return str(self.of(year, "T1")[0]["form"])

    def of(self, year: int, table: str) -> list[Row]:
        return self._by_table.get((year, table), [])

    @cached_property
    def _by_table(self) -> dict[tuple[int, str], list[Row]]:
        found: dict[tuple[int, str], list[Row]] = {}
        for row in self.rows:
            found.setdefault((row["report_year"], row["table"]), []).append(row)
        return found

    def value(self, year: int, table: str, measure: str, part: str = "", area: Area = WHOLE) -> float | None:
        """A figure; none where it is withheld or not known."""
        row = self._cells.get((year, table, measure, part, area.level, area.code))
        return None if row is None else row["value"]

    def areas(self, year: int, level: str) -> list[Area]:
        """The areas of a level that have people, by their codes."""
        codes = {r["area_code"] for r in self.of(year, "T1") if r["area_level"] == level}
        return [Area(level, code) for code in sorted(codes)]

    def name(self, year: int, area: Area) -> str:
        return self.names.get((year, area.level, area.code), area.code)

    def cut_off(self, year: int) -> date:
        newest: date = max(r["cut_off"] for r in self.of(year, "T1"))
        return newest

    def status(self, year: int) -> str:
        return max(str(r["release_status"]) for r in self.of(year, "T1"))

    @property
    def revised(self) -> Iterator[Row]:
        """Figures that differ from those released before."""
        return (row for row in self.rows if row["release_status"] == "REVISED")


def above(level: str) -> Iterable[str]:
    """The levels from the nation down to one."""
    return LEVELS[: LEVELS.index(level) + 1]
