"""The printed calendar, read back: every date and time of the plan stands on it, and it is what PDF/UA-1 asks for."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any, cast

import pytest
import segno
from pypdf import PdfReader

from calendars import FORMATS
from calendars.days import pages_of as days_of
from calendars.fitting import SIZES, Fit, fitted
from calendars.glyphs import NO_GLYPH, breakable, characters, shown
from calendars.sheet import Paper
from calendars.view import CalendarView, ClinicCard, Detail, Reader
from calendars.wording import say_brief, say_date, say_duration, say_weekday
from scheduler.actions import CeaseCause, CycleLength, Defer, Given
from scheduler.errors import InvalidValue
from scheduler.events import EventKind
from scheduler.plan import Cycle, DoseState
from scheduler.regimen import Regimen
from service.catalogue import load_catalogue
from service.config import load_settings
from tests.calendar_plans import ARABIC, DAY1, SHEET, SPANISH, ceased, course, eventful, story
from tests.core_regimens import prepared, pump, trio
from tests.pdf_reader import alternatives, elements, pages_of, reader_links, text_of

CATALOGUE = load_catalogue(load_settings(None, {}))
LONG = (14, 21, 22, 23, 27, 28, 35, 42, 84)


def pdf(view: CalendarView) -> bytes:
    return FORMATS["pdf"].render(view)


def days_on(page: str) -> dict[int, tuple[str, str]]:
    """By day number, the weekday with the date, and what stands in the day's cell."""
    cells = re.split(r"Day (\d+) ", page.split("Monday", 1)[-1].rsplit("Plan ", 1)[0])
    found = {}
    for number, cell in zip(cells[1::2], cells[2::2], strict=True):
        words = cell.split(" ", 3)
        found[int(number)] = (" ".join(words[:3]), words[3] if len(words) > 3 else "")
    return found


def of_length(days: int) -> CalendarView:
    """A course of one cycle of that length."""
    view = story().view()
    first = view.plan.cycles[0]
    only = first._replace(length_days=days, last_day=first.day1 + timedelta(days=days - 1))
    entries = tuple(entry for entry in view.entries if entry.key.startswith("c1d"))
    return replace(view, entries=entries, plan=replace(view.plan, cycles=(only,)))


def reader_of(body: bytes) -> PdfReader:
    return PdfReader(BytesIO(body))


# -- What stands on it ----------------------------------------------------------------------------------------------------


def test_every_day_of_every_cycle_has_its_number_weekday_and_date() -> None:
    actions = (
        Given(cycle=1, day=1, on=DAY1),
        CycleLength(cycle=1, days=24),
        Defer(cycle=2, day=8, to=date(2027, 1, 9), reason="x"),
    )
    told = story(actions=actions)
    pages = pages_of(pdf(told.view()))
    assert len(pages) == 1 + len(told.plan.cycles) + 1
    for cycle, page in zip(told.plan.cycles, pages[1:-1], strict=True):
        wanted = {}
        for step in range(cycle.length_days):
            day = cycle.day1 + timedelta(days=step)
            wanted[step + 1] = f"{day:%a} {day.day} {day:%b}"
        assert page.startswith(f"Cycle {cycle.number} ")
        assert {number: said for number, (said, _) in days_on(page).items()} == wanted


def test_every_visit_says_what_when_to_come_and_when_one_may_leave() -> None:
    actions = (
        Given(cycle=1, day=1, on=DAY1),
        Defer(cycle=1, day=8, to=date(2026, 12, 16)),
        Given(cycle=1, day=8, on=date(2026, 12, 16)),
        Defer(cycle=3, day=1, to=date(2027, 2, 1), reason="x"),
    )
    told = story(actions=actions, today=date(2026, 12, 17))
    pages = pages_of(pdf(told.view()))
    for cycle, page in zip(told.plan.cycles, pages[1:-1], strict=True):
        cells = days_on(page)
        visits = {(dose.date - cycle.day1).days + 1: dose for dose in cycle.doses if dose.date is not None}
        assert {number for number, (_, said) in cells.items() if "Infusion: inotuzumab ozogamicin" in said} == set(
            visits
        )
        for number, dose in visits.items():
            said = cells[number][1]
            if dose.state is DoseState.GIVEN:
                assert said.startswith("Infusion: inotuzumab ozogamicin given")
                continue
            assert dose.times is not None
            assert f"Come at {dose.times.arrival:%H:%M} " in said
            leave = f"not before {dose.times.observation_end:%H:%M}, and only when your nurse says so."
            assert leave in said
            assert ("You get this infusion if your blood tests allow." in said) == (dose.day == 1)
            assert ("may change" in said) != dose.confirmed


