"""How the command line reads values. A value that can't be read is one sentence and exit 1, never wrong usage."""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from uuid import UUID

import click

from scheduler.action_fields import parse_audience
from scheduler.course import Audience
from scheduler.dates import parse_date, parse_time, zone_of
from scheduler.errors import InvalidValue
from service.clock import parse_instant


class DateType(click.ParamType[date]):
    """An ISO date."""

    name = "date"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or InvalidValue."""
        return value if isinstance(value, date) else parse_date(str(value), field=called(param))


class TimeType(click.ParamType[time]):
    """A wall time."""

    name = "hh:mm"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> time:
        """The time, or InvalidValue."""
        return value if isinstance(value, time) else parse_time(str(value), field=called(param))


class InstantType(click.ParamType[datetime]):
    """An instant with its offset."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The instant in UTC, or InvalidValue."""
        return value if isinstance(value, datetime) else parse_instant(str(value), field=called(param))


class ZoneType(click.ParamType[str]):
    """The name of an IANA time zone."""

    name = "zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The zone's name, or InvalidValue."""
        return zone_of(str(value)).key


class WholeType(click.ParamType[int]):
    """A whole number within bounds."""

    name = "number"

    def __init__(self, lowest: int = 1, highest: int = 100_000) -> None:
        self.lowest = lowest
        self.highest = highest

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or InvalidValue."""
        return whole(str(value), called(param), self.lowest, self.highest)


class WordType(click.ParamType[str]):
    """One of some words."""

    name = "word"

    def __init__(self, *words: str) -> None:
        self.words = words

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """The words, for the help."""
        return "|".join(self.words)

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word, or InvalidValue."""
        if value not in self.words:
            message = f"{called(param)}: {value!r} is unknown; use one of {', '.join(self.words)}"
            raise InvalidValue(message, field=called(param))
        return str(value)


class IdType(click.ParamType[UUID]):
    """The id of a course or a feed."""

    name = "id"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """The id, or InvalidValue."""
        try:
            return value if isinstance(value, UUID) else UUID(str(value))
        except ValueError:
            message = f"{called(param)}: {value!r} is not an id; `infusions course list` shows the ids"
            raise InvalidValue(message, field=called(param)) from None


class CycleLengthType(click.ParamType[tuple[int, int]]):
    """A cycle's number and its length in days."""

    name = "n=days"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """Number and length, or InvalidValue."""
        if isinstance(value, tuple):
            return value
        cycle, _, days = str(value).partition("=")
        if not cycle.isdecimal() or not days.isdecimal() or len(str(value)) > 9:
            message = f"{called(param)}: {value!r} can't be read; write cycle=days, as in 1=28"
            raise InvalidValue(message, field=called(param))
        return int(cycle), int(days)


class AudienceType(click.ParamType[Audience]):
    """An audience, with `:private` for staff only."""

    name = "audience[:private]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Audience:
        """The audience, or InvalidValue; the course is checked for whether the regimen knows it."""
        return value if isinstance(value, Audience) else parse_audience(str(value))


class LeadType(click.ParamType[timedelta]):
    """A lead time: days, hours or minutes."""

    name = "1d|2h|30m"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The lead time, or InvalidValue."""
        if isinstance(value, timedelta):
            return value
        text = str(value)
        unit = {"d": "days", "h": "hours", "m": "minutes"}.get(text[-1:])
        if unit is None or not text[:-1].isdecimal() or len(text) > 5:
            message = f"{called(param)}: {text!r} can't be read; write days, hours or minutes: 1d, 2h, 30m"
            raise InvalidValue(message, field=called(param))
        return timedelta(**{unit: int(text[:-1])})


class FileType(click.ParamType[Path]):
    """A file's path; whether it can be read or written is told when it is."""

    name = "file"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path."""
        return Path(str(value))


def whole(text: str, field: str, lowest: int, highest: int) -> int:
    """The whole number in `text`; InvalidValue names `field`."""
    if not text.isdecimal() or len(text) > 9 or not lowest <= int(text) <= highest:
        message = f"{field}: {text!r} is not a whole number from {lowest} to {highest}"
        raise InvalidValue(message, field=field)
    return int(text)


def called(param: click.Parameter | None) -> str:
    """What a person calls the option or argument."""
    if isinstance(param, click.Option):
        return param.opts[0]
    return (param.name or "value").upper() if param else "value"


DATE = DateType()
TIME = TimeType()
INSTANT = InstantType()
ZONE = ZoneType()
NUMBER = WholeType()
ID = IdType()
CYCLE_LENGTH = CycleLengthType()
AUDIENCE = AudienceType()
LEAD = LeadType()
FILE = FileType()
