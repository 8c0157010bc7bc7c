"""The plan as a printed calendar (PDF/UA-1): the course at a glance, a page for each cycle, a page of plain words."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import cast

import segno
import typst

from calendars.days import CyclePage, Day, pages_of
from calendars.fitting import WEEK, Texts, fitted
from calendars.glyphs import breakable, shown
from calendars.guide import Guide
from calendars.kinds import Detail, Reader
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
from calendars.shapes import Mark, has_moved, mark_of
from calendars.sheet import Paper, Sheet
from calendars.view import CalendarView, Entry, Status
from calendars.wording import (
    say_brief,
    say_brief_moment,
    say_date,
    say_duration,
    say_moment,
    say_time,
    say_weekday,
    say_zone,
)
from scheduler.dates import zone_of
from scheduler.errors import InvalidValue
from scheduler.events import EventKind
from scheduler.plan import Cycle, Dose, DoseState

Data = dict[str, object]
_APART, _APART_LARGE = 0.065, 0.11  # marks nearer than this part of a lane stand in rows of their own
_ROOM = {Paper.A4: (273.0, 153.0), Paper.LETTER: (255.0, 158.0)}  # mm of a cycle's grid, without its heading
_LIST, _ROW, _LINE = 18.0, 2.5, 4.2  # mm of a list's heading, of each of its rows, of each line in one
_LONGEST = 700  # characters of one text: a hostile one must not fill a hundred pages


def render(view: CalendarView) -> bytes:
    """The printed calendar of `view`, which must have a sheet, and not be for staff: private dates are not printed."""
    sheet = view.sheet
    if sheet is None:
        raise InvalidValue("format pdf: there is nothing to print with; give the view a sheet", field="format")
    if view.reader is Reader.STAFF:
        message = "format pdf: a sheet is for the patient or a carer, and shows no private dates; print it for one"
        raise InvalidValue(message, field="reader")
    compiler = typst.Compiler(font_paths=sheet.press.fonts, ignore_system_fonts=True)
    data = json.dumps(_fit(_data(view, sheet), lambda text: _printable(text, sheet)), ensure_ascii=False)
    made = compiler.compile(
        sheet.press.template,
        format="pdf",
        sys_inputs={"sheet": data},
        pdf_standards=["ua-1"],
        timestamp=int(view.stamp.timestamp()),
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no document")
    return made


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
        "course": _course(view),
        "columns": [say("print.column.date"), say("print.column.what")],
        "pages": [_page(page, view) for page in pages],
        "guide": say("guide.heading"),
        "words": list(_words(view, pages)),
        "phones": list(_phones(view)),
    }


def _fit(value: object, fit: Callable[[str], str]) -> object:
    match value:
        case str():
            return fit(value)
        case dict():
            return {key: item if key in {"svg", "address"} else _fit(item, fit) for key, item in value.items()}
        case list():
            return [_fit(item, fit) for item in value]
        case _:
            return value


def _printable(text: str, sheet: Sheet) -> str:
    cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return breakable(shown(" ".join(cut.split()), sheet.press.covered))


def _code(view: CalendarView, sheet: Sheet) -> Data | None:
    """The code (QR) of the page that says whether the sheet is still right."""
    if not sheet.address:
        return None
    drawn = BytesIO()
    segno.make_qr(sheet.address, error="m").save(drawn, kind="svg", border=2, light="#fff", xmldecl=False)
    say = view.wording.say
    return {
        "svg": drawn.getvalue().decode(),
        "address": sheet.address,
        "alt": say("print.code"),
        "check": say("print.check"),
    }


# -- The course at a glance -------------------------------------------------------------------------------------------


def _course(view: CalendarView) -> Data:
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


# -- A cycle's page ---------------------------------------------------------------------------------------------------


def _page(page: CyclePage, view: CalendarView) -> Data:
    say, cycle = view.wording.say, page.cycle
    given = {dose.date for each in view.cycles() for dose in each.doses if dose.state is DoseState.GIVEN}

    def days(found: Iterable[Day], *, of: Cycle | None = None) -> list[Data]:
        return [_day(day, of, view, given=day.on in given) for day in found]

    span = ""
    if page.days:
        first, last = (say_date(day.on, view.language) for day in (page.days[0], page.days[-1]))
        span = say("print.span", first=first, last=last)
    named = cycle is not None and view.detail is Detail.FULL
    undated = list(_undated(cycle, view)) if cycle is not None and named else []
    grid = days(page.days, of=cycle)
    earlier, later = days(page.earlier), days(page.later)
    size, least = _fitted(grid, (earlier, later), undated, view)
    return {
        "size": size,
        "least": least,
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


def _fitted(
    grid: list[Data], lists: tuple[list[Data], ...], undated: list[str], view: CalendarView
) -> tuple[float, float]:
    """The size of the letters and the least height of a row, by the room that the paper has."""
    width, height = _ROOM[view.sheet.paper if view.sheet else Paper.A4]
    beside = sum(_LIST + sum(_ROW + _LINE * len(_texts(day)) for day in days) for days in lists if days)
    beside += _LIST / 2 if undated else 0
    return fitted([_texts(day) for day in grid], width / WEEK - 3.2, height - beside)


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


# -- Plain words ------------------------------------------------------------------------------------------------------


def _words(view: CalendarView, pages: Iterable[CyclePage]) -> Iterator[Data]:
    say = view.wording.say
    guide = Guide(wording=view.wording, clinic=view.clinic, regimen_id=view.plan.regimen.id)
    if not view.guidance:
        call = [guide.whom_to_call(), say("mail.silence")] if view.detail is not Detail.BUSY else []
        yield {"heading": say("mail.call") if call else "", "urgent": False, "lines": call}
        return
    yield {"heading": say("print.bring"), "urgent": False, "lines": [guide.bring(), say("mail.eat"), say("mail.feel")]}
    yield {"heading": say("print.how-long"), "urgent": False, "lines": [*_lengths(view, pages), guide.leave()]}
    yield {
        "heading": say("mail.call"),
        "urgent": False,
        "lines": [guide.whom_to_call(), guide.tests(), guide.changes()],
    }
    urgent = [line for text in guide.at_once() for line in _sentences(text)]
    yield {"heading": say("print.at-once"), "urgent": True, "lines": [*urgent, *guide.other_numbers()]}


def _lengths(view: CalendarView, pages: Iterable[CyclePage]) -> Iterator[str]:
    visits = [
        entry.leave.timestamp() - entry.arrival.timestamp()
        for page in pages
        for day in page.days
        for entry in day.entries
        if entry.arrival is not None and entry.leave is not None
    ]
    if not visits:
        return
    least, most = (say_duration(timedelta(seconds=found), view.language) for found in (min(visits), max(visits)))
    if least == most:
        yield view.wording.say("print.length", length=least)
    else:
        yield view.wording.say("print.lengths", least=least, most=most)


def _sentences(text: str) -> list[str]:
    """The sentences of a text, each for a line of its own; ". " ends one in every language that there is."""
    return [part if part.endswith((".", "!", "؟", "?")) else f"{part}." for part in text.split(". ")]


def _phones(view: CalendarView) -> Iterator[Data]:
    clinic = view.clinic
    for key, number in (
        ("print.phone", clinic.phone),
        ("print.phone.after-hours", clinic.after_hours_phone),
        ("print.phone.emergency", clinic.emergency_number),
    ):
        if number and view.detail is not Detail.BUSY:
            yield {"label": view.wording.say(key), "number": view.wording.isolated(number)}
