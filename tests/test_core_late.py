"""Tasks and advice of a plan are found when somebody first reads them, and read like the tuples that they are."""

from collections.abc import Iterator
from datetime import date

import pytest

from scheduler.late import Late
from tests.core import course_of, plan_of


def once(*values: int) -> Late[int]:
    """These values, made once; a second time fails."""
    made: Iterator[tuple[int, ...]] = iter([values])
    return Late(lambda: next(made))


def test_nothing_is_made_before_it_is_read() -> None:
    asked: list[str] = []

    def make() -> tuple[int, ...]:
        asked.append("made")
        return (1,)

    late = Late(make)
    assert not asked
    assert list(late) == [1]
    assert asked == ["made"]


def test_it_reads_like_the_tuple_and_is_made_once() -> None:
    late = once(3, 1, 2)
    assert (len(late), late[0], late[1:], tuple(late), sorted(late)) == (3, 3, (1, 2), (3, 1, 2), [1, 2, 3])
    assert (2 in late, bool(late), bool(once())) == (True, True, False)
    assert repr(late) == "(3, 1, 2)"


def test_it_equals_the_tuple_and_whatever_equals_that() -> None:
    assert once(1, 2) == (1, 2) == once(1, 2)
    assert once(1, 2) == once(1, 2)
    assert once(1, 2) != once(2, 1)
    assert once(1, 2) != (1,)
    assert hash(once(1, 2)) == hash((1, 2))


def test_what_making_it_raises_is_raised_at_each_reading() -> None:
    def fail() -> tuple[int, ...]:
        raise OverflowError

    late = Late(fail)
    for _ in range(2):
        with pytest.raises(OverflowError):
            len(late)


def test_a_whole_plan_is_the_same_with_nothing_left_to_be_found() -> None:
    late = plan_of(course_of(date(2026, 12, 7)))
    assert isinstance(late.tasks, Late)
    assert isinstance(late.advice, Late)
    whole = late.whole()
    assert whole == late
    assert (type(whole.tasks), type(whole.advice)) == (tuple, tuple)
