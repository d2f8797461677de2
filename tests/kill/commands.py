"""What the killed processes run: the commands that write, as functions that another process finds by name."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING

from popbase import clock
from popbase.contracts import REGISTER
from popbase.errors import UsageError
from popbase.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FIRST, SECOND = date(2015, 12, 30), date(2015, 12, 31)


def night(settings: Settings) -> None:
    from popbase.night import run_night

    run_night(settings, SECOND)


def ingest_tax(settings: Settings) -> None:
    from popbase import steps

    steps.ingest(settings, "tax", SECOND)


def ingest_housing(settings: Settings) -> None:
    from popbase import steps

    steps.ingest(settings, "housing", SECOND)


def ingest_register(settings: Settings) -> None:
    from popbase import steps

    steps.ingest(settings, REGISTER, SECOND)


def first_base(settings: Settings) -> None:
    from popbase import steps

    steps.build_base(settings, FIRST)


def base(settings: Settings) -> None:
    from popbase import steps

    steps.build_base(settings, SECOND)


def publish(settings: Settings) -> None:
    from popbase import steps

    steps.publish(settings, SECOND, reports_too=True)


def report(settings: Settings) -> None:
    from popbase import steps

    steps.report(settings, SECOND.year)


def withdraw(settings: Settings) -> None:
    from popbase.intake import again

    with suppress(UsageError):  # it is withdrawn already
        again.withdraw(settings.lake, again.Named("tax", "330100", FIRST, 2), "sent by mistake")


def rejudge(settings: Settings) -> None:
    from functools import partial

    from popbase.intake import again, ledger
    from popbase.lake import Lake
    from popbase.session import spark_session

    named = again.Named("tax", "330100", FIRST, 2)
    judged = [j for j in ledger.read(settings.lake, "tax") if j.identity == named.identity]
    if len(judged) == 1:  # the ledger tells whether it was judged again: else this would be a third judgment
        again.rejudge(Lake(partial(spark_session, settings), settings.lake), settings, "tax", named)


def rollback(settings: Settings) -> None:
    from popbase.lease import BASE, leased
    from popbase.publish.publication import Publications

    with leased(settings.lake, BASE), suppress(UsageError):  # readers see that already
        Publications(settings.lake).rollback(1, at=clock.now(), code_version=version("popbase"))


def maintenance(settings: Settings) -> None:
    from dataclasses import replace

    from popbase.publish.maintenance import maintain

    maintain(replace(settings, keep_publications=1))


def ingest_list(settings: Settings) -> None:
    from popbase import steps

    steps.ingest(settings, "statistical_division", SECOND)


def merge(settings: Settings) -> None:
    """As the base does with a table of millions of rows: files stay, deletion vectors hide rows of them."""
    from functools import partial

    from pyspark.sql import functions as F

    from popbase import renewal
    from popbase.lake import Lake
    from popbase.session import spark_session

    renewal.FEW_ROWS["small"] = 0  # this process is nobody else's
    lake = Lake(partial(spark_session, settings), settings.lake)
    old = lake.read("base/person").where("night = 2")
    renewal.replace(lake, "base/person", old, old.withColumn("night", F.lit(9).cast("long")), key=["night"])


def restore(settings: Settings) -> None:
    """As reports do with the cube of a night that was held; delta-rs does it, Spark is not asked."""
    from popbase.lake import Lake

    def no_spark() -> SparkSession:
        raise AssertionError

    Lake(no_spark, settings.lake).restore("base/person", 0)
