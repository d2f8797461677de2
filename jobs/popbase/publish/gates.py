"""The gates: every table that a publication would show, measured by Spark, judged by Great Expectations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from itertools import chain

from pyspark.sql import DataFrame

from popbase import contracts, metrics, table_contracts
from popbase.expectations import Finding, check
from popbase.intake import ledger
from popbase.lake import Lake
from popbase.publish.publication import Publication
from popbase.session import at_once
from popbase.sources import Sources
from popbase.statistics.identities import identities

# The one row of a table's counts; planning it is half its cost, so that is left to who judges it.
Measure = Callable[[], DataFrame]

PERSON, REPORT = "base/person", "statistics/report"


def judge_tables(sources: Sources, last: Publication | None, *, as_of: date) -> list[Finding]:
    """Findings about every table, in the order of the flow; `last` is what readers see now."""
    measured = [*_base(sources.lake, last), *_report(sources.lake)]
    checks = [partial(_conformed, sources, as_of), *(partial(_measured, *table) for table in measured)]
    return list(chain.from_iterable(at_once(lambda check: check(), checks)))


def _measured(table: str, measure: Measure) -> list[Finding]:
    return check(table, measure())


def _conformed(sources: Sources, as_of: date) -> list[Finding]:
    """The ledger against what is stored, for the deliveries in force."""
    found: list[Finding] = []
    for feed, judgements in sources.judgements.items():
        in_force = ledger.effective(judgements, as_of)
        if in_force:
            stored = sources.stored_rows(feed, in_force)
            limit = contracts.feed(feed).max_quarantine_share
            found += check(f"conformed/{feed}", metrics.conformed(in_force, stored=stored, limit=limit))
    return found


def _base(lake: Lake, last: Publication | None) -> Iterator[tuple[str, Measure]]:
    people = lake.read(PERSON)
    before = lake.read(PERSON, last.tables[PERSON]) if last and PERSON in last.tables else None
    beside_people = {
        "base/person_record": metrics.person_record,
        "base/household": metrics.household,
        "base/id_case": metrics.id_case,
        "base/unregistered": metrics.unregistered,
    }
    yield PERSON, partial(metrics.person, people, before)
    for table, measure in beside_people.items():
        yield table, partial(measure, lake.read(table), people)
    yield "base/id_history", partial(metrics.id_history, lake.read("base/id_history"))
    for contract in table_contracts.sectors():
        table = f"base/{contract.base_table}"
        yield table, partial(metrics.sector, lake.read(table), table_contracts.sector(contract))


def _report(lake: Lake) -> Iterator[tuple[str, Measure]]:
    if lake.exists(REPORT):
        yield REPORT, partial(_cube, lake.read(REPORT))


def _cube(cube: DataFrame) -> DataFrame:
    return metrics.report(cube, identities(cube))
