"""The pharmacy's clock: worked examples, and what no source states."""

from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from scheduler import Course, build_plan
from scheduler.actions import Given, Hold, HoldCause, VisitTime
from scheduler.preparation import Mixing, mixing
from tests.core import at, course_of, inotuzumab, with_agent

NEW_YORK = ZoneInfo("America/New_York")
MONDAY = date(2026, 12, 7)


def here(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("why", "course", "dose", "expected"),
    [
        ("an infusion from 9 to 10: eight hours back from its end", course_of(MONDAY), "C1D1", (here(MONDAY, 2), here(MONDAY, 9))),
        ("an hour that was changed counts", course_of(MONDAY, at="13:30"), "C1D1", (here(MONDAY, 6, 30), here(MONDAY, 13, 30))),
        ("before midnight for an early infusion", course_of(MONDAY, at="06:00"), "C1D1", (here(date(2026, 12, 6), 23), here(MONDAY, 6))),
        ("the night in which the clocks go back has an hour more", course_of(date(2026, 11, 1), at="07:00"), "C1D1", (here(date(2026, 11, 1), 1), here(date(2026, 11, 1), 7))),
        ("the night in which they go forward has an hour less", course_of(date(2027, 3, 14), at="08:00"), "C1D1", (here(date(2027, 3, 14), 0), here(date(2027, 3, 14), 8))),
    ],
)  # fmt: skip
def test_a_dose_is_mixed_so_that_its_infusion_ends_within_the_stated_hours(
    why: str, course: Course, dose: str, expected: tuple[datetime, datetime]
) -> None:
    plan = build_plan(inotuzumab(), course, [], today=course.day1)
    found = mixing(plan.regimen, at(plan, dose))
    assert found is not None, why
    assert [each.isoformat() for each in found] == [each.isoformat() for each in expected], why


def test_what_is_not_to_come_or_not_known_has_no_mixing_time() -> None:
    day8 = VisitTime(at=time(11), cycle=1, day=8)
    hold = Hold(cycle=1, day=15, on=MONDAY, cause=HoldCause.COUNTS)
    plan = build_plan(inotuzumab(), course_of(MONDAY), [Given(cycle=1, day=1, on=MONDAY), day8, hold], today=MONDAY)
    assert mixing(plan.regimen, at(plan, "C1D1")) is None, "given"
    assert mixing(plan.regimen, at(plan, "C1D8")) == Mixing(here(date(2026, 12, 14), 4), here(date(2026, 12, 14), 11))
    assert mixing(plan.regimen, at(plan, "C1D15")) is None, "on hold"
    silent = replace(inotuzumab(), preparation=None)
    assert mixing(silent, at(plan, "C1D8")) is None, "the regimen states no hours"
    unknown = with_agent(inotuzumab(), infusion_minutes=())
    plan = build_plan(unknown, course_of(MONDAY), [], today=MONDAY)
    assert mixing(plan.regimen, at(plan, "C1D1")) is None, "nobody knows when the infusion ends"
