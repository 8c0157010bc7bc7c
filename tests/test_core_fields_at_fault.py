"""Refusals name the field that is at fault, wherever they come from: a form shows its sentence there."""

from collections.abc import Callable
from datetime import date, time

import pytest

from scheduler import InvalidValue, Rejected, parse_audience
from scheduler.dates import parse_date, parse_time, parse_wall
from tests.core import act, course_of, plan_of, refusal

DAY1 = date(2026, 12, 7)


@pytest.mark.parametrize(
    ("read", "field", "reason"),
    [
        (lambda: parse_audience("breastfeeding:secret"), "audience", "an unknown mark after the colon"),
        (lambda: parse_date("7 Dec", field="from"), "from", "not an ISO date"),
        (lambda: parse_time("9 am", field="started"), "started", "not a time of day"),
        (lambda: parse_wall("9 am", field="ended"), "ended", "not a time, and not a date and time"),
        (
            lambda: parse_wall("2026-02-30T09:00", field="ended"),
            "ended",
            "a date and time on a day that does not exist",
        ),
    ],
)
def test_what_cannot_be_read_names_its_field(read: Callable[[], object], field: str, reason: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read()
    assert caught.value.field == field, reason


@pytest.mark.parametrize(
    ("last", "field", "reason"),
    [
        (act("resume", "C1D8", on="2026-12-08"), "on", "too close to the dose before"),
        (act("resume", "C1D8", on="2026-12-22"), "on", "after the dose that follows"),
    ],
)
def test_a_resumption_that_cannot_be_names_its_date(last: dict[str, object], field: str, reason: str) -> None:
    given = act("given", "C1D1", on="2026-12-07")
    later = act("given", "C1D15", on="2026-12-21")
    hold = act("hold", "C1D8", on="2026-12-09", cause="counts")
    actions = (given, hold, last) if "before" in reason else (given, hold, later, last)
    assert refusal(course_of(DAY1), *actions).field == field, reason


def test_an_end_at_a_time_that_the_clocks_skip_names_the_end() -> None:
    course = course_of(date(2027, 3, 14), at="00:30")
    fault = refusal(course, act("given", "C1D1", on="2027-03-14", ended="02:30"))
    assert (fault.code, fault.field) == ("no-such-time", "ended")


def test_an_end_within_the_hour_that_comes_twice_is_the_later_one() -> None:
    course = course_of(date(2026, 11, 1), at="00:30")
    plan = plan_of(course, act("given", "C1D1", on="2026-11-01", started="00:30", ended="01:10"))
    times = plan.cycles[0].doses[0].times
    assert times is not None
    assert times.infusion_end.isoformat() == "2026-11-01T01:10:00-05:00", "nobody is told to leave an hour too early"


def test_an_end_at_the_first_minute_of_its_day_is_still_of_that_day() -> None:
    course = course_of(DAY1, at="00:00")
    plan = plan_of(course, act("given", "C1D1", on="2026-12-07", ended="00:00"))
    times = plan.cycles[0].doses[0].times
    assert times is not None
    assert times.infusion_end.time() == time(0)


def test_a_course_that_was_ceased_says_the_action_that_cannot_be_recorded() -> None:
    cease = act("cease", on="2026-12-20", cause="toxicity")
    fault: Rejected = refusal(course_of(DAY1), cease, act("hold", "C1D8", on="2026-12-10", cause="counts"))
    assert fault.code == "ceased"
    assert "hold cannot be recorded" in str(fault)
