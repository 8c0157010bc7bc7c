"""Nine tasks of a nurse, each done twice in a real browser: by the keyboard alone, and with scripts switched off.

By keyboard every step of the focus is looked at: it goes on in the order of the page, it can be seen, and nothing lies
over it (WCAG 2.4.3, 2.4.7, 2.4.11).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from tests.prepared_site import PASSWORD, Person, PreparedSite, State
from tests.test_browser_every_page import browser, site

__all__ = ["browser", "site"]  # fixtures
NURSE = Person("home", "nurse", State.ACTIVE)
STOPS = 200  # of the focus on one page

# What has the focus: its words (a field's label, a button's own), what group of answers it is in, where it stands in the
# page, and what is wrong with how it shows.
FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const label = e.labels && e.labels.length ? e.labels[0].textContent : e.textContent;
  const group = e.closest('fieldset'), box = e.getBoundingClientRect(), style = getComputedStyle(e);
  const all = [...document.querySelectorAll('*')];
  const faults = [];
  const rings = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  if (e.id !== 'main' && !rings) faults.push('no ring');
  const x = box.left + Math.min(box.width, innerWidth) / 2, y = box.top + box.height / 2;
  if (e.id !== 'main' && box.width) {
    if (x < 0 || x > innerWidth || y < 0 || y > innerHeight) faults.push('beside the screen');
    else {
      const over = document.elementFromPoint(x, y);
      if (over && !e.contains(over) && !over.contains(e) && !(e.labels && [...e.labels].some(l => l.contains(over))))
        faults.push('covered by ' + over.tagName);
    }
  }
  return {words: label.replace(/\\s+/g, ' ').trim(), group: group ? group.querySelector('legend').textContent.trim() : '',
          tag: e.tagName, type: e.type || '', at: all.indexOf(e), faults};
}"""


class Hand(ABC):
    """How somebody uses a page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @abstractmethod
    def press(self, words: str, *, leads_on: bool = True) -> None:
        """Follows the link, or presses the button, that begins with these words; another page follows, or a file."""

    @abstractmethod
    def write(self, label: str, text: str, group: str = "") -> None:
        """Types into the box with this label, or chooses in a list."""

    @abstractmethod
    def choose(self, group: str, answer: str) -> None:
        """Chooses the answer to the question."""

    @abstractmethod
    def tick(self, label: str) -> None:
        """Ticks the box with this label."""

    def date(self, group: str, day: str, month: str, year: str) -> None:
        """Writes a date into its three boxes."""
        for label, text in (("Day", day), ("Month", month), ("Year", year)):
            self.write(label, text, group)


class Mouse(Hand):
    """With a mouse; what it does needs no script."""

    def press(self, words: str, *, leads_on: bool = True) -> None:
        found = self.page.locator("a, button, summary").filter(visible=True).filter(has_text=begins(words))
        found.and_(self.page.locator(":not(.unseen)")).first.click()

    def write(self, label: str, text: str, group: str = "") -> None:
        place = self.page.get_by_role("group", name=group) if group else self.page
        box = place.get_by_label(label, exact=bool(group))
        if box.evaluate("e => e.tagName") == "SELECT":
            box.select_option(label=text)
        else:
            box.fill(text)

    def choose(self, group: str, answer: str) -> None:
        self.page.get_by_role("radiogroup", name=group).get_by_label(answer).check()

    def tick(self, label: str) -> None:
        self.page.get_by_label(label).check()


class Keyboard(Hand):
    """With the keyboard alone: Tab, arrows, blank, Enter and letters."""

    def press(self, words: str, *, leads_on: bool = True) -> None:
        self.reach(lambda at: at["tag"] in {"A", "BUTTON"} and at["words"].startswith(words), words)
        if not leads_on:
            self.page.keyboard.press("Enter")
            return
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, label: str, text: str, group: str = "") -> None:
        at = self.reach(
            lambda at: at["words"].startswith(label) and group in at["group"] and at["tag"] not in {"A", "BUTTON"},
            label,
        )
        if at["tag"] != "SELECT":
            self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, group: str, answer: str) -> None:
        at = self.reach(lambda at: at["type"] == "radio" and group in at["group"], group)
        self.page.keyboard.press("Space")
        for _ in range(STOPS):
            if at["words"].startswith(answer):
                return
            self.page.keyboard.press("ArrowDown")
            at = self.focus()
        raise AssertionError(f"{group}: there is no answer {answer}")

    def tick(self, label: str) -> None:
        self.reach(lambda at: at["words"].startswith(label), label)
        self.page.keyboard.press("Space")

    def reach(self, wanted: Any, words: str) -> Any:
        """Presses Tab until the focus is on what is wanted, once around the page at most."""
        before: Any = None
        for _ in range(STOPS):
            at = self.focus()
            if at is not None:
                assert not at["faults"], at
                if wanted(at):
                    return at
                if before is not None and at["at"] != before["at"]:
                    assert at["at"] > before["at"], f"the focus goes back: {before} {at}"
            before = at
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{words!r} is not reached with {STOPS} times Tab; at {before}")

    def focus(self) -> Any:
        return self.page.evaluate(FOCUS)


@contextmanager
def at_work(browser: Browser, site: PreparedSite, hand: type[Hand]) -> Iterator[Hand]:
    """A window with the nurse's session, and the hand that uses it; the site is as it was afterwards."""
    context = browser.new_context(
        base_url=site.url,
        viewport={"width": 1280, "height": 900},
        java_script_enabled=hand is Keyboard,
        locale="en-US",
        reduced_motion="reduce",
    )
    session = site.sessions[NURSE]
    context.add_cookies([{"name": "infusions_session", "value": session.cookie, "url": site.url}])
    page = context.new_page()
    page.set_default_timeout(20_000)
    try:
        yield hand(page)
    finally:
        context.close()
        site.restore()


