"""Our small iCalendar writer against the icalendar package, on random calendars: line by line, and value by value.

The package is a writer that shares no code with ours, and a reader of what ours wrote. Both must agree.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from benchmarks import plain_icalendar
from calendars import ical
from calendars.kinds import clean
from calendars.view import CalendarView, Entry, Status
from scheduler.events import EventKind
from tests.calendar_plans import course, story
from tests.readers import unfolded

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Dublin",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "America/Santiago",
    "Africa/Casablanca",
    "America/Argentina/ComodRivadavia",
    "UTC",
)
# What writers and readers stumble over, beside any character at all.
STUMBLING = st.sampled_from(
    ["\\", "\\n", "\\N", "\\;", ";", ",", ":", '"', "\n", "\r\n", "\r", "\0", "\x1b", "\x85", "\t", "  ", "\u2028", "é",
     "e\u0301", "😀", "👩🏽‍⚕️", "\u200f", "\u202e", "ע", "ة", "\ud800", "\ufffe", "\u00a0", "\ufeff", "BEGIN:VEVENT"]
)  # fmt: skip
TEXTS = st.lists(STUMBLING | st.text(max_size=12) | st.just("x" * 37), max_size=14).map("".join)
LEADS = st.lists(st.integers(0, 28 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)), max_size=3, unique=True)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)).map(  # noqa: DTZ001 - the zone is set below
    lambda wall: wall.replace(microsecond=0, tzinfo=UTC)
)
LENGTHS = st.sampled_from([0, 1, 30, 60, 95, 24 * 60]).map(lambda minutes: timedelta(minutes=minutes))


@st.composite
def entries(draw: st.DrawFn, zone: tzinfo) -> Entry:
    """Any entry that a calendar may show."""
    start: date | datetime
    end: date | datetime
    at = draw(MOMENTS)
    if draw(st.booleans()):
        start, end = at.astimezone(zone), (at + draw(LENGTHS)).astimezone(zone)
    else:
        start = end = at.date()
    return Entry(
        uid=draw(st.uuids()),
        key="c1d1/infusion",
        kind=EventKind.INFUSION,
        sequence=draw(st.integers(0, 10**6)),
        created=draw(MOMENTS),
        last_modified=draw(MOMENTS),
        start=start,
        end=end,
        status=draw(st.sampled_from(Status)),
        summary=draw(TEXTS),
        description=draw(TEXTS),
        location=draw(TEXTS),
        busy=draw(st.booleans()),
        alarms=tuple(draw(LEADS)),
    )


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a calendar is made from; the rest of its view, a whole plan, decides no byte and would fill any report."""

    zone: str
    title: str
    stamp: datetime
    entries: tuple[Entry, ...]

    def view(self) -> CalendarView:
        """The view to write."""
        return replace(plain(self.zone), entries=self.entries, title=self.title, stamp=self.stamp)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """A calendar of up to four entries in any of the zones."""
    zone = draw(st.sampled_from(ZONES))
    drawn = draw(st.lists(entries(ZoneInfo(zone)), max_size=4, unique_by=lambda entry: entry.uid))
    return Calendar(zone, draw(TEXTS), draw(MOMENTS), tuple(drawn))


@cache
def plain(zone: str) -> CalendarView:
    """A view of a course in that zone; its entries are the test's own."""
    return story(course(zone=zone)).view()


def of_text(text: str) -> Calendar:
    """A calendar of one entry whose texts are all `text`."""
    view = plain("America/New_York")
    one = replace(view.entries[0], summary=text, description=text, location=text)
    return Calendar(view.zone, text, view.stamp, (one,))


# -- Against the package ----------------------------------------------------------------------------------------------


@settings(max_examples=400)
@given(calendars())
@example(of_text("x" * 66))
@example(of_text("😀" * 1000))
@example(of_text("\\" * 999 + "\n"))
@example(of_text("\\N\\n\\\\N"))
def test_the_package_reads_what_was_written_and_writes_the_same_lines(calendar: Calendar) -> None:
    compare_both_ways(calendar)


@pytest.mark.slow
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck))
@given(calendars())
def test_the_package_agrees_on_many_more_calendars(calendar: Calendar) -> None:
    compare_both_ways(calendar)


