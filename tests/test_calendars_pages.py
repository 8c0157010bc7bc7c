"""The page and the picture: what they show, to eyes and to screen readers, on a phone and on a desk."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser, sync_playwright

from calendars import FORMATS
from calendars.lanes import doses_of
from calendars.shapes import Mark, mark_of
from calendars.view import CalendarView, ClinicCard, Detail
from scheduler.actions import CeaseCause, CycleLength, Defer, Given
from scheduler.dose_id import DoseId
from tests.calendar_plans import DAY1, WORDINGS, ceased, eventful, story

SVG = "{http://www.w3.org/2000/svg}"


def html(view: CalendarView) -> str:
    return FORMATS["html"].render(view).decode()


def svg(view: CalendarView) -> ET.Element:
    return ET.fromstring(FORMATS["svg"].render(view))


def agenda(view: CalendarView) -> str:
    return FORMATS["text"].render(view).decode()


class Tags(HTMLParser):
    """The start tags of a page with their attributes, and an AssertionError for one that is not closed."""

    VOID = ("meta", "link", "br", "img")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


# -- The page -------------------------------------------------------------------------------------------------------------


def test_each_month_is_a_real_table_with_headers_and_a_caption() -> None:
    page = html(story().view())
    tags = Tags(page)
    months = len(tags.named("table"))
    assert months == 8, "six months of visits, and the month of each window"
    assert len(tags.named("caption")) == months
    heads = tags.named("th")
    assert len(heads) == 7 * months
    assert {head["scope"] for head in heads} == {"col"}
    assert heads[0]["abbr"] == "Monday"
    assert "<caption>17 dates in December 2026</caption>" in page


def test_the_page_needs_nothing_from_elsewhere() -> None:
    page = html(eventful().view())
    tags = Tags(page)
    assert not tags.named("script")
    assert not tags.named("link")
    assert not tags.named("img")
    assert "http" not in page
    assert {"name": "referrer", "content": "no-referrer"} in tags.named("meta")
    assert tags.named("html") == [{"lang": "en", "dir": "ltr"}]


def test_a_month_without_an_entry_is_left_out() -> None:
    headings = re.findall(r"<h2>([^<]+)</h2>", html(story().view()))
    assert headings[-3:] == ["July 2027", "January 2028", "Good to know"]


def test_a_day_shows_when_to_come_where_it_moved_from_and_what_may_change() -> None:
    page = html(eventful().view())
    assert "come at 08:30" in page
    assert "moved from 14 Dec, 09:00" in page
    assert "(may change)" in page
    discreet = html(eventful().view(detail=Detail.DISCREET))
    assert '<div class="note">may change</div>' in discreet


def test_a_cancelled_entry_says_so_in_words() -> None:
    assert "Cancelled: Infusion: inotuzumab ozogamicin, cycle 1 day 15" in html(eventful().view())


# -- The picture ------------------------------------------------------------------------------------------------------------


def letters(root: ET.Element) -> list[str]:
    """The letters in the lanes and in the legend, from the top."""
    return [text.text or "" for text in root.iter(f"{SVG}text") if text.get("data-letter") is not None]


def test_a_lane_for_each_cycle_a_letter_for_each_dose() -> None:
    root = svg(eventful().view())
    found = "".join(letters(root))
    assert found.startswith("GGN" + "MPP" + "PPP" + "PPP" + "PTT" + "TTT")
    assert found[18:] == "PPMGNT", "the legend explains those that occur"
    lanes = [text.text for text in root.iter(f"{SVG}text") if (text.text or "").startswith("Cycle ")]
    assert len(lanes) == 6
    assert lanes[0] == "Cycle 1 · from 7 December 2026"
    assert lanes[5] == "Cycle 6 · dates to be arranged"


def test_shapes_tell_the_states_apart_without_colour_and_without_letters() -> None:
    root = svg(eventful().view())
    shapes: dict[str, set[tuple[str | None, ...]]] = {}
    for element in root.iter():
        if mark := element.get("data-mark"):
            sides = str(len((element.get("points") or "").split()))
            look = (element.tag, sides, element.get("fill"), element.get("stroke-dasharray"))
            shapes.setdefault(mark, set()).add(look)
    assert {mark: len(looks) for mark, looks in shapes.items()} == dict.fromkeys(shapes, 1)
    assert shapes.keys() == {"planned", "tentative", "moved", "given", "omitted", "held"}
    alone = [next(iter(looks)) for mark, looks in shapes.items() if mark != "moved"]
    assert len(set(alone)) == len(alone), "a moved dose has its arrow"


def test_an_arrow_leads_from_the_nominal_date_to_each_moved_dose() -> None:
    arrows = [
        element for element in svg(eventful().view()).iter(f"{SVG}polygon") if element.get("data-arrow") is not None
    ]
    assert len(arrows) == 3, "day 8 of cycle 1, day 1 of cycle 2, and the legend"


@pytest.mark.parametrize(
    ("to", "because"),
    [
        (date(2026, 12, 15), "one day later: the mark covers where it came from"),
        (date(2026, 12, 13), "one day earlier"),
        (date(2026, 12, 12), "two days earlier"),
        (date(2026, 12, 20), "six days later"),
    ],
)
def test_every_move_has_its_arrow(to: date, because: str) -> None:
    told = story(actions=(Given(cycle=1, day=1, on=DAY1), Defer(cycle=1, day=8, to=to)))
    assert svg(told.view()).find(f".//{SVG}polygon[@data-arrow]") is not None, because


def test_the_description_says_in_words_what_the_picture_shows() -> None:
    root = svg(eventful().view())
    title, described = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert described is not None
    assert title.text == "Treatment calendar"
    said = described.text or ""
    assert "Cycle 1 · from 7 December 2026: Day 1, Monday 7 December 2026, given;" in said
    assert "Day 8, Wednesday 16 December 2026, given, moved from 14 December 2026;" in said
    assert "Day 15, to be arranged" in said
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {described.get('id')}"


def test_a_cycle_of_which_no_dose_stands_gives_no_start() -> None:
    lanes = [text.text for text in svg(ceased(CeaseCause.TOXICITY).view()).iter(f"{SVG}text")]
    assert "Cycle 2 · cancelled" in lanes


def test_nothing_lies_outside_the_frame() -> None:
    far = story(
        actions=(
            Given(cycle=1, day=1, on=DAY1),
            Defer(cycle=1, day=8, to=date(2027, 1, 20), reason="late"),
            Defer(cycle=2, day=1, to=date(2027, 3, 1), reason="late"),
            CycleLength(cycle=3, days=60, reason="long"),
        )
    )
    for told in (eventful(), far, ceased(CeaseCause.TOXICITY)):
        root = svg(told.view(clinic=ClinicCard()))
        _, _, width, height = map(float, (root.get("viewBox") or "").split())
        for element in root.iter():
            for name, most in (("x", width), ("cx", width), ("x2", width), ("y", height), ("cy", height)):
                assert 0 <= float(element.get(name, "0")) <= most


def test_the_time_of_staying_and_the_windows_are_shaded_and_explained() -> None:
    root = svg(story().view())
    stays = [each for each in root.iter(f"{SVG}rect") if each.get("data-stay") is not None]
    assert len(stays) == 18 + 1, "each dose, and the legend"
    bars = [each for each in root.iter(f"{SVG}rect") if each.get("data-window") is not None]
    short, long = (float(each.get("width") or 0) for each in bars)
    assert round(long / short) == 4, "8 months and 2 months from the same last dose"
    assert all(each.get("stroke-dasharray") for each in bars), "they may move later"
    said = " ".join(each.text or "" for each in root.iter(f"{SVG}text"))
    assert "shaded: you stay for a while after the infusion" in said
    assert "shaded: from the last infusion on" in said
    for detail in (Detail.DISCREET, Detail.BUSY):
        root = svg(story().view(detail=detail))
        assert not [each for each in root.iter(f"{SVG}rect") if each.get("data-window") is not None]


def test_the_bar_of_a_final_window_has_a_whole_line() -> None:
    root = svg(ceased(CeaseCause.TOXICITY).view())
    bars = [each for each in root.iter(f"{SVG}rect") if each.get("data-window") is not None]
    assert bars
    assert not any(each.get("stroke-dasharray") for each in bars)


def test_a_picture_has_no_style_since_pages_refuse_one() -> None:
    for detail in Detail:
        root = svg(eventful().view(detail=detail))
        assert not [each for each in root.iter() if each.get("style") is not None or each.tag == f"{SVG}style"]


def test_in_arabic_time_runs_from_the_right() -> None:
    def places(language: str) -> list[float]:
        marks = (each for each in svg(story().view(wording=WORDINGS[language])).iter() if each.get("data-mark"))
        return [float(each.get("cx", "0")) for each in marks][:3]

    assert places("en") == sorted(places("en"))
    assert places("ar") == [390 - x for x in places("en")]


def test_doses_of_one_day_share_a_mark_and_near_ones_stand_in_rows() -> None:
    view = story().view()
    first = view.plan.cycles[0]
    daily = tuple(
        first.doses[0]._replace(
            id=DoseId(1, day), nominal=DAY1 + timedelta(days=day - 1), date=DAY1 + timedelta(days=day - 1)
        )
        for day in range(1, 29)
        for _ in range(10)
    )
    cycle = first._replace(length_days=84, last_day=DAY1 + timedelta(days=83), doses=daily)
    root = svg(replace(view, plan=replace(view.plan, cycles=(cycle,))))
    marks = [each for each in root.iter() if each.get("data-mark")]
    places = [(float(each.get("cx", "0")), float(each.get("cy", "0"))) for each in marks[:28]]
    assert len(marks) == 28 + 1, "one for each day, and the legend"
    for number, (x, y) in enumerate(places):
        assert all(abs(x - other) >= 46 for other, row in places[:number] if row == y)


def test_drugs_of_one_visit_that_moved_together_share_a_mark_with_its_arrow() -> None:
    """The first drug's day 1 is moved; the others lie on it, wherever that is: to a patient it is one visit."""
    view = story().view()
    first = view.plan.cycles[0]
    moved = first.doses[0]._replace(nominal=DAY1 - timedelta(days=3))
    cycle = first._replace(doses=(moved, first.doses[0], *first.doses[1:]))
    shown = doses_of(cycle)
    assert [dose.date for dose in shown] == [dose.date for dose in first.doses]
    assert [mark_of(dose) for dose in shown][:2] == [Mark.MOVED, Mark.PLANNED]
    assert doses_of(first._replace(doses=(first.doses[0], moved)))[0] == shown[0], "in whichever order"


