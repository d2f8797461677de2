"""The command line. It parses and hands on; what is heavy is imported by the command that needs it."""
# ruff: noqa: PLC0415 - `popbase --help` and `popbase status` answer at once

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from popbase.errors import ContractError, PopbaseError, UsageError, exit_codes
from popbase.failures import storage_error
from popbase.options import Json, Landing, date_option, settings
from popbase.storage import is_s3
from popbase.terminal.casework import cases
from popbase.terminal.commands import COMMANDS
from popbase.terminal.corrections import CORRECTIONS
from popbase.terminal.runs import RUNS, progress_of
from popbase.terminal.services import SERVICES

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
    with progress_of(silent=as_json).stage("generate"):
        summary = make(
            root, persons=persons, seed=seed, first=first, last=last, days=days, faults=faults,
            regions=regions, plain=plain,
        )  # fmt: skip
    if as_json:
        show.document(asdict(summary))
    else:
        typer.echo(f"{summary.deliveries:,} deliveries with {summary.rows:,} rows in {root}")


for name, command in {**RUNS, **CORRECTIONS, **COMMANDS, **SERVICES}.items():
    app.command(name)(command)
app.add_typer(cases, name="cases")


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
        if told := storage_error(error):
            _end(told.exit_code, f"{told.code}: {told}")
        _end(UNEXPECTED, f"unexpected: {type(error).__name__}; where it happened: {_trace(error)}")


def _end(code: int, line: str) -> None:
    sys.stderr.write(f"popbase: {line}\n")
    sys.exit(code)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _trace(error: BaseException) -> Path | str:
    """A file with the frames of the exception and its causes: places in the code, no messages, no values."""
    import tempfile
    import traceback

    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None:
        lines.append(f"{type(cause).__module__}.{type(cause).__name__}\n")
        lines += traceback.format_tb(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    try:
        handle, path = tempfile.mkstemp(prefix="popbase-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(lines)
    except OSError as full:
        return f"nowhere to keep it ({full.strerror})"
    return Path(path)