def test_every_check_and_every_window_stands_on_it_with_its_date() -> None:
    told = story()
    body = pdf(told.view())
    for page, days in zip(pages_of(body)[1:-1], days_of(told.view()), strict=True):
        for day in days.days:
            said = days_on(page)[day.number][1]
            assert ("blood count" in said) == any("blood-count" in _checks(told, entry.key) for entry in day.entries)
    assert (
        "Friday 4 December 2026 Before your infusion: blood count, liver tests, heart test (ECG)" in pages_of(body)[1]
    )
    for window in told.plan.windows:
        assert window.through is not None
        assert f"at least until {say_date(window.through, 'en')}; it may move later; keep on" in pages_of(body)[0]


def test_a_visit_that_passes_midnight_says_on_which_date_one_may_leave() -> None:
    view = story().view()
    first = next(entry for entry in view.entries if entry.kind is EventKind.INFUSION)
    assert first.leave is not None
    late = replace(
        first, leave=first.leave + timedelta(hours=15), end=cast("datetime", first.end) + timedelta(hours=15)
    )
    entries = tuple(late if entry is first else entry for entry in view.entries)
    pages = pages_of(pdf(replace(view, entries=entries)))
    assert "not before 8 Dec, 02:00, and only" in pages[1]
    assert "Infusion: inotuzumab ozogamicin goes on" in days_on(pages[1])[2][1]


def test_what_was_cancelled_or_held_keeps_no_date_on_paper() -> None:
    pages = pages_of(pdf(eventful().view()))
    assert len(pages) == 1 + 5 + 1, "cycle 6 is held and has no page"
    assert "Day 15: not given" in pages[1]
    assert "Day 8: to be arranged · Day 15: to be arranged" in pages[5]
    assert "Cycle 6 dates to be arranged" in pages[0]
    cells = days_on(pages[1])
    assert cells[16][1] == "", "the infusion of day 15 was to be on that day"


def test_after_an_end_only_what_is_left_has_a_date() -> None:
    pages = pages_of(pdf(ceased(CeaseCause.TOXICITY).view()))
    assert "Cycle 2 cancelled" in pages[0]
    assert [page[:7] for page in pages[1:-1]] == ["Cycle 1"]


def test_after_a_death_nothing_is_told_but_whom_to_call() -> None:
    text = text_of(pdf(ceased(CeaseCause.DEATH).view()))
    assert "There are no dates here now." in text
    assert "Cycle" not in text
    assert "Infusion" not in text
    assert "555-0100" in text


def test_plain_words_say_what_to_bring_how_long_it_takes_and_when_to_call() -> None:
    last = pages_of(pdf(story().view()))[-1]
    for said in (
        "What to bring",
        "the written list of all your medicines",
        "Plan 2 hours 30 minutes for a visit.",
        "and only when your nurse says so.",
        "When to call",
        "Call at once",
        "Fever of 38 °C (100.4 °F) or more: call at once, day or night.",
        "Our number 555-0100",
        "At night and on weekends 555-0199",
        "Emergency 911",
    ):
        assert said in last, said


def test_without_the_clinics_numbers_the_sheet_still_says_whom_to_call() -> None:
    text = text_of(pdf(story().view(clinic=ClinicCard())))
    assert "Call your team." in text
    assert "Our number" not in text


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("paper", Paper)
def test_every_page_names_the_plan_and_its_date(paper: Paper, large: bool) -> None:  # noqa: FBT001 - a row of a table
    body = pdf(eventful().view(sheet=replace(SHEET, paper=paper, large_print=large)))
    pages = pages_of(body)
    for number, page in enumerate(pages, start=1):
        assert "Plan 6, last changed Friday 20 November 2026, 08:05" in page
        assert "Printed Monday 7 December 2026" in page
        assert f"Page {number} of {len(pages)}" in page
    size = {Paper.A4: (842, 595), Paper.LETTER: (792, 612)}[paper]
    for drawn in reader_of(body).pages:
        assert (round(drawn.mediabox.width), round(drawn.mediabox.height)) == size


