"""The size classes of cities and counties (statistics.md 6, T5). No Spark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import yaml
from annotated_types import Gt, MinLen
from pydantic import TypeAdapter, ValidationError

from popbase import contracts
from popbase.errors import ContractError

KINDS = ("cities", "counties")

_Bounds = Annotated[tuple[Annotated[int, Gt(0)], ...], MinLen(1)]


@dataclass(frozen=True)
class SizeClasses:
    """The bounds that part the classes, rising."""

    cities: _Bounds
    counties: _Bounds

    @classmethod
    def read(cls) -> SizeClasses:
        """Those of `schemas/size_classes.yaml`; raises ContractError where it cannot be used."""
        path = contracts.home() / "schemas/size_classes.yaml"
        try:
            found = _CLASSES.validate_python(yaml.safe_load(path.read_text("utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise ContractError(f"{path.name} is no list of bounds: {type(error).__name__}.") from error
        if any(list(of) != sorted(set(of)) for of in (found.cities, found.counties)):
            raise ContractError(f"{path.name}: its bounds do not rise.")
        return found

    def of(self, kind: str) -> list[SizeClass]:
        """The classes of `cities` or `counties`, the smallest first."""
        bounds = self.cities if kind == "cities" else self.counties
        return [SizeClass(*ends) for ends in zip((0, *bounds), (*bounds, None), strict=True)]


@dataclass(frozen=True)
class SizeClass:
    """From `least` people, and below `below` where it has an end."""

    least: int
    below: int | None

    @property
    def code(self) -> str:
        return f"{self.least}+" if self.below is None else f"{self.least}-{self.below}"


_CLASSES = TypeAdapter(SizeClasses)


def parts(classes: SizeClasses) -> Iterator[tuple[str, SizeClass]]:
    """Every class of every kind."""
    for kind in KINDS:
        for size in classes.of(kind):
            yield kind, size
