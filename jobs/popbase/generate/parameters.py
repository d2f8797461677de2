"""What the made-up country looks like: published shares, each with its source.

Single figures and shares only; the lists they come from are not copied into the project.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

# UN DESA, World Population Prospects 2017: China 2015 by five-year age group, 0-4 to 100+, millions.
AGES_MALE = (46.1, 44.4, 42.3, 43.0, 53.3, 67.1, 52.5, 49.3, 60.8, 63.1, 52.1,
             40.7, 40.1, 26.1, 17.3, 11.9, 6.5, 2.6, 0.7, 0.13, 0.01)  # fmt: skip
AGES_FEMALE = (39.8, 38.0, 36.6, 37.9, 47.9, 62.7, 49.7, 46.8, 57.9, 61.3, 50.1,
               39.3, 39.4, 26.3, 17.4, 12.9, 8.2, 3.6, 1.1, 0.27, 0.04)  # fmt: skip

# 2015 one per cent survey: 105.02 males to 100 females.
MALE_SHARE = 105.02 / 205.02

# 2010 census: family households of one, two, ... seven and more persons, per cent; 3.10 on average.
HOUSEHOLD_SIZES = (14.5, 24.4, 26.9, 17.6, 10.0, 4.2, 2.4)

# Registered population in urban areas, 2015 (police statistics), and persons away from their registration,
# 2010 census: 261.39 of 1,339.72 million.
URBAN_SHARE = 0.399
AWAY_SHARE = 0.195

# Crude rates a year, 2015: births 12.07 and deaths 7.11 per mille (yearbook); moves as the Ningbo and Huzhou
# yearbooks have them, about 15 per mille.
BIRTH_RATE = 0.01207
DEATH_RATE = 0.00711
MOVE_RATE = 0.015

# Joint notice of 2016 on minority names: some 10 of 1,370 million persons carry the separator.
MINORITY_SHARE = 0.0075


@dataclass(frozen=True)
class Rates:
    """How often what is wrong goes wrong, per person; the defaults are history's (2005-2017 clean-up)."""

    contested: float = 0.001  # persons who share their number with another
    double: float = 0.002  # persons registered twice (3 of 1,380 million hukou cancelled)
    wrong_item: float = 0.008  # item errors corrected: 11 of 1,380 million
    no_number: float = 0.01  # 2010 census: 13 million without registration
    second_number: float = 0.0006  # registered twice under two numbers
    name_misspelt: float = 0.008  # in a sector's record
    not_in_register: float = 0.01  # a sector's record whose number no register row carries
    mistyped: float = 0.002  # a sector's record with a slip in its number; nobody published how often

    def times(self, factor: float) -> Rates:
        """All rates times `factor`, none above a fifth."""
        return replace(self, **{f.name: min(0.2, getattr(self, f.name) * factor) for f in fields(self)})


# How an honest row is written oddly, of all register rows: accepted, sometimes with a flag.
FIFTEEN_DIGITS = 0.004
LOWER_X = 0.002
FULL_WIDTH = 0.001
ODD_SEPARATOR = 0.3  # of the minority names
PRIVATE_USE = 0.3  # of the names with a rare character
RARE_SHARE = 0.0006

# What a second registration under another number alters; nobody published shares. Who wanted two of them
# gave another birth date, who moved was written down anew, and some never left the household.
SECOND_NUMBER_SAME_HOUSEHOLD = 0.25
SECOND_NUMBER_VARIANT = 0.15
SECOND_NUMBER_RENAMED = 0.1
SECOND_NUMBER_NAME_SLIP = 0.02
SECOND_NUMBER_BIRTH_SLIP = 0.03

# What the second registration of one person alters: shares of the double registrations.
SECOND_NAME_VARIANT = 0.2
SECOND_FORMER_NAME = 0.2
SECOND_ADDRESS = 0.7
SECOND_KIND = 0.1
SECOND_CANCELLED = 0.2
