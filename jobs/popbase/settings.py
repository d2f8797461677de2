"""Settings: one frozen object, built once from the environment; nothing else reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from popbase.errors import SettingsError

GIB = 1024**3
Profile = Literal["large", "small"]

# The libraries that open tables and files read these themselves: only Spark's S3 must be told.
_AWS = {"s3_endpoint": "AWS_ENDPOINT_URL", "s3_region": "AWS_REGION"}


@dataclass(frozen=True)
class Settings:
    """Where a night reads and writes, and the limits it holds senders to.

    `profile`: what Spark is tuned for: `large`, millions of rows, or `small`, where compiling a plan costs
    more than running it (below some 100,000 persons). `executor_*`: on a cluster. `max_file_bytes`: of one
    file, unpacked; `max_expansion`: unpacked over packed. `last_night`: the business date after which no
    night is scheduled, where the days that are taken in lie in the past; empty: there is none. `s3_endpoint`,
    `s3_region`: of the store behind `s3a://` folders, by AWS's own variables; an empty endpoint is AWS's.
    `lineage_url`: of a server that takes OpenLineage's events; empty: they are kept in the lake.
    `keep_publications`: how many, beside those of the year ends. `keep_quarantine_days`, `keep_landing_days`:
    how long refused rows and senders' folders stay after they were judged. `alert_url`: a web hook that takes
    {"text": ...} when a deadline passes. `key_file`: the secret of what leaves for the public
    (`statistics/disclosure.py`); empty: nothing is published to it. `outbox`: where departments find what is
    not in order among their records (`publish/feedback.py`); empty: they are not told. `kill_at`,
    `kill_points`: for tests alone, the point at which the process dies and a file that takes the names of
    those reached (`killpoints.py`).
    """

    landing: str
    lake: str
    spark_master: str = "local[2]"
    driver_memory: str = "6g"
    profile: Profile = "large"
    jars: str = ".jars"
    shuffle_partitions: int = 4
    executor_memory: str = "2g"
    executor_cores: int = 1
    max_file_bytes: int = 4 * GIB
    max_expansion: int = 100
    last_night: str = ""
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    lineage_url: str = ""
    keep_publications: int = 90
    keep_quarantine_days: int = 400
    keep_landing_days: int = 400
    alert_url: str = ""
    key_file: str = ""
    outbox: str = ""
    kill_at: str = ""
    kill_points: str = ""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], **options: str | None) -> Settings:
        """Options win over `POPBASE_*` variables, these over the defaults."""
        values: dict[str, str] = {}
        for name in cls.__dataclass_fields__:
            given = options.get(name) or environ.get(_AWS.get(name, f"POPBASE_{name.upper()}"))
            if given:
                values[name] = given
        if values.get("profile", "large") not in get_args(Profile):
            raise SettingsError(f"POPBASE_PROFILE must be one of {', '.join(get_args(Profile))}.")
        return cls(
            landing=_folder(values.pop("landing", "landing")),
            lake=_folder(values.pop("lake", "lake")),
            outbox=_folder(values.pop("outbox")) if "outbox" in values else "",
            **{name: _typed(name, value) for name, value in values.items()},  # type: ignore[arg-type]
        )

    @property
    def landing_path(self) -> Path:
        """Of a landing on a disk."""
        return Path(self.landing)


def _folder(address: str) -> str:
    """Without a slash at its end; Spark knows S3 by another scheme than everybody else."""
    address = f"s3a://{address[5:]}" if address.startswith("s3://") else address
    return address.rstrip("/") or "/"


def _typed(name: str, value: str) -> str | int:
    if Settings.__dataclass_fields__[name].type != "int":
        return value
    try:
        number = int(value)
    except ValueError:
        number = 0
    if number < 1:
        raise SettingsError(f"POPBASE_{name.upper()} must be a whole number above 0.")
    return number
