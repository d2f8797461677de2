"""T1, households and population (statistics.md 6): what the table holds of the forms' counts."""

from __future__ import annotations

from popbase.statistics.calendar import Form
from popbase.statistics.cube import Measure
from popbase.statistics.population import BESIDE, UNSETTLED_REASONS

TABLE = "T1"
HOUSEHOLDS = ("households", "family_households", "collective_households", "other_households")
PERSONS = ("population", "male", "female", "sex_unknown", "unsettled")
NATURE = ("agricultural_nature", "non_agricultural_nature", "nature_unknown")
PLACE = ("agricultural_place", "non_agricultural_place")
OFFICIAL = ("agricultural", "non_agricultural")
CLASSES = ("urban", "rural", "unclassified")
REASONS = {f"unsettled_{code}": code for code in (*UNSETTLED_REASONS, "unknown")}


def measures(form: Form) -> list[Measure]:
    """What the form's T1 holds, in its order."""
    always = [
        *(Measure(TABLE, name, name, "register-household") for name in HOUSEHOLDS),
        *(Measure(TABLE, name, name, "registered") for name in PERSONS),
        *(
            Measure(TABLE, "unsettled", column, "registered", {"reason": code})
            for column, code in REASONS.items()
        ),
    ]
    beside = [
        *(Measure(TABLE, name, name, "beside-registered") for name in BESIDE),
        Measure(TABLE, "dead_and_live", "dead_and_live", "registered"),
    ]
    return always + (_legacy() if form == "LEGACY" else _urban_rural()) + beside


def _legacy() -> list[Measure]:
    return [
        *(Measure(TABLE, name, name, None) for name in OFFICIAL),
        Measure(TABLE, "converted", "converted", "registered"),
        *(Measure(TABLE, name, name, "nature") for name in NATURE),
        *(Measure(TABLE, name, name, "place-2003") for name in PLACE),
    ]


def _urban_rural() -> list[Measure]:
    return [Measure(TABLE, name, name, "urban-rural-2015", by_list=True) for name in CLASSES]
