"""Leases in S3: one holder at a time, and one that has lost its lease writes nothing (design section 3b)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from popbase.control import append_small, read_small
from popbase.errors import LeaseError
from popbase.lease import BASE, Patience, leased, of_feed

JOBS = Path(__file__).resolve().parents[2] / "jobs"
# Like the real ones, in a tenth of the time.
PATIENCE = Patience(beat=0.8, silence=3)
HOLD = """
import sys
import pyarrow as pa
from popbase.control import append_small
from popbase.lease import Patience, leased
with leased(sys.argv[1], "base", Patience(beat=0.8, silence=3)):
    print("held", flush=True)
    sys.stdin.readline()
    append_small(sys.argv[1], "control/t", [{"who": "the first"}], pa.schema([("who", pa.string())]))
"""
SCHEMA = pa.schema([("who", pa.string())])


@contextmanager
def another_run(lake: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lease, and writes into a table when it is told to."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, lake],
        env={**os.environ, "PYTHONPATH": str(JOBS)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        try:
            yield run
        finally:
            run.kill()


def test_while_one_run_holds_a_lease_no_other_does(bucket: str) -> None:
    with another_run(bucket) as run:
        begun = time.monotonic()
        with pytest.raises(LeaseError, match="'base'"), leased(bucket, BASE, PATIENCE):
            pytest.fail("two runs hold one lease")
        assert time.monotonic() - begun < PATIENCE.silence  # it saw a sign of life, and waited no longer
        with leased(bucket, of_feed("tax"), PATIENCE):
            pass
        run.communicate("\n", timeout=30)
        assert run.returncode == 0
    with leased(bucket, BASE, PATIENCE):
        pass


def test_the_lease_of_a_killed_run_is_free_when_it_has_been_silent_for_long_enough(bucket: str) -> None:
    with another_run(bucket) as run:
        run.kill()
        begun = time.monotonic()
        with leased(bucket, BASE, PATIENCE):
            assert time.monotonic() - begun >= PATIENCE.silence


def test_a_run_that_was_stopped_and_lost_its_lease_meanwhile_writes_nothing(bucket: str) -> None:
    with another_run(bucket) as run:
        os.kill(run.pid, signal.SIGSTOP)
        with leased(bucket, BASE, PATIENCE):
            append_small(bucket, "control/t", [{"who": "the second"}], SCHEMA)
        os.kill(run.pid, signal.SIGCONT)
        _, errors = run.communicate("\n", timeout=30)
    assert run.returncode == 1
    assert "LeaseError: This run has lost 'base' to another" in errors
    assert read_small(bucket, "control/t") == [{"who": "the second"}]


def test_every_commit_names_the_epoch_that_it_was_made_in(bucket: str, tmp_path: Path) -> None:
    for lake in (bucket, str(tmp_path)):
        for _ in range(2):
            with leased(lake, of_feed("tax"), PATIENCE), leased(lake, BASE, PATIENCE):
                append_small(lake, "control/t", [{"who": "one"}], SCHEMA)
        commits = deltalake.DeltaTable(f"{lake}/control/t").history()
        named = [(c["popbase.lease.base"], c["popbase.lease.feed-tax"]) for c in commits]
        assert named == [("2", "2"), ("1", "1")]
