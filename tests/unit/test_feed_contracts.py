"""A department's contract that popbase could not honour is refused at the desk, and not at night."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from popbase import contracts
from popbase.contract_faults import OWN_COLUMNS
from popbase.errors import ContractError

Change = Callable[[list[dict[str, Any]]], None]


def refused(change: Change) -> str:
    """What is said of tax's contract with its fields changed."""
    document = tax()
    change(document["schema"][0]["properties"])
    with pytest.raises(ContractError) as error:
        contracts.parse(json.dumps(document), where="tax.odcs.yaml")  # JSON is YAML
    return str(error.value)


def tax() -> dict[str, Any]:
    text = (contracts.home() / "schemas/feeds/tax.odcs.yaml").read_text("utf-8")
    document: dict[str, Any] = contracts.read_yaml(text)
    return document


def field(name: str = "pet", **told: Any) -> Change:
    return lambda fields: fields.append({"name": name, "physicalName": name, "physicalType": "text"} | told)


def without(role_or_key: str) -> Change:
    def change(fields: list[dict[str, Any]]) -> None:
        for said in fields:
            custom = said.get("customProperties", [])
            said["customProperties"] = [c for c in custom if c["value"] != role_or_key]
            if role_or_key == "primaryKey":
                said.pop("primaryKey", None)

    return change


@pytest.mark.parametrize("name", [*sorted(OWN_COLUMNS), "row__name", "_bureau"])
def test_a_field_cannot_bear_the_name_of_a_column_of_ours(name: str) -> None:
    assert f"the name '{name}' is popbase's own" in refused(field(name))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (field(physicalType="float"), "pet has the unknown type 'float'"),
        (field(customProperties=[{"property": "role", "value": "pet"}]), "pet has the unknown role 'pet'"),
        (field(physicalType="code"), "pet has no codes"),
        (field(physicalType="code2"), "pet does not say what an unknown code is"),
        (field(primaryKey=True), "pet is a key and must be required"),
        (field("citizen_id"), "the field 'citizen_id' stands twice"),
        (field(physicalName="操作"), "the header '操作' stands twice"),
        (without("primaryKey"), "no field is a key"),
        (without("updated_at"), "no field has the role updated_at"),
        (without("name"), "a sector feed needs fields with the roles number and name"),
    ],
)
def test_what_could_not_be_honoured_is_said(change: Change, fault: str) -> None:
    assert fault in refused(change)


def test_a_feed_without_a_contract_is_named_with_those_that_have_one() -> None:
    with pytest.raises(ContractError, match=r"no feed 'pet'; the feeds are admin_division, "):
        contracts.feed("pet")


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("kind", "sectors", "the property 'kind' is wrong"),
        ("cadence", "weekly", "the property 'cadence' is wrong"),
        ("maxQuarantineShare", "much", "the property 'maxQuarantineShare' is wrong"),
        ("maxQuarantineShare", 1.5, "the property 'maxQuarantineShare' is wrong"),
        ("cadance", "daily", "the property 'cadance' is wrong"),
        ("statistics", {"activ_when": "true"}, "the property 'statistics.activ_when' is wrong"),
    ],
)
def test_a_property_of_ours_means_what_it_may_or_is_refused(name: str, value: Any, fault: str) -> None:
    document = tax()
    others = [p for p in document["customProperties"] if p["property"] != name]
    document["customProperties"] = [*others, {"property": name, "value": value}]
    with pytest.raises(ContractError, match=fault):
        contracts.parse(json.dumps(document), where="tax.odcs.yaml")


def test_a_field_says_error_or_warning_of_an_unknown_code() -> None:
    said = [{"property": "codes", "value": {1: "one"}}, {"property": "unknownCode", "value": "ignore"}]
    assert "the property 'unknownCode' is wrong" in refused(field(physicalType="code", customProperties=said))
