"""Every page in a real browser: accessible, in any width and direction, light and dark, and quiet on the network.

The pages are those of `tests.every_page`; one server and one browser serve them all. What runs where:

* every rule of axe but the contrast: each page, in English and in Spanish, in three widths, from left to right and from
  right to left (a layout shows so which of its rules know only one direction);
* the contrast, which takes longer than all other rules together: each page in English in three widths, and in the dark.
  Neither language nor direction chooses a colour;
* whether something is cut off or scrolls sideways: the same combinations of language, width and direction; in English
  also with text of twice the size and with every text 40 % longer, as other languages are, and in forced colours.

A patient's page has the language of its link: rows of `tests.every_page` show it in three.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.every_page import ROWS, Row
from tests.prepared_site import EVERY_PERSON, PreparedSite, Session, prepared_site
from tests.pseudo import LONGER, PADDING

WIDTHS = (320, 768, 1280)
PAGES = [row for row in ROWS if row.is_page]
OF_STAFF = [row for row in PAGES if not row.address.startswith(("/p/", "/u/"))]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what it finds fault with is told: all that passed, element by element, takes as long again.
AXE_OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"], "preload": False}
BUT_CONTRAST = {**AXE_OPTIONS, "rules": {"color-contrast": {"enabled": False}}}
CONTRAST = {**AXE_OPTIONS, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
RUN_AXE = """options => axe.run(document, options).then(found => found.violations.map(
  each => [each.id, each.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]))"""
TOLD = """addEventListener('securitypolicyviolation',
  event => (window.refused = window.refused || []).push(event.violatedDirective + ' ' + event.blockedURI))"""
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
TURN = "direction => document.documentElement.dir = direction"
SEND = """([address, values]) => {
  const form = document.createElement('form');
  form.method = 'post'; form.action = address;
  for (const [name, value] of Object.entries(values)) {
    const input = document.createElement('input');
    input.type = 'hidden'; input.name = name; input.value = value; form.append(input);
  }
  document.body.append(form); form.submit();
}"""
# A text is cut when it is wider or higher than the box that shows it, or lies beside the screen.
CUT = """() => [...document.querySelectorAll('body *')].filter(e => {
  if (!e.innerText || e.closest('.unseen, .skip, caption, thead') || !e.checkVisibility()) return false;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const wide = !style.display.startsWith('inline') && style.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1;
  const high = style.overflowY !== 'visible' && e.scrollHeight > e.clientHeight + 1;
  return wide || high || box.left < -1 || box.right > innerWidth + 1;
}).map(e => e.tagName + '.' + e.className + ': ' + e.innerText.slice(0, 60))"""
# In forced colours a ground is gone: what is pressed or filled in needs an edge, and the menu's place another mark.
EDGELESS = """() => [...document.querySelectorAll('button, .button, input:not([type=hidden]), select, textarea, .note')]
  .filter(e => e.checkVisibility() && !['checkbox', 'radio'].includes(e.type))
  .filter(e => parseFloat(getComputedStyle(e).borderTopWidth) === 0).map(e => e.outerHTML.slice(0, 100))
  .concat([...document.querySelectorAll('[aria-current]')]
    .filter(e => getComputedStyle(e).fontWeight < 600).map(e => e.outerHTML.slice(0, 100)))"""
# Every text but numbers, moments and what was typed 40 % longer, with the letters of `tests.pseudo`, which stand higher.
LONGER_TEXT = """([share, padding]) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) found.push(texts.currentNode);
  for (const node of found) {
    const text = node.data.trim(), more = Math.ceil(text.length * share);
    if (!/[a-z]{2}/i.test(text) || node.parentElement.closest('script, style, textarea, code, svg, time')) continue;
    node.data = node.data.trimEnd() + ' ' + padding.repeat(Math.ceil(more / padding.length)).slice(0, more).trim() + ' ';
  }
}"""
TEXT_OF_200_PERCENT = "document.documentElement.style.fontSize = '200%'"


@dataclass
class Window:
    """A window of the browser for one person, and what its pages asked for."""

    context: BrowserContext
    page: Page
    site: PreparedSite
    token: str
    asked: list[str] = field(default_factory=list)

    def show(self, row: Row, *, opened: bool = True) -> Page:
        """Opens the page of that row, by its address or by sending its form; with all its details opened."""
        address, body = row.filled(self.site.names)
        self.asked.clear()
        if row.method == "GET":
            answer = self.page.goto(address)
        else:
            self.page.goto("/healthz")
            with self.page.expect_navigation() as navigated:
                self.page.evaluate(SEND, [address, {**body, "token": self.token}])
            answer = navigated.value
        assert answer is not None
        assert answer.status == row.answers, self.page.content()[:2000]
        if opened:
            self.page.evaluate(OPEN_ALL)
        return self.page


@pytest.fixture(scope="module")
def site(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PreparedSite]:
    with prepared_site(migrated_sqlite, tmp_path_factory.mktemp("every-page")) as prepared:
        yield prepared


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def windows(browser: Browser, site: PreparedSite) -> Iterator[dict[str, Window]]:
    found = windows_of(browser, site)
    yield found
    for window in found.values():
        window.context.close()


@pytest.fixture(scope="module")
def spanish(browser: Browser, site: PreparedSite) -> Iterator[dict[str, Window]]:
    found = windows_of(browser, site, "es-MX")
    yield found
    for window in found.values():
        window.context.close()


@pytest.mark.parametrize("row", PAGES, ids=str)
def test_a_page_holds_in_every_width_direction_and_colour(
    row: Row, windows: dict[str, Window], site: PreparedSite
) -> None:
    window = windows[next(role for role in windows if role in row.who)]
    page = window.show(row)
    page.evaluate(AXE_SCRIPT)
    faults = [*accessibility(page), *contrast(page), *fitting(page), *stretched(page)]
    assert not faults, "\n".join(map(str, faults))
    assert page.evaluate("window.refused || []") == []
    assert page.evaluate("typeof owned") == "undefined"
    assert {each.split("/")[2] for each in window.asked} <= {site.url.split("/")[2]}, window.asked
    if row.method == "POST":
        site.restore()


@pytest.mark.parametrize("row", OF_STAFF, ids=str)
def test_a_page_of_staff_holds_in_spanish(row: Row, spanish: dict[str, Window], site: PreparedSite) -> None:
    window = spanish[next(role for role in spanish if role in row.who)]
    read_in(site, "es")
    page = window.show(row)
    assert page.evaluate("document.documentElement.lang") == "es"
    page.evaluate(AXE_SCRIPT)
    faults = [*accessibility(page), *fitting(page)]
    site.restore()
    assert not faults, "\n".join(map(str, faults))


# ---------------------------------------------------------------------------------------------------------------------


def read_in(site: PreparedSite, language: str) -> None:
    """Everybody reads the pages in that language, until the site is restored."""
    with closing(sqlite3.connect(site.database)) as database:
        database.execute("UPDATE user_account SET language = ?", (language,))
        database.commit()


def windows_of(browser: Browser, site: PreparedSite, locale: str = "en-US") -> dict[str, Window]:
    """A window for each role, and one for nobody."""
    found: dict[str, Window] = {}
    for person in EVERY_PERSON:
        if person.clinic == "home" and person.role not in found:
            found[person.role] = window_of(browser, site, site.sessions[person], locale)
    return found


def window_of(browser: Browser, site: PreparedSite, session: Session, locale: str = "en-US") -> Window:
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900}, locale=locale)
    token = session.csrf if session.cookie else "token-of-the-sign-in"
    cookies = {"infusions_session": session.cookie, "infusions_sign_in": token}
    context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies.items() if value])
    context.add_init_script(TOLD)
    window = Window(context, context.new_page(), site, token)
    window.page.on("request", lambda request: window.asked.append(request.url))
    return window


def accessibility(page: Page) -> Iterator[Any]:
    """What axe finds fault with beside the contrast, in each width and direction."""
    usual = page.evaluate("document.documentElement.dir") or "ltr"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for direction in ("ltr", "rtl"):
            page.evaluate(TURN, direction)
            yield from ((width, direction, *found) for found in page.evaluate(RUN_AXE, BUT_CONTRAST))
    page.evaluate(TURN, usual)


def contrast(page: Page) -> Iterator[Any]:
    """Where the contrast is too low: in each width, and in the dark."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        yield from ((width, *found) for found in page.evaluate(RUN_AXE, CONTRAST))
    with colours(page, color_scheme="dark"):
        yield from (("dark", *found) for found in page.evaluate(RUN_AXE, CONTRAST))


