"""spark-submit jobs/population_base.py --date D: the base tables of a business date."""

from __future__ import annotations

import sys

from popbase.cli import main

if __name__ == "__main__":
    main(["base", *sys.argv[1:]])
