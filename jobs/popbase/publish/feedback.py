"""What each department is told after a night of its own records: a finding, and what to do.

`<outbox>/<feed>/<region>/<business_date>/findings.csv`, in the encoding and under the headers that the
bureau delivers in: the key of each record that is not in order, and of each that the day's delivery brought
or changed. No number and no name stands in it, nor anything that another department delivered.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from popbase import contracts, table_contracts
from popbase.contracts import REGISTER, Contract
from popbase.errors import StorageError
from popbase.intake.manifest import Refusal, manifest_bytes, parse
from popbase.intake.sender_folder import folder_at
from popbase.publish.publication import DeliveryRef, Publication
from popbase.publish.tables import key_text, open_table, query
from popbase.storage import store

FILE, CASES = "findings.csv", "base/id_case"
HEADERS = ("核对结果", "处理建议")


@dataclass(frozen=True)
class Finding:
    """What is said of a record, and what its department is asked to do."""

    said: str
    to_do: str


IN_ORDER = "MATCHED"
SECTOR = {
    IN_ORDER: Finding("相符", "无需处理"),
    "NO_NUMBER": Finding("无号码", "补录公民身份号码"),
    "NOT_IN_REGISTER": Finding("库中无此号", "核对号码录入是否有误；无误的，请本人向户籍登记机关查询"),
    "NAME_MISMATCH": Finding("姓名不符", "核对证件，更正姓名或者号码"),
    "CONTESTED": Finding("重号", "暂缓据此办理，待公安机关纠正"),
    "FORMER_NUMBER": Finding("原号码", "号码已经更正，按本人现行证件更新"),
    "DEAD_BUT_ACTIVE": Finding("已登记死亡", "核实后停办"),
    "ENDED": Finding("户口已注销", "核实本人情况后停办或者续办"),
    "MISTYPED_NUMBER": Finding("号码疑似录入有误", "核对本人证件上的号码；无误的，不必更正"),
}
REGISTERED = {
    "contested_number": Finding("重号", "核实后作出纠正重号决定（11）"),
    "former_conflict": Finding("号码曾由他人使用", "核实后作出纠正重号决定（11）"),
    "wrong_number": Finding("错号：与性别或者出生日期不符", "核实后作出纠正错号决定（12），或者更正登记项目"),
    "double_registration": Finding("重复户口", "核实后注销多余登记（注销类别4）"),
    "dead_and_live": Finding("死亡与在册登记并存", "核实后注销或者更正"),
    "same_person": Finding("疑似一人两号", "核实；属实的，作出认定决定（90）"),
    "aged_over_120": Finding("超过120岁", "核实是否健在；已经死亡的，注销户口（注销类别1）"),
    "decision_not_applied": Finding("决定未能执行", "核对决定所列人员编号和号码"),
}

_SECTOR = """
    SELECT s.region, {keys},
      CASE WHEN m.ref IS NOT NULL THEN 'MISTYPED_NUMBER'
        WHEN s.match_status <> 'MATCHED' THEN s.match_status
        WHEN list_contains(s.flags, 'former_number') THEN 'FORMER_NUMBER'
        WHEN p.status = 'DEAD' AND s.is_active THEN 'DEAD_BUT_ACTIVE'
        WHEN p.status <> 'REGISTERED' AND s.is_active THEN 'ENDED' ELSE 'MATCHED' END AS finding
    FROM (SELECT *, {active} AS is_active FROM sector) AS s
    LEFT JOIN persons AS p USING (person_id)
    LEFT JOIN (
      SELECT DISTINCT unnest(record_nos) AS ref FROM cases
      WHERE kind = 'mistyped_number' AND status = 'open'
    ) AS m ON m.ref = s.region || '/' || {ref}
    WHERE finding <> 'MATCHED' OR s.set_on = $on
    ORDER BY s.region, {keys}
"""

_REGISTER = """
    SELECT split_part(ref, '/', 1) AS region, split_part(ref, '/', 2) AS record_no, kind AS finding
    FROM (
      SELECT unnest(record_nos) AS ref, kind FROM cases
      WHERE status = 'open' AND list_contains($kinds, kind)
    )
    ORDER BY region, record_no, finding
"""


def write(publication: Publication, *, lake: str, landing: str, outbox: str) -> int:
    """Tells every bureau that delivered; how many files were written."""
    files = 0
    for feed in (*(contract.feed for contract in table_contracts.sectors()), REGISTER):
        deliveries = [ref for ref in publication.deliveries if ref.feed == feed]
        bureaus = {ref.region: ref for ref in sorted(deliveries, key=lambda ref: ref.identity[1:])}
        told = _told(publication, lake, feed) if bureaus else {}
        for region, newest in bureaus.items():
            content = _as_csv(contracts.feed(feed), told.get(region, ()))
            place = f"{feed}/{region}/{publication.business_date}/{FILE}"
            store(outbox).write(place, content.encode(_encoding(landing, newest)))
            files += 1
    return files


def _told(publication: Publication, lake: str, feed: str) -> Mapping[str, list[tuple[str, ...]]]:
    """Region -> (key, ..., finding, what to do) of its records."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for region, *key, finding in _found(publication, lake, feed):
        known = REGISTERED if feed == REGISTER else SECTOR
        found[region].append((*key, known[finding].said, known[finding].to_do))
    return found


def _found(publication: Publication, lake: str, feed: str) -> Iterator[tuple[str, ...]]:
    """(region, key, ..., finding); nothing where the publication has no such table."""

    def table(name: str) -> object:
        return open_table(lake, name, publication.tables[name])

    contract = contracts.feed(feed)
    if feed == REGISTER:
        asked = {"kinds": list(REGISTERED)}
        rows = query(_REGISTER, asked, cases=table(CASES)) if CASES in publication.tables else []
    elif (name := f"base/{contract.base_table}") in publication.tables:
        rows = query(
            _sql(contract),
            {"on": publication.business_date},
            sector=table(name),
            persons=table("base/person"),
            cases=table(CASES),
        )
    else:
        rows = []
    return (tuple(row.values()) for row in rows)


def _sql(contract: Contract) -> str:
    keys = ", ".join(f's."{field.name}"' for field in contract.key)
    ref = f"'{contract.feed}:' || {key_text(contract, 's.')}"
    return _SECTOR.format(keys=keys, active=f"({contract.counts_on('$on')})", ref=ref)


def _as_csv(contract: Contract, rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow([*(field.header for field in contract.key), *HEADERS])
    table.writerows(rows)
    return text.getvalue()


def _encoding(landing: str, newest: DeliveryRef) -> str:
    """That of the bureau's newest delivery; UTF-8 where its folder is gone by now, or is not as it was."""
    folder = f"{newest.feed}/{newest.region}/{newest.business_date}/{newest.delivery_no:03d}"
    try:
        files = parse(manifest_bytes(folder_at(landing, folder))).files
    except (Refusal, StorageError):
        return "UTF-8"
    named = {file.encoding for file in files if file.format == "csv"}
    return named.pop() if len(named) == 1 else "UTF-8"
