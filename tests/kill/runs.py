"""Runs that die: real processes, forked with everything imported, that share the tests' JVM.

What a killed run would spend its time on is the start of Python and of Spark, so it gets neither: it is
forked from a server that has imported what it needs, and finds Spark where spark-submit would have told it.
The JVM outlives it, as a driver may outlive its killed spark-submit; what it still wrote is seen by nobody.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import TYPE_CHECKING

from popbase import killpoints
from popbase.errors import PopbaseError
from popbase.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Command = Callable[[Settings], None]

_PATIENCE = 300  # seconds


@dataclass(frozen=True)
class Jvm:
    """Where Spark's JVM listens."""

    port: int
    secret: str

    @classmethod
    def of(cls, session: SparkSession) -> Jvm:
        gateway = session.sparkContext._gateway
        assert gateway is not None
        return cls(gateway.java_parameters.port, gateway.java_parameters.auth_token)


def run(jvm: Jvm, command: Command, settings: Settings, *, at: str = "", heard: str = "") -> int:
    """How the process ended: with 0, the code of a failure, or minus the signal that killed it."""
    process = _server().Process(target=_live, args=(jvm, command, settings, at, heard))
    process.start()
    process.join(_PATIENCE)
    if process.exitcode is None:
        process.kill()
    assert process.exitcode is not None, f"{command} did not end"
    return process.exitcode


def points(jvm: Jvm, command: Command, settings: Settings, heard: Path) -> Counter[str]:
    """Every point that the command reaches, in order, and how often; it runs to its end."""
    heard.unlink(missing_ok=True)
    assert run(jvm, command, settings, heard=str(heard)) == 0
    return Counter(line.rpartition("#")[0] for line in heard.read_text("utf-8").splitlines())


@contextmanager
def forgetting() -> Iterator[None]:
    """Once it is left, the JVM is rid of what the processes run within it kept there.

    A process that ends otherwise takes its JVM with it. Here the JVM would hold each object that a dead
    process had a name for, the rows it kept and the tables it opened, until after a hundred runs it is full.
    """
    from pyspark import SparkContext

    if (context := SparkContext._active_spark_context) is None:
        yield
        return
    gateway, jvm = context._gateway, context._jvm
    assert gateway is not None
    assert jvm is not None
    named = gateway.java_gateway_server.getGateway().getBindings()
    ours = jvm.java.util.HashMap(named)
    yield
    for rows in context._jsc.getPersistentRDDs().values():
        rows.unpersist(False)
    jvm.org.apache.spark.sql.delta.DeltaLog.clearCache()
    named.keySet().retainAll(ours.keySet())


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    # The server finds modules as this process does, and would not import what it is asked to otherwise.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    context.set_forkserver_preload(["kill.imported"])
    return context


def _live(jvm: Jvm, command: Command, settings: Settings, at: str, heard: str) -> None:
    os.environ |= {"PYSPARK_GATEWAY_PORT": str(jvm.port), "PYSPARK_GATEWAY_SECRET": jvm.secret}
    _join_spark()
    killpoints.arm(at, heard)
    try:
        command(settings)
    except PopbaseError as error:
        sys.exit(error.exit_code)


def _join_spark() -> None:
    """A JVM has room for one Spark: this process takes the one that runs."""
    from pyspark import SparkContext

    def running(context: SparkContext, _: object) -> object:
        jvm = context._jvm
        assert jvm is not None
        return jvm.JavaSparkContext.fromSparkContext(jvm.org.apache.spark.SparkContext.getOrCreate())

    SparkContext._initialize_context = running  # type: ignore[method-assign]
