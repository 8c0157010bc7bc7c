"""The days of a plan, page by page: a page for each cycle that has dates, and what lies before and after it."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from calendars.lanes import has_dates
from calendars.spans import last_date
from calendars.view import CalendarView, Entry, Status
from scheduler.dates import add_days
from scheduler.events import EventKind
from scheduler.plan import Cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A date with what begins on it and what goes on. `number` counts from the cycle's day 1."""

    on: date
    number: int
    entries: tuple[Entry, ...] = ()
    going_on: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CyclePage:
    """A cycle's days from its day 1 to its last one. `earlier` and `later`: days with entries that no page has.

    Without a cycle there are only such days.
    """

    cycle: Cycle | None
    days: tuple[Day, ...]
    earlier: tuple[Day, ...] = ()
    later: tuple[Day, ...] = ()


def pages_of(view: CalendarView) -> tuple[CyclePage, ...]:
    """The pages in the order of time. Every entry that holds stands on one, but for windows: they reach far beyond.

    What is cancelled doesn't: paper is put in the place of older paper.
    """
    cycles = sorted((cycle for cycle in view.cycles() if has_dates(cycle)), key=lambda each: each.day1)
    entries = [entry for entry in view.entries if _holds(entry)]
    if not cycles:
        loose = _days(entries, ())
        return (CyclePage(cycle=None, days=(), later=loose),) if loose else ()
    starts = [cycle.day1 for cycle in cycles]
    places: list[list[Entry]] = [[] for _ in range(len(cycles) + 1)]
    for entry in entries:
        places[bisect_right(starts, entry.first_date)].append(entry)
    running = [entry for entry in entries if last_date(entry) > entry.first_date]
    return tuple(
        _page(cycle, following, places[number + 1], running, earlier=places[0] if number == 0 else ())
        for number, (cycle, following) in enumerate(zip(cycles, [*starts[1:], date.max], strict=True))
    )


# ---------------------------------------------------------------------------------------------------------------------


def _page(
    cycle: Cycle, following: date, entries: Sequence[Entry], running: Sequence[Entry], *, earlier: Sequence[Entry]
) -> CyclePage:
    # No date stands on two pages: on one of them it would look as if nothing were to do.
    last = min(cycle.last_day, following - timedelta(days=1))
    by_day = _by_day(entries)
    return CyclePage(
        cycle=cycle,
        days=tuple(
            _day(on, cycle.day1, by_day.get(on, ()), running)
            for on in (add_days(cycle.day1, step) for step in range((last - cycle.day1).days + 1))
        ),
        earlier=_days(earlier, running, cycle.day1),
        later=_days([entry for entry in entries if entry.first_date > last], running, cycle.day1),
    )


def _days(entries: Sequence[Entry], running: Sequence[Entry], day1: date | None = None) -> tuple[Day, ...]:
    return tuple(_day(on, day1 or on, found, running) for on, found in _by_day(entries).items())


def _day(on: date, day1: date, entries: Iterable[Entry], running: Sequence[Entry]) -> Day:
    return Day(
        on=on,
        number=(on - day1).days + 1,
        entries=tuple(entries),
        going_on=tuple(entry for entry in running if entry.first_date < on <= last_date(entry)),
    )


def _by_day(entries: Iterable[Entry]) -> Mapping[date, tuple[Entry, ...]]:
    """The entries of each date: what has a time first, so that a day's visit heads its cell."""
    found: dict[date, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.first_date, []).append(entry)
    return {day: tuple(sorted(each, key=lambda entry: entry.all_day)) for day, each in sorted(found.items())}


def _holds(entry: Entry) -> bool:
    return entry.kind is not EventKind.WINDOW and entry.status is not Status.CANCELLED
