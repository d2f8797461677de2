"""spark-submit jobs/reports.py --date D: the report of every year that is due with a business date.

`popbase reports` computes one named year; which years a night owes only the night itself knows.
"""

from __future__ import annotations

import sys

from popbase import night
from popbase.cli import app
from popbase.options import Date, settings
from step import step


@app.command("reports-due")
def reports_due(*, day: Date) -> None:
    """Compute the report years that are due."""
    night.reports_due(settings(), day)


if __name__ == "__main__":
    step("reports-due", *sys.argv[1:])
