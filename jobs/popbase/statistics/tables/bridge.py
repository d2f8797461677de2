"""The bridge from the old form's definitions to the new one's (statistics.md 6): everybody by all three."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from popbase.statistics.cube import Measure
from popbase.statistics.places.classification import by_class, by_place
from popbase.statistics.tables.t1 import CLASSES, NATURE, OFFICIAL

TABLE = "bridge"
# Dimension -> its parts.
NATURES = {"agricultural": NATURE[0], "non_agricultural": NATURE[1], "unknown": NATURE[2]}
PLACES = OFFICIAL


def _column(nature: str, place: str, urban_rural: str) -> str:
    return f"bridge_{nature}_{place}_{urban_rural}"


COUNTS = tuple(_column(n, p, u) for n in NATURES for p in PLACES for u in CLASSES)


def measures() -> list[Measure]:
    """The registered population by its nature, the kind of its place, and its area's class."""
    return [
        Measure(
            TABLE, "population", _column(nature, place, urban_rural), "nature-place-urban-rural",
            {"nature": nature, "place": place, "urban_rural": urban_rural}, by_list=True,
        )
        for nature in NATURES
        for place in PLACES
        for urban_rural in CLASSES
    ]  # fmt: skip


def counts() -> dict[str, Column]:
    """Of a registered area with its counts by nature, its class and place."""
    return {
        _column(nature, place, urban_rural): F.when(within & of_class, F.col(counted)).otherwise(0)
        for nature, counted in NATURES.items()
        for place, within in by_place().items()
        for urban_rural, of_class in by_class().items()
    }
