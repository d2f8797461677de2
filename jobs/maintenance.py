"""spark-submit jobs/maintenance.py: removes what no kept publication needs."""

from __future__ import annotations

import sys

from popbase.cli import main

if __name__ == "__main__":
    main(["maintenance", *sys.argv[1:]])
