"""Entries of several days, or of no length: what the month page and the agenda say of them."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendars import FORMATS
from calendars.spans import LONGEST_SPAN, goes_on, last_date, times_of
from calendars.view import CalendarView, Detail, Entry, Status
from calendars.wording import Wording
from tests.calendar_plans import ARABIC, SPANISH, eventful, story

ZONE = ZoneInfo("America/New_York")
STARTS = datetime(2026, 12, 30, 9, 0, tzinfo=ZONE)


def lasting(length: timedelta, *, detail: Detail = Detail.FULL, status: Status = Status.CONFIRMED) -> CalendarView:
    """A view with one entry of that length that begins on 30 December 2026."""
    view = story().view(detail=detail)
    end = (STARTS.astimezone(ZoneInfo("UTC")) + length).astimezone(ZONE)
    return replace(view, entries=(replace(view.entries[2], start=STARTS, end=end, status=status, arrival=None),))


@pytest.mark.parametrize(
    ("length", "said", "days", "because"),
    [
        (timedelta(hours=1), "09:00 to 10:00", 0, "a visit"),
        (timedelta(0), "09:00", 0, "a new bag is an instant"),
        (timedelta(hours=15), "09:00 to 31 Dec, 00:00", 1, "midnight is the next day"),
        (timedelta(days=28), "09:00 to 27 Jan, 09:00", 28, "a pump that runs for four weeks"),
    ],
)
def test_times_name_the_last_date_where_it_is_another(length: timedelta, said: str, days: int, because: str) -> None:
    view = lasting(length)
    assert times_of(view.entries[0], view) == said, because
    assert len(list(goes_on(view.entries[0]))) == days
    agenda = FORMATS["text"].render(view).decode()
    assert f"Wednesday 30 December 2026, {said}: Infusion" in agenda


def test_what_goes_on_stands_in_each_days_cell_and_once_in_the_list() -> None:
    page = FORMATS["html"].render(lasting(timedelta(days=28))).decode()
    title = "Infusion: inotuzumab ozogamicin, cycle 1 day 1"
    assert page.count(f"{title} goes on</div></li>") == 29, "28 cells, and the first of January in the list"
    listed = page.split('<ol class="list"')[1:]
    assert [part.count("goes on") for part in [each.split("</ol>")[0] for each in listed]] == [0, 1]
    assert "<h2>January 2027</h2>" in page
    assert "Friday 1 January 2027" in listed[1]
    assert "<caption>1 date in December 2026</caption>" in page
    assert "<caption>0 dates in January 2027</caption>" in page


def test_at_busy_what_goes_on_is_times_alone_and_what_is_cancelled_goes_on_nowhere() -> None:
    busy = FORMATS["html"].render(lasting(timedelta(days=2), detail=Detail.BUSY)).decode()
    assert "goes on" not in busy
    assert busy.count('<div class="entry">09:00 to 1 Jan, 09:00</div>') == 3, "two cells, and the first of January"
    gone = FORMATS["html"].render(lasting(timedelta(days=2), status=Status.CANCELLED)).decode()
    assert "goes on" not in gone
    assert "January" not in gone.split("<body>")[1].replace("to 1 Jan", "")


@pytest.mark.parametrize(
    ("wording", "said"),
    [(SPANISH, "de 09:00 a 27 ene, 09:00"), (ARABIC, "من \u206809:00\u2069 إلى \u206827 يناير، 09:00\u2069")],
)
def test_spans_in_other_languages(wording: Wording, said: str) -> None:
    view = lasting(timedelta(days=28))
    assert times_of(view.entries[0], replace(view, wording=wording, language=wording.language)) == said


def test_an_entry_ends_in_the_end() -> None:
    view = lasting(timedelta(days=2000))
    assert last_date(view.entries[0]) == date(2026, 12, 30) + timedelta(days=LONGEST_SPAN)


def test_no_entry_of_a_usual_course_goes_on() -> None:
    entries: tuple[Entry, ...] = eventful().view().entries
    assert not any(list(goes_on(entry)) for entry in entries)
