"""What patients see on a screen, in a real browser: in every language, on a telephone and on a desk, light and dark.

The made-up language of `tests.pseudo` is 40 % longer than English: no text may be cut or push a page sideways.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from email import message_from_bytes
from email.policy import default
from itertools import product
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import uvicorn
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, Request, sync_playwright

from calendars import FORMATS
from calendars.view import Detail
from reminders.message import render
from scheduler.actions import CeaseCause, Defer
from service.courses import record, start_course
from service.messages import list_messages
from service.page_links import new_link
from service.prints import print_course
from service.rendering import Look
from service.unsubscribing import unsubscribe_address
from service.wiring import App
from tests.calendar_plans import INOTUZUMAB, WORDINGS, ceased, eventful, story
from tests.pseudo import LANGUAGE, pseudo, untranslated
from tests.stores import NURSE, Clock, bob, make_app
from tests.test_browser_every_page import AXE_OPTIONS, RUN_AXE
from tests.test_reminders_mail import CLINIC, MAILS
from web.app import create_app

ALL = WORDINGS | {LANGUAGE: pseudo()}
WIDTHS = (320, 390, 768, 1280)
TABLE_FROM = 960
# A text is cut when it is wider or higher than the box that shows it, or lies beside the screen.
CUT = """() => [...document.querySelectorAll('body *')].filter(e => {
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  if (!box.width || style.clipPath !== 'none' || !e.innerText || e.tagName === 'CAPTION') return false;
  const wide = style.display !== 'inline' && e.scrollWidth > e.clientWidth + 1;
  const high = style.overflowY !== 'visible' && e.scrollHeight > e.clientHeight + 1;
  return wide || high || box.left < -1 || box.right > innerWidth + 1;
}).map(e => e.tagName + ' ' + e.className + ': ' + e.innerText.slice(0, 60))"""


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    """How a page looks hangs on no database; what it says is asked for on both kinds by `test_service_pages`."""
    return sqlite_url


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@contextmanager
def opened(browser: Browser, address: str, width: int, scheme: Literal["light", "dark"] = "light") -> Iterator[Page]:
    """A page as somebody opens it, from a file or from an address; nothing may be fetched from elsewhere.

    All share one window, since a new one costs more than what is looked at in it; its cookies go each time.
    """
    page = browser.contexts[0].pages[0] if browser.contexts else browser.new_context().new_page()
    page.context.clear_cookies()
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(media="screen", color_scheme=scheme)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(address)
    yield page
    page.remove_listener("request", note)
    assert {url.split("/")[2] for url in asked} <= {"", address.split("/")[2]}, asked


def assert_nothing_is_cut(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CUT) == []


def violations(page: Page) -> list[Any]:
    page.evaluate(AXE_SCRIPT)
    found: list[Any] = page.evaluate(RUN_AXE, AXE_OPTIONS)
    return found


def month_page(folder: Path, language: str, detail: Detail = Detail.FULL) -> str:
    file = folder / f"{language}.html"
    file.write_bytes(FORMATS["html"].render(eventful().view(wording=ALL[language], detail=detail)))
    return file.as_uri()


# -- The month page --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ALL)
def test_the_month_page_fits_and_is_accessible_in_every_language(
    browser: Browser, tmp_path: Path, language: str, width: int
) -> None:
    with opened(browser, month_page(tmp_path, language), width) as page:
        assert_nothing_is_cut(page, width)
        assert language == LANGUAGE or width == 390 or violations(page) == []
        assert page.locator("table").first.is_visible() == (width >= TABLE_FROM)
        assert page.locator("ol.list").first.is_visible() == (width < TABLE_FROM)


@pytest.mark.parametrize("width", [320, 1280])
def test_the_month_page_is_accessible_in_the_dark(browser: Browser, tmp_path: Path, width: int) -> None:
    with opened(browser, month_page(tmp_path, "ar"), width, "dark") as page:
        assert violations(page) == []
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 23, 27)"


@pytest.mark.parametrize("detail", [Detail.DISCREET, Detail.BUSY])
def test_the_neutral_month_pages_are_accessible_too(browser: Browser, tmp_path: Path, detail: Detail) -> None:
    for width in (320, 1280):
        with opened(browser, month_page(tmp_path, "es", detail), width) as page:
            assert_nothing_is_cut(page, width)
            assert violations(page) == []


def test_printed_from_a_dark_screen_the_month_page_is_black_on_white(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, month_page(tmp_path, "es"), 390, "dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert page.locator("table").first.is_visible()
        assert not page.locator("ol.list").first.is_visible()
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 43, 51)"


def test_an_arabic_month_runs_from_the_right(browser: Browser, tmp_path: Path) -> None:
    with opened(browser, month_page(tmp_path, "ar"), 1280) as page:
        heads = page.locator("table").first.locator("th")
        first, last = heads.first.bounding_box(), heads.last.bounding_box()
        assert first is not None
        assert last is not None
        assert first["x"] > last["x"]
        assert heads.first.get_attribute("abbr") == "الاثنين"


# A telephone's number as its signs stand on the screen, from the left.
SEEN = """() => {
  const text = [...document.querySelectorAll('.guide li')].map(e => e.firstChild).find(n => n.data.includes('555-0100'));
  const from = text.data.indexOf('555-0100'), places = [];
  for (let i = from; i < from + 8; i++) {
    const range = document.createRange(); range.setStart(text, i); range.setEnd(text, i + 1);
    places.push([range.getBoundingClientRect().left, text.data[i]]);
  }
  return places.sort((a, b) => a[0] - b[0]).map(place => place[1]).join('');
}"""


@pytest.mark.parametrize("language", WORDINGS)
def test_a_telephone_number_is_seen_in_the_order_in_which_it_is_dialled(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    with opened(browser, month_page(tmp_path, language), 1280) as page:
        assert page.evaluate(SEEN) == "555-0100"


def test_without_isolates_an_arabic_sentence_would_turn_the_number_round(browser: Browser, tmp_path: Path) -> None:
    """So that nobody takes the isolates out as needless."""
    file = tmp_path / "page.html"
    page_of = FORMATS["html"].render(eventful().view(wording=WORDINGS["ar"])).decode()
    file.write_text(page_of.replace("\u2068", "").replace("\u2069", ""), encoding="utf-8")
    with opened(browser, file.as_uri(), 1280) as page:
        assert page.evaluate(SEEN) == "0100-555"


# -- Mails -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("language", ALL)
def test_a_mail_fits_any_screen_in_every_language(browser: Browser, tmp_path: Path, language: str, width: int) -> None:
    facts = MAILS["every change"]
    address = "https://dates.example/u/" + "A" * 60
    facts = replace(facts, envelope=replace(facts.envelope, unsubscribe=address))
    part = message_from_bytes(render(facts, ALL[language], CLINIC), policy=default).get_body(("html",))
    assert part is not None
    file = tmp_path / "mail.html"
    file.write_text(part.get_content(), encoding="utf-8")
    with opened(browser, file.as_uri(), width) as page:
        assert_nothing_is_cut(page, width)
        assert width != 320 or violations_of_content(page) == []


def violations_of_content(page: Page) -> list[Any]:
    """A mail is shown inside a mail program, whose page has the landmarks and the first heading."""
    frame = {"region", "page-has-heading-one", "landmark-one-main"}
    return [each for each in violations(page) if each[0] not in frame]


# -- Pages behind addresses of their own ---------------------------------------------------------------------------------------


@contextmanager
def served(app: App) -> Iterator[str]:
    """The address of the pages of `app`, over real HTTP."""
    server = uvicorn.Server(uvicorn.Config(create_app(app), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@dataclass(frozen=True, slots=True)
class Clinic:
    """The pages of a clinic with a patient who reads `language`."""

    app: App
    course: UUID
    site: str

    def look(self, browser: Browser, address: str, language: str, *, clicks: int = 0) -> None:
        """Looks at the page on three screens, and again after each click on its button."""
        found = urlsplit(address)
        place = self.site + found.path + (f"?{found.query}" if found.query else "")
        for width in (320, 390, 1280):
            with opened(browser, place, width) as page:
                for click in range(clicks + 1):
                    said = [page.title(), page.locator("body").inner_text()]
                    assert language != LANGUAGE or untranslated(said, names=SAID_IN_ALL) == set()
                    assert page.locator("html").get_attribute("lang") == language
                    assert_nothing_is_cut(page, width)
                    assert width != 320 or violations(page) == []
                    if click < clicks:
                        page.get_by_role("button").click()


SETTINGS = {"INFUSIONS_CLINIC__PHONE": "+1 212 555 0100", "INFUSIONS_CLINIC__NAME": "Example clinic"}
# Languages call themselves what they are called; programs and their places have one name.
SAID_IN_ALL = ["Example clinic", INOTUZUMAB.name, INOTUZUMAB.ranked[0].name, "English", "español", "lietuvių"]
PROGRAMS = [
    "iPhone, iPad",
    "Android",
    "Google Calendar",
    "Outlook",
    "Thunderbird",
    "ICSx5",
    "calendar.google.com https",
]


@pytest.fixture(params=ALL)
def language(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture
def clinic(engine: Any, clock: Clock, language: str) -> Iterator[Clinic]:
    app = replace(make_app(engine, clock, SETTINGS), wordings=ALL)
    course = start_course(app, replace(bob(), language=language), by=NURSE)
    with served(app) as site:
        yield Clinic(app, course, site)


def test_the_page_that_stops_mails_fits_before_and_after(browser: Browser, clinic: Clinic, language: str) -> None:
    address = unsubscribe_address(clinic.app, list_messages(clinic.app, clinic.course)[0])
    clinic.look(browser, address, language, clicks=2)


def test_the_page_behind_a_sheets_code_fits_while_it_holds_and_when_it_is_out_of_date(
    browser: Browser, clinic: Clinic, language: str
) -> None:
    made = print_course(clinic.app, clinic.course, Look(language=language), by=NURSE)
    clinic.look(browser, made.address, language)
    record(clinic.app, clinic.course, Defer(cycle=1, day=1, to=date(2026, 12, 8)), by=NURSE)
    clinic.look(browser, made.address, language)


@pytest.mark.parametrize("view", ["list", "months", "picture"])
def test_the_patients_page_fits_in_every_language(browser: Browser, clinic: Clinic, language: str, view: str) -> None:
    made = new_link(clinic.app, clinic.course, name="phone", detail=Detail.FULL, language=language, by=NURSE)
    record(clinic.app, clinic.course, Defer(cycle=1, day=1, to=date(2026, 12, 8)), by=NURSE)
    clinic.look(browser, f"{made.address}?view={view}", language)


def test_the_patients_calendar_address_fits_in_every_language(browser: Browser, clinic: Clinic, language: str) -> None:
    made = new_link(clinic.app, clinic.course, name="phone", detail=Detail.DISCREET, language=language, by=NURSE)
    for width in (320, 1280):
        with opened(browser, clinic.site + urlsplit(made.address).path, width) as page:
            page.locator("summary").nth(2).click()
            page.locator("form[action$=calendar] button").click()
            page.wait_for_selector("code")
            said = [page.title(), page.locator("body").inner_text().replace(page.locator("code").inner_text(), "")]
            assert language != LANGUAGE or untranslated(said, names=(*SAID_IN_ALL, *PROGRAMS)) == set()
            assert_nothing_is_cut(page, width)
            assert width != 320 or violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_patients_page_is_accessible_with_everything_open(
    browser: Browser, engine: Any, clock: Clock, scheme: Literal["light", "dark"]
) -> None:
    app = make_app(engine, clock, SETTINGS)
    made = new_link(app, start_course(app, bob(), by=NURSE), name="phone", detail=Detail.FULL, language="ar", by=NURSE)
    with served(app) as site, opened(browser, site + urlsplit(made.address).path, 320, scheme) as page:
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert violations(page) == []
        assert_nothing_is_cut(page, 320)


def test_the_patients_page_is_used_by_keyboard_alone(browser: Browser, engine: Any, clock: Clock) -> None:
    """Opens the choices, changes the level, and makes a calendar address, without a pointer and without a script."""
    app = make_app(engine, clock, SETTINGS)
    made = new_link(app, start_course(app, bob(), by=NURSE), name="phone", detail=Detail.FULL, language="en", by=NURSE)
    with served(app) as site:
        context = browser.new_context(viewport={"width": 360, "height": 800}, java_script_enabled=False)
        page = context.new_page()
        page.goto(site + urlsplit(made.address).path)
        press_until(page, "How this page looks")
        page.keyboard.press("Enter")
        press_until(page, "full")
        page.keyboard.press("ArrowUp")
        press_until(page, "Save")
        page.keyboard.press("Enter")
        page.get_by_text("Saved.").wait_for()
        assert page.get_by_text("Appointment").count() > 0
        press_until(page, "Your dates in your own calendar")
        page.keyboard.press("Enter")
        press_until(page, "Make an address")
        page.keyboard.press("Enter")
        page.get_by_text("We show this address only now.").wait_for()
        context.close()


def press_until(page: Page, wanted: str) -> None:
    """Presses the tabulator until the thing of that name, or value, has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if focused.count() and wanted in {focused.inner_text().strip(), focused.get_attribute("value")}:
            return
    raise AssertionError(wanted)


