"""Every expectation fails when its table breaks it, and none fails in a world that is right."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lib.lakes import publish
from lib.small_world import DAY, TAX, Row, World, claim, frame, judgement, small_world

from popbase import expectations, table_contracts
from popbase.errors import ContractError
from popbase.publish import gates, metrics, metrics_beside_people, metrics_over_time, tallies
from popbase.publish.publication import Publications
from popbase.statistics.identities import identities
from popbase.table_contracts import TableContract

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROOT = Path(__file__).resolve().parents[2]
SUITES = {p.stem: json.loads(p.read_text("utf-8")) for p in sorted((ROOT / "expectations").glob("*.json"))}
EVERY = [(suite, e["meta"]["name"]) for suite, document in SUITES.items() for e in document["expectations"]]
TABLES = {
    "sector": "base/tax", "conformed": "conformed/tax", "report": "statistics/report",
    "figure": "published/figure", "area": "published/area",
}  # fmt: skip

Break = Callable[[World], Any]


def sets(table: str, row: int = 0, **values: Any) -> Break:
    return lambda world: world[table][row].update(values)


def drops(table: str, row: int = -1) -> Break:
    return lambda world: world[table].pop(row)


def repeats(table: str, **values: Any) -> Break:
    return lambda world: world[table].append(world[table][0] | values)


def empties(table: str) -> Break:
    return lambda world: world[table].clear()


def contests(*persons: int, number: str = "7") -> Break:
    def broken(world: World) -> None:
        for person in persons:
            claim(world["person"][person], number)

    return broken


def figure(
    measure: str, change: Callable[[Row], Any], *, level: str = "township", form: str = "LEGACY"
) -> Break:
    def broken(world: World) -> None:
        row = next(
            r for r in world["report"]
            if (r["measure"], r["area_level"], r["form"], r["breakdowns"]) == (measure, level, form, {})
        )  # fmt: skip
        change(row)

    return broken


def one_more(row: Row) -> None:
    row["value"] += 1


def into_zz(row: Row) -> None:
    row["area_code"] = "3301ZZ"


def of_2015(table: str, measure: str, part: str | None, change: Callable[[Row], Any]) -> Break:
    """Breaks the nation's figure of the new form, whole or of one part."""

    def broken(world: World) -> None:
        nation = (r for r in world["report"] if (r["report_year"], r["area_level"]) == (2015, "nation"))
        wanted = (table, measure, [part] if part else [])
        change(next(r for r in nation if (r["table"], r["measure"], [*r["breakdowns"].values()]) == wanted))

    return broken


def public(**changes: Any) -> Break:
    """Breaks a published figure that is not one of the totals."""

    def broken(world: World) -> None:
        next(r for r in world["figure"] if r["measure"] == "female").update(changes)

    return broken


def without_t1(world: World) -> None:
    for row in world["report"]:
        row["table"] = "T9"


def judged(**counts: int) -> Break:
    return lambda world: world["conformed"].append(judgement(3, **counts))


