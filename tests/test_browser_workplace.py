"""A nurse's work in a real browser, with JavaScript switched off: given, when, then."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Literal
from uuid import UUID

import httpx
import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from scheduler.actions import Given
from tests.web_site import NEW, PASSWORD, Web

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE, NARROW, DESK = 390, 320, 1280


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield started
        started.close()


@contextmanager
def window(
    browser: Browser, web: Web, width: int = DESK, scheme: Literal["light", "dark"] = "light", *, script: bool = False
) -> Iterator[Page]:
    """A page in a fresh browser window."""
    context = browser.new_context(
        base_url=web.url,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        java_script_enabled=script,
        locale="en-US",
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    yield page
    context.close()


def sign_in(page: Page, name: str = "alice") -> None:
    page.goto("/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1, name="Today")).to_be_visible()


def a_course(web: Web, patient: str) -> UUID:
    course = web.course(patient)
    web.record(course, Given(cycle=1, day=1, on=date(2026, 12, 7)))
    return course


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_nurse_defers_day_8_makes_a_calendar_and_signs_out(browser: Browser, web: Web, width: int) -> None:
    patient = f"Bob Example {width}"
    course = a_course(web, patient)
    hosts: set[str] = set()

    def note(request: Request) -> None:
        hosts.add(httpx.URL(request.url).host)

    with window(browser, web, width) as page:
        page.on("request", note)
        sign_in(page)
        page.get_by_label("Find a patient").fill(patient)
        page.keyboard.press("Enter")
        page.get_by_role("link", name=patient, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(patient)

        page.get_by_role("link", name="Move cycle 1 day 8", exact=True).click()
        expect(page.get_by_label("Dose to move")).to_have_value("1-8")
        type_date(page, "New date", "2026-12-15")
        page.get_by_role("group", name="New date").get_by_role(
            "button", name="+1 day"
        ).click()  # without a script the form comes back
        expect(page.get_by_role("group", name="New date")).to_contain_text("Wednesday")
        page.get_by_role("button", name="Preview the change").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
        row = page.get_by_role("row", name="Cycle 1 day 8")
        expect(row).to_contain_text("Mon 14 Dec 2026")
        expect(row).to_contain_text("Wed 16 Dec 2026")
        expect(page.get_by_text("A mail about the change of")).to_be_visible()
        assert web.load(course).revision == 1
        page.get_by_role("button", name="Record it").click()

        expect(page.get_by_role("status")).to_contain_text(
            "Recorded as entry 2: Cycle 1 day 8 moved to Wed 16 Dec 2026"
        )
        expect(page.get_by_role("row", name=re.compile("^Day 8 Wed 16 Dec 2026"))).to_be_visible()
        assert web.load(course).revision == 2

        page.get_by_role("link", name="Make a calendar address").click()
        page.get_by_label("Whose device is it?").fill("Bob's phone")
        page.get_by_label("Full: drug, cycle and day").check()
        page.get_by_role("button", name="Make the address").click()
        address = page.get_by_role("main").get_by_role("code").inner_text()
        assert "DTSTART;TZID=America/New_York:20261216T090000" in httpx.get(address).text

        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("status")).to_have_text("You are signed out.")
        page.goto(f"/courses/{course}")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert hosts == {"127.0.0.1"}


def test_a_nurse_starts_a_course_after_seeing_its_whole_calendar(browser: Browser, web: Web) -> None:
    with window(browser, web) as page:
        sign_in(page)
        page.get_by_role("navigation").get_by_role("link", name="Start a course").click()
        page.get_by_role("main").get_by_role("link", name="Inotuzumab ozogamicin", exact=True).click()
        page.get_by_label("Patient's name or code").fill("Berta Example")
        type_date(page, "Day 1 of cycle 1", "2026-12-21")
        page.get_by_role("button", name="Check it, then start").click()
        expect(page.get_by_role("alert")).to_contain_text("The patient is breastfeeding: choose an answer.")
        for question, answer in (
            ("The patient can become pregnant", "Applies: show"),
            ("The patient has a partner who can become pregnant", "Does not apply"),
            ("The patient is breastfeeding", "Does not apply"),
        ):
            page.get_by_role("radiogroup", name=question).get_by_label(answer).check()
        expect(page.get_by_label("Patient's name or code")).to_have_value("Berta Example")
        page.get_by_role("button", name="Check it, then start").click()
        expect(page.get_by_role("row", name=re.compile("^Day 1 Mon 21 Dec 2026"))).to_be_visible()
        page.get_by_role("button", name="Start the course").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Berta Example")


def test_a_dose_is_recorded_with_the_keyboard_alone(browser: Browser, web: Web) -> None:
    course = a_course(web, "Karl Example")
    with window(browser, web) as page:
        sign_in(page)
        page.goto(f"/courses/{course}")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        press_until(page, "Tab", lambda: focused(page) == "Dose given")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Dose given")
        expect_date(page, "Given on", "2026-12-14")
        press_until(page, "Tab", lambda: focused(page) == "Preview the change")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
        press_until(page, "Tab", lambda: focused(page) == "Record it")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Cycle 1 day 8 given on Mon 14 Dec 2026")


def test_with_a_script_the_buttons_set_a_date_within_the_page(browser: Browser, web: Web) -> None:
    course = a_course(web, "Doris Example")
    with window(browser, web, script=True) as page:
        sign_in(page)
        page.goto(f"/courses/{course}/record/away")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if "/static/" not in request.url else None)
        first, last = (page.get_by_role("group", name=name) for name in ("First day away", "Last day away"))
        type_date(page, "First day away", "2028-02-28")
        expect(first).to_contain_text("Monday")
        first.get_by_role("button", name="+1 day").click()
        expect_date(page, "First day away", "2028-02-29")
        expect(first).to_contain_text("Tuesday")
        last.get_by_role("button", name="+7 days").click()
        expect_date(page, "Last day away", "2026-12-21")  # nothing stood there, so from today
        first.get_by_role("button", name="Today").click()
        expect_date(page, "First day away", "2026-12-14")
        first.get_by_label("Year").fill("26")
        expect(first.get_by_role("status")).to_have_text("")
        assert sent == []
        first.get_by_label("Year").fill("2026")
        first.get_by_label("Year").press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")


def type_date(page: Page, label: str, iso: str) -> None:
    """Types the date into the three boxes of the field."""
    field = page.get_by_role("group", name=label)
    year, month, day = iso.split("-")
    field.get_by_label("Day").fill(day.lstrip("0"))
    field.get_by_label("Month").select_option(month.lstrip("0"))
    field.get_by_label("Year").fill(year)


def expect_date(page: Page, label: str, iso: str) -> None:
    """The field's three boxes hold this date, once the page that a button asked for is there."""
    field = page.get_by_role("group", name=label)
    for box, part in zip(("Year", "Month", "Day"), iso.split("-"), strict=True):
        expect(field.get_by_label(box)).to_have_value(part.lstrip("0"))


