"""What the patient chooses on their page: how it looks, which mails come, and an address for their own calendar."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from calendars.kinds import Detail, Reader
from db import page_store
from db.engine import writing
from db.stored import StoredPage
from reminders.rules import PATIENT, Kind
from scheduler.errors import InvalidValue
from service.audit import What
from service.carers import Wish, choose
from service.feeds import FeedState, NewFeed, list_feeds, new_feed
from service.page_links import check_look, note_link
from service.patient_page import PageTold
from service.unsubscribing import set_unsubscribed

if TYPE_CHECKING:
    from service.wiring import App

MOST_CALENDARS = 5  # that live at a time, made from one link


def choose_look(app: "App", told: PageTold, *, language: str, detail: Detail) -> None:
    """Changes language and level of the page for this link; InvalidValue for what there isn't."""
    check_look(app, detail=detail, language=language)
    link = _link(told)
    with writing(app.engine) as session:
        page_store.set_page_look(session, link, language=language, detail=detail.value)
        note_link(session, What.PAGE_LOOK_CHOSEN, link, told.seen_by, app.now())


def choose_mails(app: "App", told: PageTold, days: Mapping[Kind, tuple[int, ...]]) -> None:
    """Records which mails the patient wants: by kind the days before, less than the clinic sends and never more."""
    _link(told)
    choose(app, told.course_id, PATIENT, Wish(days=days), by=told.seen_by, clinic_id=told.clinic_id)


def want_mails(app: "App", told: PageTold, *, wanted: bool) -> None:
    """Stops all mails to the patient, or lets them go again, as the page in each mail does."""
    _link(told)
    whose = (told.clinic_id, told.course_id, PATIENT)
    set_unsubscribed(app, whose, unsubscribed=not wanted, by=told.seen_by)


def make_calendar(app: "App", told: PageTold, *, detail: Detail, request_id: str) -> NewFeed:
    """Makes a calendar address for a device of the patient's own, which staff see among the others.

    InvalidValue when so many of them live already; the same request again gives the same address.
    """
    link = _link(told)
    check_look(app, detail=detail, language=link.language)
    name = f"{link.name}, made on the patient's page"
    lines = list_feeds(app, told.course_id, clinic_id=told.clinic_id)
    live = [line for line in lines if line.name == name and line.state is FeedState.LIVE]
    if len(live) >= MOST_CALENDARS:
        raise InvalidValue("calendar: there are enough addresses from this page; ask the team", field="calendar")
    return new_feed(
        app,
        told.course_id,
        name=name,
        reader=Reader.PATIENT,
        detail=detail,
        language=link.language,
        alarms=(),
        expires=None,
        by=told.seen_by,
        request_id=request_id,
        clinic_id=told.clinic_id,
    )


# ---------------------------------------------------------------------------------------------------------------------


def _link(told: PageTold) -> StoredPage:
    # A sheet hangs where visitors see it: its code shows, and changes nothing.
    if told.link is None or told.view is None:
        raise InvalidValue("page: nothing can be chosen here", field="page")
    return told.link