BROKEN: dict[tuple[str, str], Break] = {
    ("person", "rows"): empties("person"),
    ("person", "rows_off_contract"): sets("person", sex="8"),
    ("person", "person_id_twice"): sets("person", person_id="p01"),
    ("person", "citizen_id_twice"): sets("person", citizen_id="101"),
    ("person", "unique_without_number"): sets("person", citizen_id=None),
    ("person", "number_without_unique"): sets("person", id_status="NONE"),
    ("person", "claim_missing"): sets("person", id_status="FORMER", citizen_id=None),
    ("person", "claim_unexpected"): sets("person", claimed_citizen_id="7"),
    ("person", "held_and_contested"): contests(0, 1, number="102"),
    ("person", "contested_by_one"): contests(0),
    ("person", "ended_without_date"): sets("person", status="DEAD"),
    ("person", "region_population_fell"): sets("person", status="DEAD", ended_on=DAY),
    ("person", "males_per_100_females"): sets("person", row=-1, sex="1"),
    ("person", "without_number_share"): sets("person", id_status="NONE", citizen_id=None),
    ("person", "contested_share"): contests(0, 1),
    ("person", "without_household_share"): sets("person", household_id=None),
    ("person", "without_relation_share"): sets("person", row=1, relation_to_head=None),
    ("person_record", "rows"): empties("person_record"),
    ("person_record", "rows_off_contract"): sets("person_record", region=None),
    ("person_record", "record_twice"): repeats("person_record", person_id="p01", role="OTHER"),
    ("person_record", "records_without_person"): sets("person_record", person_id="p99"),
    ("person_record", "persons_without_winner"): sets("person_record", role="OTHER"),
    ("person_record", "persons_with_winners"): repeats("person_record", record_no="R77"),
    ("person_record", "winner_not_shown"): sets("person_record", record_no="R77"),
    ("household", "rows"): empties("household"),
    ("household", "rows_off_contract"): sets("household", kind="30"),
    ("household", "household_twice"): repeats("household"),
    ("household", "households_without_members"): sets("person", household_kind="30"),
    ("household", "members_without_household"): drops("household"),
    ("household", "size_differs"): sets("household", size=2),
    ("household", "head_not_a_member"): sets("household", head="p01"),
    ("id_case", "rows_off_contract"): sets("id_case", kind="curious"),
    ("id_case", "case_id_twice"): sets("id_case", case_id="c2"),
    ("id_case", "closed_without_date"): sets("id_case", status="closed"),
    ("id_case", "open_with_date"): sets("id_case", closed_on=DAY + timedelta(1)),
    ("id_case", "closed_before_opened"): sets("id_case", status="closed", closed_on=DAY),
    ("id_case", "without_records"): sets("id_case", record_nos=[]),
    ("id_case", "number_in_evidence"): sets("id_case", evidence="number=110105194912310"),
    ("id_case", "contested_without_case"): contests(0, 1),
    ("person_history", "rows_off_contract"): sets("person_history", person_class="王芳"),
    ("person_history", "period_empty"): sets("person_history", valid_to=DAY),
    ("person_history", "periods_overlap"): repeats("person_history"),
    ("person_history", "differs_from_person"): sets("person_history", name="李明"),
    ("replaced_number", "rows_off_contract"): sets("replaced_number", effective_on=None),
    ("replaced_number", "replacement_twice"): repeats("replaced_number"),
    ("sector_finding", "rows_off_contract"): sets("sector_finding", finding="curious"),
    ("sector_finding", "finding_twice"): repeats("sector_finding"),
    ("sector_finding", "period_empty"): sets("sector_finding", valid_to=DAY),
    ("sector_finding", "without_person"): sets("sector_finding", register_record=None),
    ("event", "rows_off_contract"): sets("event", kind="WALK"),
    ("event", "event_id_twice"): repeats("event"),
    ("event", "without_area"): sets("event", to_area=None),
    ("event", "end_missing"): sets("event", kind="MOVE"),
    ("id_history", "rows_off_contract"): sets("id_history", valid_from=None),
    ("id_history", "period_twice"): repeats("id_history"),
    ("id_history", "period_empty"): sets("id_history", valid_to=DAY),
    ("id_history", "says_nothing"): sets("id_history", citizen_id=None),
    ("unregistered", "rows_off_contract"): sets("unregistered", feeds=None),
    ("unregistered", "citizen_id_twice"): repeats("unregistered"),
    ("unregistered", "seen_backwards"): sets("unregistered", last_seen=DAY - timedelta(1)),
    ("unregistered", "also_registered"): sets("unregistered", citizen_id="100"),
    ("sector", "rows"): empties("sector"),
    ("sector", "rows_off_contract"): sets("sector", income=None),
    ("sector", "record_twice"): repeats("sector"),
    ("sector", "matched_otherwise_than_said"): sets("sector", person_id="p00"),
    ("sector", "matched_share"): sets("sector", row=-1, person_id=None, match_status="CONTESTED"),
    ("area", "rows_off_contract"): sets("area", name=None),
    ("area", "area_twice"): repeats("area"),
    ("figure", "rows_off_contract"): sets("figure", area_code=None),
    ("figure", "cell_twice"): repeats("figure"),
    ("figure", "shown_too_small"): public(value=9.0),
    ("figure", "withheld_with_value"): public(status="LT10"),
    ("report", "rows"): empties("report"),
    ("report", "rows_off_contract"): sets("report", area_code=None),
    ("report", "cell_twice"): repeats("report"),
    ("report", "value_missing"): figure("missing", lambda row: row.update(value=None)),
    ("report", "value_negative"): figure("missing", lambda row: row.update(value=-1.0)),
    ("report", "areas"): without_t1,
    ("report", "households_max_abs_diff"): figure("other_households", one_more),
    ("report", "sex_max_abs_diff"): figure("sex_unknown", one_more),
    ("report", "unsettled_reasons_max_abs_diff"): figure("unsettled", one_more),
    ("report", "agricultural_max_abs_diff"): figure("agricultural", one_more),
    ("report", "nature_max_abs_diff"): figure("nature_unknown", one_more),
    ("report", "place_max_abs_diff"): figure("agricultural_place", one_more),
    ("report", "urban_rural_max_abs_diff"): figure("urban", one_more, form="URBAN_RURAL"),
    ("report", "children_max_abs_diff"): figure("in_transit", one_more, level="county"),
    ("report", "events_by_sex_max_abs_diff"): of_2015("T3", "births", "female", one_more),
    ("report", "moves_max_abs_diff"): of_2015("T4", "out", "same_county", one_more),
    ("report", "staying_max_abs_diff"): figure("staying", one_more),
    ("report", "towns_max_abs_diff"): of_2015("T5", "town_neither", None, one_more),
    ("report", "sizes_max_abs_diff"): of_2015("T5", "cities", "200000-500000", one_more),
    ("report", "pyramid_max_abs_diff"): of_2015("age", "population_by_five_years", "40-44", one_more),
    ("report", "usual_max_abs_diff"): of_2015("usual", "residents_rural", None, one_more),
    ("report", "sectors_max_abs_diff"): of_2015("sectors", "records", "tax", one_more),
    ("report", "bridge_max_abs_diff"): figure("nature_unknown", one_more),
    ("report", "derived_max_abs_diff"): of_2015("T3", "birth_rate", None, one_more),
    ("report", "tables_max_abs_diff"): of_2015("components", "population", None, one_more),
    ("report", "residual_max_abs_diff"): of_2015("components", "residual", None, one_more),
    ("report", "ages_max_abs_diff"): of_2015("T2", "population", "60+", one_more),
    ("report", "sex_by_age_max_abs_diff"): of_2015("T2", "male", "0-17", one_more),
    ("report", "unclassified_share"): figure("unclassified", one_more, level="nation", form="URBAN_RURAL"),
    ("report", "unallocated_share"): figure("population", into_zz, level="county"),
    ("conformed", "deliveries_unbalanced"): judged(received=2, quarantined=0, accepted=1),
    ("conformed", "rows_not_stored"): lambda world: world.update(stored=[114]),
    ("conformed", "deliveries_over_limit"): judged(received=10, quarantined=3),
    ("conformed", "quarantined_share"): judged(received=10, quarantined=2),
}


