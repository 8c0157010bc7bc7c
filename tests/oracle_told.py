"""The core's side of the comparison with the oracle: its plan told as plain data, and the oracle's plain data as values."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scheduler import (
    ClinicRules,
    NeedsReason,
    Rejected,
    action_from_fields,
    build_plan,
    check_action,
    check_course,
    course_id,
    parse_audience,
)
from scheduler.actions import Action
from scheduler.course import Course
from scheduler.dates import parse_time
from scheduler.plan import Dose, Plan, Task, VisitTimes, Window
from tests.oracle_courses import Try
from tests.oracle_proposals import Case
from tests.oracle_telling import JUDGED_ADVICE, OF_THE_COURSE


def agree(tries: list[Try]) -> int:
    """Compares verdict and plan after every try; how many were accepted."""
    accepted = 0
    for tried in tries[:1]:
        check_course(tried.case.regimen, course_from_plain(tried.course))
    for tried in tries:
        *before, last = tried.course["actions"]
        course = course_from_plain(tried.course)
        actions = [action_of(plain) for plain in before]
        found, why = verdict(tried.case, course, actions, last)
        assert found == tried.verdict, (why or "accepted", tried.why, tried.course, tried.case)
        if tried.plan is not None:
            same_plan(tried, course, [*actions, action_of(last)])
            accepted += 1
    return accepted


def verdict(case: Case, course: Course, actions: list[Action], plain: Mapping[str, Any]) -> tuple[str, str]:
    """What the core says of the action, and its sentence where it says no."""
    try:
        clinic = clinic_of(case)
        check_action(case.regimen, course, actions, action_of(plain), today=case.today, clinic=clinic)
    except NeedsReason as fault:
        return "needs-reason", str(fault)
    except Rejected as fault:
        return "rejected", str(fault)
    return "accepted", ""


def same_plan(tried: Try, course: Course, actions: list[Action]) -> None:
    ours = told(build_plan(tried.case.regimen, course, actions, today=tried.case.today, clinic=clinic_of(tried.case)))
    theirs = tried.plan or {}
    everything = (tried.course, tried.case)
    assert judged_like(ours["cycles"], theirs["cycles"]) == theirs["cycles"], everything
    assert ours["tasks"] == tasks_of(theirs), everything
    assert [one["audience"] for one in by_audience(ours)] == [one["audience"] for one in by_audience(theirs)], (
        everything
    )
    for window, allowed in zip(by_audience(ours), by_audience(theirs), strict=True):
        assert same_window(window, allowed), (window, allowed, *everything)
    judged = {one for one in ours["advice"] if one[0] in JUDGED_ADVICE}
    sure, maybe = theirs["advice"], theirs["advice_open"]
    assert sure <= judged <= sure | maybe, (sure - judged, judged - sure - maybe, *everything)


def same_window(window: Mapping[str, Any], allowed: Mapping[str, Any]) -> bool:
    """Whether the core's window is one of those that the oracle allows; where it lists nothing, it doesn't judge."""
    listed = ("agent", "last_dose", "verified")
    same = all(window[name] == value for name, value in allowed.items() if name not in listed)
    return same and all(not allowed[name] or window[name] in ("", *allowed[name]) for name in listed)


def judged_like(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Our cycles without the arrivals that the oracle does not know: those at visits whose start is not known."""
    doses = zip(*([dose for cycle in cycles for dose in cycle["doses"]] for cycles in (ours, theirs)), strict=False)
    for dose, allowed in doses:
        dose["arrival"] = dose["arrival"] if allowed["arrival"] else None
    return ours


def by_audience(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(plan["windows"], key=lambda window: str(window["audience"]))


def tasks_of(plan: Mapping[str, Any]) -> set[Any]:
    return {
        (task["kind"], task["cycle"], _day(task["day"]), task["when"], task["date"])
        if task["cycle"] is not None
        else (task["kind"], 0, 0, "", task["date"])
        for task in plan["tasks"]
    }


# -- Plain data to values -----------------------------------------------------------------------------------


def clinic_of(case: Case) -> ClinicRules:
    return ClinicRules(newest=case.newest)


def action_of(plain: Mapping[str, Any]) -> Action:
    """The action of a table of a course file."""
    return action_from_fields(plain["kind"], {key: value for key, value in plain.items() if key != "kind"})


def course_from_plain(plain: Mapping[str, Any]) -> Course:
    """The course of the oracle's plain data."""
    some = ("cycles", "intent", "cycle_lengths", "reason", "jurisdiction", "earlier")
    return Course(
        id=course_id(plain["regimen"], "", plain["day1"]),
        day1=plain["day1"],
        at=parse_time(plain["at"], field="at"),
        zone=plain["zone"],
        audiences=tuple(parse_audience(text) for text in plain.get("audiences", ())),
        **{name: plain[name] for name in some if name in plain},
    )


# -- Values to plain data -----------------------------------------------------------------------------------


def told(plan: Plan) -> dict[str, Any]:
    """The plan in the words of the oracle."""
    cycles = [
        {
            "number": cycle.number,
            "day1": cycle.day1,
            "length_days": cycle.length_days,
            "last_day": cycle.last_day,
            "doses": [_dose(dose) for dose in cycle.doses],
        }
        for cycle in plan.cycles
    ]
    places = dict.fromkeys(OF_THE_COURSE, (None, None))
    return {
        "cycles": cycles,
        "windows": [_window(window) for window in plan.windows],
        "tasks": {_task(task) for task in plan.tasks},
        "advice": {(one.code, *places.get(one.code, (one.cycle, one.day))) for one in plan.advice},
    }


def _dose(dose: Dose) -> dict[str, Any]:
    plain = {"cycle": dose.cycle, "day": dose.day, "agent": dose.agent, "nominal": dose.nominal, "date": dose.date}
    return {**plain, "state": dose.state.value, **_times(dose.times)}


def _times(times: VisitTimes | None) -> dict[str, Any]:
    names = ("arrival", "infusion_start", "infusion_end", "observation_end", "disconnect")
    if times is None:
        return {**dict.fromkeys(names), "bag_changes": []}
    known = {
        "arrival": times.arrival if times.start_known else None,
        "infusion_start": times.infusion_start if times.start_known else None,
        "infusion_end": times.infusion_end if times.length_known else None,
        "observation_end": times.observation_end if times.length_known and times.observed else None,
        "disconnect": times.disconnect,
    }
    bags = [_utc(change) for change in times.bag_changes]
    return {**{name: _utc(instant) for name, instant in known.items()}, "bag_changes": bags}


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.astimezone(UTC)


def _window(window: Window) -> dict[str, Any]:
    return {
        "audience": window.audience,
        "kind": window.kind.value,
        "last_dose": window.last_dose,
        "through": window.through,
        "until": _utc(window.until),
        "final": window.final,
        "shown": window.shown,
        "verified": window.verified,
        "agent": window.agent,
        "not_stated": list(window.not_stated),
    }


def _task(task: Task) -> tuple[Any, ...]:
    if task.kind == "liver-watch" or task.ordinal:
        return task.kind, 0, 0, "", task.date
    return task.kind, task.cycle, _day(task.day), task.when.value, task.date


def _day(day: int | None) -> int:
    """A number to sort by, where a task hangs on no day."""
    return 1000 if day is None else day
