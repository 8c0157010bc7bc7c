"""The first page of a printed calendar: the whole course as a timeline, and the dates to keep in mind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from calendars import lanes
from calendars.glyphs import longest_piece
from calendars.kinds import Detail
from calendars.shapes import has_moved, mark_of
from calendars.sheet import Data, Paper
from calendars.spans import last_date
from calendars.view import CalendarView, Entry
from calendars.wording import say_brief, say_date
from scheduler.events import EventKind
from scheduler.plan import Cycle, Dose

# In mm: the width of a letter of a date, and of the date that heads a lane; a mark, and what parts it from its date.
_LETTER, _NAME_LETTER, _MARK, _GAP, _STAY = 1.6, 1.6, 6.4, 0.8, 2.2
# The most that a line of a lane's name takes, alone and in columns; what parts it from the lane; half a date; what lies
# between two columns of lanes.
_NAME, _NARROW_NAME, _BESIDE_NAME, _HALF, _GUTTER = 55.0, 38.0, 2.0, 8.0, 6.0
_SHORTEST = 30.0  # of a lane
_ARABIC = 0.85  # how wide its letters are beside Latin ones
_LARGE, _LARGE_NAME = 1.55, 1.75  # how much larger large print is, and the names of its lanes
# From the airiest to the densest: how many columns of lanes, and whether dates stand beside their marks.
_ARRANGEMENTS = ((1, False), (2, False), (1, True), (2, True), (3, True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler:
    """Where days lie on the lanes, as a part of their length; and how near two marks may stand."""

    first: int
    days: int

    def place(self, days: float) -> float:
        """The place of the day `days` after day 1."""
        return max(days - self.first, -1) / self.days


def course_at_a_glance(view: CalendarView) -> Data:
    """What the template draws: places are parts of a lane's length, from the side at which lines begin.

    Of the `arrangements` it takes the first with which all stands on one page; it alone can measure that.
    """
    cycles = view.cycles()
    first, last = lanes.span_of(cycles)
    ruler = Ruler(first=first, days=last - first)
    windows = [_window(entry, view) for entry in view.entries if entry.kind is EventKind.WINDOW]
    return {
        "heading": view.wording.say("print.course"),
        "lanes": [_lane(cycle, view, ruler) for cycle in cycles],
        "arrangements": _arrangements(view, cycles, ruler),
        "legend": [
            {"mark": str(mark), "letter": lanes.letter_of(mark, view), "text": lanes.state_of(mark, view)}
            for mark in lanes.marks_of(view)
        ],
        "shades": [{"kind": what, "text": words} for what, words in lanes.shades_of(view).items()],
        "windows-heading": view.wording.say("timeline.dates"),
        "windows": [*windows, *view.keep_on],
    }


# ---------------------------------------------------------------------------------------------------------------------


def _window(entry: Entry, view: CalendarView) -> str:
    if view.detail is Detail.FULL:
        return entry.lines[0]
    on = say_date(entry.first_date, view.language)
    return f"{on}: {entry.brief}" if entry.brief else on


def _arrangements(view: CalendarView, cycles: Sequence[Cycle], ruler: Ruler) -> list[Data]:
    """The ways in which the lanes may stand, with their measures in mm; the first one always."""
    sheet = view.sheet
    larger = _LARGE if sheet and sheet.large_print else 1.0
    width = sheet.paper.width if sheet else Paper.A4.width
    letter = _LETTER * larger * (_ARABIC if view.wording.direction == "rtl" else 1.0)
    date = letter * max((len(_brief(dose, view)) for cycle in cycles for dose in cycle.doses), default=0)
    mark = _MARK * larger
    gap = (_GAP + (_STAY if "stay" in lanes.shades_of(view) else 0)) * larger
    last = max((ruler.place(lanes.offset_of(dose, cycle)) for cycle in cycles for dose in cycle.doses), default=0.0)
    found: list[Data] = []
    for columns, beside in _ARRANGEMENTS:
        name = _name_width(view, cycles, most=_NAME if columns == 1 else _NARROW_NAME)
        before = mark if beside else _HALF * larger
        room = (width - _GUTTER * (columns - 1)) / columns - name - before
        # What stands to the right of a mark may reach beyond the lane's end, but not beyond the room.
        needed = mark / 2 + gap + date if beside else before
        length = min(room - mark / 2, (room - needed) / max(last, 0.01))
        apart = (mark + gap + date if beside else max(mark, date + larger)) / max(length, 1.0)
        if not found or (length >= _SHORTEST and columns <= len(cycles)):
            rows = [_rows(cycle, ruler, apart) for cycle in cycles]
            days = _day_names(view, ruler, apart)
            measures = {"name": name, "before": before, "after": room - length, "gap": gap, "gutter": _GUTTER}
            found.append({"columns": columns, "beside": beside, "rows": rows, "days": days} | measures)
    return found


def _name_width(view: CalendarView, cycles: Sequence[Cycle], *, most: float) -> float:
    """How wide the names of lanes are: they may take two lines, but no date is parted."""
    larger = _LARGE_NAME if view.sheet and view.sheet.large_print else 1.0
    names = [lanes.when_of(cycle, view) for cycle in cycles]
    letter = (_NAME_LETTER if view.detail is Detail.FULL else _NAME_LETTER * 1.25) * larger
    longest = max(map(len, names), default=0) * letter
    return max(longest_piece(names) * letter, min(longest, most * larger)) + _BESIDE_NAME


def _rows(cycle: Cycle, ruler: Ruler, apart: float) -> list[int]:
    """The row of each mark of a lane."""
    return lanes.rows_of([ruler.place(lanes.offset_of(dose, cycle)) for dose in lanes.doses_of(cycle)], apart)


def _day_names(view: CalendarView, ruler: Ruler, apart: float) -> list[Data]:
    if view.detail is not Detail.FULL:
        return []
    days = sorted({dose.day for cycle in view.cycles() for dose in cycle.doses})
    shown_at: list[Data] = []
    nearest = -1.0
    for day in days:
        place = ruler.place(day - 1)
        if place - nearest >= apart:
            shown_at.append({"x": place, "text": view.wording.say("timeline.day", day=day)})
            nearest = place
    return shown_at


def _lane(cycle: Cycle, view: CalendarView, ruler: Ruler) -> Data:
    full = view.detail is Detail.FULL
    return {
        "name": view.wording.say("timeline.lane", number=cycle.number) if full else "",
        "when": lanes.when_of(cycle, view),
        "start": ruler.place(0),
        "length": ruler.place(cycle.length_days - 1),
        "weeks": [ruler.place(week) for week in range(7, cycle.length_days, 7)],
        "alt": lanes.told(cycle, view),
        "hospital": [_in_hospital(entry, cycle, ruler) for entry in lanes.hospital_of(cycle, view)],
        "doses": [_dose(dose, cycle, view, ruler) for dose in lanes.doses_of(cycle)],
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
        "date": _brief(dose, view),
    }


def _brief(dose: Dose, view: CalendarView) -> str:
    return say_brief(dose.date, view.language) if dose.date is not None else ""