def measured(
    spark: SparkSession, suite: str, world: World, passed: World | None = None
) -> expectations.Metrics | DataFrame:
    """`passed`: the world that the gates let through before, of which all rows but those that came are."""

    def named(table: str, like: str = "") -> DataFrame:
        return frame(spark, world[table], table_contracts.table(like or table))

    def came(table: str, contract: TableContract | None = None) -> DataFrame | None:
        if passed is None:
            return None
        new = [row for row in world[table] if world[table].count(row) > passed[table].count(row)]
        return frame(spark, new, contract or table_contracts.table(table))

    def of_cube() -> DataFrame:
        rows = named("report")
        return metrics.report(rows, identities(rows))

    def of_ledger() -> expectations.Metrics:
        accepted = sum(j.rows_accepted for j in world["conformed"])
        return metrics.conformed(world["conformed"], stored=world.get("stored", [accepted])[0], limit=0.2)

    measures: dict[str, Callable[[], expectations.Metrics | DataFrame]] = {
        "person": lambda: metrics.person(
            named("person"), named("previous", like="person"), came=came("person")
        ),
        "person_record": lambda: metrics_beside_people.person_record(
            named("person_record"), named("person"), came=came("person_record")
        ),
        "household": lambda: metrics_beside_people.household(
            named("household"), named("person"), came=came("household"), people_came=came("person")
        ),
        "id_case": lambda: metrics_beside_people.id_case(
            named("id_case"), named("person"), came=came("id_case")
        ),
        "id_history": lambda: metrics_over_time.id_history(named("id_history"), came=came("id_history")),
        "person_history": lambda: metrics_over_time.person_history(
            named("person_history"), named("person"), DAY, came=came("person_history")
        ),
        "replaced_number": lambda: metrics_over_time.replaced_number(
            named("replaced_number"), came=came("replaced_number")
        ),
        "sector_finding": lambda: metrics_over_time.sector_finding(
            named("sector_finding"), came=came("sector_finding")
        ),
        "event": lambda: metrics_over_time.event(named("event"), came=came("event")),
        "unregistered": lambda: metrics_beside_people.unregistered(
            named("unregistered"), named("person"), came=came("unregistered")
        ),
        "sector": lambda: metrics.sector(frame(spark, world["sector"], TAX), TAX, came=came("sector", TAX)),
        "report": of_cube,
        "figure": lambda: metrics.figure(named("figure")),
        "area": lambda: metrics.area(named("area")),
        "conformed": of_ledger,
    }
    return measures[suite]()


