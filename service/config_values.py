"""How single settings are read: a reader takes what TOML gives and returns the value, or says what is wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from scheduler.dates import parse_date, parse_time, zone_of
from scheduler.errors import InvalidValue

CLOSURES = '"2026-12-24 to 2027-01-01 Christmas", "2026-12-31"'
LONGEST_CLOSURE = 366  # days: longer is a slip of the finger
LONGEST_TEXT = 500
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# What staff can be asked to tick on a visit: checks that the regimen names before it, and what belongs to every visit.
TICKS = ("blood-count-day-1", "blood-count-other-days", "liver-tests", "other-checks", "weight", "premedication")


class Unreadable(Exception):
    """What is wrong with a value, as the end of a sentence that names the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads one setting. `plain`: the environment's text is taken as it stands, else it is JSON.

    `path`: the value names a file or folder, or holds one, and is resolved against the config file's folder.
    """

    read: Callable[[object], Any]
    plain: bool = True
    path: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """A day on which the clinic is closed beside weekends and public holidays, and why."""

    day: date
    name: str


def text(raw: object) -> str:
    """A text, without surrounding blanks."""
    if not isinstance(raw, str):
        raise Unreadable("must be a text in quotes")
    if any(ord(character) < 32 for character in raw):
        raise Unreadable("must be one line without control characters")
    if len(raw) > LONGEST_TEXT:
        raise Unreadable(f"must have at most {LONGEST_TEXT} characters")
    return raw.strip()


def flag(raw: object) -> bool:
    """True or false."""
    if not isinstance(raw, bool):
        raise Unreadable("must be true or false")
    return raw


def whole(lowest: int, highest: int) -> Reader:
    """A reader of whole numbers from `lowest` to `highest`."""

    def read(raw: object) -> int:
        if isinstance(raw, bool) or not isinstance(raw, int) or not lowest <= raw <= highest:
            raise Unreadable(f"must be a whole number from {lowest} to {highest}")
        return raw

    return Reader(read=read, plain=False)


def days_before(raw: object) -> tuple[int, ...]:
    """Whole numbers of days, the largest first, each once; none is allowed."""
    numbers = [_each(entry) for entry in _entries(raw, "[3, 1]")]
    return tuple(sorted(set(numbers), reverse=True))


def one_of(*choices: str) -> Reader:
    """A reader of one of these words."""

    def read(raw: object) -> str:
        if raw not in choices:
            raise Unreadable("must be one of " + ", ".join(f'"{choice}"' for choice in choices))
        return str(raw)

    return Reader(read=read)


def time_of_day(raw: object) -> time:
    """A wall time such as 09:00."""
    try:
        return parse_time(text(raw), field="time")
    except InvalidValue:
        raise Unreadable('must be a time of day such as "09:00"') from None


def span_of_day(raw: object) -> tuple[time, time]:
    """Two wall times: from and to; the span may pass midnight."""
    entries = _entries(raw, '["20:00", "08:00"]')
    if len(entries) != 2:
        raise Unreadable('must be two times of day such as ["20:00", "08:00"]')
    return time_of_day(entries[0]), time_of_day(entries[1])


def weekdays(raw: object) -> tuple[str, ...]:
    """Names of weekdays, at least one, in the order of the week."""
    named = [text(entry).lower() for entry in _entries(raw, '["mon", "tue"]')]
    if not named or not set(named) <= set(WEEKDAYS):
        raise Unreadable("must be at least one of " + ", ".join(f'"{day}"' for day in WEEKDAYS))
    return tuple(day for day in WEEKDAYS if day in named)


def closures(raw: object) -> tuple[Closure, ...]:
    """Single closed days, in order, from dates and spans of dates, each followed by its reason if wanted."""
    entries = _entries(raw, f"[{CLOSURES}]")
    found = [closure for entry in entries for closure in _closure(text(entry))]
    return tuple(sorted(found, key=lambda closure: closure.day))


def zone(raw: object) -> str:
    """The name of an IANA time zone."""
    try:
        return zone_of(text(raw)).key
    except InvalidValue:
        raise Unreadable("must be an IANA time zone such as America/New_York") from None


def country(raw: object) -> str:
    """An ISO 3166 country code in capitals, or nothing."""
    code = text(raw).upper()
    if code and not re.fullmatch("[A-Z]{2}", code):
        raise Unreadable('must be a two-letter country code such as "US", or "" for no public holidays')
    return code


def web_address(raw: object) -> str:
    """An http or https address without a slash at its end, or nothing."""
    address = text(raw).rstrip("/")
    if address and not re.fullmatch(r"https?://[^/\s?#@]+(/[^\s?#]*)?", address):
        raise Unreadable("must be an address such as https://calendar.example.org")
    return address


def mail_address(raw: object) -> str:
    """A mail address, or nothing."""
    address = text(raw)
    if address and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
        raise Unreadable("must be a mail address such as infusions@clinic.example")
    return address


def ticks(raw: object) -> tuple[str, ...]:
    """What the clinic's day asks on a visit, in the order of TICKS; none is allowed."""
    named = [text(entry) for entry in _entries(raw, '["weight"]')]
    if not set(named) <= set(TICKS):
        raise Unreadable("must be some of " + ", ".join(f'"{name}"' for name in TICKS))
    return tuple(name for name in TICKS if name in named)


