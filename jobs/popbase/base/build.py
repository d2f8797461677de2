"""What the world was at a date: every base table, from the feeds' record versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from popbase import contracts, table_contracts
from popbase.base.event import events
from popbase.base.history import at, person_history
from popbase.base.household import households
from popbase.base.moments import moments
from popbase.base.sector import holders, matched, sightings
from popbase.base.unregistered import unregistered
from popbase.base.usual import with_usual
from popbase.contracts import DECISIONS, REGISTER
from popbase.identity.anchors import apart
from popbase.identity.findings import REGISTERED, of_age
from popbase.identity.histories import id_cases, id_history, quiet_numbers, replaced_numbers
from popbase.identity.persons import Identity, alone_on, person, person_record, resolve
from popbase.identity.rules import number17
from popbase.intake.normalise import match_name
from popbase.renewal import renew
from popbase.schema import conform_to
from popbase.session import at_once, settled

if TYPE_CHECKING:
    from popbase.lake import Lake
    from popbase.sources import Sources


_CASES = "base/id_case"


def write_base(sources: Sources, *, as_of: date) -> None:
    """Every base table at its newest version is the world on `as_of`."""
    at_once(lambda feed: sources.keep(feed, as_of), (REGISTER, DECISIONS))
    register, decisions = (sources.spans(feed, as_of) for feed in (REGISTER, DECISIONS))
    feeds = [contract.feed for contract in table_contracts.sectors()]
    states = dict(zip(feeds, at_once(lambda feed: settled(sources.state(feed, as_of)), feeds), strict=True))
    known = table_contracts.tables()
    snapshots = sources.newest_snapshots(feeds, as_of)
    tables = base_tables(register, decisions, states, snapshots, as_of=as_of)
    tables[_CASES] = _with_others(tables[_CASES], sources.lake)
    told = {table: conform_to(rows, known[table]) for table, rows in tables.items()}
    at_once(lambda table: renew(sources.lake, table, told[table]), told)
    for state in states.values():
        state.unpersist()


def _with_others(found: DataFrame, lake: Lake) -> DataFrame:
    """The cases found, and those of other kinds, which stay until the search has looked again."""
    if not lake.exists(_CASES):
        return found
    others = lake.read(_CASES).where(~F.col("kind").isin(*REGISTERED))
    return found.unionByName(others, allowMissingColumns=True)


@dataclass(frozen=True)
class Lives:
    """Persons over all dates. `quiet`: records that are their persons' only ones, in one version ever; all
    others are `judged`. Both over [as_of, until), as in `Identity.records`.
    """

    judged: Identity
    quiet: DataFrame

    @property
    def persons(self) -> DataFrame:
        return self.judged.person.unionByName(person(self.quiet))

    def tables(self, on: date) -> dict[str, DataFrame]:
        """What follows from the register and the decisions alone, as it is known on a date."""
        records = self.judged.records
        return {
            "base/person_record": person_record(at(records.unionByName(self.quiet), on)),
            "base/replaced_number": replaced_numbers(self.judged.replaced, on),
            "base/person_history": person_history(self.judged.person, person(self.quiet)),
            "base/event": events(records, self.quiet, on),
            "base/id_case": id_cases(self.judged.findings.unionByName(of_age(self.persons)), on),
            "base/id_history": id_history(records, on).unionByName(quiet_numbers(self.quiet, on)),
        }


def lived(
    register: DataFrame, decisions: DataFrame, *, kept: Callable[[DataFrame], DataFrame] = settled
) -> Lives:
    """Who was who, from the spans of both feeds, the register's `anchors.apart`; `kept` as in `resolve`."""
    when = moments(register, decisions)
    return Lives(resolve(when.records, when.decisions, kept=kept), alone_on(when.quiet))


def base_tables(
    register: DataFrame,
    decisions: DataFrame,
    states: Mapping[str, DataFrame],
    snapshots: DataFrame,
    *,
    as_of: date,
) -> dict[str, DataFrame]:
    """Table path -> rows. `register` and `decisions` are spans up to `as_of`, `states` the sectors' states;
    each sector contract in `states` gives a table, whichever department it is.

    The troubled are judged at each of their dates; what is so at `as_of` is what holds then.
    """
    lives = lived(apart(register), decisions)
    person, sectors = seen_by_sectors(lives, states, as_of)
    told = [(contracts.feed(feed), rows) for feed, rows in sectors.items()]
    return {
        "base/person": person,
        "base/household": households(at(lives.persons, as_of)),
        **lives.tables(as_of),
        "base/unregistered": unregistered(told, snapshots),
        **{f"base/{contract.base_table}": rows for contract, rows in told},
    }


def seen_by_sectors(
    lives: Lives, states: Mapping[str, DataFrame], on: date
) -> tuple[DataFrame, dict[str, DataFrame]]:
    """base/person on a date; and of every sector in `states`, by its feed, the rows of its base table."""
    people, replaced = at(lives.persons, on), at(lives.judged.replaced, on)
    answers = holders(people, replaced)
    feeds = [(contracts.feed(feed), state) for feed, state in states.items()]
    sectors = {contract.feed: matched(state, contract, answers) for contract, state in feeds}
    seen = with_sightings(people, sightings(feeds, answers, as_of=on))
    return with_usual(seen, sectors, on), sectors


def with_sightings(person: DataFrame, seen: DataFrame) -> DataFrame:
    """`person` with an `in_<table>` a sector: an active record there means this person.

    Only a UNIQUE number is anybody's; of records that carry it, those under the person's own name count.
    """
    own = F.when(F.col("id_status") == "UNIQUE", number17(F.col("citizen_id")))
    named = person.withColumns({"number17": own, "seen_name": match_name(F.col("name"))})
    tables = (f"in_{contract.base_table}" for contract in table_contracts.sectors())
    said = {t: F.coalesce(t, F.lit(False)) if t in seen.columns else F.lit(False) for t in tables}
    return named.join(seen, ["number17", "seen_name"], how="left").withColumns(said)
