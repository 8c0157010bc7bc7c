"""Reads tables of a TOML file strictly and collects every fault, each with its place and remedy."""

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from itertools import pairwise
from typing import TypeVar, cast
from unicodedata import category

from scheduler.dates import YEARS, recordable
from scheduler.errors import Fault, FileRefused

T = TypeVar("T")

MAX_FILE_CHARACTERS = 200_000  # far above any real file; a larger one is a mistake
MAX_DOTS = 100  # in a line: tomllib takes time that grows with the square of a dotted key's parts
MAX_FAULTS = 200  # no person mends more at once, and a file can be made to have hundreds of thousands
MAX_SHOWN = 60
MAX_TEXTS = 20

# A number as the key of a table; no other digits and no leading zero, which int() would take.
WHOLE = re.compile(r"[1-9][0-9]{0,2}")

# A range of whole numbers, such as "3 to 9" or "-1 to 0".
RANGE = re.compile(r"(-?[0-9]{1,4}) to (-?[0-9]{1,4})", re.ASCII)

# What stands for a text that could not be read: no text of a file equals it, since a control character is a fault.
UNREAD = "\0"


def load_toml(text: str, source: str) -> dict[str, object]:
    """The tables of a TOML text; FileRefused with the place of the first syntax error."""
    message = _unreadable(text)
    if not message:
        try:
            return tomllib.loads(text.removeprefix("\N{BYTE ORDER MARK}"))  # which some editors put in front
        except tomllib.TOMLDecodeError as fault:
            message = f"is not valid TOML: {fault}; mend that place"
        except RecursionError:
            message = "holds tables or lists too deep inside each other; make it flatter"
        except ValueError:  # tomllib lets int()'s own refusal through
            message = "holds a number of thousands of digits; shorten it"
    raise FileRefused(source, (Fault(place="file", message=message),))


def read_file(source: str, text: str, read: Callable[[dict[str, object], list[Fault]], T | None]) -> T:
    """What `read` makes of a file's tables; FileRefused with every fault that it noted."""
    tables = load_toml(text, source)
    faults: list[Fault] = []
    try:
        found = read(tables, faults)
    except _TooManyError:
        faults.append(Fault(place="file", message=f"has more than these {MAX_FAULTS} faults; mend them first"))
    else:
        if found is not None and not faults:
            return found
    raise FileRefused(source, tuple(faults))


def shown(value: object) -> str:
    """A value as a sentence shows it: short, on one line, and whatever it holds."""
    if isinstance(value, dict | list | tuple):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) > 10**MAX_SHOWN:
        return "a number of many digits"
    text = repr(value[:MAX_SHOWN] if isinstance(value, str) else value)
    return text if len(text) <= MAX_SHOWN + 2 else f"{text[:MAX_SHOWN]}…"


def has_controls(text: str, *, allowed: str = "") -> bool:
    """Whether a text holds a control character that is not allowed, or half of a character."""
    return any(category(letter) in ("Cc", "Cs") and letter not in allowed for letter in text)


class _TooManyError(Exception):
    """A file has so many faults that reading on helps nobody."""


