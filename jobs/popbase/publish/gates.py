"""The gates: every table that a publication would show, measured by Spark, judged by Great Expectations."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
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

PERSON, REPORT = "base/person", "statistics/report"


def judge_tables(sources: Sources, last: Publication | None, *, as_of: date) -> list[Finding]:
    """Findings about every table, in the order of the flow; `last` is what readers see now."""
    found = list(_conformed(sources, as_of))
    judged = at_once(lambda measured: check(*measured), [*_base(sources.lake, last), *_report(sources.lake)])
    return [*found, *chain.from_iterable(judged)]


def _conformed(sources: Sources, as_of: date) -> Iterator[Finding]:
    """The ledger against what is stored, for the deliveries in force."""
    for feed, judgements in sources.judgements.items():
        in_force = ledger.effective(judgements, as_of)
        if not in_force:
            continue
        stored = sources.stored_rows(feed, in_force)
        limit = contracts.feed(feed).max_quarantine_share
        yield from check(f"conformed/{feed}", metrics.conformed(in_force, stored=stored, limit=limit))


def _base(lake: Lake, last: Publication | None) -> Iterator[tuple[str, DataFrame]]:
    people = lake.read(PERSON)
    before = lake.read(PERSON, last.tables[PERSON]) if last and PERSON in last.tables else None
    yield PERSON, metrics.person(people, before)
    yield "base/person_record", metrics.person_record(lake.read("base/person_record"), people)
    yield "base/household", metrics.household(lake.read("base/household"), people)
    yield "base/id_case", metrics.id_case(lake.read("base/id_case"), people)
    yield "base/id_history", metrics.id_history(lake.read("base/id_history"))
    yield "base/unregistered", metrics.unregistered(lake.read("base/unregistered"), people)
    for contract in table_contracts.sectors():
        table = f"base/{contract.base_table}"
        yield table, metrics.sector(lake.read(table), table_contracts.sector(contract))


def _report(lake: Lake) -> Iterator[tuple[str, DataFrame]]:
    if lake.exists(REPORT):
        cube = lake.read(REPORT)
        yield REPORT, metrics.report(cube, identities(cube))
