"""What goes from each table of a publication with one record, and what is mended where it stood.

An old publication is not made anew; it loses rows. Of a register record go the rows that are told by it: a
person whose winner it is, with all that follows from that person, else its own rows alone. Cases that name it
go whole. Sector records are other departments' own and stay, but nobody is behind them any more; a household
is made again of those who stay. Of a sector record goes its row, with the number where no other sector knows
it, and with `in_*` where the person has no other row there. Statistics stay: no figure tells of one person.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from popbase import table_contracts
from popbase.contracts import REGISTER
from popbase.publish.at_date import HOUSEHOLD
from popbase.publish.cut import KEY, REGION, Cut, Record
from popbase.publish.tables import arrow, open_table

_HOUSES = pa.schema([
    ("household_id", pa.string()), ("registered_area", pa.string()), ("kind", pa.string()),
    ("head", pa.string()), ("size", pa.int64()),
])  # fmt: skip
_HASHED = 32  # hex digits of a person_id


def taken_in(record: Record) -> dict[str, Cut]:
    """The same of what intake keeps. A row that could not be read has no key: its text goes if it has the
    record's."""
    parts = f"SELECT unnest(string_split({KEY}, '|'))"
    unread = f"coalesce(key, '') = '' AND region = {REGION}"
    holds = f"(SELECT bool_and(contains(raw, part)) FROM ({parts}) AS p(part))"  # noqa: S608 - ours
    refused = Cut(
        gone=f"region = {REGION} AND key = {KEY}", mends=f"{unread} AND {holds}", mended={"raw": "NULL"},
        sources=record.sources,
    )  # fmt: skip
    feed = record.contract.feed
    return {f"conformed/{feed}": Cut(record.holds, sources=record.sources), f"quarantine/{feed}": refused}


def cuts(lake: str, tables: Mapping[str, int], record: Record) -> dict[str, Cut]:
    """Table -> what goes of it, by what these versions tell; none that cannot hold the record."""
    known = Known(lake, {t: v for t, v in tables.items() if t.startswith("base/")})
    if "base/person" not in known.tables:
        return {}
    found = _of_register(known, record) if record.contract.feed == REGISTER else _of_sector(known, record)
    return {table: cut for table, cut in found.items() if table in known.tables}


@dataclass(frozen=True)
class Known:
    """The tables of a publication, as sources of a question."""

    lake: str
    tables: Mapping[str, int]

    def ask(self, sql: str, *tables: str, **beside: pa.Table) -> pa.Table:
        """`tables` by the last part of their paths; one that is not published has no rows to tell."""
        named = {t.rpartition("/")[2]: open_table(self.lake, t, self.tables[t]) for t in tables}
        return arrow(sql, **named, **beside)


def _of_register(known: Known, record: Record) -> dict[str, Cut]:
    its = "region = (SELECT region FROM asked) AND record_no = (SELECT key FROM asked)"
    lost = _lost(known, record, its)
    sources = {
        **record.sources,
        "lost": lost,
        "former": _former(record, lost),
        "houses": _houses(known, lost),
    }
    whose = "person_id IN (FROM lost)"
    either = Cut(f"{whose} OR ({its})", sources=sources)
    nobodys = Cut(
        mends=whose, mended={"person_id": "NULL", "match_status": "'NOT_IN_REGISTER'"}, sources=sources
    )
    ref = f"{REGION} || '/' || {KEY}"
    named = f"list_contains(record_nos, {ref})"
    fixed = {
        **dict.fromkeys(("base/person", "base/person_history", "base/person_record"), either),
        "base/id_history": Cut(f"{whose} OR former_person_id IN (FROM former)", sources=sources),
        "base/id_case": Cut(named, sources=sources),
        "base/household": _household(sources),
        "base/sector_finding": Cut(f"register_record = {ref}", sources=sources),
        **{f"base/{sector.base_table}": nobodys for sector in table_contracts.sectors()},
    }
    others = {t for t in known.tables if _has_persons(known, t)} - fixed.keys()
    return {**fixed, **dict.fromkeys(others, Cut(whose, sources=sources))}


def _has_persons(known: Known, table: str) -> bool:
    return "person_id" in open_table(known.lake, table, known.tables[table]).schema.names


def _lost(known: Known, record: Record, its: str) -> pa.Table:
    """The persons whose winner the record is."""
    sql = f"SELECT DISTINCT person_id FROM person WHERE {its}"  # noqa: S608 - ours
    return known.ask(sql, "base/person", **record.sources)


