"""spark-submit jobs/ingest.py --feed F --date D: takes in what one feed has delivered."""

from __future__ import annotations

import sys

from popbase.cli import main

if __name__ == "__main__":
    main(["ingest", *sys.argv[1:]])