def findings(
    spark: SparkSession, suite: str, world: World, passed: World | None = None
) -> list[expectations.Finding]:
    metrics_of = measured(spark, suite, world, passed)
    return expectations.check(TABLES.get(suite, f"base/{suite}"), metrics_of)


@pytest.mark.parametrize("suite", SUITES)
def test_a_world_that_is_right_passes_every_expectation(spark: SparkSession, suite: str) -> None:
    found = findings(spark, suite, small_world())
    assert [str(f) for f in found if not f.passed] == []
    assert [f.expectation for f in found] == [name for of, name in EVERY if of == suite]


@pytest.mark.parametrize(("suite", "expectation"), EVERY)
def test_an_expectation_fails_when_the_table_breaks_it(
    spark: SparkSession, suite: str, expectation: str
) -> None:
    world = small_world()
    assert (suite, expectation) in BROKEN, "a new expectation needs an example that breaks it"
    BROKEN[suite, expectation](world)
    failed = [f.expectation for f in findings(spark, suite, world) if not f.passed]
    assert expectation in failed


# What is asked of few rows on a night that brought few.
ASKED_OF_FEW = [
    (suite, name)
    for suite, name in EVERY
    if name.endswith(("_twice", "_overlap", "_without_person", "_without_winner", "_with_winners"))
    or (suite == "household" and name not in ("rows", "rows_off_contract"))
    or name in ("winner_not_shown", "held_and_contested", "contested_by_one", "also_registered")
]  # fmt: skip


@pytest.mark.parametrize(("suite", "expectation"), ASKED_OF_FEW)
def test_a_night_that_brings_the_fault_finds_what_a_look_at_everything_finds(
    spark: SparkSession, suite: str, expectation: str
) -> None:
    """Where the rest of the tables has passed; of a double key one copy is old and one came."""
    world = small_world()
    BROKEN[suite, expectation](world)
    found = findings(spark, suite, world, passed=small_world())
    assert expectation in [f.expectation for f in found if not f.passed]
    assert found == findings(spark, suite, world)


def test_what_is_asked_of_few_rows_is_critical() -> None:
    """A warning would let a table pass, and nobody look at its rows again."""
    severity = {
        (suite, e["meta"]["name"]): e["severity"] for suite in SUITES for e in SUITES[suite]["expectations"]
    }
    assert {severity[asked] for asked in ASKED_OF_FEW} == {"critical"}


def test_all_rows_are_looked_at_unless_these_very_gates_let_all_tables_through(tmp_path: Path) -> None:
    tables = {"base/person": 3}
    assert gates.passed_versions(None) == {}
    for other in ("", "another code's"):
        assert gates.passed_versions(publish(tmp_path, tables, passed=other)) == {}
    passed = publish(tmp_path, tables, passed=gates.rules())
    assert gates.passed_versions(passed) == tables
    publish(tmp_path, {"base/person": 4}, passed=gates.rules())
    back = Publications(tmp_path).rollback(passed.seq, at=passed.created_at, code_version="0.1.0")
    assert gates.passed_versions(back) == {}


def changes(*broken: Break) -> Break:
    def all_of_them(world: World) -> None:
        for each in broken:
            each(world)

    return all_of_them


def left_alone(world: World) -> None:
    """Of two who contest a number one is gone."""
    world["person"].pop(1)


