"""spark-submit jobs/reports.py --date D: the report of every year that is due with a business date.

`popbase reports` computes one named year; which years a night owes only the night itself knows.
"""

from __future__ import annotations

import sys

from popbase.cli import app
from popbase.night import begin, write_reports
from popbase.options import Date, settings
from popbase.sources import Sources
from step import step


@app.command("reports-due")
def reports_due(*, day: Date) -> None:
    """Compute the report years that are due."""
    night = begin(settings(), day)
    write_reports(night, Sources.now(night.lake))


if __name__ == "__main__":
    step("reports-due", *sys.argv[1:])
