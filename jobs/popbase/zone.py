"""The three faces (statistics.md 9): who may see what. An opening sees its own zone alone.

No Spark and no DuckDB: the command line asks.
"""

from __future__ import annotations

from enum import StrEnum


class Zone(StrEnum):
    """Exact rows never stand beside noisy ones, nor persons beside either."""

    restricted = "restricted"
    published = "published"

    @property
    def schemas(self) -> tuple[str, ...]:
        """What its readers may name. Other layers hold rows that nobody has judged, or somebody refused."""
        return ("base", "statistics") if self is Zone.restricted else (self.value,)
