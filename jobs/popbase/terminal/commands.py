"""The commands that read: what the operator asks at night and the statistician by day. None starts a JVM."""
# ruff: noqa: PLC0415 - `popbase --help` answers at once: a command imports what it needs

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from popbase.errors import UsageError
from popbase.options import Json, Lake, Limit, OneDate, OneFeed, date_option, settings
from popbase.zone import Zone

if TYPE_CHECKING:
    from popbase.publish.publication import Publication
    from popbase.publish.reader import Reader
    from popbase.terminal.show import Format


def _how(as_json: bool, as_csv: bool = False) -> Format:
    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other.")
    return "json" if as_json else "csv" if as_csv else "table"


def status(as_json: Json = False, lake: Lake = None) -> None:
    """What readers see, how the night ended, what to do."""
    from popbase.terminal import questions, show, status_page

    found = questions.status(settings(lake=lake).lake)
    if as_json:
        show.document(found)
    else:
        status_page.show(found, show.console())


def deliveries(
    feed: OneFeed = None, day: OneDate = None, limit: Limit = 40, as_json: Json = False, lake: Lake = None
) -> None:
    """How each delivery was judged, newest first."""
    from popbase.terminal import questions, show

    found = questions.deliveries(settings(lake=lake).lake, feed=feed, day=day)
    if as_json:
        show.dicts(found, "json", most=limit, nothing="")
    else:
        show.dicts(questions.in_short(found), "table", most=limit, nothing="No delivery was judged.")
        for refusal in questions.refusals(found[:limit]):
            show.console().print(refusal, markup=False)


def quarantine(
    feed: Annotated[str, typer.Argument(help="The feed, by its contract's name.")],
    day: OneDate = None,
    reason: Annotated[str | None, typer.Option(help="Only rows refused for this reason.")] = None,
    rows: Annotated[int, typer.Option(min=0, help="Show so many rows: where from and why.")] = 0,
    reveal: Annotated[bool, typer.Option("--reveal", help="With --rows: also key and raw text.")] = False,
    as_json: Json = False,
    lake: Lake = None,
) -> None:
    """Why rows of a feed were refused.

    Counts by reason. A citizen's data is shown only with --reveal."""
    from popbase.terminal import questions, show

    root = settings(lake=lake).lake
    if rows:
        found = questions.refused_rows(root, feed, limit=rows, day=day, reason=reason, reveal=reveal)
    else:
        found = questions.refused_by_reason(root, feed, day=day, reason=reason)
    show.dicts(found, _how(as_json), most=max(rows, 100), nothing="No row was refused.")


def publications(limit: Limit = 40, as_json: Json = False, lake: Lake = None) -> None:
    """What readers ever saw, the current one first."""
    from popbase.terminal import questions, show

    found = questions.publications(settings(lake=lake).lake)
    show.dicts(found, _how(as_json), most=limit, nothing="Nothing is published yet.")


def open_(
    as_of: Annotated[
        date | None,
        date_option("--as-of", about="The world on this date as known now."),
    ] = None,
    publication: Annotated[
        int | None, typer.Option(help="The world as this publication knew it; else the current one.")
    ] = None,
    zone: Annotated[
        Zone, typer.Option(help="restricted: exact figures and rows; published: with noise.")
    ] = Zone.restricted,
    sql: Annotated[str | None, typer.Option("-c", help="SQL to answer; else it is read from stdin.")] = None,
    limit: Limit = 40,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout and nothing else.")] = False,
    lake: Lake = None,
) -> None:
    """Read-only SQL over a publication, without Spark.

    Every answer comes from one publication, whatever a night is doing meanwhile. SHOW TABLES lists the
    tables: base.person, statistics.report, ... A statement ends with a semicolon. With --as-of they are
    base.person, without what sectors see (in_*), base.id_history, base.id_case and base.household.
    """
    from popbase.publish.reader import Reader
    from popbase.terminal import show

    how = _how(as_json, as_csv)
    root = settings(lake=lake).lake
    if as_of and publication:
        raise UsageError("--as-of and --publication exclude each other.")
    if as_of and zone is not Zone.restricted:
        raise UsageError(f"--as-of is of the restricted zone; {zone.value} has no history.")
    with Reader(root, _chosen(root, publication), on=as_of, zone=zone) as reader:
        if sql is None:
            _converse(reader, how, limit)
        else:
            for answer in reader.run(sql):
                show.rows(answer.columns, answer.rows, how, most=limit)


def _chosen(lake: str, seq: int | None) -> Publication:
    from popbase.publish.publication import Publications

    everything = Publications(lake)
    return everything.get(seq) if seq else everything.shown()


def _converse(reader: Reader, how: Format, limit: int) -> None:
    """Answers statement after statement: a person goes on after a mistake, a script ends with it."""
    from popbase.terminal import show

    person = sys.stdin.isatty()
    for statement in _statements(prompting=person):
        try:
            for answer in reader.run(statement):
                show.rows(answer.columns, answer.rows, how, most=limit)
        except UsageError as mistake:
            if not person:
                raise
            typer.echo(str(mistake), err=True)


def _statements(*, prompting: bool) -> Iterator[str]:
    """Lines gathered up to one that ends with a semicolon; what is left at the end counts too."""
    gathered: list[str] = []
    while True:
        if prompting:
            typer.echo("popbase> " if not gathered else "    ...> ", nl=False, err=True)
        line = sys.stdin.readline()
        if not gathered and line.strip().rstrip(";").lower() in ("exit", "quit", ".quit"):
            return
        gathered.append(line)
        if not line or line.rstrip().endswith(";"):
            yield "".join(gathered)
            gathered.clear()
        if not line:
            return


COMMANDS: dict[str, Callable[..., None]] = {
    "status": status,
    "deliveries": deliveries,
    "quarantine": quarantine,
    "publications": publications,
    "open": open_,
}
