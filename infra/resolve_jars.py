"""Fetches Spark's extra jars once, by Spark's own resolver, into `.jars/`, and checks them against the lock.

python infra/resolve_jars.py          resolves what is missing; does nothing when all is there
python infra/resolve_jars.py --lock   writes infra/jars.lock anew after a version has moved
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JARS = ROOT / ".jars"
LOCK = ROOT / "infra/jars.lock"
# Spark's S3, and of Amazon's library the parts that it uses: as one bundle it weighs 641 MB.
AWS = "2.35.4"
PACKAGES = [
    "io.delta:delta-spark_4.2_2.13:4.4.0",
    "org.apache.hadoop:hadoop-aws:3.5.0",
    *(
        f"software.amazon.awssdk:{part}:{AWS}"
        for part in ("s3", "s3-transfer-manager", "sts", "apache-client")
    ),
]
NETTY = [
    "buffer", "codec", "codec-http", "codec-http2", "common", "handler", "resolver", "transport",
    "transport-classes-epoll", "transport-native-unix-common",
]  # fmt: skip
# Spark's own distribution carries these, some in newer versions: two copies on one class path are a trap.
NOT_WANTED = ["software.amazon.awssdk:bundle"]
SHIPPED_WITH_SPARK = [
    "org.apache.hadoop:hadoop-client-api",
    "org.apache.hadoop:hadoop-client-runtime",
    "org.apache.parquet:parquet-hadoop",
    "org.apache.parquet:parquet-column",
    "org.apache.logging.log4j:log4j-api",
    "org.apache.logging.log4j:log4j-core",
    "org.apache.logging.log4j:log4j-slf4j2-impl",
    "org.slf4j:slf4j-api",
    "com.fasterxml.jackson.core:jackson-databind",
    "com.fasterxml.jackson.core:jackson-core",
    "com.fasterxml.jackson.core:jackson-annotations",
    "com.fasterxml.jackson.datatype:jackson-datatype-jdk8",
    "com.fasterxml.jackson.datatype:jackson-datatype-jsr310",
    "org.xerial.snappy:snappy-java",
    "com.github.luben:zstd-jni",
    "org.roaringbitmap:RoaringBitmap",
    "commons-codec:commons-codec",
    "commons-logging:commons-logging",
    "commons-pool:commons-pool",
    *(f"io.netty:netty-{part}" for part in NETTY),
    "org.apache.httpcomponents:httpclient",
    "org.apache.httpcomponents:httpcore",
]


def locked() -> dict[str, str]:
    """Jar name -> SHA-256, as the lock has them."""
    lines = LOCK.read_text(encoding="utf-8").splitlines() if LOCK.exists() else []
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def digests() -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(JARS.glob("*.jar"))}


def resolve() -> None:
    from pyspark.sql import SparkSession

    with tempfile.TemporaryDirectory() as ivy:
        spark = (
            SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.jars.packages", ",".join(PACKAGES))
            .config("spark.jars.excludes", ",".join(NOT_WANTED + SHIPPED_WITH_SPARK))
            .config("spark.jars.ivy", ivy)
            .getOrCreate()
        )
        spark.stop()
        JARS.mkdir(exist_ok=True)
        for jar in Path(ivy, "jars").glob("*.jar"):
            shutil.copy2(jar, JARS / jar.name)


def main() -> int:
    relock = "--lock" in sys.argv
    if digests() == locked() and not relock:
        return 0
    shutil.rmtree(JARS, ignore_errors=True)
    resolve()
    found = digests()
    if relock:
        LOCK.write_text("".join(f"{d}  {n}\n" for n, d in found.items()), encoding="utf-8")
    if found != locked():
        odd = sorted(n for n in found.keys() | locked().keys() if found.get(n) != locked().get(n))
        print(f"Spark's jars are not those of infra/jars.lock: {', '.join(odd)}.", file=sys.stderr)  # noqa: T201
        return 11
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
