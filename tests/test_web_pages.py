"""All pages: what stands on them, how they are built, what answers when something is wrong."""

import shutil
import sqlite3
from datetime import date
from pathlib import Path
from uuid import UUID, uuid4

import anyio
import httpx
import pytest

from scheduler.actions import Cease, CeaseCause, Defer, Given, Hold, HoldCause
from scheduler.errors import InfusionsError, InvalidValue
from tests.stores import INOTUZUMAB
from tests.web_site import NEW, Page, Visitor, Web, add_staff, foreign_scripts, running
from web.app import create_pages
from web.kinds import KINDS

GOOGLE = "https://calendar.google.com/calendar/r?cid="
GIVEN_DAY_1 = Given(cycle=1, day=1, on=date(2026, 12, 7), reason="as planned")
DEFER_DAY_15 = Defer(cycle=1, day=15, to=date(2026, 12, 22), reason="patient travelling")


@pytest.fixture(scope="module")
def bobs(web: Web) -> UUID:
    """Bob's course: day 1 given, day 8 due today, day 15 moved."""
    course = web.course()
    web.record(course, GIVEN_DAY_1, DEFER_DAY_15)
    return course


@pytest.fixture(scope="module")
def alice(web: Web) -> Visitor:
    return web.visitor("alice")


@pytest.fixture(scope="module")
def pages(alice: Visitor, bobs: UUID) -> dict[str, Page]:
    """Every page that a nurse can open, by its path."""
    course = f"/courses/{bobs}"
    paths = ["/", "/courses", "/courses/new", NEW, course, f"{course}/record", f"{course}/feeds/new"]
    paths += [f"{course}/record/{kind}" for kind in KINDS]
    found = {path: alice.get(path) for path in paths}
    found["preview of a start"] = alice.preview(
        found[NEW],
        **{"patient": "Berta Example", "day1": "2026-12-21", "audience-breastfeeding": "no"},
        **{"audience-can-become-pregnant": "shown", "audience-partner-can-become-pregnant": "private"},
    )
    found["preview of an entry"] = alice.preview(found[f"{course}/record/omit"], dose="1-15")
    found["form with faults"] = Page(alice.send(found[f"{course}/record/defer"], step="preview").text)
    found["calendar made"] = Page(alice.send(found[f"{course}/feeds/new"], name="Bob's phone").text)
    feed = next(link for link in alice.get(course).all("a") if link.attributes["href"].endswith("/revoke"))
    found["revoke"] = alice.get(feed.attributes["href"])
    found["not found"] = alice.get("/nothing-here", status=404)
    found["sign-in"] = alice.get("/sign-in")
    return found


