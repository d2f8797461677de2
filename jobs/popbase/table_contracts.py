"""What one row of a table must be, and its documentation, from the contracts alone. No Spark here.

A published table has its own file in `schemas/tables/`. A sector's base table has none: it follows from
its feed's contract, so that a further department is one more file there (design section 5).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty
from pydantic import ValidationError

from popbase import contracts
from popbase.contracts import Contract, Field
from popbase.errors import ContractError

MATCH_STATUS = {
    "MATCHED": "number and name are a registered person's",
    "NAME_MISMATCH": "the number is registered under another name",
    "CONTESTED": "several people claim the number",
    "NOT_IN_REGISTER": "nobody carries the number",
    "NO_NUMBER": "the record has no number",
}


@dataclass(frozen=True)
class TableColumn:
    """One column of a table: a SQL type, and what must hold of it in every row."""

    name: str
    type: str
    description: str
    required: bool = False
    key: bool = False
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TableContract:
    """One table of a publication: `table` is its path in the lake, `title` says what one row is."""

    table: str
    version: str
    title: str
    purpose: str
    columns: tuple[TableColumn, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns)

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.columns if c.key)


def tables() -> dict[str, TableContract]:
    """Every table with a contract, by its path: those with a file, then one a sector feed."""
    files = sorted((contracts.home() / "schemas/tables").glob("*.odcs.yaml"))
    named = [table(path.name.removesuffix(".odcs.yaml")) for path in files]
    return {t.table: t for t in [*named, *(sector(c) for c in sectors())]}


def sectors() -> list[Contract]:
    return [c for c in contracts.feeds().values() if c.kind == "sector"]


@cache
def table(name: str) -> TableContract:
    """The contract of one published table; `person` also says which sectors see the person."""
    path = contracts.home() / "schemas/tables" / f"{name}.odcs.yaml"
    if not path.is_file():
        raise ContractError(f"There is no contract for the table '{name}' in schemas/tables.")
    contract = parse(path.read_text(encoding="utf-8"), where=path.name)
    return _seen_by(contract, sectors()) if name == "person" else contract


def parse(text: str, *, where: str) -> TableContract:
    """An ODCS document as a TableContract; `where` names the file in messages."""
    try:
        document = OpenDataContractStandard.model_validate(contracts.read_yaml(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise ContractError(f"{where} is not an ODCS document: {type(error).__name__}.") from error
    schema = document.schema_[0] if document.schema_ else None
    if schema is None or not schema.physicalName or not document.version:
        raise ContractError(f"{where} needs a version and one schema with the table's path as physicalName.")
    contract = TableContract(
        table=schema.physicalName,
        version=document.version,
        title=schema.description or "",
        purpose=(document.description.purpose if document.description else "") or "",
        columns=tuple(_column(p) for p in schema.properties or []),
    )
    _refuse(contract, where)
    return contract


def sector(feed: Contract) -> TableContract:
    """`base/<table>` of a sector feed: each of its records at the business date, matched to the register."""
    return TableContract(
        table=f"base/{feed.base_table}",
        version=feed.version,
        title=f"One row is one record of the feed {feed.feed} at the business date.",
        purpose=f"{feed.title}, matched to the register by number and name.",
        columns=(
            TableColumn("person_id", "string", "The person, where match_status is MATCHED."),
            TableColumn(
                "match_status", "string", "How the number was found.", required=True, codes=MATCH_STATUS
            ),
            TableColumn("region", "string", "The bureau that holds the record.", required=True, key=True),
            *(_delivered(f) for f in feed.fields),
            TableColumn("flags", "array<string>", "Warnings on the record, sorted.", required=True),
        ),
    )


def _seen_by(person: TableContract, feeds: Iterable[Contract]) -> TableContract:
    """The person table with an `in_<table>` column for every sector feed, also one its file does not know."""
    columns = list(person.columns)
    after_last = max(i for i, c in enumerate(columns) if c.name.startswith("in_")) + 1
    for base_table in (str(feed.base_table) for feed in feeds):
        if f"in_{base_table}" not in person.names:
            says = f"An active record in base/{base_table} is matched to the person."
            columns.insert(after_last, TableColumn(f"in_{base_table}", "boolean", says, required=True))
    return replace(person, columns=tuple(columns))


def _delivered(f: Field) -> TableColumn:
    return TableColumn(
        name=f.name,
        type=f.sql_type,
        description=f.description or f"{f.header}.",
        required=f.required,
        key=f.key,
        codes=f.codes,
    )


def _column(p: SchemaProperty) -> TableColumn:
    extras = {str(c.property): c.value for c in p.customProperties or []}
    return TableColumn(
        name=p.name or "",
        type=p.physicalType or "",
        description=p.description or "",
        required=bool(p.required),
        key=bool(p.primaryKey),
        codes={str(code): str(label) for code, label in dict(extras.get("codes") or {}).items()},
    )


def _refuse(contract: TableContract, where: str) -> None:
    names = contract.names
    faults = [
        *(f"the column '{n}' stands twice" for n in sorted({n for n in names if names.count(n) > 1})),
        *(f"{c.name} has no type" for c in contract.columns if not c.type),
        *(f"{c.name} has no description" for c in contract.columns if not c.description),
        *(f"{c.name} is a key and must be required" for c in contract.columns if c.key and not c.required),
    ]
    if not names:
        faults.append("there are no columns")
    if faults:
        raise ContractError(f"{where}: {'; '.join(faults)}.")


def render() -> str:
    """`docs/tables.md`: the data dictionary, with what the gates hold each table to."""
    pages = [line for contract in tables().values() for line in _page(contract)]
    return "\n".join([*_HEAD, *pages, *_CONFORMED, *_gates("conformed/")]).rstrip() + "\n"


REGENERATE = ".venv/bin/python -m popbase.table_contracts > docs/tables.md"

_HEAD = (
    "# The tables",
    "",
    "What one row of each table is and must be (`schemas/`), and what its gate asks of the whole table",
    f"(`expectations/`). Made from those files by `{REGENERATE}`; edit them, not this page.",
    "",
)


_CONFORMED = (
    "## conformed/\\<feed\\>",
    "",
    "One row is an accepted record version: the feed's fields (`schemas/feeds/`) and its delivery.",
    "",
)


def _page(contract: TableContract) -> Iterator[str]:
    yield from (f"## {contract.table}", "", f"{contract.title} {contract.purpose}".strip(), "")
    yield from ("| column | type | key | filled | meaning |", "|---|---|---|---|---|")
    yield from (_row(c) for c in contract.columns)
    yield ""
    yield from _gates(contract.table)


def _row(c: TableColumn) -> str:
    codes = "; ".join(f"`{code}` {label}" for code, label in c.codes.items())
    meaning = f"{c.description} {codes}".strip().replace("|", "\\|")
    return (
        f"| {c.name} | {c.type} | {'yes' if c.key else ''} | {'always' if c.required else ''} | {meaning} |"
    )


def suite_of(table: str) -> str:
    """The suite that judges a table: its own, else the one its kind shares (`conformed`, `sector`)."""
    area, _, name = table.rpartition("/")
    own = contracts.home() / "expectations" / f"{name}.json"
    return name if own.is_file() else {"conformed": "conformed", "base": "sector"}.get(area, name)


def suite_document(name: str) -> dict[str, Any]:
    """A suite as its file has it: Great Expectations' own JSON."""
    path = contracts.home() / "expectations" / f"{name}.json"
    if not path.is_file():
        raise ContractError(f"There is no suite '{name}' in expectations.")
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def _gates(table: str) -> Iterator[str]:
    yield from ("| gate | severity | asks that |", "|---|---|---|")
    for expectation in suite_document(suite_of(table))["expectations"]:
        meta = expectation["meta"]
        yield f"| {meta['name']} | {expectation['severity']} | {meta['says']} |"
    yield ""


if __name__ == "__main__":
    sys.stdout.write(render())
