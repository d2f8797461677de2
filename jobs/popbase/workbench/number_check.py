"""Pairs of number and name, answered as the country's real base answers them: 一致, 不一致 or 库中无此号."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from popbase.errors import UsageError
from popbase.intake import citizen_id
from popbase.intake.normalise import match_name, normalised
from popbase.lake import Lake
from popbase.storage import reached

AGREES, DIFFERS, UNKNOWN = "一致", "不一致", "库中无此号"
NUMBER, NAME, ANSWER = "公民身份号码", "姓名", "核查结果"
_ENCODINGS = ("utf-8-sig", "gb18030")


def answered(asked: DataFrame, person: DataFrame) -> DataFrame:
    """One row is a question's `line` with its `answer`. `asked`: line number name, as somebody wrote them.

    `person`: rows of base/person. Who claims a contested number may bear the name as well as its other
    claimant; the former holders of a number do not count (design section 7).
    """
    questions = asked.select(
        "line",
        _number17(F.col("number")).alias("number17"),
        match_name(normalised(F.col("name"))).alias("said"),
    )
    numbers = F.broadcast(questions.select("number17").where("number17 IS NOT NULL").distinct())
    claimed = citizen_id.number17(F.coalesce("citizen_id", "claimed_citizen_id")).alias("number17")
    holders = (
        person.where("id_status IN ('UNIQUE', 'CONTESTED')")
        .select(claimed, match_name(F.col("name")).alias("name"))
        .join(numbers, "number17", how="left_semi")
        .groupBy("number17")
        .agg(F.collect_set("name").alias("names"))
    )
    agrees = F.array_contains("names", F.col("said"))
    answer = F.when(F.col("names").isNull(), UNKNOWN).when(agrees, AGREES).otherwise(DIFFERS)
    return questions.join(holders, "number17", how="left").select("line", answer.alias("answer"))


def check(lake: Lake, version: int, file: Path, out: Path) -> Mapping[str, int]:
    """Answers a file of pairs (CSV with headers 公民身份号码, 姓名) in another, row by row, in its order and
    encoding; how many answers there are of each kind. Raises UsageError for a file that is none.
    """
    text, encoding = _read(file)
    header, *rows = _pairs(text, file)
    number, name = header.index(NUMBER), header.index(NAME)
    asked = pd.DataFrame({
        "line": range(len(rows)),
        "number": [row[number] for row in rows],
        "name": [row[name] for row in rows],
    })  # fmt: skip
    told: dict[int, str] = {}
    if rows:
        questions = lake.spark.createDataFrame(asked, "line long, number string, name string")
        told = dict(answered(questions, lake.read("base/person", version)).collect())
    _write(out, encoding, [[*header, ANSWER], *([*row, told[line]] for line, row in enumerate(rows))])
    return Counter(told.values())


def _number17(text: Column) -> Column:
    """The first 17 digits; null of what is no number, also by its check character."""
    number = citizen_id.compact(normalised(text))
    seventeen = citizen_id.number17(number)
    wrong = (F.length(number) == 18) & (F.substring(number, 18, 1) != citizen_id.check_character(seventeen))
    return F.when(~wrong, seventeen)


def _read(file: Path) -> tuple[str, str]:
    with reached(file.name):
        content = file.read_bytes()
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{file.name} is neither UTF-8 nor GB18030.")


def _pairs(text: str, file: Path) -> list[list[str]]:
    """The header and the rows, all as long as the header."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        raise UsageError(f"{file.name} is not CSV.") from error
    header = [cell.strip() for cell in rows[0]] if rows else []
    if not {NUMBER, NAME} <= set(header):
        raise UsageError(f"The first line of {file.name} names no columns {NUMBER} and {NAME}.")
    for at, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise UsageError(f"Row {at} of {file.name} has {len(row)} columns; its header has {len(header)}.")
    return [header, *rows[1:]]


def _write(out: Path, encoding: str, rows: Sequence[Sequence[str]]) -> None:
    """For its owner's eyes alone."""
    out.touch(mode=0o600, exist_ok=False)
    with out.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
