"""Reads a calendar with libical, the C library of GNOME's, KDE's and many other calendars; it has no Python of its own."""

import ctypes
import ctypes.util
from collections.abc import Iterator
from functools import cache

from tests.neutral import NeutralEvent, instant


class _Time(ctypes.Structure):
    """icaltimetype of libical 3."""

    _fields_ = (
        *(
            (name, ctypes.c_int)
            for name in ("year", "month", "day", "hour", "minute", "second", "is_date", "is_daylight")
        ),
        ("zone", ctypes.c_void_p),
    )


class _Duration(ctypes.Structure):
    """icaldurationtype of libical 3."""

    _fields_ = (
        ("is_neg", ctypes.c_int),
        *((name, ctypes.c_uint) for name in ("days", "weeks", "hours", "minutes", "seconds")),
    )


@cache
def library() -> ctypes.CDLL | None:
    """The library, or None where the machine has none (on Debian: libical3)."""
    try:
        found = ctypes.CDLL(ctypes.util.find_library("ical") or "libical.so.3")
    except OSError:
        return None
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    signatures = {
        "icalparser_parse_string": (pointer, [text]),
        "icalcomponent_free": (None, [pointer]),
        "icalcomponent_string_to_kind": (number, [text]),
        "icalproperty_string_to_kind": (number, [text]),
        "icalcomponent_get_first_component": (pointer, [pointer, number]),
        "icalcomponent_get_next_component": (pointer, [pointer, number]),
        "icalcomponent_get_first_property": (pointer, [pointer, number]),
        "icalcomponent_get_uid": (text, [pointer]),
        "icalcomponent_get_summary": (text, [pointer]),
        "icalcomponent_get_description": (text, [pointer]),
        "icalcomponent_get_location": (text, [pointer]),
        "icalcomponent_get_dtstart": (_Time, [pointer]),
        "icalcomponent_get_dtend": (_Time, [pointer]),
        "icalproperty_get_value_as_string": (text, [pointer]),
        "icaltime_as_timet_with_zone": (ctypes.c_long, [_Time, pointer]),
        "icaldurationtype_from_string": (_Duration, [text]),
        "icaldurationtype_as_int": (number, [_Duration]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(found, name)
        function.restype, function.argtypes = result, arguments
    return found


def read(body: bytes) -> list[NeutralEvent]:
    """The events of the calendar, as libical has them."""
    ical = library()
    assert ical is not None
    calendar = ical.icalparser_parse_string(body)
    assert calendar, "libical reads no calendar here"
    try:
        return [_event(ical, event) for event in _components(ical, calendar, b"VEVENT")]
    finally:
        ical.icalcomponent_free(calendar)


# ---------------------------------------------------------------------------------------------------------------------


def _components(ical: ctypes.CDLL, parent: int, name: bytes) -> Iterator[int]:
    kind = ical.icalcomponent_string_to_kind(name)
    found = ical.icalcomponent_get_first_component(parent, kind)
    while found:
        yield found
        found = ical.icalcomponent_get_next_component(parent, kind)


def _event(ical: ctypes.CDLL, event: int) -> NeutralEvent:
    def text(name: str) -> str:
        value: bytes | None = getattr(ical, f"icalcomponent_get_{name}")(event)
        return (value or b"").decode()

    start = ical.icalcomponent_get_dtstart(event)
    end = ical.icalcomponent_get_dtend(event)
    return NeutralEvent(
        uid=text("uid"),
        start=_moment(ical, start),
        end=_moment(ical, end if end.year else start),
        status=_value(ical, event, b"STATUS"),
        summary=text("summary"),
        description=text("description"),
        location=text("location"),
        alarms=tuple(_before(ical, alarm) for alarm in _components(ical, event, b"VALARM")),
    )


def _moment(ical: ctypes.CDLL, time: _Time) -> str:
    if time.is_date:
        return f"{time.year:04}-{time.month:02}-{time.day:02}"
    return instant(ical.icaltime_as_timet_with_zone(time, time.zone))


def _value(ical: ctypes.CDLL, component: int, name: bytes) -> str:
    found = ical.icalcomponent_get_first_property(component, ical.icalproperty_string_to_kind(name))
    value: bytes = ical.icalproperty_get_value_as_string(found) if found else b""
    return value.decode()


def _before(ical: ctypes.CDLL, alarm: int) -> int:
    duration = ical.icaldurationtype_from_string(_value(ical, alarm, b"TRIGGER").encode())
    return -int(ical.icaldurationtype_as_int(duration))
