"""Charts as pictures that stand in the page: SVG, which needs neither script nor network, and prints.

Where there is nothing to show there is no picture.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

MALE, FEMALE, INK, SOFT, BREAK = "#1d6996", "#cc503e", "#1a1a1a", "#8a8a8a", "#a11212"
# Of the greatest figure, from where its tile is dark.
_DARK = 0.6
_NAMED = re.compile(r"\b(?:gradient|clip)_?\d+\b")
_FONT = "Noto Sans SC, Noto Sans CJK SC, sans-serif"


def svg(chart: Any) -> str:
    """The chart's picture; the same figures give the same picture."""
    configured = (
        chart.configure(font=_FONT, background="white")
        .configure_view(strokeOpacity=0)
        .configure_axis(labelColor=INK, titleColor=INK, gridColor="#e6e6e6")
    )
    spec = json.dumps(configured.to_dict())
    # Names within a picture are counted on from picture to picture: two in one page would share them.
    own = sha256(spec.encode()).hexdigest()[:8]
    drawn: str = vl_convert.vegalite_to_svg(spec)
    found = dict.fromkeys(_NAMED.findall(drawn))
    for place, name in enumerate(found):
        drawn = re.sub(rf"\b{name}\b", f"{own}-{place}", drawn)
    return drawn


def pyramid(ages: Mapping[str, Mapping[int, float | None]]) -> str | None:
    """Men to the left, women to the right, in single years. `ages`: sex -> years -> people, none withheld."""
    rows = [
        (sex, years, -people if sex == "male" else people)
        for sex, by_age in ages.items()
        for years, people in by_age.items()
        if people is not None
    ]
    if not rows:
        return None
    most = max((abs(people) for _, _, people in rows), default=1.0)
    bars = (
        alt.Chart(pd.DataFrame(rows, columns=["sex", "years", "people"]))
        .mark_bar(orient="horizontal", height=4)
        .encode(
            x=alt.X(
                "people:Q", stack=None, scale=alt.Scale(domain=[-most, most]),
                title="男 Male　　人 Persons　　女 Female",
                axis=alt.Axis(labelExpr="format(abs(datum.value), ',')"),
            ),
            y=alt.Y("years:Q", scale=alt.Scale(domain=[0, 101]), title="周岁 Age"),
            color=alt.Color(
                "sex:N", legend=None, scale=alt.Scale(domain=["male", "female"], range=[MALE, FEMALE])
            ),
        )
        .properties(width=620, height=480)
    )  # fmt: skip
    return svg(bars)


# Where each province stands in a grid of tiles (row, column), roughly as on a map.
TILES = {
    "23": (0, 8), "15": (1, 6), "22": (1, 8), "65": (2, 1), "62": (2, 3), "64": (2, 4), "11": (2, 6),
    "12": (2, 7), "21": (2, 8), "63": (3, 2), "61": (3, 4), "14": (3, 5), "13": (3, 6), "37": (3, 7),
    "54": (4, 1), "51": (4, 3), "50": (4, 4), "42": (4, 5), "41": (4, 6), "34": (4, 7), "32": (4, 8),
    "53": (5, 3), "52": (5, 4), "43": (5, 5), "36": (5, 6), "33": (5, 7), "31": (5, 8),
    "45": (6, 4), "44": (6, 5), "35": (6, 7), "71": (6, 8), "46": (7, 4), "82": (7, 5), "81": (7, 6),
}  # fmt: skip


def tiles(values: Mapping[str, tuple[str, float | None]], title: str) -> str | None:
    """A tile a province. `values`: its first two digits -> its name and its figure, if there is one."""
    rows = [
        {"row": TILES[code][0], "column": TILES[code][1], "name": name[:3], "value": value}
        for code, (name, value) in values.items()
        if code in TILES
    ]
    if not any(row["value"] is not None for row in rows):
        return None
    base = alt.Chart(pd.DataFrame(rows, columns=["row", "column", "name", "value"])).encode(
        x=alt.X("column:O", axis=None, scale=alt.Scale(domain=list(range(10)))),
        y=alt.Y("row:O", axis=None, scale=alt.Scale(domain=list(range(8)))),
    )
    boxes = base.mark_rect(stroke="white", strokeWidth=3).encode(
        color=alt.Color("value:Q", title=title, scale=alt.Scale(scheme="blues", zero=True))
    )
    dark = _DARK * max(value for _, value in values.values() if value is not None)
    bright = alt.condition(f"datum.value > {dark}", alt.value("white"), alt.value(INK))
    named = base.mark_text(dy=-8, fontSize=13).encode(text="name:N", color=bright)
    told = base.mark_text(dy=10, fontSize=12).encode(text=alt.Text("value:Q", format=".1f"), color=bright)
    return svg((boxes + named + told).properties(width=640, height=480))


def origins(moves: Sequence[tuple[str, str, float]]) -> str | None:
    """From where to where: (origin, destination, people)."""
    if not moves:
        return None
    frame = pd.DataFrame(moves, columns=["from", "to", "people"])
    cells = (
        alt.Chart(frame)
        .mark_rect()
        .encode(
            x=alt.X("to:N", title="迁入地 Destination"),
            y=alt.Y("from:N", title="迁出地 Origin"),
            color=alt.Color("people:Q", title="人 Persons", scale=alt.Scale(scheme="blues", type="symlog")),
        )
    )
    numbers = alt.Chart(frame).mark_text(fontSize=10).encode(
        x="to:N", y="from:N", text=alt.Text("people:Q", format=",.0f")
    )  # fmt: skip
    size = max(160, 36 * frame["to"].nunique()), max(160, 30 * frame["from"].nunique())
    return svg((cells + numbers).properties(width=size[0], height=size[1]))


def trend(
    series: Mapping[str, Mapping[int, float | None]], title: str, *, break_at: float | None = None
) -> str | None:
    """Lines over the years; `break_at`: where one definition takes another's place, which is marked."""
    rows = [
        (name, year, value)
        for name, by_year in series.items()
        for year, value in by_year.items()
        if value is not None
    ]
    if not rows:
        return None
    frame = pd.DataFrame(rows, columns=["series", "year", "value"])
    years = sorted(frame["year"].unique())
    lines = (
        alt.Chart(frame)
        .mark_line(point=alt.OverlayMarkDef(size=50))
        .encode(
            x=alt.X("year:Q", title="年 Year", axis=alt.Axis(format="d", values=[int(y) for y in years])),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
            color=alt.Color("series:N", title=None, legend=alt.Legend(orient="bottom", labelLimit=400)),
        )
    )
    layers = [lines]
    if break_at is not None and years[0] < break_at < years[-1]:
        mark = pd.DataFrame([{"year": break_at, "text": "口径变更 Break of definition, 2015"}])
        rule = alt.Chart(mark).mark_rule(color=BREAK, strokeDash=[5, 4]).encode(x="year:Q")
        word = (
            alt.Chart(mark).mark_text(color=BREAK, align="left", dx=5, y=10).encode(x="year:Q", text="text:N")
        )
        layers += [rule, word]
    return svg(alt.layer(*layers).properties(width=620, height=300))
