"""The plan as a printed calendar (PDF/UA-1): the course at a glance, a page for each cycle, a page of plain words."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from functools import cache, partial
from io import BytesIO
from typing import cast

import segno
import typst

from calendars.days import CyclePage, Day, pages_of
from calendars.fitting import WEEK, Fit, Texts, fitted
from calendars.glance import course_at_a_glance
from calendars.glyphs import breakable, longest_piece, shown, undivided
from calendars.kinds import Detail, Reader
from calendars.lanes import state_of
from calendars.packing import packed
from calendars.plain_words import phones, plain_words
from calendars.shapes import Mark, mark_of
from calendars.sheet import Data, Paper, Sheet
from calendars.view import CalendarView, Entry, Status
from calendars.wording import (
    say_brief,
    say_brief_moment,
    say_date,
    say_moment,
    say_time,
    say_weekday,
    say_zone,
)
from scheduler.dates import zone_of
from scheduler.errors import InvalidValue
from scheduler.events import EventKind
from scheduler.plan import Cycle, DoseState

_ROOM = {Paper.A4: 153.0, Paper.LETTER: 158.0}  # mm of height for a cycle's grid, without its heading
_LIST, _ROW, _LINE = 18.0, 2.5, 4.2  # mm of a list's heading, of each of its rows, of each line in one
# In mm, plain and in large print: a letter of a list's dates, and the most that one with its weekday takes; around it.
_DATE_LETTER, _DATES, _AROUND = {False: 1.9, True: 3.5}, {False: 45.0, True: 92.0}, 5.0
_DATED = frozenset({"when", "windows", "long", "span", "heading", "footer", "lines"})  # where dates have their year
_LONGEST = 5000  # characters of one text: what is read aloud of 28 doses has 2,000, a hostile one has no end


def render(view: CalendarView) -> bytes:
    """The printed calendar of `view`, which must have a sheet, and not be for staff: private dates are not printed."""
    sheet = view.sheet
    if sheet is None:
        raise InvalidValue("format pdf: there is nothing to print with; give the view a sheet", field="format")
    if view.reader is Reader.STAFF:
        message = "format pdf: a sheet is for the patient or a carer, and shows no private dates; print it for one"
        raise InvalidValue(message, field="reader")
    compiler = typst.Compiler(font_paths=sheet.press.fonts, ignore_system_fonts=True)
    printable = cache(partial(_printable, covered=sheet.press.covered))  # most texts of a sheet come again and again
    data = json.dumps(_fit(_data(view, sheet), printable), ensure_ascii=False)
    made = compiler.compile(
        sheet.press.template,
        format="pdf",
        sys_inputs={"sheet": data},
        pdf_standards=["ua-1"],
        timestamp=int(view.stamp.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no document")
    return packed(made)


# ---------------------------------------------------------------------------------------------------------------------


def _data(view: CalendarView, sheet: Sheet) -> Data:
    """All that the template shows, as plain values."""
    say, full = view.wording.say, view.detail is Detail.FULL
    isolated = view.wording.isolated
    pages = pages_of(view)
    changed = say_moment(view.stamp.astimezone(zone_of(view.zone)), view.language)
    return {
        "language": view.language,
        "direction": view.wording.direction,
        "paper": str(sheet.paper),
        "large": sheet.large_print,
        "title": view.title,
        "name": say("print.name", name=sheet.name) if full and sheet.name else "",
        "about": [isolated(text) for text in (view.plan.regimen.name, view.clinic.name) if text] if full else [],
        "zone": say("page.zone" if full else "page.zone.discreet", zone=say_zone(view.zone, view.language)),
        "empty": "" if view.entries or view.cycles() else say("page.empty"),
        "draft": "" if sheet.address else say("print.draft"),
        "code": _code(view, sheet),
        "footer": [
            say("print.plan", revision=view.revision, moment=changed),
            say("print.printed", date=say_date(sheet.printed, view.language)),
            say("print.page", page="{page}", pages="{pages}"),
        ],
        "course": course_at_a_glance(view),
        "columns": [say("print.column.date"), say("print.column.what")],
        "dates": _dates_width(view, pages, large=sheet.large_print),
        "pages": [_page(page, view) for page in pages],
        "guide": say("guide.heading"),
        "words": list(plain_words(view, pages)),
        "phones": list(phones(view)),
    }


def _dates_width(view: CalendarView, pages: Iterable[CyclePage], *, large: bool) -> float:
    """How wide the dates of a list are: the weekday may stand on a line of its own, the date may not be parted."""
    days = {say_date(day.on, view.language) for page in pages for day in (*page.earlier, *page.days, *page.later)}
    letter, whole = _DATE_LETTER[large], max(map(len, days), default=0)
    return max(longest_piece(days) * letter, min(whole * letter, _DATES[large])) + _AROUND


def _fit(value: object, fit: Callable[[str], str], key: str = "") -> object:
    match value:
        case str() if key == "address":
            return value
        case str() if key in _DATED:
            return undivided(fit(value), narrow=key == "lines")
        case str():
            return fit(value)
        case dict():
            return {each: _fit(item, fit, each) for each, item in value.items()}
        case list():
            return [_fit(item, fit, key) for item in value]
        case _:
            return value


def _printable(text: str, *, covered: frozenset[int]) -> str:
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return breakable(shown(" ".join(cut.split()), covered))


def _code(view: CalendarView, sheet: Sheet) -> Data | None:
    """The code (QR) of the page that says whether the sheet is still right."""
    if not sheet.address:
        return None
    drawn = BytesIO()
    # In dots: typst stores a picture once, however many pages show it, and a drawing on each of them.
    segno.make_qr(sheet.address, error="m").save(drawn, kind="png", border=2, scale=4)
    say = view.wording.say
    return {
        "png": list(drawn.getvalue()),
        "address": sheet.address,
        "alt": say("print.code"),
        "check": say("print.check"),
    }


# -- A cycle's page ---------------------------------------------------------------------------------------------------


def _page(page: CyclePage, view: CalendarView) -> Data:
    say, cycle = view.wording.say, page.cycle
    given = {dose.date for each in view.cycles() for dose in each.doses if dose.state is DoseState.GIVEN}

    def days(found: Iterable[Day], *, of: Cycle | None = None) -> list[Data]:
        return [_day(day, of, view, given=day.on in given) for day in found]

    span = _span_of(page.days[0].on, page.days[-1].on, view) if page.days else ""
    named = cycle is not None and view.detail is Detail.FULL
    undated = list(_undated(cycle, view)) if cycle is not None and named else []
    grid = days(page.days, of=cycle)
    earlier, later = days(page.earlier), days(page.later)
    fit = _fitted(grid, (earlier, later), undated, view)
    return {
        "size": fit.size,
        "least": fit.least,
        "stacked": fit.stacked,
        "heading": say("timeline.lane", number=cycle.number) if cycle is not None and named else span,
        "span": span if named else "",
        "weekdays": [say_weekday(day.on, view.language) for day in page.days[:7]],
        "days": grid,
        "earlier-heading": say("print.earlier"),
        "earlier": earlier,
        "later-heading": say("print.later"),
        "later": later,
        "undated": undated,
    }


def _span_of(first: date, last: date, view: CalendarView) -> str:
    said = (say_date(day, view.language) for day in (first, last))
    return view.wording.say("print.span", **dict(zip(("first", "last"), said, strict=True)))


def _fitted(grid: list[Data], lists: tuple[list[Data], ...], undated: list[str], view: CalendarView) -> Fit:
    """How the grid stands in the room that the paper has."""
    paper = view.sheet.paper if view.sheet else Paper.A4
    width, height = paper.width, _ROOM[paper]
    beside = sum(_LIST + sum(_ROW + _LINE * len(_texts(day)) for day in days) for days in lists if days)
    beside += _LIST / 2 if undated else 0
    head = max((len(f"{day['day']} {day['date']}") for day in grid if day["day"]), default=0)
    return fitted([_texts(day) for day in grid], width / WEEK - 3.2, height - beside, head)


def _texts(day: Data) -> Texts:
    blocks = cast("list[Data]", day["blocks"])
    return [
        (str(text), number == 0)
        for block in blocks
        for number, text in enumerate([block["title"], *cast("list[str]", block["lines"])])
        if text
    ]


def _undated(cycle: Cycle, view: CalendarView) -> Iterator[str]:
    """What became of doses that are in no calendar."""
    for dose in cycle.doses:
        if dose.state not in {DoseState.PLANNED, DoseState.GIVEN}:
            day = view.wording.say("timeline.day", day=dose.day)
            yield f"{day}: {state_of(mark_of(dose), view)}"


def _day(day: Day, cycle: Cycle | None, view: CalendarView, *, given: bool) -> Data:
    numbered = cycle is not None and view.detail is Detail.FULL
    blocks = [_block(entry, view, given=given) for entry in day.entries if not _is_told(entry, day)]
    return {
        "number": str(day.number) if numbered else "",
        "day": view.wording.say("timeline.day", day=day.number) if numbered else "",
        "date": _weekday_date(day.on, view),
        "long": say_date(day.on, view.language),
        "blocks": [*blocks, *(_goes_on(entry, view) for entry in day.going_on)],
    }


def _is_told(entry: Entry, day: Day) -> bool:
    """Whether the visit's own block tells of it: the stay after an infusion is its second part."""
    return entry.kind is EventKind.OBSERVATION and any(other.kind is EventKind.INFUSION for other in day.entries)


