"""spark-submit jobs/publish.py --date D: passes the gates and lets readers see the tables."""

from __future__ import annotations

import sys

from popbase.cli import main

if __name__ == "__main__":
    main(["publish", *sys.argv[1:]])
