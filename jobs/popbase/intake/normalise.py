"""Text as departments write it, made one (design section 6): NFKC, trimmed; and the match name."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

# Older systems hold rare characters in the private-use area of their fonts, and GB18030 keeps them there:
# the same name arrives under two code points (domain facts 6.2).
PRIVATE_USE = {"\ue863": "\u4dae"}

# What stands between the parts of a minority name: the prescribed U+00B7 and every variant seen.
SEPARATORS = "·•・‧．.･"

# White space that NFKC does not turn into a blank.
ODD_BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85\u1680\u2028\u2029"
BLANKS = " " + ODD_BLANKS


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
    return (nfkc(text) == text) & ~text.rlike(f"[{ODD_BLANKS}]")


def normalised(text: Column, tidy: Column) -> Column:
    """The text trimmed and in NFKC; empty becomes null."""
    trimmed = F.when(tidy, F.trim(text)).otherwise(F.btrim(nfkc(text), F.lit(BLANKS)))
    return F.nullif(trimmed, F.lit(""))


def match_name(name: Column) -> Column:
    """What two spellings of one name have in common; `name` is already normalised text."""
    dropped = SEPARATORS + BLANKS
    return F.upper(F.translate(name, "".join(PRIVATE_USE) + dropped, "".join(PRIVATE_USE.values())))
