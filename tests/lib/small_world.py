"""A small world in which every gate passes, as rows that a test may break."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from lib import small_report
from popbase import contracts, table_contracts
from popbase.intake.ledger import Judgement
from popbase.table_contracts import TableContract

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Row = dict[str, Any]
World = dict[str, list[Any]]

DAY = date(2015, 12, 31)
TAX = table_contracts.sector(contracts.feed("tax"))


def small_world() -> World:
    people = [_person(i) for i in range(30)]
    return {
        "person": people,
        "previous": [dict(p) for p in people],
        "person_record": [_record(p) for p in people],
        "household": [_household(p) for p in people],
        "id_case": [_case("c1", "double_registration"), _case("c2", "wrong_number")],
        "id_history": [_number(p) for p in people],
        "person_history": [_period(p) for p in people],
        "replaced_number": [_replacement()],
        "sector_finding": [_sector_finding()],
        "event": [_event(i, p) for i, p in enumerate(people)],
        "unregistered": [_unregistered(str(900 + i)) for i in range(2)],
        "sector": [_declaration(i, people[i]) for i in range(10)],
        "report": small_report.rows(),
        "figure": small_report.published(),
        "area": small_report.areas(),
        "conformed": [judgement(1, received=100, quarantined=5), judgement(2, received=20, quarantined=0)],
    }


def frame(spark: SparkSession, rows: list[Row], contract: TableContract) -> DataFrame:
    """The rows under the contract's types; a column they do not name is null."""
    columns = ", ".join(f"`{c.name}` {c.type}" for c in contract.columns)
    return spark.createDataFrame([tuple(row.get(name) for name in contract.names) for row in rows], columns)


def judgement(no: int, *, received: int, quarantined: int, accepted: int | None = None) -> Judgement:
    kept = received - quarantined if accepted is None else accepted
    return Judgement(
        feed="tax", region="330100", business_date=DAY, delivery_no=no, kind="changes", status="accepted",
        reason=None, rows_received=received, rows_accepted=kept, rows_quarantined=quarantined,
        rows_superseded=0, rows_withheld=0, manifest_sha256="0" * 64, contract_version="1.0.0",
        rules_version="1", judged_at=datetime(2016, 1, 1, 1, 12),
    )  # fmt: skip


def claim(person: Row, number: str, id_status: str = "CONTESTED") -> None:
    person.update(id_status=id_status, citizen_id=None, claimed_citizen_id=number)


def _person(i: int) -> Row:
    """Sixteen men, fourteen women, two bureaux; everybody is a household."""
    region, record = ("330100", "330200")[i % 2], f"R{i:02d}"
    return {
        "person_id": f"p{i:02d}", "citizen_id": str(100 + i), "id_status": "UNIQUE",
        "person_class": "CITIZEN", "name": "王芳", "birth_date": date(1980, 1, 1),
        "sex": "1" if i < 16 else "2", "region": region, "record_no": record,
        "household_id": f"{region}/H{i:02d}", "household_kind": "10", "relation_to_head": "02" if i else None,
        "registered_area": "330102001001", "registered_on": date(2000, 1, 1), "status": "REGISTERED",
        "updated_at": datetime(2000, 1, 1),
        "flags": [], "in_education": False, "in_social_security": False, "in_housing": False, "in_tax": True,
        "in_residence": False,
    }  # fmt: skip


def _record(person: Row) -> Row:
    return {name: person[name] for name in ("person_id", "region", "record_no")} | {"role": "WINNER"}


def _household(person: Row) -> Row:
    return {
        "household_id": person["household_id"], "registered_area": person["registered_area"], "kind": "10",
        "head": person["person_id"], "size": 1,
    }  # fmt: skip


def _case(case_id: str, kind: str, *records: str) -> Row:
    return {
        "case_id": case_id, "kind": kind, "status": "open", "opened_on": DAY, "evidence": "name=differs",
        "record_nos": list(records or ("330100/R00",)),
    }  # fmt: skip


def _number(person: Row) -> Row:
    return {"person_id": person["person_id"], "citizen_id": person["citizen_id"], "valid_from": DAY}


def _period(person: Row) -> Row:
    return {name: value for name, value in person.items() if not name.startswith("in_")} | {"valid_from": DAY}


def _replacement() -> Row:
    numbers = {"old_citizen_id": "900", "new_citizen_id": "100"}
    return numbers | {"effective_on": DAY, "decision_no": "1", "valid_from": DAY}


def _sector_finding() -> Row:
    record = {"feed": "tax", "region": "330100", "record_key": "T1", "register_record": "330100/1"}
    return record | {"finding": "name_mismatch", "citizen_id": "100", "valid_from": DAY}


def _event(i: int, person: Row) -> Row:
    area = person["registered_area"]
    ends = {"from_area": "330102001002", "to_area": area} if i % 2 else {"to_area": area}
    return {
        "event_id": f"e{i:02d}", "person_id": person["person_id"], "kind": "MOVE" if i % 2 else "BIRTH",
        "event_on": DAY, "one_sided": False, **ends,
    }  # fmt: skip


def _unregistered(number: str) -> Row:
    return {"citizen_id": number, "feeds": ["tax"], "areas": ["330100"], "first_seen": DAY, "last_seen": DAY}


def _declaration(i: int, person: Row) -> Row:
    """Eight of ten are matched."""
    return {
        "person_id": person["person_id"] if i > 1 else None,
        "match_status": "MATCHED" if i > 1 else "NAME_MISMATCH",
        "region": "330100", "record_no": f"T{i}", "citizen_id": person["citizen_id"], "name": person["name"],
        "period": DAY, "income_item": "工资薪金", "income": Decimal(1), "tax": Decimal(0), "area": "330100",
        "updated_at": datetime(2015, 12, 31), "flags": [],
    }  # fmt: skip
