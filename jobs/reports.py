"""spark-submit jobs/reports.py --date D: the report of every year that is due with a business date."""

from __future__ import annotations

import sys

from popbase.cli import main

if __name__ == "__main__":
    main(["reports", *sys.argv[1:]])
