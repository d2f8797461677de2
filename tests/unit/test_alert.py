"""A deadline that passed is told in the log, and to a web hook where there is one."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from popbase.alert import overdue

RUN = {"dag_run": {"dag_run_id": "scheduled__2015-12-31"}}


def test_it_goes_to_the_web_hook(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    sent: list[Any] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Takes) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        monkeypatch.setenv("POPBASE_ALERT_URL", f"http://127.0.0.1:{http.server_port}/hook")
        asyncio.run(overdue(RUN, what="the publication"))
        http.shutdown()
    (body,) = sent
    assert body["text"] == caplog.messages[0]
    assert "the publication is overdue (scheduled__2015-12-31)" in body["text"]


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/", "no address"])
def test_without_one_or_with_a_dead_one_the_log_has_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str
) -> None:
    monkeypatch.setenv("POPBASE_ALERT_URL", url)
    asyncio.run(overdue(RUN, what="the population base"))
    assert "the population base is overdue" in caplog.messages[0]
    assert len(caplog.messages) == 1 + bool(url)
