"""The plan as one self-contained web page: a table for each month, a list on small screens, both good on paper."""

from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from html import escape
from itertools import groupby
from typing import NamedTuple

from calendars.spans import goes_on, times_of
from calendars.view import CalendarView, Detail, Entry, Status
from calendars.wording import opening, say_brief_moment, say_date, say_moment, say_month, say_time, say_zone, weekdays
from scheduler.dates import zone_of
from scheduler.events import EventKind

# A table from 60rem on: below that its cells would break the names of drugs.
_STYLE = """
:root { color-scheme: light dark; --ground: #fff; --ink: #1c2b33; --soft: #4c5d67; --line: #c9d3d8; --head: #f4f7f8;
  --outside: #fafbfb; --accent: #0b6166; --tint: #e6f1f1; --day: #8a6d1f; --day-tint: #faf4e3; --gone: #f1f3f4; }
@media screen and (prefers-color-scheme: dark) {
  :root { --ground: #10171b; --ink: #e4ebef; --soft: #b3c1c9; --line: #3a4952; --head: #1a242b;
    --outside: #0c1215; --accent: #7fcfdb; --tint: #14333a; --day: #e0bb74; --day-tint: #33280f; --gone: #1f282e; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.45 system-ui, "Noto Sans", "Noto Sans Arabic", "DejaVu Sans", sans-serif; }
main { max-width: 72rem; margin: 0 auto; padding: 1.25rem 1rem 3rem; overflow-wrap: anywhere; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; color: var(--accent); }
p { margin: .15rem 0; }
.about { color: var(--soft); }
a { color: var(--accent); }
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul, ol { margin: 0; padding: 0; list-style: none; }
.entry { border-inline-start: .3rem solid var(--accent); background: var(--tint); padding: .3rem .5rem;
  margin: .25rem 0; border-radius: .2rem; }
.entry.allday { border-inline-start-color: var(--day); background: var(--day-tint); }
.entry.tentative { border-inline-start-style: dashed; border-radius: 0; }
.entry.cancelled { border-inline-start-color: var(--soft); background: var(--gone); color: var(--soft); }
.time { font-variant-numeric: tabular-nums; font-weight: 600; }
.note { color: var(--soft); font-size: .92em; }
.staff { font-style: italic; }
table { display: none; width: 100%; border-collapse: collapse; table-layout: fixed; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
th, td { border: 1px solid var(--line); padding: .3rem; vertical-align: top; text-align: start; font-size: .85rem; }
th { background: var(--head); font-weight: 600; color: var(--soft); }
td { height: 3.4rem; }
td.outside { background: var(--outside); }
td .entry { padding: .25rem .35rem; }
.number { color: var(--soft); }
.has .number { color: var(--ink); font-weight: 700; }
.list > li { display: grid; grid-template-columns: 1fr; padding: .35rem 0; border-top: 1px solid var(--line); }
.list .day { font-weight: 700; }
.guide { margin-top: 2rem; border: 1px solid var(--line); border-radius: .3rem; padding: .5rem 1rem 1rem; }
.guide h2 { margin-top: .5rem; }
.guide li { margin: .4rem 0; padding-inline-start: 1rem; text-indent: -1rem; }
.guide li::before { content: "\\2013\\2002" / ""; color: var(--accent); }
@media (min-width: 60rem) { table { display: table; } .list { display: none; } }
@media print {
  @page { margin: 12mm; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  table { display: table; } .list { display: none; }
  th, td { padding: .6mm; font-size: 7.5pt; line-height: 1.25; }
  td { height: 9mm; }
  .entry { margin: .5mm 0; padding: .5mm 1mm; }
  h2 { margin-top: 4mm; }
  section, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  .entry { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""


class Day(NamedTuple):
    """What begins on a date, and what goes on."""

    begins: tuple[Entry, ...] = ()
    going_on: tuple[Entry, ...] = ()


def render(view: CalendarView) -> bytes:
    """The page of `view`: complete, with its style inside and nothing to fetch."""
    title = escape(" ".join(view.title.split()))
    # No referrer and no index: the page may be opened from an address that is a secret.
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex"><meta name="referrer" content="no-referrer">'
        f"<title>{title}</title>\n<style>{_STYLE}</style>"
    )
    opening = f'<html lang="{escape(view.language)}" dir="{view.wording.direction}">'
    body = "\n".join([f"<h1>{title}</h1>", *_about(view), *_months(view), *_guide(view)])
    page = f"<!doctype html>\n{opening}\n<head>{head}</head>\n<body><main>\n{body}\n</main></body>\n</html>\n"
    return page.encode()


# -------------------------------------------------------------------------------------------------------------


def _about(view: CalendarView) -> Iterator[str]:
    say, full = view.wording.say, view.detail is Detail.FULL
    if full and view.clinic.name:
        yield f"<p><bdi>{escape(view.clinic.name)}</bdi></p>"
    updated = say("line.updated", moment=say_moment(view.stamp.astimezone(zone_of(view.zone)), view.language))
    zone = say("page.zone" if full else "page.zone.discreet", zone=say_zone(view.zone, view.language))
    yield f'<p class="about">{escape(updated)} {escape(zone)}</p>'
    if not view.entries:
        yield f"<p>{escape(say('page.empty'))}</p>"
    if view.guidance:
        yield f'<p><a href="#guide">{escape(say("guide.heading"))}</a></p>'


def _months(view: CalendarView) -> Iterator[str]:
    days = _days(view.entries)
    for first, group in groupby(sorted(days), key=lambda day: day.replace(day=1)):
        month = {day: days[day] for day in group}
        heading = escape(say_month(first, view.language))
        yield f'<section aria-label="{heading}">\n<h2>{heading}</h2>'
        yield _table(first, month, view)
        yield _list(month, view)
        yield "</section>"


def _days(entries: Iterable[Entry]) -> dict[date, Day]:
    """By date, what begins on it and what goes on; of what is cancelled nothing goes on."""
    days: dict[date, Day] = defaultdict(Day)
    for entry in entries:
        begins, going_on = days[entry.first_date]
        days[entry.first_date] = Day((*begins, entry), going_on)
        for later in goes_on(entry) if entry.status is not Status.CANCELLED else ():
            days[later] = Day(days[later].begins, (*days[later].going_on, entry))
    return days


def _table(first: date, month: Mapping[date, Day], view: CalendarView) -> str:
    week = weekdays(view.language)
    columns = "".join(f'<th scope="col" abbr="{escape(name)}">{escape(short)}</th>' for _, name, short in week)
    weeks = Calendar(firstweekday=week[0][0]).monthdatescalendar(first.year, first.month)
    rows = "\n".join(f"<tr>{''.join(_cell(day, first, month.get(day), view) for day in days)}</tr>" for days in weeks)
    count = sum(len(day.begins) for day in month.values())
    caption = escape(view.wording.count("page.month", count, month=say_month(first, view.language)))
    return f"<table><caption>{caption}</caption>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"


def _cell(day: date, first: date, found: Day | None, view: CalendarView) -> str:
    if day.month != first.month:
        return '<td class="outside"></td>'
    number = f'<time class="number" datetime="{day.isoformat()}">{day.day}</time>'
    if found is None:
        return f"<td>{number}</td>"
    boxes = [*(_brief(entry, view) for entry in found.begins), *(_going_on(entry, view) for entry in found.going_on)]
    entries = "".join(f"<li>{box}</li>" for box in boxes)
    return f'<td class="has">{number}<ul role="list">{entries}</ul></td>'


def _list(month: Mapping[date, Day], view: CalendarView) -> str:
    """The days on which something begins, with until when it goes on; on the first of a month also what goes on."""
    items = []
    for day, (begins, going_on) in month.items():
        boxes = [_whole(entry, view) for entry in begins]
        boxes += [_going_on(entry, view) for entry in going_on] if day.day == 1 else []
        if boxes:
            name = escape(opening(say_date(day, view.language)))
            items.append(f'<li><time class="day" datetime="{day.isoformat()}">{name}</time>{"".join(boxes)}</li>')
    return f'<ol class="list" role="list">\n{"".join(items)}\n</ol>'


def _going_on(entry: Entry, view: CalendarView) -> str:
    title = view.wording.say("print.goes-on", title=entry.summary) if entry.summary else times_of(entry, view)
    return f'<div class="{_classes(entry)}">{escape(title)}</div>'


def _brief(entry: Entry, view: CalendarView) -> str:
    """What fits into a day's cell: time, title, when to come, where it moved from."""
    return _box(entry, view, () if view.detail is Detail.BUSY else _cell_notes(entry, view))


