"""The search's stored model beside the levels that the code compares by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from popbase import contracts, search
from popbase.errors import PopbaseError
from popbase.search.characters import _pairs
from popbase.search.comparisons import MISTYPED_NUMBERS, NUMBERS, PEOPLE, SECOND_NUMBERS, Question
from popbase.search.model import stored

QUESTIONS = pytest.mark.parametrize("asks", [SECOND_NUMBERS, MISTYPED_NUMBERS], ids=lambda asks: asks.name)


@QUESTIONS
def test_the_stored_model_is_of_the_codes_levels(asks: Question) -> None:
    for dialect in ("spark", "duckdb"):
        assert len(stored(asks).splink(dialect)["comparisons"]) == 5


def test_a_model_of_other_levels_is_refused() -> None:
    model = stored(SECOND_NUMBERS)
    other = replace(model, levels={**model.levels, "sex": {"agrees": (1.0, 0.5)}})
    with pytest.raises(PopbaseError, match="train it anew"):
        other.splink("spark")


@QUESTIONS
def test_an_agreement_speaks_for_a_match_and_a_difference_against_it(asks: Question) -> None:
    for field in ("name", "birth", "sex"):
        strongest, *_, weakest = stored(asks).of_field(field)
        assert (strongest.m / strongest.u > 1, weakest.m / weakest.u < 1) == (True, True), field


@QUESTIONS
def test_a_rarer_name_weighs_more(asks: Question) -> None:
    weights = [level.m / level.u for level in stored(asks).of_field("name")[:7]]
    assert weights == sorted(weights, reverse=True)


@QUESTIONS
def test_the_model_holds_nobodys_name(asks: Question) -> None:
    frequency = stored(asks).frequency
    assert all(len(text) == 1 for text in (*frequency.surnames, *frequency.given))


def test_every_block_asks_more_than_one_thing() -> None:
    """What a block of one column holds grows with the country."""
    assert all(len(block.left) > 1 for block in (*PEOPLE, *NUMBERS))


def test_traditional_characters_stand_for_simplified_ones() -> None:
    traditional, simple = _pairs()
    told = dict(zip(traditional, simple, strict=True))
    assert [told[character] for character in "張國艷龍"] == list("张国艳龙")
    assert not set("张国艳龙") & set(traditional)


def test_another_model_makes_other_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a night would leave proposals that the model before it made."""
    (tmp_path / "search").mkdir()
    code = [file.read_bytes() for file in Path(search.__file__).parent.glob("*.json")]
    monkeypatch.setattr(contracts, "_HERE", tmp_path)
    monkeypatch.setattr(contracts, "home", lambda: tmp_path)
    told = []
    for content in (b"{}", code[0]):
        (tmp_path / "search/second_numbers.json").write_bytes(content)
        told.append(contracts.fingerprint())
    assert len(set(told)) == 2
