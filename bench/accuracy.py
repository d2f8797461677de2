"""How well people are told apart: what the night found beside what the generator planted.

    make accuracy, or: .venv/bin/python bench/accuracy.py [--persons 500000] [--multiplier 10] [--home DIR]

A made-up country with faults at ten times the historical rates is delivered and taken in by one night; its
cases and proposals are compared with the truths beside the deliveries. Written to bench/out/: `accuracy.md`,
the table that stands in bench/README.md, and `match-weights.svg`, how good the proposals would be at other
thresholds. A folder given as `--home` is kept, and used again where it is there. Exit code 1 when a target is
missed:

* contested numbers and double registrations (design section 7): precision and recall 1;
* one person under two numbers: recall at least 0.95 at a precision of at least 0.99;
* sectors' records with a mistyped number: recall at least 0.9 at a precision of at least 0.999.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path

import altair
import duckdb
import pandas as pd
from made_up import ON, country

from popbase.publish.publication import Publications
from popbase.publish.tables import open_table
from popbase.search.candidates import in_company
from popbase.search.comparisons import PEOPLE, SECOND_NUMBERS
from popbase.search.linkage import pairs
from popbase.search.model import stored
from popbase.search.rows import rows, with_members
from popbase.session import spark_session
from popbase.settings import Settings

OUT = Path(__file__).parent / "out"
LOWEST = -8.0  # match weight from which on the curve is drawn
PRECISION, RECALL = 0.99, 0.95
OF_SECTORS = (0.999, 0.9)


@dataclass(frozen=True)
class Score:
    """`told`: findings; `right`: those that are true; `planted`: what the truth has; `found`: how much of
    that a finding tells of.
    """

    what: str
    told: int
    right: int
    planted: int
    found: int
    least: tuple[float, float] = (0.0, 0.0)  # precision, recall

    @property
    def precision(self) -> float:
        return self.right / self.told if self.told else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.planted if self.planted else 1.0

    @property
    def met(self) -> bool:
        return self.precision >= self.least[0] and self.recall >= self.least[1]


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as scratch:
        home = Path(given.home or scratch)
        made = {"persons": given.persons, "seed": given.seed, "multiplier": given.multiplier}
        settings = country(home, **made)
        scores = [*_cases(home), *_second_numbers(home, settings), *_mistyped_numbers(home)]
    told = _table(scores)
    OUT.mkdir(exist_ok=True)
    (OUT / "accuracy.md").write_text(told, encoding="utf-8")
    print(told)
    sys.exit(0 if all(score.met for score in scores) else 1)


def _cases(home: Path) -> Iterable[Score]:
    """A case is right where the generator, by its own reading of the design, opens it about these records."""
    expected = pd.read_parquet(home / "landing.truth" / "expected" / ON.isoformat() / "cases.parquet")
    found = _open_cases(home)
    for kind in ("contested_number", "double_registration"):
        truth, told = (
            {"+".join(refs) for refs in table[table.kind == kind].record_nos} for table in (expected, found)
        )
        right = len(truth & told)
        yield Score(kind, len(told), right, len(truth), right, (1.0, 1.0))


def _open_cases(home: Path) -> pd.DataFrame:
    shown = Publications(str(home / "lake")).shown()
    cases = open_table(str(home / "lake"), "base/id_case", shown.tables["base/id_case"])
    with duckdb.connect() as connection:
        connection.register("cases", cases)
        return connection.execute("SELECT kind, record_nos FROM cases WHERE status = 'open'").df()


def _second_numbers(home: Path, settings: Settings) -> Iterable[Score]:
    """A pair is right where both records are one person's; a person is found by any of his pairs."""
    people, scored = _searched(home, settings)
    person = dict(zip(people.ref, people.person, strict=True))
    twice = people[people.duplicated("person", keep=False)]
    cases = _open_cases(home)
    proposed = [tuple(refs) for refs in cases[cases.kind == "same_person"].record_nos]
    yield _of_pairs("same_person", proposed, person, set(twice.person), (PRECISION, RECALL))
    altered = twice.groupby("person").apply(_alteration, include_groups=False)
    for how in sorted(set(altered)):
        those = set(altered[altered == how].index)
        mine = [refs for refs in proposed if person[refs[0]] == person[refs[1]] and person[refs[0]] in those]
        yield _of_pairs(f"same_person, {how}", mine, person, those)
    _draw(scored, person, set(twice.person))


