"""The areas of a table in printed order: every area under its parent, each code once. No Spark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LEVELS = ("nation", "province", "prefecture", "county", "township")
NATION = "000000"
# Ends the code of the area for people who cannot be placed one level down.
UNALLOCATED = "ZZ"
_LENGTH = {"province": 0, "prefecture": 2, "county": 4, "township": 6}


@dataclass(frozen=True)
class Area:
    level: str
    code: str

    @property
    def depth(self) -> int:
        return LEVELS.index(self.level)

    @property
    def parent(self) -> Area | None:
        """The area one level up: a `ZZ` stands under its own code below the level where it split off."""
        if self.level == "nation":
            return None
        above, length = LEVELS[self.depth - 1], _LENGTH[self.level]
        if self.code.endswith(UNALLOCATED) and len(self.code) - 2 < length:
            return Area(above, self.code)
        return Area(above, self.code[:length].ljust(6, "0"))

    @property
    def repeats(self) -> bool:
        """Whether the parent's row says it already: an undivided city's county, a `ZZ` below a `ZZ`."""
        return self.parent is not None and self.parent.code == self.code

    def path(self) -> tuple[str, ...]:
        return (*(self.parent.path() if self.parent else ()), self.code)


def printed(areas: Iterable[Area], levels: Iterable[str]) -> Iterator[Area]:
    """The areas of these levels, parents first; one that repeats its parent is left out.

    Unless the parent's level is not printed at all, or the parent has other children too: people of an
    undivided city who cannot be placed in it stand beside its one county.
    """
    kept, every = set(levels), sorted(areas, key=Area.path)
    children = Counter(area.parent for area in every)
    for area in every:
        said = area.repeats and children[area.parent] == 1 and area.parent and area.parent.level in kept
        if area.level in kept and not said:
            yield area
