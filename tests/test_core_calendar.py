"""The calendars that people worked out by hand: dates of doses, ends of windows, the cases of the scheduling rules."""

from datetime import date
from typing import Any

import pytest

from tests.core import act, at, course_of, dates_of, days, plan_of, refusal

SEPTEMBER = date(2026, 9, 14)
DECEMBER = date(2026, 12, 7)
FEBRUARY = date(2027, 2, 1)
ALL_AUDIENCES = ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")


def test_the_reference_calendar_is_the_one_checked_by_hand() -> None:
    plan = plan_of(course_of(SEPTEMBER, audiences=ALL_AUDIENCES), today=SEPTEMBER)
    assert dates_of(plan) == days(
        "09-14 09-21 09-28  10-05 10-12 10-19  11-02 11-09 11-16  11-30 12-07 12-14  12-28 01-04 01-11  01-25 02-01 02-08"
    )
    assert [cycle.length_days for cycle in plan.cycles] == [21, 28, 28, 28, 28, 28]
    assert plan.cycles[-1].last_day == date(2027, 2, 21)
    assert [(window.audience, window.last_dose, window.through) for window in plan.windows] == [
        ("can-become-pregnant", date(2027, 2, 8), date(2027, 10, 8)),
        ("partner-can-become-pregnant", date(2027, 2, 8), date(2027, 7, 8)),
        ("breastfeeding", date(2027, 2, 8), date(2027, 4, 8)),
    ]
    assert not any(window.final for window in plan.windows), "doses are planned, so the end may still move"


@pytest.mark.parametrize(
    ("last_dose", "audience", "through", "reason"),
    [
        ("2026-06-28", "can-become-pregnant", "2027-02-28", "February has that day"),
        ("2026-06-29", "can-become-pregnant", "2027-03-01", "it has no 29th in 2027, so the first day after it"),
        ("2026-06-30", "can-become-pregnant", "2027-03-01", "nor a 30th; dateutil would say 28 February"),
        ("2027-06-30", "can-become-pregnant", "2028-03-01", "nor a 30th in a leap year"),
        ("2027-06-29", "can-become-pregnant", "2028-02-29", "but a 29th in a leap year"),
        ("2026-09-30", "can-become-pregnant", "2027-05-30", "May has that day, and is not stretched to its end"),
        ("2026-09-30", "partner-can-become-pregnant", "2027-03-01", "five months lead into February too"),
        ("2026-10-31", "can-become-pregnant", "2027-07-01", "June has no 31st"),
        ("2026-12-31", "breastfeeding", "2027-03-01", "two months over the turn of the year into February"),
        ("2026-08-31", "partner-can-become-pregnant", "2027-01-31", "January has a 31st"),
    ],
)
def test_a_window_ends_on_the_day_of_the_table(last_dose: str, audience: str, through: str, reason: str) -> None:
    on = date.fromisoformat(last_dose)
    plan = plan_of(
        course_of(on, audiences=[audience]),
        act("given", "C1D1", on=last_dose),
        act("cease", on=last_dose, cause="completed"),
    )
    (window,) = plan.windows
    assert (window.last_dose, window.through, window.final) == (on, date.fromisoformat(through), True), reason


# The cases that two careful people computed differently: cycle 1 of 21 days, 3 cycles, day 1 on 2027-02-01.
DEFER_C2D1 = act("defer", "C2D1", to="2027-02-26", reason="why not")
C1_28 = act("cycle-length", cycle=1, days=28)
CASES: list[tuple[list[dict[str, Any]], dict[str, str], str]] = [
    ([DEFER_C2D1], {"C3D1": "03-26"}, "a day 1 that moves takes the later cycles along by rule 2, once"),
    ([DEFER_C2D1, C1_28], {"C2D1": "03-01"}, "cycle-length clears the delay of the next cycle"),
    (
        [act("defer", "C2D8", to="2027-03-03", scope="dose"), C1_28],
        {"C2D1": "03-01", "C2D8": "03-10"},
        "a dose keeps its distance to its day 1",
    ),
    (
        [act("defer", "C1D15", to="2027-02-17"), *(act("given", f"C1D{n}", on=f"2027-02-{n:02}") for n in (1, 8, 15))],
        {"C2D1": "02-22"},
        "the push that the deferral caused goes with its cause",
    ),
    (
        [
            act("given", "C1D1", on="2027-02-01"),
            act("given", "C1D8", on="2027-02-10"),
            act("defer", "C1D15", to="2027-02-17", scope="course"),
        ],
        {"C1D15": "02-17", "C2D1": "02-23"},
        "C1D15 was pushed to 02-16, so `course` carries one day",
    ),
]


@pytest.mark.parametrize(("actions", "expected", "reason"), CASES)
def test_a_case_of_the_table_comes_out_as_it_says(
    actions: list[dict[str, Any]], expected: dict[str, str], reason: str
) -> None:
    plan = plan_of(course_of(FEBRUARY, cycles=3), *actions)
    found = {name: at(plan, name).date for name in expected}
    assert found == {name: date.fromisoformat(f"2027-{day}") for name, day in expected.items()}, reason


