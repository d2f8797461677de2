"""The commands that write: nights, backfills, and the steps that a scheduler runs one by one."""
# ruff: noqa: PLC0415 - `popbase --help` answers at once: a command imports what it needs

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from popbase.errors import GateError, UsageError
from popbase.options import Date, Feed, Future, Json, Lake, Landing, OneFeed, date_option, settings

if TYPE_CHECKING:
    from popbase.publish.run_report import NightReport
    from popbase.settings import Settings
    from popbase.terminal.progress import Progress


def progress_of(*, silent: bool = False) -> Progress:
    from popbase.terminal.progress import progress_for

    return progress_for(silent=silent)


def night(
    *, day: Date, future: Future = False, as_json: Json = False, landing: Landing = None, lake: Lake = None
) -> None:
    """Run a whole night, from intake to publication.

    It judges every delivery not yet judged whose business date is --date or before. A refused delivery does
    not stop it. It ends with the run report, which stands as a page under LAKE/reports too.
    """
    from popbase.night import run_night

    chosen, progress = settings(landing, lake), progress_of(silent=as_json)
    show_night(run_night(chosen, day, future=future, progress=progress), as_json)


def show_night(report: NightReport, as_json: bool) -> None:
    from popbase.publish import report_page, run_report
    from popbase.terminal import show

    if as_json:
        sys.stdout.write(run_report.to_json(report).decode() + "\n")
    else:
        report_page.show(report, show.console())
    if report.outcome == "held":
        raise GateError(report_page.explained(report))


def backfill(
    *,
    first: Annotated[date, date_option("--from", about="The first business date.")],
    last: Annotated[date, date_option("--to", about="The last business date.")],
    feed: OneFeed = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show which deliveries, tables and dates it would touch.")
    ] = False,
    future: Future = False,
    as_json: Json = False,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """Take in all that waits of these dates at once, and publish once.

    What was judged before stays as it was; where no table changes, nothing is published.
    """
    from popbase.night import run_night

    if last < first:
        raise UsageError("--to lies before --from.")
    chosen = settings(landing, lake)
    if dry_run:
        _show_plan(chosen, first, last, feed, future, as_json)
    else:
        progress = progress_of(silent=as_json)
        show_night(run_night(chosen, last, since=first, feed=feed, future=future, progress=progress), as_json)


def _show_plan(
    chosen: Settings, first: date, last: date, feed: str | None, future: bool, as_json: bool
) -> None:
    from dataclasses import asdict

    from popbase.backfill import plan
    from popbase.terminal import show

    found = plan(chosen, first, last, feed=feed, future=future)
    if as_json:
        show.document(asdict(found))
        return
    show.dicts([asdict(waiting) for waiting in found.deliveries], "table", most=40, nothing="Nothing waits.")
    if found.tables:
        years = f", with the reports of {', '.join(map(str, found.years))}" if found.years else ""
        typer.echo(f"A publication for {found.business_date} would follow{years}. Tables:")
        typer.echo("\n".join(f"  {table}" for table in found.tables))
    else:
        typer.echo("No table would change, and nothing would be published.")


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
    """One step: judge the deliveries of one feed.

    It ends with a line for the log: what came, what was refused, who is late. None of that is a failure."""
    from popbase.publish.report_lines import intake_line
    from popbase.steps import ingest as step

    chosen = settings(landing, lake)
    taken = step(chosen, feed, day, small_too=small, future=future, progress=progress_of())
    typer.echo(intake_line(chosen.lake, taken, day))


def base(*, day: Date, future: Future = False, landing: Landing = None, lake: Lake = None) -> None:
    """One step: make the base tables of a business date."""
    from popbase.steps import build_base as step

    step(settings(landing, lake), day, future=future, progress=progress_of())


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
        report(settings(landing, lake), year, progress=progress_of())
    elif day is not None and year is None:
        reports_due(settings(landing, lake), day, progress=progress_of())
    else:
        raise UsageError("'popbase reports' takes either --year or --date.")


def publish(
    *,
    day: Date,
    accept: Annotated[
        list[str] | None,
        typer.Option(help="Pass this critical gate although it fails, by its name; repeat it."),
    ] = None,
    reports_too: Annotated[
        bool, typer.Option("--reports-too", help="First make the reports that are due, in the same session.")
    ] = False,
    future: Future = False,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """One step: pass the gates, let readers see the tables."""
    from popbase.publish import report_page
    from popbase.steps import publish as step

    report = step(
        settings(landing, lake), day,
        reports_too=reports_too, accept=accept or (), future=future, progress=progress_of(),
    )  # fmt: skip
    typer.echo(report_page.explained(report))


def maintenance(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what it would remove.")] = False,
    as_json: Json = False,
    landing: Landing = None,
    lake: Lake = None,
) -> None:
    """Remove publications, files, refused rows and senders' folders that are not kept.

    The newest $POPBASE_KEEP_PUBLICATIONS are kept (90), and of every year the last one for its 31 December,
    with the files that they need. Refused rows go $POPBASE_KEEP_QUARANTINE_DAYS after they were judged (400),
    folders in the landing $POPBASE_KEEP_LANDING_DAYS (400).
    """
    from dataclasses import asdict

    from popbase.publish.maintenance import maintain
    from popbase.terminal import show

    found = maintain(settings(landing, lake), dry_run=dry_run)
    if as_json:
        show.document(asdict(found))
    else:
        verb = "would be removed" if dry_run else "removed"
        typer.echo(
            f"{len(found.publications)} publications and {found.files:,} files "
            f"({found.bytes / 1024**2:,.1f} MiB), {found.quarantined_rows:,} refused rows' text and "
            f"{found.landing_folders:,} folders of the landing {verb}; "
            f"{found.kept} publications are kept."
        )


RUNS: dict[str, Callable[..., None]] = {
    "night": night,
    "backfill": backfill,
    "ingest": ingest,
    "base": base,
    "reports": reports,
    "publish": publish,
    "maintenance": maintenance,
}
