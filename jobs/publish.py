"""spark-submit jobs/publish.py --date D: passes the gates and lets readers see the tables."""

from __future__ import annotations

import sys

from step import step

if __name__ == "__main__":
    step("publish", *sys.argv[1:])