def test_c1d15_on_day_17_of_a_21_day_cycle_sends_c2d1_to_day_23() -> None:
    plan = plan_of(course_of(DECEMBER), act("defer", "C1D15", to="2026-12-23"))
    assert at(plan, "C1D15").date == date(2026, 12, 23), "day 17"
    assert at(plan, "C2D1").date == date(2026, 12, 29), "day 23, six days later"
    assert at(plan, "C2D1").nominal == date(2026, 12, 28)
    assert at(plan, "C2D8").date == date(2027, 1, 5), "a pushed day 1 moves its cycle"
    assert at(plan, "C3D1").date == date(2027, 1, 26), "and all later ones"
    assert plan.cycles[0].length_days == 22


def test_the_gap_is_kept_across_the_end_of_a_cycle_that_was_given_late() -> None:
    given = [act("given", f"C1D{n}", on=f"2026-12-{6 + n:02}") for n in (1, 8)]
    plan = plan_of(course_of(DECEMBER), *given, act("given", "C1D15", on="2026-12-23"), today=date(2026, 12, 23))
    assert at(plan, "C2D1").date == date(2026, 12, 29)
    assert [one.code for one in plan.advice if one.cycle == 2 and one.day == 1] == ["moved-to-keep-gap"]


def test_nothing_is_pushed_past_a_given_dose() -> None:
    # C1D8 is held while C1D15 is given; the hold's end leaves C1D8 where it was laid out, six days apart or not.
    actions = [
        act("given", "C1D1", on="2026-12-07"),
        act("hold", "C1D8", on="2026-12-14", cause="infection"),
        act("given", "C1D15", on="2026-12-18", reason="seen early"),
        act("void", action=2),
    ]
    plan = plan_of(course_of(DECEMBER), *actions[:3])
    assert at(plan, "C1D8").date is None
    fault = refusal(course_of(DECEMBER), *actions)
    assert fault.code == "later-action-stands", "C1D8 would be planned before it, and not recorded"


def test_a_dose_between_two_given_ones_stays_and_carries_gap_too_short() -> None:
    plan = plan_of(
        course_of(DECEMBER),
        act("given", "C1D1", on="2026-12-07"),
        act("defer", "C1D8", to="2026-12-25", reason="travel"),
        act("hold", "C1D15", on="2026-12-10", cause="patient"),
        act("given", "C1D15", on="2026-12-21", reason="not told of the deferral"),
    )
    dose = at(plan, "C1D8")
    assert (dose.date, dose.state, dose.pushed) == (date(2026, 12, 25), "planned", False)
    assert {(one.code, one.cycle, one.day) for one in plan.advice} >= {("gap-too-short", 1, 15)}


@pytest.mark.parametrize(
    ("day1", "expected", "reason"),
    [
        (date(2024, 2, 8), "02-08 02-15 02-22 02-29", "2024 has a 29 February, on which C2D1 falls"),
        (date(2023, 2, 8), "02-08 02-15 02-22 03-01", "2023 has none"),
        (date(2096, 2, 8), "02-08 02-15 02-22 02-29", "2096 has one"),
        (date(2100, 2, 8), "02-08 02-15 02-22 03-01", "2100 has none, though four divides it"),
    ],
)
def test_cycles_count_civil_days_through_the_end_of_february(day1: date, expected: str, reason: str) -> None:
    plan = plan_of(course_of(day1), today=day1)
    assert dates_of(plan)[:4] == days(expected, day1.year), reason


def test_a_length_of_28_days_set_at_the_start_moves_every_later_cycle_by_7() -> None:
    usual = plan_of(course_of(SEPTEMBER))
    longer = plan_of(course_of(SEPTEMBER, cycle_lengths={1: 28}))
    moved = [(b.date - a.date).days for a, b in zip(usual.doses(), longer.doses(), strict=True) if a.date and b.date]
    assert moved == [0, 0, 0] + [7] * 15
    assert longer.cycles[0].last_day == date(2026, 10, 11)


@pytest.mark.parametrize(
    ("fields", "cycles", "reason"),
    [
        ({}, 6, "the regimen's default"),
        ({"intent": "transplant"}, 2, "the default of that intent"),
        ({"intent": "transplant", "cycles": 3}, 3, "within its maximum"),
        ({"cycles": 1}, 1, "fewer is no departure"),
        ({"cycles": 7, "reason": "agreed"}, 7, "more with a reason"),
        ({"cycles": 99, "reason": "agreed"}, 99, "the technical bound"),
    ],
)
def test_a_course_has_as_many_cycles_as_it_was_started_with(fields: dict[str, Any], cycles: int, reason: str) -> None:
    assert len(plan_of(course_of(DECEMBER, **fields)).cycles) == cycles, reason


def test_a_given_day_1_anchors_its_cycle_and_all_later_ones() -> None:
    cycle1 = [act("given", f"C1D{n}", on=f"2026-12-{6 + n:02}") for n in (1, 8, 15)]
    plan = plan_of(course_of(DECEMBER), *cycle1, act("given", "C2D1", on="2026-12-31"))
    assert dates_of(plan)[3:7] == days("12-31 01-07 01-14 01-28")
    assert plan.cycles[0].length_days == 24, "the distance to the next cycle's actual day 1"
