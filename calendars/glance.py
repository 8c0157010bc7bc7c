"""The first page of a printed calendar: the whole course as a timeline, and the dates to keep in mind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from calendars import lanes
from calendars.kinds import Detail
from calendars.shapes import has_moved, mark_of
from calendars.sheet import Data, Paper
from calendars.spans import last_date
from calendars.view import CalendarView, Entry
from calendars.wording import say_brief, say_date
from scheduler.events import EventKind
from scheduler.plan import Cycle, Dose

# In mm: a lane's length by paper; how long a letter of a date is and how large a mark; the room on the page for lanes,
# what lies between two of them, and a row of marks with dates at least and at most.
_LANE = {Paper.A4: 215.0, Paper.LETTER: 197.0}
_LETTER, _MARK = 1.75, 6.8
_ROOM, _BETWEEN, _LOW, _HIGH = 128.0, 2.7, 9.4, 15.0
_WINDOW, _WINDOWS = 5.6, 12.0  # a line of the box of windows, and the rest of it
# Large print has letters half as large again, and longer names before the lanes.
_LARGE = 1.55


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """Where days lie on the lanes, as a part of their length; and how near two marks may stand."""

    first: int
    days: int
    apart: float

    def place(self, days: float) -> float:
        """The place of the day `days` after day 1."""
        return max(days - self.first, -1) / self.days


def course_at_a_glance(view: CalendarView) -> Data:
    """What the template draws: places are parts of a lane's length, from the side at which lines begin."""
    cycles = view.cycles()
    ruler = _ruler(view, cycles)
    windows = [_window(entry, view) for entry in view.entries if entry.kind is EventKind.WINDOW]
    windows += view.keep_on
    drawn = [_lane(cycle, view, ruler) for cycle in cycles]
    rows = sum(cast("int", lane["rows"]) for lane in drawn)
    step = (_ROOM - _BETWEEN * len(drawn) - (_WINDOW * len(windows) + _WINDOWS if windows else 0)) / max(rows, 1)
    return {
        "heading": view.wording.say("print.course"),
        "step": min(max(step, _LOW), _HIGH),
        "crowded": step < _LOW,  # then the windows come first: they belong on this page
        "lanes": drawn,
        "days": _day_names(view, ruler),
        "legend": [
            {"mark": str(mark), "letter": lanes.letter_of(mark, view), "text": lanes.state_of(mark, view)}
            for mark in lanes.marks_of(view)
        ],
        "shades": [{"kind": what, "text": words} for what, words in lanes.shades_of(view).items()],
        "windows-heading": view.wording.say("timeline.dates"),
        "windows": windows,
    }


# ---------------------------------------------------------------------------------------------------------------------


def _window(entry: Entry, view: CalendarView) -> str:
    if view.detail is Detail.FULL:
        return entry.lines[0]
    on = say_date(entry.first_date, view.language)
    return f"{on}: {entry.brief}" if entry.brief else on


def _ruler(view: CalendarView, cycles: Sequence[Cycle]) -> Ruler:
    first, last = lanes.span_of(cycles)
    sheet = view.sheet
    length = _LANE[sheet.paper if sheet else Paper.A4]
    dates = [say_brief(dose.date, view.language) for cycle in cycles for dose in cycle.doses if dose.date is not None]
    apart = max([_MARK, *(_LETTER * len(text) + 1 for text in dates)])
    if sheet and sheet.large_print:
        apart, length = apart * _LARGE, length - 32
    return Ruler(first=first, days=last - first, apart=apart / length)


def _day_names(view: CalendarView, ruler: Ruler) -> list[Data]:
    if view.detail is not Detail.FULL:
        return []
    days = sorted({dose.day for cycle in view.cycles() for dose in cycle.doses})
    shown_at: list[Data] = []
    nearest = -1.0
    for day in days:
        place = ruler.place(day - 1)
        if place - nearest >= ruler.apart:
            shown_at.append({"x": place, "text": view.wording.say("timeline.day", day=day)})
            nearest = place
    return shown_at


def _lane(cycle: Cycle, view: CalendarView, ruler: Ruler) -> Data:
    full = view.detail is Detail.FULL
    doses = lanes.doses_of(cycle)
    rows = lanes.rows_of([ruler.place(lanes.offset_of(dose, cycle)) for dose in doses], ruler.apart)
    return {
        "name": view.wording.say("timeline.lane", number=cycle.number) if full else "",
        "when": lanes.when_of(cycle, view),
        "start": ruler.place(0),
        "length": ruler.place(cycle.length_days - 1),
        "weeks": [ruler.place(week) for week in range(7, cycle.length_days, 7)],
        "alt": lanes.told(cycle, view),
        "hospital": [_in_hospital(entry, cycle, ruler) for entry in lanes.hospital_of(cycle, view)],
        "rows": max(rows, default=0) + 1,
        "doses": [_dose(dose, cycle, view, ruler) | {"row": row} for dose, row in zip(doses, rows, strict=True)],
    }


def _in_hospital(stay: Entry, cycle: Cycle, ruler: Ruler) -> Data:
    """From half a day before the first of its days to half a day after the last: each is marked at its middle."""
    first, last = ((day - cycle.day1).days for day in (stay.first_date, last_date(stay)))
    return {"x": ruler.place(first - 0.5), "length": (last - first + 1) / ruler.days}


def _dose(dose: Dose, cycle: Cycle, view: CalendarView, ruler: Ruler) -> Data:
    mark = mark_of(dose)
    run, stay = (None, None) if view.detail is Detail.BUSY else (lanes.run_of(dose), lanes.stay_of(dose))
    return {
        "x": ruler.place(lanes.offset_of(dose, cycle)),
        "from": ruler.place((dose.nominal - cycle.day1).days) if has_moved(dose) else None,
        "stay": stay / timedelta(days=ruler.days) if stay else None,
        "run": run / timedelta(days=ruler.days) if run else None,
        "mark": str(mark),
        "letter": lanes.letter_of(mark, view),
        "date": say_brief(dose.date, view.language) if dose.date is not None else "",
    }
