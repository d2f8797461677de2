"""A whole made-up country, small: what is delivered is what the truth beside it says."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from popbase import contracts
from popbase.errors import UsageError
from popbase.generate import generate, release, world
from popbase.generate.areas import Map, region_codes
from popbase.generate.expected import person_table
from popbase.generate.hostile_deliveries import REASONS
from popbase.generate.judge import judge
from popbase.generate.parameters import Rates
from popbase.generate.state import verdict

DAYS = [date(2014, 12, 31), date(2015, 12, 30), date(2015, 12, 31)]
LAST = Path("expected/2015-12-31")
PLAN = """
multiplier: 5
hostile_rows: 0.02
repeated_keys: 0.005
corrected: [{feed: education, region: "330200", date: 2015-12-30}]
hostile:
- {reason: every, date: 2015-12-31}
late: [{feed: household_registration, region: "510100", date: 2015-12-30, with: 2015-12-31}]
"""


def run(root: Path, *, persons: int = 300) -> Path:
    plan = root / "faults.yaml"
    root.mkdir(exist_ok=True)
    plan.write_text(PLAN, encoding="utf-8")
    generate(root / "landing", persons=persons, seed=11, first=DAYS[0], last=DAYS[-1], days=DAYS, faults=plan)
    return root / "landing"


@pytest.fixture(scope="module")
def landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("made"))


def truth(landing: Path, name: str | Path) -> list[dict[str, Any]]:
    return list(pq.read_table(landing.with_name("landing.truth") / f"{name}.parquet").to_pylist())


def place(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["feed"], row["region"], row["business_date"], row["delivery_no"]


def digest(root: Path) -> dict[str, str]:
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def test_every_manifest_of_an_accepted_delivery_tells_the_truth(landing: Path) -> None:
    rejected = {place(d) for d in truth(landing, LAST / "deliveries") if d["status"] == "rejected"}
    checked = 0
    for path in landing.rglob("manifest.json"):
        feed, region, day, number = path.parent.relative_to(landing).parts
        if (feed, region, date.fromisoformat(day), int(number)) in rejected:
            continue
        for entry in json.loads(path.read_text(encoding="utf-8"))["files"]:
            content = (path.parent / entry["name"]).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])
            assert _rows(path.parent / entry["name"], content) == entry["rows"]
            checked += 1
    assert checked > 50


def _rows(path: Path, content: bytes) -> int:
    if path.suffix == ".parquet":
        return int(pq.read_metadata(path).num_rows)
    plain = gzip.decompress(content) if path.suffix == ".gz" else content
    return plain.count(b"\n") - 1


def test_what_was_planted_is_what_the_plain_rules_refuse(landing: Path) -> None:
    planted: dict[tuple[Any, ...], int] = {}
    for row in truth(landing, "world/planted"):
        planted[place(row)] = planted.get(place(row), 0) + 1
    deliveries = truth(landing, LAST / "deliveries")
    judged = {place(d): d["rows_quarantined"] for d in deliveries if d["rows_quarantined"]}
    assert planted == judged


def test_every_kind_of_hostile_delivery_occurs(landing: Path) -> None:
    reasons = {d["reason"] for d in truth(landing, LAST / "deliveries") if d["reason"]}
    assert reasons == {variant.partition(":")[0] for variant in REASONS}


def test_received_rows_are_all_accounted_for(landing: Path) -> None:
    for d in truth(landing, LAST / "deliveries"):
        parts = ("rows_accepted", "rows_quarantined", "rows_superseded", "rows_withheld")
        assert sum(d[p] for p in parts) == d["rows_received"]


def test_equal_arguments_give_equal_bytes_and_the_late_waits_outside(landing: Path, tmp_path: Path) -> None:
    late = Path("household_registration/510100/2015-12-30/001")
    assert not (landing / late).exists()
    copy = run(tmp_path / "again")
    assert digest(copy.parent) == digest(landing.parent)
    assert release(copy, DAYS[1]) == []
    assert release(copy, DAYS[2]) == [copy / late]
    assert release(copy, DAYS[2]) == []
    assert (copy / late / "manifest.json").is_file()


def test_no_two_rows_of_the_expected_base_carry_one_number(landing: Path) -> None:
    for day in DAYS:
        numbers = [r["citizen_id"] for r in truth(landing, f"expected/{day}/person") if r["citizen_id"]]
        assert len(numbers) == len(set(numbers))
        ids = [r["person_id"] for r in truth(landing, f"expected/{day}/person")]
        assert len(ids) == len(set(ids))


def test_every_standing_of_a_number_occurs(landing: Path) -> None:
    people = truth(landing, "expected/2014-12-31/person")
    assert {p["id_status"] for p in people} == {"UNIQUE", "CONTESTED", "FORMER", "NONE"}
    assert {p["person_class"] for p in people} == {"CITIZEN", "HMT", "FOREIGN"}


def test_plain_rows_need_no_judge_and_the_two_ways_to_persons_agree() -> None:
    """The quick way column by column and the plain way row by row give the same persons."""
    made = world.create(400, seed=5, first=DAYS[0], regions=3, rates=Rates().times(5))
    quick, slow = [], []
    for delivery in world.register_snapshots(made):
        assert delivery.table is not None
        quick.append(verdict(delivery))
        rows = [world.Row(cells) for cells in delivery.table.to_pylist()]
        slow.append(
            verdict(
                world.Delivery(
                    delivery.feed, delivery.region, DAYS[0], "snapshot", rows=[*rows, *delivery.rows]
                )
            )
        )
    assert person_table(quick, DAYS[0])[0].equals(person_table(slow, DAYS[0])[0])


def test_no_plain_row_breaks_a_rule() -> None:
    made = world.create(300, seed=6, first=DAYS[0], regions=3, rates=Rates())
    for delivery in world.snapshots(made):
        contract = contracts.feed(delivery.feed)
        rows = delivery.table.to_pylist() if delivery.table is not None else []
        for cells in [*rows, *(row.cells for row in delivery.rows)]:
            assert judge(contract, cells, business_date=DAYS[0]).reasons == ()


def test_the_regions_are_real_and_their_counties_of_that_year() -> None:
    places = Map(region_codes(3, 2014), 2014)
    counties = {v.county.code for v in places.villages}
    assert "510122" in counties
    assert "510116" not in counties


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hostile_rows: 2", "hostile_rows"),
        ("late: [{feed: tax, region: '330100', date: 2015-12-30, with: 2015-12-30}]", "late"),
        ("hostile: [{feed: tax, region: '330100', date: 2015-12-30, reason: file.lost}]", "file.lost"),
        ("corrected: [{feed: taxes, region: '330100', date: 2015-12-30}]", "taxes"),
        ("multiplyer: 3", "multiplyer"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_in_one_sentence(tmp_path: Path, text: str, complaint: str) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint):
        generate(tmp_path / "landing", persons=300, seed=1, first=DAYS[0], last=DAYS[0], faults=plan)


def test_days_outside_the_span_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="between"):
        generate(tmp_path, persons=300, seed=1, first=DAYS[0], last=DAYS[0], days=DAYS)
