"""How staff pages tell of weekdays, months and spans of dates."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from babel.dates import format_date, get_month_names

from scheduler.permitted import Permitted
from web.speaking import say, spoken


def weekday_words(day: date | None) -> str:
    """The date's weekday in full; an empty text where there is no date."""
    return format_date(day, "EEEE", locale=spoken().language) if day else ""


def month_names() -> tuple[str, ...]:
    """The names of the twelve months, as a date names them."""
    return tuple(get_month_names("wide", locale=spoken().language).values())


def brief_words(first: date, last: date) -> str:
    """A span of days where its year is plain: 14 Dec, 13–16 Dec, 28 Dec – 4 Jan."""
    end = format_date(last, "d MMM", locale=spoken().language)
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{end}"
    return f"{format_date(first, 'd MMM', locale=spoken().language)} – {end}"


def permitted_words(dates: Permitted | None) -> str:
    """The dates to which a dose can be moved without a reason, short: OK 13–16 Dec, closed 13 Dec."""
    if dates is None:
        return say("any other date needs a reason")
    return say("OK {dates}", dates=free_words(dates))


def free_words(dates: Permitted) -> str:
    """The same without the "OK" that stands before them."""
    first, last, closed = dates
    if first is not None and last is not None:
        span = brief_words(first, last)
        told = say("only {date}", date=span) if first == last else span
        names = ", ".join(brief_words(start, end) for start, end in _runs(closed))
        return say("{dates}, closed {closed}", dates=told, closed=names) if names else told
    if first is not None:
        return say("from {first}", first=brief_words(first, first))
    if last is not None:
        return say("until {last}", last=brief_words(last, last))
    return say("on any date")


# ---------------------------------------------------------------------------------------------------------------------


def _runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Days in a row together, as first and last."""
    for _, run in groupby(enumerate(days), key=lambda pair: pair[1].toordinal() - pair[0]):
        members = [day for _, day in run]
        yield members[0], members[-1]
