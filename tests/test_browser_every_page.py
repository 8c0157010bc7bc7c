"""Every page in a real browser: accessible, in any width and direction, light and dark, and quiet on the network.

The pages are those of `tests.every_page`; one server and one browser serve them all. A page of staff is in English; it
must hold from right to left too, since that is how a layout shows which of its rules know only one direction, and with
every text 40 % longer, as other languages are.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.every_page import ROWS, Row
from tests.prepared_site import EVERY_PERSON, PreparedSite, prepared_site
from tests.pseudo import LONGER, PADDING

WIDTHS = (320, 768, 1280)
PAGES = [row for row in ROWS if row.is_page]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only what it finds fault with is told: all that passed, element by element, takes as long again.
AXE_OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"], "preload": False}
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


@pytest.mark.parametrize("row", PAGES, ids=str)
def test_a_page_holds_in_every_width_direction_and_colour(
    row: Row, windows: dict[str, Window], site: PreparedSite
) -> None:
    window = windows[next(role for role in windows if role in row.who)]
    page = window.show(row)
    page.evaluate(AXE_SCRIPT)
    faults = list(accessibility(page)) + list(fitting(page))
    assert not faults, "\n".join(map(str, faults))
    assert page.evaluate("window.refused || []") == []
    assert page.evaluate("typeof owned") == "undefined"
    assert {each.split("/")[2] for each in window.asked} <= {site.url.split("/")[2]}, window.asked
    if row.method == "POST":
        site.restore()


# ---------------------------------------------------------------------------------------------------------------------


def windows_of(browser: Browser, site: PreparedSite) -> dict[str, Window]:
    """A window for each role, and one for nobody."""
    found: dict[str, Window] = {}
    for person in EVERY_PERSON:
        if person.clinic == "home" and person.role not in found:
            found[person.role] = window_of(browser, site, site.sessions[person].cookie, site.sessions[person].csrf)
    return found


def window_of(browser: Browser, site: PreparedSite, cookie: str, csrf: str) -> Window:
    context = browser.new_context(base_url=site.url, viewport={"width": 1280, "height": 900}, locale="en-US")
    token = csrf if cookie else "token-of-the-sign-in"
    cookies = {"infusions_session": cookie, "infusions_sign_in": token}
    context.add_cookies([{"name": name, "value": value, "url": site.url} for name, value in cookies.items() if value])
    context.add_init_script(TOLD)
    window = Window(context, context.new_page(), site, token)
    window.page.on("request", lambda request: window.asked.append(request.url))
    return window


def accessibility(page: Page) -> Iterator[Any]:
    """What axe finds fault with: in each width and direction; and the contrast in the dark."""
    usual = page.evaluate("document.documentElement.dir") or "ltr"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for direction in ("ltr", "rtl"):
            page.evaluate(TURN, direction)
            yield from ((width, direction, *found) for found in page.evaluate(RUN_AXE, AXE_OPTIONS))
    page.evaluate(TURN, usual)
    with colours(page, color_scheme="dark"):
        contrast = {**AXE_OPTIONS, "runOnly": {"type": "rule", "values": ["color-contrast"]}}
        yield from (("dark", *found) for found in page.evaluate(RUN_AXE, contrast))


def fitting(page: Page) -> Iterator[Any]:
    """What does not fit: sideways, cut off, with text of twice the size, with the reader's own colours."""
    usual = page.evaluate("document.documentElement.dir") or "ltr"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for direction in ("rtl", "ltr"):
            page.evaluate(TURN, direction)
            yield from too_wide(page, width, direction)
    page.evaluate(TURN, usual)
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
