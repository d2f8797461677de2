"""The command line's options, each defined once, and what they turn into."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from popbase import killpoints
from popbase.errors import UsageError
from popbase.settings import Settings


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write a date as YYYY-MM-DD.") from None


def date_option(*names: str, about: str) -> Any:
    return typer.Option(*names, help=about, metavar="YYYY-MM-DD", parser=_day)


Landing = Annotated[
    str | None, typer.Option(help="Where departments deliver; else $POPBASE_LANDING, else ./landing.")
]
Lake = Annotated[str | None, typer.Option(help="Where the tables are; else $POPBASE_LAKE, else ./lake.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout and nothing else.")]
Date = Annotated[date, date_option("--date", about="The business date.")]
OneDate = Annotated[date | None, date_option("--date", about="Only this business date.")]
Feed = Annotated[str, typer.Option(help="The feed, by its contract's name.")]
OneFeed = Annotated[str | None, typer.Option("--feed", help="Only this feed.")]
Future = Annotated[bool, typer.Option("--future", help="Accept a date after today.")]
Limit = Annotated[int, typer.Option(min=1, help="Show people at most so many lines.")]


def new_file(out: Path) -> None:
    """UsageError where the file that a command is to write is there already."""
    if out.exists():
        raise UsageError(f"{out.name} is there already; name another file.")


def settings(landing: str | None = None, lake: str | None = None, outbox: str | None = None) -> Settings:
    """Options win over the environment; every command begins with them, so kill points are armed here."""
    chosen = Settings.from_environ(os.environ, landing=landing, lake=lake, outbox=outbox)
    killpoints.arm(chosen.kill_at, chosen.kill_points)
    return chosen
