"""Invariant I6: what a night costs when few people changed, on a base and on one ten times larger.

    .venv/bin/python bench/nights.py [--persons 500000] [--times 10] [--changed 20000] [--scratch DIR]

A made-up country in three feeds (register, social security, tax; two rows a person) is loaded from one
national snapshot each; then come two nights on which `--changed` people changed in all three feeds,
and a night on which nothing came. On the smaller base also thirty dates of changes, backfilled at once. The
nights' stages are compared, without the session's start; the night of nothing is a whole command, from its
start to its end. Exit code 1 when a target is missed:

* intake and base together at most 1.3 times as long on the larger base, and as many rows written there;
* statistics, gates and the search for second numbers, which read whole columns, at most 3 times as long each;
* the night of nothing at most 30 s, with no table written;
* the backfill at most 1.5 times a full load scaled to its rows, plus a night of nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from popbase_load import JARS

from popbase import contracts
from popbase.control import opened
from popbase.night import run_night
from popbase.publish.publication import Publications
from popbase.settings import Settings
from popbase.terminal.progress import Progress

LOADED = date(2015, 6, 10)
FIRST, SECOND, NOTHING = (LOADED + timedelta(days=n) for n in (1, 2, 3))
BACKFILLED = [date(2015, 4, 20) + timedelta(days=n) for n in range(30)]
BUREAU, FILES = "000000", 4

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_DAY = "strftime(DATE '1940-01-01' + (i % 27000)::INT, '%Y%m%d')"
_DIGITS = f"('330102' || {_DAY} || lpad((i // 27000)::VARCHAR, 3, '0'))"
_SUM = " + ".join(f"substr(s, {n}, 1)::INT * {w}" for n, w in enumerate(_WEIGHTS, 1))
# One row is a person: number, name, sex and birth date; nobody's, as its sequence runs through all dates.
_PEOPLE = f"""
SELECT i, s || substr('10X98765432', ({_SUM}) % 11 + 1, 1) AS citizen_id,
  chr(19968 + (i % 20000)::INT) || chr(19968 + (i // 7 % 20000)::INT) AS name,
  CASE WHEN substr(s, 17, 1)::INT % 2 = 1 THEN '1' ELSE '2' END AS sex,
  substr(s, 7, 8) AS birth_date, {{turn}} AS turn
FROM (SELECT i, {_DIGITS} AS s FROM range(0, {{persons}}, {{step}}) AS t(i))
"""  # noqa: S608 - numbers of ours
_AREA = "'33010200' || (1 + (i + turn) % 9)::VARCHAR || lpad(((i + turn) % 200)::VARCHAR, 3, '0')"
_UPDATED = "strftime(DATE '2015-01-01' + turn, '%Y-%m-%d') || ' 00:00:00'"
_COLUMNS = {
    "household_registration": {
        "record_no": "lpad(i::VARCHAR, 9, '0')", "citizen_id": "citizen_id", "name": "name", "sex": "sex",
        "birth_date": "birth_date", "household_no": "lpad((i // 3)::VARCHAR, 9, '0')",
        "household_kind": "'10'", "hukou_nature": "CASE WHEN i % 2 = 0 THEN '11' ELSE '12' END",
        "relation_to_head": "CASE WHEN i % 3 = 0 THEN '02' ELSE '20' END", "registered_area": _AREA,
        "registered_on": "'20100101'", "move_in_reason": "'MOVE'", "updated_at": _UPDATED,
    },
    "social_security": {
        "person_no": "lpad(i::VARCHAR, 9, '0')", "citizen_id": "citizen_id", "name": "name", "sex": "sex",
        "birth_date": "birth_date", "insurance_kind": "'110'",
        "pay_status": "CASE WHEN turn % 2 = 0 THEN '1' ELSE '2' END", "paid_to": "'201605'",
        "area": "'330102'", "updated_at": _UPDATED,
    },
    "tax": {
        "record_no": "lpad(i::VARCHAR, 9, '0')", "citizen_id": "citizen_id", "name": "name",
        "period": "'201505'", "income_item": "'工资薪金'", "income": "'4500.00'", "tax": "'30.00'",
        "area": "'330102'", "updated_at": _UPDATED,
    },
}  # fmt: skip
_HALF = {"household_registration": 1, "social_security": 2, "tax": 2}


def main() -> None:
    given = _arguments()
    if given.one:
        print(json.dumps(_one(Path(given.one), given.persons, given.changed, backfill=given.backfill)))
        return
    with tempfile.TemporaryDirectory(dir=given.scratch, prefix="nights-") as scratch:
        sizes = (given.persons, given.persons * given.times)
        small, large = (_apart(Path(scratch), n, given.changed, backfill=n == sizes[0]) for n in sizes)
    results = _compared(small, large)
    print(json.dumps(results, indent=2))
    sys.exit(not all(target["met"] for target in results["targets"].values()))


def _apart(scratch: Path, persons: int, changed: int, *, backfill: bool) -> dict[str, Any]:
    """One size in a process of its own, so that both begin with a cold machine."""
    home = scratch / str(persons)
    command = [
        sys.executable,
        __file__,
        "--one",
        str(home),
        "--persons",
        str(persons),
        "--changed",
        str(changed),
    ]
    found = subprocess.run(command + ["--backfill"] * backfill, check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, Any] = json.loads(found.stdout.splitlines()[-1])
    print(json.dumps({"persons": persons, **told}, indent=2), file=sys.stderr)
    return told


def _one(home: Path, persons: int, changed: int, *, backfill: bool) -> dict[str, Any]:
    settings = Settings.from_environ(
        os.environ, landing=str(home / "landing"), lake=str(home / "lake"), jars=str(JARS)
    )
    rows = sum(deliver(home, feed, LOADED, "snapshot", persons, step) for feed, step in _HALF.items())
    nights = {"load": _night(settings, LOADED)}
    for turn, (name, on) in enumerate({"first": FIRST, "second": SECOND}.items(), 1):
        for feed in _HALF:
            deliver(home, feed, on, "changes", persons, persons // changed, turn)
        nights[name] = _night(settings, on)
    found: dict[str, Any] = {"rows": rows, "nights": nights, "nothing": _command(home, NOTHING)}
    if backfill:
        for turn, on in enumerate(BACKFILLED, 3):
            deliver(home, "household_registration", on, "changes", persons, persons // changed, turn)
        found["backfill"] = {"rows": 30 * changed, "seconds": _backfill(home)}
    return found


def deliver(home: Path, feed: str, on: date, kind: str, persons: int, step: int, turn: int = 0) -> int:
    """One delivery of every `step`th person, as files and manifest; how many rows it has."""
    folder = home / "landing" / feed / BUREAU / on.isoformat() / "001"
    folder.mkdir(parents=True)
    contract = contracts.feed(feed)
    headers = {f.name: f.header for f in contract.fields}
    shown = [f'{sql} AS "{headers[name]}"' for name, sql in _COLUMNS[feed].items()]
    shown += ["'U' AS \"操作\""] if kind == "changes" else []
    people = _PEOPLE.format(persons=persons, step=step, turn=turn)
    parts = range(FILES if kind == "snapshot" else 1)
    files = []
    for part in parts:
        path = folder / f"part-{part + 1:04d}.csv"
        rows = f"SELECT {', '.join(shown)} FROM ({people}) WHERE i // {step} % {len(parts)} = {part}"  # noqa: S608
        with duckdb.connect(":memory:") as connection:
            (count,) = connection.execute(f"COPY ({rows}) TO '{path}' (HEADER)").fetchone() or (0,)
        files.append({
            "name": path.name, "format": "csv", "encoding": "UTF-8", "bytes": path.stat().st_size,
            "rows": count, "sha256": _sha256(path),
        })  # fmt: skip
    manifest = {
        "manifest_version": 1, "feed": feed, "contract_version": contract.version, "region": BUREAU,
        "business_date": on.isoformat(), "delivery_no": 1, "kind": kind,
        "prepared_at": f"{on + timedelta(days=1)}T01:00:00+08:00", "replaces_regions": [], "files": files,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return sum(file["rows"] for file in files)


def _night(settings: Settings, on: date) -> dict[str, Any]:
    before = _versions(settings)
    report = run_night(settings, on, progress=Progress())
    if report.outcome != "published":
        raise SystemExit(f"The night of {on} was {report.outcome}: {report.why}")
    stages = {stage.name: round(stage.seconds, 1) for stage in report.stages}
    return {"stages": stages, "rows_written": _written(settings, before)}


def _versions(settings: Settings) -> dict[str, int]:
    last = Publications(settings.lake).current()
    return dict(last.tables) if last else {}


def _written(settings: Settings, before: dict[str, int]) -> dict[str, int]:
    """Of each base table that got a new version: rows that came and went."""
    found = {}
    for table, version in _versions(settings).items():
        if table.startswith("base/") and table in before and version != before[table]:
            for commit in opened(settings.lake, table).history(version - before[table]):
                told = commit.get("operationMetrics", {})
                counts = (int(told.get(f"numTargetRows{what}", 0)) for what in ("Inserted", "Deleted"))
                found[table] = found.get(table, 0) + sum(counts)
    return found


def _command(home: Path, on: date) -> dict[str, Any]:
    """A night as its own command; how long it took, and whether it wrote a table."""
    before = _newest(home)
    seconds = _popbase(home, "night", "--date", str(on))
    return {"seconds": seconds, "wrote": _newest(home) != before}


def _newest(home: Path) -> list[str]:
    return sorted(str(p) for p in home.glob("lake/*/*/_delta_log/*.json"))


def _backfill(home: Path) -> float:
    return _popbase(home, "backfill", "--from", str(BACKFILLED[0]), "--to", str(NOTHING))


def _popbase(home: Path, *words: str) -> float:
    places = {"POPBASE_LANDING": str(home / "landing"), "POPBASE_LAKE": str(home / "lake")}
    command = [str(Path(sys.executable).parent / "popbase"), *words]
    started = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **places, "POPBASE_JARS": str(JARS)},
    )
    return round(time.perf_counter() - started, 1)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _compared(small: dict[str, Any], large: dict[str, Any]) -> dict[str, Any]:
    """The second night's stages, as by then every plan has run once."""
    one, other = (found["nights"]["second"] for found in (small, large))
    backfill, load = small["backfill"], _seconds(small["nights"]["load"])
    scaled = 1.5 * load * backfill["rows"] / small["rows"] + small["nothing"]["seconds"]
    nothing = max(small["nothing"]["seconds"], large["nothing"]["seconds"])
    wrote = small["nothing"]["wrote"] or large["nothing"]["wrote"]
    ratios = {
        "intake and base": (_ratio(one, other, ("intake", "base")), 1.3),
        "statistics": (_ratio(one, other, ("statistics",)), 3.0),
        "gates": (_ratio(one, other, ("gates",)), 3.0),
        "search": (_ratio(one, other, ("search",)), 3.0),
        "rows written": (_total(other) / _total(one), 1.0),
        "seconds of a night of nothing": (nothing, 30.0),
        "backfill, of what is allowed": (backfill["seconds"] / scaled, 1.0),
    }
    targets = {
        name: {"is": round(value, 2), "allowed": limit, "met": value <= limit}
        for name, (value, limit) in ratios.items()
    }
    targets["tables written by a night of nothing"] = {"is": int(wrote), "allowed": 0, "met": not wrote}
    return {"targets": targets, "small": small, "large": large}


def _seconds(night: dict[str, Any]) -> float:
    return sum(seconds for stage, seconds in night["stages"].items() if stage != "session")


def _ratio(one: dict[str, Any], other: dict[str, Any], stages: Sequence[str]) -> float:
    parts = (sum(night["stages"][stage] for stage in stages) for night in (other, one))
    larger, smaller = parts
    return float(larger / smaller)


def _total(night: dict[str, Any]) -> int:
    return sum(night["rows_written"].values())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--persons", type=int, default=500_000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--changed", type=int, default=20_000)
    parser.add_argument("--scratch", help="where the made-up country lies while this runs")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--backfill", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
