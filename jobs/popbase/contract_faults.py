"""What a contract may not say. No Spark."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from popbase.contracts import Contract

FIELD_TYPES = frozenset([
    "text", "id", "oldid", "date", "yearmonth", "timestamp", "integer", "decimal", "area12", "area6",
    "area", "code", "code2",
])  # fmt: skip
# What a field means, beyond its type; conformed, base and matching follow from these.
FIELD_ROLES = frozenset([
    "number", "name", "former_name", "sex", "birth_date", "area", "address", "updated_at",
])  # fmt: skip

# Columns that intake and base add beside the contract's fields.
OWN_COLUMNS = frozenset([
    "region", "business_date", "delivery_no", "op", "flags", "key", "reasons", "raw", "tie", "verdict",
    "person_id", "match_status", "as_of", "first_date", "anchor_region", "from_date", "to_date",
])  # fmt: skip


def faults_of(contract: Contract, *, headers: Iterable[str]) -> list[str]:
    """What popbase could not honour, a clause each: better at the desk than at night.

    `headers`: popbase's own.
    """
    faults = [
        *(f"{f.name} has the unknown type '{f.type}'" for f in contract.fields if f.type not in FIELD_TYPES),
        *(
            f"{f.name} has the unknown role '{f.role}'"
            for f in contract.fields
            if f.role not in FIELD_ROLES | {None}
        ),
        *(
            f"the name '{f.name}' is popbase's own"
            for f in contract.fields
            if f.name in OWN_COLUMNS or "__" in f.name or f.name.startswith("_")
        ),
        *(f"{f.name} has no codes" for f in contract.fields if f.type == "code" and not f.codes),
        *(
            f"{f.name} does not say what an unknown code is"
            for f in contract.fields
            if f.type in ("code", "code2") and f.unknown_code is None
        ),
        *(f"{f.name} is a key and must be required" for f in contract.fields if f.key and not f.required),
        *(f"the {what} '{name}' stands twice" for what, name in _twice(contract, headers)),
    ]
    if not contract.key:
        faults.append("no field is a key")
    if contract.with_role("updated_at") is None:
        faults.append("no field has the role updated_at")
    if contract.kind == "sector" and not (contract.with_role("number") and contract.with_role("name")):
        faults.append("a sector feed needs fields with the roles number and name")
    coded = {f.name for f in contract.fields if f.type in ("code", "code2")}
    faults += [
        f"the dimension '{name}' is no field of codes" for name in contract.dimensions if name not in coded
    ]
    return faults


def _twice(contract: Contract, headers: Iterable[str]) -> Iterable[tuple[str, str]]:
    for what, names in (
        ("field", [f.name for f in contract.fields]),
        ("header", [*(f.header for f in contract.fields), *headers]),
    ):
        yield from ((what, name) for name in sorted({n for n in names if names.count(n) > 1}))
