"""Arithmetic of civil dates and wall times: each rule stands here once."""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scheduler.errors import InvalidValue


def add_days(start: date, days: int) -> date:
    """The date `days` civil days after `start`; InvalidValue beyond the calendar's range (years 1 to 9999)."""
    try:
        return start + timedelta(days=days)
    except OverflowError:
        raise InvalidValue(f"{start} and {days} days lead outside the calendar; choose another date") from None


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
    return date(year + month // 12, month % 12 + 1, 1)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The IANA zone `name`; InvalidValue with one sentence when there is none of that name."""
    try:
        if "/" not in name and name != "UTC":
            raise ValueError(name)
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        sentence = f"zone {name!r}: there is no such time zone; use an IANA name such as America/New_York"
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


def after(instant: datetime, minutes: int) -> datetime:
    """`minutes` of elapsed time after `instant`, in the same zone: a clock change does not shorten them."""
    return (instant.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(instant.tzinfo)


def parse_date(text: str, *, field: str) -> date:
    """The ISO date (2026-12-07) in `text`; InvalidValue names `field`."""
    try:
        if len(text) != 10:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"{field}: {text!r} is not a date; write it as 2026-12-07", field=field) from None


def parse_time(text: str, *, field: str) -> time:
    """The wall time (09:00) in `text`; InvalidValue names `field`."""
    try:
        if len(text) != 5:
            raise ValueError(text)
        return time.fromisoformat(text)
    except ValueError:
        raise InvalidValue(f"{field}: {text!r} is not a time of day; write it as 09:00", field=field) from None


def parse_wall(text: str, *, field: str) -> time | datetime:
    """A wall time (10:05) or a local date and time (2026-12-08T00:20) in `text`; InvalidValue names `field`."""
    if len(text) != 16:
        return parse_time(text, field=field)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        message = f"{field}: {text!r} is neither a time (10:05) nor a date and time (2026-12-08T00:20)"
        raise InvalidValue(message, field=field) from None
