"""What one row of a table must be follows from the contracts' files alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from popbase import contracts, table_contracts
from popbase.errors import ContractError

PERSON = (
    "person_id citizen_id claimed_citizen_id id_status person_class name former_name sex birth_date region "
    "record_no household_id household_kind relation_to_head hukou_nature registered_area registered_on "
    "converted_on "
    "status ended_on end_reason unsettled_reason usual_area usual_rule usual_evidence usual_precision "
    "in_education in_social_security in_housing in_tax in_residence updated_at flags"
)

SMALL = """
apiVersion: v3.1.0
kind: DataContract
id: popbase.table.pet
name: pet
version: 1.0.0
status: active
schema:
- name: pet
  physicalName: base/pet
  description: One row is one pet.
  properties:
"""


def with_columns(*columns: str) -> str:
    return SMALL + "".join(f"  - {{{column}}}\n" for column in columns)


def test_the_person_table_has_the_columns_of_the_design() -> None:
    assert " ".join(table_contracts.table("person").names) == PERSON


def test_every_key_of_a_table_is_always_filled() -> None:
    for contract in table_contracts.tables().values():
        assert [c.name for c in contract.columns if c.key and not c.required] == []


def test_a_sector_table_is_its_feeds_fields_between_the_match_and_the_flags() -> None:
    tax = table_contracts.sector(contracts.feed("tax"))
    assert tax.table == "base/tax"
    assert tax.names[:3] == ("person_id", "match_status", "region")
    assert tax.names[3:-1] == tuple(f.name for f in contracts.feed("tax").fields)
    assert tax.names[-1] == "flags"
    assert tax.key == ("region", "record_no")


def test_a_sector_table_types_its_columns_as_conformed_rows_are() -> None:
    types = {c.name: c.type for c in table_contracts.sector(contracts.feed("social_security")).columns}
    assert types["paid_to"] == "date"
    assert types["paid_months"] == "bigint"
    assert types["pay_base"] == "decimal(18,2)"
    assert types["updated_at"] == "timestamp"
    assert types["citizen_id"] == "string"


def test_a_further_sector_feed_is_seen_in_the_person_table_without_a_change_there() -> None:
    marriage = replace(contracts.feed("tax"), feed="marriage", base_table="marriage")
    person = table_contracts._seen_by(table_contracts.table("person"), [marriage])
    assert person.names.index("in_marriage") == person.names.index("in_residence") + 1


def test_every_sector_feed_has_its_table() -> None:
    expected = {f"base/{c.base_table}" for c in contracts.feeds().values() if c.kind == "sector"}
    assert expected <= table_contracts.tables().keys()


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        (["name: a, description: x"], "a has no type"),
        (["name: a, physicalType: string"], "a has no description"),
        (["name: a, physicalType: string, description: x"] * 2, "the column 'a' stands twice"),
        (["name: a, physicalType: string, description: x, primaryKey: true"], "a is a key and must be"),
    ],
    ids=["no type", "no description", "a column twice", "a key that may be empty"],
)
def test_a_contract_that_cannot_be_honoured_is_refused(columns: list[str], fault: str) -> None:
    with pytest.raises(ContractError, match=fault):
        table_contracts.parse(with_columns(*columns), where="pet.odcs.yaml")


@pytest.mark.parametrize("text", ["- a list", "{name: pet", "name: pet\nversion: 1.0.0\nkind: DataContract"])
def test_what_is_no_contract_is_named_and_refused(text: str) -> None:
    with pytest.raises(ContractError, match=r"pet\.odcs\.yaml"):
        table_contracts.parse(text, where="pet.odcs.yaml")


def test_a_table_without_a_contract_is_named() -> None:
    with pytest.raises(ContractError, match="'pet'"):
        table_contracts.table("pet")


def test_a_table_is_judged_by_its_own_suite_or_by_that_of_its_kind() -> None:
    assert table_contracts.suite_of("base/person") == "person"
    assert table_contracts.suite_of("base/tax") == "sector"
    assert table_contracts.suite_of("conformed/tax") == "conformed"
    assert table_contracts.suite_of("statistics/report") == "report"
