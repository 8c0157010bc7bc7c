"""The plan as a picture (SVG): one lane for each cycle, a shape and a letter for where each dose stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from textwrap import wrap

from calendars.kinds import clean
from calendars.shapes import INK, RADIUS, SOFT, Mark, arrow, has_moved, mark_of, shape
from calendars.view import CalendarView, Detail
from calendars.wording import say_brief, say_date, say_day
from scheduler.events import EventKind
from scheduler.plan import Cycle, Dose, DoseState

# In user units, drawn one to one on a phone of 390 px: text of 12 and more stays legible.
_WIDTH = 390
_MARGIN = 14
_LEFT = 44  # room for the arrow of a day 1 that moved
_RIGHT = 26
_HEADER = 28  # a lane's name
_ROW = 44  # a mark with its date beneath
_APART = 46  # marks nearer than this go into the next row
_LINE = 18
_COLUMNS = 52  # characters of a line of text

# As attributes, since a style sheet in a picture would reach into the page that shows it, or be refused there.
_FONT = f'font-family="system-ui, Noto Sans, DejaVu Sans, sans-serif" font-size="13" fill="{INK}"'
_HEADING = ' font-size="16" font-weight="700"'
_BOLD = ' font-weight="700"'
_SMALL = f' font-size="12" fill="{SOFT}"'
_TRACK = 'stroke="#c9d3d8"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitch:
    """Where a day of a cycle lies: `units` to the right for each day."""

    units: float

    def x(self, days: int) -> float:
        """The place of the day `days` after day 1; a day before it at most half an inch to the left."""
        return round(max(_LEFT + days * self.units, 10), 1)


def render(view: CalendarView) -> bytes:
    """The picture of `view`, as wide as its place and at most 42 rem; with a title and a description in words."""
    lanes = view.cycles()
    pitch = Pitch(units=(_WIDTH - _LEFT - _RIGHT) / max(_days(cycle) for cycle in lanes) if lanes else 1)
    parts: list[str] = []
    y = _head(view, parts)
    y = _day_names(view, lanes, pitch, y, parts)
    for cycle in lanes:
        y = _lane(cycle, view, pitch, y, parts)
    y = _legend(view, lanes, y, parts)
    y = _windows(view, y, parts)
    height = y + _MARGIN
    title, described = escape(view.title), escape(" ".join(_description(view, lanes)))
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" {_FONT}'
        f' lang="{escape(view.language)}" direction="{view.wording.direction}"'
        ' aria-labelledby="timeline-title timeline-desc"'
        ' style="width:100%;max-width:42rem;height:auto">'
    )
    frame = f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
    body = "\n".join(parts)
    picture = (
        f'<title id="timeline-title">{title}</title>\n<desc id="timeline-desc">{described}</desc>\n{frame}\n{body}'
    )
    return f"{opening}\n{picture}\n</svg>\n".encode()


# -------------------------------------------------------------------------------------------------------------


def _head(view: CalendarView, parts: list[str]) -> int:
    y = _MARGIN + 14
    parts.append(_text(view, y, view.title, _HEADING))
    if view.detail is Detail.FULL:
        for row in wrap(clean(view.plan.regimen.name), _COLUMNS):
            y += _LINE
            parts.append(_text(view, y, row, _SMALL))
    if not view.cycles():
        y += _LINE
        parts.append(_text(view, y, view.wording.say("page.empty")))
    return y + 10


def _day_names(view: CalendarView, lanes: Sequence[Cycle], pitch: Pitch, y: int, parts: list[str]) -> int:
    """The names of the days that have a dose, where there is room for them."""
    if view.detail is not Detail.FULL or not lanes:
        return y
    nearest = -float(_WIDTH)
    for day in sorted({dose.day for cycle in lanes for dose in cycle.doses}):
        x = pitch.x(day - 1)
        if x - nearest >= _APART:
            name = escape(view.wording.say("timeline.day", day=day))
            parts.append(f'<text{_SMALL} x="{x}" y="{y + 12}" text-anchor="middle">{name}</text>')
            nearest = x
    return y + 18


def _lane(cycle: Cycle, view: CalendarView, pitch: Pitch, y: int, parts: list[str]) -> int:
    """Draws a cycle below `y` and returns where the next thing may begin."""
    parts.append(_text(view, y + 16, _lane_name(cycle, view), _BOLD))
    rows = _rows(cycle, pitch)
    middle = y + _HEADER + RADIUS + 4
    last = pitch.x(max(cycle.length_days - 1, 0))
    ends = f'x1="{pitch.x(0)}" y1="{middle}" x2="{last}" y2="{middle}"'
    parts.append(f'<line {_TRACK} stroke-width="3" stroke-linecap="round" {ends}/>')
    for week in range(7, cycle.length_days, 7):
        x = pitch.x(week)
        parts.append(f'<line {_TRACK} x1="{x}" y1="{middle - 6}" x2="{x}" y2="{middle + 6}"/>')
    for dose, row in zip(cycle.doses, rows, strict=True):
        parts += _dose(dose, cycle, view, pitch, middle + row * _ROW)
    return y + _HEADER + (max(rows, default=0) + 1) * _ROW + 6


def _lane_name(cycle: Cycle, view: CalendarView) -> str:
    when = _lane_date(cycle, view)
    if view.detail is Detail.FULL:
        return f"{view.wording.say('timeline.lane', number=cycle.number)} · {when}"
    return when


def _lane_date(cycle: Cycle, view: CalendarView) -> str:
    say, states = view.wording.say, {dose.state for dose in cycle.doses}
    if states & {DoseState.PLANNED, DoseState.GIVEN}:
        return say("timeline.from", date=say_day(cycle.day1, view.language))
    if view.detail is Detail.BUSY:
        return ""
    return say("timeline.no-date") if DoseState.HELD in states else _state(Mark.CANCELLED, view)


def _rows(cycle: Cycle, pitch: Pitch) -> list[int]:
    """For each dose the row in which its mark and date have room."""
    ends: list[float] = []
    rows = []
    for dose in cycle.doses:
        x = pitch.x(_offset(dose, cycle))
        row = next((number for number, end in enumerate(ends) if x - end >= _APART), len(ends))
        ends[row : row + 1] = [x]
        rows.append(row)
    return rows


def _dose(dose: Dose, cycle: Cycle, view: CalendarView, pitch: Pitch, y: float) -> Iterator[str]:
    mark, x = mark_of(dose), pitch.x(_offset(dose, cycle))
    if has_moved(dose):
        origin = pitch.x((dose.nominal - cycle.day1).days)
        yield arrow(origin, x, y)
    letter = "" if view.detail is Detail.BUSY else _letter(mark, view)
    yield shape(mark, x, y, letter)
    if dose.date is not None:
        text = escape(say_brief(dose.date, view.language))
        yield f'<text{_SMALL} x="{x}" y="{y + 26}" text-anchor="middle">{text}</text>'


def _legend(view: CalendarView, lanes: Sequence[Cycle], y: int, parts: list[str]) -> int:
    if view.detail is Detail.BUSY:
        return y
    shown = {mark_of(dose) for cycle in lanes for dose in cycle.doses}
    if any(has_moved(dose) for cycle in lanes for dose in cycle.doses):
        shown.add(Mark.MOVED)
    y += 8
    inset = 34 if Mark.MOVED in shown else 13  # room for the arrow
    for mark in (each for each in Mark if each in shown):
        if mark is Mark.MOVED:
            parts.append(arrow(_side(view, 3), _side(view, inset), y + 15))
        parts.append(shape(mark, _side(view, inset), y + 15, _letter(mark, view)))
        parts.append(_text(view, y + 20, _state(mark, view), indent=inset + 22))
        y += 28
    return y


def _windows(view: CalendarView, y: int, parts: list[str]) -> int:
    """The windows in words: they reach months beyond the lanes."""
    lines = _window_lines(view)
    y += 6 if lines else 0
    for line in lines:
        for row in wrap(line, _COLUMNS):
            y += _LINE
            parts.append(_text(view, y, row))
        y += 4
    return y


def _window_lines(view: CalendarView) -> list[str]:
    windows = [entry for entry in view.entries if entry.kind is EventKind.WINDOW]
    if view.detail is not Detail.FULL:
        return []
    return [" ".join(filter(None, (*entry.lines[:1], entry.staff_note))) for entry in windows]


def _description(view: CalendarView, lanes: Sequence[Cycle]) -> Iterator[str]:
    """All that the picture shows, in sentences for people who hear it."""
    for cycle in lanes:
        doses = "; ".join(_told(dose, view) for dose in cycle.doses)
        name = _lane_name(cycle, view)
        yield f"{name}: {doses}." if name else f"{doses}."
    yield from _window_lines(view)
    if not lanes:
        yield view.wording.say("page.empty")


def _told(dose: Dose, view: CalendarView) -> str:
    say, language = view.wording.say, view.language
    day = say("timeline.day", day=dose.day) if view.detail is Detail.FULL else ""
    on = say_date(dose.date, language) if dose.date is not None else ""
    if view.detail is Detail.BUSY:
        return on
    state = "" if mark_of(dose) is Mark.MOVED else _state(mark_of(dose), view)
    moved = say("timeline.moved", date=say_day(dose.nominal, language)) if has_moved(dose) else ""
    return ", ".join(filter(None, (day, on, state, moved)))


def _state(mark: Mark, view: CalendarView) -> str:
    return view.wording.say(f"state.{mark}.{'full' if view.detail is Detail.FULL else 'discreet'}")


def _letter(mark: Mark, view: CalendarView) -> str:
    neutral = f"state.{mark}.letter.discreet"
    if view.detail is not Detail.FULL and view.wording.has(neutral):
        return view.wording.say(neutral)
    return view.wording.say(f"state.{mark}.letter")


def _offset(dose: Dose, cycle: Cycle) -> int:
    return ((dose.date or dose.nominal) - cycle.day1).days


def _days(cycle: Cycle) -> int:
    """How many days a lane needs: its length, or more where a dose lies beyond it."""
    return max([cycle.length_days - 1, 1, *(_offset(dose, cycle) for dose in cycle.doses)])


def _side(view: CalendarView, indent: float) -> float:
    """A place `indent` from the side at which the language's lines begin."""
    inset = _MARGIN + indent
    return inset if view.wording.direction == "ltr" else _WIDTH - inset


def _text(view: CalendarView, y: float, text: str, look: str = "", *, indent: float = 0) -> str:
    return f'<text{look} x="{_side(view, indent)}" y="{y}">{escape(text)}</text>'
