"""The gates: every table that a publication would show, measured by Spark, judged by Great Expectations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import chain

from pyspark.sql import DataFrame

from popbase import contracts, table_contracts
from popbase.contracts import REGISTER
from popbase.expectations import Finding, check
from popbase.intake import ledger
from popbase.intake.ledger import Identity
from popbase.lake import Lake
from popbase.publish import metrics, metrics_over_time
from popbase.publish.publication import DeliveryRef, Publication
from popbase.session import at_once
from popbase.sources import Sources
from popbase.statistics.identities import identities

# The one row of a table's counts; planning it is half its cost, so that is left to who judges it.
Measure = Callable[[], DataFrame]

PERSON, REPORT = "base/person", "statistics/report"


def judge_tables(sources: Sources, last: Publication | None, *, as_of: date) -> list[Finding]:
    """Findings about every table, in the order of the flow; `last` is what readers see now."""
    measured = [*_base(sources, last, as_of), *_report(sources.lake)]
    checks = [partial(_conformed, sources, as_of), *(partial(_measured, *table) for table in measured)]
    return list(chain.from_iterable(at_once(lambda check: check(), checks)))


def judge_rollback(
    withdrawn: Collection[tuple[str, Identity]], last: Publication | None, bad: Publication | None
) -> list[Finding]:
    """After a rollback to `last` its cause must be withdrawn, or accepted by this finding's name.

    The cause is one of the deliveries that `bad` was made from and `last` is not. That another one has been
    replaced meanwhile mends nothing.
    """
    if bad is None or last is None:
        return []
    suspected = {(d.feed, d.identity) for d in set(bad.deliveries) - set(last.deliveries)}
    found = len(suspected.intersection(withdrawn))
    return [
        Finding(
            table="publications",
            expectation="rollback",
            severity="critical",
            passed=found > 0,
            observed=float(found),
            expected="at least 1",
            says="Of the deliveries that a rolled back publication was made from, one is withdrawn.",
        )
    ]


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


def _base(sources: Sources, last: Publication | None, as_of: date) -> Iterator[tuple[str, Measure]]:
    lake = sources.lake
    people = lake.read(PERSON)
    before = lake.read(PERSON, last.tables[PERSON]) if last and PERSON in last.tables else None
    beside_people = {
        "base/person_record": metrics.person_record,
        "base/household": metrics.household,
        "base/id_case": metrics.id_case,
        "base/unregistered": metrics.unregistered,
    }
    yield PERSON, partial(metrics.person, people, before, takeovers(sources, last, as_of))
    for table, measure in beside_people.items():
        yield table, partial(measure, lake.read(table), people)
    yield (
        "base/person_history",
        partial(metrics_over_time.person_history, lake.read("base/person_history"), people, as_of),
    )
    yield "base/event", partial(metrics_over_time.event, lake.read("base/event"))
    yield "base/id_history", partial(metrics_over_time.id_history, lake.read("base/id_history"))
    for contract in table_contracts.sectors():
        table = f"base/{contract.base_table}"
        yield table, partial(metrics.sector, lake.read(table), table_contracts.sector(contract))


def takeovers(sources: Sources, last: Publication | None, as_of: date) -> dict[str, str]:
    """Bureau -> the one that took it over, by deliveries that readers' tables do not know yet."""
    seen = set(last.deliveries) if last else set()
    new = [j for j in ledger.effective(sources.judgements[REGISTER], as_of) if DeliveryRef.of(j) not in seen]
    steps = {old: j.region for j in new for old in j.replaces_regions if old != j.region}
    return {old: _followed(steps, old) for old in steps}


def _followed(steps: Mapping[str, str], bureau: str) -> str:
    """Where a chain of takeovers ends; bureaus that take each other over stand where they stood."""
    at, seen = bureau, {bureau}
    while (at := steps.get(at, at)) not in seen:
        seen.add(at)
    return at


def _report(lake: Lake) -> Iterator[tuple[str, Measure]]:
    if lake.exists(REPORT):
        yield REPORT, partial(_cube, lake.read(REPORT))


def _cube(cube: DataFrame) -> DataFrame:
    return metrics.report(cube, identities(cube))
