"""Arithmetic of civil dates and wall times: each rule stands here once."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduler.errors import InvalidValue

# What can be recorded: a year beyond is a slip of the finger.
FIRST_YEAR, LAST_YEAR = 1900, 2199
YEARS = f"the years {FIRST_YEAR} to {LAST_YEAR}"
# What may follow from it. Far inside Python's years 1 to 9999, so that windows, checks and zones have room around.
EARLIEST, LATEST = date(1000, 1, 1), date(9000, 12, 31)

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")  # newer Pythons take 24:00 for the midnight of the same day
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}")


def add_days(start: date, days: int) -> date:
    """The date `days` civil days after `start`; InvalidValue where that leads out of the calendar."""
    try:
        result = start + timedelta(days=days)
    except OverflowError:
        result = date.max
    if not EARLIEST <= result <= LATEST:
        raise InvalidValue(f"{start} and {days} days lead outside the calendar; choose another date")
    return result


def recordable(day: date) -> bool:
    """Whether somebody can mean that date (YEARS)."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def check_recordable(day: date, *, field: str) -> date:
    """The date itself; InvalidValue names `field` when nobody can mean it."""
    if not recordable(day):
        raise InvalidValue(f"{field}: {day} is not in {YEARS}; mend the year", field=field)
    return day


def add_months(start: date, months: int) -> date:
    """The same day number `months` later; where that month is too short, the first day of the month after it.

    Clinical rule (scheduling rule 13): a window "at least 8 months" must never end early, so 30 June and
    8 months gives 1 March. dateutil would clamp to 28 February, which is shorter than the label asks.
    """
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    if year > 9998:
        raise InvalidValue(f"{start} and {months} months lead outside the calendar; choose another date")
    if start.day <= monthrange(year, month)[1]:
        return date(year, month, start.day)
    return date(year, month + 1, 1)  # December is never too short


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone `name`; InvalidValue with one sentence when there is none of that name."""
    try:
        if "/" not in name and name != "UTC":
            raise ValueError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = f"zone {name[:60]!r}: there is no such time zone; use an IANA name such as America/New_York"
        raise InvalidValue(sentence, field="zone") from None


def to_instant(day: date, at: time, zone: str, *, later: bool = False) -> datetime:
    """The instant (in `zone`) of a wall time: the first where it occurs twice, or the second with `later`.

    A wall time that the clock skips is shifted forward by the size of the gap (scheduling rule 10).
    """
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=int(later)), tzinfo=zone_of(zone))
    # In a gap fold=0 reads the offset before the change, so the way over UTC moves the time forward; fold=1
    # would move it back.
    if not later or not wall_time_exists(day, at, zone):
        wall = wall.replace(fold=0)
    return wall.astimezone(UTC).astimezone(zone_of(zone))


def wall_time_exists(day: date, at: time, zone: str) -> bool:
    """Whether the clocks of `zone` show `at` on `day`."""
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0), tzinfo=zone_of(zone))
    return wall.astimezone(UTC).astimezone(wall.tzinfo).replace(fold=0) == wall


def moment(instant: datetime) -> datetime:
    """The same instant in UTC: Python compares two times of one zone by their wall clocks, not as instants."""
    return instant.astimezone(UTC)


def after(instant: datetime, minutes: int) -> datetime:
    """`minutes` of elapsed time after `instant`, in the same zone: a clock change does not shorten them."""
    return (instant.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(instant.tzinfo)


def add(start: date, amount: int, unit: str) -> date:
    """The date (of hours: the instant, as `start` then is one) that lies so many days, weeks, months or hours later."""
    if unit == "months":
        return add_months(start, amount)
    if unit == "hours" and isinstance(start, datetime):
        return after(start, amount * 60)
    return add_days(start, amount * 7 if unit == "weeks" else amount)


def parse_date(text: str, *, field: str) -> date:
    """The ISO date (2026-12-07) in `text`, one that somebody can mean; InvalidValue names `field`."""
    return check_recordable(_any_date(text, field=field), field=field)


def parse_time(text: str, *, field: str) -> time:
    """The wall time (09:00) in `text`; InvalidValue names `field`."""
    if not _TIME.fullmatch(text):
        raise InvalidValue(f"{field}: {text[:60]!r} is not a time of day; write it as 09:00", field=field)
    return time.fromisoformat(text)


def parse_wall(text: str, *, field: str) -> time | datetime:
    """A wall time (10:05) or a local date and time (2026-12-08T00:20) in `text`; InvalidValue names `field`."""
    if not _LOCAL.fullmatch(text):
        return parse_time(text, field=field)
    try:
        return datetime.combine(_any_date(text[:10], field=field), parse_time(text[11:], field=field))
    except InvalidValue:
        message = f"{field}: {text!r} is neither a time (10:05) nor a date and time (2026-12-08T00:20)"
        raise InvalidValue(message, field=field) from None


# ---------------------------------------------------------------------------------------------------------------------


def _any_date(text: str, *, field: str) -> date:
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"{field}: {text[:60]!r} is not a date; write it as 2026-12-07", field=field) from None