def _block(entry: Entry, view: CalendarView, *, given: bool) -> Data:
    done = given and entry.kind is EventKind.INFUSION
    return {
        "kind": "check" if entry.all_day else "done" if done else "visit",
        "title": entry.brief,
        "lines": [state_of(Mark.GIVEN, view)] if done and view.detail is not Detail.BUSY else list(_lines(entry, view)),
    }


def _lines(entry: Entry, view: CalendarView) -> Iterator[str]:
    say = view.wording.say
    if view.detail is Detail.BUSY:
        yield _span(entry, view)
        return
    if entry.all_day:
        yield from _of_check(entry, view)
    elif entry.kind is EventKind.INFUSION:
        yield from _visit(entry, view)
    else:
        yield _span(entry, view)
    if entry.status is Status.TENTATIVE:
        yield say("page.may-change")
    if entry.moved_from is not None and not entry.all_day:
        yield say("line.moved-by-team", moment=say_brief_moment(entry.moved_from, view.language))


def _of_check(entry: Entry, view: CalendarView) -> Iterator[str]:
    """To which infusion a check belongs; that it has moved is said of the visit alone."""
    if view.detail is Detail.FULL:
        yield from entry.lines[: -1 if entry.moved_from is not None else None]


def _visit(entry: Entry, view: CalendarView) -> Iterator[str]:
    """When to come, and when one may leave; what hangs on the blood tests."""
    say = view.wording.say
    if entry.arrival is not None:
        yield say("print.come", arrival=_wall(entry.arrival, entry, view))
    if view.detail is not Detail.FULL:
        if entry.leave is not None:
            yield say("print.until", leave=_wall(entry.leave, entry, view))
        return
    if entry.leave is not None:
        yield say("line.leave", leave=_wall(entry.leave, entry, view))
    yield from (line for line in entry.lines if line == say("line.day-one"))


def _goes_on(entry: Entry, view: CalendarView) -> Data:
    return {
        "kind": "on",
        "title": view.wording.say("print.goes-on", title=entry.brief) if entry.brief else "",
        "lines": [],
    }


def _span(entry: Entry, view: CalendarView) -> str:
    if not (isinstance(entry.start, datetime) and isinstance(entry.end, datetime)):
        return ""
    start, end = _wall(entry.start, entry, view), _wall(entry.end, entry, view)
    return start if start == end else view.wording.say("page.span", start=start, end=end)


def _wall(at: datetime, entry: Entry, view: CalendarView) -> str:
    """The wall time; with its date where that is not the entry's own."""
    if at.date() == entry.first_date:
        return say_time(at, view.language)
    return say_brief_moment(at, view.language)


def _weekday_date(day: date, view: CalendarView) -> str:
    return f"{say_weekday(day, view.language, short=True)} {say_brief(day, view.language)}"
