"""The gates: every table that a publication would show, measured by Spark, judged by Great Expectations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

import popbase
from popbase import contracts, table_contracts
from popbase.contracts import REGISTER
from popbase.expectations import Finding, check
from popbase.intake import ledger
from popbase.intake.ledger import Identity
from popbase.lake import Lake
from popbase.publish import metrics, metrics_beside_people, metrics_over_time
from popbase.publish.publication import DeliveryRef, Publication
from popbase.session import at_once
from popbase.sources import Sources
from popbase.statistics.identities import identities
from popbase.statistics.published import AREAS
from popbase.statistics.published import TABLE as PUBLISHED

# The one row of a table's counts; planning it is half its cost, so that is left to who judges it.
Measure = Callable[[], DataFrame]

PERSON, REPORT = "base/person", "statistics/report"

# More rows than these are not sent to all others; it takes less to sort them all by their keys.
FEW_ROWS = 1_000_000


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
    lake, passed = sources.lake, passed_versions(last)

    def of(measure: Callable[..., DataFrame], table: str, *others: Any, **more: Any) -> tuple[str, Measure]:
        return table, partial(measure, lake.read(table), *others, came=_came(lake, table, passed), **more)

    people = lake.read(PERSON)
    told = metrics_beside_people.people_told(people).localCheckpoint()
    before = lake.read(PERSON, last.tables[PERSON]) if last and PERSON in last.tables else None
    yield of(metrics.person, PERSON, before, takeovers(sources, last, as_of))
    yield of(metrics_beside_people.person_record, "base/person_record", people, told=told)
    theirs = {"people_came": _came(lake, PERSON, passed), "told": told}
    yield of(metrics_beside_people.household, "base/household", people, **theirs)
    yield of(metrics_beside_people.id_case, "base/id_case", people)
    yield of(metrics_beside_people.unregistered, "base/unregistered", people)
    yield of(metrics_over_time.person_history, "base/person_history", people, as_of, told=told)
    yield of(metrics_over_time.event, "base/event")
    yield of(metrics_over_time.replaced_number, "base/replaced_number")
    yield of(metrics_over_time.id_history, "base/id_history")
    yield of(metrics_over_time.sector_finding, "base/sector_finding")
    for contract in table_contracts.sectors():
        yield of(metrics.sector, f"base/{contract.base_table}", table_contracts.sector(contract))


def passed_versions(last: Publication | None) -> Mapping[str, int]:
    """Versions of tables that these very gates have let through: what breaks them has come, or gone, since.

    None where other code or contracts judged them, where a gate was accepted by its name, or where readers
    were taken back: then all rows are looked at.
    """
    return last.tables if last and last.passed == rules() else {}


def _came(lake: Lake, table: str, passed: Mapping[str, int]) -> DataFrame | None:
    """Rows that came since; None where all of them are looked at."""
    return lake.came(table, passed[table], at_most=FEW_ROWS) if table in passed else None


def rules() -> str:
    """Tells these gates, with all code and contracts before them, from any others."""
    home = Path(popbase.__file__).parent
    files = [*home.rglob("*.py"), *(contracts.home() / "expectations").glob("*.json")]
    digest = sha256(contracts.fingerprint().encode())
    for file in sorted(files):
        digest.update(b"\0" + file.read_bytes())
    return digest.hexdigest()


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

    if lake.exists(PUBLISHED):
        yield PUBLISHED, partial(metrics.figure, lake.read(PUBLISHED))
        yield AREAS, partial(metrics.area, lake.read(AREAS))


def _cube(cube: DataFrame) -> DataFrame:
    return metrics.report(cube, identities(cube))
