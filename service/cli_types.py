"""How the command line reads values. A value that can't be read is one sentence and exit 1, never wrong usage."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar
from uuid import UUID

import click

from scheduler.action_fields import parse_audience
from scheduler.dates import parse_date, parse_time, zone_of
from scheduler.errors import InvalidValue
from scheduler.regimen_cycles import EARLIEST_DAY, MAX_LENGTH
from service.clock import parse_instant

T = TypeVar("T")


class Value(click.ParamType[T], Generic[T]):
    """A kind of value: `read` makes it of a text, or raises InvalidValue with the name that it gets."""

    def __init__(self, metavar: str, read: Callable[[str, str], T]) -> None:
        self.name = metavar
        self._read = read

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's own signature
        """How the help shows such a value."""
        return self.name

    def convert(self, value: str | T, param: click.Parameter | None, ctx: click.Context | None) -> T:  # noqa: ARG002
        """The value; one that was read already stays."""
        return self._read(value, called(param)) if isinstance(value, str) else value


def number(lowest: int = 1, highest: int = 100_000) -> Value[int]:
    """Whole numbers within bounds."""
    return Value("N", lambda text, field: whole(text, field, lowest, highest))


def word(*words: str) -> Value[str]:
    """One of some words."""

    def read(text: str, field: str) -> str:
        if text not in words:
            raise InvalidValue(f"{field}: {text!r} is unknown; use one of {', '.join(words)}", field=field)
        return text

    return Value("|".join(words), read)


def whole(text: str, field: str, lowest: int, highest: int) -> int:
    """The whole number in `text`; InvalidValue names `field`."""
    if not _is_number(text.removeprefix("-")) or not lowest <= int(text) <= highest:
        raise InvalidValue(f"{field}: {text!r} is not a whole number from {lowest} to {highest}", field=field)
    return int(text)


def called(param: click.Parameter | None) -> str:
    """What a person calls the option or argument."""
    if isinstance(param, click.Option):
        return param.opts[0]
    return (param.metavar or param.name or "value").upper() if param else "value"


# ---------------------------------------------------------------------------------------------------------------------


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 9


def _id(text: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        message = f"{field}: {text!r} is not an id; `infusions course list` and `feed list` show the ids"
        raise InvalidValue(message, field=field) from None


def _cycle_length(text: str, field: str) -> tuple[int, int]:
    cycle, _, days = text.partition("=")
    if not _is_number(cycle) or not _is_number(days):
        raise InvalidValue(f"{field}: {text!r} can't be read; write cycle=days, as in 1=28", field=field)
    return int(cycle), int(days)


def _lead(text: str, field: str) -> timedelta:
    unit = {"d": "days", "h": "hours", "m": "minutes"}.get(text[-1:])
    if unit is None or not _is_number(text[:-1]) or len(text) > 6:
        message = f"{field}: {text!r} can't be read; write days, hours or minutes, as in 1d, 2h, 30m"
        raise InvalidValue(message, field=field)
    return timedelta(**{unit: int(text[:-1])})


DATE = Value("DATE", lambda text, field: parse_date(text, field=field))
TIME = Value("HH:MM", lambda text, field: parse_time(text, field=field))
INSTANT = Value("INSTANT", lambda text, field: parse_instant(text, field=field))
ZONE = Value("ZONE", lambda text, _: zone_of(text).key)
NUMBER = number()
DAY = number(EARLIEST_DAY, MAX_LENGTH)
ID = Value("ID", _id)
CYCLE_LENGTH = Value("CYCLE=DAYS", _cycle_length)
AUDIENCE = Value("AUDIENCE[:private]", lambda text, _: parse_audience(text))
LEAD = Value("1d|2h|30m", _lead)
FILE = Value("FILE", lambda text, _: Path(text))
