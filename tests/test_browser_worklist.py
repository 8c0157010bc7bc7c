"""A nurse's morning with the worklist in a real browser, with JavaScript switched off."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from scheduler.actions import Given, Omit
from service.messages import suppress
from service.worker import tick
from service.worklist import count_lines
from tests.test_browser_workplace import DESK, FAINT_TEXT, NARROW, PHONE, browser, sign_in, window
from tests.web_site import Web

__all__ = ["browser"]  # a fixture


def a_course(web: Web, patient: str, folder: Path) -> UUID:
    """A course with a mail that could not go, and a dose left out that nobody has told of."""
    address = f"{patient.split(maxsplit=1)[0].lower()}@patients.example"
    course = web.course(patient, email=address)
    web.record(course, Given(cycle=1, day=1, on=date(2026, 12, 7)), Omit(cycle=2, day=15, reason="counts"))
    suppress(web.app, address, by="alice")
    at = datetime(2026, 12, 18, 15, tzinfo=UTC)
    settings = replace(web.app.settings, mail=replace(web.app.settings.mail, folder=folder))
    tick(replace(web.app, settings=settings, now=lambda: at), at)
    return course


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_nurse_works_through_the_list(browser: Browser, web: Web, tmp_path: Path, width: int) -> None:
    patient = f"Wanda{width} Example"
    course = a_course(web, patient, tmp_path)
    to_do = count_lines(web.app)
    with window(browser, web, width) as page:
        sign_in(page)
        expect(page.get_by_role("navigation").get_by_role("link", name=f"Today {to_do} to do")).to_be_visible()
        page.goto("/worklist")
        expect(page.get_by_role("heading", level=1)).to_have_text("Worklist")

        line(page, patient, "Tell the patient").get_by_role("button", name="The patient has been told").click()
        expect(page.get_by_role("status")).to_contain_text("Done")
        expect(line(page, patient, "Tell the patient")).to_have_count(0)
        while line(page, patient, "Please phone").count():
            left = line(page, patient, "Please phone").count()
            line(page, patient, "Please phone").first.get_by_role("button", name="Phoned").click()
            expect(line(page, patient, "Please phone")).to_have_count(left - 1)
        assert not web.load(course).entries[1].to_tell

        page.goto(f"/courses/{course}")
        expect(page.get_by_text("alice, ").first).to_be_visible()
        page.get_by_role("button", name="Pause for this patient").click()
        expect(page.get_by_text("Mails are paused for this patient")).to_be_visible()
        expect(page.get_by_role("link", name="Send now")).to_have_count(0)
        page.get_by_role("button", name="Resume mails").click()
        page.get_by_role("link", name="Send now").first.click()
        page.get_by_role("button", name="Send it now").click()
        expect(page.get_by_role("status")).to_contain_text("goes within the next minutes")


def line(page: Page, patient: str, flag: str) -> Locator:
    return page.get_by_role("listitem").filter(has_text=patient).filter(has_text=flag)


@pytest.mark.parametrize("width", [NARROW, PHONE, 768, DESK])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_fit_and_can_be_read(
    browser: Browser, web: Web, tmp_path: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    course = a_course(web, f"Fit{width}{scheme} Averyveryverylongnamethatnobodycanbreakanywhere-Example", tmp_path)
    with window(browser, web, width, scheme, script=True) as page:
        sign_in(page)
        for path in ("/worklist", f"/courses/{course}"):
            page.goto(path)
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate(FAINT_TEXT) == [], path
        page.get_by_role("link", name="Send now").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Send this mail now?")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(FAINT_TEXT) == []
