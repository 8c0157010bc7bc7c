"""The first page of a printed calendar: the whole course, what its marks mean and the dates to keep in mind, on one page."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from io import BytesIO

import pytest
from pypdf import PdfReader

from calendars import FORMATS
from calendars.glyphs import longest_piece, undivided
from calendars.sheet import Paper
from calendars.view import CalendarView
from scheduler.events import EventKind
from tests.calendar_plans import AUDIENCES, SHEET, WORDINGS, Story, course, story
from tests.pdf_reader import overview_of, pages_of
from tests.test_calendars_library import example
from tests.test_regimen_library import IDS, regimen_of

LONG_NAME = "Ana María López-Gutiérrez"


@cache
def whole(id_: str) -> Story:
    """A course of the regimen as long as it can be, for somebody to whom every window applies that it has."""
    regimen = regimen_of(id_)
    told = tuple(each for each in AUDIENCES if each.name in regimen.audiences())
    return story(course(audiences=told), regimen=regimen)


def sheet_of(told: Story, language: str, paper: Paper, *, large: bool = False) -> bytes:
    """The sheet without what stands on the pages of cycles alone: that takes the most time."""
    sheet = replace(SHEET, paper=paper, large_print=large, name=LONG_NAME)
    view = told.view(wording=WORDINGS[language], sheet=sheet)
    entries = tuple(entry for entry in view.entries if entry.kind in {EventKind.WINDOW, EventKind.STAY})
    return FORMATS["pdf"].render(replace(view, entries=entries))


@pytest.mark.parametrize("id_", IDS)
def test_every_course_of_the_library_stands_on_one_page_on_either_paper(id_: str) -> None:
    for told in (example(id_), whole(id_)):
        for paper in Paper:
            assert overview_of(sheet_of(told, "en", paper)) == 1, (paper, len(told.plan.cycles))


@pytest.mark.parametrize("language", sorted(set(WORDINGS) - {"en"}))
@pytest.mark.parametrize("id_", ["carfilzomib", "daratumumab-iv", "polatuzumab-br"])
def test_the_fullest_of_them_do_so_in_every_language(id_: str, language: str) -> None:
    for told in (example(id_), whole(id_)):
        for paper in Paper:
            assert overview_of(sheet_of(told, language, paper)) == 1, (paper, len(told.plan.cycles))


@pytest.mark.parametrize("id_", ["inotuzumab-ozogamicin", "inotuzumab-ozogamicin-eu", "trastuzumab-emtansine"])
def test_usual_courses_stand_on_one_page_in_large_print_too(id_: str) -> None:
    for paper in Paper:
        assert overview_of(sheet_of(example(id_), "en", paper, large=True)) == 1


@pytest.mark.parametrize("language", ["en", "es"])  # Arabic is not read back in the order of its letters
@pytest.mark.parametrize("id_", ["daratumumab-iv", "polatuzumab-br"])
def test_in_large_print_the_lanes_go_on_to_the_next_page_and_never_the_window_dates(id_: str, language: str) -> None:
    told = example(id_)
    body = sheet_of(told, language, Paper.A4, large=True)
    assert overview_of(body) > 1
    first = pages_of(body)[0]
    years = [window.through.year for window in told.plan.windows if window.shown and window.through]
    assert years
    heading = WORDINGS[language].say("timeline.dates")
    assert heading in first
    assert all(str(year) in first.split(heading)[1] for year in years)


def test_no_date_is_parted_from_its_year() -> None:
    """A line that begins with a year hangs below another date's."""
    told = story(course(audiences=AUDIENCES, cycles=2))
    for wording in WORDINGS.values():
        view = told.view(wording=wording, sheet=replace(SHEET, large_print=True))
        lines = list(_lines(view))
        assert any("2026" in line or "2027" in line for line in lines)
        assert [line for line in lines if re.match(r"\W*20\d\d\b", line)] == [], wording.language


def test_what_keeps_a_date_together_leaves_other_words_apart() -> None:
    assert undivided("until Monday 7 December 2026, at 9") == "until Monday 7\u00a0December\u00a02026, at 9"
    assert undivided("el 7 de diciembre de 2026") == "el 7\u00a0de\u00a0diciembre\u00a0de\u00a02026"
    assert undivided("7 December 2026", narrow=True) == "7 December\u00a02026"
    assert undivided("7 de diciembre de 2026", narrow=True) == "7 de diciembre\u00a0de\u00a02026"
    assert undivided("الاثنين 7 ديسمبر 2026", narrow=True) == "الاثنين 7 ديسمبر\u00a02026"
    assert undivided("call 555-0100 or 911 in 2026") == "call 555-0100 or 911 in 2026"
    assert longest_piece(["from 7 December 2026", "cancelled"]) == len("7 December 2026")
    assert longest_piece([]) == 0


def _lines(view: CalendarView) -> Iterator[str]:
    for page in PdfReader(BytesIO(FORMATS["pdf"].render(view))).pages:
        yield from (line.strip() for line in page.extract_text().splitlines())
