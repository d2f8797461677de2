"""How a running night shows itself: bars on a terminal, lines in a log, nothing where a machine reads."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TextIO

from rich.console import Console
from rich.progress import Progress as Live
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from popbase.publish.run_report import Stage


class Progress:
    """Times the stages and says nothing; the others show them as well."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A stage that fails is timed too: the report says where the night stopped."""
        started = monotonic()
        try:
            with self._shown(name):
                yield
        finally:
            self.stages.append(Stage(name, round(monotonic() - started, 2)))

    @contextmanager
    def _shown(self, name: str) -> Iterator[None]:  # noqa: ARG002 - subclasses show it
        yield


class Lines(Progress):
    """Two plain lines a stage, for logs and schedulers."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self._out = out

    @contextmanager
    def _shown(self, name: str) -> Iterator[None]:
        self._say(f"{name} ...")
        started = monotonic()
        try:
            yield
        except BaseException:
            self._say(f"{name} failed after {monotonic() - started:.1f} s")
            raise
        self._say(f"{name} {monotonic() - started:.1f} s")

    def _say(self, line: str) -> None:
        self._out.write(line + "\n")
        self._out.flush()


class Bars(Progress):
    """One moving line for the stage at work and a kept one for each that is done."""

    @contextmanager
    def _shown(self, name: str) -> Iterator[None]:
        columns = (SpinnerColumn(finished_text="done"), TextColumn("{task.description}"), TimeElapsedColumn())
        with Live(*columns, console=Console(stderr=True)) as live:
            task = live.add_task(name, total=1)
            yield
            live.update(task, completed=1)


def progress_for(*, silent: bool) -> Progress:
    """What suits the place: stdout is kept for results, so progress goes to stderr."""
    if silent:
        return Progress()
    return Bars() if sys.stderr.isatty() else Lines(sys.stderr)
