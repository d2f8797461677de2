"""The run report as a page and in the terminal: published or not, who is late, what to do."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from popbase.publish import wording
from popbase.publish.next_steps import Step, next_steps
from popbase.publish.run_report import DATA, PAGE, FeedTotals, NightReport, to_json
from popbase.storage import reached, store

# What a bare eye must catch first: a word, a sentence, and a colour that only repeats them.
VERDICTS = {"published": "PUBLISHED", "unchanged": "UNCHANGED", "held": "NOT PUBLISHED"}
COLOURS = {"published": "green", "unchanged": "blue", "held": "red"}
# Broken so that eight million rows still fit eighty columns.
_TALLIES = (
    "came", "re-\nfused", "late", "rows", "rows\naccepted", "rows\nrefused", "super-\nseded", "with-\nheld",
)  # fmt: skip
_URGENCIES = {"now": "bold red", "today": "bold yellow", "note": "bold"}


def write(report: NightReport, lake: str | Path) -> None:
    """The page, and beside it the same as data for `popbase status`: where that stands, so does the page."""
    with reached(report.folder):
        store(lake).write(f"{report.folder}/{PAGE}", html(report).encode())
        store(lake).write(f"{report.folder}/{DATA}", to_json(report))


def html(report: NightReport) -> str:
    """One self-contained page: no script, no network, printable."""
    template = _environment().get_template("night.html.j2")
    return template.render(
        night=report, verdict=VERDICTS[report.outcome], explained=explained(report), steps=next_steps(report)
    )


def explained(report: NightReport) -> str:
    """The verdict in a sentence: what readers see now, and why."""
    if report.outcome == "published":
        return f"Readers see publication {report.publication}, made tonight."
    kept = "Readers see nothing yet"
    if report.publication is not None:
        kept = f"Readers keep publication {report.publication}"
    if report.outcome == "unchanged":
        return f"{kept}: no table changed."
    return f"{kept}. {report.why or 'The night did not finish.'}"


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "n": lambda number: f"{number:,}" if number else "–",
        "rejection": wording.rejection,
        "row_reason": wording.row_reason,
        "count": wording.count,
        "duration": duration,
    }
    return environment


def duration(seconds: float) -> str:
    """`duration(75.3)` -> '1 min 15 s'."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def show(report: NightReport, console: Console) -> None:
    """The same in the terminal, the problems last: that is where the eye is when a command ends."""
    steps: list[RenderableType] = [step_line(step) for step in next_steps(report)] or [Text("Nothing to do.")]
    colour = COLOURS[report.outcome]
    head = Text.assemble((VERDICTS[report.outcome], f"bold {colour}"), f"  {explained(report)}")
    title = f"night of {report.business_date}, {duration(report.seconds)}"
    console.print(_feeds(report))
    console.print(Panel(Group(head, Text(), *steps), title=title, title_align="left", border_style=colour))


def step_line(step: Step) -> Table:
    """A word beside a paragraph: the paragraph wraps within its own column."""
    line = Table.grid(padding=(0, 1))
    line.add_column(width=5)
    line.add_column()
    words = Text.assemble((step.subject, "bold"), f" {step.sentence}")
    if step.command:
        words.append(f"\n{step.command}", "cyan")
    line.add_row(Text(step.urgency.upper(), _URGENCIES[step.urgency]), words)
    return line


def _feeds(report: NightReport) -> Table:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("feed", no_wrap=True)
    for name in _TALLIES:
        # A number cut short would be another number.
        table.add_column(name, justify="right", no_wrap=True, overflow="fold", vertical="bottom")
    for feed in report.totals:
        table.add_row(feed.feed, *(f"{n:,}" if n else "-" for n in _numbers(feed)))
    return table


def _numbers(feed: FeedTotals) -> tuple[int, ...]:
    came = feed.accepted_deliveries + feed.rejected_deliveries
    rows = (feed.received, feed.accepted, feed.quarantined, feed.superseded, feed.withheld)
    return came, feed.rejected_deliveries, feed.late, *rows