ONE_NIGHT: dict[str, tuple[str, Break, Break, str]] = {
    "a contest whose other side went": ("person", contests(0, 1), left_alone, "contested_by_one"),
    "a number taken from one of another night": (
        "person", contests(0, 1, number="7"), sets("person", 5, citizen_id="7"), "held_and_contested",
    ),
    "a record of nobody": (
        "person_record", lambda _: None,
        repeats("person_record", person_id="p99", record_no="R77", role="OTHER"), "records_without_person",
    ),
    "a record whose person went": (
        "person_record", repeats("person_record", record_no="R77", role="OTHER"),
        changes(drops("person", 0), drops("person_record", 0)), "records_without_person",
    ),
    "a winner that went": ("person_record", lambda _: None, drops("person_record"), "persons_without_winner"),
    "persons whose records are exchanged": (
        "person_record", lambda _: None,
        changes(sets("person_record", 0, record_no="R02"), sets("person_record", 2, record_no="R00")),
        "winner_not_shown",
    ),
    "a person and its winner, both twice": (
        "person_record", lambda _: None, changes(repeats("person"), repeats("person_record")),
        "persons_with_winners",
    ),
    "sizes that make up for each other": (
        "household", lambda _: None,
        changes(sets("household", 0, size=2), drops("household", 1)), "size_differs",
    ),
    "a household of nobody": (
        "household", lambda _: None, repeats("household", household_id="330100/H77", size=0),
        "households_without_members",
    ),
    "a household in two halves": (
        "household",
        changes(sets("household", 0, size=2), sets("person", 2, household_id="330100/H00"),
                drops("household", 2)),
        changes(sets("household", 0, size=1), repeats("household")), "household_twice",
    ),
    "a head who went, in whose place another came": (
        "household", lambda _: None,
        changes(sets("person", 0, household_id="330200/H01"), sets("person", 1, household_id="330100/H00")),
        "head_not_a_member",
    ),
    "sizes that no sum holds": (
        "household", lambda _: None,
        changes(*(sets("household", i, size=2**31 - 1) for i in range(30))), "size_differs",
    ),
    "a period that covers an old one": (
        "person_history", lambda _: None,
        repeats("person_history", valid_from=DAY - timedelta(9), valid_to=DAY + timedelta(9)),
        "periods_overlap",
    ),
    "a fact that two persons exchange": (
        "person_history", lambda _: None,
        changes(sets("person_history", 0, citizen_id="101"), sets("person_history", 1, citizen_id="100")),
        "differs_from_person",
    ),
    "a number that is registered by now": (
        "unregistered", lambda _: None, sets("person", 3, citizen_id="900"), "also_registered",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", ONE_NIGHT)
def test_a_night_finds_a_fault_that_old_and_new_rows_make_together(spark: SparkSession, what: str) -> None:
    suite, before, tonight, expectation = ONE_NIGHT[what]
    passed, world = small_world(), small_world()
    for each in (passed, world):
        before(each)
    tonight(world)
    found = findings(spark, suite, world, passed)
    assert expectation in [f.expectation for f in found if not f.passed]
    assert found == findings(spark, suite, world)


def test_no_example_is_left_of_an_expectation_that_is_gone() -> None:
    assert BROKEN.keys() == set(EVERY)


def test_the_reports_suite_judges_every_identity_of_the_cube(spark: SparkSession) -> None:
    rows = frame(spark, small_world()["report"], table_contracts.table("report"))
    measures = metrics.report(rows, identities(rows))
    judged_ones = {e["kwargs"]["column"] for e in SUITES["report"]["expectations"]}
    assert {name for name in measures.columns if name.endswith("_max_abs_diff")} <= judged_ones


def test_a_contested_number_with_its_case_passes(spark: SparkSession) -> None:
    world = small_world()
    contests(0, 1)(world)
    about = {"kind": "contested_number", "record_nos": ["330100/R00", "330200/R01"]}
    world["id_case"].append(world["id_case"][0] | {"case_id": "c3"} | about)
    for suite in ("person", "id_case"):
        assert not expectations.stopping(findings(spark, suite, world))


def test_a_former_person_may_claim_a_number_that_another_holds(spark: SparkSession) -> None:
    world = small_world()
    claim(world["person"][0], "101", id_status="FORMER")
    world["person"][0].update(status="DEAD", ended_on=DAY)
    failed = {f.expectation for f in findings(spark, "person", world) if not f.passed}
    assert failed <= {"region_population_fell", "males_per_100_females"}


def test_a_bureau_that_is_gone_lost_all_its_people(spark: SparkSession) -> None:
    world = small_world()
    world["person"] = [p for p in world["person"] if p["region"] == "330100"]
    fell = next(f for f in findings(spark, "person", world) if f.expectation == "region_population_fell")
    assert (fell.observed, fell.passed) == (1.0, False)


def test_a_bureau_taken_over_lost_nobody(spark: SparkSession) -> None:
    people = small_world()["person"]
    before = frame(spark, people, table_contracts.table("person"))
    after = frame(spark, [p | {"region": "330100"} for p in people], table_contracts.table("person"))
    assert {p["region"] for p in people} > {"330100"}
    takeovers = dict.fromkeys({p["region"] for p in people} - {"330100"}, "330100")
    (row,) = metrics.person(after, before, takeovers).collect()
    assert row.region_population_fall == 0


def test_a_fall_of_two_per_cent_is_not_more_than_two_per_cent(spark: SparkSession) -> None:
    person = small_world()["person"][0]
    hundred = [person | {"person_id": str(i), "status": "REGISTERED"} for i in range(100)]
    left = [p | {"status": "DEAD"} if i < 2 else p for i, p in enumerate(hundred)]
    contract = table_contracts.table("person")
    found = expectations.check(
        "base/person", metrics.person(frame(spark, left, contract), frame(spark, hundred, contract))
    )
    fell = next(f for f in found if f.expectation == "region_population_fell")
    assert (fell.observed, fell.passed) == (0.02, True)


def test_without_an_earlier_publication_no_bureau_fell(spark: SparkSession) -> None:
    people = frame(spark, small_world()["person"], table_contracts.table("person"))
    found = expectations.check("base/person", metrics.person(people))
    assert next(f for f in found if f.expectation == "region_population_fell").observed == 0


def test_an_empty_sector_only_warns(spark: SparkSession) -> None:
    world = small_world()
    world["sector"].clear()
    found = findings(spark, "sector", world)
    assert not expectations.stopping(found)
    assert {f.expectation for f in found if not f.passed} == {"rows", "matched_share"}


def test_critical_stops_warning_reports_and_a_reason_passes_by_name(spark: SparkSession) -> None:
    world = small_world()
    BROKEN["person", "region_population_fell"](world)
    BROKEN["person", "without_household_share"](world)
    found = findings(spark, "person", world)
    assert [f.expectation for f in expectations.stopping(found)] == ["region_population_fell"]
    assert not expectations.stopping(found, accepted={"region_population_fell"})


def test_a_finding_carries_counts_and_no_value_of_a_row(spark: SparkSession) -> None:
    world = small_world()
    world["person"][0].update(citizen_id="110105194912310021", name="张三")
    world["person"][1].update(citizen_id="110105194912310021", name="李四")
    text = repr(findings(spark, "person", world))
    assert "citizen_id_twice" in text
    assert not [planted for planted in ("110105194912310021", "张三", "李四", "p00") if planted in text]


def test_two_parts_of_a_key_do_not_meet_by_standing_side_by_side(spark: SparkSession) -> None:
    keys = [("a", "bc"), ("ab", "c"), (None, "x"), ("x", None), ("", "x")]
    rows = spark.createDataFrame(keys, "k string, l string")
    assert tallies.twice(rows, "k", "l").collect()[0][0] == 0


def test_a_suite_that_asks_for_what_is_not_measured_is_refused() -> None:
    with pytest.raises(ContractError, match="is not measured"):
        expectations.check("base/person", {"rows": 1})


def test_a_count_that_is_unknown_never_passes() -> None:
    names = {e["kwargs"]["column"] for e in SUITES["person"]["expectations"]}
    assert not [f for f in expectations.check("base/person", dict.fromkeys(names)) if f.passed]


def test_a_broken_balance_counts_what_is_not_accounted_for() -> None:
    lost = replace(judgement(1, received=10, quarantined=0), rows_withheld=3)
    assert metrics.conformed([lost], stored=10, limit=0.2)["deliveries_unbalanced"] == 1


def test_the_gates_reach_for_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise AssertionError("a gate opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    names = {e["kwargs"]["column"]: 0.0 for e in SUITES["conformed"]["expectations"]}
    assert not expectations.stopping(expectations.check("conformed/tax", names))


def test_the_import_goes_on_beside_other_work() -> None:
    thread = expectations.warm_up()
    thread.join(timeout=60)
    assert not thread.is_alive()
