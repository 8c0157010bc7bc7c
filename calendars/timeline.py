"""The plan as a picture (SVG): one lane for each cycle, a shape and a letter for where each dose stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from textwrap import wrap

from calendars import lanes
from calendars.kinds import clean
from calendars.shapes import AMBER, INK, RADIUS, SOFT, Mark, arrow, has_moved, mark_of, shape
from calendars.spans import last_date
from calendars.view import CalendarView, Detail, Entry, Status
from calendars.wording import say_brief, say_day
from scheduler.events import EventKind
from scheduler.plan import Cycle, Dose

# In user units, drawn one to one on a phone of 390 px: text of 12 and more stays legible.
_WIDTH = 390
_MARGIN = 14
_LEFT = 44  # room for the arrow of a day 1 that moved
_RIGHT = 26
_HEADER = 28  # a lane's name
_ROW = 44  # a mark with its date beneath
_APART, _PER_LETTER = 46, 7  # marks nearer than this, or than their dates are long, go into the next row
_LINE = 18
_COLUMNS = 52  # characters of a line of text

# As attributes, since a style sheet in a picture would reach into the page that shows it, or be refused there.
_FONT = f'font-family="system-ui, Noto Sans, DejaVu Sans, sans-serif" font-size="13" fill="{INK}"'
_HEADING = ' font-size="16" font-weight="700"'
_BOLD = ' font-weight="700"'
_SMALL = f' font-size="12" fill="{SOFT}"'
_TRACK = 'stroke="#c9d3d8"'


_SHADE = 'fill="#d3e0e0" stroke="#6b7a82" stroke-width="0.8"'
_ABOVE = f'fill="{SOFT}"'
_RUN, _HOSPITAL = 9, 4  # how high an infusion that runs for days is drawn, and a stay in hospital


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitch:
    """Where a day of a cycle lies: `units` on for each day, in the direction in which the language is written.

    `first`: the earliest day, counted from day 1; 0, or less where doses come before it.
    """

    first: int
    units: float
    mirrored: bool

    def x(self, days: float) -> float:
        """The place of the day `days` after day 1; a day before it at most half an inch before."""
        x = round(max(_LEFT + (days - self.first) * self.units, 10), 1)
        return round(_WIDTH - x, 1) if self.mirrored else x

    def bar(self, days: float, length: timedelta, *, least: float = 0) -> tuple[float, float]:
        """The left end and the width of what begins `days` after day 1, within the picture."""
        wide = max(length / timedelta(days=1) * self.units, least)
        wide = min(wide, _WIDTH - _LEFT - (days - self.first) * self.units - 2)
        x = self.x(days)
        return (x - wide if self.mirrored else x), wide


def render(view: CalendarView) -> bytes:
    """The picture of `view`, as wide as its place; with a title and a description in words."""
    cycles = view.cycles()
    first, last = lanes.span_of(cycles)
    pitch = Pitch(
        first=first, units=(_WIDTH - _LEFT - _RIGHT) / (last - first), mirrored=view.wording.direction == "rtl"
    )
    parts: list[str] = []
    y = _head(view, parts)
    y = _day_names(view, cycles, pitch, y, parts)
    for cycle in cycles:
        y = _lane(cycle, view, pitch, y, parts)
    y = _legend(view, y, parts)
    y = _windows(view, y, parts)
    y = _kept_on(view, y, parts)
    height = y + _MARGIN
    title, described = escape(view.title), escape(" ".join(_description(view, cycles)))
    # No style of its own: pages refuse one (their policy allows their own style sheet alone), and none is needed.
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline" viewBox="0 0 {_WIDTH} {height}" role="img" {_FONT}'
        f' lang="{escape(view.language)}" direction="{view.wording.direction}"'
        ' aria-labelledby="timeline-title timeline-desc">'
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


def _day_names(view: CalendarView, cycles: Sequence[Cycle], pitch: Pitch, y: int, parts: list[str]) -> int:
    """The names of the days that have a dose, where there is room for them."""
    if view.detail is not Detail.FULL or not cycles:
        return y
    nearest = -float(_WIDTH)
    for day in sorted({dose.day for cycle in cycles for dose in cycle.doses}):
        place = day * pitch.units
        if place - nearest >= _APART:
            name = escape(view.wording.say("timeline.day", day=day))
            parts.append(f'<text{_SMALL} x="{pitch.x(day - 1)}" y="{y + 12}" text-anchor="middle">{name}</text>')
            nearest = place
    return y + 18


def _lane(cycle: Cycle, view: CalendarView, pitch: Pitch, y: int, parts: list[str]) -> int:
    """Draws a cycle below `y` and returns where the next thing may begin."""
    name = lanes.name_of(cycle, view)
    parts.append(_text(view, y + 16, name, _BOLD))
    doses = lanes.doses_of(cycle)
    apart = max(_APART, *(_PER_LETTER * len(say_brief(dose.date, view.language)) for dose in doses if dose.date), 0)
    rows = lanes.rows_of([lanes.offset_of(dose, cycle) * pitch.units for dose in doses], apart)
    middle = y + _HEADER + RADIUS + 4
    ends = f'x1="{pitch.x(0)}" y1="{middle}" x2="{pitch.x(max(cycle.length_days - 1, 0))}" y2="{middle}"'
    parts.append(f'<line {_TRACK} stroke-width="3" stroke-linecap="round" {ends}/>')
    for week in range(7, cycle.length_days, 7):
        x = pitch.x(week)
        parts.append(f'<line {_TRACK} x1="{x}" y1="{middle - 6}" x2="{x}" y2="{middle + 6}"/>')
    parts += [_in_hospital(stay, cycle, pitch, middle) for stay in lanes.hospital_of(cycle, view)]
    for dose, row in zip(doses, rows, strict=True):
        parts += _dose(dose, cycle, view, pitch, middle + row * _ROW)
    return y + _HEADER + (max(rows, default=0) + 1) * _ROW + 6


def _dose(dose: Dose, cycle: Cycle, view: CalendarView, pitch: Pitch, y: float) -> Iterator[str]:
    mark, offset = mark_of(dose), lanes.offset_of(dose, cycle)
    x = pitch.x(offset)
    run, stay = (None, None) if view.detail is Detail.BUSY else (lanes.run_of(dose), lanes.stay_of(dose))
    if run:
        yield _shade("run", *pitch.bar(offset, run), y, _RUN)
    if stay:
        # A stay of an hour is narrower than a hair here: it gets the least that can be seen beside its mark.
        yield _shade("stay", *pitch.bar(offset, stay, least=RADIUS + 8), y, 2 * RADIUS - 6)
    if has_moved(dose):
        yield arrow(pitch.x((dose.nominal - cycle.day1).days), x, y)
    yield shape(mark, x, y, lanes.letter_of(mark, view))
    if dose.date is not None:
        text = escape(say_brief(dose.date, view.language))
        yield f'<text{_SMALL} x="{x}" y="{y + 26}" text-anchor="middle">{text}</text>'


def _in_hospital(stay: Entry, cycle: Cycle, pitch: Pitch, middle: float) -> str:
    """A line above the lane, over all days of the stay."""
    days = timedelta(days=(last_date(stay) - stay.first_date).days + 1)
    place, wide = pitch.bar((stay.first_date - cycle.day1).days - 0.5, days)
    return _shade("hospital", place, wide, middle - RADIUS - 5, _HOSPITAL)


def _shade(what: str, x: float, wide: float, y: float, high: float) -> str:
    """A shade `high` around `y`."""
    look = f'data-{what}="" {_SHADE if what != "hospital" else _ABOVE}'
    return f'<rect {look} x="{round(x, 1)}" y="{y - high / 2}" width="{round(wide, 1)}" height="{high}"/>'


def _legend(view: CalendarView, y: int, parts: list[str]) -> int:
    marks = lanes.marks_of(view)
    y += 8 if marks else 0
    inset = 34 if Mark.MOVED in marks else 13  # room for the arrow
    for mark in marks:
        if mark is Mark.MOVED:
            parts.append(arrow(_side(view, 3), _side(view, inset), y + 15))
        parts.append(shape(mark, _side(view, inset), y + 15, lanes.letter_of(mark, view)))
        y = _explained(lanes.state_of(mark, view), view, y, inset + 22, parts)
    high = {"stay": 16, "run": _RUN, "hospital": _HOSPITAL}
    for what, words in lanes.shades_of(view).items():
        parts.append(_shade(what, _side(view, inset) - 11, 22, y + 15, high[what]))
        y = _explained(words, view, y, inset + 22, parts)
    for note in dict.fromkeys(entry.staff_note for entry in view.entries if entry.kind is EventKind.INFUSION):
        y = _explained(note, view, y, 0, parts) if note else y
    return y


def _explained(words: str, view: CalendarView, y: int, indent: int, parts: list[str]) -> int:
    """Writes the words beside a sign of the legend, in as many lines as they need."""
    rows = wrap(words, (_WIDTH - 2 * _MARGIN - indent) // _PER_LETTER)
    parts += [_text(view, y + 20 + number * _LINE, row, indent=indent) for number, row in enumerate(rows)]
    return y + 28 + (len(rows) - 1) * _LINE


def _windows(view: CalendarView, y: int, parts: list[str]) -> int:
    """The windows in words, each with a bar from the last dose on: they reach months beyond the lanes."""
    windows = list(lanes.windows_of(view))
    if not windows:
        return y
    first = min(last_dose for _, last_dose in windows)
    per_day = (_WIDTH - 2 * _MARGIN) / (max((entry.first_date - first).days for entry, _ in windows) or 1)
    y += 6
    for entry, last_dose in windows:
        for row in wrap(_window_line(entry), _COLUMNS):
            y += _LINE
            parts.append(_text(view, y, row))
        begin, end = ((each - first).days * per_day for each in (last_dose, entry.first_date))
        parts += _bar(entry, begin, end, view, y + 8)
        began, ends = (say_day(each, view.language) for each in (last_dose, entry.first_date))
        if end - begin > _PER_LETTER * (len(began) + len(ends)):  # else the two dates would run into each other
            parts.append(_text(view, y + 34, began, _SMALL, indent=begin))
        parts.append(_end_date(ends, begin, end, view, y + 34))
        y += 40
    parts.append(_text(view, y + 14, view.wording.say("timeline.window"), _SMALL))
    return y + 18


def _kept_on(view: CalendarView, y: int, parts: list[str]) -> int:
    """What to keep up where no source says for how long: words alone, since a bar would show an end."""
    y += 6 if view.keep_on else 0
    for line in view.keep_on:
        for row in wrap(line, _COLUMNS):
            y += _LINE
            parts.append(_text(view, y, row))
    return y


def _bar(entry: Entry, begin: float, end: float, view: CalendarView, y: float) -> Iterator[str]:
    """From the last dose to the date; with a broken line while that may move later."""
    x = min(_side(view, begin), _side(view, end))
    broken = ' stroke-dasharray="5 3"' if entry.status is Status.TENTATIVE else ""
    look = f'data-window="" fill="#ead9b0" stroke="{AMBER}" stroke-width="1.4"{broken}'
    yield f'<rect {look} x="{x}" y="{y}" width="{round(max(end - begin, 2), 1)}" height="12"/>'


def _end_date(day: str, begin: float, end: float, view: CalendarView, y: float) -> str:
    fits = end > _PER_LETTER * len(day)  # beneath the bar
    look = f'{_SMALL} text-anchor="end"' if fits else _SMALL
    return _text(view, y, day, look, indent=end if fits else begin)


def _window_line(entry: Entry) -> str:
    return " ".join(filter(None, (*entry.lines[:1], entry.staff_note)))


def _description(view: CalendarView, cycles: Sequence[Cycle]) -> Iterator[str]:
    """All that the picture shows, in sentences for people who hear it."""
    yield from (lanes.told(cycle, view) for cycle in cycles)
    yield from (_window_line(entry) for entry, _ in lanes.windows_of(view))
    yield from view.keep_on
    if not cycles:
        yield view.wording.say("page.empty")


def _side(view: CalendarView, indent: float) -> float:
    """A place `indent` from the side at which the language's lines begin."""
    inset = _MARGIN + indent
    return round(inset if view.wording.direction == "ltr" else _WIDTH - inset, 1)


def _text(view: CalendarView, y: float, text: str, look: str = "", *, indent: float = 0) -> str:
    return f'<text{look} x="{_side(view, indent)}" y="{y}">{escape(text)}</text>'
