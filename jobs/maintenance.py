"""spark-submit jobs/maintenance.py: removes what is kept no longer."""

from __future__ import annotations

import sys

from popbase.cli import main

if __name__ == "__main__":
    main(["maintenance", *sys.argv[1:]])
