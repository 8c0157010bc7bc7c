"""A sign-in that ends for want of use: a warning comes first, typing keeps it, and nothing typed is lost."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.test_browser_workplace import browser, sign_in, window
from tests.web_site import Web, add_staff, running

__all__ = ["browser"]


@pytest.fixture
def hasty(migrated_sqlite: Path, tmp_path: Path) -> Iterator[Web]:
    """A service whose sign-ins last a minute."""
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path, INFUSIONS_SECURITY__IDLE_MINUTES="1") as web:
        add_staff(web.app)
        yield web


def test_the_warning_comes_before_the_end_and_one_may_stay(browser: Browser, hasty: Web) -> None:
    with window(browser, hasty, script=True) as page:
        page.clock.install()
        sign_in(page)
        warning = page.get_by_text("You will be signed out soon")
        page.clock.run_for(25_000)
        expect(warning).to_be_hidden()
        page.clock.run_for(10_000)
        expect(warning).to_be_visible()
        page.get_by_role("button", name="Stay signed in").click()
        expect(warning).to_be_hidden()
        page.clock.run_for(65_000)
        expect(page.get_by_text("You are signed out. What you typed still stands")).to_be_visible()
        expect(page.get_by_role("button", name="Stay signed in")).to_be_hidden()
