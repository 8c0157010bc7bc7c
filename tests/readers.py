"""Reads a feed back as calendar programs do: with two parsers that know nothing of each other or of our writer.

icalendar takes a TZID by its name and looks the zone up; vobject believes the VTIMEZONE in the feed. Both must agree.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import icalendar
import vobject
import vobject.icalendar


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAlarm:
    """An alarm as read: how long before the event's start, its UID, its text."""

    before: timedelta
    uid: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadEvent:
    """An event as read. `start` and `end`: instants in UTC, or civil dates (`end` exclusive). Missing texts are empty.

    What has no end is one moment, and ends when it starts (RFC 5545 3.6.1).
    """

    uid: str
    start: date | datetime
    end: date | datetime
    status: str
    transparency: str
    summary: str
    description: str
    location: str
    sequence: int
    stamp: datetime
    created: datetime
    last_modified: datetime
    alarms: tuple[ReadAlarm, ...]


def read_with_icalendar(body: bytes) -> dict[str, ReadEvent]:
    """The feed's events by UID, as the icalendar library reads them."""
    calendar = icalendar.Calendar.from_ical(body)
    found = [_from_icalendar(event) for event in calendar.walk("VEVENT")]
    return _by_uid(found)


def read_with_vobject(body: bytes) -> dict[str, ReadEvent]:
    """The feed's events by UID, as vobject reads them, with the zone as the feed defines it."""
    # vobject keeps the first definition of a TZID for the life of the process; each feed shall be read by its own.
    vars(vobject.icalendar)["__tzidMap"].clear()
    calendar = vobject.readOne(body.decode())
    return _by_uid([_from_vobject(event) for event in calendar.contents.get("vevent", [])])


READERS: dict[str, Callable[[bytes], dict[str, ReadEvent]]] = {
    "icalendar": read_with_icalendar,
    "vobject": read_with_vobject,
}


def read_both(body: bytes) -> dict[str, ReadEvent]:
    """The events by UID as both parsers read them; an AssertionError names what they read differently."""
    first, second = (read(body) for read in READERS.values())
    assert first == second
    return first


def unfolded(body: bytes) -> list[str]:
    """The feed's content lines, unfolded as RFC 5545 3.1 says."""
    return body.decode().replace("\r\n ", "").split("\r\n")[:-1]


# ---------------------------------------------------------------------------------------------------------------------


def _by_uid(events: list[ReadEvent]) -> dict[str, ReadEvent]:
    found = {event.uid: event for event in events}
    assert len(found) == len(events), "two events have the same UID"
    return found


def _utc(moment: date | datetime) -> date | datetime:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment


def _instant(moment: Any) -> datetime:
    assert isinstance(moment, datetime)
    return moment.astimezone(UTC)


def _from_icalendar(event: Any) -> ReadEvent:
    return ReadEvent(
        uid=str(event["UID"]),
        start=_utc(event["DTSTART"].dt),
        end=_utc(event["DTEND" if "DTEND" in event else "DTSTART"].dt),
        status=str(event["STATUS"]),
        transparency=str(event["TRANSP"]),
        summary=str(event.get("SUMMARY", "")),
        description=str(event.get("DESCRIPTION", "")),
        location=str(event.get("LOCATION", "")),
        sequence=int(event["SEQUENCE"]),
        stamp=_instant(event["DTSTAMP"].dt),
        created=_instant(event["CREATED"].dt),
        last_modified=_instant(event["LAST-MODIFIED"].dt),
        alarms=tuple(
            ReadAlarm(before=-alarm["TRIGGER"].dt, uid=str(alarm["UID"]), text=str(alarm["DESCRIPTION"]))
            for alarm in event.walk("VALARM")
        ),
    )


def _from_vobject(event: Any) -> ReadEvent:
    def text(name: str, of: Any = event) -> str:
        lines = of.contents.get(name)
        return str(lines[0].value) if lines else ""

    def instant(name: str) -> datetime:
        # vobject turns only DTSTART and DTEND into values; the stamps stay as they are written.
        value = event.contents[name][0].value
        if isinstance(value, str):
            value = datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return _instant(value)

    return ReadEvent(
        uid=text("uid"),
        start=_utc(event.dtstart.value),
        end=_utc((event.dtend if "dtend" in event.contents else event.dtstart).value),
        status=text("status"),
        transparency=text("transp"),
        summary=text("summary"),
        description=text("description"),
        location=text("location"),
        sequence=int(text("sequence")),
        stamp=instant("dtstamp"),
        created=instant("created"),
        last_modified=instant("last-modified"),
        alarms=tuple(
            ReadAlarm(before=-alarm.trigger.value, uid=text("uid", alarm), text=text("description", alarm))
            for alarm in event.contents.get("valarm", [])
        ),
    )
