"""OpenLineage's events: what a job tells of itself, and to whom."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from lib.lakes import judgement

from popbase import lineage
from popbase.control import append_small
from popbase.errors import StorageError
from popbase.settings import Settings

DAY = date(2015, 12, 31)
SCHEMA = pa.schema([("name", pa.string())])


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return Settings(landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))


def events(settings: Settings) -> list[dict[str, Any]]:
    """In the order in which they were told."""
    files = sorted(Path(settings.lake).glob(f"lineage/{DAY}/*.json"))
    return sorted((json.loads(f.read_text("utf-8")) for f in files), key=lambda event: event["eventTime"])


def test_a_job_tells_what_it_read_and_what_it_wrote(own: Settings) -> None:
    append_small(own.lake, "conformed/tax", [{"name": "a"}], SCHEMA)
    append_small(own.lake, "base/person", [{"name": "a"}], SCHEMA)
    append_small(own.lake, "base/tax", [{"name": "a"}], SCHEMA)
    with lineage.job(own, "base", DAY, reads=["conformed"], writes=["base"]):
        append_small(own.lake, "base/tax", [{"name": "b"}, {"name": "c"}], SCHEMA)
    start, complete = events(own)
    assert [start["eventType"], complete["eventType"]] == ["START", "COMPLETE"]
    assert start["run"]["runId"] == complete["run"]["runId"]
    assert start["outputs"] == []
    assert complete["run"]["facets"]["nominalTime"]["nominalStartTime"] == "2015-12-31T00:00:00+08:00"
    (read,), (written,) = complete["inputs"], complete["outputs"]
    assert (read["name"], read["facets"]["version"]["datasetVersion"]) == (f"{own.lake}/conformed/tax", "0")
    assert (written["name"], written["facets"]["version"]["datasetVersion"]) == (f"{own.lake}/base/tax", "1")
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert [field["name"] for field in written["facets"]["schema"]["fields"]] == ["name"]


def test_the_columns_of_a_departments_table_name_the_delivered_ones_they_come_from(own: Settings) -> None:
    with lineage.job(own, "ingest.tax", DAY, writes=["conformed/tax"]) as account:
        append_small(own.lake, "conformed/tax", [{"name": "a"}], SCHEMA)
        account.took_in(own, "tax", [judgement(feed="tax", rows_received=3, rows_accepted=1)])
    *_, complete = events(own)
    (written,) = complete["outputs"]
    (source,) = written["facets"]["columnLineage"]["fields"]["citizen_id"]["inputFields"]
    assert (source["name"], source["field"]) == (f"{own.landing}/tax", "证件号")
    assert complete["inputs"][0]["inputFacets"]["dataQualityMetrics"]["rowCount"] == 3
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 1


def test_a_failed_job_tells_why_and_repeats_no_value(own: Settings) -> None:
    for error in (StorageError("the disk is full."), ValueError("330102199001011232")):
        with pytest.raises(type(error)), lineage.job(own, "base", DAY):
            raise error
    told = [e["run"]["facets"]["errorMessage"]["message"] for e in events(own) if e["eventType"] == "FAIL"]
    assert told == ["storage: the disk is full.", "ValueError"]


def test_the_parts_of_a_night_name_it_as_their_parent(own: Settings) -> None:
    with lineage.job(own, "night", DAY), lineage.job(own, "base", DAY):
        pass
    parents = {e["job"]["name"]: e["run"]["facets"].get("parent") for e in events(own)}
    assert parents["night"] is None
    night = next(e for e in events(own) if e["job"]["name"] == "night")
    assert parents["base"]["job"]["name"] == "night"
    assert parents["base"]["run"]["runId"] == night["run"]["runId"]


@pytest.fixture
def server() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server that takes events: its address, and what it was sent."""
    taken: list[dict[str, Any]] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Takes) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", taken
        http.shutdown()


def test_events_go_to_a_server_where_there_is_one(
    own: Settings, server: tuple[str, list[dict[str, Any]]]
) -> None:
    address, taken = server
    with lineage.job(replace(own, lineage_url=address), "base", DAY):
        pass
    assert [event["eventType"] for event in taken] == ["START", "COMPLETE"]
    assert events(own) == []


def test_what_a_server_does_not_take_is_kept_in_the_lake(
    own: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with lineage.job(replace(own, lineage_url="not-an-address"), "base", DAY):
        pass
    assert [event["eventType"] for event in events(own)] == ["START", "COMPLETE"]
    assert "kept in the lake" in caplog.text