def test_doses_before_day_1_lie_before_it() -> None:
    view = story().view()
    first = view.plan.cycles[0]
    before = first.doses[0]._replace(nominal=DAY1 - timedelta(days=3), date=DAY1 - timedelta(days=3))
    cycle = first._replace(doses=(before, *first.doses))
    root = svg(replace(view, plan=replace(view.plan, cycles=(cycle, *view.plan.cycles[1:]))))
    places = [float(each.get("cx", "0")) for each in root.iter() if each.get("data-mark")]
    assert places[0] == 44, "the earliest dose is where lanes begin"
    assert places[1] == places[4] > places[0], "day 1 lies below day 1"


# -- The agenda -------------------------------------------------------------------------------------------------------------


def test_the_agenda_is_narrow_and_says_the_same() -> None:
    text = agenda(eventful().view())
    assert max(map(len, text.splitlines())) <= 78
    assert text.startswith("Treatment calendar\n==================\nRiverside Day Clinic\n")
    assert "Monday 7 December 2026, 09:00 to 10:00: Infusion" in text
    assert "    Moved by your team from Monday 14 December 2026, 09:00.\n" in text
    assert "- Bring the written list of all your medicines" in text


def test_the_busy_agenda_is_dates_and_times_alone() -> None:
    text = agenda(eventful().view(detail=Detail.BUSY))
    assert "\nMonday 7 December 2026, 09:00 to 10:00\n" in text