@pytest.fixture(params=[Keyboard, Mouse], ids=["by keyboard", "without script"])
def nurse(request: pytest.FixtureRequest, browser: Browser, site: PreparedSite) -> Iterator[Hand]:
    with at_work(browser, site, request.param) as hand:
        yield hand


def test_a_course_is_started(nurse: Hand) -> None:
    nurse.page.goto("/")
    nurse.press("Start a course")
    nurse.press("Inotuzumab ozogamicin")
    nurse.date("Day 1 of cycle 1", "21", "December", "2026")
    nurse.write("Patient's name or code", "Nora Example")
    nurse.choose("The patient can become pregnant", "Applies: show")
    nurse.choose("The patient has a partner", "Does not apply")
    nurse.choose("The patient is breastfeeding", "Does not apply")
    nurse.press("Check it, then start")
    expect(nurse.page.get_by_role("heading", level=1)).to_have_text("Is this right?")
    nurse.press("Start the course")
    expect(nurse.page.get_by_role("heading", level=1)).to_have_text("Nora Example")


def test_a_dose_is_recorded_as_given(nurse: Hand, site: PreparedSite) -> None:
    nurse.page.goto(f"/courses/{site.names['several']}")
    nurse.press("Dose given")
    expect(nurse.page.get_by_role("heading", level=1)).to_have_text("Dose given")
    nurse.press("Preview the change")
    nurse.press("Record it")
    expect(nurse.page.get_by_role("status")).to_contain_text("Cycle 1 day 1 given on Mon 7 Dec 2026")


def test_a_dose_is_moved_after_its_preview_was_seen(nurse: Hand, site: PreparedSite) -> None:
    nurse.page.goto(f"/courses/{site.names['course']}")
    nurse.press("Move a dose")
    nurse.date("New date", "18", "December", "2026")
    nurse.write("Reason", "travelling")
    nurse.press("Preview the change")
    expect(nurse.page.get_by_role("heading", level=1)).to_have_text("Is this right?")
    expect(nurse.page.get_by_role("main")).to_contain_text("Fri 18 Dec 2026")
    nurse.press("Record it")
    expect(nurse.page.get_by_role("status")).to_contain_text("Cycle 1 day 8 moved to Fri 18 Dec 2026")


