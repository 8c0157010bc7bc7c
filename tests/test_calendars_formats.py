"""What every output format must hold. A new format is in this suite by being in FORMATS."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import uuid5
from xml.etree import ElementTree as ET

import pytest

from calendars import FORMATS
from calendars.view import CalendarView, ClinicCard, Detail, Entry, Reader
from scheduler.course import Audience
from scheduler.errors import InvalidValue
from tests.calendar_plans import ARABIC, FEED_ID, course, empty, eventful, story
from tests.core import with_agent
from tests.pdf_reader import text_of
from tests.readers import read_both

HOSTILE = (
    'emoji 👩🏽‍⚕️ é; a,b\\n "quotes" \'&amp; <script>alert(1)</script> ]]> -->\r\nBEGIN:VEVENT\r\n\x00\x07\u202e\u200f\ud800 '
    + "ü" * 1000
    + "{} {0} {drug} %s"
)


def hostile() -> CalendarView:
    """A view of which every text that can come from outside is hostile, at all lengths."""
    view = story().view(clinic=ClinicCard(name=HOSTILE, phone=HOSTILE, address=HOSTILE, fever_threshold=HOSTILE))
    regimen = with_agent(replace(view.plan.regimen, name=HOSTILE), name=HOSTILE)
    view = story(regimen=regimen).view(clinic=view.clinic)
    entries = tuple(
        replace(entry, summary=HOSTILE, lines=(HOSTILE,), description=HOSTILE, location=HOSTILE)
        for entry in view.entries
    )
    return replace(view, title=HOSTILE, entries=entries)


def many() -> CalendarView:
    """A view of 500 entries."""
    view = story().view()
    first = view.entries[0]
    copies = (
        replace(first, uid=uuid5(FEED_ID, str(number)), start=day, end=day)
        for number, day in enumerate(date(2026, 1, 1) + timedelta(days=step) for step in range(500))
    )
    return replace(view, entries=tuple(copies))


VIEWS: dict[str, Callable[[], CalendarView]] = {
    "eventful": lambda: eventful().view(),
    "discreet": lambda: eventful().view(detail=Detail.DISCREET),
    "busy": lambda: eventful().view(detail=Detail.BUSY),
    "carer": lambda: eventful().view(reader=Reader.CARER),
    "staff": lambda: story(course(audiences=(Audience(name="breastfeeding", private=True),))).view(reader=Reader.STAFF),
    "empty": lambda: empty(story().view()),
    "five hundred": many,
    "hostile": hostile,
    "far": lambda: story(course(zone="Australia/Lord_Howe")).view(),
}


TEXTS = [name for name, form in FORMATS.items() if form.media_type.endswith("; charset=utf-8")]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("view", VIEWS)
def test_the_same_view_gives_the_same_bytes(name: str, view: str) -> None:
    if (name, view) == ("pdf", "staff"):
        with pytest.raises(InvalidValue, match="for the patient or a carer"):
            FORMATS[name].render(VIEWS[view]())
        return
    assert FORMATS[name].render(VIEWS[view]()) == FORMATS[name].render(VIEWS[view]())


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("view", VIEWS)
def test_the_bytes_are_utf_8_without_control_characters(name: str, view: str) -> None:
    text = FORMATS[name].render(VIEWS[view]()).decode()
    assert [char for char in text if ord(char) < 32 and char not in "\r\n"] == []
    assert ("\r" in text) == (name == "ics")
    assert text.endswith("\n")


def test_another_process_in_another_place_gives_the_same_bytes() -> None:
    """Neither the order of hashing nor the machine's zone or language may reach the bytes."""
    program = (
        "from hashlib import sha256; from tests.calendar_plans import eventful; from calendars import FORMATS\n"
        "for name, form in FORMATS.items(): print(name, sha256(form.render(eventful().view())).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONPATH": "."},
    )
    here = {name: sha256(form.render(eventful().view())).hexdigest() for name, form in FORMATS.items()}
    assert dict(line.split() for line in run.stdout.splitlines()) == here


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_plan_gives_a_whole_document(name: str) -> None:
    body = FORMATS[name].render(empty(story().view()))
    if name == "pdf":
        assert "There are no dates here now." in text_of(body)
        return
    text = body.decode()
    ends = {"ics": "END:VCALENDAR", "html": "</html>", "svg": "</svg>", "text": "There are no dates here now."}
    assert text.rstrip().endswith(ends[name])
    assert name == "ics" or "There are no dates here now." in text


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_text_is_text_and_never_markup(name: str) -> None:
    body = FORMATS[name].render(hostile())
    if name == "ics":
        summaries = {event.summary for event in read_both(body).values()}
        assert summaries == {
            HOSTILE.replace("\r\n", "\n").replace("\x00", "").replace("\x07", "").replace("\ud800", "")
        }
    elif name == "pdf":
        assert "<script>alert(1)</script> ]]> --> BEGIN:VEVENT" in text_of(body)
    elif name != "text":
        assert b"<script" not in body
        assert b"&lt;script&gt;" in body


@pytest.mark.parametrize("name", FORMATS)
def test_right_to_left_languages_render(name: str) -> None:
    body = FORMATS[name].render(eventful().view(wording=ARABIC))
    assert name not in ("html", "svg") or b'rtl"' in body


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_names_its_type_and_suffix(name: str) -> None:
    form = FORMATS[name]
    assert form.media_type.endswith("; charset=utf-8") or form.media_type == "application/pdf"
    assert form.suffix.isalpha()
    assert not form.suffix.startswith(".")


@pytest.mark.parametrize("view", VIEWS)
def test_the_svg_is_well_formed(view: str) -> None:
    root = ET.fromstring(FORMATS["svg"].render(VIEWS[view]()))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"


def test_naming_the_formats_loads_none_of_them() -> None:
    """A command that offers the formats must start quickly."""
    program = "import sys, calendars; assert not {'icalendar', 'babel', 'scheduler', 'typst'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parent.parent)


def test_an_all_day_entry_does_not_end_before_it_begins() -> None:
    entry = story().view().entries[0]
    assert isinstance(entry, Entry)
    with pytest.raises(InvalidValue, match="not before it begins"):
        replace(entry, end=entry.first_date - timedelta(days=1))


def test_the_entries_are_in_the_order_of_time_whatever_order_they_came_in() -> None:
    told = eventful()
    backwards = replace(told, stamped=dict(reversed(told.stamped.items())))
    assert backwards.view().entries == told.view().entries
    dates = [entry.first_date for entry in told.view().entries]
    assert dates == sorted(dates)
