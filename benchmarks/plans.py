"""A plan of six cycles, in the core and as a whole process."""

import subprocess
import sys
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from dateutil.rrule import WEEKLY, rrule

from benchmarks.timing import Result, fastest
from scheduler import Action, ClinicRules, Course, Regimen, build_plan, check_action
from scheduler.actions import Defer, Given, Response, ResponseValue, VisitTime
from scheduler.course import Audience
from scheduler.plan import Plan
from service.catalogue import load_catalogue
from service.config import Settings

DAY1 = date(2026, 12, 7)
# A plan takes less than a millisecond: many short rounds find a quiet moment on a busy machine, a long one none.
SHORT: Any = {"rounds": 600, "seconds": 0.001}
AUDIENCES = ("can-become-pregnant", "breastfeeding")


def plan_against_rrule() -> Result:
    """The whole plan (windows, tasks, reasons) against python-dateutil's bare dates."""
    regimen = inotuzumab()
    dates = [dose.date for dose in six_cycles(regimen).doses()]
    if dates != [moment.date() for moment in same_dates()]:
        raise AssertionError("the reference gives other dates")
    ours, reference = fastest(lambda: six_cycles(regimen), same_dates, **SHORT)
    return Result(
        what="plan of 6 cycles with times, windows, tasks and reasons",
        seconds=ours,
        reference="python-dateutil rrule, the same 18 dates",
        reference_seconds=reference,
        aim_ratio=2.0,
    )


def hundred_cycles_against_five() -> Result:
    """The cost of a plan grows with its cycles, and no faster."""
    regimen = inotuzumab()
    ours, reference = fastest(lambda: plan_of(regimen, 100), lambda: plan_of(regimen, 5), **SHORT)
    return Result(
        what="plan of 100 cycles",
        seconds=ours,
        reference="plan of 5 cycles",
        reference_seconds=reference,
        aim_ratio=20.0,
    )


def record_after_forty_actions() -> Result:
    """Checking a new action and making the plan with it, after forty actions and after none."""
    regimen, clinic = inotuzumab(), ClinicRules()
    course = _course(None)
    many, last = eventful()
    ours, reference = fastest(
        lambda: _record(regimen, course, many, last, clinic),
        lambda: _record(regimen, course, (), many[0], clinic),
        **SHORT,
    )
    return Result(
        what="a record after 40 actions: checked, and the plan with it",
        seconds=ours,
        reference="the same after none",
        reference_seconds=reference,
        aim_ratio=2.0,
    )


def command_against_python() -> Result:
    """`infusions plan` from start to exit against an interpreter that does nothing."""
    program = "from service.cli import main; main()"
    plan = [sys.executable, "-c", program, "plan", "inotuzumab-ozogamicin", "--day1", DAY1.isoformat()]
    ours, reference = fastest(lambda: _run(plan), lambda: _run([sys.executable, "-c", "pass"]), rounds=11, seconds=0)
    return Result(
        what="infusions plan, the whole process",
        seconds=ours,
        reference="python -c pass",
        reference_seconds=reference,
        aim_seconds=0.3,
    )


def inotuzumab() -> Regimen:
    """The regimen that all measurements use."""
    return load_catalogue(Settings()).regimen("inotuzumab-ozogamicin")


def six_cycles(regimen: Regimen) -> Plan:
    """A plan of six cycles for two audiences."""
    return plan_of(regimen, None)


def plan_of(regimen: Regimen, cycles: int | None) -> Plan:
    """A plan of so many cycles; of the regimen's own number without one."""
    return _read(build_plan(regimen, _course(cycles), (), today=DAY1, clinic=ClinicRules()))


def eventful() -> tuple[tuple[Action, ...], Action]:
    """Forty actions of a course that had something of everything, and the next one."""
    actions: list[Action] = []
    day1, length = DAY1, 21
    for cycle in range(1, 7):
        later = day1 + timedelta(days=1 if cycle > 1 else 0)
        if cycle > 1:
            actions.append(Defer(cycle=cycle, day=1, to=later, reason="asked for"))
        actions += [
            VisitTime(at=time(8 + cycle), cycle=cycle, day=8),
            Given(cycle=cycle, day=1, on=later),
            Defer(cycle=cycle, day=8, to=later + timedelta(days=8), reason="asked for"),
            Given(cycle=cycle, day=8, on=later + timedelta(days=8)),
            Response(cycle=cycle, value=ResponseValue.CR),
            Given(cycle=cycle, day=15, on=later + timedelta(days=15), reason="asked for"),
        ]
        day1, length = later + timedelta(days=length), 28
    return tuple(actions[:40]), actions[40]


def same_dates() -> list[datetime]:
    """The same dates by python-dateutil: a first cycle of 21 days, then five of 28, doses on days 1, 8 and 15."""
    first = datetime.combine(DAY1, time())
    second = rrule(WEEKLY, interval=3, count=2, dtstart=first)[1]
    day1s = [first, *rrule(WEEKLY, interval=4, count=5, dtstart=second)]
    return [dose for day1 in day1s for dose in rrule(WEEKLY, count=3, dtstart=day1)]


# ---------------------------------------------------------------------------------------------------------------------


def _course(cycles: int | None) -> Course:
    return Course(
        id=UUID(int=1),
        day1=DAY1,
        at=time(9),
        zone="America/New_York",
        cycles=cycles,
        audiences=tuple(Audience(name=name) for name in AUDIENCES),
    )


def _record(regimen: Regimen, course: Course, before: tuple[Action, ...], new: Action, clinic: ClinicRules) -> Plan:
    today = DAY1 + timedelta(days=400)
    check_action(regimen, course, before, new, today=today, clinic=clinic)
    return _read(build_plan(regimen, course, (*before, new), today=today, clinic=clinic))


def _read(plan: Plan) -> Plan:
    """The plan, once all of it has been found."""
    for part in (plan.tasks, plan.advice):
        len(part)
    return plan


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own interpreter and program