def test_an_entry_is_taken_back(nurse: Hand, site: PreparedSite) -> None:
    nurse.page.goto(f"/courses/{site.names['course']}")
    nurse.press("Take back entry 4")
    expect(nurse.page.get_by_role("heading", level=1)).to_have_text("Is this right?")
    nurse.press("Record it")
    expect(nurse.page.get_by_role("status")).to_contain_text("Entry 4 taken back")


def test_what_to_know_of_a_patient_is_changed(nurse: Hand, site: PreparedSite) -> None:
    nurse.page.goto(f"/courses/{site.names['course']}")
    nurse.press("Change what to know of the patient")
    expect(nurse.page.get_by_label("Guardian's name")).to_be_hidden()
    nurse.write("Language that the patient speaks", "Tigrinya")
    nurse.tick("An interpreter is needed")
    nurse.tick("The patient is under 18")
    nurse.write("Guardian's name", "Anna Example")
    nurse.write("How they are related", "mother")
    nurse.press("Store")
    expect(nurse.page.get_by_role("alert")).to_contain_text("Give a telephone number or a mail address")
    nurse.write("Guardian's telephone number", "+1 555 0102")
    nurse.press("Store")
    expect(nurse.page.get_by_role("status")).to_have_text("Stored: what to know of the patient.")
    expect(nurse.page.get_by_role("main")).to_contain_text("interpreter needed, speaks Tigrinya")


def test_a_calendar_address_is_made(nurse: Hand, site: PreparedSite) -> None:
    nurse.page.goto(f"/courses/{site.names['course']}")
    nurse.press("Make a calendar address")
    nurse.write("Whose device is it?", "Bob's tablet")
    nurse.press("Make the address")
    expect(nurse.page.get_by_role("main").get_by_role("code")).to_contain_text("/c/")


def test_a_calendar_is_printed(nurse: Hand, site: PreparedSite) -> None:
    nurse.page.goto(f"/courses/{site.names['course']}")
    nurse.press("Print the calendar")
    nurse.choose("How much does it show?", "Discreet")
    printed: list[APIResponse] = []

    def keep(route: Route) -> None:
        """Keeps the sheet from the browser's viewer: a window that is closed while that begins never closes."""
        printed.append(route.fetch())
        route.fulfill(status=204)

    nurse.page.route("**/*", lambda route: keep(route) if route.request.method == "POST" else route.continue_())
    with nurse.page.expect_response(lambda answer: answer.request.method == "POST"):
        nurse.press("Print", leads_on=False)
    [sheet] = printed
    assert (sheet.status, sheet.headers["content-type"]) == (200, "application/pdf")
    assert sheet.body().startswith(b"%PDF")


def test_a_patient_is_found(nurse: Hand) -> None:
    nurse.page.goto("/")
    nurse.press("Courses")
    nurse.write("Name or code", "clara")
    nurse.press("Find")
    nurse.press("Clara Example")
    expect(nurse.page.get_by_role("heading", level=1)).to_have_text("Clara Example")


def test_somebody_signs_out_and_in_again(nurse: Hand) -> None:
    nurse.page.goto("/worklist")
    nurse.press("Sign out")
    expect(nurse.page.get_by_role("status")).to_have_text("You are signed out.")
    nurse.write("Name", "home-nurse")
    nurse.write("Password", PASSWORD)
    nurse.press("Sign in")
    expect(nurse.page.get_by_role("button", name="Sign out")).to_be_visible()


# -----------------------------------------------------------------------------------------------------------------------


def begins(words: str) -> Any:
    return re.compile(rf"^\s*{re.escape(words)}")