def test_every_page_can_be_read_by_all(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        assert page.all("html")[0].attributes["lang"] == "en", path
        assert page.all("title")[0].text.strip().endswith("· Infusion clinic"), path
        assert len(page.all("h1")) == 1, path
        assert page.all("a")[0].attributes == {"class": "skip", "href": "#main"}, path
        assert page.all("main")[0].attributes["id"] == "main", path
        assert not [tag for tag in page.tags if tag.name == "img" and not tag.attributes.get("alt")], path


def test_every_field_has_a_label_and_every_reference_a_target(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        ids = [tag.attributes["id"] for tag in page.tags if "id" in tag.attributes]
        assert len(ids) == len(set(ids)), f"{path}: an id stands twice"
        labels = {label.attributes["for"] for label in page.all("label")}
        assert labels <= set(ids), path
        for tag in page.tags:
            if tag.name in {"input", "select", "textarea"} and tag.attributes.get("type") != "hidden":
                assert tag.attributes["id"] in labels, f"{path}: {tag.attributes['name']} has no label"
            for reference in ("aria-describedby", "aria-labelledby"):
                assert set(tag.attributes.get(reference, "").split()) <= set(ids), f"{path}: {reference}"
            if tag.attributes.get("href", "").startswith("#"):
                assert tag.attributes["href"][1:] in ids, path


def test_no_page_needs_a_script_or_a_style_of_its_own_or_anything_from_elsewhere(
    web: Web, pages: dict[str, Page]
) -> None:
    for path, page in pages.items():
        assert foreign_scripts(page) + page.all("style") == [], path
        for tag in page.tags:
            assert not [name for name in tag.attributes if name.startswith("on") or name == "style"], path
            for name in ("src", "href", "action"):
                address = tag.attributes.get(name, "/")
                ours = ("/", "#", f"webcal://{web.url.partition('//')[2]}/c/")
                # One link leads elsewhere, and says so: it is followed by whoever chooses Google, and never loaded.
                chosen = (path, tag.name, name) == ("calendar made", "a", "href") and address.startswith(GOOGLE)
                assert chosen or address.startswith(ours), (path, address)


def test_links_with_the_same_words_lead_to_the_same_place(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        led: dict[str, str] = {}
        for link in page.all("a"):
            words = " ".join(link.text.split())
            assert led.setdefault(words, link.attributes["href"]) == link.attributes["href"], (path, words)


def test_no_page_weighs_more_than_100_kb(pages: dict[str, Page]) -> None:
    assert max(len(page.html.encode()) for page in pages.values()) < 100_000


def test_no_patient_stands_in_a_title_or_an_address(pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        assert "Bob Example" not in page.all("title")[0].text, path
        assert not [tag for tag in page.all("a") if "Example" in tag.attributes["href"]], path


def test_every_answer_carries_what_keeps_browsers_safe(web: Web, alice: Visitor, bobs: UUID) -> None:
    for path in ("/", "/sign-in", f"/courses/{bobs}", "/nothing-here", "/healthz", "/courses/new"):
        headers = alice.http.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "strict-transport-security" not in headers
        assert "server" not in headers


def test_the_style_sheet_is_kept_by_browsers_under_an_address_that_names_its_version(
    alice: Visitor, pages: dict[str, Page]
) -> None:
    for link in pages["/"].all("link"):
        answer = alice.http.get(link.attributes["href"])
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert "?v=" in link.attributes["href"]
    alice.get("/static/other.css", status=404)
    alice.get("/static/..%2Fapp.py", status=404)


def test_the_list_names_patient_regimen_next_visit_and_state(web: Web, alice: Visitor, bobs: UUID) -> None:
    held = web.course("Hanna Example")
    web.record(held, Hold(cycle=1, day=1, on=date(2026, 12, 14), cause=HoldCause.COUNTS))
    page = alice.get("/courses")
    rows = [" ".join(row.text.split()) for row in page.all("tr")]
    assert (
        "Bob Example Inotuzumab ozogamicin Day 1 Mon 7 Dec 2026 Next visit Mon 14 Dec 2026 today Under treatment"
        in rows
    )
    assert "Hanna Example Inotuzumab ozogamicin Day 1 Mon 7 Dec 2026 Next visit none planned On hold" in rows
    assert any(link.attributes["href"] == "/courses/new" for link in page.all("a"))


def test_a_clinic_without_courses_is_told_what_to_do_first(web: Web) -> None:
    page = web.visitor("charlie").get("/courses")
    assert "There is no course yet. Start the first one." in page.text


def test_a_courses_page_tells_where_it_stands(alice: Visitor, bobs: UUID) -> None:
    page = alice.get(f"/courses/{bobs}")
    assert page.all("h1")[0].text == "Bob Example"
    facts = {term.text: " ".join(told.text.split()) for term, told in zip(page.all("dt"), page.all("dd"), strict=True)}
    assert facts == {
        "State": "Under treatment",
        "Today": "cycle 1 of 6, day 8 Mon 14 Dec 2026",
        "Next visit": "Mon 14 Dec 2026, arrive 08:30 cycle 1 day 8",
        "Last dose given": "Mon 7 Dec 2026 cycle 1 day 1, 7 days ago",
        "Mails": "to bob@patients.example",
        "To know": "nothing noted Change what to know of the patient",
    }
    assert "Birth control at least until Mon 3 Jan 2028; it may move later" in page.text
    assert "The patient can become pregnant · shown to the patient · expected · last dose Mon 3 May 2027" in page.text


def test_the_cycles_are_a_table_with_weekdays_times_states_and_reasons(alice: Visitor, bobs: UUID) -> None:
    page = alice.get(f"/courses/{bobs}")
    rows = [" ".join(row.text.split()) for row in page.all("table")[0].inside if row.name == "tr"]
    assert len(rows) == 1 + 6 + 18
    assert rows[1] == "Cycle 1 Mon 7 Dec 2026 to Sun 27 Dec 2026 · 21 days"
    assert rows[2].startswith("Day 1 Mon 7 Dec 2026 Why")
    assert "Given" in rows[2]
    assert "Planned confirmed 08:30 to 11:00 infusion 09:00–10:00 mix 02:00–09:00 Given cycle 1 day 8 Move" in rows[3]
    assert rows[4].startswith("Day 15 Tue 22 Dec 2026 +1 day OK 20–23 Dec, closed 20 Dec Why")
    assert "Planned may change" in rows[6]
    assert "Besponsa, US prescribing information" in rows[3]


def test_the_history_names_who_when_and_why(alice: Visitor, bobs: UUID) -> None:
    history = " ".join(alice.get(f"/courses/{bobs}").all("ol")[0].text.split())
    assert history.startswith(
        "Cycle 1 day 15 moved to Tue 22 Dec 2026 Reason: patient travelling Mon 14 Dec 2026, 10:00 · alice"
    )
    assert history.index("Cycle 1 day 15 moved") < history.index("Cycle 1 day 1 given")


def test_a_number_whose_source_was_not_read_says_so(migrated_sqlite: Path, tmp_path: Path) -> None:
    from importlib.resources import files

    text = (files("scheduler") / "regimens" / f"{INOTUZUMAB}.toml").read_text(encoding="utf-8")
    windows, _, _ = text.partition("[[tasks]]")
    changed = text.replace(
        windows,
        windows.replace(
            'months = 8\nsource = "leaflet"\nverified = true', 'months = 8\nsource = "leaflet"\nverified = false'
        ),
    )
    assert changed != text
    folder = tmp_path / "regimens"
    folder.mkdir()
    (folder / "own.toml").write_text(changed.replace('version = "', 'version = "9-', 1), encoding="utf-8")
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path, INFUSIONS_REGIMENS__FOLDER=str(folder)) as web:
        add_staff(web.app)
        page = web.visitor("alice").get(f"/courses/{web.course()}")
        assert page.text.count("not verified, check the label") >= 2  # at the window, and as an advice


def test_a_course_moves_to_a_new_version_of_its_regimen(migrated_sqlite: Path, tmp_path: Path) -> None:
    from importlib.resources import files

    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path) as web:
        add_staff(web.app)
        course = web.course()
    text = (files("scheduler") / "regimens" / f"{INOTUZUMAB}.toml").read_text(encoding="utf-8")
    folder = tmp_path / "regimens"
    folder.mkdir()
    newer = text.replace('version = "', 'version = "9-', 1).replace("label_date = 2024", "label_date = 2025", 1)
    (folder / "own.toml").write_text(newer, encoding="utf-8")
    with running(tmp_path, INFUSIONS_REGIMENS__FOLDER=str(folder)) as web:
        alice = web.visitor("alice")
        assert "The regimen has a newer version" in alice.get(f"/courses/{course}").text
        form = alice.get(f"/courses/{course}/record/regimen")
        versions = [tag.attributes["value"] for tag in form.all("input") if tag.attributes["name"] == "version"]
        newest = next(version for version in versions if version.startswith("9-"))
        page = alice.get(alice.confirm(alice.preview(form, version=newest)))
        assert f"regimen version {newest}" in page.text


def test_a_cycle_on_hold_shows_no_dates(web: Web, alice: Visitor) -> None:
    course = web.course("Hedda Example")
    web.record(course, GIVEN_DAY_1, Hold(cycle=2, day=1, on=date(2026, 12, 14), cause=HoldCause.LIVER))
    page = alice.get(f"/courses/{course}")
    rows = [" ".join(row.text.split()) for row in page.all("table")[0].inside if row.name == "tr"]
    assert "Cycle 2 dates to be arranged" in rows
    assert "no date while doses are on hold" in page.text
    assert "On hold since Mon 14 Dec 2026: liver tests or signs of liver damage" in page.text


def test_the_timeline_stands_in_the_page_without_a_style_of_its_own(alice: Visitor, bobs: UUID) -> None:
    page = alice.get(f"/courses/{bobs}")
    (picture,) = (tag for tag in page.all("svg") if tag.attributes.get("class") == "timeline")
    assert picture.attributes["role"] == "img"
    assert all("style" not in tag.attributes for tag in page.tags)
    assert not page.all("style")
    answer = alice.http.get(f"/courses/{bobs}")
    assert "style-src 'self';" in answer.headers["content-security-policy"]


def test_the_timeline_is_a_picture_that_loads_nothing(alice: Visitor, bobs: UUID) -> None:
    answer = alice.http.get(f"/courses/{bobs}/timeline.svg")
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.text.startswith("<svg")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "script-src" not in answer.headers["content-security-policy"]


def test_a_stopped_course_offers_no_dose_and_keeps_its_history(web: Web, alice: Visitor) -> None:
    course = web.course("Clara Example")
    web.record(course, GIVEN_DAY_1, Cease(on=date(2026, 12, 10), cause=CeaseCause.TRANSPLANT))
    page = alice.get(f"/courses/{course}")
    assert "Stopped Thu 10 Dec 2026: stem cell transplant" in page.text
    assert "Next visit none planned" in page.text
    assert "Birth control through" in page.text
    assert [row for row in page.all("tr") if "Cancelled" in row.text]


@pytest.mark.parametrize("path", ["/courses/{0}", "/courses/{0}/record/defer", "/courses/x", "/course", "/favicon.ico"])
def test_what_is_not_there_is_a_page_with_a_reference_and_no_details(alice: Visitor, path: str) -> None:
    page = alice.get(path.format(uuid4()), status=404)
    assert "Nothing is here" in page.text
    assert "Reference " in page.text
    assert "Traceback" not in page.html


def test_a_method_that_a_page_does_not_know_is_answered_with_a_page(alice: Visitor, bobs: UUID) -> None:
    answer = alice.http.put(f"/courses/{bobs}")
    assert answer.status_code == 405
    assert "This can't be done here" in Page(answer.text).text


def test_head_is_answered_like_get(web: Web, alice: Visitor, bobs: UUID) -> None:
    for path in ("/", f"/courses/{bobs}", "/sign-in", "/healthz", "/courses/new"):
        got, head = alice.http.get(path), alice.http.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers["content-length"] == got.headers["content-length"], path


def test_what_nobody_foresaw_is_a_page_with_a_reference_that_the_log_explains_without_names(
    migrated_sqlite: Path, tmp_path: Path
) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path) as web:
        add_staff(web.app)
        course = web.course("Dagmar Secret")
        alice = web.visitor("alice")
        with sqlite3.connect(tmp_path / "infusions.db") as database:
            database.execute('UPDATE course SET fields = \'{"at": "Dagmar Secret"}\'')
        database.close()
        page = alice.get(f"/courses/{course}", status=500)
        assert "Something failed on our side" in page.text
        assert "Dagmar" not in page.html
        assert "Traceback" not in page.html
        assert alice.http.get("/healthz").status_code == 200
    told = web.log()
    assert f"reference {page.text.rpartition('Reference ')[2]}" in told
    assert "GET /courses/{course_id}" in told
    assert "Dagmar" not in told
    assert str(course) not in told


def test_a_database_that_is_away_is_said_so_and_nothing_else(migrated_sqlite: Path, tmp_path: Path) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path) as web:
        add_staff(web.app)
        alice = web.visitor("alice")
        with sqlite3.connect(tmp_path / "infusions.db") as database:
            database.execute("ALTER TABLE course RENAME TO elsewhere")
        database.close()
        page = alice.get("/", status=503)
        assert "The database gives no answer" in page.text
        assert "elsewhere" not in page.html