def _mistyped_numbers(home: Path) -> Iterable[Score]:
    """A proposal is right where the record is about the person whom it names; a record is found by it."""
    world = home / "landing.truth" / "world"
    records = pd.read_parquet(world / "records.parquet")
    person = dict(zip(records.region + "/" + records.record_no, records.person, strict=True))
    numbers = pd.read_parquet(world / "numbers.parquet")
    about = dict(zip(numbers.region + "/" + numbers.feed + ":" + numbers.key, numbers.person, strict=True))
    slips = numbers[numbers.fault == "MISTYPED"]
    planted = set(slips.region + "/" + slips.feed + ":" + slips.key)
    cases = _open_cases(home)
    told = [
        sorted(refs, key=lambda ref: ":" in ref) for refs in cases[cases.kind == "mistyped_number"].record_nos
    ]
    right = {theirs for ours, theirs in told if about.get(theirs) == person[ours]}
    least = OF_SECTORS
    yield Score("mistyped_number", len(told), len(right), len(planted), len(planted & right), least)
    for feed in sorted(set(slips.feed)):
        mine = [pair for pair in told if f"/{feed}:" in pair[1]]
        its = {ref for ref in planted if f"/{feed}:" in ref}
        found = {theirs for _, theirs in mine} & right
        yield Score(f"mistyped_number, {feed}", len(mine), len(found), len(its), len(its & found))


def _searched(home: Path, settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Whom the search looked at, with whom each is in truth; and all pairs that are worth drawing."""
    session = spark_session(settings)
    model = replace(stored(SECOND_NUMBERS), threshold=LOWEST)
    history = session.read.format("delta").load(f"{settings.lake}/base/person_history")
    everybody = rows(history, model.frequency)
    told = everybody.select("ref", "name", "former", "birth", "household").toPandas()
    records = pd.read_parquet(home / "landing.truth" / "world" / "records.parquet")
    records["ref"] = records.region + "/" + records.record_no
    some = with_members(in_company(everybody, PEOPLE), history).localCheckpoint()
    scored = pairs(model, some).select("ref_l", "ref_r", "match_weight").toPandas()
    return told.merge(records[["ref", "person"]], on="ref"), scored


def _alteration(registrations: pd.DataFrame) -> str:
    """What the second registration says otherwise than the first."""
    one, other = registrations.iloc[0], registrations.iloc[1]
    renamed = one["name"] in (other["former"],) or other["name"] in (one["former"],)
    name = "" if one["name"] == other["name"] else "renamed" if renamed else "another name"
    birth = "" if one["birth"] == other["birth"] else "another birth date"
    moved = "one household" if one["household"] == other["household"] else "moved"
    return ", ".join(part for part in (moved, name, birth) if part)


def _of_pairs(
    what: str,
    told: Sequence[tuple[str, ...]],
    person: Mapping[str, int],
    planted: Set[int],
    least: tuple[float, float] = (0.0, 0.0),
) -> Score:
    right = [person[one] for one, other in told if person[one] == person[other]]
    return Score(what, len(told), len(right), len(planted), len(planted & set(right)), least)


def _draw(scored: pd.DataFrame, person: Mapping[str, int], planted: Set[int]) -> None:
    """Precision and recall, had the threshold been another."""
    pairs_by_weight = [(r.match_weight, (r.ref_l, r.ref_r)) for r in scored.itertuples()]
    drawn = []
    for step in range(int(2 * LOWEST), 41):
        told = [refs for weight, refs in pairs_by_weight if weight >= step / 2]
        score = _of_pairs("", told, person, planted)
        drawn += [
            {"match weight": step / 2, "is": "precision", "share": score.precision},
            {"match weight": step / 2, "is": "recall", "share": score.recall},
        ]
    lines = altair.Chart(pd.DataFrame(drawn)).mark_line().encode(
        x="match weight:Q",
        y=altair.Y("share:Q", axis=altair.Axis(format="%")),
        color=altair.Color("is:N", title=None),
    )  # fmt: skip
    at = pd.DataFrame({"at": [stored(SECOND_NUMBERS).threshold]})
    rule = altair.Chart(at).mark_rule(strokeDash=[4, 4]).encode(x=altair.X("at:Q", title=None))
    OUT.mkdir(exist_ok=True)
    (lines + rule).properties(width=520, height=280).save(str(OUT / "match-weights.svg"))


def _table(scores: Iterable[Score]) -> str:
    lines = [
        "| what | told | right | planted | found | precision | recall | at least |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for s in scores:
        least = f"{s.least[0]:g}, {s.least[1]:g}{'' if s.met else ': MISSED'}" if any(s.least) else ""
        lines.append(
            f"| {s.what} | {s.told:,} | {s.right:,} | {s.planted:,} | {s.found:,} | {s.precision:.4f} | "
            f"{s.recall:.4f} | {least} |"
        )
    return "\n".join(lines) + "\n"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--persons", type=int, default=500_000)
    parser.add_argument("--multiplier", type=float, default=10)
    parser.add_argument(
        "--seed", type=int, default=23, help="of the country; none that the levels were chosen by"
    )
    parser.add_argument("--home", help="where the made-up country lies, and stays")
    return parser.parse_args()


if __name__ == "__main__":
    main()
