"""Three nights from landing to publication, against the generator's truth and the invariants."""

from __future__ import annotations

import hmac
import json
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pyarrow.parquet as pq
import pytest
from jobs.conftest import CHANGES, DAYS, FAULTS, SNAPSHOTS, YEAR_END, Nights, run_nights
from lib.truth import differing_judgements, differing_persons, differing_refusals, usual_agreement

from popbase.errors import UsageError
from popbase.publish.publication import Publications
from popbase.publish.reader import Reader
from popbase.settings import Settings
from popbase.statistics.calendar import form_of
from popbase.statistics.noise import NOISE, secret
from popbase.statistics.printed.workbook import tables_of
from popbase.zone import Zone


@pytest.mark.parametrize("business_date", DAYS, ids=str)
def test_the_persons_are_those_of_the_truth_row_for_row(nights: Nights, business_date: date) -> None:
    assert differing_persons(nights.lake, nights.truth, business_date) == (0, 0)


def test_every_planted_bad_row_is_refused_for_its_reason_and_no_other_row(nights: Nights) -> None:
    assert differing_refusals(nights.lake, nights.truth) == (0, 0)


def test_every_delivery_is_judged_as_the_truth_says(nights: Nights) -> None:
    assert differing_judgements(nights.lake, nights.truth, YEAR_END) == (0, 0)


def test_contested_and_double_registrations_are_all_found_and_none_invented(nights: Nights) -> None:
    expected = pq.read_table(nights.truth / "expected" / YEAR_END.isoformat() / "person.parquet").to_pylist()
    contested = {(p["region"], p["record_no"]) for p in expected if p["id_status"] == "CONTESTED"}
    found = _query(
        nights,
        """SELECT DISTINCT unnest(record_nos) FROM base.id_case
           WHERE kind = 'contested_number' AND status = 'open'""",
    )
    winners = {tuple(str(record[0]).split("/", 1)) for record in found}
    assert contested
    assert contested <= winners


def test_people_live_where_the_truth_says(nights: Nights) -> None:
    """Few people with every fault there is; what is asked of many without them is below."""
    agree, every = usual_agreement(nights.lake, nights.truth, YEAR_END)
    assert every > 300
    assert agree / every >= 0.95


def test_each_night_publishes_once(nights: Nights) -> None:
    assert [r.outcome for r in nights.reports.values()] == ["published"] * 3
    assert [p.business_date for p in Publications(nights.lake).all()] == list(DAYS)


def test_a_late_delivery_corrects_the_past_of_the_next_night(nights: Nights) -> None:
    late = [d for d in nights.reports[YEAR_END].deliveries if d.business_date == CHANGES]
    assert {(d.feed, d.region) for d in late} == {("household_registration", "510100")}


def test_a_night_with_nothing_new_publishes_nothing(nights: Nights) -> None:
    from popbase.night import run_night

    before = {p: p.stat().st_mtime_ns for p in nights.lake.rglob("_delta_log/*.json")}
    again = run_night(nights.settings, YEAR_END)
    assert again.outcome == "unchanged"
    assert again.publication == 3
    assert {p: p.stat().st_mtime_ns for p in nights.lake.rglob("_delta_log/*.json")} == before


def test_the_report_of_2014_is_on_the_old_form_and_that_of_2015_on_the_new_one(nights: Nights) -> None:
    found = _query(
        nights,
        """SELECT report_year, form, CAST(value AS BIGINT) FROM statistics.report
           WHERE "table" = 'T1' AND area_level = 'nation' AND measure = 'population'
           ORDER BY report_year""",
    )
    assert found == [
        (2014, "LEGACY", _registered(nights, SNAPSHOTS)),
        (2015, "URBAN_RURAL", _registered(nights, YEAR_END)),
    ]


def test_urban_and_rural_rest_on_the_whole_list_and_not_on_its_last_changes_alone(nights: Nights) -> None:
    """A village that the list classifies, in its snapshot or by a change, is counted where it says."""
    kinds = {j["kind"] for j in _ledger(nights, "statistical_division") if j["status"] == "accepted"}
    listed = duckdb.sql(
        f"""SELECT code, arg_max(urban_rural, business_date) FROM
            read_parquet('{nights.lake}/conformed/statistical_division/**/*.parquet') GROUP BY code"""
    ).fetchall()
    urban = {str(code): str(found) < "200" for code, found in listed if found}
    people = pq.read_table(nights.truth / "expected" / YEAR_END.isoformat() / "person.parquet").to_pylist()
    living = [urban.get(p["registered_area"]) for p in people if p["status"] == "REGISTERED"]

    figures = dict(
        _query(
            nights,
            """SELECT measure, CAST(value AS BIGINT) FROM statistics.report WHERE report_year = 2015
               AND area_level = 'nation' AND measure IN ('urban', 'rural', 'unclassified')""",
        )
    )
    assert kinds == {"snapshot", "changes"}
    assert figures["urban"] >= living.count(True) > 0
    assert figures["rural"] >= living.count(False) > 0
    assert figures["unclassified"] <= living.count(None)
    assert sum(figures.values()) == len(living)


