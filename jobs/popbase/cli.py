"""The command line. It parses and hands on; what is heavy is imported by the command that needs it."""
# ruff: noqa: PLC0415 - `popbase --help` and `popbase status` answer at once

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popbase.errors import ContractError, GateError, PopbaseError, UsageError, exit_codes
from popbase.options import Date, Feed, Future, Json, Lake, Landing, date_option, settings
from popbase.storage import is_s3
from popbase.terminal.commands import COMMANDS

if TYPE_CHECKING:
    from popbase.terminal.progress import Progress

UNEXPECTED, INTERRUPTED, BROKEN_PIPE = 70, 130, 141


def _epilog() -> str:
    """Every exit code on a line of its own: \\b keeps the lines as they are."""
    done = (0, "done", False, "Also after a night in which deliveries were refused.")
    bug = (UNEXPECTED, "unexpected", False, "A bug; the message names a file with its trace.")
    stopped = (INTERRUPTED, "interrupted", True, "Stopped by hand; nothing was published.")
    lines = [
        f"{code:>4}  {name:<18} {'yes' if retry else 'no':<5} {says}"
        for code, name, retry, says in [done, *exit_codes(), bug, stopped]
    ]
    return "\n".join(["\b", "Exit codes:", f"{'':>4}  {'code':<18} retry helps", *lines])


app = typer.Typer(
    help="The national population base: departments' nightly deliveries in, publications out.",
    epilog=_epilog(),
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"popbase {version('popbase')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
]


@app.callback(invoke_without_command=True)
def popbase(context: typer.Context, _show_version: Version = False) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _progress(*, silent: bool = False) -> Progress:
    from popbase.terminal.progress import progress_for

    return progress_for(silent=silent)


@app.command()
def generate(  # noqa: PLR0913 - a made-up world has many knobs
    *,
    persons: Annotated[int, typer.Option(min=1, help="How many people.")],
    first: Annotated[date, date_option("--from", about="The first business date: snapshots.")],
    last: Annotated[date, date_option("--to", about="The last business date.")],
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds make equal bytes.")] = 1,
    days: Annotated[list[date] | None, date_option("--day", about="Only these dates; repeat it.")] = None,
    faults: Annotated[Path | None, typer.Option(help="A plan of faults to plant (YAML).")] = None,
    regions: Annotated[int, typer.Option(min=1, help="How many delivering regions.")] = 3,
    plain: Annotated[bool, typer.Option("--plain", help="Uncompressed UTF-8 CSV alone.")] = False,
    as_json: Json = False,
    landing: Landing = None,
) -> None:
    """Write made-up deliveries, and beside them the truth."""
    from dataclasses import asdict

    from popbase.generate import generate as make
    from popbase.terminal import show

    if last < first:
        raise UsageError("--to lies before --from.")
    chosen = settings(landing)
    if is_s3(chosen.landing):
        raise UsageError("Deliveries are made up in a local folder; copy them to S3 from there.")
    root = chosen.landing_path
    with _progress(silent=as_json).stage("generate"):
        summary = make(
            root, persons=persons, seed=seed, first=first, last=last, days=days, faults=faults,
            regions=regions, plain=plain,
        )  # fmt: skip
    if as_json:
        show.document(asdict(summary))
    else:
        typer.echo(f"{summary.deliveries:,} deliveries with {summary.rows:,} rows in {root}")


@app.command()
def night(
    *, day: Date, future: Future = False, as_json: Json = False, landing: Landing = None, lake: Lake = None
) -> None:
    """Run a whole night, from intake to publication.

    It judges every delivery not yet judged whose business date is --date or before. A refused delivery does
    not stop it. It ends with the run report, which stands as a page under LAKE/reports too.
    """
    from popbase.night import run_night
    from popbase.publish import report_page, run_report
    from popbase.terminal import show

    report = run_night(settings(landing, lake), day, future=future, progress=_progress(silent=as_json))
    if as_json:
        sys.stdout.write(run_report.to_json(report).decode() + "\n")
    else:
        report_page.show(report, show.console())
    if report.outcome == "held":
        raise GateError(report_page.explained(report))


@app.command()
def ingest(
    *,
    feed: Feed,
    day: Date,
    small: Annotated[
        bool, typer.Option("--small-too", help="Once Spark runs, judge other feeds' small deliveries too.")
    ] = False,
    future: Future = False,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """One step: judge the deliveries of one feed."""
    from popbase.steps import ingest as step

    step(settings(landing, lake), feed, day, small_too=small, future=future, progress=_progress())


@app.command()
def base(*, day: Date, future: Future = False, landing: Landing = None, lake: Lake = None) -> None:
    """One step: make the base tables of a business date."""
    from popbase.steps import build_base as step

    step(settings(landing, lake), day, future=future, progress=_progress())


@app.command()
def reports(
    *,
    year: Annotated[int | None, typer.Option(min=1949, max=9998, help="This report year.")] = None,
    day: Annotated[date | None, date_option("--date", about="Every year due on this business date.")] = None,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """One step: make the statistical report of a year, or of all that are due."""
    from popbase.steps import report, reports_due

    if year is not None and day is None:
        report(settings(landing, lake), year, progress=_progress())
    elif day is not None and year is None:
        reports_due(settings(landing, lake), day, progress=_progress())
    else:
        raise UsageError("'popbase reports' takes either --year or --date.")


@app.command()
def publish(
    *,
    day: Date,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Pass this critical gate although it fails, by its name; repeat it."),
    ] = None,
    future: Future = False,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """One step: pass the gates, let readers see the tables."""
    from popbase.steps import publish as step

    step(settings(landing, lake), day, accept=accept or (), future=future, progress=_progress())


for name, command in COMMANDS.items():
    app.command(name)(command)


@app.command("check-contracts")
def check_contracts() -> None:
    """Judge every contract and suite; one line a file."""
    from popbase.check_contracts import check_all

    faulty = 0
    for checked in check_all():
        typer.echo(f"{checked.file}: {checked.fault or 'ok'}")
        faulty += bool(checked.fault)
    if faulty:
        raise ContractError(f"{faulty} of the files above cannot be used.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Every failure is one line on stderr and an exit code; none shows a traceback."""
    try:
        sys.exit(app(arguments, standalone_mode=False) or 0)
    except PopbaseError as error:
        _end(error.exit_code, f"{error.code}: {error}")
    except typer.TyperException as error:
        _end(UsageError.exit_code, f"{UsageError.code}: {_one_line(error.format_message())}")
    except (KeyboardInterrupt, typer.Abort):
        _end(INTERRUPTED, "interrupted; 'popbase status' shows what readers see.")
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python would complain once more while it shuts down.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
    except Exception as error:  # noqa: BLE001 - the last net: the text may carry data, so only the type is told
        _end(UNEXPECTED, f"unexpected: {type(error).__name__}; where it happened: {_trace(error)}")


def _end(code: int, line: str) -> None:
    sys.stderr.write(f"popbase: {line}\n")
    sys.exit(code)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _trace(error: BaseException) -> Path:
    """A file with the frames of the exception and its causes: places in the code, no messages, no values."""
    import tempfile
    import traceback

    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        lines.append(f"{type(cause).__module__}.{type(cause).__name__}\n")
        lines += traceback.format_tb(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    handle, path = tempfile.mkstemp(prefix="popbase-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.writelines(lines)
    return Path(path)
