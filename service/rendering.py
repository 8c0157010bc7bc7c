"""A plan in one of the calendar formats, as bytes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from calendars import FORMATS
from calendars.view import CalendarView, Detail, Reader, build_view
from scheduler.errors import InvalidValue
from scheduler.events import StampedEvent
from scheduler.plan import Plan
from service.catalogue import load_wordings
from service.clinic import clinic_card
from service.config import Settings
from service.languages import wording_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """For whom a calendar is made, how much it tells, and in which language."""

    reader: str = "patient"
    detail: str = "full"
    language: str = "en"


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
    """The plan in that format; InvalidValue for a format or language that there isn't."""
    if format_name == "pdf":
        message = "format pdf: comes with the release of the printed calendar; until then use html and print that"
        raise InvalidValue(message, field="format")
    view = _view(plan, stamped, settings=settings, look=look, uid=uid, stamp=stamp, today=today)
    return FORMATS[format_name].render(view)


# ---------------------------------------------------------------------------------------------------------------------


def _view(
    plan: Plan,
    stamped: Iterable[StampedEvent],
    *,
    settings: Settings,
    look: Look,
    uid: UUID,
    stamp: datetime,
    today: date,
) -> CalendarView:
    return build_view(
        stamped,
        plan,
        wording=wording_of(load_wordings(), look.language),
        detail=Detail(look.detail),
        reader=Reader(look.reader),
        clinic=clinic_card(settings.clinic),
        stamp=stamp,
        uid=uid,
        today=today,
        keep_cancelled_days=settings.feeds.keep_cancelled_days,
        refresh=settings.feeds.refresh,
    )
