"""Whether the definition of a zone in a calendar file is right: day by day, against the zone's own rules."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo
from io import StringIO

from dateutil.tz import tzical
from icalendar import Component

from scheduler.dates import zone_of
from scheduler.errors import InvalidValue

_HOURS = (time(4, 30), time(12))  # soon after the clocks change somewhere, and when visits are


def wrong_days(name: str, definition: Component, first_year: int, last_year: int) -> Iterator[date]:
    """The days on which the definition gives another offset than the zone of that name has.

    None for a name that is none of the world's zones: then the definition alone says what it means.
    """
    try:
        true = zone_of(name)
    except InvalidValue:
        return
    said = _said(name, definition)
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        if said is None or any(_offset(day, hour, said) != _offset(day, hour, true) for hour in _HOURS):
            yield day
        day += timedelta(days=1)


# -------------------------------------------------------------------------------------------------------------


def _offset(day: date, hour: time, zone: tzinfo) -> timedelta | None:
    return datetime.combine(day, hour, tzinfo=zone).utcoffset()


def _said(name: str, definition: Component) -> tzinfo | None:
    """The zone as a reader that knows no other understands its definition; None when it can't be understood."""
    text = definition.to_ical().decode()
    try:
        return tzical(StringIO(f"BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n")).get(name)
    except ValueError:
        return None
