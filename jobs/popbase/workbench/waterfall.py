"""How a proposal's match weight comes about: what each comparison adds to the chance of any two people."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING

from popbase.errors import UsageError

if TYPE_CHECKING:
    from popbase.search.model import Model
    from popbase.workbench.cases import Case

FORMATS = (".svg", ".png", ".html")


@dataclass(frozen=True)
class Step:
    """`weight`: log2 of the odds that the verdict multiplies; `total`: of all steps up to this one."""

    field: str
    verdict: str
    weight: float
    total: float


def steps(case: Case, model: Model) -> list[Step]:
    """From the chance of two people taken at random to the case's match weight; nothing for other cases."""
    if case.facts.get("match_weight") is None:
        return []
    told = [("before", "any two rows", log2(model.prior / (1 - model.prior)))]
    for field, verdict in case.evidence.items():
        level = next((one for one in model.of_field(field) if one.label == verdict), None)
        told.append((field, verdict, log2(level.m / level.u) if level else 0.0))
    totals = [sum(weight for *_, weight in told[: n + 1]) for n in range(len(told))]
    return [Step(*one, total) for one, total in zip(told, totals, strict=True)]


def draw(told: list[Step], threshold: float, file: Path) -> None:
    """The waterfall as a picture, or as a page that needs no network; UsageError for another ending."""
    import altair  # noqa: PLC0415 - a second, which only who wants a picture waits for
    import pandas  # noqa: PLC0415

    if file.suffix not in FORMATS:
        raise UsageError(f"A chart's file ends in one of {', '.join(FORMATS)}.")
    rows = [
        {"step": f"{s.field}: {s.verdict}", "from": s.total - s.weight, "to": s.total, "for": s.weight >= 0}
        for s in told
    ]
    rows[0]["from"] = 0.0
    base = altair.Chart(pandas.DataFrame(rows))
    place = altair.X("step:N", sort=None, title=None, axis=altair.Axis(labelAngle=-30, labelLimit=260))
    colour = altair.Color(
        "for:N", legend=None, scale=altair.Scale(domain=[True, False], range=["#2a7f62", "#b3403a"])
    )
    bars = base.mark_bar().encode(
        x=place, y=altair.Y("from:Q", title="match weight (log2 of the odds)"), y2="to:Q", color=colour
    )
    proposed = (
        altair.Chart(pandas.DataFrame({"at": [threshold]})).mark_rule(strokeDash=[4, 4]).encode(y="at:Q")
    )
    chart = (bars + proposed).properties(width=90 * len(rows), height=320)
    chart.save(str(file), inline=True) if file.suffix == ".html" else chart.save(str(file))
