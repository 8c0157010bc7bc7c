"""The VTIMEZONE of a zone: compact, computed from zoneinfo, right for every instant of the years it is made for.

icalendar's own makes no model: its onsets lie an hour late for readers that take them as RFC 5545 says, in the offset
that holds before the change (3.6.5).
"""

from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from scheduler.dates import zone_of

# The calendar repeats after 28 years, so a rule that holds that long holds for every date of it.
_RULE_YEARS = 28
_DAY = timedelta(days=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True, kw_only=True)
class Observance:
    """From `onset` (wall time in the offset before it) the offset `after` holds; `rule` (RRULE) repeats it yearly."""

    onset: datetime
    before: timedelta
    after: timedelta
    name: str
    rule: str = ""


def vtimezone(zone: str, first: date, last: date) -> tuple[str, ...]:
    """The content lines of the VTIMEZONE of `zone`, for all instants from the year of `first` to that of `last`."""
    return _lines(zone, first.year, last.year)


@lru_cache(maxsize=256)
def observances(zone: str, first_year: int, last_year: int) -> tuple[Observance, ...]:
    """One observance for each yearly rule; where there is none, one for each onset of those years (Casablanca)."""
    tz = zone_of(zone)
    by_rule = _yearly(list(_onsets(tz, first_year - 1, first_year - 1 + _RULE_YEARS)))
    if by_rule:
        return by_rule
    start = datetime(first_year - 1, 1, 1, tzinfo=UTC).astimezone(tz)
    base = Observance(onset=_wall(start), before=_offset(start), after=_offset(start), name=_name(start))
    return (base, *_onsets(tz, first_year - 1, last_year + 1))


# -------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _lines(zone: str, first_year: int, last_year: int) -> tuple[str, ...]:
    parts = (line for each in observances(zone, first_year, last_year) for line in _observance(each))
    return ("BEGIN:VTIMEZONE", f"TZID:{zone}", *parts, "END:VTIMEZONE")


def _onsets(tz: ZoneInfo, first_year: int, last_year: int) -> Iterator[Observance]:
    """Each change of the offset from the start of `first_year` to the end of `last_year`."""
    at, end = datetime(first_year, 1, 1, tzinfo=UTC), datetime(last_year + 1, 1, 1, tzinfo=UTC)
    before = at.astimezone(tz)
    while at < end:
        at += _DAY
        after = at.astimezone(tz)
        if before.utcoffset() != after.utcoffset():
            yield _change(tz, at - _DAY, at)
        before = after


def _change(tz: ZoneInfo, low: datetime, high: datetime) -> Observance:
    """The change of the offset that lies after `low` and not after `high`, found to the second by halving."""
    old = _offset(low.astimezone(tz))
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        low, high = (middle, high) if _offset(middle.astimezone(tz)) == old else (low, middle)
    after = high.astimezone(tz)
    return Observance(onset=_wall(high + old), before=old, after=_offset(after), name=_name(after))


def _yearly(onsets: list[Observance]) -> tuple[Observance, ...]:
    """The two changes of a zone that repeats them every year by a rule; empty for any other zone."""
    if len(onsets) != 2 * (_RULE_YEARS + 1):
        return ()
    found = []
    for series in (onsets[0::2], onsets[1::2]):
        rule = _rule([observance.onset for observance in series])
        alike = {(each.before, each.after, each.name, each.onset.time()) for each in series}
        if not rule or len(alike) > 1:
            return ()
        first = series[0]
        found.append(Observance(onset=first.onset, before=first.before, after=first.after, name=first.name, rule=rule))
    return tuple(found)


def _rule(onsets: Iterable[datetime]) -> str:
    """The rule that gives exactly these onsets, one a year; empty when there is none."""
    days = [onset.date() for onset in onsets]
    months, weekdays = {day.month for day in days}, {day.weekday() for day in days}
    in_a_row = [day.year for day in days] == list(range(days[0].year, days[0].year + len(days)))
    if not in_a_row or len(months) > 1 or len(weekdays) > 1:
        return ""
    month, weekday = days[0].month, _WEEKDAYS[days[0].weekday()]
    if all(day.day + 7 > monthrange(day.year, day.month)[1] for day in days):
        return f"FREQ=YEARLY;BYDAY=-1{weekday};BYMONTH={month}"
    ordinals = {(day.day - 1) // 7 + 1 for day in days}
    if len(ordinals) == 1:
        return f"FREQ=YEARLY;BYDAY={ordinals.pop()}{weekday};BYMONTH={month}"
    numbers = range(min(day.day for day in days), max(day.day for day in days) + 1)
    if len(numbers) > 7:
        return ""
    return f"FREQ=YEARLY;BYDAY={weekday};BYMONTHDAY={','.join(map(str, numbers))};BYMONTH={month}"


def _observance(observance: Observance) -> tuple[str, ...]:
    # By the clock, not by the law: where winter time is the "daylight" one (Dublin), programs still expect this.
    name = "DAYLIGHT" if observance.after > observance.before else "STANDARD"
    return (
        f"BEGIN:{name}",
        f"DTSTART:{observance.onset:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_signed(observance.before)}",
        f"TZOFFSETTO:{_signed(observance.after)}",
        f"TZNAME:{observance.name}",
        *((f"RRULE:{observance.rule}",) if observance.rule else ()),
        f"END:{name}",
    )


def _signed(offset: timedelta) -> str:
    """The offset as RFC 5545 3.3.14 writes it: +0530, and with seconds only where there are any."""
    minutes, seconds = divmod(abs(offset) // timedelta(seconds=1), 60)
    text = f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}{minutes % 60:02}"
    return f"{text}{seconds:02}" if seconds else text


def _wall(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None, fold=0)


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta(0)


def _name(moment: datetime) -> str:
    return moment.tzname() or ""
