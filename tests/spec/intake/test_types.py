"""Design section 5: what each type of field takes, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Callable

Agree = Callable[..., None]


def test_text_is_normalised_and_trimmed_and_holds_no_nul(agree: Agree) -> None:
    agree(r"""
        text                   => text        | reasons
                               =>             |
        ␣王\u3000芳\u3000      => 王␣芳       |
        ＡＢＣ１２３           => ABC123      |
        \u00a0\u2003㍻\u2028   => 平成        |
        \u0009李四\u0085       => 李四        |
        ㈱                     => (株)        |
        e\u0301                => é           |
        阿依古丽·买买提        => 阿依古丽·买买提 |
        马克．吐温             => 马克.吐温   |
        \ue863                 => \ue863      |
        a,"b"                  => a,"b"       |
        \u3000                 =>             |
        王\u0000芳             =>             | text.format
        \u0000                 =>             | text.format
        a,\u0000               =>             | text.format
    """)


def test_a_required_field_is_empty_when_it_holds_only_white_space(agree: Agree) -> None:
    agree(r"""
        no | name         => name | key | reasons
        1  | 王芳         => 王芳 |     |
        2  |              =>      | 2   | name.required
        3  | ␣\u3000␣     =>      | 3   | name.required
        ␣  | 王芳         => 王芳 |     | no.required
    """)


def test_dates_are_written_with_hyphens_or_without(agree: Agree) -> None:
    agree("""
        day           => day        | reasons
        2015-12-31    => 2015-12-31 |
        20151231      => 2015-12-31 |
        ２０１５１２３１ => 2015-12-31 |
        2016-02-29    => 2016-02-29 |
        1582-10-10    => 1582-10-10 |
        0001-01-01    => 0001-01-01 |
        99991231      => 9999-12-31 |
        2015-02-29    =>            | day.format
        20150229      =>            | day.format
        2015-13-01    =>            | day.format
        2015-00-10    =>            | day.format
        0000-01-01    =>            | day.format
        2015-1-1      =>            | day.format
        2015-1231     =>            | day.format
        2015/12/31    =>            | day.format
        15-12-31      =>            | day.format
        +2015-12-31   =>            | day.format
        02015-12-31   =>            | day.format
        2015-12-31T00 =>            | day.format
        2015-12-31Z   =>            | day.format
        ٢٠١٥١٢٣١      =>            | day.format
        today         =>            | day.format
    """)


def test_a_month_is_six_digits(agree: Agree) -> None:
    agree("""
        month   => month      | reasons
        201512  => 2015-12-01 |
        ２０１５０１ => 2015-01-01 |
        201513  =>            | month.format
        201500  =>            | month.format
        000001  =>            | month.format
        2015-12 =>            | month.format
        20151   =>            | month.format
        20151201 =>           | month.format
    """)


def test_timestamps_are_instants_with_a_zone_or_of_east_eight(agree: Agree) -> None:
    agree("""
        updated_at                       => updated_at                 | reasons
        2015-12-31 08:00                 => 2015-12-31 08:00:00        |
        2015-12-31T08:00                 => 2015-12-31 08:00:00        |
        2015-12-31 08:00:01              => 2015-12-31 08:00:01        |
        2015-12-31 08:00:01.5            => 2015-12-31 08:00:01.5      |
        2015-12-31 08:00:01.123456789    => 2015-12-31 08:00:01.123456 |
        2015-12-31 08:00Z                => 2015-12-31 16:00:00        |
        2015-12-31T08:00:00Z             => 2015-12-31 16:00:00        |
        2015-12-31 08:00+08:00           => 2015-12-31 08:00:00        |
        2015-12-31 08:00-05:30           => 2015-12-31 21:30:00        |
        2015-12-31T20:00:00.25-12:00     => 2016-01-01 16:00:00.25     |
        2015-12-31 00:00:00+14:00        => 2015-12-30 18:00:00        |
        1988-07-01 12:00                 => 1988-07-01 12:00:00        |
        1900-01-01 00:00:00              => 1900-01-01 00:00:00        |
                                         =>                            | updated_at.required
        2015-12-31                       =>                            | updated_at.format
        20151231080000                   =>                            | updated_at.format
        2015-12-31 8:00                  =>                            | updated_at.format
        2015-12-31  08:00                =>                            | updated_at.format
        2015-12-31t08:00                 =>                            | updated_at.format
        2015-12-31 24:00                 =>                            | updated_at.format
        2015-12-31 08:60                 =>                            | updated_at.format
        2015-12-31 08:00:60              =>                            | updated_at.format
        2015-12-31 08:00:00.             =>                            | updated_at.format
        2015-02-30 08:00                 =>                            | updated_at.format
        2015-12-31 08:00z                =>                            | updated_at.format
        2015-12-31 08:00 +08:00          =>                            | updated_at.format
        2015-12-31 08:00+08              =>                            | updated_at.format
        2015-12-31 08:00+0800            =>                            | updated_at.format
        2015-12-31 08:00+08:60           =>                            | updated_at.format
        2015-12-31 08:00 Asia/Shanghai   =>                            | updated_at.format
    """)


def test_numbers_are_plain_digits(agree: Agree) -> None:
    agree("""
        int                 | dec                 => int                 | dec                 | reasons
        0                   | 0                   => 0                   | 0.00                |
        -12                 | -0.5                => -12                 | -0.50               |
        007                 | 007.10              => 7                   | 7.10                |
        １２                | １２．５            => 12                  | 12.50               |
        9223372036854775807 | 9999999999999999.99 => 9223372036854775807 | 9999999999999999.99 |
        9223372036854775808 | 10000000000000000   => | | dec.format int.format
        +1                  | +1                  => | | dec.format int.format
        1,000               | 1,000.00            => | | dec.format int.format
        1.0                 | 1.005               => | | dec.format int.format
        1e3                 | 1e3                 => | | dec.format int.format
        --1                 | .5                  => | | dec.format int.format
        0x1F                | 5.                  => | | dec.format int.format
        ٣                   | NaN                 => | | dec.format int.format
        -                   | 1 000               => | | dec.format int.format
    """)


def test_areas_have_their_digits(agree: Agree) -> None:
    agree("""
        a12           | a6      | a             => a12          | a6     | a            | reasons
        330102001001  | 330102  | 330102        => 330102001001 | 330102 | 330102       |
        330102001001  | ３３０１０２ | 330102001 => 330102001001 | 330102 | 330102001    |
                      |         | 330102001001  =>              |        | 330102001001 |
        330102        | 3301    | 3301          => | | | a.format a12.format a6.format
        33010200100A  | 33010A  | 33010200100   => | | | a.format a12.format a6.format
        3301020010011 | 3301021 | 3301020010011 => | | | a.format a12.format a6.format
    """)


def test_an_unknown_code_is_an_error_or_a_null_with_a_flag(agree: Agree) -> None:
    agree("""
        strict | lenient => strict | lenient | reasons     | flags
        1      | 2       => 1      | 2       |             |
        １     | ２      => 1      | 2       |             |
               |         =>        |         |             |
        3      | 1       =>        | 1       | strict.code |
        1      | 3       => 1      |         |             | lenient.code
        01     | 2       =>        | 2       | strict.code |
        1      | 02      => 1      |         |             | lenient.code
        1      | 一      => 1      |         |             | lenient.code
        9      | 9       =>        |         | strict.code | lenient.code
    """)


def test_a_code_of_two_digits_is_known_whatever_the_digits(agree: Agree) -> None:
    agree("""
        pair | strict_pair => pair | strict_pair | reasons          | flags
        01   | 99          => 01   | 99          |                  |
        ０２ | ００        => 02   | 00          |                  |
             |             =>      |             |                  |
        1    | 01          =>      | 01          |                  | pair.code
        0A   | 01          =>      | 01          |                  | pair.code
        001  | 1           =>      |             | strict_pair.code | pair.code
    """)


def test_an_old_number_is_judged_by_its_shape_alone(agree: Agree) -> None:
    agree("""
        old_number          => old_number         | reasons              | flags
        330102199001010020  => 330102199001010020 |                      |
        330102900101002     => 330102199001010020 |                      | citizen_id.upgraded
        330102199013990021  => 330102199013990021 |                      |
        00000019900101002x  => 00000019900101002X |                      |
        3301021990010100    =>                    | citizen_id.malformed |
        3301021990010100200 =>                    | citizen_id.malformed |
        X30102199001010020  =>                    | citizen_id.malformed |
                            =>                    |                      |
    """)


def test_reasons_hold_every_code_that_the_row_breaks(agree: Agree) -> None:
    agree("""
        no | name | day   | strict | updated_at => reasons
        7  |      | never | x      | now        => day.format name.required strict.code updated_at.format
        7  | 王芳 | never | 1      |            => day.format updated_at.required
    """)
