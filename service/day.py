"""The clinic's day: who comes, what is due, missing, on hold. Read from stored facts; no plan is folded."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from db import day_queries, day_store
from db.day_queries import DayLines, Need, Part, Wanted
from db.engine import Session, reading
from db.stored import DayLine, Ticked
from scheduler.day_facts import FactKind
from service.audit import HOME_CLINIC
from service.clock import today_in
from service.day_upkeep import mark
from service.queries import CourseLine, line_of
from service.worklist import Line, open_lines

if TYPE_CHECKING:
    from service.wiring import App

__all__ = [
    "ClinicDay",
    "DayLine",
    "DayLines",
    "FoundCourses",
    "Need",
    "Wanted",
    "clinic_day",
    "find_courses",
    "is_asked",
]

VISITS = 25  # of one page: with their ticks they are most of its weight
LINES = 10  # of each other list; the rest stands in the list of courses
COURSES = 50
NOTHING = DayLines(lines=(), total=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicDay:
    """A day of the clinic. `coming` is one page of those who come, `tomorrow` the first of those after it.

    What stands below is of today alone, and empty on other days. `lines`: the first of the worklist, of `all_lines`.
    `ticks` are by course and reference. `behind`: so many courses still follow older settings.
    """

    day: date
    today: date
    page: int
    pages: int
    coming: DayLines
    tomorrow: DayLines
    hospital: DayLines
    ticks: Mapping[tuple[UUID, str], Ticked]
    lines: tuple[Line, ...] = ()
    all_lines: int = 0
    checks: DayLines = NOTHING
    after: DayLines = NOTHING
    hold: DayLines = NOTHING
    closed: DayLines = NOTHING
    watch: DayLines = NOTHING
    behind: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCourses:
    """One page of the courses that were looked for. `regimens`: ids and names of those in use."""

    lines: tuple[CourseLine, ...]
    total: int
    page: int
    pages: int
    regimens: tuple[tuple[str, str], ...]


def clinic_day(app: "App", *, day: date | None = None, page: int = 1, clinic_id: int = HOME_CLINIC) -> ClinicDay:
    """That day, else today. It asks the database as often for many rows as for few."""
    with reading(app.engine) as session:
        app = app.of(clinic_id, session)
        today = today_in(app.settings.clinic.zone, app.now())
        day = day or today
        coming = day_queries.who_comes(session, clinic_id, day, _part(page, VISITS))
        found = ClinicDay(
            day=day,
            today=today,
            page=page,
            pages=_pages(coming.total, VISITS),
            coming=coming,
            tomorrow=day_queries.who_comes(session, clinic_id, day + timedelta(days=1), Part(most=VISITS)),
            hospital=day_queries.in_hospital(session, clinic_id, day, Part(most=LINES)),
            ticks=day_store.ticks_of(session, clinic_id, {line.course_id for line in coming.lines}),
        )
        return _with_today(app, session, found, clinic_id) if day == today else found


def find_courses(app: "App", wanted: Wanted, *, page: int = 1, clinic_id: int = HOME_CLINIC) -> FoundCourses:
    """The courses that are looked for, the next visit first."""
    with reading(app.engine) as session:
        today = today_in(app.of(clinic_id, session).settings.clinic.zone, app.now())
        found, total = day_queries.search(session, clinic_id, wanted, today, _part(page, COURSES))
        regimens = day_queries.regimens_in_use(session, clinic_id)
    return FoundCourses(
        lines=tuple(map(line_of, found)), total=total, page=page, pages=_pages(total, COURSES), regimens=regimens
    )


def is_asked(name: str, day: int, ticks: Collection[str]) -> bool:
    """Whether staff are asked to tick that on a visit of that day of the cycle; `ticks` is the clinic's setting."""
    match name:
        case "blood-count":
            return ("blood-count-day-1" if day == 1 else "blood-count-other-days") in ticks
        case "liver-tests" | "weight" | "premedication":
            return name in ticks
        case _:
            return "other-checks" in ticks


# ---------------------------------------------------------------------------------------------------------------------


def _with_today(app: "App", session: Session, found: ClinicDay, clinic_id: int) -> ClinicDay:
    """The day with what is asked of staff now."""
    some, day = Part(most=LINES), found.day
    lines = open_lines(app, session, clinic_id)
    return replace(
        found,
        lines=lines[:LINES],
        all_lines=len(lines),
        checks=day_queries.checks_due(session, clinic_id, FactKind.CHECK, day, some),
        after=day_queries.checks_due(session, clinic_id, FactKind.AFTER, day, some),
        hold=day_queries.on_hold(session, clinic_id, some),
        closed=day_queries.on_closed_days(session, clinic_id, day, some),
        watch=day_queries.under_watch(session, clinic_id, day, some),
        behind=day_store.count_due_for_facts(session, mark(app.settings, app.now()), clinic_id),
    )


def _part(page: int, most: int) -> Part:
    return Part(skip=(max(page, 1) - 1) * most, most=most)


def _pages(total: int, most: int) -> int:
    return max(1, -(-total // most))
