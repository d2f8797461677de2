"""Design section 6: the citizen ID number's rules in their order. All numbers are made up.

The examples of domain facts 1.3 with the reason or flag that the design gives them.
"""

from __future__ import annotations

from collections.abc import Callable

Agree = Callable[..., None]


def test_numbers_are_brought_into_one_form(agree: Agree) -> None:
    agree(r"""
        citizen_id                => citizen_id         | reasons | flags
        11010519491231002X        => 11010519491231002X |         |
        11010519491231002x        => 11010519491231002X |         |
        １１０１０５１９４９１２３１００２Ｘ => 11010519491231002X | |
        ␣110105␣19491231␣002X␣    => 11010519491231002X |         |
        110105\u300019491231\u0009002x => 11010519491231002X |    |
        110105491231002           => 11010519491231002X |         | citizen_id.upgraded
        １１０１０５␣４９１２３１␣００２ => 11010519491231002X |  | citizen_id.upgraded
    """, of="housing")  # fmt: skip


def test_the_first_rule_that_fails_names_the_reason(agree: Agree) -> None:
    agree(r"""
        citizen_id           => reasons
                             => citizen_id.missing
        ␣\u3000              => citizen_id.missing
        1101051949123100     => citizen_id.malformed
        11010549123100       => citizen_id.malformed
        11010549123100X      => citizen_id.malformed
        1101051949123100222  => citizen_id.malformed
        1101051949123100X2   => citizen_id.malformed
        11010519491231OO2X   => citizen_id.malformed
        110105194912310*2X   => citizen_id.malformed
        11010519491231002\u0000 => citizen_id.malformed
        11010519490231002X   => citizen_id.bad_date
        110101202502300010   => citizen_id.bad_date
        110105194900310021   => citizen_id.bad_date
        110105194912000021   => citizen_id.bad_date
        110105490231002      => citizen_id.bad_date
        330102179912310018   => citizen_id.bad_date
        330102201601010016   => citizen_id.bad_date
        100001201602300010   => citizen_id.bad_date
        110105194912310021   => citizen_id.bad_check
        110105194912310020   => citizen_id.bad_check
        100001199001010011   => citizen_id.bad_check
        100001199001010018   => citizen_id.unknown_area
        710000199001010015   => citizen_id.unknown_area
        830100199001010018   => citizen_id.unknown_area
        330102201512310017   =>
        330102180001010012   =>
    """, of="housing")  # fmt: skip


def test_an_area_that_ever_was_is_known_and_flagged_when_out_of_force(agree: Agree) -> None:
    """No `registered_on` in this feed: the business date stands for it."""
    agree("""
        citizen_id         => reasons | flags
        810000199001010019 =>         |
        820000199001010010 =>         |
        830000199001010012 =>         |
        911310199001010012 =>         |
        110223198503070076 =>         |
        510212198503070012 =>         |
        320586198503070018 =>         |
        110103201001010018 =>         | citizen_id.area_not_in_force
        440524188001010014 =>         | citizen_id.age
    """, of="housing")  # fmt: skip


def test_an_area_is_held_against_the_year_of_registration(agree: Agree) -> None:
    """320586 was in force from 1995 to 1999, 110103 until 2009."""
    agree("""
        citizen_id         | sex | birth_date | registered_on => flags
        320586198503070018 | 1   | 1985-03-07 | 1994-12-31    => citizen_id.area_not_in_force
        320586198503070018 | 1   | 1985-03-07 | 1995-01-01    =>
        320586198503070018 | 1   | 1985-03-07 | 2014-01-01    =>
        110103200901010019 | 1   | 2009-01-01 | 2009-02-01    =>
        110103201001010018 | 1   | 2010-01-01 | 2010-02-01    => citizen_id.area_not_in_force
    """, of="household_registration")  # fmt: skip


def test_a_number_that_differs_from_the_declared_person_is_flagged(agree: Agree) -> None:
    agree("""
        citizen_id         | sex | birth_date => reasons | flags
        330102199001010020 | 2   | 1990-01-01 =>         |
        330102199001010020 | 1   | 1990-01-01 =>         | citizen_id.sex
        330102199001010012 | 2   | 1990-01-01 =>         | citizen_id.sex
        330102199001010020 | 0   | 1990-01-01 =>         |
        330102199001010020 | 9   | 1990-01-01 =>         |
        330102199001010020 | 2   | 1990-01-02 =>         | citizen_id.birth_date
        330102199001010020 | 1   | 1991-01-01 =>         | citizen_id.birth_date citizen_id.sex
        330102900101002    | 1   | 1990-01-01 =>         | citizen_id.sex citizen_id.upgraded
                           | 1   | 1990-01-01 =>         |
        330102199001010020 | 7   | 1990-01-01 => sex.code |
        330102199001010020 | 2   | 1990-13-01 => birth_date.format |
    """, of="household_registration")  # fmt: skip


def test_whoever_completes_a_hundred_and_twenty_one_years_is_flagged(agree: Agree) -> None:
    agree("""
        citizen_id         => flags
        330102189602290014 => citizen_id.age
    """, of="housing", on="2017-03-01")  # fmt: skip


def test_on_the_day_before_nobody_is_over_a_hundred_and_twenty(agree: Agree) -> None:
    agree("""
        citizen_id         => flags
        330102189602290014 =>
    """, of="housing", on="2017-02-28")  # fmt: skip


def test_the_codes_read_citizen_id_whatever_the_field_is_called(agree: Agree) -> None:
    agree("""
        old_citizen_id     | new_citizen_id     => old_citizen_id     | reasons              | flags
        100001201602300010 | 330102199001010020 => 100001201602300010 |                      |
        33010290010100     | 330102199001010020 => | citizen_id.malformed |
        33010290010100     | 3301021990010100   => | citizen_id.malformed |
        330102900101002|330102199001010021 => 330102199001010020|citizen_id.bad_check | citizen_id.upgraded
        330102900101002 | 330102199001010020 => 330102199001010020 | | citizen_id.upgraded
                           |                    =>                    |                      |
    """, of="id_correction")  # fmt: skip
