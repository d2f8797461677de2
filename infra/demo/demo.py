"""Three nights of 20,000 made-up people in one process, then what a statistician asks the publication.

Everything is written below `demo/`, which is emptied first. Nothing and nobody in it is real.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from time import monotonic

from rich.console import Console

from popbase.generate import generate, release
from popbase.night import run_night
from popbase.publish import report_page
from popbase.settings import Settings
from popbase.terminal import show
from popbase.terminal.commands import open_
from popbase.terminal.progress import progress_for
from popbase.terminal.services import site

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo"
LANDING, LAKE, SITE = DEMO / "landing", DEMO / "lake", DEMO / "site"
# In earnest a secret, kept where few come, and never another within a series.
KEY = DEMO / "key"

PERSONS, SEED = 20_000, 2014
SNAPSHOTS, CHANGES, YEAR_END = date(2014, 12, 31), date(2015, 12, 30), date(2015, 12, 31)
NIGHTS = (SNAPSHOTS, CHANGES, YEAR_END)

QUESTIONS = (
    (
        "Registered population at the end of 2015, by prefecture and sex (form T1)",
        """
        PIVOT (
            SELECT area_code AS prefecture, measure, CAST(value AS BIGINT) AS persons FROM statistics.report
            WHERE report_year = 2015 AND "table" = 'T1' AND area_level = 'prefecture'
              AND measure IN ('population', 'male', 'female', 'sex_unknown')
        ) ON measure IN ('population', 'male', 'female', 'sex_unknown') USING sum(persons)
        GROUP BY prefecture ORDER BY prefecture
        """,
    ),
    (
        "Urban share of the registered population by county, end of 2015: most urban first",
        """
        SELECT area_code AS county,
               CAST(sum(value) FILTER (measure = 'population') AS BIGINT) AS population,
               round(100 * sum(value) FILTER (measure = 'urban')
                         / sum(value) FILTER (measure = 'population'), 1) AS urban_percent
        FROM statistics.report
        WHERE report_year = 2015 AND "table" = 'T1' AND area_level = 'county'
        GROUP BY area_code ORDER BY urban_percent DESC, county LIMIT 10
        """,
    ),
    (
        "2014, the last year of the old forms: agricultural population by the register's nature and by place",
        """
        SELECT area_code AS prefecture,
               CAST(sum(value) FILTER (measure = 'agricultural_nature') AS BIGINT) AS agricultural_by_nature,
               CAST(sum(value) FILTER (measure = 'agricultural_place') AS BIGINT) AS agricultural_by_place,
               CAST(sum(value) FILTER (measure = 'nature_unknown') AS BIGINT) AS nature_unknown
        FROM statistics.report
        WHERE report_year = 2014 AND "table" = 'T1' AND area_level = 'prefecture'
        GROUP BY area_code ORDER BY area_code
        """,
    ),
    (
        "Registered people of 18 to 59 seen by each sector",
        """
        SELECT sex, count(*) AS persons,
               round(100 * avg(in_social_security::INT), 1) AS social_security,
               round(100 * avg(in_tax::INT), 1) AS tax,
               round(100 * avg(in_housing::INT), 1) AS housing,
               round(100 * avg(in_education::INT), 1) AS education,
               round(100 * avg(in_residence::INT), 1) AS residence
        FROM base.person
        WHERE status = 'REGISTERED' AND birth_date BETWEEN DATE '1956-01-01' AND DATE '1997-12-31'
        GROUP BY sex ORDER BY sex
        """,
    ),
)


def main() -> None:
    console = show.console()
    shutil.rmtree(DEMO, ignore_errors=True)
    started = monotonic()
    summary = generate(
        LANDING, persons=PERSONS, seed=SEED, first=SNAPSHOTS, last=YEAR_END, days=NIGHTS,
        faults=ROOT / "infra/demo/faults.yaml",
    )  # fmt: skip
    console.print(
        f"{summary.persons:,} made-up people: {summary.deliveries} deliveries, {summary.rows:,} rows.\n"
    )
    KEY.write_text("the demo's key, which is in the source and keeps nothing secret", encoding="utf-8")
    for night in NIGHTS:
        one_night(night, console)
    console.print(f"Three nights in {monotonic() - started:.0f} seconds.\n")
    ask(console)
    console.rule("The public site: 2014, which is final, with noise")
    site(to=str(SITE), lake=str(LAKE))
    tell(console)


def one_night(business_date: date, console: Console) -> None:
    """What arrived late is there by now: it is judged with this night's deliveries."""
    release(LANDING, business_date)
    settings = Settings(
        landing=str(LANDING), lake=str(LAKE), jars=str(ROOT / ".jars"), profile="small", key_file=str(KEY)
    )
    console.rule(f"popbase night --date {business_date}")
    report_page.show(run_night(settings, business_date, progress=progress_for(silent=False)), console)


def ask(console: Console) -> None:
    """By `popbase open`, as a statistician would: no Spark, nothing but the publication."""
    for question, sql in QUESTIONS:
        console.rule(question)
        open_(sql=sql, lake=str(LAKE))


def tell(console: Console) -> None:
    """Which files to open in a browser and in a spreadsheet."""
    console.rule("To look at")
    pages = sorted((LAKE / "reports").glob("*/index.html"))
    for path in (*pages, SITE / "index.html", *sorted(pages[-1].parent.glob("*.xlsx"))):
        console.print(path.relative_to(ROOT), soft_wrap=True)
    console.print("\nAsk yourself: .venv/bin/popbase open --lake demo/lake")


if __name__ == "__main__":
    main()
