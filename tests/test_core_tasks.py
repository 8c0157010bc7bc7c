"""The checks around doses: what they hang on, how closed days move them, and the liver watch."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scheduler import ClinicRules, Plan, build_plan
from scheduler.actions import CeaseCause
from scheduler.plan import LIVER_WATCH, Task
from scheduler.regimen import HangsOn, Regimen, TaskRule, When
from tests.core import act, course_of, inotuzumab, plan_of

DAY1 = date(2026, 12, 9)  # a Wednesday, so that checks a day away are on open days
Table = dict[str, Any]
ALWAYS_OPEN = ClinicRules(opening_days=frozenset(range(7)))


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


CYCLE1 = [given("C1D1", "2026-12-09"), given("C1D8", "2026-12-16"), given("C1D15", "2026-12-23")]


def plan(*actions: Table, clinic: ClinicRules | None = None, **fields: Any) -> Plan:
    return plan_of(course_of(DAY1, **fields), *actions, clinic=clinic)


def around(found: Plan, cycle: int, day: int | None) -> list[str]:
    """The tasks of a dose, or of a cycle's end, without the liver watch: date, side and kind."""
    chosen = [task for task in found.tasks if (task.cycle, task.day) == (cycle, day) and task.kind != LIVER_WATCH]
    return [f"{task.date:%m-%d} {task.when} {task.kind}" for task in chosen]


def watch(found: Plan) -> Task | None:
    return next((task for task in found.tasks if task.kind == LIVER_WATCH), None)


EACH = ["12-15 before blood-count", "12-15 before liver-tests", "12-17 after liver-tests"]


def test_counts_and_liver_tests_come_before_every_dose_and_liver_tests_after_it() -> None:
    assert around(plan(), 1, 8) == EACH


def test_before_the_first_dose_come_more_and_a_pregnancy_test_where_it_applies() -> None:
    kinds = ["blood-count", "liver-tests", "ecg", "electrolytes"]
    assert around(plan(), 1, 1) == [f"12-08 before {kind}" for kind in kinds] + ["12-10 after liver-tests"]
    kinds.append("pregnancy-test")
    found = plan(audiences=["can-become-pregnant:private"])
    assert around(found, 1, 1) == [f"12-08 before {kind}" for kind in kinds] + ["12-10 after liver-tests"]
    assert [task.kind for task in found.tasks if task.audience == "can-become-pregnant"] == ["pregnancy-test"]
    assert not any(task.audience for task in plan(audiences=["breastfeeding"]).tasks)


@pytest.mark.parametrize(
    ("actions", "first", "reason"),
    [
        ([given("C1D1", "2026-12-09")], (1, 1), "they stay with the dose when it was given"),
        (
            [act("omit", d, reason="r") for d in ("C1D8", "C1D15", "C1D1")],
            (2, 1),
            "they go to the next with an omission",
        ),
        (
            [act("hold", "C1D1", on="2026-12-09", cause="liver")],
            None,
            "a first dose on hold has no tasks, nor has another",
        ),
        ([act("cease", on="2026-12-08", cause="other")], None, "and none when nothing is left"),
    ],
)
def test_the_first_doses_checks_hang_on_the_first_dose_that_is_left(
    actions: list[Table], first: tuple[int, int] | None, reason: str
) -> None:
    found = [(task.cycle, task.day) for task in plan(*actions).tasks if task.kind == "ecg"]
    assert found == ([first] if first else []), reason


def test_a_task_moves_with_its_dose_and_goes_with_it() -> None:
    moved = plan(act("defer", "C1D8", to="2026-12-17"))
    assert around(moved, 1, 8) == ["12-16 before blood-count", "12-16 before liver-tests", "12-18 after liver-tests"]
    assert around(plan(act("omit", "C1D8")), 1, 8) == []
    assert around(plan(act("hold", "C1D8", on="2026-12-10", cause="liver")), 1, 8) == []


def test_tasks_are_confirmed_with_their_dose() -> None:
    confirmed = {
        (task.cycle, task.day): task.confirmed for task in plan(*CYCLE1[:1]).tasks if task.kind == "blood-count"
    }
    assert confirmed[1, 15]
    assert not confirmed[2, 1]
    review = next(task for task in plan(*CYCLE1, intent="transplant").tasks if task.kind == "response-review")
    assert review.confirmed, "cycle 1 has no planned dose left, so cycle 2 is confirmed"


# -- Closed days --------------------------------------------------------------------------------------------------

MONDAY = date(2026, 12, 7)


