"""Tables as OpenLineage describes them: name, version, schema, counts, and where their columns come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)

from popbase import contracts
from popbase.control import opened
from popbase.storage import is_s3

if TYPE_CHECKING:
    from popbase.expectations import Finding
    from popbase.intake.ledger import Judgement
    from popbase.settings import Settings


def delivered(settings: Settings, feed: str, judgements: Iterable[Judgement]) -> InputDataset:
    """A feed's deliveries as one dataset, with the rows that came."""
    counted = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
        columnMetrics={}, rowCount=sum(j.rows_received for j in judgements)
    )
    return InputDataset(*named(settings.landing, feed), {"dataQualityMetrics": counted})


def read(lake: str, table: str, at: int, findings: Iterable[Finding]) -> InputDataset:
    """A table at a version, with what was found of it."""
    asserted = [
        data_quality_assertions_dataset.Assertion(
            assertion=finding.expectation,
            success=finding.passed,
            severity="error" if finding.critical else "warn",
            description=finding.says,
        )
        for finding in findings
        if finding.table == table
    ]
    facet = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(asserted)
    return InputDataset(
        *named(lake, table), {"dataQualityAssertions": facet} if asserted else {}, facets=_versioned(at)
    )


def _versioned(at: int) -> dict[str, DatasetFacet]:
    return {"version": dataset_version_dataset.DatasetVersionDatasetFacet(str(at))}


def written(settings: Settings, table: str, at: int, rows: int | None) -> OutputDataset:
    """`rows`: written by the job, where that is not all of them."""
    delta = opened(settings.lake, table, at)
    files = pa.table(delta.get_add_actions()).to_pylist()
    counted = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
        rowCount=sum(file["num_records"] for file in files) if rows is None else rows,
        size=sum(file["size_bytes"] for file in files),
        fileCount=len(files),
    )
    fields = json.loads(delta.schema().to_json())["fields"]
    facets: dict[str, DatasetFacet] = {
        **_versioned(at),
        "schema": schema_dataset.SchemaDatasetFacet([_field(column) for column in fields]),
        **_origins(settings, table),
    }
    return OutputDataset(*named(settings.lake, table), {"outputStatistics": counted}, facets=facets)


def _field(column: Mapping[str, Any]) -> schema_dataset.SchemaDatasetFacetFields:
    kind = column["type"]
    text = kind if isinstance(kind, str) else f"{kind['type']}<{kind.get('elementType', '...')}>"
    return schema_dataset.SchemaDatasetFacetFields(column["name"], text, column["metadata"].get("comment"))


def _origins(settings: Settings, table: str) -> dict[str, DatasetFacet]:
    """Where its columns come from, for the tables of which a contract says so."""
    for contract in contracts.feeds().values():
        if table == f"conformed/{contract.feed}":
            source = named(settings.landing, contract.feed)
            return _lineage({f.name: (*source, f.header, "TRANSFORMATION") for f in contract.fields})
        if table == f"base/{contract.base_table}":
            source = named(settings.lake, f"conformed/{contract.feed}")
            return _lineage({f.name: (*source, f.name, "IDENTITY") for f in contract.fields})
    return {}


def _lineage(origins: Mapping[str, tuple[str, str, str, str]]) -> dict[str, DatasetFacet]:
    """Of each column the dataset's namespace and name, the column there, and what happens on the way."""
    fields = {}
    for column, (namespace, name, source, how) in origins.items():
        way = column_lineage_dataset.Transformation("DIRECT", how)
        fields[column] = column_lineage_dataset.Fields(
            [column_lineage_dataset.InputField(namespace, name, source, [way])]
        )
    return {"columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(fields)}


def named(root: str, path: str) -> tuple[str, str]:
    """Namespace and name, as OpenLineage wants them of files."""
    if is_s3(root):
        bucket, _, prefix = root.partition("://")[2].partition("/")
        return f"s3://{bucket}", "/".join(filter(None, (prefix.strip("/"), path)))
    return "file", str(Path(root).resolve() / path)
