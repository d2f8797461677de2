"""Kill points: the named moments around every write, at which a test ends the process by SIGKILL.

Whatever writes says so here (`around`), in the few modules that write at all; so a new table has its points
without anybody thinking of them, and the tests learn a command's points from one run of it. Nothing is armed
unless `POPBASE_KILL_AT` names a point: then the process that reaches it is gone, as if its machine were.

A point is `moment verb what`: `before commit base/person`, `half create publications`. Of several of one name
`#2` is the second that is reached.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

# The words of a path that differ from run to run: dates, times, numbers, ids.
_CHANGING = re.compile(r"(?<![^-/])(\d+|[0-9a-fT]{8,})(?![^-/.])[-/]?")


@dataclass
class _Armed:
    """`at`: the point to die at, or ''; `heard`: a file that takes the names of the points reached, or ''."""

    at: str
    heard: str
    reached: Counter[str] = field(default_factory=Counter)
    one_at_a_time: Lock = field(default_factory=Lock)


_armed: _Armed | None = None


def arm(at: str, heard: str) -> None:
    """When a command starts; with neither, every point is passed without a look."""
    global _armed  # noqa: PLW0603 - a process dies as a whole
    _armed = _Armed(at, heard) if at or heard else None


@contextmanager
def around(verb: str, what: str) -> Iterator[None]:
    """The points before and after a write of `what`: a table, or a file by its path below the lake."""
    reach("before", verb, what)
    yield
    reach("after", verb, what)


def reach(moment: str, verb: str, what: str) -> None:
    if _armed is None:
        return
    with _armed.one_at_a_time:
        name = f"{moment} {verb} {named(what)}"
        _armed.reached[name] += 1
        point = f"{name}#{_armed.reached[name]}"
        if _armed.heard:
            with Path(_armed.heard).open("a", encoding="utf-8") as file:
                file.write(f"{point}\n")
        if _armed.at in (point, name):
            os.kill(os.getpid(), signal.SIGKILL)


def named(what: str) -> str:
    """Alike from run to run: `lineage/2015-12-31/20160101021400123-base-START-0af3e4d2.json` is
    `lineage/base-START.json`.
    """
    return re.sub(r"[-/](?=\.)|/$", "", _CHANGING.sub("", what))
