"""A record that is erased is in no file any more, and what is left of the publications is whole."""

from __future__ import annotations

import io
import json
import sys
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake
from lib.delivery import deliver
from lib.lakes import NEW_YEARS_EVE, QUARANTINE, delete_by_vector, judgement, publish, write, write_ledger

from popbase import contracts
from popbase.control import TABLE_PROPERTIES, read_small
from popbase.errors import UsageError
from popbase.intake import feeds, ledger
from popbase.intake.again import rejudge
from popbase.lake import Lake
from popbase.publish import draft, erasure
from popbase.publish.cut import Record
from popbase.publish.draft import Draft
from popbase.publish.erasure import erase
from popbase.publish.maintenance import maintain
from popbase.publish.publication import Publications
from popbase.publish.reader import Reader
from popbase.settings import Settings

REGISTER, REGION = "household_registration", "330100"
SECRET, NUMBER = "R-SECRET", "33010219900101002X"
PLACE = ["region", "business_date", "delivery_no"]
CONFORMED = pa.schema([
    ("region", pa.string()), ("business_date", pa.date32()), ("delivery_no", pa.int32()),
    ("record_no", pa.string()), ("name", pa.string()),
])  # fmt: skip

PERSON = {
    "region": REGION, "household_id": "330100/H1", "household_kind": "10", "relation_to_head": None,
    "registered_area": "330102001001", "status": "REGISTERED", "in_tax": True,
    "updated_at": datetime(2015, 1, 1, tzinfo=UTC),
}  # fmt: skip
HEAD = PERSON | {
    "person_id": "p1", "record_no": SECRET, "citizen_id": NUMBER, "relation_to_head": "02",
    "registered_area": "330102001009",
}  # fmt: skip
OTHERS = [PERSON | {"person_id": f"p{n}", "record_no": f"R{n}", "citizen_id": None} for n in (2, 3)]
TAX = {"region": REGION, "record_no": "T-SECRET", "citizen_id": NUMBER, "name": "n", "person_id": "p1",
       "match_status": "MATCHED"}  # fmt: skip


def sent(own: Settings, feed: str, number: int, *, rows: int = 3, **judged: Any) -> Path:
    row = {"region": REGION, "business_date": NEW_YEARS_EVE, "delivery_no": number}
    told = judgement(feed, delivery_no=number, rows_received=rows, rows_accepted=rows, **judged)
    write_ledger(Path(own.lake), told)
    contract = contracts.feed(feed)
    keys = [SECRET, "R2", "R3"] if feed == REGISTER else ["T-SECRET", "T2", "T3"]
    people = [row | {"record_no": key, "name": key} for key in keys]
    append(own, f"conformed/{feed}", pa.Table.from_pylist(people, CONFORMED))
    return deliver(Path(own.landing), contract, ["1"], region=REGION, day=NEW_YEARS_EVE, number=number)


def append(own: Settings, table: str, rows: pa.Table) -> None:
    write_deltalake(
        f"{own.lake}/{table}", rows, mode="append", partition_by=PLACE, configuration=TABLE_PROPERTIES
    )


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """Two publications in which a record's person heads a household of three, and what they were made of."""
    lake = tmp_path / "lake"
    own = Settings(landing=str(tmp_path / "landing"), lake=str(lake))
    sent(own, REGISTER, 1)
    sent(own, REGISTER, 2)
    sent(own, "tax", 1)
    refused = [{"key": SECRET, "raw": SECRET}, {"key": "", "raw": f"x,{SECRET}"}, {"key": "R2", "raw": "R2"}]
    place = {"region": REGION, "business_date": NEW_YEARS_EVE, "delivery_no": 2}
    rows = pa.Table.from_pylist([place | row for row in refused], QUARANTINE)
    append(own, f"quarantine/{REGISTER}", rows)
    for turn in (1, 2):
        publish(lake, _tables(lake, turn))
    Draft(NEW_YEARS_EVE, {}, Publications(lake).get(2).tables).write(str(lake))
    return own


