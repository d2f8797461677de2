"""Contracts: what one row must be. Everything that knows a column's name gets it from here.

One Open Data Contract Standard file a feed (`schemas/feeds/`), one a published table
(`schemas/tables/`). They are read once into frozen facts; Spark schema, header mapping, row rules,
SQL documentation and the generator's columns follow from those (design section 5).
No Spark here: DAG files and the base package import it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import (
    OpenDataContractStandard,
    SchemaProperty,
)
from pydantic import ValidationError

from popbase.contract_faults import faults_of
from popbase.contract_properties import (
    Cadence,
    FeedKind,
    FeedProperties,
    FieldProperties,
    UnknownCode,
    told,
)
from popbase.errors import ContractError

REGISTER = "household_registration"
DECISIONS = "id_correction"

# All others are strings.
_SQL_TYPES = {
    "date": "date",
    "yearmonth": "date",
    "timestamp": "timestamp",
    "integer": "bigint",
    "decimal": "decimal(18,2)",
}
OP_COLUMN = "操作"

# A feed names folders and tables.
FEED_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")

_HERE = Path(__file__).resolve().parent


def home() -> Path:
    """The folder that holds `schemas/` and `expectations/`: the wheel's copy, else the repository."""
    packaged = _HERE / "_home"
    return packaged if packaged.is_dir() else _HERE.parents[1]


@dataclass(frozen=True)
class Field:
    """One column of a delivery: its header, its type and what else must hold of it."""

    name: str
    header: str
    type: str
    required: bool = False
    key: bool = False
    role: str | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    unknown_code: UnknownCode | None = None
    description: str = ""

    @property
    def sql_type(self) -> str:
        """Its column in the lake (DEVELOPERS.md, "conformed")."""
        return _SQL_TYPES.get(self.type, "string")


@dataclass(frozen=True)
class Contract:
    """One feed: what its department delivers and how its rows are judged."""

    feed: str
    version: str
    kind: FeedKind
    cadence: Cadence
    title: str
    fields: tuple[Field, ...]
    max_quarantine_share: float = 0.2
    base_table: str | None = None
    active_when: str | None = None
    # Dates between which a record counts by what it says, where time alone makes it begin or lapse: the first
    # day, and the first one no more.
    active_from: str | None = None
    active_until: str | None = None
    # The last date by a day on which a record shows its person alive, and how much that tells (residency
    # index); the fields of codes by which people are counted.
    sign_on: str | None = None
    weight: float = 0.0
    dimensions: tuple[str, ...] = ()

    def counts_on(self, day: str) -> str:
        """SQL: whether a record counts on a day, itself SQL; always, where the contract does not say."""
        return self._on(day, self.active_when or "true")

    def shows_life(self, day: str) -> str:
        """SQL: the last date by a day, itself SQL, on which a record shows its person alive, if any."""
        return self._on(day, self.sign_on or "CAST(NULL AS DATE)")

    def _on(self, day: str, told: str) -> str:
        return re.sub(r":d\b", lambda _: day, told)

    @property
    def key(self) -> tuple[Field, ...]:
        return tuple(f for f in self.fields if f.key)

    @property
    def required_headers(self) -> tuple[str, ...]:
        return tuple(f.header for f in self.fields if f.required)

    @property
    def updated_at(self) -> Field:
        """The field that orders a record's versions; `parse` refuses a contract without one."""
        return next(f for f in self.fields if f.role == "updated_at")

    def with_role(self, role: str) -> Field | None:
        """The field that plays `role`, if the feed has one."""
        return next((f for f in self.fields if f.role == role), None)


def fingerprint() -> str:
    """Tells the rules that make the base, code, the search's model and contracts, from any others: they may
    make other rows.
    """
    stages = ("identity", "base", "search")
    code = (
        file for stage in stages for ending in ("py", "json") for file in (_HERE / stage).glob(f"*.{ending}")
    )
    files = sorted([*code, *(home() / "schemas").rglob("*.yaml")])
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def feed_names() -> list[str]:
    """The feeds by their files' names alone: no YAML is read, so DAG files may ask at every parse."""
    return sorted(p.name.removesuffix(".odcs.yaml") for p in (home() / "schemas/feeds").glob("*.odcs.yaml"))


def feeds() -> dict[str, Contract]:
    return {name: feed(name) for name in feed_names()}


@cache
def feed(name: str) -> Contract:
    """The contract of one feed; raises ContractError when there is none or it cannot be used."""
    path = home() / "schemas/feeds" / f"{name}.odcs.yaml"
    if not path.is_file():
        raise ContractError(f"There is no feed '{name}'; the feeds are {', '.join(feed_names())}.")
    return parse(path.read_text(encoding="utf-8"), where=path.name)


def read_yaml(text: str) -> Any:
    """By libyaml's parser: the one in Python takes ten times as long, at every start."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def parse(text: str, *, where: str) -> Contract:
    """An ODCS document as a Contract; `where` names the file in messages."""
    try:
        document = OpenDataContractStandard.model_validate(read_yaml(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise ContractError(f"{where} is not an ODCS document: {type(error).__name__}.") from error
    if not document.schema_ or not document.name or not document.version:
        raise ContractError(f"{where} needs a name, a version and one schema.")
    table = document.schema_[0]
    said = told(FeedProperties, document.customProperties, where)
    contract = Contract(
        feed=document.name,
        version=document.version,
        kind=said.kind,
        cadence=said.cadence,
        title=table.description or document.name,
        fields=tuple(_field(p, where) for p in table.properties or []),
        max_quarantine_share=said.max_quarantine_share,
        base_table=said.base_table or (document.name if said.kind == "sector" else None),
        active_when=said.statistics.active_when,
        active_from=said.statistics.active_from,
        active_until=said.statistics.active_until,
        sign_on=said.statistics.sign_on,
        weight=said.statistics.weight,
        dimensions=said.statistics.dimensions,
    )
    if faults := faults_of(contract, headers=[OP_COLUMN]):
        raise ContractError(f"{where}: {'; '.join(faults)}.")
    return contract


def _field(p: SchemaProperty, where: str) -> Field:
    said = told(FieldProperties, p.customProperties, f"{where}, {p.name}")
    return Field(
        name=p.name or "",
        header=p.physicalName or p.name or "",
        type=p.physicalType or "",
        required=bool(p.required),
        key=bool(p.primaryKey),
        role=said.role,
        codes=said.codes,
        unknown_code=said.unknown_code,
        description=p.description or "",
    )
