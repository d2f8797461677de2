"""The search's two models, estimated anew: for people to look at and store, never for a night.

    .venv/bin/python bench/train.py [--persons 100000] [--multiplier 10] [--seed 3] [--home DIR]
                                    [--store NAME ...]

A made-up country is delivered and taken in by one night; what its base and its sectors' findings say, without
any truth, gives the shares of names and how often likely matches and strangers agree. Prints each level's
weight beside the stored model's; models named by `--store` replace those in `jobs/popbase/search/`. A folder
given as `--home` is kept, and used again where it is there.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from math import log2
from pathlib import Path

from made_up import country

from popbase import search
from popbase.base import sector_update
from popbase.lake import Lake
from popbase.search.comparisons import QUESTIONS
from popbase.search.model import Model, stored
from popbase.search.nightly import HISTORY
from popbase.search.training import mistyped_numbers_from, second_numbers_from
from popbase.session import spark_session

# Of the matches, which share the estimate's first rules find: the generator's rates of slips say.
_SAME_NAME_BIRTH_AND_SEX, _SLIP_IN_DATE_OR_PLACE = 0.8, 0.95
THRESHOLD, SEED = 4.0, 1


def main() -> None:
    given = _arguments()
    with tempfile.TemporaryDirectory(prefix="train-") as scratch:
        home = Path(given.home or scratch)
        made = {"persons": given.persons, "seed": given.seed, "multiplier": given.multiplier}
        settings = country(home, **made)
        models = _estimated(Lake(spark_session(settings), settings.lake))
        for model in models:
            print("\n".join(_beside_stored(model)))
            if model.asks.name in given.store:
                place = Path(search.__file__).parent / f"{model.asks.name}.json"
                place.write_text(model.as_json(), encoding="utf-8")


def _estimated(lake: Lake) -> tuple[Model, Model]:
    history, told = lake.read(HISTORY), {"threshold": THRESHOLD, "seed": SEED}
    people = second_numbers_from(history, recall=_SAME_NAME_BIRTH_AND_SEX, **told)
    found = lake.read(sector_update.TABLE)
    slips = mistyped_numbers_from(found, history, people.frequency, recall=_SLIP_IN_DATE_OR_PLACE, **told)
    return people, slips


def _beside_stored(model: Model) -> Iterator[str]:
    old = stored(model.asks)
    yield f"## {model.asks.name}: {model.trained['rows']:,} rows"
    yield f"prior {model.prior:.3g}, stored {old.prior:.3g}"
    yield "| field | level | m | u | weight | stored |"
    yield "|---|---|---|---|---|---|"
    for field in model.levels:
        known = {level.label: level for level in old.of_field(field)} if field in old.levels else {}
        for level in model.of_field(field):
            was = known.get(level.label)
            before = f"{log2(was.m / was.u):+.2f}" if was else ""
            weight = log2(level.m / level.u)
            yield f"| {field} | {level.label} | {level.m:.3g} | {level.u:.3g} | {weight:+.2f} | {before} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--multiplier", type=float, default=10)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--home", help="where the made-up country lies, and stays")
    models = [question.name for question in QUESTIONS.values()]
    parser.add_argument("--store", nargs="*", default=[], choices=models, help="replaces the stored model")
    return parser.parse_args()


if __name__ == "__main__":
    main()
