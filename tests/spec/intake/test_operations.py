"""Design section 4: what 操作 says, in changes and in snapshots."""

from __future__ import annotations

from collections.abc import Callable

Agree = Callable[..., None]


def test_changes_say_update_or_delete(agree: Agree) -> None:
    agree(r"""
        no | op       => op | key | reasons     | verdict
        1  | U        => U  |     |             | accepted
        2  | D        => D  |     |             | accepted
        3  | ␣Ｕ\u3000 => U |     |             | accepted
        4  |          =>    | 4   | op.required | refused
        5  | ␣        =>    | 5   | op.required | refused
        6  | I        => I  | 6   | op.code     | refused
        7  | d        => d  | 7   | op.code     | refused
    """, kind="changes")  # fmt: skip


def test_of_a_deletion_only_key_and_time_are_judged(agree: Agree) -> None:
    agree("""
        no | op | name | day   | lenient | updated_at       => day | reasons                  | flags
        1  | D  |      | never | x       | 2015-12-31 08:00 =>     |                          |
        2  | D  | 王芳 |       |         |                  =>     | updated_at.required      |
        3  | D  | 王芳 |       |         | now              =>     | updated_at.format        |
           | D  | 王芳 |       |         | 2015-12-31 08:00 =>     | no.required              |
        4  | U  |      | never | x       | 2015-12-31 08:00 =>     | day.format name.required | lenient.code
        5  | X  | 王芳 | never | x       | 2015-12-31 08:00 =>     | day.format op.code       | lenient.code
    """, kind="changes")  # fmt: skip


def test_of_a_deletion_the_number_is_not_judged(agree: Agree) -> None:
    agree("""
        record_no | citizen_id         | op => reasons              | flags
        1         |                    | D  =>                      |
        2         | 110105194912310021 | D  =>                      |
        3         | 330102900101002    | D  =>                      |
        4         | 330102900101002    | U  =>                      | citizen_id.upgraded
        5         | 110105194912310021 | U  => citizen_id.bad_check |
    """, of="housing", kind="changes")  # fmt: skip


def test_a_snapshot_does_not_read_the_operation(agree: Agree) -> None:
    agree("""
        no | op | name => op | reasons
        1  | D  |      => U  | name.required
        2  | X  | 王芳 => U  |
        3  |    | 王芳 => U  |
    """)


def test_a_field_may_have_any_name_that_a_contract_is_not_refused_for(agree: Agree) -> None:
    agree("""
        no | op | name | cells | deletes | unreadable | contended => cells | deletes | unreadable | contended | reasons       | verdict
        1  | U  | 王芳 | 甲    | 乙      | 丙         | 丁        => 甲    | 乙      | 丙         | 丁        |               | accepted
        2  | U  |      | 甲    | 乙      | 丙         | 丁        => 甲    | 乙      | 丙         | 丁        | name.required | refused
        3  | D  |      |       |         |            |           =>       |         |            |           |               | accepted
    """, kind="changes")  # fmt: skip  # noqa: E501
