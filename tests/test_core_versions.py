"""A course stays with the version of the regimen that it started with; moving on is an action."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from scheduler import ClinicRules, Plan, Regimen, Rejected, build_plan, check_action, check_actions
from scheduler.actions import Action
from tests.core import act, action_of, course_of, inotuzumab, with_agent
from tests.core_strategies import newer_regimen

DAY1 = date(2026, 12, 7)
LATER = date(2028, 1, 1)
Table = dict[str, Any]


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


def version(name: str, **others: Any) -> Regimen:
    return replace(inotuzumab(), version=name, **others)


def longer(name: str, days: int) -> Regimen:
    """A version whose cycles from the second on last so many days."""
    first, rest = inotuzumab().templates
    return version(name, templates=(first, replace(rest, length=days, longest=days)))


def plan(clinic: ClinicRules, *actions: Table, intent: str = "continue") -> Plan:
    recorded = [action_of(action) for action in actions]
    course = course_of(DAY1, intent=intent)
    check_actions(inotuzumab(), course, recorded, today=LATER, clinic=clinic)
    return build_plan(inotuzumab(), course, recorded, today=LATER, clinic=clinic)


def refused(clinic: ClinicRules, *actions: Table, intent: str = "continue") -> Rejected:
    *before, last = map(action_of, actions)
    course = course_of(DAY1, intent=intent)
    check_actions(inotuzumab(), course, before, today=LATER, clinic=clinic)
    with pytest.raises(Rejected) as caught:
        check_action(inotuzumab(), course, before, last, today=LATER, clinic=clinic)
    return caught.value


MOVE = act("regimen", version="2027.1")
NEWER = ClinicRules(newest=newer_regimen())
G1, G8, G15 = (given(f"C1D{n}", f"2026-12-{6 + n:02}") for n in (1, 8, 15))


def days_of(found: Plan) -> list[tuple[int, ...]]:
    return [tuple(dose.day for dose in cycle.doses) for cycle in found.cycles]


def test_a_newer_version_changes_nothing_by_itself() -> None:
    found = plan(NEWER)
    assert found.regimen.version == "2026.2"
    assert days_of(found) == [(1, 8, 15)] * 6


def test_planned_doses_follow_the_new_version() -> None:
    found = plan(NEWER, MOVE)
    assert found.regimen.version == "2027.1"
    assert days_of(found) == [(1, 8), *[(1, 8, 15, 22)] * 3]
    assert found.cycles[2].day1 - found.cycles[1].day1 == timedelta(days=35)


def test_a_dose_given_under_the_old_version_stays_though_the_new_one_lacks_its_day() -> None:
    """Else its date would be lost to the windows and to the gap."""
    found = plan(NEWER, G1, G8, G15, MOVE)
    assert days_of(found)[0] == (1, 8, 15)
    assert [dose.date for dose in found.doses() if dose.state == "given"] == [
        date(2026, 12, 7),
        date(2026, 12, 14),
        date(2026, 12, 21),
    ]


def test_a_late_dose_of_a_day_that_the_new_version_lacks_has_no_tolerance_to_be_outside_of() -> None:
    late = given("C1D15", "2026-12-28", reason="late")
    regimen = inotuzumab()
    (agent,) = regimen.ranked
    templates = tuple(replace(template, days={agent.key: (1, 8)}) for template in regimen.templates)
    rules = {day: agent.day_rules[day] for day in (1, 8)}
    clinic = ClinicRules(newest=with_agent(version("2027.1", templates=templates), day_rules=rules))
    assert ("outside-tolerance", 1, 15) in codes(plan(clinic, G1, G8, late))
    assert ("outside-tolerance", 1, 15) not in codes(plan(clinic, G1, G8, late, MOVE))


def codes(found: Plan) -> set[tuple[str, int | None, int | None]]:
    return {(one.code, one.cycle, one.day) for one in found.advice}


def test_an_action_names_the_version_that_the_course_has_or_the_newest() -> None:
    assert plan(ClinicRules(), act("regimen", version="2026.2")).regimen.version == "2026.2"
    assert plan(NEWER, act("regimen", version="2026.2")).regimen.version == "2026.2"
    fault = refused(NEWER, act("regimen", version="2027.2"))
    assert (fault.code, fault.field) == ("unknown-value", "version")
    assert str(fault) == "version: '2027.2' is unknown; did you mean '2027.1'?"
    assert str(refused(ClinicRules(), MOVE)) == "version: '2027.1' is unknown; did you mean '2026.2'?"


def test_a_version_without_the_courses_intent_is_refused() -> None:
    fault = refused(NEWER, MOVE, intent="transplant")
    assert (fault.code, fault.field) == ("unknown-intent", "version")
    assert str(fault) == "version 2027.1 knows no intent 'transplant'; record another intent first"
    found = plan(NEWER, act("intent", value="continue"), MOVE, intent="transplant")
    assert (found.regimen.version, found.intent) == ("2027.1", "continue")


def test_an_intent_that_a_later_version_lacks_cannot_be_restored() -> None:
    fault = refused(NEWER, act("intent", value="continue"), MOVE, act("void", action=1), intent="transplant")
    assert fault.code == "later-action-stands"
    assert str(fault) == (
        "action 2 (regimen) could not stand then: version 2027.1 knows no intent 'transplant'. Void action 2 first"
    )


# -- Several versions -----------------------------------------------------------------------------------------------

SECOND, THIRD = longer("2027.1", 30), longer("2028.1", 32)
BOTH = ClinicRules(newest=THIRD, earlier=(SECOND,))
TWICE = [MOVE, act("regimen", version="2028.1")]


def lengths(found: Plan) -> list[int]:
    return [cycle.length_days for cycle in found.cycles]


def test_a_course_keeps_the_version_that_it_moved_to_when_a_newer_one_comes() -> None:
    found = plan(ClinicRules(newest=SECOND), MOVE)
    assert lengths(found) == [21, *[30] * 5]
    recorded = [action_of(MOVE)]
    again = build_plan(inotuzumab(), course_of(DAY1), recorded, today=LATER, clinic=BOTH)
    assert lengths(again) == lengths(found)
    assert ("regimen-updated", None, None) in codes(again)


def test_a_course_can_move_on_twice_and_back_by_void() -> None:
    actions = list(map(action_of, TWICE))
    course = course_of(DAY1)
    for recorded, expected in ((actions, 32), (actions[:1], 30), ([*actions, action_of(act("void", action=2))], 30)):
        found = build_plan(inotuzumab(), course, recorded, today=LATER, clinic=BOTH)
        assert lengths(found) == [21, *[expected] * 5]


def test_an_older_move_does_not_freeze_a_course() -> None:
    """An action is judged anew when an earlier one is voided, but not for naming a version that is no more the newest."""
    actions: list[Action] = [action_of(each) for each in (act("omit", "C1D8"), MOVE)]
    void = action_of(act("void", action=1))
    check_action(inotuzumab(), course_of(DAY1), actions, void, today=LATER, clinic=BOTH)
    fresh = action_of(MOVE)
    with pytest.raises(Rejected):
        check_action(inotuzumab(), course_of(DAY1), [], fresh, today=LATER, clinic=BOTH)


def test_what_was_recorded_under_a_version_between_is_folded_under_it() -> None:
    """A deferral of a day that only that version has would else find no dose."""
    between = newer_regimen()
    actions = [action_of(each) for each in (MOVE, act("defer", "C2D22", to="2027-01-19"))]
    clinic = ClinicRules(newest=between)
    check_actions(inotuzumab(), course_of(DAY1), actions, today=LATER, clinic=clinic)
    for rules in (clinic, ClinicRules(newest=version("2028.1"), earlier=(between,))):
        found = build_plan(inotuzumab(), course_of(DAY1), actions, today=LATER, clinic=rules)
        dose = found.find(2, 22)
        assert dose is not None
        assert dose.date == date(2027, 1, 19)


def test_a_kept_version_wins_over_a_file_that_changed_under_the_same_name() -> None:
    changed = ClinicRules(newest=longer("2027.1", 40), earlier=(SECOND,))
    found = build_plan(inotuzumab(), course_of(DAY1), [action_of(MOVE)], today=LATER, clinic=changed)
    assert lengths(found) == [21, *[30] * 5]