def test_the_ages_are_those_of_the_people_there_are(nights: Nights) -> None:
    people = pq.read_table(nights.truth / "expected" / YEAR_END.isoformat() / "person.parquet").to_pylist()
    expected = Counter((_sex(p), _age_group(p["birth_date"])) for p in people if p["status"] == "REGISTERED")
    figures = _query(
        nights,
        """SELECT measure, breakdowns['age'], CAST(value AS BIGINT) FROM statistics.report
           WHERE report_year = 2015 AND "table" = 'T2' AND area_level = 'nation' AND measure <> 'population'
             AND value > 0""",
    )
    assert {(measure, group): value for measure, group, value in figures} == dict(expected)


def test_the_flows_of_2015_lead_from_the_people_of_2014_to_those_of_2015(nights: Nights) -> None:
    before, now = (
        pq.read_table(nights.truth / "expected" / day.isoformat() / "person.parquet").to_pylist()
        for day in (SNAPSHOTS, YEAR_END)
    )
    ended = Counter(p["status"] for p in now if p["ended_on"] and p["ended_on"].year == YEAR_END.year)
    came = [p for p in now if p["registered_on"].year == YEAR_END.year]
    expected = {
        "population_before": sum(p["status"] == "REGISTERED" for p in before),
        "population": sum(p["status"] == "REGISTERED" for p in now),
        "births": sum(p["registered_on"] == p["birth_date"] for p in came),
        "deaths": ended["DEAD"],
        "went_abroad": ended["EMIGRATED"],
        "residual": 0,
    }
    figures = dict(
        _query(
            nights,
            """SELECT measure, CAST(value AS BIGINT) FROM statistics.report
               WHERE report_year = 2015 AND "table" = 'components' AND area_level = 'nation'""",
        )
    )
    assert {name: figures[name] for name in expected} == expected
    assert figures["deaths"] > 0
    assert figures["births"] > 0
    assert figures["moved_in"] == figures["moved_out"] > 0


def _sex(person: dict[str, Any]) -> str:
    """By declaration, else by the number carried or claimed."""
    number = person["citizen_id"] or person["claimed_citizen_id"]
    told = person["sex"] if person["sex"] in ("1", "2") else number and str(2 - int(number[16]) % 2)
    return {"1": "male", "2": "female"}.get(told, "sex_unknown")


def _age_group(born: date) -> str:
    """At the year's end everybody has had this year's birthday."""
    years = YEAR_END.year - born.year
    return "0-17" if years < 18 else "18-34" if years < 35 else "35-59" if years < 60 else "60+"


def test_the_public_sees_the_year_that_is_final_and_nothing_exact(nights: Nights) -> None:
    exact = _query(nights, _PEOPLE.format("statistics.report"))
    current = Publications(nights.lake).shown()
    with Reader(str(nights.lake), current, zone=Zone.published) as public:
        (years,) = public.run("SELECT DISTINCT report_year, release_status FROM published.figure")
        assert list(years.rows) == [(2014, "FINAL")]
        (totals,) = public.run(_PEOPLE.format("published.figure"))
        assert list(totals.rows) == exact
        (small,) = public.run(
            """SELECT count(*) FROM published.figure WHERE value < 10 AND "table" IN ('T2', 'age', 'usual')
               AND definition_id <> 'rate' AND measure <> 'residents'"""
        )
        assert list(small.rows) == [(0,)]
        (tables,) = public.run("SHOW TABLES")
        assert sorted(tables.rows) == [("published.area",), ("published.figure",)]
        for hidden in ("statistics.report", "base.person"):
            with pytest.raises(UsageError, match="does not exist"):
                list(public.run(f"SELECT * FROM {hidden}"))


def test_what_is_published_is_the_exact_figure_and_its_peoples_noise(nights: Nights) -> None:
    """By the people themselves: whoever was registered in the publication of the year's end."""
    first = Publications(nights.lake).all()[0]
    key = secret(nights.settings.key_file, "disclosure")
    with Reader(str(nights.lake), first) as reader:
        (people,) = reader.run("SELECT sex, person_id FROM base.person WHERE status = 'REGISTERED'")
        told = list(people.rows)
    spans = sorted(NOISE.items())
    with Reader(str(nights.lake), Publications(nights.lake).shown(), zone=Zone.published) as reader:
        (found,) = reader.run(
            """SELECT measure, CAST(value AS BIGINT) FROM published.figure WHERE "table" = 'T1'
               AND area_level = 'nation' AND measure IN ('male', 'female')"""
        )
        shown = dict(found.rows)
    for code, measure in {"1": "male", "2": "female"}.items():
        mine = [person for sex, person in told if sex == code]
        cell = sum(hmac.digest(key, f"P{person}".encode(), "sha256")[-1] for person in mine) % 256
        assert shown[measure] == len(mine) + next(added for last, added in spans if cell <= last)


_PEOPLE = """SELECT area_code, CAST(value AS BIGINT) FROM {} WHERE report_year = 2014 AND "table" = 'T1'
             AND area_level IN ('nation', 'county') AND measure = 'population' ORDER BY ALL"""


