"""A plan of six cycles, in the core and as a whole process."""

import subprocess
import sys
from datetime import date, datetime, time
from uuid import UUID

from dateutil.rrule import WEEKLY, rrule

from benchmarks.timing import Result, fastest
from scheduler import ClinicRules, Course, Regimen, build_plan
from scheduler.course import Audience
from scheduler.plan import Plan
from service.catalogue import load_catalogue
from service.config import Settings

DAY1 = date(2026, 12, 7)
AUDIENCES = ("can-become-pregnant", "breastfeeding")


def plan_against_rrule() -> Result:
    """The whole plan (windows, tasks, reasons) against python-dateutil's bare dates."""
    regimen = inotuzumab()
    dates = [dose.date for dose in six_cycles(regimen).doses()]
    if dates != [moment.date() for moment in same_dates()]:
        raise AssertionError("the reference gives other dates")
    ours, reference = fastest(lambda: six_cycles(regimen), same_dates)
    return Result(
        what="plan of 6 cycles with times, windows, tasks and reasons",
        seconds=ours,
        reference="python-dateutil rrule, the same 18 dates",
        reference_seconds=reference,
        aim_ratio=3.0,
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
    course = Course(
        id=UUID(int=1),
        day1=DAY1,
        at=time(9),
        zone="America/New_York",
        audiences=tuple(Audience(name=name) for name in AUDIENCES),
    )
    return build_plan(regimen, course, (), today=DAY1, clinic=ClinicRules())


def same_dates() -> list[datetime]:
    """The same dates by python-dateutil: a first cycle of 21 days, then five of 28, doses on days 1, 8 and 15."""
    first = datetime.combine(DAY1, time())
    second = rrule(WEEKLY, interval=3, count=2, dtstart=first)[1]
    day1s = [first, *rrule(WEEKLY, interval=4, count=5, dtstart=second)]
    return [dose for day1 in day1s for dose in rrule(WEEKLY, count=3, dtstart=day1)]


# ---------------------------------------------------------------------------------------------------------------------


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own interpreter and program
