"""Two spellings of one name meet: Spark's match name is the plain model's, character by character."""

from __future__ import annotations

import unicodedata
from itertools import chain

import pyarrow as pa
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from popbase.generate import judge
from popbase.intake.normalise import match_name

# Latin with its cases, punctuation, Han, the private-use area, half and full width forms, Han beyond the BMP.
BLOCKS = (
    (0x20, 0x180),
    (0x2000, 0x2070),
    (0x3000, 0xA000),
    (0xE000, 0xF900),
    (0xFF00, 0xFFF0),
    (0x20000, 0x20100),
)


def test_every_character_counts_in_a_name_as_the_model_says(spark: SparkSession) -> None:
    characters = map(chr, chain.from_iterable(range(*block) for block in BLOCKS))
    sound = [c for c in characters if unicodedata.is_normalized("NFKC", c)]
    names = pa.table({"name": [name for c in sound for name in (f"王{c}", f"{c}王")]})
    found = spark.createDataFrame(names).select("name", match_name(F.col("name")).alias("key")).toArrow()
    assert found.num_rows > 60_000
    pairs = zip(found["name"].to_pylist(), found["key"].to_pylist(), strict=True)
    assert [(name, key) for name, key in pairs if key != judge.match_name(name)] == []
