"""Which records of one number are one person: connected components (design section 7, step 1).

Components are sought over names, not over pairs of records: a number that ten thousand records share
costs its distinct names. Only names that a former name or a decision 90 joins are ever compared.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.identity.rules import record_ref
from popbase.intake.normalise import match_name

_NUMBER = ["as_of", "number17"]


def node(name: Column) -> Column:
    """A node of the graph: records with one number, birth date and match name link without more ado."""
    return F.concat(F.col("birth_date").cast("string"), F.lit("|"), match_name(name))


def with_nodes(records: DataFrame) -> DataFrame:
    """`node`, and `kin`: the nodes that this record says are the same person."""
    former = node(F.col("former_name"))
    return records.withColumns({"node": node(F.col("name")), "kin": F.array_compact(F.array(former))})


def linked(records: DataFrame) -> DataFrame:
    """`records` (as_of number17 region record_no node kin) with `person_key`, one value a component.

    A record without a number is a person of its own (step 4).
    """
    labels = (
        _edges(records)
        .groupBy(*_NUMBER)
        .agg(F.collect_set(F.struct("node", "other")).alias("edges"))
        .select(*_NUMBER, F.explode(_components(F.col("edges"))).alias("node", "component"))
    )
    alone = F.when(F.col("number17").isNull(), record_ref())
    return (
        records.join(labels, [*_NUMBER, "node"], how="left")
        .withColumn("person_key", F.coalesce(alone, "component", "node"))
        .drop("component")
    )


def _edges(records: DataFrame) -> DataFrame:
    """One row is two nodes of a number that a record joins; a former name that nobody has joins nothing."""
    present = records.select(*_NUMBER, F.col("node").alias("other")).distinct()
    return (
        records.select(*_NUMBER, "node", F.explode("kin").alias("other"))
        .where(F.col("number17").isNotNull() & (F.col("node") != F.col("other")))
        .join(present, [*_NUMBER, "other"], how="left_semi")
    )


def _components(edges: Column) -> Column:
    """Map node -> least node of its component, folded edge by edge.

    Quadratic in the names that edges join within one number, of which there are a handful; it spares a
    loop of jobs over the cluster for every date.
    """
    nodes = F.array_distinct(F.concat(edges["node"], edges["other"]))
    return F.reduce(edges, F.map_from_arrays(nodes, nodes), _merge)


def _merge(labels: Column, edge: Column) -> Column:
    ends = F.array(F.sort_array(F.array(labels[edge["node"]], labels[edge["other"]])))
    # A lambda's argument is evaluated once; written out, the two look-ups would run for every label.
    return F.element_at(F.transform(ends, lambda pair: _relabelled(labels, pair[0], pair[1])), 1)


def _relabelled(labels: Column, kept: Column, lost: Column) -> Column:
    changed = F.transform_values(labels, lambda _, label: F.when(label == lost, kept).otherwise(label))
    return F.when(kept == lost, labels).otherwise(changed)
