"""The patient's page: what it tells, in the order in which it is needed. Pure: a view and an instant give values."""

import re
from calendar import Calendar
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from calendars.guide import Guide
from calendars.kinds import Detail, Reader
from calendars.plain_words import sentences
from calendars.spans import last_date, times_of
from calendars.view import CalendarView, Entry, Status
from calendars.wording import narrow_weekday, opening, say_date, say_month, say_time, weekdays
from scheduler.dates import add_days
from scheduler.events import EventKind, mentions_pregnancy
from scheduler.plan import LIVER_WATCH, DoseState

SPAN = timedelta(days=41)  # of the list: six weeks of dates read well on a telephone
MONTHS = 3
VISITS = (EventKind.INFUSION, EventKind.BAG_CHANGE, EventKind.DISCONNECT, EventKind.STAY)
UNRECORDED = timedelta(hours=72)  # a visit not recorded for so long makes the dates after it doubtful
_DIALLED = re.compile(r"[\d+*#]+")
_EXTENSION = re.compile(r"[^\d+*#\s().\-/\u00a0]")  # a word begins: what follows is not dialled


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing on a day. `look`: how sure it is, as names of styles."""

    times: str
    title: str
    notes: tuple[str, ...]
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDay:
    """A date with what begins on it."""

    on: date
    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMonth:
    """A month of the list, or (with `weeks`) of the table: seven days a week, None outside the month."""

    name: str
    days: tuple[PageDay, ...] = ()
    weeks: tuple[tuple[PageDay | None, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of the dates. `earlier`, `later`: where the parts before and after begin, where there are dates."""

    months: tuple[PageMonth, ...]
    earlier: date | None
    later: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number to call. `dialled`: what a telephone dials; empty when it can't be told from the text."""

    label: str
    number: str
    dialled: str


def next_visit(view: CalendarView, now: datetime) -> Entry | None:
    """The visit that goes on or comes next; of what is cancelled, or has no hour, none."""
    for entry in view.entries:
        holds = entry.kind in VISITS and entry.status is not Status.CANCELLED
        if holds and isinstance(entry.end, datetime) and entry.end.timestamp() > now.timestamp():
            return entry
    return None


def visit_lines(entry: Entry, view: CalendarView) -> tuple[str, ...]:
    """The visit in lines: its date, when to come, what it is, and what is to be known of it."""
    say = view.wording.say
    come = (say("print.come", arrival=say_time(entry.arrival, view.language)),) if entry.arrival else ()
    when = come or (times_of(entry, view),)
    said = say("line.come", arrival=say_time(entry.arrival, view.language)) if entry.arrival else ""
    rest = tuple(line for line in entry.lines if line != said)
    until = _until(entry, view) if view.detail is Detail.DISCREET else ()
    place = (say("mail.where", place=entry.location.replace("\n", ", ")),) if entry.location else ()
    day = opening(say_date(entry.first_date, view.language))
    return tuple(filter(None, (day, *when, entry.summary, *until, *rest, *place)))


def is_doubtful(view: CalendarView, now: datetime) -> bool:
    """Whether an earlier dose was never recorded, so that the dates may be wrong."""
    return any(
        dose.state is DoseState.PLANNED and dose.times is not None and dose.times.infusion_end + UNRECORDED < now
        for dose in view.plan.doses()
    )


def state_of_plan(view: CalendarView) -> str:
    """How the course stands, as far as the page tells: `held`, `complete`, `stopped` or nothing. Never why."""
    states = {dose.state for dose in view.plan.doses()}
    if view.plan.held is not None:
        return "held"
    if DoseState.CANCELLED in states:
        return "stopped"
    return "" if DoseState.PLANNED in states else "complete"


def phones(view: CalendarView) -> Iterator[Phone]:
    """The numbers to call, the clinic's first; those that are set."""
    clinic = view.clinic
    for key, number in (
        ("print.phone", clinic.phone),
        ("print.phone.after-hours", clinic.after_hours_phone),
        ("print.phone.emergency", clinic.emergency_number),
    ):
        if number:
            yield Phone(label=view.wording.say(key), number=number, dialled=dialled(number))


def dialled(number: str) -> str:
    """What a telephone dials for that number; an extension named by a word is left for the person to dial."""
    return "".join(_DIALLED.findall(_EXTENSION.split(number)[0]))


def call_at_once(view: CalendarView) -> tuple[str, ...]:
    """When not to wait, sentence by sentence."""
    guide = _guide(view)
    return tuple(line for text in guide.at_once() for line in sentences(text)) + guide.other_numbers()


def guidance(view: CalendarView) -> dict[str, tuple[str, ...]]:
    """By the key of its heading, what holds for each visit."""
    say, guide = view.wording.say, _guide(view)
    leave = {"you.leave": (guide.leave(),)} if view.detail is Detail.FULL else {}
    return {
        "print.bring": (guide.bring(), say("mail.eat"), say("mail.feel")),
        **leave,
        "mail.call": (guide.whom_to_call(), guide.tests(), guide.changes()),
    }


def windows(view: CalendarView) -> tuple[str, ...]:
    """The dates to keep in mind, in sentences (scheduling rule 18), and what to keep up where no date can be told."""
    if view.detail is not Detail.FULL:
        return ()
    dated = [line for entry in view.entries if entry.kind is EventKind.WINDOW for line in entry.lines]
    return tuple(dict.fromkeys((*dated, *view.keep_on, *_without_date(view))))


