"""Quiet hours and reminder times: over every quarter of an hour of a year, in zones with every kind of clock change."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders.policy import Reminder, wanted
from reminders.quiet import QuietHours
from reminders.rules import Recipient, ReminderPolicy
from scheduler import events, restamp
from scheduler.dates import to_instant, zone_of
from tests.core import course_of, plan_of

NIGHT = QuietHours(start=time(20), end=time(8))
# Four with both clock changes, north and south; Lord Howe's are half an hour; Casablanca's follow Ramadan, by no formula.
ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Sydney",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
)
STEP = timedelta(minutes=15)
YEAR = [datetime(2026, 1, 1, tzinfo=UTC) + STEP * step for step in range(4 * 24 * 365)]


@pytest.mark.parametrize("zone", ZONES)
def test_no_moment_of_a_year_is_moved_into_the_night_nor_further_than_its_end(zone: str) -> None:
    for moment in YEAR:
        goes = NIGHT.not_before(moment, zone)
        wall = goes.astimezone(zone_of(zone)).time()
        assert time(8) <= wall < time(20)
        if NIGHT.covers(moment, zone):
            assert wall == time(8)
            assert timedelta(0) < goes - moment <= timedelta(hours=13)
        else:
            assert goes == moment


@pytest.mark.parametrize("zone", ZONES)
def test_every_day_of_a_year_has_one_moment_at_nine_and_it_is_never_quiet(zone: str) -> None:
    days = [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]
    moments = [to_instant(day, time(9), zone).astimezone(UTC) for day in days]
    assert [moment.astimezone(zone_of(zone)).date() for moment in moments] == days
    assert {moment.astimezone(zone_of(zone)).time() for moment in moments} == {time(9)}
    assert not any(NIGHT.covers(moment, zone) for moment in moments)
    assert {later - earlier for earlier, later in pairwise(moments)} > {timedelta(hours=24)}


@pytest.mark.parametrize("zone", ZONES)
def test_what_would_be_too_late_after_the_night_goes_before_it(zone: str) -> None:
    for moment in YEAR[::7]:
        deadline = moment + timedelta(hours=2)
        goes = NIGHT.place(moment, deadline, zone)
        assert goes is not None
        assert goes < deadline
        assert not NIGHT.covers(goes, zone)
        if goes < moment:
            wall = goes.astimezone(zone_of(zone))
            assert time(18, 30) <= wall.time() <= time(19, 30), (
                "an hour before the night, by the clock or by elapsed time"
            )


def test_the_hour_that_occurs_twice_is_quiet_as_long_as_its_clock_says_so() -> None:
    early = QuietHours(start=time(20), end=time(1, 30))
    first, second = (datetime(2026, 11, 1, hour, 15, tzinfo=UTC) for hour in (5, 6))  # 1:15 in New York, both
    assert early.not_before(first, "America/New_York") == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert early.not_before(second, "America/New_York") == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_an_end_that_the_clock_skips_is_the_moment_after_the_gap() -> None:
    early = QuietHours(start=time(20), end=time(2, 30))
    before = datetime(2026, 3, 8, 6, 0, tzinfo=UTC)  # 1:00 in New York; the clocks go from 2 to 3
    assert early.not_before(before, "America/New_York") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_equal_times_mean_no_quiet_hours_and_a_span_may_lie_within_a_day() -> None:
    noon = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    assert not QuietHours(start=time(8), end=time(8)).covers(noon, "UTC")
    siesta = QuietHours(start=time(11), end=time(14))
    assert siesta.not_before(noon, "UTC") == datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
    assert siesta.ahead_of(noon, "UTC") == datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def test_nothing_is_placed_where_no_moment_is_left() -> None:
    noon = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
    assert NIGHT.place(noon, noon, "UTC") is None
    midnight = datetime(2026, 6, 1, 0, 0, tzinfo=UTC)
    assert NIGHT.place(midnight, midnight - timedelta(hours=12), "UTC") is None


MINUTES = st.integers(0, 15 * 365 * 24 * 60)
INSTANTS = MINUTES.map(lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@given(INSTANTS, st.timedeltas(timedelta(minutes=-90), timedelta(days=3)), TIMES, TIMES, st.sampled_from(ZONES))
def test_a_placed_moment_is_never_quiet_and_always_in_time(
    wanted: datetime, left: timedelta, start: time, end: time, zone: str
) -> None:
    quiet = QuietHours(start=start, end=end)
    goes = quiet.place(wanted, wanted + left, zone)
    if goes is not None:
        assert not quiet.covers(goes, zone)
        assert goes < wanted + left
    elif not quiet.covers(wanted, zone):
        assert left <= timedelta(0)


# -- Every hour of a year as the hour of a visit ------------------------------------------------------------------------

NEW_YORK = "America/New_York"
POLICY = ReminderPolicy()


def at_every_hour(zone: str) -> Iterator[tuple[datetime, Reminder]]:
    """Each hour of 2027 as a visit's arrival in New York, with each reminder of it to a patient in `zone`."""
    plan = plan_of(course_of(date(2026, 12, 7)))
    [first] = [
        each for each in restamp({}, events(plan), plan, at=YEAR[0]).values() if each.event.key == "c1d1/infusion"
    ]
    patient = Recipient(zone=zone)
    for hour in range(365 * 24):
        arrival = (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(hours=hour)).astimezone(zone_of(NEW_YORK))
        moved = replace(first, event=replace(first.event, arrival=arrival))
        for reminder in wanted([moved], plan, patient, POLICY):
            yield arrival.astimezone(UTC), reminder


@pytest.mark.parametrize("zone", ZONES)
def test_for_every_hour_of_a_year_a_reminder_goes_at_nine_so_many_days_before(zone: str) -> None:
    count = 0
    for arrival, reminder in at_every_hour(zone):
        wall = reminder.send_after.astimezone(zone_of(zone))
        day = arrival.astimezone(zone_of(zone)).date()
        assert wall.time() == time(9), "the patient's own clock, on both sides of each change of it"
        assert (day - wall.date()).days == reminder.subject.offset_days, "by the patient's own calendar"
        assert reminder.group_date == wall.date()
        assert reminder.send_before == arrival - timedelta(hours=2)
        assert reminder.send_after < reminder.send_before
        assert not NIGHT.covers(reminder.send_after, zone)
        count += 1
    assert count == 2 * 365 * 24, "none is left out: nine is never too late a day before"
