"""One command of popbase as the whole of a spark-submit driver, with its messages and its exit codes."""

from __future__ import annotations

import sys

from popbase.cli import main


def step(command: str, *arguments: str) -> None:
    sys.argv = ["popbase", command, *arguments]
    main()