def test_the_code_leads_to_the_sheets_own_address() -> None:
    body = pdf(story().view())
    assert reader_links(body) == [SHEET.address]
    assert "Is this sheet still right? Scan the code to see." in pages_of(body)[0]


def test_the_code_is_one_picture_of_that_address_which_every_page_shows() -> None:
    reader = reader_of(pdf(story().view()))
    shown_by = [page["/Resources"].get_object()["/XObject"] for page in cast("Any", reader.pages)]
    (number,) = {each.raw_get(name).idnum for each in shown_by for name in each}
    picture = cast("Any", reader.get_object(number))
    width, dots = picture["/Width"], picture.get_data()
    matrix = segno.make_qr(SHEET.address, error="m").matrix
    size = width // (len(matrix) + 4)  # of a square in dots; two squares of white around
    for y, row in enumerate(matrix):
        for x, dark in enumerate(row):
            assert dots[((y + 2) * size + size // 2) * width + (x + 2) * size + size // 2] == (0 if dark else 255)
    assert min(dots[: 2 * size * width]) == 255, "white above, by which a phone finds it"


def test_a_draft_has_no_code_and_says_on_every_page_that_it_is_one() -> None:
    body = pdf(story().view(sheet=replace(SHEET, address="")))
    for page in pages_of(body):
        assert "Draft. This plan is not stored: do not use it as your calendar. Plan 0, last changed Friday 20" in page
    assert "/Annots" not in reader_of(body).pages[0]
    assert "Scan the code" not in text_of(body)


def test_the_name_stands_on_it_at_full_alone() -> None:
    sheet = replace(SHEET, name="Ana María López-Gutiérrez")
    for detail in Detail:
        text = text_of(pdf(story().view(detail=detail, sheet=sheet)))
        assert ("For Ana María López-Gutiérrez" in text) == (detail is Detail.FULL)
        assert ("López" in text) == (detail is Detail.FULL)


def test_a_discreet_sheet_has_dates_and_hours_and_tells_nothing_else() -> None:
    told = story()
    first = pages_of(pdf(told.view(detail=Detail.DISCREET)))[1]
    assert "Mon 7 Dec Appointment Come at 08:30 Until 11:00 or later Tue 8 Dec Check" in first
    assert "Day" not in first


def test_staff_get_no_sheet_since_theirs_would_show_what_is_private() -> None:
    with pytest.raises(InvalidValue, match="for the patient or a carer"):
        pdf(story().view(reader=Reader.STAFF))


def test_without_a_sheet_there_is_nothing_to_print_with() -> None:
    with pytest.raises(InvalidValue, match="give the view a sheet"):
        pdf(replace(story().view(), sheet=None))


# -- How it fits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", LONG)
@pytest.mark.parametrize("paper", Paper)
def test_a_cycle_of_any_length_stands_on_one_page(days: int, paper: Paper) -> None:
    view = replace(of_length(days), sheet=replace(SHEET, paper=paper))
    pages = pages_of(pdf(view))
    assert len(pages) == 3
    assert sorted(days_on(pages[1])) == list(range(1, days + 1))


@pytest.mark.parametrize("wording", [SPANISH, ARABIC])
def test_the_other_languages_fit_too(wording: Any) -> None:
    assert len(pages_of(pdf(story().view(wording=wording)))) == 8
    assert len(pages_of(pdf(eventful().view(wording=wording)))) == 7


def test_ten_agents_on_a_day_all_stand_in_its_cell() -> None:
    view = of_length(28)
    first = next(entry for entry in view.entries if entry.kind is EventKind.INFUSION)
    names = [f"Infusion: agent-{number} vedotin" for number in range(10)]
    more = [replace(first, key=f"{first.key}/{name}", brief=name) for name in names]
    pages = pages_of(pdf(replace(view, entries=(*more, *view.entries))))
    cell = days_on(pages[2])[1][1]  # so much more than a week that fits below what comes before day 1
    assert [name for name in names if name not in cell] == []


def test_the_agents_of_a_visit_stand_together_and_each_day_has_its_own() -> None:
    told = story(course(audiences=()), regimen=trio())
    first = days_on(pages_of(pdf(told.view()))[1])
    assert first[1][1].startswith("Infusion: alphamab, betamab and gammamab Come at 08:30 ")
    assert first[2][1].startswith("Infusion: gammamab Come at 08:30 ")
    assert first[8][1].startswith("Infusion: gammamab Come at 08:30 ")
    assert {number for number, (_, said) in first.items() if "Infusion" in said} == {1, 2, 8}


def test_doses_before_day_1_stand_on_the_page_of_their_date() -> None:
    told = story(course(audiences=()), regimen=prepared())
    pages = pages_of(pdf(told.view()))
    assert "Saturday 5 December 2026 Infusion: betamab Come at 08:30" in pages[1].split("Monday Tuesday")[0]
    assert "Sunday 6 December 2026 Infusion: betamab Come at 08:30" in pages[1].split("Monday Tuesday")[0]
    assert days_on(pages[1])[20][1].startswith("Infusion: betamab"), "day -1 of cycle 2 is day 20 of cycle 1"


def test_bag_changes_and_the_end_of_a_pump_stand_on_their_dates_with_the_hour() -> None:
    told = story(course(audiences=()), regimen=pump())
    first = days_on(pages_of(pdf(told.view()))[1])
    for event in (each.event for each in told.stamped.values() if each.event.cycle == 1):
        if isinstance(event.start, datetime) and event.start == event.end:
            said = first[(event.first_date - DAY1).days + 1][1]
            assert f"{event.start:%H:%M}" in said, event.key


@pytest.mark.parametrize("regimen", CATALOGUE.regimens(), ids=lambda regimen: regimen.id)
def test_every_regimen_that_comes_along_prints_each_visit_on_the_page_of_its_cycle(regimen: Regimen) -> None:
    told = story(course(audiences=()), regimen=regimen)
    pages = pages_of(pdf(told.view()))
    of_cycles = [page for page in pages if re.match(r"Cycle \d+ Monday ", page) and "Day 1 " in page]
    assert len(of_cycles) == len(told.plan.cycles)
    visits = [each.event for each in told.stamped.values() if each.event.kind is EventKind.INFUSION]
    for event in visits:
        cycle = told.plan.cycles[(event.cycle or 1) - 1]
        number = (event.first_date - cycle.day1).days + 1
        if number < 1:
            continue  # on the page of the cycle before, or above the first one
        said = days_on(of_cycles[cycle.number - 1])[number]
        assert said[0] == f"{event.first_date:%a} {event.first_date.day} {event.first_date:%b}"
        assert event.arrival is not None
        assert f"Come at {event.arrival:%H:%M}" in said[1], event.key


def test_ninety_nine_cycles_each_have_their_page() -> None:
    view = story().view()
    cycle = view.plan.cycles[-1]
    cycles = tuple(_shifted(cycle, number) for number in range(99))
    body = pdf(replace(view, entries=(), plan=replace(view.plan, cycles=cycles)))
    pages = pages_of(body)
    headings = [
        page.split(" ")[1] for page in pages if page.startswith("Cycle") and "Monday" in page and "Day 28" in page
    ]
    assert headings == [str(number) for number in range(1, 100)]
    assert len([each for each in alternatives(body) if each.startswith("Cycle ")]) == 99


def test_many_lanes_leave_the_windows_on_the_first_page() -> None:
    view = story().view()
    cycle = view.plan.cycles[-1]
    cycles = tuple(_shifted(cycle, number) for number in range(60))
    body = pdf(replace(view, plan=replace(view.plan, cycles=cycles)))
    first, second, *_ = pages_of(body)
    assert "Use birth control at least until Monday 3 January 2028" in first
    assert "planned, may change" in first, "what the marks mean stands before the lanes that go on"
    assert "Cycle 1 from" in first
    assert "Cycle 20 from" in second


def test_a_word_too_long_for_its_cell_is_broken_and_hides_no_other_day() -> None:
    view = of_length(28)
    entries = tuple(replace(entry, brief="x" * 400) for entry in view.entries)
    body = pdf(replace(view, entries=entries))
    assert all(left >= 0 and right <= 843 for left, right, _ in _placed(body))
    assert sorted(days_on(" ".join(pages_of(body)[1:-1]))) == list(range(1, 29))


def test_a_letter_that_no_font_has_is_marked_and_not_left_out() -> None:
    text = text_of(pdf(story().view(sheet=replace(SHEET, name="Zoë 山田 👩‍⚕️ Ωμέγα Жанна مريم"))))
    assert f"For Zoë {NO_GLYPH}{NO_GLYPH}" in text
    assert "Ωμέγα Жанна" in text


def test_marks_that_turn_the_direction_cannot_turn_a_time() -> None:
    assert shown("a\u202e10:00\u202c", SHEET.press.covered) == "a10:00"


@pytest.mark.parametrize(("large", "least"), [(False, 8.0), (True, 12.0)])
def test_no_letters_are_smaller_than_one_can_read(large: bool, least: float) -> None:  # noqa: FBT001 - a row of a table
    body = pdf(eventful().view(sheet=replace(SHEET, large_print=large)))
    assert min(size for _, _, size in _placed(body)) >= least


def test_large_print_lists_each_day_on_which_something_happens_in_letters_of_18_points() -> None:
    body = pdf(story().view(sheet=replace(SHEET, large_print=True)))
    text = " ".join(pages_of(body))
    assert "Day 8 Monday 14 December 2026 Infusion: inotuzumab ozogamicin Come at 08:30 You may leave" in text
    sizes = [round(size) for _, _, size in _placed(body)]
    assert max(set(sizes), key=sizes.count) == 18


def test_few_texts_get_large_letters_and_many_smaller_ones() -> None:
    few, many = [[("Infusion", True)]] * 28, [[("word " * 40, False)]] * 28
    assert fitted(few, 35.0, 150.0) == Fit(SIZES[0], 37.5, stacked=False)
    found = fitted([[("word " * 44, False)]] * 28, 35.0, 150.0)
    assert SIZES[0] > found.size >= SIZES[-1]
    assert 0 < found.least < 40
    assert fitted(many, 35.0, 40.0) == Fit(9.0, 0.0, stacked=False)


@pytest.mark.parametrize(
    ("head", "stacked"),
    [("Day 28 Wed 30 Dec", False), ("Día 28 mié 30 dic", False), ("اليوم 28 الأربعاء 30 ديسمبر", True)],
)
def test_the_number_of_a_day_and_its_date_stand_in_two_lines_where_one_would_break(head: str, stacked: bool) -> None:  # noqa: FBT001 - a row of a table
    for width in (33.3, 35.8):  # a day on Letter, and on A4
        assert fitted([[("Infusion", True)]] * 28, width, 150.0, len(head)).stacked is stacked


# -- What kind of file it is ----------------------------------------------------------------------------------------------


VIEWS = {
    "english": lambda: eventful().view(),
    "spanish": lambda: eventful().view(wording=SPANISH),
    "arabic": lambda: eventful().view(wording=ARABIC),
    "large": lambda: eventful().view(sheet=replace(SHEET, large_print=True)),
    "discreet": lambda: eventful().view(detail=Detail.DISCREET),
}


@pytest.mark.parametrize("name", VIEWS)
def test_it_is_tagged_pdf_ua_1_with_its_language_and_title(name: str) -> None:
    view = VIEWS[name]()
    body = pdf(view)
    root = cast("Any", reader_of(body).trailer["/Root"])
    assert "<pdfuaid:part>1</pdfuaid:part>" in root["/Metadata"].get_object().get_data().decode()
    assert root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]) == view.language
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = reader_of(body).metadata
    assert metadata is not None
    assert metadata.title == view.title
    assert all(str(page["/Tabs"]) == "/S" for page in reader_of(body).pages)


