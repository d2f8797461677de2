"""Text as departments write it, made one (design section 6): NFKC, trimmed; and the match name."""

from __future__ import annotations

from functools import reduce
from operator import or_

from pyspark.sql import Column
from pyspark.sql import functions as F

# Older systems hold rare characters in the private-use area of their fonts, and GB18030 keeps them there:
# the same name arrives under two code points (domain facts 6.2).
PRIVATE_USE = {
    "\ue863": "\u4dae",
    # GB 18030-2022 gave these eight their own code points; files written by the rules before it differ.
    **dict(zip("\ue81e\ue826\ue82b\ue82c\ue832\ue843\ue854\ue864", "龴龵龶龷龸龹龺龻", strict=True)),
}

# What stands between the parts of a minority name: the prescribed U+00B7 and every variant seen.
SEPARATORS = "·•・‧．.･"

# White space that NFKC does not turn into a blank.
NARROW_BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85"
WIDE_BLANKS = "\u1680\u2028\u2029"
BLANKS = " " + NARROW_BLANKS + WIDE_BLANKS


# Nearly every name, and nothing in it that a match name changes.
_COMMON_HAN = r"\A[\u4e00-\u9fa5]+\z"


def nfkc(text: Column) -> Column:
    """Unicode NFKC; null stays null, which ICU's composer does not take."""
    composed = F.call_function(
        "java_method", F.lit("com.ibm.icu.text.Normalizer"), F.lit("compose"), text, F.lit(True)
    )
    return F.when(text.isNotNull(), composed)


def is_tidy(text: Column) -> Column:
    """True where NFKC changes nothing and only plain blanks need trimming.

    Asked once of a whole line, it spares every field of it the work: a part of a normalised text is
    normalised.
    """
    # In two parts: a class of characters below 256 is one lookup a character, of others a chain of calls.
    wide = reduce(or_, (text.contains(blank) for blank in WIDE_BLANKS))
    return (nfkc(text) == text) & ~text.rlike(f"[{NARROW_BLANKS}]") & ~wide


def normalised(text: Column) -> Column:
    """The text trimmed and in NFKC; empty becomes null."""
    trimmed = F.btrim(F.when(is_tidy(text), text).otherwise(nfkc(text)), F.lit(BLANKS))
    return F.when(trimmed != "", trimmed)


def normalised_cells(cells: Column, whole: Column, separator: str, *, plain: Column) -> Column:
    """Every cell trimmed and in NFKC; an empty one stays empty, and no cells are no work.

    `whole` is the text that the cells were split from at `separator`, where it is `plain`: without quotes.
    """
    apart = (whole.contains(separator + " "), whole.contains(" " + separator))
    blank_at_an_end = reduce(or_, (*apart, whole.startswith(" "), whole.endswith(" ")))
    untouched = plain & ~blank_at_an_end & is_tidy(whole)
    mended = F.transform(cells, lambda cell: F.btrim(nfkc(cell), F.lit(BLANKS)))
    return F.when(cells.isNotNull(), F.when(untouched, cells).otherwise(mended))


def match_name(name: Column) -> Column:
    """What two spellings of one name have in common; `name` is already normalised text."""
    dropped = SEPARATORS + BLANKS
    spelled = F.upper(F.translate(name, "".join(PRIVATE_USE) + dropped, "".join(PRIVATE_USE.values())))
    return F.when(name.rlike(_COMMON_HAN), name).otherwise(spelled)