def _tables(lake: Path, turn: int) -> dict[str, int]:
    people = [HEAD, *OTHERS]
    history = [p | {"valid_from": date(2015, n, 1), "valid_to": None} for n, p in enumerate(people, 1)]
    of_case = {"opened_on": NEW_YEARS_EVE, "closed_on": None, "status": "open"}
    cases = [
        {"case_id": c, "record_nos": [f"{REGION}/{r}" for r in refs], **of_case}
        for c, *refs in (
            ("c1", SECRET),
            ("c2", "R2"),
            ("c3", "tax:T-SECRET", "tax:T2"),
            ("c4", "R2", "tax:T-SECRET"),
        )
    ]
    ids = [
        {
            "person_id": p,
            "former_person_id": f,
            "citizen_id": n,
            "valid_from": NEW_YEARS_EVE,
            "valid_to": None,
        }
        for p, f, n in (("p1", None, NUMBER), ("p2", "p1", None), ("p3", "p0", None))
    ]
    house = {"household_id": "330100/H1", "head": "p1", "registered_area": "330102001009", "kind": "10"}
    other = {"household_id": "330100/H2", "head": "p9"}
    records = [{"person_id": p["person_id"], "region": REGION, "record_no": p["record_no"]} for p in people]
    rows = {
        "base/person": people,
        "base/person_record": records,
        "base/id_case": cases,
        "base/id_history": ids,
        "base/household": [house | {"size": 3}, house | other | {"size": 3}],
        "base/sector_finding": [
            {
                "feed": "tax",
                "region": REGION,
                "record_key": key,
                "register_record": f"{REGION}/{who}",
                "finding": "name_mismatch",
            }
            for key, who in (("T-SECRET", "R2"), ("T2", "R2"), ("T3", SECRET))
        ],
        "base/tax": [TAX, TAX | {"record_no": "T2", "person_id": "p2", "citizen_id": None, "name": "x"}],
        "base/unregistered": [{"citizen_id": "33010219900101003X", "feeds": ["tax"]}],
        "statistics/report": [{"value": turn}],
    }
    made = {table: write(lake, table, pa.Table.from_pylist(told)) for table, told in rows.items()}
    if turn == 1:
        write(lake, "base/person_history", pa.Table.from_pylist(history))
        return made | {"base/person_history": 0}
    return made | {"base/person_history": delete_by_vector(lake, "base/person_history", [0, 2], in_file=True)}


def record(key: str = SECRET, feed: str = REGISTER) -> Record:
    return Record(contracts.feed(feed), REGION, key)


def seen(own: Settings, seq: int, sql: str) -> list[tuple[Any, ...]]:
    with Reader(own.lake, Publications(own.lake).get(seq)) as reader:
        return [row for answer in reader.run(sql) for row in answer.rows]


def holding(own: Settings, *secrets: str) -> list[str]:
    """Files of lake and landing in which one of these stands."""
    files = [path for root in (own.lake, own.landing) for path in Path(root).rglob("*") if path.is_file()]
    return [path.name for path in files if any(secret in _content(path) for secret in secrets)]


def _content(path: Path) -> str:
    if path.suffix == ".parquet":
        return str(pq.ParquetFile(path).read().to_pylist())
    return path.read_bytes().decode("utf-8", "replace")


def test_no_file_holds_an_erased_record_and_all_other_rows_stand_as_they_stood(own: Settings) -> None:
    before = {seq: seen(own, seq, "SELECT person_id FROM base.person_history ORDER BY 1") for seq in (1, 2)}
    assert before == {1: [("p1",), ("p2",), ("p3",)], 2: [("p2",)]}
    told = erase(own, record(), "a court's decision")
    assert holding(own, SECRET) == []
    for seq in (1, 2):
        assert seen(own, seq, "SELECT person_id FROM base.person ORDER BY 1") == [("p2",), ("p3",)]
        assert seen(own, seq, "SELECT record_no FROM base.person_record ORDER BY 1") == [("R2",), ("R3",)]
        assert seen(own, seq, "SELECT case_id FROM base.id_case ORDER BY 1") == [("c2",), ("c3",), ("c4",)]
        found = seen(own, seq, "SELECT record_key FROM base.sector_finding ORDER BY 1")
        assert found == [("T-SECRET",), ("T2",)]
        assert seen(own, seq, "SELECT person_id, former_person_id FROM base.id_history") == [("p3", "p0")]
        assert seen(own, seq, "SELECT value FROM statistics.report") == [(seq,)]
    assert seen(own, 1, "SELECT person_id FROM base.person_history ORDER BY 1") == [("p2",), ("p3",)]
    assert seen(own, 2, "SELECT person_id FROM base.person_history") == [("p2",)]
    assert told.publications == (1, 2)
    assert Publications(own.lake).numbers() == [1, 2]


def test_who_stays_in_a_household_makes_it_anew(own: Settings) -> None:
    erase(own, record(), "why")
    sql = "SELECT household_id, head, size, registered_area FROM base.household ORDER BY 1"
    expected = [("330100/H1", "p2", 2, "330102001001"), ("330100/H2", "p9", 3, "330102001009")]
    assert [seen(own, seq, sql) for seq in (1, 2)] == [expected, expected]


def test_a_sectors_record_stays_with_nobody_behind_it(own: Settings) -> None:
    erase(own, record(), "why")
    sql = "SELECT record_no, person_id, match_status FROM base.tax ORDER BY 1"
    assert seen(own, 2, sql) == [("T-SECRET", None, "NOT_IN_REGISTER"), ("T2", "p2", "MATCHED")]


def test_a_person_with_another_winner_loses_the_erased_record_alone(own: Settings) -> None:
    lake = Path(own.lake)
    two = [{"person_id": "p2", "region": REGION, "record_no": key} for key in ("R2", SECRET)]
    tables = dict(Publications(lake).get(2).tables)
    people = {"base/person": OTHERS, "base/person_record": two}
    publish(lake, tables | {t: write(lake, t, pa.Table.from_pylist(rows)) for t, rows in people.items()})
    erase(own, record(), "why")
    assert seen(own, 3, "SELECT person_id FROM base.person ORDER BY 1") == [("p2",), ("p3",)]
    assert seen(own, 3, "SELECT person_id, record_no FROM base.person_record") == [("p2", "R2")]


