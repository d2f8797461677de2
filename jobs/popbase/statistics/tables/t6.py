"""T6, residence (statistics.md 6): people from elsewhere who stay, in the new form those with permits."""

from __future__ import annotations

from popbase.statistics.calendar import Form
from popbase.statistics.cube import Measure
from popbase.statistics.staying import PARTS, PERMITTED, REGISTERED, STAYING, WITHOUT, staying_as

TABLE = "T6"


def measures(form: Form) -> list[Measure]:
    """What the form's T6 holds, in its order."""
    if form == "URBAN_RURAL":
        return [
            Measure(TABLE, name, name, "residence-registered") for name in (REGISTERED, PERMITTED, WITHOUT)
        ]
    return [
        Measure(TABLE, STAYING, STAYING, "residence-registered"),
        *(
            Measure(TABLE, STAYING, staying_as(dimension, part), "residence-registered", {dimension: part})
            for dimension, parts in PARTS.items()
            for part in parts
        ),
    ]
