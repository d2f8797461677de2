"""What is compared of two people, and which pairs are compared at all: Splink's levels and blocking rules.

A level's label is the verdict that a case gives as evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from splink import SettingsCreator
from splink.blocking_rule_library import CustomRule
from splink.comparison_level_library import CustomLevel, ElseLevel, NullLevel
from splink.comparison_library import CustomComparison

from popbase.identity.findings import MISTYPED, PROPOSED

# Two who bear a rare name are sooner one person: agreement counts by how many do. Splink's own
# adjustment counts the names in the rows at hand, or fails in 5.0.0 where a column brings their shares.
SHARES = {
    "agrees_unique": 1e-7, "agrees_rare": 1e-6, "agrees_seldom": 1e-5, "agrees_often": 1e-4,
    "agrees_common": 3e-4, "agrees_everywhere": 1e-3, "agrees_most": 1.0,
}  # fmt: skip


# The dialect of all SQL here; Splink translates it for others.
_WRITTEN_FOR = "spark"


@dataclass(frozen=True)
class Block:
    """Pairs are compared where these columns of one row equal those of the other, whichever comes first, and
    where `also` holds of them (SQL over l and r).
    """

    left: tuple[str, ...]
    right: tuple[str, ...]
    also: str = "true"

    @property
    def rules(self) -> list[CustomRule]:
        ways = dict.fromkeys([(self.left, self.right), (self.right, self.left)])
        return [self._rule(zip(one, other, strict=True)) for one, other in ways]

    def _rule(self, equal: Iterable[tuple[str, str]]) -> CustomRule:
        same = (f"l.{one} = r.{other}" for one, other in equal)
        said = [*same, "l.number17 <> r.number17", _ON_ONE_DAY, self.also]
        return CustomRule(" AND ".join(said), sql_dialect=_WRITTEN_FOR)


def _same_of(*columns: str, also: str = "true") -> Block:
    return Block(columns, columns, also)


def slip(column: str) -> str:
    """SQL over a pair l and r: one digit is another, or two have changed places; `<column>_sorted` has the
    digits in their order.
    """
    distance = f"levenshtein(l.{column}, r.{column})"
    return f"({distance} = 1 OR ({distance} = 2 AND l.{column}_sorted = r.{column}_sorted))"


_ON_ONE_DAY = "l.valid_from < r.valid_until AND r.valid_from < l.valid_until"

# Each holds few rows to a block in a country of any size: one name on a birth date, a home, a street, a name
# that hardly anybody bears.
PEOPLE = (
    _same_of("name", "birth"),
    Block(("name", "birth"), ("former", "birth")),
    _same_of("household", "name"),
    _same_of("birth", "sex", "village"),
    _same_of("name", "sex", "village"),
    _same_of("rare_name", "sex"),
)


# A slip of a digit, or two neighbours exchanged, leaves one of these parts of a number as it was. A name in
# each is hardly anybody else's; nor is a surname where the slip is in the date or in the area. Where it is in
# the sequence, neighbours born on one day are as near.
NUMBERS = (
    *(_same_of("name", f"digits_{part}", also=slip("digits")) for part in ("date", "place", "head", "tail")),
    _same_of("surname", "birth", "digits_place", also=slip("digits")),
    _same_of("surname", "digits_tail", also=slip("digits")),
)


@dataclass(frozen=True)
class Question:
    """What is asked of two rows: by which comparisons, in which blocks. `name`: of its stored model; `kind`:
    of the cases that it proposes.
    """

    name: str
    kind: str
    comparisons: Callable[[], list[CustomComparison]]
    blocks: tuple[Block, ...]

    def settings(self, dialect: str = _WRITTEN_FOR) -> dict[str, Any]:
        """Splink's, without parameters, in a database's dialect."""
        creator = SettingsCreator(
            link_type="dedupe_only",
            comparisons=self.comparisons(),
            blocking_rules_to_generate_predictions=[rule for block in self.blocks for rule in block.rules],
            retain_intermediate_calculation_columns=True,
            additional_columns_to_retain=["person_id", "ref", "valid_from", "valid_until"],
        )
        told: dict[str, Any] = creator.create_settings_dict(dialect)
        return told


def name() -> CustomComparison:
    """Match names in simplified characters; long ones are those of minorities, spelled in many ways."""
    distance = "levenshtein(name_l, name_r)"
    one = f"left(name_l, 1) = left(name_r, 1) AND {distance} = 1"
    two = f"least(length(name_l), length(name_r)) >= 6 AND {distance} <= 2"
    renamed = "name_l = former_r OR former_l = name_r"
    twins = "coalesce(cradle_l = cradle_r, false)"  # they are named alike
    return _comparison(
        "name", *_equal_names(), ("former_name", renamed), ("similar", f"NOT {twins} AND ({one} OR {two})")
    )


def birth_date() -> CustomComparison:
    swapped = (
        "year(birth_l) = year(birth_r) AND month(birth_l) = day(birth_r) AND day(birth_l) = month(birth_r)"
    )
    part = (
        "year(birth_l) = year(birth_r) AND (month(birth_l) = month(birth_r) OR day(birth_l) = day(birth_r))"
    )
    day = "month(birth_l) = month(birth_r) AND day(birth_l) = day(birth_r)"
    decade = "abs(year(birth_l) - year(birth_r)) <= 10"  # father and son are further apart
    near = "abs(datediff(birth_l, birth_r)) <= 731"
    return _comparison(
        "birth",
        ("agrees", "birth_l = birth_r"),
        ("similar", f"({swapped}) OR ({part}) OR ({day} AND {decade})"),
        ("two_years", near),
    )


def sex() -> CustomComparison:
    return _comparison("sex", ("agrees", "sex_l = sex_r"))


def home() -> CustomComparison:
    """Where they are registered, and with whom: `members` are names in the household, but their own."""
    return _comparison(
        "home",
        ("household", "household_l = household_r"),
        ("members", "arrays_overlap(members_l, members_r)"),
        ("village", "village_l = village_r"),
        ("town", "town_l = town_r"),
        ("county", "county_l = county_r"),
        null=False,
    )


def entry() -> CustomComparison:
    """How they came into their registers. A second number is given where somebody is registered late in life;
    who moves brings his number along, and nobody is registered twice as a newborn child.
    """
    given_late = ("given_late", "entry_l = 'late' OR entry_r = 'late'")
    moved = ("moved_in", "entry_l = 'moved' OR entry_r = 'moved'")
    return _comparison("entry", given_late, moved, null=False, other="both_at_birth")


def digits() -> CustomComparison:
    """The first seventeen, which say who; the last one follows from them. No pair is compared that differs by
    more than a slip.
    """
    return _comparison("digits", ("one_digit", "levenshtein(digits_l, digits_r) = 1"), other="exchanged")


def called() -> CustomComparison:
    """A name that both bear, by how many do; no pair is compared that differs in the surname."""
    return _comparison("name", *_equal_names(), other="surname")


def declared_birth() -> CustomComparison:
    """The birth date that a sector declares beside the number, where the slip is in the number's own: else it
    says what the number says already.
    """
    told = "birth_l IS NULL OR birth_r IS NULL OR digits_date_l = digits_date_r"
    implied = CustomLevel(told, "unknown", _WRITTEN_FOR).configure(is_null_level=True)
    return _comparison("birth", ("agrees", "birth_l = birth_r"), null=implied)


def whereabouts() -> CustomComparison:
    """Where a sector says that somebody is, beside where he is registered."""
    return _comparison(
        "county",
        ("agrees", "county_l = county_r"),
        ("city", "left(county_l, 4) = left(county_r, 4)"),
        ("province", "left(county_l, 2) = left(county_r, 2)"),
    )


def _equal_names() -> list[tuple[str, str]]:
    return [(label, f"name_l = name_r AND share_l <= {share:g}") for label, share in SHARES.items()]


def _comparison(
    column: str, *levels: tuple[str, str], null: bool | CustomLevel = True, other: str = "differs"
) -> CustomComparison:
    """Levels as (label, condition), the strongest first; `null`: whether, or when, a value is not given."""
    told = [CustomLevel(condition, label, _WRITTEN_FOR) for label, condition in levels]
    given = NullLevel(column).configure(label_for_charts="unknown") if null is True else null
    unknown = [given] if given else []
    last = ElseLevel().configure(label_for_charts=other)
    return CustomComparison(output_column_name=column, comparison_levels=[*unknown, *told, last])


# Of two people under two numbers, whether they are one; of a sector's record whose number is nobody's, or
# another's, and of a person, whether that person's was meant.
SECOND_NUMBERS = Question(
    "second_numbers", PROPOSED, lambda: [name(), birth_date(), sex(), home(), entry()], PEOPLE
)
MISTYPED_NUMBERS = Question(
    "mistyped_numbers",
    MISTYPED,
    lambda: [digits(), called(), declared_birth(), sex(), whereabouts()],
    NUMBERS,
)
QUESTIONS = {question.kind: question for question in (SECOND_NUMBERS, MISTYPED_NUMBERS)}
