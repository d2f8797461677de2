"""Chance, made repeatable: every stage draws from its own stream, so that one more draw in one stage
does not change what the others make.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Days = npt.NDArray[np.datetime64]
Flags = npt.NDArray[np.bool_]
Chance = np.random.Generator


def stream(seed: int, *labels: object) -> Chance:
    return np.random.default_rng([seed, *(zlib.crc32(str(label).encode()) for label in labels)])


def shares(weights: Sequence[float] | npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """The weights as probabilities."""
    array = np.asarray(weights, dtype=np.float64)
    share: npt.NDArray[np.float64] = array / array.sum()
    return share


def count(rate: float, of: int, *, least: int = 0) -> int:
    return max(least, round(rate * of))


class Picker:
    """Hands out members of a group in random order, none twice: troubles never meet in one person."""

    def __init__(self, chance: Chance, eligible: npt.NDArray[Any]) -> None:
        self._queue: Ints = chance.permutation(np.flatnonzero(eligible)).astype(np.int64)
        self._next = 0

    def take(self, wanted: int) -> Ints:
        """`wanted` members, or as many as are left."""
        taken = self._queue[self._next : self._next + wanted]
        self._next += len(taken)
        return taken

    def skim(self, allowed: npt.NDArray[Any], wanted: int) -> Ints:
        """`wanted` members among those for whom `allowed` is true; the others stay in the queue."""
        rest = self._queue[self._next :]
        chosen: Ints = rest[allowed[rest]][:wanted]
        self._queue = rest[~np.isin(rest, chosen)]
        self._next = 0
        return chosen
