"""What Airflow does when a deadline passes: it says so in its log, and to whoever is on duty.

No Spark and no table: the scheduler's own processes run this.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import urllib.error
import urllib.request
from typing import Any

from popbase.settings import Settings

_LOG = logging.getLogger(__name__)
_SECONDS = 20


async def overdue(context: dict[str, Any], *, what: str) -> None:
    """Tells that `what` is late; of the context it takes the run's name, which holds its business date."""
    run = (context.get("dag_run") or {}).get("dag_run_id", "")
    sentence = f"popbase: {what} is overdue ({run}). 'popbase status' says what readers see."
    _LOG.error(sentence)
    url = Settings.from_environ(os.environ).alert_url
    if url:
        await asyncio.to_thread(_send, url, sentence)


def _send(url: str, sentence: str) -> None:
    body = json.dumps({"text": sentence}).encode()
    try:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - ours
        urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310
    except (urllib.error.URLError, OSError, ValueError) as error:
        _LOG.error("the alert could not be sent (%s)", type(error).__name__)
