"""The published figures as SDMX: structures 3.0 and 2.1, and SDMX-CSV 2.0 that fits them.

Codes of SDMX may hold letters, digits and four signs: what a part of a measure is called (`age=60+;sex=male`)
is spelt in these (`age$60_ON@sex$male`), and its code list says it in its own words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from pysdmx.io import write_sdmx
from pysdmx.io.format import Format
from pysdmx.io.pd import PandasDataset
from pysdmx.model import Agency, Code, Codelist, Concept, ConceptScheme, DataType, ItemReference
from pysdmx.model.dataflow import (
    Component,
    Components,
    Dataflow,
    DataStructureDefinition,
    Role,
    Schema,
)

from popbase.site import words
from popbase.site.figures import Published, Row
from popbase.statistics.part import part_of
from popbase.statistics.places.tree import LEVELS
from popbase.statistics.printed.workbook import FORMS

AGENCY, FLOW, VERSION = "POPBASE", "POPULATION", "1.0"
WHOLE = "_T"
# statistics.md's status -> the SDMX code list of observation statuses.
STATUS = {
    "OK": "A", "UNALLOCATED": "A", "APPROXIMATE": "E", "LT10": "Q", "NO_PRIOR": "O", "NOT_COMPARABLE": "O",
}  # fmt: skip
_STATUS_WORDS = {
    "A": "Normal value", "E": "Estimated value", "Q": "Missing value; suppressed", "O": "Missing value",
}  # fmt: skip
_SPELT = str.maketrans({"=": "$", ";": "@"})
STRUCTURES = {
    "structure-3.0.xml": Format.STRUCTURE_SDMX_ML_3_0,
    "structure-2.1.xml": Format.STRUCTURE_SDMX_ML_2_1,
}
DATA = "data.csv"


def code_of(part: str) -> str:
    """The code of a part of a measure; WHOLE for all of it."""
    return part.replace("+", "_ON").replace(".", "_").translate(_SPELT) or WHOLE


def files(told: Published) -> dict[str, bytes]:
    """Structures and data, by file name."""
    structures = [Agency(AGENCY, name="popbase"), *_structures(told)]
    found: dict[str, bytes] = {}
    with TemporaryDirectory() as draft:
        for name, form in STRUCTURES.items():
            write_sdmx(structures[1:], sdmx_format=form, output_path=str(Path(draft, name)))
        write_sdmx(
            [_dataset(told, structures)],
            sdmx_format=Format.DATA_SDMX_CSV_2_0_0,
            output_path=str(Path(draft, DATA)),
        )
        for file in sorted(Path(draft).iterdir()):
            found[file.name] = file.read_bytes()
    return found


def _structures(told: Published) -> list[Any]:
    """Code lists, concepts, the data structure and its dataflow."""
    lists = _codelists(told)
    concepts = ConceptScheme(
        id="CS_POPULATION", agency=AGENCY, version=VERSION, name="Concepts of the population figures",
        items=[Concept(id=name, name=says, dtype=kind) for name, says, kind in _CONCEPTS],
    )  # fmt: skip
    structure = DataStructureDefinition(
        id="DSD_POPULATION", agency=AGENCY, version=VERSION, name="Population figures",
        components=Components(list(_components(lists))),
    )  # fmt: skip
    flow = Dataflow(
        id=FLOW, agency=AGENCY, version=VERSION, name=words.TITLE, description=words.NOISE,
        structure=structure,
    )  # fmt: skip
    return [*lists.values(), concepts, structure, flow]


# Dimensions, the measure and attributes: what they are, and how they are written.
_CONCEPTS = (
    ("FREQ", "Frequency", DataType.STRING),
    ("TABLE_ID", "Table", DataType.STRING),
    ("INDICATOR", "Measure", DataType.STRING),
    ("PART", "Part of the measure", DataType.STRING),
    ("AREA_LEVEL", "Level of the area", DataType.STRING),
    ("REF_AREA", "Area", DataType.STRING),
    ("TIME_PERIOD", "Report year", DataType.PERIOD),
    ("OBS_VALUE", "Figure", DataType.DOUBLE),
    ("OBS_STATUS", "Status of the figure", DataType.STRING),
    ("RELEASE_STATUS", "How final the figure is", DataType.STRING),
    ("DEFINITION_ID", "Definition counted by", DataType.STRING),
    ("CUT_OFF", "Deliveries to this business date are in it", DataType.DATE),
)
_DIMENSIONS = ("FREQ", "TABLE_ID", "INDICATOR", "PART", "AREA_LEVEL", "REF_AREA", "TIME_PERIOD")
_ATTRIBUTES = ("OBS_STATUS", "RELEASE_STATUS", "DEFINITION_ID", "CUT_OFF")


def _codelists(told: Published) -> dict[str, Codelist]:
    """Component -> the codes it may have: those that occur."""
    names = {measure: word for form in FORMS.values() for measure, word in form.measures.items()}
    tables = {table: f"{chinese} {english}" for table, (chinese, english) in words.FORMS.items()}
    areas = {code: name for (_, _, code), name in sorted(told.names.items())}
    parts = {code_of(part_of(row["breakdowns"])): part_of(row["breakdowns"]) for row in told.rows}
    every: dict[str, dict[str, str]] = {
        "FREQ": {"A": "Annual"},
        "TABLE_ID": {t: tables.get(t, t) for t in _distinct(told.rows, "table")},
        "INDICATOR": {m: names.get(m, m) for m in _distinct(told.rows, "measure")},
        "PART": {code: text or "Total" for code, text in sorted(parts.items())},
        "AREA_LEVEL": {level: level for level in LEVELS},
        "REF_AREA": {code: areas.get(code, code) for code in _distinct(told.rows, "area_code")},
        "OBS_STATUS": _STATUS_WORDS,
        "RELEASE_STATUS": words.STATUS,
        "DEFINITION_ID": {d: d for d in _distinct(told.rows, "definition_id")},
    }
    return {
        component: Codelist(
            id=f"CL_{component}", agency=AGENCY, version=VERSION, name=component,
            items=[Code(id=code, name=name) for code, name in codes.items()],
        )
        for component, codes in every.items()
    }  # fmt: skip


def _distinct(rows: Iterable[Row], column: str) -> list[str]:
    return sorted({str(row[column]) for row in rows})


def _components(lists: dict[str, Codelist]) -> Iterator[Component]:
    for name, _, kind in _CONCEPTS:
        is_dimension = name in _DIMENSIONS
        role = Role.DIMENSION if is_dimension else Role.ATTRIBUTE if name in _ATTRIBUTES else Role.MEASURE
        yield Component(
            id=name,
            required=is_dimension,
            role=role,
            concept=ItemReference("Concept", AGENCY, "CS_POPULATION", VERSION, name),
            local_dtype=kind,
            local_codes=lists.get(name),
            attachment_level="O" if role is Role.ATTRIBUTE else None,
        )


def _dataset(told: Published, structures: list[Any]) -> PandasDataset:
    structure = next(one for one in structures if isinstance(one, DataStructureDefinition))
    schema = Schema("dataflow", AGENCY, FLOW, structure.components, VERSION)
    rows = [
        {
            "FREQ": "A", "TABLE_ID": r["table"], "INDICATOR": r["measure"],
            "PART": code_of(part_of(r["breakdowns"])), "AREA_LEVEL": r["area_level"],
            "REF_AREA": r["area_code"], "TIME_PERIOD": str(r["report_year"]), "OBS_VALUE": _value(r["value"]),
            "OBS_STATUS": STATUS[r["status"]], "RELEASE_STATUS": r["release_status"],
            "DEFINITION_ID": r["definition_id"], "CUT_OFF": str(r["cut_off"]),
        }
        for r in told.rows
    ]  # fmt: skip
    return PandasDataset(structure=schema, data=pd.DataFrame(rows))


def _value(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if value == int(value) else repr(value)
