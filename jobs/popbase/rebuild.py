"""A rebuild: every delivery judged again by today's rules, and everything made from that (design section 9).

What lies in the landing still is read again; what is gone from there, or was withdrawn, stays as it was
judged. The base is made from all deliveries, whatever its tables hold, and the diff to what readers saw says
what the rules have changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial

from popbase import lineage
from popbase.expectations import warm_up
from popbase.intake import feeds
from popbase.intake.again import rejudge
from popbase.intake.taken import TakenIn
from popbase.lease import BASE, leased
from popbase.night import make_night
from popbase.publish.diff import Diff, diff
from popbase.publish.publication import Publications
from popbase.publish.run_report import NightReport
from popbase.run import Night, begin
from popbase.session import at_once
from popbase.settings import Settings
from popbase.terminal.progress import Progress


@dataclass(frozen=True)
class Rebuilt:
    """`left`: deliveries that stay as they were judged; `diff`: None where nothing was published."""

    report: NightReport
    left: tuple[str, ...]
    diff: Diff | None


def rebuild(settings: Settings, *, since: date = date.min, progress: Progress | None = None) -> Rebuilt:
    """Judges what is of these business dates again, and publishes for the date that readers see."""
    progress = progress or Progress()
    with leased(settings.lake, BASE):
        before = Publications(settings.lake).shown()
        warm_up()
        with progress.stage("session"):
            night = begin(settings, before.business_date, future=True)
            night.lake.open()
        with lineage.job(settings, "rebuild", before.business_date):
            with progress.stage("intake"):
                taken, left = judged_again(night, since)
            report = make_night(night, taken, progress, whole=True)
    if report.outcome != "published" or report.publication is None:
        return Rebuilt(report, left, None)
    after = Publications(settings.lake).get(report.publication)
    return Rebuilt(report, left, diff(settings.lake, before, after))


def judged_again(night: Night, since: date) -> tuple[list[TakenIn], tuple[str, ...]]:
    """What was done with each feed, and the deliveries that nothing was done with."""
    names = feeds.names(night.settings)
    found = at_once(partial(rejudge, night.lake, night.settings, since=since), names)
    taken = [TakenIn(name, tuple(judged)) for name, (judged, _) in zip(names, found, strict=True)]
    return taken, tuple(name for _, left in found for name in left)
