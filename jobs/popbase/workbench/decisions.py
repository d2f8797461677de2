"""Decisions prepared from cases: a table to fill in, and what is filled in as a delivery of `id_correction`.

The table's columns are the delivery's own (`schemas/feeds/id_correction.odcs.yaml`), so nothing is
translated; two more say which case a row answers, and intake passes over them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

from popbase import clock, contracts
from popbase.contracts import DECISIONS, Contract
from popbase.errors import UsageError
from popbase.intake.landing import MANIFEST
from popbase.storage import reached, store
from popbase.workbench.cases import Case, Rows

# Which decision answers a kind of case (GA/T 2000.24: 11 纠正重号, 12 纠正错号; 90 is ours). Double
# registrations are no matter of numbers: the bureau that cancels one ends its record (end_reason 4).
ANSWERS = {"contested_number": "11", "former_conflict": "11", "wrong_number": "12", "same_person": "90"}
CASE, CASE_KIND = "案件编号", "案件类别"
OP, UPSERT = "操作", "U"
NATION = "000000"
_ENCODING = "utf-8-sig"  # spreadsheets take UTF-8 for what it is by its mark alone


def template(cases: Iterable[Case], numbers: Mapping[str, str] | None = None) -> str:
    """CSV with a row for each decision that a case may ask for; rows that nobody fills in are no decisions.

    `numbers`: record -> the number that it carries, where they may be shown.
    """
    contract = contracts.feed(DECISIONS)
    text = io.StringIO()
    table = csv.DictWriter(text, [CASE, CASE_KIND, *(f.header for f in contract.fields)], restval="")
    table.writeheader()
    headers = {f.name: f.header for f in contract.fields}
    for case in cases:
        for asked in _asked(case, numbers or {}):
            told = {headers[name]: value for name, value in asked.items()}
            table.writerow({CASE: case.facts["case_id"], CASE_KIND: case.facts["kind"], **told})
    return text.getvalue()


def _asked(case: Case, numbers: Mapping[str, str]) -> Iterator[dict[str, str]]:
    kind = ANSWERS[case.facts["kind"]]
    if kind == "90":
        one, other = case.refs[:2]
        yield {"kind": kind, **_ref(one), **_ref(other, "other_region", "other_record_no")}
        return
    for ref in case.refs:
        yield {"kind": kind, **_ref(ref), "old_citizen_id": numbers.get(ref, "")}


def _ref(ref: str, region: str = "register_region", record_no: str = "record_no") -> dict[str, str]:
    bureau, _, number = ref.partition("/")
    return {region: bureau, record_no: number}


def deliver(filled_in: Path, landing: str, *, business_date: date, region: str = NATION) -> tuple[str, int]:
    """The decided rows as a delivery in the landing; its folder, and how many decisions it has.

    Raises UsageError for a table that is not one of `template`, or that decides nothing; intake judges what
    the decisions say.
    """
    contract = contracts.feed(DECISIONS)
    decided = [row for row in _read(filled_in, contract) if row[_header(contract, "decision_no")]]
    if not decided:
        raise UsageError(
            f"{filled_in.name} decides nothing: no row has a {_header(contract, 'decision_no')}."
        )
    content = _as_csv(decided, contract).encode()
    place = _place(landing, region, business_date)
    files = store(landing)
    with reached(place):
        files.write(f"{place}/part-0001.csv", content)
        manifest = _manifest(contract, place, content, len(decided))
        files.create(f"{place}/{MANIFEST}", json.dumps(manifest, ensure_ascii=False, indent=1).encode())
    return place, len(decided)


def _read(filled_in: Path, contract: Contract) -> Rows:
    if not filled_in.is_file():
        raise UsageError(f"There is no file {filled_in.name}.")
    with reached(filled_in.name), filled_in.open(encoding=_ENCODING, newline="") as file:
        try:
            rows = list(csv.DictReader(file))
        except (UnicodeDecodeError, csv.Error) as error:
            raise UsageError(f"{filled_in.name} is not CSV in UTF-8.") from error
    missing = [f.header for f in contract.fields if rows and f.header not in rows[0]]
    if missing:
        raise UsageError(f"{filled_in.name} lacks the columns {', '.join(missing)}.")
    return [{name: (value or "").strip() for name, value in row.items() if name} for row in rows]


def _as_csv(rows: Rows, contract: Contract) -> str:
    now = f"{clock.now().astimezone(clock.ZONE):%Y-%m-%d %H:%M:%S}"
    stamp = _header(contract, "updated_at")
    text = io.StringIO()
    table = csv.DictWriter(text, [OP, *(f.header for f in contract.fields)], extrasaction="ignore")
    table.writeheader()
    table.writerows({**row, OP: UPSERT, stamp: row[stamp] or now} for row in rows)
    return text.getvalue()


def _header(contract: Contract, name: str) -> str:
    return next(f.header for f in contract.fields if f.name == name)


def _place(landing: str, region: str, business_date: date) -> str:
    """Below the landing, the folder of the day's next delivery."""
    day = f"{DECISIONS}/{region}/{business_date}"
    with reached(day):
        taken = [int(name) for name in store(landing).folders(day) if name.isdigit()]
    return f"{day}/{max(taken, default=0) + 1:03d}"


def _manifest(contract: Contract, place: str, content: bytes, rows: int) -> dict[str, object]:
    _, region, day, number = place.split("/")
    return {
        "manifest_version": 1, "feed": contract.feed, "contract_version": contract.version, "region": region,
        "business_date": day, "delivery_no": int(number), "kind": "changes",
        "prepared_at": clock.now().astimezone(clock.ZONE).isoformat(timespec="seconds"),
        "replaces_regions": [],
        "files": [{
            "name": "part-0001.csv", "format": "csv", "encoding": "UTF-8", "bytes": len(content),
            "rows": rows, "sha256": hashlib.sha256(content).hexdigest(),
        }],
    }  # fmt: skip
