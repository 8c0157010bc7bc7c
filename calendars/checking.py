"""What a calendar program will make of a calendar file, ours or another's: its events, its zones, and what is wrong.

The lines are looked at as RFC 5545 has them, and the file is read with the icalendar package. Pure.
"""

import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from icalendar import Calendar, Component, vDuration
from icalendar.error import InvalidCalendar
from icalendar.prop import vBroken

from calendars.findings import Finding, fault
from calendars.zone_check import wrong_days

_DURATION = re.compile(rb"^REFRESH-INTERVAL(;[^:]*)?:", re.IGNORECASE | re.MULTILINE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_IN_MAIL_ONLY = ("ORGANIZER", "ATTENDEE")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEvent:
    """An event as a program shows it. Instants carry their zone; `end` of whole days is their last day."""

    uid: str
    start: date | datetime
    end: date | datetime
    zone: str
    summary: str
    status: str
    alarms: tuple[timedelta, ...]

    @property
    def all_day(self) -> bool:
        """Whether it is one or more whole days."""
        return not isinstance(self.start, datetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCalendar:
    """A calendar as a program shows it. `telling`: the words found in it that tell of a treatment."""

    name: str
    events: tuple[SeenEvent, ...]
    zones: tuple[str, ...]
    refresh: timedelta | None
    telling: tuple[str, ...]
    silent: bool
    findings: tuple[Finding, ...]


def look(body: bytes, telling: Iterable[str]) -> SeenCalendar:
    """What a program sees in the file, and what is wrong with it. `telling`: words that tell of a treatment."""
    findings = list(_of_bytes(body))
    try:
        several = Calendar.from_ical(body, multiple=True)
        calendar = several[0]
    except (ValueError, InvalidCalendar, IndexError, KeyError, AttributeError, TypeError):
        findings.append(fault("no-calendar", "the file"))
        return SeenCalendar(
            name="", events=(), zones=(), refresh=None, telling=(), silent=True, findings=tuple(findings)
        )
    if len(several) > 1:
        findings.append(fault("several-calendars", "the file", count=len(several)))
    components = calendar.walk("VEVENT")
    findings += _of_calendar(calendar, components)
    texts = _texts(calendar)
    return SeenCalendar(
        name=_text(calendar, "NAME") or _text(calendar, "X-WR-CALNAME"),
        events=tuple(sorted(_events(components), key=_in_order)),
        zones=tuple(str(zone.get("TZID", "")) for zone in calendar.walk("VTIMEZONE")),
        refresh=_refresh(_text(calendar, "REFRESH-INTERVAL") or _text(calendar, "X-PUBLISHED-TTL")),
        telling=tuple({word.lower(): word for word in telling if word.lower() in texts.lower()}.values()),
        silent=not any(_text(event, "SUMMARY") for event in components),
        findings=tuple(findings),
    )


# -- Lines ------------------------------------------------------------------------------------------------------------


def _of_bytes(body: bytes) -> Iterator[Finding]:
    if body.startswith(BOM_UTF8):
        yield fault("byte-order-mark", "line 1")
        body = body.removeprefix(BOM_UTF8)
    lines = body.split(b"\n")
    bare = [number for number, line in enumerate(lines[:-1], 1) if not line.endswith(b"\r")]
    if bare:
        yield fault("line-ends", _lines(bare))
    if lines[-1]:
        yield fault("last-line", f"line {len(lines)}")
    long = [number for number, line in enumerate(lines, 1) if len(line.rstrip(b"\r")) > 75]
    if long:
        yield fault("long-lines", _lines(long))
    held = [number for number, line in enumerate(lines, 1) if _CONTROLS.search(line.rstrip(b"\r"))]
    if held:
        yield fault("control-characters", _lines(held))
    yield from _of_encoding(body, lines)
    if wrong := _unbalanced(lines):
        yield fault("unbalanced", _lines([wrong]))
    refresh = _DURATION.search(body.replace(b"\r\n ", b""))
    if refresh and b"VALUE=DURATION" not in (refresh[1] or b"").upper():
        yield fault("refresh-value", "REFRESH-INTERVAL")


def _unbalanced(lines: Sequence[bytes]) -> int:
    """The first line with an END that ends something else, or the last line when something stays open; else 0."""
    opened: list[bytes] = []
    for number, line in enumerate(lines, 1):
        name, _, value = line.strip().upper().partition(b":")
        if name == b"BEGIN":
            opened.append(value)
        elif name == b"END" and (not opened or opened.pop() != value):
            return number
    return len(lines) if opened else 0


def _of_encoding(body: bytes, lines: Sequence[bytes]) -> Iterator[Finding]:
    if not _is_utf8(body.replace(b"\r\n ", b"")):
        wrong = [number for number, line in enumerate(lines, 1) if not _is_utf8(line)]
        yield fault("encoding", _lines(wrong))
        return
    split = [number for number, line in enumerate(lines, 1) if not _is_utf8(line)]
    if split:
        yield fault("split-character", _lines(split))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _lines(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
    return f"line {numbers[0]}{more}" if numbers else "the file"


# -- Components -------------------------------------------------------------------------------------------------------


def _of_calendar(calendar: Component, events: Sequence[Component]) -> Iterator[Finding]:
    if calendar.name != "VCALENDAR":
        yield fault("no-calendar", "the file")
        return
    for name in ("VERSION", "PRODID"):
        if name not in calendar:
            yield fault("missing", "VCALENDAR", name=name)
    if "UID" in calendar:
        yield fault("calendar-uid", "VCALENDAR")
    if "METHOD" in calendar:
        yield fault("method", "VCALENDAR")
    if not ("REFRESH-INTERVAL" in calendar or "X-PUBLISHED-TTL" in calendar):
        yield fault("no-refresh", "VCALENDAR")
    yield from _of_uids(events)
    for number, event in enumerate(events, 1):
        yield from _of_event(event, f"event {number}")
    yield from _of_zones(calendar, events)


def _of_uids(events: Sequence[Component]) -> Iterator[Finding]:
    counted = Counter((_text(event, "UID"), _text(event, "RECURRENCE-ID")) for event in events if "UID" in event)
    twice = sum(1 for count in counted.values() if count > 1)
    if twice:
        yield fault("uid-twice", f"{twice} UIDs")


def _of_event(event: Component, place: str) -> Iterator[Finding]:
    for name in ("UID", "DTSTAMP", "DTSTART"):
        if name not in event:
            yield fault("missing", place, name=name)
    for error in event.errors:
        yield fault("unreadable", f"{place}, {error[0] or 'a line'}")
    if "LAST-MODIFIED" not in event:
        yield fault("no-last-modified", place)
    for name in _IN_MAIL_ONLY:
        if name in event:
            yield fault("people", f"{place}, {name}")
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if isinstance(start, datetime) and start.tzinfo is None:
        yield fault("floating", place)
    if start is not None and end is not None and not _is_after(end, start):
        yield fault("end", place)


def _of_zones(calendar: Component, events: Sequence[Component]) -> Iterator[Finding]:
    used = {str(event["DTSTART"].params["TZID"]) for event in events if _zone_of(event)}
    defined = {str(zone.get("TZID", "")): zone for zone in calendar.walk("VTIMEZONE")}
    for name in sorted(used - defined.keys()):
        yield fault("zone-missing", f"TZID {name}")
    years = [moment.year for event in events if (moment := _moment(event, "DTSTART")) is not None]
    for name, zone in defined.items():
        wrong = next(wrong_days(name, zone, min(years, default=2000), max(years, default=2000)), None)
        if wrong is not None:
            yield fault("zone-wrong", f"VTIMEZONE {name}", day=wrong.isoformat())


# -- Values -----------------------------------------------------------------------------------------------------------


def _events(components: Iterable[Component]) -> Iterator[SeenEvent]:
    for event in components:
        start = _moment(event, "DTSTART")
        if start is None:
            continue
        end = _moment(event, "DTEND") or start
        if not isinstance(end, datetime) and not isinstance(start, datetime) and end > start:
            end -= timedelta(days=1)
        yield SeenEvent(
            uid=_text(event, "UID"),
            start=start,
            end=end,
            zone=_zone_of(event),
            summary=_text(event, "SUMMARY"),
            status=_text(event, "STATUS").lower(),
            alarms=tuple(_leads(event)),
        )


def _leads(event: Component) -> Iterator[timedelta]:
    for alarm in event.walk("VALARM"):
        trigger = _value(alarm, "TRIGGER")
        if isinstance(trigger, timedelta):
            yield -trigger


def _in_order(event: SeenEvent) -> tuple[float, str]:
    start = event.start if isinstance(event.start, datetime) else datetime.combine(event.start, time())
    return (start if start.tzinfo else start.replace(tzinfo=UTC)).timestamp(), event.uid


def _moment(event: Component, name: str) -> date | datetime | None:
    moment = _value(event, name)
    return moment if isinstance(moment, date) else None


def _value(component: Component, name: str) -> object:
    """The date, instant or length of a property; None without one, and where it can't be read."""
    found = component.get(name)
    return None if isinstance(found, vBroken) else getattr(found, "dt", None)


def _is_after(end: date | datetime, start: date | datetime) -> bool:
    if isinstance(end, datetime) and isinstance(start, datetime):
        return bool(end.tzinfo) == bool(start.tzinfo) and end > start
    return not isinstance(end, datetime) and not isinstance(start, datetime) and end > start


def _refresh(text: str) -> timedelta | None:
    try:
        length = vDuration.from_ical(text)  # type: ignore[no-untyped-call] # it comes without types
    except ValueError:
        return None
    return length if isinstance(length, timedelta) else None


def _zone_of(event: Component) -> str:
    return str(getattr(event.get("DTSTART"), "params", {}).get("TZID", ""))


def _text(component: Component, name: str) -> str:
    value = component.get(name, "")
    to_ical = getattr(value, "to_ical", None)
    return to_ical().decode() if to_ical and not isinstance(value, str) else str(value)


def _texts(calendar: Component) -> str:
    """All that a program may show, in one text."""
    shown = ("NAME", "X-WR-CALNAME", "X-WR-CALDESC", "SUMMARY", "DESCRIPTION", "LOCATION", "UID", "CATEGORIES", "URL")
    components = (calendar, *calendar.walk("VEVENT"), *calendar.walk("VALARM"))
    return "\n".join(_text(each, name) for each in components for name in (*shown, "PRODID"))
