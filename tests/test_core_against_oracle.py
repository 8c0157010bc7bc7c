"""The core and the independent oracle read the scheduling rules alike, on thousands of random regimens and courses."""

import pytest
from hypothesis import given, settings

from tests.core import inotuzumab
from tests.oracle_courses import Try, grow, grown_courses, new_case
from tests.oracle_regimens import FromSeed
from tests.oracle_told import agree


def tries_of(seed: int, steps: int) -> list[Try]:
    """A course grown from a seed: every fifth on inotuzumab as shipped, the others on made-up regimens."""
    chooser = FromSeed(seed)
    return list(grow(chooser, new_case(chooser, inotuzumab() if seed % 5 == 0 else None), steps))


@given(grown_courses(steps=12))
@settings(max_examples=60)
def test_the_core_agrees_with_the_oracle_on_every_step_of_a_growing_course(tries: list[Try]) -> None:
    agree(tries)


@pytest.mark.no_cover  # random courses, as Hypothesis's
@pytest.mark.parametrize("block", range(20))
def test_the_core_agrees_with_the_oracle_on_thousands_of_actions(block: int) -> None:
    accepted = sum(agree(tries_of(seed, 20)) for seed in range(block * 15, block * 15 + 15))
    assert accepted > 100


@pytest.mark.slow
@pytest.mark.parametrize("block", range(40))
def test_the_core_agrees_with_the_oracle_on_a_great_many_actions(block: int) -> None:
    seeds = range(10_000 + block * 250, 10_250 + block * 250)
    assert sum(agree(tries_of(seed, 25)) for seed in seeds) > 3000
