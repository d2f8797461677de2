"""spark-submit jobs/population_base.py --date D: the base tables of a business date."""

from __future__ import annotations

import sys

from step import step

if __name__ == "__main__":
    step("base", *sys.argv[1:])