def test_every_publication_has_a_workbook_for_each_year_of_its_cube(nights: Nights) -> None:
    for publication in Publications(nights.lake).all():
        years = {2014} if publication.business_date == SNAPSHOTS else {2014, 2015}
        found = {file.stem for file in (nights.lake / str(publication.report)).glob("*.xlsx")}
        assert found == {f"{table}-{year}" for year in years for table in tables_of(form_of(year))}


def test_the_workbook_holds_the_figures_of_the_cube(nights: Nights) -> None:
    newest = max(nights.lake.rglob("T1-2015.xlsx"))
    with closing(openpyxl.load_workbook(newest, read_only=True)) as book:
        cells = [c for sheet in book for row in sheet.iter_rows(values_only=True) for c in row]
    assert _registered(nights, YEAR_END) in cells


def test_every_job_tells_its_lineage_and_its_counts_are_those_of_the_ledger(nights: Nights) -> None:
    files = nights.lake.glob("lineage/**/*.json")
    events = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    ends = Counter(e["run"]["runId"] for e in events if e["eventType"] == "COMPLETE")
    assert ends == Counter(e["run"]["runId"] for e in events if e["eventType"] == "START")
    assert {e["job"]["name"] for e in events} >= {"night", "base", "reports", "publish", "ingest.tax"}

    taken = [e for e in events if (e["job"]["name"], e["eventType"]) == ("ingest.tax", "COMPLETE")]
    received = sum(e["inputs"][0]["inputFacets"]["dataQualityMetrics"]["rowCount"] for e in taken)
    assert received == sum(j["rows_received"] for j in _ledger(nights, "tax")) > 0
    judged = [d for e in events for d in e["inputs"] if "dataQualityAssertions" in d.get("inputFacets", {})]
    assert {Path(dataset["name"]).name for dataset in judged} >= {"person", "report"}


def test_no_citizens_data_leaves_the_tables(nights: Nights) -> None:
    """Invariant I5: planted names and numbers in every sink a night writes to, but for the tables."""
    people = pq.read_table(nights.truth / "world" / "persons.parquet").to_pylist()
    planted = {p["citizen_id"] for p in people if p["citizen_id"]} | {
        p["name"] for p in people if p["name"] and len(p["name"]) > 2
    }
    assert len(planted) > 1_000
    for sink, text in _sinks(nights):
        leaked = sum(value in text for value in planted)
        assert leaked == 0, f"{leaked} citizens' values in {sink}"


def _sinks(nights: Nights) -> list[tuple[str, str]]:
    files = [
        *nights.lake.glob("reports/**/*.html"), *nights.lake.glob("reports/**/*.json"),
        *nights.lake.glob("reports/**/*.csv"), *nights.lake.glob("publications/*.json"),
        *nights.lake.glob("lineage/**/*.json"),
        *nights.lake.rglob("_delta_log/*.json"),
    ]  # fmt: skip
    ledger = [row for f in (nights.lake / "control/delivery").iterdir() for row in _ledger(nights, f.name)]
    return [
        ("what the night printed", nights.output),
        ("the ledger", json.dumps(ledger, default=str, ensure_ascii=False)),
        *((str(file.relative_to(nights.lake)), file.read_text("utf-8")) for file in files),
    ]


def _ledger(nights: Nights, feed: str) -> list[dict[str, object]]:
    from popbase.control import read_small

    return read_small(str(nights.lake), f"control/delivery/{feed}")


def _registered(nights: Nights, business_date: date) -> int:
    expected = pq.read_table(nights.truth / "expected" / business_date.isoformat() / "person.parquet")
    return sum(status == "REGISTERED" for status in expected.column("status").to_pylist())


def _query(nights: Nights, sql: str) -> list[tuple[object, ...]]:
    current = Publications(nights.lake).current()
    assert current is not None
    with Reader(str(nights.lake), current) as reader:
        return [row for answer in reader.run(sql) for row in answer.rows]


@pytest.mark.accuracy
def test_a_hundred_thousand_people_with_every_fault_agree_with_the_truth(
    _session: object, settings: Settings, tmp_path: Path
) -> None:
    own = replace(settings, landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))
    large = run_nights(own, persons=100_000, faults=FAULTS)
    assert [differing_persons(large.lake, large.truth, day) for day in DAYS] == [(0, 0)] * 3
    assert differing_refusals(large.lake, large.truth) == (0, 0)
    assert differing_judgements(large.lake, large.truth, YEAR_END) == (0, 0)


@pytest.mark.accuracy
def test_of_twenty_thousand_people_with_evidence_99_of_100_live_where_the_truth_says(
    _session: object, settings: Settings, tmp_path: Path
) -> None:
    own = replace(settings, landing=str(tmp_path / "landing"), lake=str(tmp_path / "lake"))
    plain = run_nights(own, persons=20_000, faults=None)
    for day in (SNAPSHOTS, YEAR_END):
        agree, every = usual_agreement(plain.lake, plain.truth, day)
        assert agree / every >= 0.99, day
