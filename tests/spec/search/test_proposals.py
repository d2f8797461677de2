"""Design section 7, step 5: who is proposed as one person under two numbers, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pytest
from lib.tables import parse_table

from popbase import table_contracts
from popbase.identity.findings import PROPOSED
from popbase.search.comparisons import SECOND_NUMBERS
from popbase.search.model import stored
from popbase.search.proposals import among_all, of_changed

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row, SparkSession

ON = date(2015, 12, 31)


@dataclass(frozen=True)
class Pair:
    """Two rows of base/person_history, and the verdicts that propose them; None: they are not proposed."""

    rows: str
    verdicts: str | None
    opened: str = "2014-01-01"
    closed: str | None = None


# What is not said is the same in both rows, but for the number, the household and the street.
PAIRS = {
    "one name, one birth date, two places": Pair(
        """
        name     | birth_date
        欧阳海青 | 1981-05-06
        欧阳海青 | 1981-05-06
        """,
        "birth=agrees;sex=agrees;home=differs;entry=given_late",
    ),
    "a name in traditional and in simplified characters": Pair(
        """
        name   | birth_date
        張國艷 | 1982-05-06
        张国艳 | 1982-05-06
        """,
        "birth=agrees;sex=agrees;home=differs;entry=given_late",
    ),
    "another separator": Pair(
        """
        name            | birth_date
        阿依古丽·买买提 | 1983-05-06
        阿依古丽•买买提 | 1983-05-06
        """,
        "birth=agrees;sex=agrees;home=differs;entry=given_late",
    ),
    "a name that is the other's former one": Pair(
        """
        name   | former_name | birth_date
        钱雪梅 |             | 1984-05-06
        钱红梅 | 钱雪梅      | 1984-05-06
        """,
        "name=former_name;birth=agrees;sex=agrees;home=differs;entry=given_late",
    ),
    "day and month exchanged within a household": Pair(
        """
        name   | birth_date | household_id
        孙玉兰 | 1985-05-06 | 330100/swapped
        孙玉兰 | 1985-06-05 | 330100/swapped
        """,
        "birth=similar;sex=agrees;home=household;entry=given_late",
    ),
    "twins, who are named alike, are two": Pair(
        """
        name   | birth_date | household_id
        李文东 | 1986-05-06 | 330100/twins
        李文西 | 1986-05-06 | 330100/twins
        """,
        None,
    ),
    "father and son of one name are two": Pair(
        """
        name   | birth_date | household_id
        周建国 | 1960-05-06 | 330100/father
        周建国 | 1987-05-06 | 330100/father
        """,
        None,
    ),
    "one child of a household, its sex written down in two ways": Pair(
        """
        name   | birth_date | sex | household_id
        吴小明 | 1988-05-06 | 1   | 330100/both
        吴小明 | 1988-05-06 | 2   | 330100/both
        """,
        "birth=agrees;sex=differs;home=household;entry=given_late",
    ),
    "two newborn children of a common name are two": Pair(
        """
        name     | birth_date | registered_on
        王芳     | 1994-05-06 | 1994-05-20
        王芳     | 1994-05-06 | 1994-06-01
        """,
        None,
    ),
    "who moved in brought his number along": Pair(
        """
        name     | birth_date | citizen_id         | registered_on
        欧阳海明 | 1995-05-06 | 110102199505060011 | 2001-05-20
        欧阳海明 | 1995-05-06 | 120102199505060012 | 2003-06-01
        """,
        None,
    ),
    "two who share a number are contested, not proposed": Pair(
        """
        name     | birth_date | claimed_citizen_id
        欧阳海南 | 1989-05-06 | 330102198905060011
        欧阳海南 | 1989-05-06 | 330102198905060011
        """,
        None,
    ),
    "the dead are not searched": Pair(
        """
        name     | birth_date | status
        欧阳海北 | 1990-05-06 | REGISTERED
        欧阳海北 | 1990-05-06 | DEAD
        """,
        None,
    ),
    "who came after the other was gone was never beside him": Pair(
        """
        name     | birth_date | valid_from | valid_to
        欧阳海东 | 1991-05-06 | 2014-01-01 | 2015-03-01
        欧阳海东 | 1991-05-06 | 2015-03-01 |
        """,
        None,
    ),
    "a case lasts while both do": Pair(
        """
        name     | birth_date | valid_from | valid_to
        欧阳海西 | 1992-05-06 | 2014-01-01 | 2015-03-01
        欧阳海西 | 1992-05-06 | 2014-06-01 |
        """,
        "birth=agrees;sex=agrees;home=differs;entry=given_late",
        opened="2014-06-01",
        closed="2015-03-01",
    ),
    "what lies ahead is not known yet": Pair(
        """
        name     | birth_date | valid_from
        欧阳海中 | 1993-05-06 | 2014-01-01
        欧阳海中 | 1993-05-06 | 2016-02-01
        """,
        None,
    ),
}


def history(spark: SparkSession) -> DataFrame:
    """base/person_history of all pairs; a pair's rows are of the persons `<place>a` and `<place>b`."""
    columns = table_contracts.tables()["base/person_history"].columns
    told = []
    for place, pair in enumerate(PAIRS.values()):
        for side, given in zip("ab", parse_table(pair.rows), strict=True):
            no = 2 * place + (side == "b")
            county = f"33010{1 + no % 8}"
            told.append({
                "person_id": f"{place}{side}", "citizen_id": f"{county}19700101{no:03d}1", "sex": "2",
                "region": "330100", "record_no": f"{place}{side}", "household_kind": "10",
                "status": "REGISTERED", "household_id": f"330100/{place}{side}",
                "registered_area": f"{county}{no:06d}", "registered_on": "2012-01-01",
                "valid_from": "2014-01-01",
                **{name: value for name, value in given.items() if value is not None},
                **({"citizen_id": None} if given.get("claimed_citizen_id") else {}),
            })  # fmt: skip
    names = [column.name for column in columns]
    rows = [tuple(row.get(name) for name in names) for row in told]
    frame = spark.createDataFrame(rows, ", ".join(f"{name} string" for name in names))
    types = {"valid_from": "date", "valid_to": "date", "birth_date": "date", "registered_on": "date"}
    return frame.selectExpr(*(f"CAST({name} AS {types.get(name, 'string')}) AS {name}" for name in names))


