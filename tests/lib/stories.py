"""Deliveries of the register told as small text tables, for the model as for the base.

One line is a row of a delivery; lines of one bureau and day are one delivery. Letters stand for numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any

from lib.model_identity import contradictions
from lib.model_numbers import number
from lib.model_state import Delivered, Row
from lib.sent import FEEDS, Sent
from lib.tables import parse_table
from popbase.clock import ZONE

AREA = "330102001001"
DEFAULTS: dict[str, dict[str, Any]] = {
    "household_registration": {
        "citizen_id": "A", "name": "王芳", "former_name": None, "sex": "2", "birth_date": "1800-01-01",
        "household_no": None, "household_kind": "10", "registered_area": AREA, "registered_on": "2000-01-01",
        "move_in_reason": None, "move_in_from": None, "converted_on": None, "ended_on": None,
        "end_reason": None, "died_on": None, "move_out_to": None, "hukou_nature": None,
        "relation_to_head": None, "unsettled_reason": None,
    },
    "id_correction": {
        "register_region": None, "record_no": None, "other_region": None, "other_record_no": None,
        "old_citizen_id": None, "new_citizen_id": None, "revokes": None, "effective_on": "2015-01-01",
        "authority": "某市公安局",
    },
    "social_security": {"citizen_id": "A", "name": "王芳", "pay_status": "1", "area": "330102"},
}  # fmt: skip
KEYS = {"household_registration": ("record_no",), "id_correction": ("decision_no",),
        "social_security": ("person_no", "insurance_kind")}  # fmt: skip
DELIVERY = ("region", "day", "no", "contents", "replaces", "op")


def deliveries(text: str, feed: str = "household_registration", *, case: int = 0) -> list[Sent]:
    """A line without a key is a delivery without rows. Areas may be given by their last three digits."""
    lines = [
        {"region": "330100", "no": "1"} | {k: v for k, v in line.items() if v} for line in parse_table(text)
    ]
    return [
        _sent(feed, list(of_one), case)
        for _, of_one in groupby(lines, key=lambda line: (line["region"], line["day"], line["no"]))
    ]


def known(*told: list[Sent]) -> dict[str, list[Delivered]]:
    """All deliveries by feed, as the model takes them."""
    return {feed: [s.delivery for sent in told for s in sent if s.feed == feed] for feed in FEEDS}


def _sent(feed: str, lines: list[dict[str, str]], case: int) -> Sent:
    first = lines[0]
    rows = tuple(_row(feed, line, case) for line in lines if KEYS[feed][0] in line)
    replaces = tuple(first.get("replaces", "").split())
    on, kind = date.fromisoformat(first["day"]), first.get("contents", "changes")
    delivery = Delivered(first["region"], on, int(first["no"]), kind, rows, replaces)
    return Sent(feed, delivery)


def _row(feed: str, line: Mapping[str, str], case: int) -> Row:
    given = {name: None if cell == "-" else cell for name, cell in line.items()}
    cells = {**DEFAULTS[feed], "updated_at": "2015-01-01", **given}
    value = {name: _cell(name, cell, case) for name, cell in cells.items() if name not in DELIVERY}
    carried = value.get("citizen_id")
    value["flags"] = sorted(contradictions(value, carried)) if carried and "birth_date" in value else []
    key = tuple(line[name] for name in KEYS[feed])
    return Row(key, value, value.get("ended_on"), line.get("op", "U"))


def _cell(name: str, cell: str | None, case: int) -> Any:
    if cell is None:
        return None
    if name.endswith("citizen_id"):
        return number(case, 2 * (ord(cell) - ord("A")))
    if name == "updated_at":
        return datetime.fromisoformat(cell).replace(tzinfo=ZONE)
    if name.endswith(("_on", "_date", "_to")) and "-" in cell:
        return date.fromisoformat(cell)
    return f"{AREA[:-3]}{cell}" if name == "registered_area" and len(cell) == 3 else cell
