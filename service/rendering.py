"""A plan in one of the calendar formats, as bytes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from calendars import FORMATS
from calendars.sheet import Paper, Sheet
from calendars.view import CalendarView, Detail, Reader, build_view
from calendars.wording import Wording
from scheduler.events import StampedEvent
from scheduler.plan import Plan
from service.catalogue import load_wordings
from service.clinic import clinic_card
from service.config import Settings
from service.languages import wording_of
from service.press import load_press


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """For whom a calendar is made, how much it tells, in which language; and on which paper, if it is printed."""

    reader: str = "patient"
    detail: str = "full"
    language: str = "en"
    paper: str = "a4"
    large_print: bool = False


def render(
    format_name: str,
    plan: Plan,
    stamped: Iterable[StampedEvent],
    *,
    settings: Settings,
    look: Look,
    uid: UUID,
    stamp: datetime,
    today: date,
) -> bytes:
    """The plan in that format; InvalidValue for a format or language that there isn't. A print is a draft."""
    sheet = sheet_of(look, printed=today) if format_name == "pdf" else None
    view = view_of(
        plan,
        stamped,
        settings=settings,
        wordings=load_wordings(),
        look=look,
        uid=uid,
        stamp=stamp,
        today=today,
        sheet=sheet,
    )
    return FORMATS[format_name].render(view)


def view_of(
    plan: Plan,
    stamped: Iterable[StampedEvent],
    *,
    settings: Settings,
    wordings: Mapping[str, Wording],
    look: Look,
    uid: UUID,
    stamp: datetime,
    today: date,
    sheet: Sheet | None = None,
) -> CalendarView:
    """What the reader sees of the plan; InvalidValue for a language that there is no wording for."""
    return build_view(
        stamped,
        plan,
        wording=wording_of(wordings, look.language),
        detail=Detail(look.detail),
        reader=Reader(look.reader),
        clinic=clinic_card(settings.clinic),
        stamp=stamp,
        uid=uid,
        today=today,
        keep_cancelled_days=settings.feeds.keep_cancelled_days,
        refresh=settings.feeds.refresh,
        sheet=sheet,
    )


def sheet_of(look: Look, *, printed: date, name: str = "", address: str = "") -> Sheet:
    """The sheet to print on; without an address, behind which somebody tells whether it still holds, a draft."""
    return Sheet(
        press=load_press(),
        printed=printed,
        paper=Paper(look.paper),
        large_print=look.large_print,
        name=name,
        address=address,
    )
