"""`infusions feed check` finds what is wrong with a calendar, whoever wrote it, and finds nothing wrong with ours."""

from dataclasses import replace
from datetime import date, timedelta

import icalendar
import pytest

from benchmarks import plain_icalendar
from calendars import FORMATS
from calendars.checking import look
from calendars.view import Detail
from tests.calendar_plans import course, eventful, story

GOOD = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Elsewhere//Calendar//EN
REFRESH-INTERVAL;VALUE=DURATION:PT12H
BEGIN:VEVENT
UID:a
DTSTAMP:20261201T120000Z
LAST-MODIFIED:20261201T120000Z
DTSTART:20261207T140000Z
DTEND:20261207T150000Z
SUMMARY:Visit
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n").encode()


def codes(body: bytes) -> list[str]:
    return [finding.code for finding in look(body, ()).findings]


def test_a_calendar_from_elsewhere_without_a_fault_has_no_finding() -> None:
    seen = look(GOOD, ("chemo",))
    assert seen.findings == ()
    assert [event.summary for event in seen.events] == ["Visit"]
    assert seen.refresh == timedelta(hours=12)
    assert seen.telling == ()


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Dublin", "Africa/Casablanca", "America/Santiago", "UTC"])
@pytest.mark.parametrize("detail", Detail)
def test_our_own_feeds_have_no_finding(zone: str, detail: Detail) -> None:
    view = story(course(zone=zone)).view(detail=detail, alarms=(timedelta(days=1),))
    seen = look(FORMATS["ics"].render(view), ("inotuzumab",))
    assert seen.findings == ()
    assert len(seen.events) == len(view.entries)
    assert seen.telling == (("inotuzumab",) if detail is Detail.FULL else ())
    assert seen.silent == (detail is Detail.BUSY)
    assert codes(FORMATS["ics"].render(eventful().view(detail=detail))) == []


@pytest.mark.parametrize(
    ("old", "new", "code", "because"),
    [
        (b"\r\n", b"\n", "line-ends", "LF alone"),
        (b"END:VCALENDAR\r\n", b"END:VCALENDAR", "last-line", "no end"),
        (b"BEGIN:VCALENDAR", b"\xef\xbb\xbfBEGIN:VCALENDAR", "byte-order-mark", "no text of the calendar"),
        (b"Visit", b"x" * 80, "long-lines", "more than 75 octets"),
        (b"Visit", b"Vis\x07it", "control-characters", "no calendar can hold them"),
        (b"Visit", b"\xc3\r\n \xa9", "split-character", "programs that decode each line fail"),
        (b"Visit", b"\xe9t\xe9", "encoding", "Latin-1"),
        (b"REFRESH-INTERVAL;VALUE=DURATION", b"REFRESH-INTERVAL", "refresh-value", "RFC 7986 5.7"),
        (b"REFRESH-INTERVAL;VALUE=DURATION:PT12H\r\n", b"", "no-refresh", "programs choose"),
        (b"VERSION:2.0\r\n", b"", "missing", "RFC 5545 3.6"),
        (b"VERSION:2.0", b"VERSION:2.0\r\nUID:b", "calendar-uid", "vdirsyncer"),
        (b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:PUBLISH", "method", "an invitation"),
        (b"DTSTAMP:20261201T120000Z\r\n", b"", "missing", "RFC 5545 3.6.1"),
        (b"UID:a\r\n", b"", "missing", "nothing to know the event by"),
        (b"LAST-MODIFIED:20261201T120000Z\r\n", b"", "no-last-modified", "ICSx5"),
        (b"DTSTART:20261207T140000Z", b"DTSTART:20261207T140000", "floating", "each device has its own"),
        (b"DTEND:20261207T150000Z", b"DTEND:20261207T140000Z", "end", "RFC 5545 3.8.2.2"),
        (b"DTSTART:20261207T140000Z", b"DTSTART;TZID=Europe/Berlin:20261207T140000", "zone-missing", "no definition"),
        (b"DTSTART:20261207T140000Z", b"DTSTART:yesterday", "unreadable", "no date"),
        (b"SUMMARY", b"ATTENDEE:mailto:a@example.org\r\nSUMMARY", "people", "an invitation"),
    ],
)
def test_each_fault_is_found_with_its_place_and_remedy(old: bytes, new: bytes, code: str, because: str) -> None:
    seen = look(GOOD.replace(old, new), ())
    (found,) = [finding for finding in seen.findings if finding.code == code]
    assert found.place, because
    assert found.message.endswith(".")
    assert found.remedy.endswith(".")


def test_events_with_the_same_uid_are_found_but_not_the_exceptions_of_a_series() -> None:
    event = GOOD[GOOD.index(b"BEGIN:VEVENT") : GOOD.index(b"END:VCALENDAR")]
    twice = GOOD.replace(event, event + event)
    assert "uid-twice" in codes(twice)
    exception = event.replace(b"UID:a", b"UID:a\r\nRECURRENCE-ID:20261207T140000Z")
    assert "uid-twice" not in codes(GOOD.replace(event, event + exception))


@pytest.mark.parametrize("body", [b"", b"<html>Sign in</html>", b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", b"\x00\xff" * 99])
def test_what_is_no_calendar_is_said_to_be_none(body: bytes) -> None:
    assert "no-calendar" in codes(body)


@pytest.mark.parametrize("kept", [1, 40, 100, 200, len(GOOD) - 16])
def test_a_file_that_breaks_off_is_found(kept: int) -> None:
    assert {"unbalanced", "no-calendar"} & set(codes(GOOD[:kept]))


def test_a_zone_that_changes_an_hour_late_in_its_definition_is_found() -> None:
    view = story(course(zone="America/New_York", day1=date(2026, 7, 6)), today=date(2026, 7, 6)).view()
    body = FORMATS["ics"].render(view)
    assert codes(body) == []
    wrong = body.replace(b"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400", b"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0500")
    assert codes(wrong) == ["zone-wrong"]
    assert "zone-wrong" in codes(body.replace(b"BYDAY=2SU", b"BYDAY=3SU"))


def test_the_definition_that_the_icalendar_package_writes_by_itself_is_looked_at_too() -> None:
    """It reads well here or it does not; what matters is that looking never fails."""
    view = story(course(zone="Europe/Berlin")).view()
    zone = icalendar.Timezone.from_tzid("Europe/Berlin")
    assert isinstance(codes(plain_icalendar.render(replace(view), zone)), list)


def test_windows_names_of_zones_are_left_to_their_definition() -> None:
    view = story(course(zone="Europe/Berlin")).view()
    body = FORMATS["ics"].render(view).replace(b"Europe/Berlin", b"W. Europe Standard Time")
    assert not {"zone-wrong", "zone-missing"} & set(codes(body))


def test_a_mark_of_byte_order_is_one_fault_and_not_two() -> None:
    assert codes(b"\xef\xbb\xbf" + GOOD) == ["byte-order-mark"]


def test_several_calendars_in_a_file_are_named_as_such_and_the_first_is_shown() -> None:
    assert codes(GOOD + GOOD) == ["several-calendars"]
    assert len(look(GOOD + GOOD, ()).events) == len(look(GOOD, ()).events)
