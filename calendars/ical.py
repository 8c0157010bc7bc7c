"""The iCalendar feed (RFC 5545, 7986; alarm UIDs RFC 9074): structure by icalendar, escaping and lines by this file."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid5

from icalendar import Alarm, Calendar, Event, vCalAddress, vDate, vDatetime, vDuration, vInt, vText

from calendars.kinds import clean
from calendars.view import CalendarView, Entry
from calendars.zones import vtimezone

# Neutral at every level: the name of the program would tell what the calendar is about.
_PRODID = "-//Dates//Calendar 1//EN"
_MAX_OCTETS = 75  # RFC 5545 3.1, without the line end
_UTC_ZONES = ("UTC", "Etc/UTC")
_FREE = "X-MICROSOFT-CDO-BUSYSTATUS"


class Text(vText):
    """A TEXT value, escaped as RFC 5545 3.3.11 says. icalendar's own escaping makes a line end of a written `\\N`."""

    def to_ical(self) -> bytes:
        """The escaped text as UTF-8."""
        text = clean(self).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
        return text.encode()


def render(view: CalendarView) -> bytes:
    """The feed of `view`: UTF-8, CRLF lines of at most 75 octets."""
    return _written(_calendar(view), view)


def render_message(view: CalendarView, *, method: str, organizer: str) -> bytes:
    """The calendar file of a mail (RFC 5546): `method` says what to do with its one event. `organizer`: who sends it.

    Without name, colour or times of refreshing: it is no calendar to subscribe to.
    """
    calendar = Calendar()
    calendar["VERSION"] = Text("2.0")
    calendar["PRODID"] = Text(_PRODID)
    calendar["CALSCALE"] = Text("GREGORIAN")
    calendar["METHOD"] = Text(method)
    return _written(calendar, view, organizer=organizer)


def fold(line: str) -> bytes:
    """The content line with its line ends: no piece longer than 75 octets, no character split."""
    octets = line.encode()
    pieces, start, room = [], 0, _MAX_OCTETS
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0b1100_0000 == 0b1000_0000:  # inside a character: only its first octet looks otherwise
            end -= 1
        pieces.append(octets[start:end])
        start, room = end, _MAX_OCTETS - 1  # the space that marks a continuation counts
    pieces.append(octets[start:])
    return b"\r\n ".join(pieces) + b"\r\n"


# -------------------------------------------------------------------------------------------------------------


def _written(calendar: Calendar, view: CalendarView, *, organizer: str = "") -> bytes:
    if view.zone not in _UTC_ZONES:
        days = [entry.first_date for entry in view.entries if not entry.all_day] or [view.stamp.date()]
        calendar.add_component(vtimezone(view.zone, min(days), max(days)))
    for entry in view.entries:
        event = _event(entry, view)
        if organizer:
            event["ORGANIZER"] = vCalAddress(f"mailto:{organizer}")
        calendar.add_component(event)
    return b"".join(fold(line) for line in calendar.content_lines(sorted=False) if line)


def _calendar(view: CalendarView) -> Calendar:
    calendar = Calendar()
    calendar["VERSION"] = Text("2.0")
    calendar["PRODID"] = Text(_PRODID)
    calendar["CALSCALE"] = Text("GREGORIAN")
    calendar["UID"] = Text(str(view.uid))
    calendar["LAST-MODIFIED"] = vDatetime(view.stamp)
    calendar["NAME"] = calendar["X-WR-CALNAME"] = Text(view.title)
    calendar["COLOR"] = Text("teal")
    calendar["X-APPLE-CALENDAR-COLOR"] = Text("#008080")
    # RFC 7986 5.7 asks for the parameter, and icalendar leaves it out.
    calendar["REFRESH-INTERVAL"] = Text(view.refresh, params={"VALUE": "DURATION"})
    calendar["X-PUBLISHED-TTL"] = Text(view.refresh)
    return calendar


def _event(entry: Entry, view: CalendarView) -> Event:
    event = Event()
    event["UID"] = Text(str(entry.uid))
    event["DTSTAMP"] = event["LAST-MODIFIED"] = vDatetime(entry.last_modified)
    event["CREATED"] = vDatetime(entry.created)
    event["SEQUENCE"] = vInt(entry.sequence)
    event["DTSTART"], event["DTEND"] = _span(entry, view.zone)
    event["STATUS"] = Text(entry.status)
    event["TRANSP"] = Text("OPAQUE" if entry.busy else "TRANSPARENT")
    if not entry.busy:
        event[_FREE] = Text("FREE")
    for name in ("summary", "description", "location"):
        if text := getattr(entry, name):
            event[name] = Text(text)
    for alarm in _alarms(entry, view):
        event.add_component(alarm)
    return event


def _span(entry: Entry, zone: str) -> tuple[vDate, vDate] | tuple[vDatetime, vDatetime]:
    start, end = entry.start, entry.end
    if not (isinstance(start, datetime) and isinstance(end, datetime)):
        whole_day = {"VALUE": "DATE"}
        return vDate(start, params=whole_day), vDate(end + timedelta(days=1), params=whole_day)
    # Wall times that the clocks show twice name two instants, and programs choose differently: UTC names one.
    if zone in _UTC_ZONES or _shown_twice(start) or _shown_twice(end):
        start, end = start.astimezone(UTC), end.astimezone(UTC)
    return vDatetime(start), vDatetime(end)


def _shown_twice(instant: datetime) -> bool:
    return instant.replace(fold=0).utcoffset() != instant.replace(fold=1).utcoffset()


def _alarms(entry: Entry, view: CalendarView) -> Iterator[Alarm]:
    for lead in entry.alarms:
        alarm = Alarm()
        alarm["UID"] = Text(str(uuid5(entry.uid, f"alarm/{lead // timedelta(minutes=1)}")))
        alarm["ACTION"] = Text("DISPLAY")
        alarm["TRIGGER"] = vDuration(-lead)
        alarm["DESCRIPTION"] = Text(view.wording.say("alarm"))
        yield alarm