class TableReader:
    """Takes values out of one table; what is missing, of the wrong kind or unknown becomes a fault."""

    def __init__(self, table: object, place: str, faults: list[Fault]) -> None:
        self._place = place
        self._faults = faults
        self._asked: set[str] = set()
        self._table: Mapping[str, object] = {}
        if isinstance(table, dict):
            self._table = cast(Mapping[str, object], table)
        else:
            self.fault("", "is not a table; write it as one")

    def fault(self, key: str, message: str) -> None:
        """Notes a fault at `key` of this table."""
        if len(self._faults) == MAX_FAULTS:
            raise _TooManyError
        name = key if key.isprintable() and len(key) <= MAX_SHOWN else shown(key)
        place = ", ".join(part for part in (self._place, f"key `{name}`" if key else "") if part)
        self._faults.append(Fault(place=place or "file", message=message))

    @property
    def noted(self) -> int:
        """How many faults have been noted, in this table and all others of the file."""
        return len(self._faults)

    def has(self, key: str) -> bool:
        """Whether the table has that key."""
        self._asked.add(key)
        return key in self._table

    def raw(self, key: str) -> object:
        """The value of `key` as it stands, or None."""
        self._asked.add(key)
        return self._table.get(key)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the table."""
        return tuple(self._table)

    def text(self, key: str, *, default: str | None = None, choices: tuple[str, ...] = ()) -> str:
        """A text of one line, among `choices` where there are any."""
        value = self._value(key, default, str, "a text in quotes")
        unread = choices[0] if choices else UNREAD
        if value is None:
            return unread
        if default is None and not value.strip():
            self.fault(key, "is empty; fill it in")
            return unread
        if len(value) > 1000 or has_controls(value):
            self.fault(key, "holds a line break or control character, or is over 1,000 characters; write plain text")
            return unread
        if choices and value not in choices:
            self.fault(key, f"{shown(value)} is unknown; {did_you_mean(value, choices)}")
            return unread
        return value

    def whole(self, key: str, low: int, high: int, *, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        value = self._value(key, default, int, f"a whole number from {low} to {high}")
        if value is None or low <= value <= high:
            return low if value is None else value
        self.fault(key, f"{shown(value)} is out of range; use {low} to {high}")
        return low

    def whole_numbers(self, key: str, low: int, high: int) -> tuple[int, ...]:
        """A list, not empty, of whole numbers from `low` to `high`."""
        value = self._value(key, None, list, f"a list of whole numbers from {low} to {high}")
        if value is None:
            return (low,)
        numbers = [number for number in value if type(number) is int and low <= number <= high]
        if len(numbers) != len(value) or not numbers:
            self.fault(key, f"is not a list of whole numbers from {low} to {high}; write it as [{low}]")
            return (low,)
        return tuple(numbers)

    def rising(self, key: str, low: int, high: int) -> tuple[int, ...] | None:
        """A list of whole numbers and ranges ("3 to 9") from `low` to `high` in rising order, or None (a fault)."""
        example = f'[{max(low, 1)}, 8, "15 to 16"]'
        value = self._value(key, None, list, f"a list of whole numbers such as {example}")
        if value is None:
            return None
        spans = [_span(each) for each in value]
        inside = [span for span in spans if span and low <= span[0] <= span[1] <= high]
        if len(inside) != len(value) or not inside:
            self.fault(key, f"is not a list of whole numbers and ranges from {low} to {high}; write it as {example}")
            return None
        if any(first <= last for (_, last), (first, _) in pairwise(inside)):
            self.fault(key, "does not rise; list each number once, from the lowest on")
            return None
        return tuple(number for first, last in inside for number in range(first, last + 1))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list, not empty, of different short texts."""
        value = self._value(key, None, list, 'a list of texts such as ["US"]')
        if value is None:
            return ()
        found = [each for each in value if isinstance(each, str) and each.strip() and len(each) <= MAX_SHOWN]
        if len(value) > MAX_TEXTS or len(found) != len(value) or not found or any(has_controls(each) for each in found):
            self.fault(key, 'is not a list of short texts; write it as ["US"]')
            return ()
        if len(set(found)) < len(found):
            self.fault(key, "names one twice; keep one")
        return tuple(dict.fromkeys(found))

    def yes(self, key: str, *, default: bool | None = None) -> bool:
        """True or false."""
        return bool(self._value(key, default, bool, "true or false"))

    def day(self, key: str) -> date | None:
        """A date without a time, or None where it is missing (which is a fault)."""
        value = self._value(key, None, date, "a date such as 2026-12-07, without quotes")
        if isinstance(value, datetime):
            self.fault(key, "is a date with a time; write the date alone, such as 2026-12-07")
            return None
        if value is not None and not recordable(value):
            self.fault(key, f"{value} is not in {YEARS}; mend the year")
            return None
        return value

    def tables(self, key: str) -> tuple["TableReader", ...]:
        """The tables of `[[key]]`."""
        value = self._value(key, [], list, f"a list of tables, each headed [[{key}]]")
        return tuple(
            TableReader(table, f"{self._inside(key)} {number}", self._faults)
            for number, table in enumerate(value or [], start=1)
        )

    def table(self, key: str) -> "TableReader":
        """The table `[key]`."""
        if not self.has(key):
            self.fault(key, f"is missing; add the table [{key}]")
            return TableReader({}, self._inside(key), [])
        return TableReader(self._table[key], self._inside(key), self._faults)

    def done(self) -> None:
        """Notes every key that nobody asked for."""
        for key in self._table:
            if key not in self._asked:
                self.fault(key, f"is unknown; {did_you_mean(key, tuple(sorted(self._asked)))}")

    def _inside(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def _value(self, key: str, default: T | None, kind: type[T], wanted: str) -> T | None:
        self._asked.add(key)
        if key not in self._table:
            if default is None:
                self.fault(key, f"is missing; give {wanted}")
            return default
        value = self._table[key]
        # bool is an int to Python, not to the reader of the file.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fault(key, f"is not {wanted}; mend the value")
            return None
        return value


def did_you_mean(word: str, known: tuple[str, ...]) -> str:
    """The remedy for an unknown word: the known word nearest to it, or all of them."""
    near = get_close_matches(word[:MAX_SHOWN], known, n=1)
    if near:
        return f"did you mean {str(near[0])!r}?"
    return f"use one of: {', '.join(known)}" if known else "there is none to choose from"


# ---------------------------------------------------------------------------------------------------------------------


def _span(value: object) -> tuple[int, int] | None:
    """The first and last number of a number or range of a list, or None where it is neither."""
    if type(value) is int:
        return value, value
    found = RANGE.fullmatch(value) if isinstance(value, str) else None
    return (int(found[1]), int(found[2])) if found else None


def _unreadable(text: str) -> str:
    """What keeps a text from being read at all, or an empty text."""
    if len(text) > MAX_FILE_CHARACTERS:
        return f"is longer than {MAX_FILE_CHARACTERS:,} characters; shorten it"
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") > MAX_DOTS:
            return f"line {number} has more than {MAX_DOTS} dots; shorten it"
        if not line.isascii() and any(category(letter) == "Cs" for letter in line):
            return f"line {number} holds half of a character; type it anew"
    return ""
