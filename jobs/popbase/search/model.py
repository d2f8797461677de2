"""A model as it is stored: what Splink estimated for the levels that `comparisons` defines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from popbase.errors import PopbaseError
from popbase.search.comparisons import Question
from popbase.search.frequency import NameFrequency

UNKNOWN = -1  # Splink's number for a level of values that are not given


@dataclass(frozen=True)
class Level:
    """Of a field: how often likely matches (`m`) and other pairs (`u`) show it; `gamma`, its place, the
    greatest the strongest."""

    label: str
    gamma: int
    m: float
    u: float


@dataclass(frozen=True)
class Model:
    """Estimated once and stored with the code: a weight changes with a version of popbase, never by itself.

    `asks`: what it answers. `prior`: the chance that two rows are one person; `threshold`: the match weight,
    log2 of the odds, from which on a pair is proposed; `trained`: on what, by which versions.
    """

    asks: Question
    prior: float
    threshold: float
    levels: Mapping[str, Mapping[str, tuple[float, float]]]
    frequency: NameFrequency
    trained: Mapping[str, Any]

    def splink(self, dialect: str) -> dict[str, Any]:
        """Splink's settings with these parameters, for 'spark' or 'duckdb'; raises PopbaseError where they
        are of other levels.
        """
        told = self.asks.settings(dialect)
        told["probability_two_random_records_match"] = self.prior
        for comparison in told["comparisons"]:
            known = self.levels.get(comparison["output_column_name"], {})
            levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
            if [level["label_for_charts"] for level in levels] != list(known):
                raise PopbaseError("The stored model is of other levels than the code; train it anew.")
            for level in levels:
                level["m_probability"], level["u_probability"] = known[level["label_for_charts"]]
        return told

    def of_field(self, field: str) -> list[Level]:
        """The strongest first."""
        known = self.levels[field]
        return [Level(label, len(known) - 1 - at, m, u) for at, (label, (m, u)) in enumerate(known.items())]

    def as_json(self) -> str:
        told = {
            "prior": self.prior,
            "threshold": self.threshold,
            "trained": self.trained,
            "levels": self.levels,
            "frequency": vars(self.frequency),
        }
        return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


@cache
def stored(asks: Question) -> Model:
    """The model that came with the code."""
    told = json.loads(files("popbase.search").joinpath(f"{asks.name}.json").read_text("utf-8"))
    levels = {f: {label: (m, u) for label, (m, u) in known.items()} for f, known in told["levels"].items()}
    frequency = NameFrequency(**told["frequency"])
    return Model(asks, told["prior"], told["threshold"], levels, frequency, told["trained"])
