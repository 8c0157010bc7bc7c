"""Entries of several days, or of no length: what the month page and the agenda say of them."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from calendars import FORMATS
from calendars.spans import LONGEST_SPAN, goes_on, last_date, times_of
from calendars.view import CalendarView, Detail, Entry, Reader, Status
from calendars.wording import Wording
from scheduler.events import EventKind
from tests.calendar_plans import ARABIC, SPANISH, eventful, of_every_shape, story
from tests.pdf_reader import text_of

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


# -- Regimens of several agents ----------------------------------------------------------------------------------------


def test_what_ends_nobody_knows_when_says_only_when_it_begins() -> None:
    text = FORMATS["text"].render(of_every_shape().view()).decode()
    assert "Monday 7 December 2026, from 09:00: Infusion: alphamab, betamine and gammacil," in text
    page = FORMATS["html"].render(of_every_shape().view()).decode()
    assert '<time datetime="2026-12-07T09:00:00-05:00">from 09:00</time>' in page


def test_a_new_bag_and_the_end_of_a_pump_are_moments() -> None:
    text = FORMATS["text"].render(of_every_shape(lengths_known=True).view()).decode()
    assert "Tuesday 8 December 2026, 12:45: New infusion bag: gammacil\n" in text
    assert "Wednesday 9 December 2026, 12:45: The pump comes off: gammacil\n" in text


KEEP_ON = (
    "Use birth control. Ask your team before you stop.",
    "Do not breastfeed. Ask your team before you breastfeed again.",
)


def test_where_no_source_says_how_long_the_patient_is_told_to_ask_before_they_stop() -> None:
    told = of_every_shape()
    assert told.view().keep_on == KEEP_ON
    for name in ("html", "text", "svg"):
        said = " ".join(re.sub(r"</text>\s*<text[^>]*>", " ", FORMATS[name].render(told.view()).decode()).split())
        assert all(line in said for line in KEEP_ON), name
    assert all(line in text_of(FORMATS["pdf"].render(told.view())) for line in KEEP_ON)


@pytest.mark.parametrize(
    ("view", "because"),
    [
        (of_every_shape().view(reader=Reader.CARER), "it is the patient's alone"),
        (of_every_shape().view(detail=Detail.DISCREET), "at a neutral level nothing of it is told"),
        (of_every_shape(private=True).view(), "the patient did not want it shown"),
        (story().view(), "a source says how long"),
    ],
)
def test_nobody_else_is_told_of_it(view: CalendarView, because: str) -> None:
    assert view.keep_on == (), because
    assert not any(line in view.guidance for line in KEEP_ON)


def test_a_calendar_program_shows_it_with_each_infusion_and_only_there() -> None:
    entries = of_every_shape().view().entries
    for entry in entries:
        told = [line for line in KEEP_ON if line in entry.description]
        assert told == (list(KEEP_ON) if entry.kind is EventKind.INFUSION else []), entry.key
    feed = FORMATS["ics"].render(of_every_shape().view()).decode().replace("\r\n ", "")
    assert feed.count(KEEP_ON[0]) == sum(entry.kind is EventKind.INFUSION for entry in entries)


def test_the_picture_says_it_to_people_who_hear_it_too() -> None:
    picture = FORMATS["svg"].render(of_every_shape().view()).decode()
    described = picture.split("<desc", 1)[1].split("</desc>")[0]
    assert all(line in described for line in KEEP_ON)


@pytest.mark.parametrize("name", ["html", "text", "svg", "ics"])
@pytest.mark.parametrize(
    ("detail", "reader"),
    [(Detail.DISCREET, Reader.PATIENT), (Detail.BUSY, Reader.PATIENT), (Detail.FULL, Reader.CARER)],
)
def test_nobody_else_reads_of_it_in_any_format(name: str, detail: Detail, reader: Reader) -> None:
    said = FORMATS[name].render(of_every_shape().view(detail=detail, reader=reader)).decode().replace("\r\n ", "")
    assert "birth control" not in said.lower()
    assert "breastfe" not in said.lower()


def test_a_window_of_hours_names_its_hour() -> None:
    window = next(each for each in story().stamped.values() if each.event.kind is EventKind.WINDOW)
    until = datetime(2026, 12, 9, 12, 45, tzinfo=ZONE)
    on = until.date()
    counted = replace(window, event=replace(window.event, start=on, end=on, until=until))
    (entry,) = replace(story(), stamped={window.event.key: counted}).view().entries
    assert entry.summary.endswith("at least until 9 December 2026, 12:45")
    assert "at least until Wednesday 9 December 2026, 12:45; it may move later" in entry.lines[0]