def _cell_notes(entry: Entry, view: CalendarView) -> Iterator[str]:
    say, language = view.wording.say, view.language
    if entry.kind is EventKind.WINDOW:
        yield from entry.lines
        return
    if entry.kind is EventKind.INFUSION and entry.arrival is not None:
        yield say("page.come", arrival=say_time(entry.arrival, language))
    if entry.status is Status.TENTATIVE and view.detail is Detail.DISCREET:
        yield say("page.may-change")
    if entry.moved_from is not None and entry.kind is not EventKind.OBSERVATION:
        yield say("page.moved", moment=say_brief_moment(entry.moved_from, language))


def _whole(entry: Entry, view: CalendarView) -> str:
    return _box(entry, view, entry.lines)


def _box(entry: Entry, view: CalendarView, notes: Iterable[str]) -> str:
    times = _times(entry, view)
    parts = [f'<span class="time">{times}</span>'] if times else []
    if entry.summary:
        parts.append(f'<span class="title">{escape(entry.summary)}</span>')
    parts += [f'<div class="note">{escape(note)}</div>' for note in notes]
    if entry.staff_note:
        parts.append(f'<div class="note staff">{escape(entry.staff_note)}</div>')
    return f'<div class="{_classes(entry)}">{" ".join(parts)}</div>'


def _classes(entry: Entry) -> str:
    kinds = {
        "allday": entry.all_day,
        "tentative": entry.status is Status.TENTATIVE,
        "cancelled": entry.status is Status.CANCELLED,
    }
    return " ".join(["entry", *(name for name, holds in kinds.items() if holds)])


def _times(entry: Entry, view: CalendarView) -> str:
    times = escape(times_of(entry, view))
    if not times or entry.all_day:
        return times
    return f'<time datetime="{entry.start.isoformat()}">{times}</time>'


def _guide(view: CalendarView) -> Iterator[str]:
    if view.guidance:
        lines = "\n".join(f"<li>{escape(line)}</li>" for line in view.guidance)
        heading = escape(view.wording.say("guide.heading"))
        yield f'<section class="guide" id="guide"><h2>{heading}</h2>\n<ul role="list">\n{lines}\n</ul></section>'
