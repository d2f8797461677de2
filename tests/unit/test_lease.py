"""Of the runs that want to write the same tables, one does (design section 3b)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from popbase.errors import LeaseError
from popbase.lease import BASE, leased, of_feed

JOBS = Path(__file__).resolve().parents[2] / "jobs"
HOLD = """
import sys
from popbase.lease import leased
with leased(sys.argv[1], sys.argv[2]):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def another_run(lake: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lease until its input ends."""
    command = [sys.executable, "-c", HOLD, str(lake), name]
    with subprocess.Popen(
        command, env={"PYTHONPATH": str(JOBS)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        yield run


def test_one_run_at_a_time_holds_a_lease_and_the_other_ends_with_a_code_of_its_own(tmp_path):
    with another_run(tmp_path, BASE):
        with pytest.raises(LeaseError, match="'base'") as lost, leased(str(tmp_path), BASE):
            pytest.fail("two runs hold one lease")
        assert lost.value.retry_helps
        with leased(str(tmp_path), of_feed("tax")):
            pass
    with leased(str(tmp_path), BASE):
        pass


def test_the_lease_of_a_killed_run_is_free(tmp_path):
    with another_run(tmp_path, BASE) as run:
        run.kill()
        run.wait()
        with leased(str(tmp_path), BASE):
            pass


def test_two_leases_of_one_process_are_two(tmp_path):
    """Two drivers in one process, as a thread of the night and one of a notebook, exclude each other too."""
    with leased(str(tmp_path), BASE), pytest.raises(LeaseError), leased(str(tmp_path), BASE):
        pytest.fail("one process holds one lease twice")
