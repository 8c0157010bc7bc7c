"""What the tests of the core share: the regimen as shipped, courses and actions from plain data, plans and refusals."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import scheduler
from scheduler import (
    ClinicRules,
    Course,
    Plan,
    Regimen,
    Rejected,
    action_from_fields,
    build_plan,
    check_action,
    check_actions,
    check_course,
    course_id,
    parse_audience,
    parse_regimen,
)
from scheduler.actions import Action
from scheduler.dates import parse_time
from scheduler.plan import Dose

REGIMENS = Path(scheduler.__file__).parent / "regimens"


@cache
def inotuzumab() -> Regimen:
    """The regimen as shipped."""
    path = REGIMENS / "inotuzumab-ozogamicin.toml"
    return parse_regimen(path.read_text(encoding="utf-8"), path.name)


def with_agent(regimen: Regimen, **changes: Any) -> Regimen:
    """The regimen with its one agent changed; fields of `times` may be named directly."""
    (agent,) = regimen.agents.values()
    lengths = {name: changes.pop(name) for name in ("infusion_minutes", "observation_minutes") if name in changes}
    times = replace(changes.pop("times", agent.times), **lengths)
    return replace(regimen, agents={agent.key: replace(agent, times=times, **changes)})


def course_of(day1: date, **fields: Any) -> Course:
    """A course with plain defaults: 09:00 in New York."""
    at = parse_time(fields.pop("at", "09:00"), field="at")
    zone = fields.pop("zone", "America/New_York")
    audiences = tuple(parse_audience(text) for text in fields.pop("audiences", ()))
    own_id = course_id("inotuzumab-ozogamicin", "", day1)
    return Course(id=own_id, day1=day1, at=at, zone=zone, audiences=audiences, **fields)


def action_of(plain: Mapping[str, Any]) -> Action:
    """The action of a table of a course file."""
    return action_from_fields(plain["kind"], {key: value for key, value in plain.items() if key != "kind"})


def act(kind: str, dose: str = "", /, **fields: Any) -> dict[str, Any]:
    """An action as a table of a course file; `dose` is a name such as C1D8, `from_` stands for `from`."""
    if dose:
        cycle, day = dose[1:].split("D")
        fields = {"cycle": int(cycle), "day": int(day), **fields}
    return {"kind": kind, **{name.rstrip("_"): value for name, value in fields.items()}}


def days(text: str, year: int = 2026) -> list[date]:
    """Dates of a text such as "12-07 12-14 01-04": each on the first such day after the one before."""
    found: list[date] = []
    for month, day in (map(int, word.split("-")) for word in text.split()):
        year += bool(found) and date(year, month, day) < found[-1]
        found.append(date(year, month, day))
    return found


def dates_of(plan: Plan) -> list[date | None]:
    """The dates of all doses in order."""
    return [dose.date for dose in plan.doses()]


def plan_of(
    course: Course,
    *actions: Mapping[str, Any],
    today: date | None = None,
    clinic: ClinicRules | None = None,
) -> Plan:
    """The plan after these actions, each checked against those before it. Today is long after all of them."""
    today = today or date(course.day1.year + 2, 1, 1)
    recorded = tuple(action_of(action) for action in actions)
    clinic = clinic or ClinicRules()
    check_course(inotuzumab(), course)
    check_actions(inotuzumab(), course, recorded, today=today, clinic=clinic)
    return build_plan(inotuzumab(), course, recorded, today=today, clinic=clinic)


def refusal(course: Course, *actions: Mapping[str, Any], today: date | None = None) -> Rejected:
    """How the last of these actions is refused; the others are accepted."""
    today = today or date(course.day1.year + 2, 1, 1)
    *before, last = (action_of(action) for action in actions)
    check_actions(inotuzumab(), course, before, today=today, clinic=ClinicRules())
    try:
        check_action(inotuzumab(), course, before, last, today=today, clinic=ClinicRules())
    except Rejected as fault:
        return fault
    raise AssertionError("the action was accepted")


def at(plan: Plan, name: str) -> Dose:
    """The dose of a name such as C1D8, or "C1D8 rituximab"."""
    place, _, agent = name.partition(" ")
    cycle, day = place[1:].split("D")
    dose = plan.find(int(cycle), int(day), agent)
    assert dose is not None, name
    return dose
