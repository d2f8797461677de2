"""`make setup` says in one sentence what a machine lacks, before it downloads anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[2] / "infra/check_machine.sh"
PYTHON_311 = 'case "$*" in *version_info*) echo 3.11;; esac'
JAVA_17 = """echo 'openjdk version "17.0.15" 2025-04-15' >&2"""


def check(tmp_path: Path, **scripts: str) -> subprocess.CompletedProcess[str]:
    """The check on a machine whose PATH holds these commands only, and sed."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (commands / "sed").symlink_to("/bin/sed")
    for name, script in scripts.items():
        command = commands / name.replace("_", ".")
        command.write_text(f"#!/bin/sh\n{script}\n")
        command.chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(CHECK)], env={"PATH": str(commands)}, capture_output=True, text=True, check=False
    )


def test_a_machine_with_both_passes_in_silence(tmp_path: Path) -> None:
    found = check(tmp_path, python3_11=PYTHON_311, java=JAVA_17)
    assert (found.returncode, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("scripts", "says"),
    [
        ({"java": JAVA_17}, "Python 3.11 is missing; install it"),
        ({"python3_11": "exit 127", "java": JAVA_17}, "Python 3.11 is missing; install it"),
        ({"python3_11": "echo 3.12", "java": JAVA_17}, "'python3.11' is Python 3.12, popbase needs 3.11"),
        (
            {"python3_11": PYTHON_311 + '\ncase "$*" in *ensurepip*) exit 1;; esac', "java": JAVA_17},
            "cannot make virtual environments; install its venv module",
        ),
        ({"python3_11": PYTHON_311}, "Java 17 is missing; install it"),
        (
            {"python3_11": PYTHON_311, "java": JAVA_17.replace("17.0.15", "21.0.2")},
            "'java' is Java 21, popbase needs Java 17",
        ),
        (
            {"python3_11": PYTHON_311, "java": JAVA_17.replace("17.0.15", "1.8.0_292")},
            "'java' is Java 8, popbase needs Java 17",
        ),
    ],
    ids=[
        "no Python",
        "a broken Python",
        "another Python",
        "no venv",
        "no Java",
        "a newer Java",
        "an old Java",
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence(tmp_path: Path, scripts: dict[str, str], says: str) -> None:
    found = check(tmp_path, **scripts)
    assert found.returncode == 11
    assert found.stderr.startswith("popbase: machine: ")
    assert found.stderr.count("\n") == 1
    assert says in found.stderr


def test_java_home_wins_over_the_path_as_it_does_for_spark(tmp_path: Path) -> None:
    (tmp_path / "home/bin").mkdir(parents=True)
    java = tmp_path / "home/bin/java"
    java.write_text(f"#!/bin/sh\n{JAVA_17.replace('17.0.15', '11.0.2')}\n")
    java.chmod(0o755)
    found = subprocess.run(
        ["/bin/sh", str(CHECK)], env={"PATH": "/usr/bin:/bin", "JAVA_HOME": str(tmp_path / "home")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "is Java 11" in found.stderr
