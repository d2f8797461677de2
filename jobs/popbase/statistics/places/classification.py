"""Agricultural, non-agricultural, urban, rural: three definitions side by side (statistics.md 4, 5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import yaml
from pydantic import TypeAdapter, ValidationError
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase import contracts
from popbase.errors import ContractError
from popbase.statistics.places.areas import Geography

Definition = Literal["nature", "place-2003"]

MIXED = "mixed"


@dataclass(frozen=True)
class Rule:
    """The official agricultural column follows `definition` in these years; no province: everywhere."""

    definition: Definition
    first_year: int
    last_year: int
    province: str | None = None


_RULES = TypeAdapter(tuple[Rule, ...])


@dataclass(frozen=True)
class Definitions:
    """Provinces left the household's nature in different years: theirs win over the country's."""

    rules: tuple[Rule, ...]

    @classmethod
    def read(cls) -> Definitions:
        """Those of `schemas/agricultural.yaml`; raises ContractError where it cannot be used."""
        path = contracts.home() / "schemas/agricultural.yaml"
        try:
            return cls(_RULES.validate_python(yaml.safe_load(path.read_text("utf-8"))))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            raise ContractError(f"{path.name} is no list of definitions: {type(error).__name__}.") from error

    def of_year(self, year: int) -> tuple[Definition, dict[str, Definition]]:
        """(the country's definition, those of provinces that differ by rule)."""
        rules = [r for r in self.rules if r.first_year <= year <= r.last_year]
        country = [r.definition for r in rules if r.province is None]
        if not country:
            raise ContractError(f"agricultural.yaml has no rule for the whole country in report year {year}.")
        return country[0], {r.province: r.definition for r in reversed(rules) if r.province is not None}

    def official(self, year: int, province: str = "province") -> Column:
        """The definition that holds in a row's province."""
        country, provinces = self.of_year(year)
        chosen = F.lit(country)
        for code, definition in provinces.items():
            chosen = F.when(F.col(province) == code, F.lit(definition)).otherwise(chosen)
        return chosen


def nature() -> dict[str, Column]:
    """By 户口性质, in any year: existing booklets keep the old value long after the reform."""
    code = F.col("hukou_nature")
    return {
        "agricultural_nature": code.isin("12", "22"),
        "non_agricultural_nature": code.isin("11", "21"),
        "nature_unknown": code.isNull() | ~code.isin("11", "12", "21", "22"),
    }


def non_agricultural_by_place() -> Column:
    """The 2003 rule, of an area with `city` and `class_code`."""
    town, village = F.substring("registered_area", 7, 3), F.substring("registered_area", 10, 3)
    # 000 is no 街道 but a township left open.
    street = town.startswith("0") & (town != "000")
    seat = village.between("200", "399") & (F.col("class_code") == "121")
    in_town = town.startswith("1") & (village.between("001", "199") | seat)
    return F.coalesce((F.col("city") & street) | in_town, F.lit(False))


def by_place() -> dict[str, Column]:
    """Whether an area with `city` and `class_code` is of this kind by the 2003 rule."""
    within = non_agricultural_by_place()
    return {"agricultural": ~within, "non_agricultural": within}


def by_class() -> dict[str, Column]:
    """Whether an area with `urban` is of this class."""
    urban = F.col("urban")
    return {"urban": urban, "rural": ~urban, "unclassified": urban.isNull()}


def with_classes(areas: DataFrame, places: Geography) -> DataFrame:
    """Adds `class_code` (the area's own 城乡分类) and `urban` (null: unclassified) to areas with a standing.

    An area is looked up as registered, then under the code its county had when the list was made; else
    its town decides where the classified villages of the town agree.
    """
    area = F.col("registered_area")
    renamed = F.concat("listed_as", F.substring(area, 7, 6))
    towns = _agreeing_towns(places.classes)
    looked_up = areas
    for name, code, source in (
        ("own", area, places.classes),
        ("renamed", renamed, places.classes),
        ("own_town", F.substring(area, 1, 9), towns),
        ("renamed_town", F.substring(renamed, 1, 9), towns),
    ):
        looked_up = looked_up.join(source.alias(name), on=code == F.col(f"{name}.code"), how="left")
    class_code = F.coalesce(F.col("own.class_code"), F.col("renamed.class_code"))
    return looked_up.select(
        *areas.columns,
        class_code.alias("class_code"),
        F.coalesce(class_code < "200", F.col("own_town.urban"), F.col("renamed_town.urban")).alias("urban"),
    )


def _agreeing_towns(classes: DataFrame) -> DataFrame:
    """code (nine digits), urban: the towns whose classified villages are all urban or all rural."""
    urban = F.col("class_code") < "200"
    return (
        classes.where(F.substring("code", 10, 3) != "000")
        .groupBy(F.substring("code", 1, 9).alias("code"))
        .agg(F.min(urban).alias("urban"), F.max(urban).alias("some_urban"))
        .where(F.col("urban") == F.col("some_urban"))
        .drop("some_urban")
    )