def names(raw: object) -> tuple[str, ...]:
    """Names such as those of regimens, each once, in their order; none is allowed."""
    found = tuple(text(entry) for entry in _entries(raw, '["inotuzumab-ozogamicin"]'))
    if not all(found):
        raise Unreadable("must hold names, no empty text")
    return tuple(sorted(set(found)))


def mail_addresses(raw: object) -> tuple[str, ...]:
    """Mail addresses, each once; none is allowed."""
    found = tuple(mail_address(entry) for entry in _entries(raw, '["desk@clinic.example"]'))
    if not all(found):
        raise Unreadable("must hold mail addresses, no empty text")
    return tuple(dict.fromkeys(found))


def database_address(raw: object) -> str:
    """A SQLite or PostgreSQL address, the latter for the driver psycopg 3."""
    address = text(raw)
    if re.match(r"sqlite:///.", address):
        return address
    if match := re.match(r"postgres(?:ql)?(?:\+psycopg)?://", address):
        return "postgresql+psycopg://" + address[match.end() :]
    raise Unreadable("must begin with sqlite:/// or postgresql+psycopg://")


def networks(raw: object) -> tuple[str, ...]:
    """Addresses and networks of machines, such as 10.0.0.0/8; none is allowed."""
    found = tuple(text(entry) for entry in _entries(raw, '["127.0.0.1"]'))
    try:
        for each in found:
            ip_network(each)
    except ValueError:
        raise Unreadable('must hold addresses or networks such as "127.0.0.1" or "10.0.0.0/8"') from None
    return found


def refresh(raw: object) -> str:
    """An ISO 8601 duration in hours or minutes, such as PT6H."""
    duration = text(raw)
    if not re.fullmatch(r"PT[1-9]\d{0,2}[HM]", duration):
        raise Unreadable('must be hours or minutes as in "PT6H" or "PT30M"')
    return duration


def folder_or_file(raw: object) -> Path | None:
    """A path, or None where the text is empty."""
    return Path(text(raw)).expanduser() if text(raw) else None


# ------------------------------------------------------------------------------------------------------------


def _entries(raw: object, example: str) -> list[object]:
    if not isinstance(raw, list):
        raise Unreadable(f"must be a list such as {example}")
    return raw


def _each(entry: object) -> int:
    if isinstance(entry, bool) or not isinstance(entry, int) or not 0 <= entry <= 365:
        raise Unreadable("must be whole numbers of days from 0 to 365, such as [3, 1]")
    return entry


def _closure(entry: str) -> list[Closure]:
    first, _, rest = entry.partition(" ")
    last, name = first, rest.strip()
    if rest.startswith("to "):
        last, _, name = rest.removeprefix("to ").strip().partition(" ")
    try:
        start, end = parse_date(first, field="day"), parse_date(last, field="day")
    except InvalidValue:
        raise Unreadable(f"must be dates or spans of dates, each with a reason if wanted: {CLOSURES}") from None
    if not 0 <= (end - start).days < LONGEST_CLOSURE:
        raise Unreadable(f"{first} to {last} must be a span of 1 to {LONGEST_CLOSURE} days, the first date first")
    days = [start + timedelta(days=step) for step in range((end - start).days + 1)]
    return [Closure(day=day, name=name.strip() or "the clinic is closed") for day in days]
