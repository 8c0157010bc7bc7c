"""The arithmetic of dates and wall times."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import example, given
from hypothesis import strategies as st

from scheduler.dates import (
    LATEST,
    add_days,
    add_months,
    after,
    parse_date,
    parse_time,
    parse_wall,
    recordable,
    to_instant,
    wall_time_exists,
    zone_of,
)
from scheduler.errors import InvalidValue

ANY_DAY = st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31))


# -- Days and months ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "months", "end", "reason"),
    [
        ("2026-06-28", 8, "2027-02-28", "February has a 28th"),
        ("2026-06-30", 8, "2027-03-01", "it has no 30th: the first day of the following month"),
        ("2027-06-29", 8, "2028-02-29", "in a leap year it has a 29th"),
        ("2027-06-30", 8, "2028-03-01", "but no 30th"),
        ("2026-12-31", 2, "2027-03-01", "over the turn of the year"),
        ("2026-10-31", 1, "2026-12-01", "a month of 30 days, and the month after it is the last of the year"),
        ("2026-11-30", 1, "2026-12-30", "nothing to roll"),
        ("2026-08-31", 4, "2026-12-31", "to the last month of the year"),
        ("2026-12-07", 0, "2026-12-07", "no months at all"),
        ("2024-02-29", 12, "2025-03-01", "a leap day a year later"),
        ("2024-02-29", 48, "2028-02-29", "and four years later"),
        ("2026-01-15", 120, "2036-01-15", "the longest window a file can ask for"),
    ],
)
def test_months_keep_the_day_number_or_roll_forward(start: str, months: int, end: str, reason: str) -> None:
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(end), reason


@given(ANY_DAY, st.integers(0, 120))
@example(date(2026, 6, 30), 8)
def test_months_never_end_earlier_than_dateutils_and_at_most_a_day_later(start: date, months: int) -> None:
    clamped = start + relativedelta(months=months)
    end = add_months(start, months)
    assert end == (clamped if clamped.day == start.day else clamped + timedelta(days=1))
    assert end.day in (start.day, 1)


@given(ANY_DAY, st.integers(0, 120))
def test_a_later_last_dose_never_ends_a_window_earlier(start: date, months: int) -> None:
    assert add_months(start, months) <= add_months(start + timedelta(days=1), months)


def test_months_beyond_the_calendar_are_one_sentence() -> None:
    assert add_months(date(9998, 11, 30), 1) == date(9998, 12, 30)
    with pytest.raises(InvalidValue) as caught:
        add_months(date(9998, 12, 31), 2)
    assert str(caught.value) == "9998-12-31 and 2 months lead outside the calendar; choose another date"


@pytest.mark.parametrize(
    ("start", "days"),
    [
        (date(9999, 12, 31), 1),
        (date(2026, 12, 7), 10**9),
        (date(2026, 12, 7), -(10**9)),
        (LATEST, 1),
        (date(1000, 1, 1), -1),
    ],
)
def test_days_beyond_the_calendar_are_one_sentence(start: date, days: int) -> None:
    with pytest.raises(InvalidValue) as caught:
        add_days(start, days)
    assert str(caught.value) == f"{start} and {days} days lead outside the calendar; choose another date"


def test_the_first_and_the_last_day_of_the_calendar_can_be_reached() -> None:
    assert add_days(LATEST - timedelta(days=1), 1) == LATEST
    assert add_days(date(1000, 1, 2), -1) == date(1000, 1, 1)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(1, 1, 1), False),
        (date(1899, 12, 31), False),
        (date(1900, 1, 1), True),
        (date(2199, 12, 31), True),
        (date(2200, 1, 1), False),
        (date(9999, 12, 31), False),
    ],
)
def test_only_years_that_somebody_can_mean_are_recorded(day: date, *, expected: bool) -> None:
    assert recordable(day) is expected


# -- Wall times and instants --------------------------------------------------------------------------------------

SKIPPED = [
    ("America/New_York", "2027-03-14T02:30", "2027-03-14T03:30-04:00", "an hour forward"),
    ("America/New_York", "2027-03-14T02:00", "2027-03-14T03:00-04:00", "the first skipped minute"),
    ("America/New_York", "2027-03-14T02:59", "2027-03-14T03:59-04:00", "the last"),
    ("Europe/Berlin", "2027-03-28T02:30", "2027-03-28T03:30+02:00", "an hour forward"),
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-04T02:45+11:00", "half an hour forward"),
    ("Africa/Casablanca", "2026-03-22T02:30", "2026-03-22T03:30+01:00", "back to standard time after Ramadan"),
    ("America/Santiago", "2026-09-06T00:10", "2026-09-06T01:10-03:00", "midnight itself is skipped"),
    ("Pacific/Apia", "2011-12-30T09:00", "2011-12-31T09:00+14:00", "a whole day was skipped"),
]
TWICE = [
    ("America/New_York", "2026-11-01T01:30", "01:30-04:00", "01:30-05:00"),
    ("Europe/Berlin", "2026-10-25T02:30", "02:30+02:00", "02:30+01:00"),
    ("Australia/Lord_Howe", "2027-04-04T01:45", "01:45+11:00", "01:45+10:30"),
    ("Africa/Casablanca", "2026-02-15T02:30", "02:30+01:00", "02:30+00:00"),
]


def parts(text: str) -> tuple[date, time]:
    wall = datetime.fromisoformat(text)
    return wall.date(), wall.time()


@pytest.mark.parametrize(("zone", "wall", "instant", "reason"), SKIPPED)
def test_a_wall_time_that_is_skipped_does_not_exist_and_shifts_by_the_gap(
    zone: str, wall: str, instant: str, reason: str
) -> None:
    day, at = parts(wall)
    assert not wall_time_exists(day, at, zone), reason
    for later in (False, True):
        assert to_instant(day, at, zone, later=later).isoformat(timespec="minutes") == instant


@pytest.mark.parametrize(("zone", "wall", "first", "second"), TWICE)
def test_a_wall_time_that_comes_twice_means_the_first_or_on_request_the_later(
    zone: str, wall: str, first: str, second: str
) -> None:
    day, at = parts(wall)
    assert wall_time_exists(day, at, zone)
    assert to_instant(day, at, zone).isoformat(timespec="minutes") == f"{day}T{first}"
    assert to_instant(day, at, zone, later=True).isoformat(timespec="minutes") == f"{day}T{second}"


@given(
    ANY_DAY,
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"]),
)
def test_an_instant_shows_its_wall_time_wherever_that_exists(day: date, at: time, zone: str) -> None:
    for later in (False, True):
        instant = to_instant(day, at, zone, later=later)
        if wall_time_exists(day, at, zone):
            assert (instant.date(), instant.time()) == (day, at)
        else:
            assert instant.replace(tzinfo=None) > datetime.combine(day, at)
    assert to_instant(day, at, zone) <= to_instant(day, at, zone, later=True)


def test_a_wall_times_own_fold_and_zone_are_not_looked_at() -> None:
    at = time(1, 30, fold=1)
    assert to_instant(date(2026, 11, 1), at, "America/New_York").isoformat() == "2026-11-01T01:30:00-04:00"
    assert wall_time_exists(date(2026, 11, 1), at, "America/New_York")


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"])
def test_elapsed_minutes_are_counted_on_instants(zone: str) -> None:
    for number in range(366):
        start = to_instant(date(2026, 1, 1) + timedelta(days=number), time(1, 30), zone)
        end = after(start, 60)
        assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(minutes=60)
        assert str(end.tzinfo) == zone


def test_the_ends_of_what_can_be_planned_have_instants_in_every_zone() -> None:
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Berlin"):
        for day in (date(1000, 1, 1), LATEST):
            assert abs(to_instant(day, time(0, 30), zone).astimezone(UTC).date() - day) <= timedelta(days=1)


@pytest.mark.parametrize("name", ["America/New_York", "Europe/Berlin", "UTC", "Etc/GMT+5", "America/Argentina/Ushuaia"])
def test_a_zone_of_the_iana_list_is_known(name: str) -> None:
    assert zone_of(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "New York", "America", "America/", "Amerika/New_York", "EST5EDT", "Europe/../Europe/Berlin"),
        *("/etc/localtime", "Europe/Berlin\0", "Europe/Berl\n", "Europe/\ud800", "America/__init__.py", "x/" * 5000),
    ],
    ids=lambda name: ascii(name)[:30],
)
def test_anything_else_is_no_zone_in_one_sentence(name: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        zone_of(name)
    sentence = str(caught.value)
    assert sentence == f"zone {name[:60]!r}: there is no such time zone; use an IANA name such as America/New_York"
    assert caught.value.field == "zone"
    assert "\n" not in sentence


# -- Reading ------------------------------------------------------------------------------------------------------


def test_dates_and_times_are_read_as_iso_writes_them() -> None:
    assert parse_date("2026-12-07", field="on") == date(2026, 12, 7)
    assert parse_time("09:05", field="at") == time(9, 5)
    assert parse_wall("10:05", field="ended") == time(10, 5)
    assert parse_wall("2026-12-08T00:20", field="ended") == datetime.fromisoformat("2026-12-08T00:20")
    assert parse_wall("2026-12-08 00:20", field="ended") == datetime.fromisoformat("2026-12-08T00:20")


@pytest.mark.parametrize(
    "text",
    [
        *("", "7 December", "2026-12-7", "2026-02-30", "2026-13-01", "20261207", "2026-W50-1", "2026-12-07T00:00"),
        *("２０２６-12-07", "2026-12-07\n", "-026-12-07", "0000-01-01", "9" * 10_000),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_any_other_text_is_no_date(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_date(text, field="on")
    assert str(caught.value) == f"on: {text[:60]!r} is not a date; write it as 2026-12-07"
    assert caught.value.field == "on"


@pytest.mark.parametrize(
    "text",
    ["", "9:05", "09.05", "24:00", "09:60", "0905", "T0905", "09+01", "0905Z", "09:05:00", "9 am", "٠٩:٠٥", "1" * 999],
    ids=lambda text: ascii(text)[:20],
)
def test_any_other_text_is_no_time_of_day(text: str) -> None:
    for read in (parse_time, parse_wall):
        with pytest.raises(InvalidValue) as caught:
            read(text, field="at")
        assert str(caught.value) == f"at: {text[:60]!r} is not a time of day; write it as 09:00"


@pytest.mark.parametrize("text", ["2026-02-30T09:00", "2026-12-08T24:30", "2026-13-08 09:00"])
def test_a_local_date_and_time_that_is_none_says_what_to_write(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        parse_wall(text, field="ended")
    sentence = f"ended: {text!r} is neither a time (10:05) nor a date and time (2026-12-08T00:20)"
    assert str(caught.value) == sentence


@pytest.mark.parametrize("text", ["20261208T0020+01", "2026-W50-2T00:20", "2026-12-08T00:20Z"])
def test_a_zone_or_a_week_in_a_local_date_and_time_is_not_dropped_in_silence(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_wall(text, field="ended")
