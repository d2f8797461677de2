"""The two nights that killed processes are tried on, made once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from kill import world
from kill.runs import Jvm

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from popbase.settings import Settings


@dataclass(frozen=True)
class Nights:
    jvm: Jvm
    world: world.World


@pytest.fixture(scope="session")
def nights(_session: SparkSession, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    return Nights(Jvm.of(_session), world.made(settings, tmp_path_factory.mktemp("kill")))
