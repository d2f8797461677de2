"""Deliveries of `model_state` as the frames and the ledger that intake leaves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from lib.model_state import Delivered, Row
from popbase.clock import ZONE
from popbase.contracts import Contract, Field
from popbase.intake.ledger import Judgement

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def judgements(deliveries: Sequence[Delivered], feed: str) -> list[Judgement]:
    return [
        Judgement(
            feed=feed, region=d.region, business_date=d.business_date, delivery_no=d.delivery_no, kind=d.kind,
            status="accepted" if d.accepted else "rejected", reason=None, rows_received=len(d.rows),
            rows_accepted=len(d.rows), rows_quarantined=0, rows_superseded=0, rows_withheld=0,
            manifest_sha256="", contract_version="1.0.0", rules_version="1",
            judged_at=datetime(2016, 1, 1, tzinfo=ZONE), replaces_regions=d.replaces,
        )
        for d in deliveries
    ]  # fmt: skip


def conformed(
    spark: SparkSession, contract: Contract, deliveries: Sequence[Delivered], value: str
) -> DataFrame:
    """`value` names the field that carries the rows' value."""
    fields = ", ".join(f"{f.name} {f.sql_type}" for f in contract.fields)
    rows = [
        (*(_cell(f, contract, row, value) for f in contract.fields), *place(d), row.op, [])
        for d in deliveries
        for row in d.rows
        if not row.refused
    ]
    return spark.createDataFrame(
        rows, f"{fields}, region string, business_date date, delivery_no int, op string, flags array<string>"
    )


def quarantine(spark: SparkSession, deliveries: Sequence[Delivered]) -> DataFrame:
    rows = [(*place(d), "|".join(row.key)) for d in deliveries for row in d.rows if row.refused]
    return spark.createDataFrame(rows, "region string, business_date date, delivery_no int, key string")


def place(d: Delivered) -> tuple[str, date, int]:
    return d.region, d.business_date, d.delivery_no


def _cell(f: Field, contract: Contract, row: Row, value: str) -> Any:
    keys = dict(zip((k.name for k in contract.key), row.key, strict=True))
    return {**keys, value: row.value, "ended_on": row.ended_on}.get(f.name)
