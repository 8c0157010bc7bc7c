"""When an entry is, in words: its times, and the days that it goes on for."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from calendars.view import CalendarView, Entry
from calendars.wording import say_brief_moment, say_near, say_time

LONGEST_SPAN = 366  # days that one entry may go on for


def times_of(entry: Entry, view: CalendarView) -> str:
    """What is to be said beside the entry's first date: "09:00 to 10:00", "until Monday 4 January"; empty for a day."""
    say, language, start, end = view.wording.say, view.language, entry.start, entry.end
    if not (isinstance(start, datetime) and isinstance(end, datetime)):
        return say("page.until", date=say_near(end, language)) if end > start else ""
    if entry.open_end:
        return say("page.from", start=say_time(start, language))
    if end.timestamp() <= start.timestamp():
        return say_time(start, language)
    last = say_time(end, language) if end.date() == start.date() else say_brief_moment(end, language)
    return say("page.span", start=say_time(start, language), end=last)


def last_date(entry: Entry) -> date:
    """The last date on which the entry goes on."""
    last = entry.end.date() if isinstance(entry.end, datetime) else entry.end
    return min(last, entry.first_date + timedelta(days=LONGEST_SPAN))


def goes_on(entry: Entry) -> Iterator[date]:
    """The dates after its first on which the entry goes on."""
    return (
        entry.first_date + timedelta(days=step) for step in range(1, (last_date(entry) - entry.first_date).days + 1)
    )