def fitting(page: Page) -> Iterator[Any]:
    """What does not fit, sideways or cut off, in each width and direction."""
    usual = page.evaluate("document.documentElement.dir") or "ltr"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for direction in ("rtl", "ltr"):
            page.evaluate(TURN, direction)
            yield from too_wide(page, width, direction)
    page.evaluate(TURN, usual)


def stretched(page: Page) -> Iterator[Any]:
    """What does not fit with text of twice the size, or longer text, and what has no edge in the reader's own colours."""
    page.evaluate(TEXT_OF_200_PERCENT)
    yield from too_wide(page, 1280, "text of 200 %")
    page.evaluate("document.documentElement.style.fontSize = ''")
    with colours(page, forced_colors="active"):
        yield from (("forced colours", found) for found in page.evaluate(EDGELESS))
    page.evaluate(LONGER_TEXT, [LONGER, PADDING])
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        yield from too_wide(page, width, "text of 140 %")


def too_wide(page: Page, width: int, how: str) -> Iterator[Any]:
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        yield width, how, f"scrolls sideways: {wide}"
    yield from ((width, how, "cut", found) for found in page.evaluate(CUT))


@contextmanager
def colours(page: Page, **media: Any) -> Iterator[None]:
    page.emulate_media(**media)
    yield
    page.emulate_media(color_scheme="light", forced_colors="none")
