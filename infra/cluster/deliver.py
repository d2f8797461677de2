"""Puts a folder of deliveries into the cluster's landing, as departments would: each manifest last.

infra/cluster/run .venv/bin/python infra/cluster/deliver.py FOLDER
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from popbase.intake.landing import MANIFEST
from popbase.settings import Settings
from popbase.storage import store


def main(folder: Path) -> None:
    landing, sent = store(Settings.from_environ(os.environ).landing), store(folder)
    files = sorted(sent.files(""), key=lambda file: (file.path.endswith(MANIFEST), file.path))
    for file in files:
        landing.write(file.path, sent.read(file.path))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
