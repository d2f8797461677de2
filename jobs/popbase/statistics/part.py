"""How a part of a measure is named where figures are looked up or printed: `sex=male`. No Spark."""

from __future__ import annotations


def part(dimension: str, code: str) -> str:
    """A measure's part: two dimensions may have parts of one code."""
    return f"{dimension}={code}"
