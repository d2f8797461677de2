"""How the JVMs of Spark are started: what no session can change any more. No Spark: DAG files read it."""

from __future__ import annotations

from pathlib import Path

from popbase.settings import Profile

# Spark's own log would show plans, and with them the values that they compare with (invariant I5).
_LOGGING = Path(__file__).with_name("log4j2.properties").as_uri()

# Plans over few rows are compiled often and run once: HotSpot's first, cheap compiler is enough, and half the
# CPU of such a night. Over many rows the second pays, as long as it does not inline Spark's generated methods
# into giants: compiling those took a third of the CPU of two million rows (both measured).
_JIT: dict[Profile, str] = {
    "large": "-XX:MaxInlineLevel=6 -XX:InlineSmallCode=1000 -XX:FreqInlineSize=150",
    "small": "-XX:TieredStopAtLevel=1",
}

# What all these plans compile to needs room: a full code cache leaves the rest of the night interpreted. The
# default metaspace is small and sets off full collections, and a concurrent collector takes one of two cores.
_ROOM = "-XX:ReservedCodeCacheSize=512m -XX:MetaspaceSize=512m -XX:+UseParallelGC"


def options(profile: Profile) -> str:
    """Of a driver and of an executor alike."""
    return f"-Dlog4j2.configurationFile={_LOGGING} {_ROOM} {_JIT[profile]}"


def class_path(jars: str) -> str:
    """Spark's further jars; on the class path, because local mode copies what `spark.jars` names."""
    return str(Path(jars).resolve() / "*")
