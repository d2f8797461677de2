"""T3, natural change (statistics.md 6): births, deaths, and their rates."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

from popbase.statistics.cube import Measure
from popbase.statistics.flows import BEFORE, BEFORE_THE_YEAR, ENTERS, LEAVES, OCCURRED, by_sex
from popbase.statistics.population import SEXES

TABLE = "T3"
EVENTS = (ENTERS["BIRTH"], LEAVES["DEATH"])
WHEN = (*BEFORE_THE_YEAR.values(), *OCCURRED.values())
RATES = {"birth_rate": "births", "death_rate": "deaths", "natural_rate": "natural_increase"}


def measures() -> list[Measure]:
    """What T3 holds, alike in both forms."""
    told = [*EVENTS, *WHEN, "natural_increase", "average_population", *RATES]
    return [
        *(Measure(TABLE, name, name, "registered", since_last=True) for name in told),
        *(
            Measure(TABLE, name, by_sex(name, sex), "registered", {"sex": sex}, since_last=True)
            for name in EVENTS
            for sex in SEXES
        ),
    ]


def derived() -> dict[str, Column]:
    """What follows from the counts of an area at any level.

    Rates are per mille of the mean of both stocks, half up to two decimals; where nobody lives there is none.
    """
    everyone = F.col(BEFORE) + F.col("population")
    increase = F.col("births") - F.col("deaths")
    counts = {"births": F.col("births"), "deaths": F.col("deaths"), "natural_increase": increase}
    rates = {name: F.round(F.try_divide(counts[of] * 2000, everyone), 2) for name, of in RATES.items()}
    return {"natural_increase": increase, "average_population": everyone / 2, **rates}
