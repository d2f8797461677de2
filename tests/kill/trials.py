"""A command killed at each of its points: what a reader sees then, and what the rerun makes of it."""

from __future__ import annotations

import re
import shutil
import signal
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from kill.lakes import Seen, differences, left, seen, unbalanced
from kill.runs import Command, Jvm, forgetting, points, run
from kill.world import World

from popbase.settings import Settings

_AT_ONCE = 2
_BATCH = 12


@dataclass(frozen=True)
class Outcome:
    """One point tried; `wrong` says in words what was lost or doubled.

    `like`: a point that left the same lake, and was run again in place of this one.
    """

    point: str
    met: int
    wrong: tuple[str, ...]
    like: str
    seconds: float

    def __str__(self) -> str:
        said = "; ".join(self.wrong) or (f"whole, as {self.like}" if self.like else "whole")
        return f"{self.seconds:>5.1f} s {self.met:>3}  {self.point:<62} {said}"


@dataclass(frozen=True)
class Trial:
    """A command on a lake as it was before it; `done`: the lake that an undisturbed run of it leaves."""

    jvm: Jvm
    world: World
    command: Command
    stage: str
    _lefts: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    @property
    def name(self) -> str:
        return self.command.__name__

    @property
    def done(self) -> str:
        return str(self.world.home / "runs" / self.name)

    def learned(self) -> dict[str, int]:
        """The points of an undisturbed run, and how often it reached each."""
        own = self.world.at(self.stage, self.name)
        return dict(points(self.jvm, self.command, own, self.world.home / f"{self.name}.points"))

    def tried(self, among: Iterable[str], met: Mapping[str, int]) -> list[Outcome]:
        """Of a point that is reached more than once the first time and the last."""
        legal = [seen(self.world.stage(self.stage)), seen(self.done)]
        wanted = [(point, turn) for point in among for turn in sorted({1, met[point]})]
        outcomes: list[Outcome] = []
        for start in range(0, len(wanted), _BATCH):
            batch = wanted[start : start + _BATCH]
            with forgetting(), ThreadPoolExecutor(_AT_ONCE) as pool:
                outcomes += pool.map(lambda one: self._one(*one, met[one[0]], legal), batch)
        return outcomes

    def _one(self, point: str, turn: int, met: int, legal: list[Seen]) -> Outcome:
        begun, at = time.monotonic(), point if turn == 1 else f"{point}#{turn}"
        own = self.world.at(self.stage, re.sub(r"\W+", "-", f"{self.name} {at}"))
        wrong, like = self._killed(own, f"{point}#{turn}", legal), at
        if not wrong:
            like = self._like(own, at)
            wrong = self._run_again(own, legal) if like == at else []
        if not wrong:
            shutil.rmtree(own.lake)
        return Outcome(at, met, tuple(wrong), "" if like == at else like, time.monotonic() - begun)

    def _like(self, own: Settings, at: str) -> str:
        """The point that left what this one did; itself where no other left one of the things it left."""
        found = [self._lefts.setdefault(thing, at) for thing in sorted(left(own.lake))]
        return at if at in found else found[-1]

    def _killed(self, own: Settings, at: str, legal: list[Seen]) -> list[str]:
        if (ended := run(self.jvm, self.command, own, at=at)) != -signal.SIGKILL:
            return [f"the run ended with {ended}"]
        return _illegal(seen(own.lake), legal)

    def _run_again(self, own: Settings, legal: list[Seen]) -> list[str]:
        if (ended := run(self.jvm, self.command, own)) != 0:
            return [f"the rerun ended with {ended}"]
        found = _illegal(seen(own.lake), legal[1:])
        return [*found, *unbalanced(own.lake), *differences(own.lake, self.done)]


def _illegal(found: Seen, legal: list[Seen]) -> list[str]:
    """Each publication as it was before or is afterwards, and readers at one of the two."""
    known = {seq: rows for before in legal for seq, rows in before.items()}
    odd = [f"publication {seq} is not whole" for seq, rows in found.items() if rows != known.get(seq)]
    current = max(found, default=None)
    if current not in {max(state, default=None) for state in legal}:
        odd.append(f"readers see {current}")
    return odd