# -- The timeline ----------------------------------------------------------------------------------------------------

# Every text lies inside the picture, and none over another.
CROWDED = """() => {
  const frame = document.querySelector('svg').getBoundingClientRect(), found = [];
  const texts = [...document.querySelectorAll('svg text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  texts.forEach(([text, box], i) => {
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1) found.push(text);
    texts.slice(0, i).forEach(([other, b]) => {
      const across = Math.min(box.right, b.right) - Math.max(box.left, b.left);
      const down = Math.min(box.bottom, b.bottom) - Math.max(box.top, b.top);
      if (across > 1 && down > 4) found.push(text + ' / ' + other);
    });
  });
  return found;
}"""


@pytest.mark.parametrize("language", ALL)
def test_each_text_of_the_timeline_has_its_place_in_every_language(
    browser: Browser, tmp_path: Path, language: str
) -> None:
    stories = (eventful(), story(), ceased(CeaseCause.TOXICITY))
    for told, detail in product(stories, Detail):
        file = tmp_path / "timeline.html"
        picture = FORMATS["svg"].render(told.view(wording=ALL[language], detail=detail)).decode()
        file.write_text(f'<!doctype html><body style="margin:0">{picture}', encoding="utf-8")
        with opened(browser, file.as_uri(), 390) as page:
            assert page.evaluate(CROWDED) == []
