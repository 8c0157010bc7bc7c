"""The VTIMEZONE agrees with zoneinfo for every hour near a change of the clocks, as independent readers take it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from io import StringIO
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.tz import tzical

from calendars.zones import _rule, observances, vtimezone

FIRST, LAST = date(2026, 1, 1), date(2029, 12, 31)
HOUR = timedelta(hours=1)

ZONES = {
    "America/New_York": "the clinic of the examples",
    "Europe/Berlin": "changes on the last Sunday, at an hour given in UTC",
    "Europe/London": "its winter time is UTC itself",
    "Europe/Dublin": "its law calls winter time the daylight saving one",
    "Australia/Sydney": "summer goes over New Year",
    "Australia/Lord_Howe": "half an hour",
    "Asia/Kolkata": "never changes, and is half an hour off",
    "America/Santiago": "the first Sunday from the second of the month on",
    "Africa/Casablanca": "follows the moon: no yearly rule",
    "Africa/Cairo": "the last Friday of April, and an onset that may fall into November",
    "America/Nuuk": "changes on the evening before others do",
    "Asia/Gaza": "follows the moon, and changes four times in some years",
    "UTC": "no offset at all",
}


def readers(zone: str) -> Iterator[tuple[str, tzinfo]]:
    """The zone as two readers understand our definition of it, not looked up by its name."""
    text = definition(zone)
    read = icalendar.Timezone.from_ical(text)
    assert isinstance(read, icalendar.Timezone)
    yield "icalendar", read.to_tz(lookup_tzid=False)
    found = tzical(StringIO(f"BEGIN:VCALENDAR\r\n{text}END:VCALENDAR\r\n")).get(zone)
    assert found is not None
    yield "dateutil", found


def definition(zone: str) -> str:
    """The text of our definition for the years of these tests."""
    return "".join(f"{line}\r\n" for line in vtimezone(zone, FIRST, LAST))


def observance(zone: str, name: str) -> list[str]:
    """The lines of the first observance of that name (STANDARD or DAYLIGHT), without its frame."""
    lines = definition(zone).splitlines()
    return lines[lines.index(f"BEGIN:{name}") + 1 : lines.index(f"END:{name}")]


def changes(zone: str) -> list[datetime]:
    """The hours (UTC) of 2026 to 2029 in which the clocks change, found by looking at each."""
    tz = ZoneInfo(zone)
    at, found = datetime(2026, 1, 1, tzinfo=UTC), []
    while at.year < 2030:
        if at.astimezone(tz).utcoffset() != (at + HOUR).astimezone(tz).utcoffset():
            found.append(at)
        at += HOUR
    return found


def unambiguous(instant: datetime, tz: tzinfo) -> datetime | None:
    """The wall time of an instant; None where the clocks show it twice (a feed writes those in UTC)."""
    wall = instant.astimezone(tz)
    twice = wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()
    return None if twice else wall.replace(tzinfo=None, fold=0)


@pytest.mark.parametrize("zone", ZONES)
def test_every_wall_time_near_a_change_of_the_clocks_means_the_instant_that_zoneinfo_says(zone: str) -> None:
    true = ZoneInfo(zone)
    near = {
        change + HOUR * hours + timedelta(minutes=minutes)
        for change in [*changes(zone), datetime(2026, 7, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)]
        for hours in range(-30, 31)
        for minutes in (0, 29, 30)
    }
    for reader, tz in readers(zone):
        for instant in sorted(near):
            wall = unambiguous(instant, true)
            if wall is not None:
                assert wall.replace(tzinfo=tz).astimezone(UTC) == instant, (reader, wall)


@pytest.mark.parametrize("zone", ZONES)
def test_each_month_of_the_range_has_the_right_offset(zone: str) -> None:
    true = ZoneInfo(zone)
    dates = [date(year, month, 15) for year in range(2026, 2030) for month in range(1, 13)]
    noons = [datetime.combine(day, time(12)) for day in dates]
    for reader, tz in readers(zone):
        offsets = [noon.replace(tzinfo=tz).utcoffset() for noon in noons]
        assert offsets == [noon.replace(tzinfo=true).utcoffset() for noon in noons], reader


@pytest.mark.parametrize(
    ("zone", "count", "because"),
    [
        ("America/New_York", 2, "a yearly rule each way"),
        ("America/Santiago", 2, "BYMONTHDAY names the seven days among which the Sunday lies"),
        ("Asia/Kolkata", 1, "one offset"),
        ("UTC", 1, "one offset"),
        ("Africa/Casablanca", 6, "what holds at the start, two onsets a year; from September 2026 on the clocks stay"),
    ],
)
def test_the_definition_is_compact(zone: str, count: int, because: str) -> None:
    assert len(observances(zone, 2026, 2029)) == count, because


def test_with_a_yearly_rule_it_takes_a_few_hundred_bytes() -> None:
    for zone in ("America/New_York", "Europe/Berlin", "Australia/Sydney", "America/Santiago"):
        assert len(definition(zone)) < 400


def test_a_zone_without_a_yearly_rule_reaches_beyond_the_last_year_asked_for() -> None:
    onsets = [each.onset.year for each in observances("Africa/Casablanca", 2023, 2023)]
    assert (min(onsets), max(onsets)) == (2022, 2024)


def test_an_onset_is_a_wall_time_in_the_offset_before_it() -> None:
    """RFC 5545 3.6.5: the onset is in TZOFFSETFROM, so clocks go from 02:00, not to it."""
    assert observance("America/New_York", "DAYLIGHT") == [
        "DTSTART:20250309T020000",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "TZNAME:EDT",
        "RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3",
    ]


def test_in_dublin_the_later_clock_is_the_daylight_one() -> None:
    """zoneinfo has it the other way round, as the law does; calendar programs expect summer to be DAYLIGHT."""
    assert observance("Europe/Dublin", "DAYLIGHT")[1:3] == ["TZOFFSETFROM:+0000", "TZOFFSETTO:+0100"]


@pytest.mark.parametrize(
    ("days", "because"),
    [
        ([date(2026, 10, 4), date(2027, 10, 17), date(2028, 10, 22), date(2029, 10, 28)], "Sundays of no fixed place"),
        ([date(2026, 10, 4), date(2027, 10, 4)], "the same date on another weekday"),
        ([date(2026, 10, 25), date(2027, 11, 7)], "another month"),
        ([date(2026, 10, 4), date(2028, 10, 1)], "a year without one"),
    ],
)
def test_onsets_without_a_rule_get_none(days: list[date], because: str) -> None:
    assert _rule([datetime.combine(day, time(2)) for day in days]) == "", because
