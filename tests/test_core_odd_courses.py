"""Courses at the edge of what can be typed: accepted and planned, or refused in one sentence, never a traceback."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import (
    ClinicRules,
    Course,
    InfusionsError,
    InvalidValue,
    Plan,
    build_plan,
    check_actions,
    check_course,
    events,
    plan_to_dict,
)
from tests.core import act, action_of, course_of, dates_of, inotuzumab

ALL = ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin", "America/New_York", "Africa/Casablanca")
Table = dict[str, Any]


def whole(course: Course, *actions: Table, today: date, clinic: ClinicRules | None = None) -> Plan:
    """Everything that the core makes of a course."""
    clinic = clinic or ClinicRules()
    recorded = [action_of(action) for action in actions]
    check_course(inotuzumab(), course)
    check_actions(inotuzumab(), course, recorded, today=today, clinic=clinic)
    plan = build_plan(inotuzumab(), course, recorded, today=today, clinic=clinic)
    assert plan_to_dict(plan)
    assert len(events(plan)) == len({event.key for event in events(plan)})
    return plan


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("day1", [date(1900, 1, 1), date(1970, 1, 1), date(2037, 12, 31), date(2199, 12, 31)])
def test_a_course_at_the_first_and_last_dates_is_planned_in_every_zone(day1: date, zone: str) -> None:
    course = course_of(day1, zone=zone, at="00:30", audiences=ALL, cycles=99, reason="agreed")
    plan = whole(course, today=day1)
    assert dates_of(plan)[0] == day1
    assert len(plan.cycles) == 99
    assert all(window.through and window.last_dose and window.through > window.last_dose for window in plan.windows)


@pytest.mark.parametrize("day1", [date(1, 1, 1), date(1899, 12, 31), date(2200, 1, 1), date(9999, 12, 31)])
def test_a_day_1_that_nobody_means_is_refused(day1: date) -> None:
    for zone in ZONES:
        with pytest.raises(InvalidValue) as caught:
            check_course(inotuzumab(), course_of(day1, zone=zone, at="23:30"))
        assert str(caught.value) == f"day1: {day1} is not in the years 1900 to 2199; mend the year"
        assert caught.value.field == "day1"


@pytest.mark.parametrize("today", [date(1, 1, 1), date(9999, 12, 31)])
def test_any_today_is_taken(today: date) -> None:
    plan = whole(course_of(date(2026, 12, 7), audiences=ALL), today=today)
    assert len(plan.doses()) == 18


def test_99_cycles_of_400_days_are_planned() -> None:
    lengths = dict.fromkeys(range(1, 100), 400)
    course = course_of(date(2199, 12, 31), cycles=99, cycle_lengths=lengths, audiences=ALL, reason="agreed")
    plan = whole(course, today=date(2026, 12, 7))
    assert plan.cycles[-1].day1 == date(2199, 12, 31) + timedelta(days=98 * 400)


def test_the_number_of_cycles_can_go_up_down_and_up_with_everything_recorded_in_between() -> None:
    actions = [
        act("cycles", count=99, reason="agreed"),
        act("defer", "C98D8", to="2034-06-10", reason="agreed"),
        act("hold", "C50D1", on="2026-12-07", cause="clinic"),
        act("cycles", count=3),
        act("omit", "C3D8"),
        act("cycles", count=99, reason="agreed"),
        act("resume", "C50D1", on="2031-01-06"),
        act("days", cycle=40, days=[1], reason="agreed"),
        act("intent", value="transplant"),
        act("cycles", count=1),
    ]
    for number in range(len(actions) + 1):
        plan = whole(course_of(date(2026, 12, 7)), *actions[:number], today=date(2026, 12, 7))
        assert plan.revision == number


def test_lengths_that_add_up_beyond_the_calendar_are_refused_in_one_sentence() -> None:
    """Each deferral by 170 years is accepted with a reason; 50 of them lead out of what dates can say."""
    first = date(1900, 1, 1)
    far = [act("defer", f"C{n}D8", to="2199-12-31", scope="course", reason="agreed") for n in range(59, 0, -1)]
    actions = [act("cycles", count=60, reason="agreed"), *far]
    whole(course_of(first), *actions[:10], today=first)
    with pytest.raises(InfusionsError) as caught:
        whole(course_of(first), *actions, today=first)
    assert str(caught.value).endswith("lead outside the calendar; choose another date")


def test_a_first_dose_300_years_after_the_start_is_planned() -> None:
    course = course_of(date(1900, 1, 1), audiences=ALL)
    late = [act("given", "C1D1", on="2199-12-31"), act("away", from_="1900-01-01", to="2199-12-31")]
    plan = whole(course, *late, today=date(2199, 12, 31))
    assert dates_of(plan)[-1] == date(2200, 5, 27)


def test_a_day_1_deferred_by_centuries_looks_for_an_open_day() -> None:
    course = course_of(date(1900, 1, 1))
    plan = whole(course, act("defer", "C2D1", to="2199-12-28", reason="agreed"), today=date(1900, 1, 1))
    (advice,) = [one for one in plan.advice if one.code == "closed-day" and one.cycle == 2 and one.day == 1]
    assert advice.suggest is not None


@pytest.mark.parametrize("weeks", [0, 1, 520])
def test_any_length_of_the_liver_watch_is_planned(weeks: int) -> None:
    plan = whole(
        course_of(date(2199, 12, 31)),
        today=date(2199, 12, 31),
        clinic=ClinicRules(liver_watch_weeks=weeks, lead_minutes=0, after_test_days=60),
    )
    assert plan.tasks[-1].offset_days in (weeks * 7, 60, 0)


def test_a_hundred_records_are_judged_and_planned() -> None:
    actions: list[Table] = []
    for number in range(50):
        actions.append(act("defer", "C1D15", to=f"2026-12-{20 + number % 4}"))
        actions.append(act("void", action=len(actions)))
    plan = whole(course_of(date(2026, 12, 7)), *actions, today=date(2026, 12, 7))
    assert [each.stands for each in plan.actions] == [False, True] * 50


FAR = st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31))
DOSE = st.builds("C{}D{}".format, st.integers(1, 7), st.sampled_from([1, 8, 15]))
SCOPE = st.sampled_from([None, "dose", "cycle", "course"])
FAR_ACTIONS = st.one_of(
    st.builds(lambda dose, on: act("given", dose, on=on, reason="r"), DOSE, FAR),
    st.builds(lambda dose, to, scope: act("defer", dose, to=to, scope=scope, reason="r"), DOSE, FAR, SCOPE),
    st.builds(lambda dose, on: act("hold", dose, on=on, cause="liver"), DOSE, FAR),
    st.builds(lambda dose, on: act("resume", dose, on=on), DOSE, FAR),
    st.builds(lambda dose: act("omit", dose, reason="r"), DOSE),
    st.builds(lambda on: act("cease", on=on, cause="transplant"), FAR),
    st.builds(lambda one, other: act("away", from_=min(one, other), to=max(one, other)), FAR, FAR),
    st.builds(
        lambda cycle, days: act("cycle-length", cycle=cycle, days=days, reason="r"),
        st.integers(1, 7),
        st.integers(1, 400),
    ),
)


@given(FAR, st.sampled_from(ZONES), st.lists(FAR_ACTIONS, max_size=8), FAR)
@settings(max_examples=100)
def test_whatever_is_accepted_on_whatever_dates_is_planned_or_told(
    day1: date, zone: str, actions: list[Table], today: date
) -> None:
    course = course_of(day1, zone=zone, at="00:30", audiences=ALL)
    accepted: list[Table] = []
    for action in actions:
        if not fault_of(course, [*accepted, action], today):
            accepted.append(action)
    assert len(whole(course, *accepted, today=today).actions) == len(accepted)


def fault_of(course: Course, actions: list[Table], today: date) -> str:
    try:
        whole(course, *actions, today=today)
    except InfusionsError as fault:
        return str(fault)
    return ""