def test_a_task_on_a_closed_day_goes_to_the_open_day_on_its_side() -> None:
    found = plan_of(course_of(MONDAY))
    assert around(found, 1, 8)[0] == "12-11 before blood-count", "Sunday 12-13 goes to the Friday before"
    friday = plan_of(course_of(date(2026, 12, 11)))
    assert around(friday, 1, 1)[-1] == "12-14 after liver-tests", "Saturday 12-12 goes to the Monday after"


def test_holidays_own_closures_and_absences_move_tasks_too() -> None:
    clinic = ClinicRules(closed={date(2026, 12, 8): "a public holiday", date(2026, 12, 10): "a course for the staff"})
    found = plan(clinic=clinic)
    assert around(found, 1, 1)[0] == "12-07 before blood-count"
    assert around(found, 1, 1)[-1] == "12-11 after liver-tests"
    away = plan(act("away", from_="2026-12-08", to="2026-12-08"), act("away", from_="2026-12-10", to="2026-12-13"))
    assert around(away, 1, 1)[0] == "12-07 before blood-count"
    assert around(away, 1, 1)[-1] == "12-14 after liver-tests"


def test_a_task_stays_where_no_open_day_can_be_found() -> None:
    away = plan(act("away", from_="2025-01-01", to="2029-01-01"))
    assert around(away, 1, 8) == EACH


def test_the_clinic_chooses_how_long_after_a_dose_the_tests_are() -> None:
    later = plan(clinic=ClinicRules(after_test_days=2))
    assert around(later, 1, 8) == [*EACH[:2], "12-18 after liver-tests"]
    same_day = plan(clinic=ClinicRules(after_test_days=0))
    assert around(same_day, 1, 8)[-1] == "12-16 after liver-tests"


# -- The end of a cycle -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "actions", "expected", "reason"),
    [
        ({}, [], [(3, date(2027, 2, 23))], "at the end of cycle 3, a Tuesday"),
        ({"intent": "transplant"}, [], [(2, date(2027, 1, 26))], "of cycle 2 with that intent"),
        ({}, [act("intent", value="transplant")], [(2, date(2027, 1, 26))], "also when it comes later"),
        ({}, [act("cycle-length", cycle=3, days=33, reason="r")], [(3, date(2027, 2, 26))], "Sunday 02-28 goes back"),
        ({"cycles": 2}, [], [], "none without that cycle"),
        ({}, [act("cease", on="2027-01-20", cause="other")], [], "none when no dose of it stands"),
        ({}, [act("hold", "C3D1", on="2027-01-20", cause="liver")], [], "nor while all are on hold"),
        ({}, [act("omit", "C3D8"), act("omit", "C3D15")], [(3, date(2027, 2, 23))], "one dose is enough"),
        (
            {},
            [act("omit", dose, reason="r") for dose in ("C3D8", "C3D15", "C3D1")],
            [],
            "it falls away with a cycle of omitted doses",
        ),
    ],
)
def test_the_response_review_lies_at_the_end_of_its_cycle(
    fields: Table, actions: list[Table], expected: list[tuple[int, date]], reason: str
) -> None:
    found = [task for task in plan(*actions, **fields).tasks if task.kind == "response-review"]
    assert [(task.cycle, task.date) for task in found] == expected, reason
    assert all(task.day is None for task in found)


# -- After the last dose ------------------------------------------------------------------------------------------


def test_a_stop_cancels_tasks_of_doses_not_given_and_keeps_a_given_doses_tests() -> None:
    found = plan(*CYCLE1[:2], act("cease", on="2026-12-24", cause="toxicity"))
    assert around(found, 1, 8) == EACH
    assert around(found, 1, 15) == [], "planned before the end and not recorded"
    assert around(found, 2, 1) == []


