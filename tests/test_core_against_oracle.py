"""The core and the independent oracle read the scheduling rules alike, on thousands of random courses."""

from typing import Any

import pytest
from hypothesis import given, settings

from scheduler import ClinicRules, NeedsReason, Rejected, build_plan, check_action
from scheduler.actions import Action
from scheduler.course import Course
from tests import oracle
from tests.core import action_of, course_from_plain, inotuzumab, told
from tests.oracle_courses import FromSeed, Try, grow, grown_courses

VERSION = inotuzumab().version


def verdict(course: Course, actions: list[Action], plain: dict[str, Any], tried: Try) -> tuple[str, str]:
    try:
        action = action_of(plain)
        check_action(inotuzumab(), course, actions, action, today=tried.today, clinic=ClinicRules())
    except NeedsReason as fault:
        return "needs-reason", str(fault)
    except Rejected as fault:
        return "rejected", str(fault)
    return "accepted", ""


def agree(tries: list[Try]) -> int:
    """Compares verdict and plan after every try; how many were accepted."""
    accepted = 0
    for tried in tries:
        *before, last = tried.course["actions"]
        course = course_from_plain(tried.course)
        actions = [action_of(plain) for plain in before]
        found, why = verdict(course, actions, last, tried)
        assert found == tried.verdict, (why or "accepted", tried.why, tried.course)
        if tried.plan is not None:
            same_plan(course, [*actions, action_of(last)], tried)
            accepted += 1
    return accepted


def same_plan(course: Course, actions: list[Action], tried: Try) -> None:
    ours = told(build_plan(inotuzumab(), course, actions, today=tried.today))
    theirs = as_ours(tried.plan or {})
    for part in ("cycles", "windows", "tasks"):
        assert ours[part] == theirs[part], (part, tried.course)
    judged = {one for one in ours["advice"] if one[0] in oracle.JUDGED_ADVICE}
    assert theirs["advice"] <= judged <= theirs["advice"] | theirs["advice_open"], tried.course


def as_ours(plan: dict[str, Any]) -> dict[str, Any]:
    tasks = sorted(
        (task["kind"], task["cycle"], task["day"], task["when"], task["date"])
        if task["day"] is not None
        else (task["kind"], 0, 0, "", task["date"])
        for task in plan["tasks"]
    )
    return {**plan, "tasks": tasks}


@given(grown_courses(steps=12, version=VERSION))
@settings(max_examples=150)
def test_the_core_agrees_with_the_oracle_on_every_step_of_a_growing_course(tries: list[Try]) -> None:
    agree(tries)


@pytest.mark.parametrize("block", range(10))
def test_the_core_agrees_with_the_oracle_on_thousands_of_actions(block: int) -> None:
    seeds = range(block * 30, block * 30 + 30)
    accepted = sum(agree(list(grow(FromSeed(seed), 20, versions=(VERSION,)))) for seed in seeds)
    assert accepted > 200


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_the_core_agrees_with_the_oracle_on_a_great_many_actions(block: int) -> None:
    seeds = range(10_000 + block * 500, 10_500 + block * 500)
    assert sum(agree(list(grow(FromSeed(seed), 25, versions=(VERSION,)))) for seed in seeds) > 3000
