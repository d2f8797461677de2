"""What people are called: weighted surnames, some 15,000 given names, minority names, rare characters."""

from __future__ import annotations

from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from faker.providers.person.zh_CN import Provider

from popbase.generate.chance import Chance, Flags, Ints, shares
from popbase.generate.parameters import MINORITY_SHARE, RARE_SHARE

SEPARATOR = "·"  # U+00B7, the one form the register must use since 2016
VARIANTS = ("•", "・", "‧", "．", ".", "")

# GB18030 alone has these; the first also arrives as a private-use character of older fonts.
RARE = ("䶮", "㼆", "𫖯")
PRIVATE_USE = {"䶮": "\ue863"}

_SYLLABLES = tuple("阿艾巴达迪尔古哈吉卡克库拉力丽玛曼买米穆娜尼努帕热赛莎提图吾西亚依扎孜")

# A third of given names has one character; the popular half of the characters carries most names.
_ONE_CHARACTER = 0.2


@cache
def surnames() -> tuple[pa.Array, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    weighted = Provider.last_names
    return pa.array(list(weighted)), shares(list(weighted.values()))


@cache
def given_names(sex: int) -> tuple[pa.Array, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """All one- and two-character names made of the characters of that sex's common names."""
    common = Provider.first_names_male if sex == 1 else Provider.first_names_female
    characters = list(dict.fromkeys("".join([*common, *Provider.first_names])))
    popularity = 1 / np.sqrt(np.arange(1, len(characters) + 1))
    pairs = [a + b for a in characters for b in characters]
    weights = np.concatenate(
        [
            _ONE_CHARACTER * shares(popularity),
            (1 - _ONE_CHARACTER) * np.outer(shares(popularity), shares(popularity)).ravel(),
        ]
    )
    return pa.array(characters + pairs), shares(weights)


def draw_surnames(chance: Chance, size: int) -> Ints:
    return chance.choice(len(surnames()[0]), size, p=surnames()[1]).astype(np.int64)


def full_names(chance: Chance, surname: Ints, sex: Ints) -> pa.Array:
    """Surname and given name; a few of a minority's form, a few with a rare character."""
    given = np.empty(len(sex), dtype=np.int64)
    offset = len(given_names(1)[0])
    for code in (1, 2):
        _, weights = given_names(code)
        chosen = sex == code
        given[chosen] = chance.choice(len(weights), int(chosen.sum()), p=weights) + offset * (code - 1)
    all_given = pa.concat_arrays([given_names(1)[0], given_names(2)[0]])
    plain = pc.binary_join_element_wise(
        surnames()[0].take(pa.array(surname)), all_given.take(pa.array(given)), ""
    )
    return _with_uncommon(chance, plain, surname)


def _with_uncommon(chance: Chance, plain: pa.Array, surname: Ints) -> pa.Array:
    draw = chance.random(len(plain))
    minority, rare = draw < MINORITY_SHARE, draw > 1 - RARE_SHARE
    names = _replaced(plain, minority, [minority_name(chance) for _ in range(int(minority.sum()))])
    characters = chance.choice(RARE, int(rare.sum()))
    family = surnames()[0].take(pa.array(surname[rare])).to_pylist()
    return _replaced(names, rare, [f + c for f, c in zip(family, characters, strict=True)])


def _replaced(names: pa.Array, where: Flags, values: list[str]) -> pa.Array:
    return pc.replace_with_mask(names, pa.array(where), pa.array(values, pa.string()))


def minority_name(chance: Chance) -> str:
    """A name and a father's name with the separator between."""
    first, second = ("".join(chance.choice(_SYLLABLES, chance.integers(2, 5))) for _ in range(2))
    return f"{first}{SEPARATOR}{second}"


def is_minority(names: pa.Array) -> Flags:
    return np.asarray(pc.match_substring(names, SEPARATOR))


def is_rare(names: pa.Array) -> Flags:
    return np.asarray(pc.match_substring_regex(names, "[" + "".join(RARE) + "]"))


def slipped(chance: Chance, name: str) -> str:
    """The name with its last character taken for another."""
    others = [character for character in _characters() if character != name[-1]]
    return name[:-1] + others[int(chance.integers(len(others)))]


@cache
def _characters() -> list[str]:
    return [given for given in given_names(1)[0].to_pylist() if len(given) == 1]


def misspelt(chance: Chance, name: str) -> str:
    """Another given name: what a clerk's slip or a namesake's record looks like."""
    pool = given_names(int(chance.integers(1, 3)))[0]
    while True:
        other = name[0] + pool[int(chance.integers(len(pool)))].as_py()
        if other != name:
            return str(other)