@pytest.mark.parametrize(
    ("actions", "clinic", "until", "confirmed", "reason"),
    [
        (CYCLE1, ALWAYS_OPEN, date(2027, 6, 30), False, "8 weeks after the last planned dose, 2027-05-05"),
        (
            [*CYCLE1, act("cease", on="2026-12-24", cause="other")],
            None,
            date(2027, 2, 17),
            True,
            "after the last given",
        ),
        (
            [*CYCLE1, act("cease", on="2026-12-24", cause="other")],
            ClinicRules(liver_watch_weeks=10),
            date(2027, 3, 3),
            True,
            "the clinic chooses the weeks",
        ),
        (
            [*CYCLE1[:2], act("hold", "C1D15", on="2026-12-20", cause="liver")],
            None,
            date(2027, 2, 10),
            True,
            "while doses are on hold after the last given",
        ),
        (
            [given("C1D1", "2026-12-11"), act("cease", on="2026-12-11", cause="other")],
            ClinicRules(closed={date(2027, 2, 5): "closed"}),
            date(2027, 2, 5),
            True,
            "it is an end date and does not roll",
        ),
    ],
)
def test_the_liver_is_watched_for_weeks_after_the_last_dose(
    actions: list[Table], clinic: ClinicRules | None, until: date, *, confirmed: bool, reason: str
) -> None:
    found = watch(plan(*actions, clinic=clinic))
    assert found is not None
    assert (found.date, found.confirmed) == (until, confirmed), reason


@pytest.mark.parametrize(
    "actions",
    [[act("cease", on="2026-12-08", cause="transplant")], [act("hold", "C1D1", on="2026-12-08", cause="liver")]],
    ids=["ceased", "held"],
)
def test_without_any_dose_there_is_no_liver_watch(actions: list[Table]) -> None:
    assert plan(*actions).tasks == ()


def weekly(found: Plan) -> list[tuple[int, date]]:
    return [(task.ordinal, task.date) for task in found.tasks if task.ordinal]


@pytest.mark.parametrize("cause", list(CeaseCause))
def test_after_a_transplant_alone_there_are_weekly_liver_tests(cause: CeaseCause) -> None:
    found = plan(*CYCLE1, act("cease", on="2026-12-24", cause=cause.value))
    expected = [(1, date(2026, 12, 31)), (2, date(2027, 1, 7)), (3, date(2027, 1, 14)), (4, date(2027, 1, 21))]
    assert weekly(found) == (expected if cause is CeaseCause.TRANSPLANT else [])
    assert all(task.offset_days == 7 * task.ordinal for task in found.tasks if task.ordinal)


def test_weekly_tests_on_closed_days_go_to_the_next_open_day() -> None:
    clinic = ClinicRules(closed={date(2026, 12, 31): "a holiday", date(2027, 1, 1): "a holiday"})
    found = plan(*CYCLE1, act("cease", on="2026-12-24", cause="transplant"), clinic=clinic)
    assert weekly(found)[0] == (1, date(2027, 1, 4))


# -- What other regimens ask ---------------------------------------------------------------------------------------


def with_tasks(*rules: TaskRule, **others: Any) -> Regimen:
    return replace(inotuzumab(), tasks=rules, **others)


def rule(on: HangsOn, when: When = When.BEFORE, **others: Any) -> TaskRule:
    defaults: dict[str, Any] = {"kind": "ecg", "offset_days": 1, "cycles": None, "intent": None, "audience": None}
    defaults |= {"agent": "", "days": (), "at_home": False, "lasts_days": 1}
    return TaskRule(**{**defaults, **others}, on=on, when=when, cite=inotuzumab().tasks[0].cite)


@pytest.mark.parametrize(
    ("task", "doses", "reason"),
    [
        (rule(HangsOn.DAY_ONE), [(1, 1), (2, 1)], "every day 1"),
        (rule(HangsOn.EACH_DOSE, cycles=frozenset({2})), [(2, 1), (2, 8), (2, 15)], "every dose of a chosen cycle"),
        (rule(HangsOn.FIRST_DOSE, cycles=frozenset({2})), [], "the first dose lies in cycle 1"),
        (rule(HangsOn.CYCLE_END), [(1, None), (2, None)], "every cycle's end"),
    ],
)
def test_a_task_hangs_on_what_its_rule_says(task: TaskRule, doses: list[tuple[int, int | None]], reason: str) -> None:
    found = build_plan(with_tasks(task, liver_watch=None), course_of(DAY1, cycles=2), [], today=DAY1)
    assert [(each.cycle, each.day) for each in found.tasks] == doses, reason


def test_a_task_before_the_end_of_a_cycle_counts_back_from_its_last_day() -> None:
    task = rule(HangsOn.CYCLE_END, offset_days=6)
    found = build_plan(with_tasks(task, liver_watch=None), course_of(DAY1, cycles=1), [], today=DAY1)
    assert [each.date for each in found.tasks] == [date(2026, 12, 23)], "cycle 1 ends on 12-29"


def test_a_regimen_without_a_liver_watch_has_none() -> None:
    found = build_plan(replace(inotuzumab(), liver_watch=None), course_of(DAY1), [], today=DAY1)
    assert watch(found) is None
