"""OpenLineage: what each job read and wrote, for whoever draws the map of an administration's data.

An event when a job begins and one when it has ended, each a file in the lake's `lineage/`; with
`POPBASE_LINEAGE_URL` they are sent there instead, and kept in the lake only where that fails. They hold
names, schemas, versions and counts, never a row's value (invariant I5).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING

from openlineage.client.event_v2 import (
    InputDataset,
    Job,
    OutputDataset,
    Run,
    RunEvent,
    RunState,
    set_producer,
)
from openlineage.client.facet_v2 import (
    RunFacet,
    error_message_run,
    job_type_job,
    nominal_time_run,
    parent_run,
)
from openlineage.client.serde import Serde
from openlineage.client.transport.http import HttpConfig, HttpTransport
from openlineage.client.uuid import generate_new_uuid

from popbase import clock, control, datasets
from popbase.errors import PopbaseError
from popbase.storage import reached, store

if TYPE_CHECKING:
    from popbase.expectations import Finding
    from popbase.intake.ledger import Judgement
    from popbase.settings import Settings

_LOG = logging.getLogger(__name__)

NAMESPACE = "popbase"
FOLDER = "lineage"
set_producer(f"urn:popbase:{version('popbase')}")

# The job within which others run: of a night in one process its stages are parts.
_AROUND: ContextVar[tuple[str, str] | None] = ContextVar("run id and name of the job around", default=None)


@dataclass
class Account:
    """What a job tells of itself while it runs; the tables it wrote are found by their versions."""

    inputs: list[InputDataset] = field(default_factory=list)
    rows_written: dict[str, int] = field(default_factory=dict)
    findings: Sequence[Finding] = ()

    def took_in(self, settings: Settings, feed: str, judgements: Sequence[Judgement]) -> None:
        """A feed's deliveries, and how many of their rows went where."""
        self.inputs.append(datasets.delivered(settings, feed, judgements))
        self.rows_written[f"conformed/{feed}"] = sum(j.rows_accepted for j in judgements)
        self.rows_written[f"quarantine/{feed}"] = sum(j.rows_quarantined for j in judgements)

    def judged(self, settings: Settings, tables: Mapping[str, int]) -> list[InputDataset]:
        """Tables at their versions, with what was found of them."""
        return [datasets.read(settings.lake, table, at, self.findings) for table, at in tables.items()]

    def written(self, settings: Settings, tables: Mapping[str, int]) -> list[OutputDataset]:
        """Tables at their versions, with what was written into them."""
        rows = self.rows_written
        return [datasets.written(settings, table, at, rows.get(table)) for table, at in tables.items()]


@contextmanager
def job(
    settings: Settings,
    name: str,
    business_date: date,
    *,
    reads: Sequence[str] = (),
    writes: Sequence[str] = (),
) -> Iterator[Account]:
    """Tells of a job for a business date; `reads` and `writes` name tables, or areas with all of theirs."""
    account, run_id, facets = Account(), str(generate_new_uuid()), _run_facets(business_date)
    before = _versions(settings.lake, writes)

    def tell(state: RunState, **more: RunFacet) -> None:
        read, now = _versions(settings.lake, reads), _versions(settings.lake, writes)
        written = {table: at for table, at in now.items() if before.get(table) != at}
        event = RunEvent(
            eventTime=clock.now().isoformat(),
            eventType=state,
            run=Run(run_id, {**facets, **more}),
            job=Job(NAMESPACE, name, {"jobType": job_type_job.JobTypeJobFacet("BATCH", "POPBASE", "JOB")}),
            inputs=[*account.inputs, *account.judged(settings, read)],
            outputs=account.written(settings, written),
        )
        _emit(settings, business_date, event, state)

    tell(RunState.START)
    around = _AROUND.set((run_id, name))
    try:
        yield account
    except BaseException as error:
        with suppress(Exception):  # the failure itself is what must be told
            tell(RunState.FAIL, errorMessage=_failure(error))
        raise
    finally:
        _AROUND.reset(around)
    try:
        tell(RunState.COMPLETE)
    except Exception as error:  # noqa: BLE001 - the job is done, whatever becomes of its lineage
        _LOG.warning("The lineage of %s is incomplete (%s).", name, type(error).__name__)


def _run_facets(business_date: date) -> dict[str, RunFacet]:
    facets: dict[str, RunFacet] = {
        "nominalTime": nominal_time_run.NominalTimeRunFacet(f"{business_date}T00:00:00+08:00")
    }
    if around := _AROUND.get():
        run_id, name = around
        facets["parent"] = parent_run.ParentRunFacet(parent_run.Run(run_id), parent_run.Job(NAMESPACE, name))
    return facets


def _failure(error: BaseException) -> RunFacet:
    """Our own sentences carry no citizen's data; another's text may, so its kind is all that is told."""
    told = f"{error.code}: {error}" if isinstance(error, PopbaseError) else type(error).__name__
    return error_message_run.ErrorMessageRunFacet(told, "PYTHON")


def _versions(lake: str, tables: Sequence[str]) -> dict[str, int]:
    """Of the tables there are among those named, or below the areas named."""
    with reached("the lake's tables"):
        named = [t for area in tables for t in ([area] if "/" in area else _below(lake, area))]
    found = {table: control.version(lake, table) for table in sorted(named)}
    return {table: at for table, at in found.items() if at is not None}


def _below(lake: str, area: str) -> list[str]:
    return [f"{area}/{name}" for name in store(lake).folders(area)]


def _emit(settings: Settings, business_date: date, event: RunEvent, state: RunState) -> None:
    if settings.lineage_url:
        try:
            HttpTransport(HttpConfig(url=settings.lineage_url)).emit(event)
            return
        except Exception as error:  # noqa: BLE001 - whatever the map's server does, the night goes on
            why = type(error).__name__
            _LOG.warning("An event of lineage could not be sent (%s); it is kept in the lake.", why)
    at = "".join(filter(str.isdigit, event.eventTime))[:17]
    name = f"{at}-{event.job.name}-{state.value}-{event.run.runId[-8:]}.json"
    with reached(FOLDER):
        store(settings.lake).write(f"{FOLDER}/{business_date}/{name}", Serde.to_json(event).encode())
