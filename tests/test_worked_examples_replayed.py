"""Every date of every worked example follows from its chain alone, and the oracle comes to the same dates."""

import json
from typing import Any

import pytest

from scheduler import ClinicRules, Course, Plan, action_to_fields, build_plan, plan_to_dict
from scheduler.actions import Action
from service.regimen_example import Example
from tests import oracle
from tests.chains import dated, marks_of, replayed
from tests.oracle_told import by_audience, judged_like, same_window, tasks_of, told
from tests.test_regimen_library import IDS, example_of


def plan_of(example: Example) -> Plan:
    file = example.course
    return build_plan(file.regimen, file.course, file.actions, today=example.today, clinic=ClinicRules())


@pytest.mark.parametrize("id_", IDS)
def test_every_date_of_a_worked_example_follows_from_its_chain(id_: str) -> None:
    plan = json.loads(json.dumps(plan_to_dict(plan_of(example_of(id_)))))
    found = list(dated(plan))
    assert len(found) >= len(example_of(id_).doses)
    for name, day, chain in found:
        assert replayed(chain, *marks_of(plan)) == day, name


@pytest.mark.parametrize("id_", IDS)
def test_the_oracle_comes_to_the_plan_of_a_worked_example(id_: str) -> None:
    example = example_of(id_)
    file = example.course
    theirs = oracle.plan(file.regimen, plain_course(file.course, file.actions), example.today)
    ours = told(plan_of(example))
    assert judged_like(ours["cycles"], theirs["cycles"]) == theirs["cycles"]
    assert ours["tasks"] == tasks_of(theirs)
    pairs = list(zip(by_audience(ours), by_audience(theirs), strict=True))
    assert all(same_window(window, allowed) for window, allowed in pairs), pairs


def plain_course(course: Course, actions: tuple[Action, ...]) -> dict[str, Any]:
    """The course and its actions as the oracle reads them."""
    plain = {
        "day1": course.day1,
        "at": course.at.isoformat("minutes"),
        "zone": course.zone,
        "intent": course.intent,
        "cycles": course.cycles,
        "cycle_lengths": dict(course.cycle_lengths),
        "audiences": [f"{one.name}:private" if one.private else one.name for one in course.audiences],
        "jurisdiction": course.jurisdiction,
        "earlier": course.earlier,
        "reason": course.reason,
    }
    return {**plain, "actions": [plain_action(action) for action in actions]}


def plain_action(action: Action) -> dict[str, Any]:
    dates = {field: getattr(action, field) for field in ("on", "to") if hasattr(action, field)}
    fields = {name: value for name, value in action_to_fields(action).items() if value not in ("", None)}
    return {"kind": action.kind, **fields, **dates}