def test_a_record_is_undone_and_a_remark_acknowledged_with_the_keyboard_alone(browser: Browser, web: Web) -> None:
    course = web.course("Kira Example")  # whose first dose is a week overdue
    with window(browser, web, PHONE) as page:
        sign_in(page)
        page.goto(f"/courses/{course}")
        press_until(page, "Tab", lambda: focused(page).startswith("Acknowledge"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Stored: acknowledged.")
        expect(page.get_by_text("Acknowledged: 1")).to_be_visible()
        page.goto(f"/courses/{course}")
        press_until(page, "Tab", lambda: focused(page) == "Move a dose")
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Preview the change")).to_be_visible()
        press_until(page, "Tab", lambda: focused(page).startswith("+7 days"))
        page.keyboard.press("Enter")
        expect_date(page, "New date", "2026-12-14")
        press_until(page, "Tab", lambda: focused(page) == "Preview the change")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
        press_until(page, "Tab", lambda: focused(page) == "Record it")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Cycle 1 day 1 moved to Mon 14 Dec 2026")
        press_until(page, "Tab", lambda: focused(page).startswith("Undo"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("row", name="Cycle 1 day 1 ").first).to_contain_text("Mon 7 Dec 2026")
        press_until(page, "Tab", lambda: focused(page) == "Record it")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Entry 1 taken back")
        assert [entry.stands for entry in web.load(course).entries] == [False, True]


def press_until(page: Page, key: str, reached: Callable[[], bool]) -> None:
    for _ in range(40):
        page.keyboard.press(key)
        if reached():
            return
    pytest.fail(f"not reached with 40 times {key}; at {focused(page)!r}")


def focused(page: Page) -> str:
    """The words of what has the focus, asked in one go: the page may be about to change."""
    return str(page.evaluate("document.querySelector(':focus')?.innerText?.trim() ?? ''"))


@pytest.mark.parametrize("width", [NARROW, PHONE, 768, DESK])
def test_no_page_scrolls_sideways(browser: Browser, web: Web, width: int) -> None:
    course = a_course(web, "A patient with averyveryverylongnamethatnobodycanbreakanywhere-Example")
    paths = [
        "/",
        "/courses/new",
        NEW,
        f"/courses/{course}",
        f"/courses/{course}/record",
        f"/courses/{course}/feeds/new",
    ]
    paths += [f"/courses/{course}/record/{kind}" for kind in ("given", "defer", "void", "audience")]
    with window(browser, web, width, script=True) as page:
        sign_in(page)
        for path in paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        page.goto(f"/courses/{course}/record/omit?dose=1-15")
        page.get_by_role("button", name="Preview the change").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(browser: Browser, web: Web, scheme: Literal["light", "dark"]) -> None:
    course = a_course(web, f"Konrad Example {scheme}")
    with window(browser, web, scheme=scheme, script=True) as page:
        sign_in(page)
        for path in ("/", f"/courses/{course}", f"/courses/{course}/record/defer", "/courses/new", NEW):
            page.goto(path)
            assert page.evaluate(FAINT_TEXT) == [], path
        page.goto(f"/courses/{course}/record/omit?dose=1-15")
        page.get_by_role("button", name="Preview the change").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Is this right?")
        assert page.evaluate(FAINT_TEXT) == []


# Every element with text of its own whose contrast with the nearest ground behind it is below 4.5 (WCAG 1.4.3).
FAINT_TEXT = """() => {
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = numbers(colour).slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      const parts = numbers(colour);
      if (parts.length < 4 || parts[3] === 1) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(element.textContent.trim().slice(0, 40));
  }
  return faint;
}"""


def test_the_calendar_beside_the_form_follows_the_keys_and_is_the_servers_own(browser: Browser, web: Web) -> None:
    with window(browser, web, script=True) as page:
        sign_in(page)
        page.goto("/courses/new?regimen=inotuzumab-ozogamicin")
        sketch = page.get_by_role("region", name="The calendar so far")
        expect(sketch).to_contain_text("It shows as soon as day 1 stands in the form.")
        expect(page.get_by_role("button", name="Show the calendar")).to_be_hidden()
        type_date(page, "Day 1 of cycle 1", "2026-12-21")
        expect(sketch).to_contain_text("6 cycles, Mon 21 Dec 2026 to Sun 30 May 2027")
        page.get_by_role("radio", name="A stem cell transplant follows").check()
        expect(sketch).to_contain_text("2 cycles, Mon 21 Dec 2026")
        page.get_by_role("group", name="Day 1 of cycle 1").get_by_role("button", name="+7 days").click()
        expect(sketch).to_contain_text("2 cycles, Mon 28 Dec 2026")
        page.get_by_role("textbox", name="Day", exact=True).fill("32")
        expect(sketch).to_contain_text("is not a date")
        page.get_by_label("The patient is under 18").check()
        expect(page.get_by_label("Guardian's name")).to_be_visible()


def test_what_is_printed_says_who_decides_but_for_the_sheet_that_a_patient_takes_along(
    browser: Browser, web: Web
) -> None:
    course = a_course(web, "Petra Example")
    with window(browser, web) as page:
        sign_in(page)
        page.emulate_media(media="print")
        for path in ("/", f"/courses/{course}"):
            page.goto(path)
            expect(page.get_by_text("A planning aid: the treating team decides")).to_be_visible()
        page.goto(f"/courses/{course}/hand-over")
        page.emulate_media(media="screen")
        page.locator("input[name=detail]").first.check()
        page.get_by_role("button", name="Make the addresses").click()
        page.emulate_media(media="print")
        expect(page.locator(".handover")).to_be_visible()
        expect(page.get_by_text("A planning aid: the treating team decides")).to_be_hidden()