@pytest.mark.parametrize(
    ("fault", "status", "sentence"),
    [
        (InfusionsError("somebody else stored the same"), 409, "Someone was faster"),
        (InvalidValue("Dagmar: is no value", field="x"), 500, "Something failed on our side"),
        (RuntimeError("Dagmar"), 500, "Something failed on our side"),
    ],
)
def test_every_fault_has_its_page(web: Web, fault: Exception, status: int, sentence: str) -> None:
    pages = create_pages(web.app)

    @pages.get("/fault")
    def raise_it() -> None:
        raise fault

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(pages), base_url=web.url) as client:
            return await client.get("/fault")

    answer = anyio.run(ask)
    assert answer.status_code == status
    assert sentence in Page(answer.text).text
    assert "Dagmar" not in answer.text
    assert "content-security-policy" in answer.headers


def test_the_service_says_whether_it_is_well(web: Web) -> None:
    answer = httpx.get(f"{web.url}/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_no_token_and_no_name_reaches_the_log(migrated_sqlite: Path, tmp_path: Path) -> None:
    shutil.copy(migrated_sqlite, tmp_path / "infusions.db")
    with running(tmp_path) as web:
        add_staff(web.app)
        alice = web.visitor("alice")
        course = web.course("Dagmar Secret")
        made = Page(alice.send(alice.get(f"/courses/{course}/feeds/new"), name="Dagmar's phone").text)
        address = made.all("code")[0].text
        httpx.get(address)
        httpx.post(address, headers={"origin": web.url})
        httpx.get(address + "x")
        alice.get(f"/courses/{course}")
        alice.get("/courses/Dagmar", status=404)
    told = web.log()
    assert "reference" in told
    assert address.rpartition("/")[2].removesuffix(".ics") not in told
    assert "Dagmar" not in told
