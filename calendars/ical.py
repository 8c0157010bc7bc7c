"""The iCalendar feed (RFC 5545, 7986; alarm UIDs RFC 9074): a small writer for the properties that a feed holds.

The icalendar package is the measure of it: the tests read what is written here with it and compare both ways.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import uuid5

from calendars.kinds import clean
from calendars.view import CalendarView, Entry
from calendars.zones import vtimezone

# Neutral at every level: the name of the program would tell what the calendar is about.
_PRODID = "-//Dates//Calendar 1//EN"
_MAX_OCTETS = 75  # RFC 5545 3.1, without the line end
_UTC_ZONES = ("UTC", "Etc/UTC")
_OPAQUE = "TRANSP:OPAQUE"
_TRANSPARENT = "TRANSP:TRANSPARENT\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE"


def render(view: CalendarView) -> bytes:
    """The feed of `view`: UTF-8, CRLF lines of at most 75 octets.

    The calendar has no UID of its own (RFC 7986 5.3 allows one): vdirsyncer, and khal behind it, take the first UID
    that they meet for that of each event, and show one event of all.
    """
    title = escaped(view.title)
    head = (
        f"LAST-MODIFIED:{_utc(view.stamp)}",
        folded(f"NAME:{title}"),
        folded(f"X-WR-CALNAME:{title}"),
        "COLOR:teal",
        "X-APPLE-CALENDAR-COLOR:#008080",
        f"REFRESH-INTERVAL;VALUE=DURATION:{view.refresh}",  # RFC 7986 5.7 asks for the parameter
        f"X-PUBLISHED-TTL:{view.refresh}",
    )
    return _written(head, view)


def render_message(view: CalendarView, *, method: str, organizer: str) -> bytes:
    """The calendar file of a mail (RFC 5546): `method` says what to do with its one event. `organizer`: who sends it.

    Without name, colour or times of refreshing: it is no calendar to subscribe to.
    """
    return _written((f"METHOD:{method}",), view, f"ORGANIZER:mailto:{_one_line(organizer)}")


def escaped(text: str) -> str:
    """The text as RFC 5545 3.3.11 writes it, without what no calendar can carry."""
    text = clean(text).replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace(";", "\\;").replace(",", "\\,")


def folded(line: str) -> str:
    """The content line without its end: no piece longer than 75 octets, no character and no escape split."""
    if len(line) <= _MAX_OCTETS and line.isascii():
        return line
    octets = line.encode()
    pieces, start, room = [], 0, _MAX_OCTETS
    while len(octets) - start > room:
        end = start + room
        while octets[end] & 0b1100_0000 == 0b1000_0000:  # inside a character: only its first octet looks otherwise
            end -= 1
        piece = octets[start:end]
        # A reader that takes escapes before it unfolds meets each of them whole: an odd run of `\\` starts one.
        if (len(piece) - len(piece.rstrip(b"\\"))) % 2:
            piece, end = piece[:-1], end - 1
        pieces.append(piece)
        start, room = end, _MAX_OCTETS - 1  # the space that marks a continuation counts
    pieces.append(octets[start:])
    return b"\r\n ".join(pieces).decode()


# -------------------------------------------------------------------------------------------------------------


def _written(head: Iterable[str], view: CalendarView, organizer: str = "") -> bytes:
    """The calendar with `head` as its own properties; `organizer` is a line for each event, or nothing."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_PRODID}", "CALSCALE:GREGORIAN", *head]
    if view.zone not in _UTC_ZONES:
        days = [entry.first_date for entry in view.entries if not entry.all_day] or [view.stamp.date()]
        lines += vtimezone(view.zone, min(days), max(days))
    bell = folded(f"DESCRIPTION:{escaped(view.wording.say('alarm'))}")
    for entry in view.entries:
        lines.append(_facts(entry, view.zone))
        lines += (folded(line) for line in (*_texts(entry), organizer) if line)
        lines += (_alarm(entry, lead, bell) for lead in entry.alarms)
        lines.append("END:VEVENT")
    lines.append("END:VCALENDAR\r\n")
    return "\r\n".join(lines).encode()


def _facts(entry: Entry, zone: str) -> str:
    """The start of an event up to its texts. None of these lines is long, so that none has to be folded."""
    changed, start, end = _utc(entry.last_modified), *_span(entry, zone)
    until = f"DTEND{end}\r\n" if end != start else ""  # what is one moment, or ends nobody knows when, has none
    return (
        f"BEGIN:VEVENT\r\nUID:{entry.uid}\r\nDTSTAMP:{changed}\r\nLAST-MODIFIED:{changed}\r\n"
        f"CREATED:{_utc(entry.created)}\r\nSEQUENCE:{entry.sequence}\r\nDTSTART{start}\r\n{until}"
        f"STATUS:{entry.status}\r\n{_OPAQUE if entry.busy else _TRANSPARENT}"
    )


def _texts(entry: Entry) -> Iterator[str]:
    if entry.summary:
        yield f"SUMMARY:{escaped(entry.summary)}"
    if entry.description:
        yield f"DESCRIPTION:{escaped(entry.description)}"
    if entry.location:
        yield f"LOCATION:{escaped(entry.location)}"


def _span(entry: Entry, zone: str) -> tuple[str, str]:
    """Start and end with what stands before them in their lines."""
    start, end = entry.start, entry.end
    if not (isinstance(start, datetime) and isinstance(end, datetime)):
        after = end + timedelta(days=1)  # the end is the first day that is not in it (RFC 5545 3.6.1)
        return f";VALUE=DATE:{_day(start)}", f";VALUE=DATE:{_day(after)}"
    # Wall times that the clocks show twice name two instants, and programs choose differently: UTC names one.
    if zone in _UTC_ZONES or _shown_twice(start) or _shown_twice(end):
        return f":{_utc(start)}", f":{_utc(end)}"
    return f";TZID={zone}:{_wall(start)}", f";TZID={zone}:{_wall(end)}"


def _alarm(entry: Entry, lead: timedelta, bell: str) -> str:
    uid = uuid5(entry.uid, f"alarm/{lead // timedelta(minutes=1)}")
    return f"BEGIN:VALARM\r\nUID:{uid}\r\nACTION:DISPLAY\r\nTRIGGER:{_before(lead)}\r\n{bell}\r\nEND:VALARM"


def _one_line(address: str) -> str:
    return clean(address).replace("\n", "")


def _shown_twice(instant: datetime) -> bool:
    return instant.replace(fold=0).utcoffset() != instant.replace(fold=1).utcoffset()


def _day(day: date) -> str:
    return day.isoformat().replace("-", "")


def _wall(moment: datetime) -> str:
    return moment.isoformat()[:19].replace("-", "").replace(":", "")


def _utc(instant: datetime) -> str:
    return _wall(instant.astimezone(UTC)) + "Z"


@lru_cache(maxsize=64)
def _before(lead: timedelta) -> str:
    """That long before the start, as RFC 5545 3.3.6 writes a duration."""
    hours, rest = divmod(lead.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    units = ((hours, "H"), (minutes, "M"), (seconds, "S"))
    time = "".join(f"{count}{unit}" for count, unit in units if count)
    days = f"{lead.days}D" if lead.days else ""
    return f"-P{days}T{time}" if time else f"-P{days}" if days else "P0D"
