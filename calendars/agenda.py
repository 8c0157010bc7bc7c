"""The plan as plain text: a list by month, narrow enough for any mail or terminal."""

from collections.abc import Iterator
from itertools import groupby
from textwrap import wrap

from calendars.spans import times_of
from calendars.view import CalendarView, Detail, Entry
from calendars.wording import opening, say_date, say_moment, say_month, say_zone, together
from scheduler.dates import zone_of

_WIDTH = 78
_INDENT = "    "


def render(view: CalendarView) -> bytes:
    """The agenda of `view` as UTF-8 text with `\\n` line ends."""
    blocks = [_head(view), *_months(view)]
    if view.guidance:
        heading = view.wording.say("guide.heading")
        blocks.append([heading, _rule(heading), *_wrapped(view.guidance, first="- ", rest="  ")])
    return ("\n\n".join("\n".join(block) for block in blocks) + "\n").encode()


# -------------------------------------------------------------------------------------------------------------


def _head(view: CalendarView) -> list[str]:
    say, title = view.wording.say, " ".join(view.title.split())
    named = [view.clinic.name] if view.detail is Detail.FULL and view.clinic.name else []
    zone = say(
        "page.zone" if view.detail is Detail.FULL else "page.zone.discreet", zone=say_zone(view.zone, view.language)
    )
    updated = say("line.updated", moment=say_moment(view.stamp.astimezone(zone_of(view.zone)), view.language))
    notes = [updated, zone] if view.entries else [updated, say("page.empty")]
    return [title, _rule(title, "="), *_wrapped((*named, *notes))]


def _months(view: CalendarView) -> Iterator[list[str]]:
    for first, entries in groupby(view.entries, key=lambda entry: entry.first_date.replace(day=1)):
        heading = say_month(first, view.language)
        yield [heading, _rule(heading), *(line for entry in entries for line in _entry(entry, view))]


def _entry(entry: Entry, view: CalendarView) -> Iterator[str]:
    title = " ".join(entry.summary.split())
    when = opening(together(say_date(entry.first_date, view.language), times_of(entry, view), view.language))
    yield from _wrapped([f"{when}: {title}" if title else when])
    yield from _wrapped((*entry.lines, entry.staff_note), first=_INDENT, rest=_INDENT)


def _wrapped(texts: tuple[str, ...] | list[str], *, first: str = "", rest: str = "  ") -> list[str]:
    lines = (line for text in texts for line in text.split("\n") if line.strip())
    return [row for line in lines for row in wrap(line, _WIDTH, initial_indent=first, subsequent_indent=rest)]


def _rule(heading: str, char: str = "-") -> str:
    return char * min(len(heading), _WIDTH)