@pytest.fixture(scope="module")
def found(_session: SparkSession) -> dict[str, Row]:
    cases = among_all(stored(SECOND_NUMBERS), history(_session), ON)
    assert cases is not None
    return {"+".join(row["record_nos"]): row for row in cases.collect()}


@pytest.mark.parametrize("name", PAIRS)
def test_who_is_proposed(found: dict[str, Row], name: str) -> None:
    place, pair = list(PAIRS).index(name), PAIRS[name]
    case = found.get(f"330100/{place}a+330100/{place}b")
    if pair.verdicts is None:
        assert case is None
        return
    assert case is not None
    assert (case["kind"], case["evidence"].endswith(pair.verdicts)) == (PROPOSED, True), case["evidence"]
    assert (str(case["opened_on"]), case["closed_on"] and str(case["closed_on"])) == (
        pair.opened,
        pair.closed,
    )
    assert case["match_weight"] >= stored(SECOND_NUMBERS).threshold


def test_nobody_else_is_proposed(found: dict[str, Row]) -> None:
    assert len(found) == sum(pair.verdicts is not None for pair in PAIRS.values())


def test_a_nights_few_find_what_a_look_at_everybody_finds(spark: SparkSession, found: dict[str, Row]) -> None:
    """Whichever of a pair the night changed, and where it changed both."""
    everybody = history(spark).localCheckpoint()
    for changed in ("person_id LIKE '%a'", "person_id LIKE '%b'", "person_id < '5'"):
        cases = of_changed(stored(SECOND_NUMBERS), everybody.where(changed), everybody, ON)
        assert cases is not None
        expected = {
            refs: row for refs, row in found.items()
            if changed != "person_id < '5'" or any(part < "330100/5" for part in refs.split("+"))
        }  # fmt: skip
        assert {"+".join(row["record_nos"]): row for row in cases.collect()} == expected


def test_where_nobody_can_be_compared_there_is_nothing_to_write(spark: SparkSession) -> None:
    alone = history(spark).where("person_id LIKE '%a'")
    assert among_all(stored(SECOND_NUMBERS), alone, ON) is None