@settings(max_examples=500)
@given(TEXTS)
def test_no_line_is_too_long_and_none_splits_a_character_or_an_escape(text: str) -> None:
    for line in ical.render(of_text(text).view()).removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= 75
        assert clean(line.decode()) == line.decode(), "a whole number of characters, none of them a control"
        assert (len(line) - len(line.rstrip(b"\\"))) % 2 == 0


@pytest.mark.parametrize("zone", ["America/New_York", "Africa/Casablanca", "America/Argentina/ComodRivadavia"])
def test_one_moment_has_a_start_and_no_end(zone: str) -> None:
    """RFC 5545 3.8.2.2: an end is later than its start; an event without one ends when it starts."""
    at = datetime(2026, 12, 7, 14, tzinfo=UTC).astimezone(ZoneInfo(zone))
    view = plain(zone)
    lines = unfolded(ical.render(replace(view, entries=(replace(view.entries[0], start=at, end=at),))))
    assert f"DTSTART;TZID={zone}:{at:%Y%m%dT%H%M%S}" in lines
    assert not any(line.startswith("DTEND") for line in lines)


def test_an_organizer_is_one_line() -> None:
    written = ical.render_message(plain("UTC"), method="PUBLISH", organizer="a@example.org\r\nATTENDEE:mailto:b")
    assert "ORGANIZER:mailto:a@example.orgATTENDEE:mailto:b" in unfolded(written)


# ---------------------------------------------------------------------------------------------------------------------


def compare_both_ways(calendar: Calendar) -> None:
    view = calendar.view()
    read: Any = icalendar.Calendar.from_ical(ical.render(view))
    assert str(read["NAME"]) == ical.escaped(view.title), "a property that the package leaves as it is written"
    assert read["LAST-MODIFIED"].dt == view.stamp
    found = {str(event["UID"]): event for event in read.walk("VEVENT")}
    assert list(found) == [str(entry.uid) for entry in view.entries]
    for entry in view.entries:
        assert values(found[str(entry.uid)]) == expected(entry)
    view = without_written_line_ends(view)
    reference = plain_icalendar.render(view, plain_icalendar.timezone_of(view))
    assert unfolded(ical.render(view)) == unfolded(reference)


def expected(entry: Entry) -> dict[str, object]:
    """What a reader shall find of the entry."""
    end = entry.end if isinstance(entry.end, datetime) else entry.end + timedelta(days=1)
    return {
        "SEQUENCE": entry.sequence,
        "DTSTAMP": entry.last_modified,
        "LAST-MODIFIED": entry.last_modified,
        "CREATED": entry.created,
        "DTSTART": as_utc(entry.start),
        "DTEND": as_utc(end),
        "STATUS": entry.status.value,
        "TRANSP": "OPAQUE" if entry.busy else "TRANSPARENT",
        "X-MICROSOFT-CDO-BUSYSTATUS": "" if entry.busy else "FREE",
        "SUMMARY": entry.summary,
        "DESCRIPTION": entry.description,
        "LOCATION": entry.location,
        "alarms": [(-lead, "DISPLAY", "Reminder") for lead in entry.alarms],
    }


def values(event: Any) -> dict[str, object]:
    """The same of an event as the package read it."""
    texts = ("STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS", "SUMMARY", "DESCRIPTION", "LOCATION")
    stamps = ("DTSTAMP", "LAST-MODIFIED", "CREATED")
    start = event["DTSTART"].dt
    return {
        "SEQUENCE": int(event["SEQUENCE"]),
        **{name: event[name].dt for name in stamps},
        "DTSTART": as_utc(start),
        "DTEND": as_utc(event["DTEND"].dt if "DTEND" in event else start),
        **{name: str(event.get(name, "")) for name in texts},
        "alarms": [
            (alarm["TRIGGER"].dt, str(alarm["ACTION"]), str(alarm["DESCRIPTION"])) for alarm in event.walk("VALARM")
        ],
    }


def as_utc(moment: date | datetime) -> date | datetime:
    return moment.astimezone(UTC) if isinstance(moment, datetime) else moment


def without_written_line_ends(view: CalendarView) -> CalendarView:
    r"""The view without a written `\N`, of which the package makes a line end."""

    def changed(text: str) -> str:
        return text.replace("\\N", "\\M")

    entries = (
        replace(
            each, summary=changed(each.summary), description=changed(each.description), location=changed(each.location)
        )
        for each in view.entries
    )
    return replace(view, title=changed(view.title), entries=tuple(entries))