# -- In a real browser --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.mark.parametrize("width", [320, 390, 768, 960, 1280])
@pytest.mark.parametrize("detail", Detail)
def test_the_page_fits_any_screen_and_shows_one_of_table_and_list(
    browser: Browser, tmp_path: Path, width: int, detail: Detail
) -> None:
    file = tmp_path / "page.html"
    clinic = ClinicCard(name="Donaudampfschifffahrtsgesellschaft" * 3, phone="555-0100 " * 20)
    file.write_bytes(FORMATS["html"].render(eventful().view(detail=detail, clinic=clinic)))
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("table").first.is_visible() == (width >= 960)
    assert page.locator("ol.list").first.is_visible() == (width < 960)
    page.close()


def test_the_pictures_text_is_at_least_12_pixels_high_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(f'<!doctype html><body style="margin:0">{FORMATS["svg"].render(eventful().view()).decode()}')
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(file.as_uri())
    sizes = page.evaluate(
        "[...document.querySelectorAll('text')].map(t => t.getCTM().a * parseFloat(getComputedStyle(t).fontSize))"
    )
    assert min(sizes) >= 12
    outside = page.evaluate(
        "[...document.querySelectorAll('text')].filter(t => {const b = t.getBoundingClientRect();"
        " return b.left < 0 || b.right > 390}).map(t => t.textContent)"
    )
    assert outside == []
    page.close()


def test_printed_the_page_shows_tables_and_six_cycles_take_at_most_8_sheets(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_bytes(FORMATS["html"].render(story().view()))
    page = browser.new_page()
    page.goto(file.as_uri())
    sheets = page.pdf(format="A4", prefer_css_page_size=True)
    assert 1 < len(re.findall(rb"/Type /Page\b", sheets)) <= 8
    page.emulate_media(media="print")
    assert page.locator("table").first.is_visible()
    assert not page.locator("ol.list").first.is_visible()
    page.close()


def test_the_days_of_keeping_are_counted_in_the_clinics_dates() -> None:
    told = eventful()
    last = told.stamped["c1d15/infusion"].event.first_date + timedelta(days=30)
    assert "Cancelled: Infusion" in agenda(told.view(today=last))
