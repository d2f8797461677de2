"""spark-submit jobs/ingest.py --feed F --date D: takes in what one feed has delivered."""

from __future__ import annotations

import sys

from step import step

if __name__ == "__main__":
    step("ingest", *sys.argv[1:])