def _former(record: Record, lost: pa.Table) -> pa.Table:
    """Ids that say that the record was: those of who is lost, and the one that is made of its own name."""
    name = f"person|{record.region}|{record.key}"
    own = hashlib.sha256(name.encode()).hexdigest()[:_HASHED]
    return pa.Table.from_pydict({"person_id": [*lost["person_id"].to_pylist(), own]}, lost.schema)


def _houses(known: Known, lost: pa.Table) -> pa.Table:
    """The households that somebody is lost from, made of those who stay; without a row where nobody does."""
    people = """(
        SELECT * FROM person WHERE person_id NOT IN (FROM lost) AND household_id IN (
            SELECT household_id FROM person WHERE person_id IN (FROM lost)))"""
    made = HOUSEHOLD.replace("{valid}", "true").replace("{source}", people)
    left = known.ask(made, "base/person", lost=lost)
    theirs = "SELECT DISTINCT household_id FROM person WHERE person_id IN (FROM lost)"
    sql = """SELECT theirs.household_id, registered_area, kind, head, size
             FROM theirs LEFT JOIN made USING (household_id) WHERE theirs.household_id IS NOT NULL"""
    return arrow(sql, theirs=known.ask(theirs, "base/person", lost=lost), made=left).cast(_HOUSES)


def _household(sources: Mapping[str, pa.Table]) -> Cut:
    def one(column: str) -> str:
        return f"(SELECT h.{column} FROM houses AS h WHERE h.household_id = t.household_id)"  # noqa: S608 - ours

    return Cut(
        gone="household_id IN (SELECT household_id FROM houses WHERE size IS NULL)",
        mends="household_id IN (SELECT household_id FROM houses)",
        mended={name: one(name) for name in ("registered_area", "kind", "head", "size")},
        sources=sources,
    )


def _of_sector(known: Known, record: Record) -> dict[str, Cut]:
    name = str(record.contract.base_table)
    table = f"base/{name}"
    if table not in known.tables:
        return {}
    sources = {
        **record.sources,
        "alone": _its_alone(known, record, table, "person_id"),
        "numbers": _unknown_elsewhere(known, record, table),
    }
    return {
        table: Cut(record.holds, sources=sources),
        "base/person": Cut(
            mends="person_id IN (FROM alone)", mended={f"in_{name}": "false"}, sources=sources
        ),
        "base/unregistered": Cut("citizen_id IN (FROM numbers)", sources=sources),
        **_found_of(record),
    }


def _found_of(record: Record) -> dict[str, Cut]:
    """What was found about a sector's record; a case about others too goes on without it."""
    feed = record.contract.feed
    ref = f"{REGION} || '/{feed}:' || {KEY}"
    named = f"list_contains(record_nos, {ref})"
    alone = f"len(list_filter(record_nos, lambda one: contains(one, '/{feed}:'))) = 1"
    each = "SELECT unnest(record_nos) AS one"
    finding = f"feed = '{feed}' AND region = {REGION} AND record_key = {KEY}"
    return {
        "base/sector_finding": Cut(finding, sources=record.sources),
        "base/id_case": Cut(
            f"{named} AND {alone}",
            mends=f"{named} AND NOT {alone}",
            mended={"record_nos": f"(SELECT list(one ORDER BY one) FROM ({each}) WHERE one <> {ref})"},  # noqa: S608 - ours
            sources=record.sources,
        ),
    }


def _its_alone(known: Known, record: Record, table: str, column: str) -> pa.Table:
    """What the record's row has in the column, and no other row of the table."""
    rows = f"SELECT {column}, {record.holds} AS its FROM {table.rpartition('/')[2]}"  # noqa: S608 - ours
    sql = f"SELECT {column} FROM ({rows}) WHERE {column} IS NOT NULL GROUP BY ALL HAVING bool_and(its)"  # noqa: S608
    return known.ask(sql, table, **record.sources)


def _unknown_elsewhere(known: Known, record: Record, table: str) -> pa.Table:
    """The record's number, where no other sector's row carries it."""
    field = record.contract.with_role("number")
    if field is None:
        return pa.Table.from_pydict({"number": pa.array([], pa.string())})
    numbers = _its_alone(known, record, table, field.name).rename_columns(["number"])
    for other in table_contracts.sectors():
        carried, theirs = other.with_role("number"), f"base/{other.base_table}"
        if carried and theirs != table and theirs in known.tables:
            same = f"FROM {other.base_table} WHERE {carried.name} = number"
            sql = f"SELECT number FROM numbers WHERE NOT EXISTS ({same})"  # noqa: S608 - ours
            numbers = known.ask(sql, theirs, numbers=numbers)
    return numbers
