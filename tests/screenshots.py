"""`make screenshots`: a picture of every page of `tests.every_page`, with invented patients and the clock standing still.

They go below `build/screenshots`, which is not kept: a telephone's and a desk's screen of each page; some also in the
dark, and as printed. The three of KEPT stand in the README, below docs/pictures.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from db.migrations import migrate
from tests.every_page import ROWS, Row
from tests.prepared_site import PreparedSite, prepared_site
from tests.test_browser_every_page import windows_of

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "screenshots"
KEPT_FOLDER = ROOT / "docs" / "pictures"
SCREENS = {"phone": 390, "desk": 1280}
# Which of them are worth a look in other light, too; and which stand in the README, under which name.
ALSO_DARK = (
    "GET /",
    "GET /courses/{course_id}",
    "POST /courses/{course_id}/record/{kind} preview",
    "GET /p/{token} a link's, es",
)
ALSO_PRINTED = ("GET /courses/{course_id}", "GET /p/{token} a link's, es", "GET /p/{token} a link's, ar")
KEPT = {
    "GET /": ("day", "desk"),
    "POST /courses/{course_id}/record/{kind} preview": ("preview", "desk"),
    "GET /p/{token} a link's, es": ("patient", "phone"),
}
HEAVIEST = 150_000  # a picture in the repository stays with it for good


def main() -> None:
    """Makes them all; says where they are."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("No Chromium or Chrome found: install one (on Debian: apt-get install chromium).")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    KEPT_FOLDER.mkdir(exist_ok=True)
    with site() as prepared, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        made = sum(1 for _ in take_all(prepared, browser))
        browser.close()
    sys.stdout.write(f"{made} pictures are below {FOLDER.relative_to(ROOT)}\n")


def take_all(prepared: PreparedSite, browser: Browser) -> Iterator[Path]:
    """Takes the pictures of all pages."""
    windows = windows_of(browser, prepared)
    for row in ROWS:
        if row.is_page:
            page = windows[next(role for role in windows if role in row.who)].show(row, opened=False)
            yield from take(page, row)
            if row.method == "POST":
                prepared.restore()


def take(page: Page, row: Row) -> Iterator[Path]:
    """Takes the pictures of one page."""
    for screen, width in SCREENS.items():
        page.set_viewport_size({"width": width, "height": 844 if screen == "phone" else 900})
        yield picture(page, f"{name_of(row)}-{screen}")
        if str(row) in ALSO_DARK:
            page.emulate_media(color_scheme="dark")
            yield picture(page, f"{name_of(row)}-{screen}-dark")
            page.emulate_media(color_scheme="light")
        if KEPT.get(str(row), ("", ""))[1] == screen:
            keep(page, KEPT[str(row)][0])
    if str(row) in ALSO_PRINTED:
        file = FOLDER / f"{name_of(row)}-printed.pdf"
        page.pdf(path=file)
        yield file


def picture(page: Page, name: str) -> Path:
    """A picture of the whole page."""
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file, full_page=True)
    return file


def keep(page: Page, name: str) -> None:
    """A picture of the screen, for the README."""
    file = KEPT_FOLDER / f"{name}.png"
    page.screenshot(path=file)
    if file.stat().st_size > HEAVIEST:
        sys.exit(f"{file.name} has {file.stat().st_size} bytes, more than {HEAVIEST}: take a smaller part of the page")


def name_of(row: Row) -> str:
    """A file's name for the row."""
    return re.sub(r"[^a-z0-9]+", "-", str(row).lower()).strip("-")


@contextmanager
def site() -> Iterator[PreparedSite]:
    """The prepared site on a database of its own, gone in the end."""
    with tempfile.TemporaryDirectory() as folder:
        migrate(f"sqlite:///{folder}/empty.db")
        with prepared_site(Path(folder) / "empty.db", Path(folder), marks="") as prepared:
            yield prepared


if __name__ == "__main__":
    main()