def test_a_sector_record_goes_with_what_it_alone_said_of_the_person(own: Settings) -> None:
    sql = "SELECT person_id, in_tax FROM base.person ORDER BY 1"
    told = erase(own, record("T-SECRET", "tax"), "why")
    assert seen(own, 2, "SELECT record_no FROM base.tax") == [("T2",)]
    assert seen(own, 2, sql) == [("p1", False), ("p2", True), ("p3", True)]
    assert seen(own, 2, "SELECT record_key FROM base.sector_finding ORDER BY 1") == [("T2",), ("T3",)]
    cases = {"c1": [f"{REGION}/{SECRET}"], "c2": [f"{REGION}/R2"], "c3": [f"{REGION}/tax:T2"]}
    assert dict(seen(own, 2, "SELECT case_id, record_nos FROM base.id_case")) == cases
    assert (told.rows, told.deliveries) == (1, ("330100/2015-12-31/001",))
    assert holding(own, "T-SECRET") == []


def test_the_ledger_counts_erased_rows_as_withheld_and_is_balanced(own: Settings) -> None:
    erase(own, record(), "why")
    judged = ledger.standing(ledger.read(own.lake, REGISTER))
    assert [(j.rows_received, j.rows_accepted, j.rows_withheld) for j in judged] == [(3, 2, 1), (3, 2, 1)]
    assert all(j.balanced() for j in judged)


def test_no_night_and_no_second_judgment_brings_it_back(own: Settings) -> None:
    folders = [sent(own, REGISTER, 3, status="rejected", reason="file.bytes")]
    waiting = deliver(
        Path(own.landing), contracts.feed(REGISTER), ["1"], region=REGION, day=NEW_YEARS_EVE, number=4
    )
    assert erase(own, record(), "why").landing_folders == 3
    assert not folders[0].exists()
    assert waiting.is_dir()
    lake = Lake(_no_spark, own.lake)
    assert [p.delivery_no for p in feeds.pending(lake, own, REGISTER, until=NEW_YEARS_EVE)] == [4]
    judged, left = rejudge(lake, own, REGISTER)
    assert (judged, len(left)) == ([], 3)


def test_the_log_says_what_went_and_why_without_saying_who(own: Settings) -> None:
    erase(own, record(), f"asked for by {NUMBER}")
    (line,) = read_small(own.lake, erasure.LOG)
    assert line["publications"] == [1, 2]
    assert line["deliveries"] == ["330100/2015-12-31/001", "330100/2015-12-31/002"]
    assert (line["rows"], line["landing_folders"], line["reason"]) == (4, 2, "asked for by …")


def test_what_nobody_holds_cannot_be_erased(own: Settings) -> None:
    for wrong in (record("R9"), Record(contracts.feed("id_correction"), REGION, SECRET)):
        with pytest.raises(UsageError) as caught:
            erase(own, wrong, "why")
        assert "R9" not in str(caught.value)
    erase(own, record(), "why")
    with pytest.raises(UsageError, match="Nothing that is kept"):
        erase(own, record(), "why")


@pytest.mark.parametrize("last", ["reissue", "append", "rewrite", "unneeded", "append_small"])
def test_whoever_is_killed_begins_again_and_ends_the_same(
    own: Settings, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"append": ledger, "reissue": Publications}.get(last, erasure)
    with monkeypatch.context() as killed:
        killed.setattr(place, last, _killed)
        with pytest.raises(KeyboardInterrupt):
            erase(own, record(), "why")
    publications = [seen(own, seq, "SELECT count(*) FROM base.tax") for seq in (1, 2)]
    assert publications == [[(2,)], [(2,)]]
    with suppress(UsageError):  # where files alone were left
        erase(own, record(), "why")
    assert holding(own, SECRET) == []
    judged = ledger.standing(ledger.read(own.lake, REGISTER))
    assert [(j.rows_accepted, j.rows_withheld) for j in judged] == [(2, 1), (2, 1)]


def test_maintenance_and_the_next_steps_find_a_whole_lake(own: Settings) -> None:
    erase(own, record(), "why")
    assert maintain(own).files == 1  # of the draft before
    made, current = draft.read(own.lake), Publications(own.lake).current()
    assert made is not None
    assert current is not None
    assert dict(made.tables) == dict(current.tables)


def test_the_command_reads_the_key_from_where_no_log_looks(
    popbase: Any, own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = ["--landing", own.landing, "--lake", own.lake]
    for key, code in (("", 2), ("R9\n", 2), (f"{SECRET}\n", 0)):
        monkeypatch.setattr(sys, "stdin", io.StringIO(key))
        ran = popbase("erase", REGISTER, REGION, "--reason", "why", "--json", *where)
        assert ran.code == code
        assert SECRET not in ran.out + ran.err
    assert json.loads(ran.out)["publications"] == [1, 2]


def _killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def _no_spark() -> Any:
    raise AssertionError("no JVM is needed here")
