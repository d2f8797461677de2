"""What the base does for others: pairs of number and name checked, departments told of their own records."""
# ruff: noqa: PLC0415 - `popbase --help` answers at once: a command imports what it needs

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popbase.errors import UsageError
from popbase.options import Json, Lake, Landing, Limit, new_file, settings

if TYPE_CHECKING:
    from popbase.site.figures import Published
    from popbase.terminal.show import Format


def check_numbers(
    file: Annotated[Path, typer.Argument(help="Pairs to check: CSV with the headers 公民身份号码 and 姓名.")],
    out: Annotated[Path, typer.Option(help="The answers, row by row; it must not be there yet.")],
    reason: Annotated[str, typer.Option(help="What for; who checked is written down.")],
    as_json: Json = False,
    lake: Lake = None,
) -> None:
    """Answer pairs of number and name: 一致, 不一致 or 库中无此号, by what readers see now."""
    from functools import partial

    from popbase.lake import Lake as Tables
    from popbase.publish.publication import Publications
    from popbase.session import spark_session
    from popbase.terminal import show
    from popbase.workbench import audit
    from popbase.workbench.number_check import check

    new_file(out)
    chosen = settings(lake=lake)
    publication = Publications(chosen.lake).shown()
    audit.note(chosen.lake, "numbers checked", [file.name], reason=reason, publication=publication.seq)
    tables = Tables(partial(spark_session, chosen), chosen.lake)
    told = check(tables, publication.tables["base/person"], file, out)
    rows = [{"answer": answer, "pairs": pairs} for answer, pairs in sorted(told.items())]
    show.dicts(rows, "json" if as_json else "table", most=10, nothing="No pair to check.")


def feedback(
    outbox: Annotated[
        str | None, typer.Option(help="Where departments find it; else $POPBASE_OUTBOX.")
    ] = None,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """Tell every department, of its own records, what is not in order; a night with an outbox does it too.

    OUTBOX/FEED/REGION/DATE/findings.csv, in the bureau's own encoding and headers."""
    from popbase.publish.feedback import write
    from popbase.publish.publication import Publications

    chosen = settings(landing, lake, outbox)
    if not chosen.outbox:
        raise UsageError("Say where to write it: --outbox DIR, or POPBASE_OUTBOX.")
    publication = Publications(chosen.lake).shown()
    files = write(publication, lake=chosen.lake, landing=chosen.landing, outbox=chosen.outbox)
    typer.echo(f"{chosen.outbox}: {files} bureaus told, as of publication {publication.seq}.")


def tabulate(
    by: Annotated[str, typer.Option(help="Dimensions, by commas; an unknown one lists them.")],
    reason: Annotated[str, typer.Option(help="What for; who asked is written down.")],
    limit: Limit = 1000,
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV on stdout and nothing else.")] = False,
    lake: Lake = None,
) -> None:
    """A table of registered people that may leave: with noise as in published ones, small cells left out."""
    from popbase.publish.publication import Publications
    from popbase.statistics.noise import secret
    from popbase.terminal import show
    from popbase.workbench import audit
    from popbase.workbench.tabulate import tabulate as counted

    chosen = settings(lake=lake)
    if not chosen.key_file:
        raise UsageError("POPBASE_KEY_FILE must name the secret of the published tables.")
    publication = Publications(chosen.lake).shown()
    dimensions = [name.strip() for name in by.split(",") if name.strip()]
    rows = counted(chosen.lake, publication, dimensions, key=secret(chosen.key_file, "disclosure"))
    audit.note(chosen.lake, "tabulated", dimensions, reason=reason, publication=publication.seq)
    how: Format = "json" if as_json else "csv" if as_csv else "table"
    show.dicts(rows, how, most=limit, nothing="No cell may be shown.")


def site(
    to: Annotated[str, typer.Option(help="A folder; pages of an earlier release there are replaced.")],
    as_json: Json = False,
    lake: Lake = None,
) -> None:
    """Write the public site of the current publication: pages, charts, workbooks; it opens from the disk."""
    from popbase.site.pages import site as pages

    _write_public(to, pages, as_json, lake)


def sdmx(
    to: Annotated[str, typer.Option(help="A folder; files of an earlier release there are replaced.")],
    as_json: Json = False,
    lake: Lake = None,
) -> None:
    """Write the public figures of the current publication as SDMX: structures 3.0 and 2.1, and SDMX-CSV."""
    from popbase.site.sdmx import files

    _write_public(to, files, as_json, lake)


def _write_public(
    to: str, make: Callable[[Published], dict[str, bytes]], as_json: bool, lake: str | None
) -> None:
    from popbase.publish.publication import Publications
    from popbase.site.figures import Published
    from popbase.storage import reached, store
    from popbase.terminal import show

    root = settings(lake=lake).lake
    files = make(Published.read(root, Publications(root).shown()))
    with reached(to):
        for name, content in files.items():
            store(to).write(name, content)
    told = [{"files": len(files), "bytes": sum(map(len, files.values())), "folder": to}]
    show.dicts(told, "json" if as_json else "table", most=1, nothing="")


SERVICES: dict[str, Callable[..., None]] = {
    "check-numbers": check_numbers,
    "feedback": feedback,
    "tabulate": tabulate,
    "site": site,
    "sdmx": sdmx,
}