@pytest.mark.parametrize("name", VIEWS)
def test_its_structure_has_headings_in_order_tables_with_headers_and_a_text_for_each_picture(name: str) -> None:
    kinds = list(elements(pdf(VIEWS[name]())))
    levels = [int(str(each["/S"])[2:]) for each in kinds if re.fullmatch(r"/H\d", str(each["/S"]))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert all("/Alt" in each for each in kinds if str(each["/S"]) == "/Figure")
    headers = [each for each in kinds if str(each["/S"]) == "/TH"]
    assert headers
    assert all("/Scope" in str(each.get("/A")) for each in headers)


def test_a_lane_is_read_aloud_with_every_date_and_state() -> None:
    told = next(each for each in alternatives(pdf(eventful().view())) if each.startswith("Cycle 1"))
    assert told == (
        "Cycle 1 · from 7 December 2026: Day 1, Monday 7 December 2026, given; Day 8, Wednesday 16 December 2026, given, "
        "moved from 14 December 2026; Day 15, Monday 21 December 2026, not given."
    )


@pytest.mark.parametrize("name", VIEWS)
def test_every_font_is_part_of_the_file(name: str) -> None:
    fonts = list(_fonts(pdf(VIEWS[name]())))
    assert fonts
    assert all("/FontFile2" in font["/FontDescriptor"] or "/FontFile3" in font["/FontDescriptor"] for font in fonts)
    assert any("Arabic" in str(font["/BaseFont"]) for font in fonts) == (name == "arabic")


def test_arabic_letters_are_joined_and_numbers_keep_their_order() -> None:
    """Joined letters are other glyphs than single ones; read back they are the letters again."""
    text = text_of(pdf(story().view(wording=ARABIC)))
    assert NO_GLYPH not in text
    assert "555-0100" in text
    assert "08:30" in text


@pytest.mark.parametrize("name", VIEWS)
def test_it_takes_less_than_200_kilobytes(name: str) -> None:
    assert len(pdf(VIEWS[name]())) < 200_000
    assert len(pdf(story().view())) < 200_000


# -- Fonts, days and words by themselves ------------------------------------------------------------------------------------


def test_a_font_tells_which_characters_it_has() -> None:
    assert {ord("A"), ord("é"), ord("ж"), ord("س"), ord("°")} <= SHEET.press.covered
    assert not {ord("山"), 0x1F600} & SHEET.press.covered
    with pytest.raises(InvalidValue, match="no table of its characters"):
        characters(b"\0\1\0\0\0\0\0\0\0\0\0\0")


def test_long_words_get_places_to_break_and_short_ones_stay() -> None:
    assert breakable("inotuzumab ozogamicin") == "inotuzumab ozogamicin"
    assert breakable("x" * 40) == "\u200b".join(["x" * 16, "x" * 16, "x" * 8])


def test_no_date_stands_on_two_pages() -> None:
    """A dose of cycle 1 beyond cycle 2's day 1 is on the page of cycle 2, where its date is."""
    view = story().view()
    one, two, *rest = view.plan.cycles
    two = two._replace(day1=one.day1 + timedelta(days=10))
    pages = days_of(replace(view, plan=replace(view.plan, cycles=(one, two, *rest))))
    dates = [day.on for page in pages for day in (*page.earlier, *page.days, *page.later)]
    assert len(dates) == len(set(dates))
    entries = [entry.key for page in pages for day in (*page.earlier, *page.days, *page.later) for entry in day.entries]
    assert sorted(entries) == sorted(each.key for each in view.entries if each.kind is not EventKind.WINDOW)


def test_weekdays_and_lengths_of_time_in_each_language() -> None:
    assert (say_weekday(DAY1, "en"), say_weekday(DAY1, "en", short=True)) == ("Monday", "Mon")
    assert say_weekday(DAY1, "es") == "lunes"
    assert say_duration(timedelta(hours=2, minutes=30), "en") == "2 hours 30 minutes"
    assert say_duration(timedelta(hours=1), "es") == "1 hora"
    assert say_brief(DAY1, "en") == "7 Dec"


# ---------------------------------------------------------------------------------------------------------------------


def _checks(told: Any, key: str) -> tuple[str, ...]:
    checks: tuple[str, ...] = told.stamped[key].event.checks
    return checks


def _shifted(cycle: Cycle, number: int) -> Cycle:
    by = timedelta(days=28 * number)
    doses = tuple(
        dose._replace(
            id=dose.id._replace(cycle=number + 1),
            nominal=dose.nominal + by,
            date=dose.date + by if dose.date else None,
        )
        for dose in cycle.doses
    )
    return cycle._replace(
        number=number + 1,
        day1=cycle.day1 + by,
        length_days=28,
        last_day=cycle.day1 + by + timedelta(days=27),
        doses=doses,
    )


def _placed(body: bytes) -> Iterator[tuple[float, float, float]]:
    """Each piece of text: where it begins, the width of the page, and the size of its letters in points."""
    for page in reader_of(body).pages:
        found: list[tuple[float, float, float]] = []

        def visit(text: str, cm: list[float], tm: list[float], _font: object, size: float, found: Any = found) -> None:
            if text.strip():
                found.append((tm[4] * cm[0] + cm[4], tm[4] * cm[0] + cm[4], abs(size * tm[0] * cm[0])))

        page.extract_text(visitor_text=visit)
        yield from found


def _fonts(body: bytes) -> Iterator[Any]:
    for page in reader_of(body).pages:
        for font in cast("Any", page)["/Resources"].get("/Font", {}).values():
            yield from (each.get_object() for each in font.get_object()["/DescendantFonts"])
