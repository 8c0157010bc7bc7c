"""The first page of a printed calendar: the whole course as a timeline, and the dates to keep in mind."""

from datetime import timedelta

from calendars.kinds import Detail
from calendars.lanes import (
    days_of,
    doses_of,
    letter_of,
    marks_of,
    offset_of,
    rows_of,
    state_of,
    stay_of,
    told,
    when_of,
)
from calendars.shapes import has_moved, mark_of
from calendars.sheet import Data
from calendars.view import CalendarView, Entry
from calendars.wording import say_brief, say_date
from scheduler.events import EventKind
from scheduler.plan import Cycle, Dose

_APART, _APART_LARGE = 0.065, 0.11  # marks nearer than this part of a lane stand in rows of their own


def course_at_a_glance(view: CalendarView) -> Data:
    """What the template draws: places are parts of a lane's length, from the side at which lines begin."""
    cycles = view.cycles()
    reach = max((days_of(cycle) for cycle in cycles), default=1)
    heading = view.wording.say("print.course")
    stays = view.detail is not Detail.BUSY and any(stay_of(dose) for cycle in cycles for dose in cycle.doses)
    return {
        "heading": heading,
        "lanes": [_lane(cycle, view, reach) for cycle in cycles],
        "days": _day_names(view, reach),
        "legend": [
            {"mark": str(mark), "letter": letter_of(mark, view), "text": state_of(mark, view)}
            for mark in marks_of(view)
        ],
        "stay": _stay_words(view) if stays else "",
        "windows-heading": view.wording.say("timeline.dates"),
        "windows": [_window(entry, view) for entry in view.entries if entry.kind is EventKind.WINDOW],
    }


# ---------------------------------------------------------------------------------------------------------------------


def _window(entry: Entry, view: CalendarView) -> str:
    if view.detail is Detail.FULL:
        return entry.lines[0]
    on = say_date(entry.first_date, view.language)
    return f"{on}: {entry.brief}" if entry.brief else on


def _stay_words(view: CalendarView) -> str:
    return view.wording.say("timeline.stay" if view.detail is Detail.FULL else "timeline.stay.discreet")


def _day_names(view: CalendarView, reach: int) -> list[Data]:
    if view.detail is not Detail.FULL:
        return []
    days = sorted({dose.day for cycle in view.cycles() for dose in cycle.doses})
    shown_at: list[Data] = []
    nearest = -1.0
    for day in days:
        place = max(day - 1, 0) / reach
        if place - nearest >= 0.06:
            shown_at.append({"x": place, "text": view.wording.say("timeline.day", day=day)})
            nearest = place
    return shown_at


def _lane(cycle: Cycle, view: CalendarView, reach: int) -> Data:
    full = view.detail is Detail.FULL
    doses = doses_of(cycle)
    apart = _APART_LARGE if view.sheet and view.sheet.large_print else _APART
    rows = rows_of([offset_of(dose, cycle) / reach for dose in doses], apart)
    return {
        "name": view.wording.say("timeline.lane", number=cycle.number) if full else "",
        "when": when_of(cycle, view),
        "length": (cycle.length_days - 1) / reach,
        "weeks": [week / reach for week in range(7, cycle.length_days, 7)],
        "alt": told(cycle, view),
        "rows": max(rows, default=0) + 1,
        "doses": [_dose(dose, cycle, view, reach) | {"row": row} for dose, row in zip(doses, rows, strict=True)],
    }


def _dose(dose: Dose, cycle: Cycle, view: CalendarView, reach: int) -> Data:
    mark, stay = mark_of(dose), stay_of(dose)
    return {
        "x": max(offset_of(dose, cycle), 0) / reach,
        "from": max((dose.nominal - cycle.day1).days, -1) / reach if has_moved(dose) else None,
        "stay": stay / timedelta(days=reach) if stay and view.detail is not Detail.BUSY else None,
        "mark": str(mark),
        "letter": letter_of(mark, view),
        "date": say_brief(dose.date, view.language) if dose.date is not None else "",
    }