def watch(view: CalendarView, today: date) -> tuple[str, ...]:
    """The signs to look for while the liver is watched: from the first dose on, up to the end of the watch."""
    plan, say = view.plan, view.wording.say
    given = any(dose.state is DoseState.GIVEN for dose in plan.doses())
    until = [task.date for task in plan.tasks if task.kind == LIVER_WATCH]
    if plan.regimen.liver_watch is None or not given or not until or max(until) < today:
        return ()
    keys = ("yellow", "urine", "belly", "weight", "sick", "daily-weight")
    return tuple(say(f"watch.{key}") for key in keys)


def list_from(view: CalendarView, start: date) -> Stretch:
    """The dates from `start` on, for six weeks, month by month; with what still goes on."""
    end = start + SPAN
    shown = [entry for entry in _listed(view) if last_date(entry) >= start and entry.first_date <= end]
    months = groupby(_days(shown, view), key=lambda day: day.on.replace(day=1))
    earlier = any(last_date(entry) < start for entry in _listed(view))
    later = [entry.first_date for entry in _listed(view) if entry.first_date > end]
    return Stretch(
        months=tuple(PageMonth(name=say_month(first, view.language), days=tuple(days)) for first, days in months),
        earlier=add_days(start, -SPAN.days - 1) if earlier else None,
        later=min(later, default=None),
    )


def months_from(view: CalendarView, start: date) -> Stretch:
    """Three months from that of `start` on, as tables; as far as there are dates."""
    listed = list(_listed(view))
    first = start.replace(day=1)
    firsts = list(_firsts(first, max((entry.first_date for entry in listed), default=first)))
    beyond = _step(firsts[-1], 1)
    by_day = {day.on: day for day in _days(listed, view)}
    return Stretch(
        months=tuple(_month(each, by_day, view) for each in firsts),
        earlier=_step(first, -MONTHS) if any(entry.first_date < first for entry in listed) else None,
        later=beyond if any(entry.first_date >= beyond for entry in listed) else None,
    )


def week(view: CalendarView) -> tuple[tuple[str, str, str], ...]:
    """The names of the seven days, long, short and of a letter or so, in the order of the language's weeks."""
    return tuple((name, short, narrow_weekday(day, view.language)) for day, name, short in weekdays(view.language))


# ---------------------------------------------------------------------------------------------------------------------


def _without_date(view: CalendarView) -> Iterator[str]:
    """What to keep up while doses are on hold: no date can be told then (scheduling rule 12)."""
    if view.plan.held is not None and view.reader is Reader.PATIENT and not mentions_pregnancy(view.plan):
        kinds = [window.kind for window in view.plan.windows if window.shown and window.last_date is None]
        yield from (view.wording.say(f"guide.window.{kind}") for kind in kinds)


def _guide(view: CalendarView) -> Guide:
    return Guide(wording=view.wording, clinic=view.clinic, regimen_id=view.plan.regimen.id)


def _until(entry: Entry, view: CalendarView) -> tuple[str, ...]:
    if entry.leave is None:
        return ()
    return (view.wording.say("print.until", leave=say_time(entry.leave, view.language)),)


def _listed(view: CalendarView) -> Iterator[Entry]:
    """What a list of dates names: the stay after an infusion is part of the visit, and windows stand by themselves."""
    for entry in view.entries:
        apart = entry.kind is EventKind.WINDOW and view.detail is Detail.FULL
        if entry.kind is not EventKind.OBSERVATION and not apart:
            yield entry


def _days(entries: Iterable[Entry], view: CalendarView) -> Iterator[PageDay]:
    for on, found in groupby(sorted(entries, key=lambda each: each.first_date), key=lambda each: each.first_date):
        items = tuple(_item(entry, view) for entry in sorted(found, key=lambda each: each.all_day))
        yield PageDay(on=on, name=opening(say_date(on, view.language)), items=items)


def _item(entry: Entry, view: CalendarView) -> Item:
    kinds = {
        "allday": entry.all_day,
        "tentative": entry.status is Status.TENTATIVE,
        "cancelled": entry.status is Status.CANCELLED,
    }
    until = _until(entry, view) if view.detail is Detail.DISCREET and entry.status is not Status.CANCELLED else ()
    look = " ".join(name for name, holds in kinds.items() if holds)
    return Item(times=times_of(entry, view), title=entry.summary, notes=(*until, *entry.lines), look=look)


def _month(first: date, by_day: dict[date, PageDay], view: CalendarView) -> PageMonth:
    start = weekdays(view.language)[0][0]
    weeks = Calendar(firstweekday=start).monthdatescalendar(first.year, first.month)
    return PageMonth(
        name=say_month(first, view.language),
        weeks=tuple(tuple(_cell(day, first, by_day) for day in days) for days in weeks),
    )


def _cell(day: date, first: date, by_day: dict[date, PageDay]) -> PageDay | None:
    if day.month != first.month:
        return None
    return by_day.get(day) or PageDay(on=day, name="", items=())


def _firsts(first: date, last: date) -> Iterator[date]:
    for months in range(MONTHS):
        each = _step(first, months)
        if months and each > last:
            return
        yield each


def _step(first: date, months: int) -> date:
    """The first of the month so many months on."""
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
