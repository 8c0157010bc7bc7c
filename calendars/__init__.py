"""Renderers: one view of a plan to bytes, in every format that the clinic hands out. Pure: values in, bytes out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calendars.view import CalendarView


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One output format. `suffix` is a file name's ending without the dot; the same view gives the same bytes."""

    media_type: str
    suffix: str
    render: "Callable[[CalendarView], bytes]"


# -------------------------------------------------------------------------------------------------------------


# A command that only names the formats, or writes one, pays for loading no other.


def _ics(view: "CalendarView") -> bytes:
    from calendars.ical import render

    return render(view)


def _html(view: "CalendarView") -> bytes:
    from calendars.month import render

    return render(view)


def _svg(view: "CalendarView") -> bytes:
    from calendars.timeline import render

    return render(view)


def _pdf(view: "CalendarView") -> bytes:
    from calendars.document import render

    return render(view)


def _text(view: "CalendarView") -> bytes:
    from calendars.agenda import render

    return render(view)


FORMATS: dict[str, Format] = {
    "ics": Format(media_type="text/calendar; charset=utf-8", suffix="ics", render=_ics),
    "pdf": Format(media_type="application/pdf", suffix="pdf", render=_pdf),
    "html": Format(media_type="text/html; charset=utf-8", suffix="html", render=_html),
    "svg": Format(media_type="image/svg+xml; charset=utf-8", suffix="svg", render=_svg),
    "text": Format(media_type="text/plain; charset=utf-8", suffix="txt", render=_text),
}
