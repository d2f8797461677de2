"""How a part of a measure is named where figures are looked up or printed: `sex=male`. No Spark."""

from __future__ import annotations

from collections.abc import Mapping


def part_of(breakdowns: Mapping[str, str]) -> str:
    """Its dimensions and codes in order: two dimensions may have parts of one code. '' for the whole."""
    return ";".join(f"{dimension}={code}" for dimension, code in sorted(breakdowns.items()))


def part(dimension: str, code: str) -> str:
    """A part by one dimension."""
    return part_of({dimension: code})
