"""The plan as a picture (SVG): one lane for each cycle, a shape and a letter for where each dose stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from textwrap import wrap

from calendars.kinds import clean
from calendars.view import CalendarView, Detail
from calendars.wording import say_brief, say_date, say_day
from scheduler.events import EventKind
from scheduler.plan import Cycle, Dose, DoseState

# In user units, drawn one to one on a phone of 390 px: text of 12 and more stays legible.
_WIDTH = 390
_MARGIN = 14
_LEFT = 44  # room for the arrow of a day 1 that moved
_RIGHT = 26
_RADIUS = 11
_HEADER = 24  # a lane's name
_ROW = 44  # a mark with its date beneath
_APART = 46  # marks nearer than this go into the next row
_LINE = 18
_COLUMNS = 52  # characters of a line of text

_STYLE = (
    'text{font:13px system-ui,"Noto Sans","DejaVu Sans",sans-serif;fill:#1c2b33}'
    ".h{font-size:16px;font-weight:700}.b{font-weight:700}.s{font-size:12px;fill:#52646e}"
    ".l{font-weight:700;font-size:12px}.track{stroke:#c9d3d8;stroke-width:3;stroke-linecap:round}"
    ".tick{stroke:#c9d3d8;stroke-width:1}.mark{fill:#fff;stroke:#0b6166;stroke-width:2}"
    ".given{fill:#0b6166}.on{fill:#fff}.maybe{stroke-dasharray:3 2.4}.gone{stroke:#6b7a82}"
    ".arrow{stroke:#8a5a00;stroke-width:1.8;fill:none}.tip{fill:#8a5a00}"
)


class Mark(StrEnum):
    """Where a dose stands, as it is drawn."""

    PLANNED = "planned"
    TENTATIVE = "tentative"
    MOVED = "moved"
    GIVEN = "given"
    OMITTED = "omitted"
    CANCELLED = "cancelled"
    HELD = "held"


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
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' aria-labelledby="t d" lang="{escape(view.language)}" direction="{view.wording.direction}"'
        ' style="width:100%;max-width:42rem;height:auto">'
    )
    frame = f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
    body = "\n".join(parts)
    picture = (
        f'<title id="t">{title}</title>\n<desc id="d">{described}</desc>\n<style>{_STYLE}</style>\n{frame}\n{body}'
    )
    return f"{opening}\n{picture}\n</svg>\n".encode()


# -------------------------------------------------------------------------------------------------------------


def _head(view: CalendarView, parts: list[str]) -> int:
    y = _MARGIN + 14
    parts.append(_text(view, y, view.title, "h"))
    if view.detail is Detail.FULL:
        for row in wrap(clean(view.plan.regimen.name), _COLUMNS):
            y += _LINE
            parts.append(_text(view, y, row, "s"))
    if not view.cycles():
        y += _LINE
        parts.append(_text(view, y, view.wording.say("page.empty"), ""))
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
            parts.append(f'<text class="s" x="{x}" y="{y + 12}" text-anchor="middle">{name}</text>')
            nearest = x
    return y + 18


def _lane(cycle: Cycle, view: CalendarView, pitch: Pitch, y: int, parts: list[str]) -> int:
    """Draws a cycle below `y` and returns where the next thing may begin."""
    parts.append(_text(view, y + 16, _lane_name(cycle, view), "b"))
    rows = _rows(cycle, pitch)
    middle = y + _HEADER + _RADIUS + 4
    last = pitch.x(max(cycle.length_days - 1, 0))
    parts.append(f'<line class="track" x1="{pitch.x(0)}" y1="{middle}" x2="{last}" y2="{middle}"/>')
    for week in range(7, cycle.length_days, 7):
        x = pitch.x(week)
        parts.append(f'<line class="tick" x1="{x}" y1="{middle - 6}" x2="{x}" y2="{middle + 6}"/>')
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
    mark, x = _mark(dose), pitch.x(_offset(dose, cycle))
    if _has_moved(dose):
        origin = pitch.x((dose.nominal - cycle.day1).days)
        yield _arrow(origin, x, y)
    letter = "" if view.detail is Detail.BUSY else _letter(mark, view)
    yield _shape(mark, x, y, letter)
    if dose.date is not None:
        text = escape(say_brief(dose.date, view.language))
        yield f'<text class="s" x="{x}" y="{y + 26}" text-anchor="middle">{text}</text>'


def _shape(mark: Mark, x: float, y: float, letter: str) -> str:
    drawn = _outline(mark, x, y)
    if not letter:
        return drawn
    # In a triangle that stands on its tip the letter's place is higher.
    baseline = y + (1 if mark is Mark.OMITTED else 4.5)
    white = " on" if mark is Mark.GIVEN else ""
    return f'{drawn}<text class="l{white}" x="{x}" y="{baseline}" text-anchor="middle">{escape(letter)}</text>'


def _outline(mark: Mark, x: float, y: float) -> str:
    r = _RADIUS
    place = f'x="{x - r + 1}" y="{y - r + 1}" width="{2 * r - 2}" height="{2 * r - 2}" rx="2"'
    match mark:
        case Mark.PLANNED | Mark.MOVED:
            return f'<circle class="mark" cx="{x}" cy="{y}" r="{r}"/>'
        case Mark.TENTATIVE:
            return f'<circle class="mark maybe" cx="{x}" cy="{y}" r="{r}"/>'
        case Mark.GIVEN:
            return f'<rect class="mark given" {place}/>'
        case Mark.CANCELLED:
            return f'<rect class="mark gone" {place}/>'
        case Mark.OMITTED:
            points = f"{x - r - 2},{y - r} {x + r + 2},{y - r} {x},{y + r + 1}"
            return f'<polygon class="mark gone" points="{points}"/>'
        case Mark.HELD:
            points = f"{x},{y - r - 2} {x + r + 2},{y} {x},{y + r + 2} {x - r - 2},{y}"
            return f'<polygon class="mark maybe" points="{points}"/>'


def _arrow(origin: float, x: float, y: float) -> str:
    """From a small ring at the place by the plan to the edge of the mark; for a near move it arches above."""
    way = 1 if x > origin else -1
    tip = x - way * (_RADIUS + 2)
    ring = f'<circle class="arrow" cx="{origin}" cy="{y}" r="3"/>'
    if abs(x - origin) < _RADIUS + 12:
        top = y - _RADIUS - 1
        start, end = origin - way * 2, x - way * 3
        path = f"M{start} {y - 3} C{start} {top - 7} {end - way * 6} {top - 9} {end} {top - 3}"
        head = f"{end - 3.5},{top - 6} {end + 4.5},{top - 5} {end},{top + 1}"
    else:
        path = f"M{origin + way * 3} {y} H{tip - way * 3}"
        head = f"{tip},{y} {tip - way * 6},{y - 4} {tip - way * 6},{y + 4}"
    return f'{ring}<path class="arrow" d="{path}"/><polygon class="tip" points="{head}"/>'


def _legend(view: CalendarView, lanes: Sequence[Cycle], y: int, parts: list[str]) -> int:
    if view.detail is Detail.BUSY:
        return y
    shown = {_mark(dose) for cycle in lanes for dose in cycle.doses}
    if any(_has_moved(dose) for cycle in lanes for dose in cycle.doses):
        shown.add(Mark.MOVED)
    y += 8
    for mark in (each for each in Mark if each in shown):
        if mark is Mark.MOVED:
            parts.append(_arrow(_side(view, 3), _side(view, 34), y + 15))
        parts.append(_shape(mark, _side(view, 34), y + 15, _letter(mark, view)))
        parts.append(_text(view, y + 20, _state(mark, view), "", indent=56))
        y += 28
    return y


def _windows(view: CalendarView, y: int, parts: list[str]) -> int:
    """The windows in words: they reach months beyond the lanes."""
    lines = _window_lines(view)
    y += 6 if lines else 0
    for line in lines:
        for row in wrap(line, _COLUMNS):
            y += _LINE
            parts.append(_text(view, y, row, ""))
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
    state = "" if _mark(dose) is Mark.MOVED else _state(_mark(dose), view)
    moved = say("timeline.moved", date=say_day(dose.nominal, language)) if _has_moved(dose) else ""
    return ", ".join(filter(None, (day, on, state, moved)))


def _mark(dose: Dose) -> Mark:
    match dose.state:
        case DoseState.PLANNED:
            if _has_moved(dose):
                return Mark.MOVED
            return Mark.PLANNED if dose.confirmed else Mark.TENTATIVE
        case DoseState.GIVEN:
            return Mark.GIVEN
        case DoseState.OMITTED:
            return Mark.OMITTED
        case DoseState.CANCELLED:
            return Mark.CANCELLED
        case DoseState.HELD:
            return Mark.HELD


def _has_moved(dose: Dose) -> bool:
    return dose.state in (DoseState.PLANNED, DoseState.GIVEN) and dose.date not in (None, dose.nominal)


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


def _text(view: CalendarView, y: float, text: str, kind: str, *, indent: float = 0) -> str:
    style = f' class="{kind}"' if kind else ""
    return f'<text{style} x="{_side(view, indent)}" y="{y}">{escape(text)}</text>'
