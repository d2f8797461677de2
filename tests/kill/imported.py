"""What the server of forked runs imports once for all of them; no thread and no connection is begun here."""

# ruff: noqa: E402 - pyspark takes a main module without a file for a doctest run, and exits

from __future__ import annotations

import sys

sys.modules["__main__"].__file__ = __file__

import popbase.intake.again
import popbase.night
import popbase.publish.maintenance
import popbase.statistics.printed.workbook
import popbase.steps  # noqa: F401
from popbase import expectations

expectations._great_expectations()
