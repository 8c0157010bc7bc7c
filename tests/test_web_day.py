"""The clinic's day as a page: ticks, given in one click, undo at once; finding courses. Over real HTTP, without script."""

from dataclasses import replace
from datetime import date
from uuid import UUID, uuid4

import httpx
import pytest

from scheduler.actions import Defer, Given, Hold, HoldCause
from service.patients import PatientFacts
from service.starting import start_course
from tests.stores import NURSE, bob
from tests.web_site import Page, Tag, Visitor, Web

FIRST = Given(cycle=1, day=1, on=date(2026, 12, 7))
MOST_BYTES = 100_000


@pytest.fixture(scope="module")
def course(web: Web) -> UUID:
    """Bob's course: day 1 given, day 8 today, with an interpreter."""
    facts = PatientFacts(spoken_language="Arabic", interpreter=True)
    made = start_course(web.app, replace(bob(), facts=facts), by=NURSE)
    web.record(made, FIRST)
    return made


def form_of(page: Page, course: UUID, button: str) -> tuple[Tag, Tag]:
    """The form of that course with a button whose words begin like this, and the button."""
    for form in page.all("form"):
        mine = any(tag.attributes.get("value") == str(course) for tag in form.inside if tag.name == "input")
        for tag in form.inside:
            if mine and tag.name == "button" and tag.text.strip().startswith(button):
                return form, tag
    raise AssertionError(f"no button {button!r} of {course} in {page.text}")


def press(visitor: Visitor, page: Page, course: UUID, button: str, *ticked: str) -> httpx.Response:
    """Presses it, with boxes ticked whose words begin like these."""
    form, pressed = form_of(page, course, button)
    hidden = [tag.attributes for tag in form.inside if tag.attributes.get("type") == "hidden"]
    data: dict[str, str | list[str]] = {each["name"]: each["value"] for each in hidden}
    if "name" in pressed.attributes:
        data[pressed.attributes["name"]] = pressed.attributes["value"]
    boxes = [tag for tag in form.inside if tag.name == "label" and tag.text.strip().startswith(ticked or ("none",))]
    if boxes:
        data["tick"] = [tag.inside[0].attributes["value"] for tag in boxes]
    action = pressed.attributes.get("formaction", form.attributes["action"])
    return visitor.http.post(action, data=data)


def shown(visitor: Visitor, answer: httpx.Response) -> Page:
    assert answer.status_code == 303, Page(answer.text).text
    return visitor.get(answer.headers["location"])


def test_the_day_tells_who_comes_when_for_what_and_in_which_language(web: Web, course: UUID) -> None:
    page = web.visitor("alice").get("/")
    (visit,) = [tag for tag in page.all("li") if tag.attributes.get("class") == "comer" and str(course) in page.html]
    told = " ".join(visit.text.split())
    assert told.startswith("08:30–11:00 2 hours 30 minutes Bob Example Interpreter: Arabic")
    assert "Inotuzumab ozogamicin, cycle 1 day 8" in told
    assert "inotuzumab ozogamicin 09:00 to 10:00" in told
    for asked in ("Blood count seen", "Liver tests seen", "Weight taken", "Premedication given"):
        assert asked in told


def test_a_tick_is_kept_with_who_and_when_and_can_be_taken_back(web: Web, course: UUID) -> None:
    visitor = web.visitor("alice")
    page = shown(visitor, press(visitor, visitor.get("/"), course, "Keep ticks", "Weight taken"))
    assert "Weight taken alice 10:00" in page.text
    assert "Done, and noted with your name." in page.text
    page = shown(visitor, press(visitor, page, course, "Undo"))
    assert "Weight taken alice" not in page.text


def test_given_takes_one_click_and_so_does_its_undo(web: Web, course: UUID) -> None:
    visitor = web.visitor("alice")
    first = visitor.get("/")
    page = shown(visitor, press(visitor, first, course, "Given as planned", "Premedication given"))
    assert "Recorded for Bob Example: Cycle 1 day 8 given on Mon 14 Dec 2026." in page.text
    assert "Premedication given alice 10:00" in page.text
    assert web.load(course).revision == 2
    again = press(visitor, first, course, "Given as planned")
    assert (again.status_code, web.load(course).revision) == (303, 2), "a second click does nothing twice"
    page = shown(visitor, press(visitor, page, course, "Undo: Bob Example"))
    assert web.load(course).revision == 3
    assert "Given as planned" in page.text
    assert "Recorded for" not in page.text


def test_a_page_that_is_stale_records_nothing_and_says_so(web: Web) -> None:
    course = web.course("Stale Example")
    web.record(course, FIRST)
    visitor = web.visitor("alice")
    page = visitor.get("/")
    web.record(course, Hold(cycle=1, day=15, on=date(2026, 12, 14), cause=HoldCause.COUNTS))
    answer = press(visitor, page, course, "Given as planned", "Weight taken")
    told = Page(answer.text)
    assert answer.status_code == 409
    assert "The course has changed since this page was made, so nothing was recorded." in told.text
    assert "Weight taken alice 10:00" in told.text, "what was ticked is kept"
    assert web.load(course).revision == 2


def test_a_visit_that_moved_meanwhile_cannot_be_ticked(web: Web) -> None:
    course = web.course("Moved Example")
    web.record(course, FIRST)
    visitor = web.visitor("alice")
    page = visitor.get("/")
    web.record(course, Defer(cycle=1, day=8, to=date(2026, 12, 15), reason="bus"))
    answer = press(visitor, page, course, "Keep ticks", "Weight taken")
    assert answer.status_code == 409
    assert "The visit has moved, or is not planned any more; look at the day anew." in Page(answer.text).text


def test_an_overdue_dose_is_recorded_with_one_click_from_the_day(web: Web) -> None:
    course = web.course("Late Example")
    visitor = web.visitor("alice")
    page = shown(visitor, press(visitor, visitor.get("/"), course, "Given as planned: Late Example, cycle 1 day 1"))
    assert "Recorded for Late Example: Cycle 1 day 1 given on Mon 7 Dec 2026." in page.text
    assert web.load(course).actions == (FIRST,)


def test_what_is_refused_is_told_with_a_way_to_the_course(web: Web) -> None:
    course = web.course("Refused Example")
    visitor = web.visitor("alice")
    page = visitor.get("/")
    answer = press(visitor, page, course, "Given as planned: Refused Example")
    told = Page(answer.text)
    assert answer.status_code == 422
    assert [tag for tag in told.all("div") if tag.attributes.get("role") == "alert"]
    assert f"/courses/{course}" in {link.attributes["href"] for link in told.all("a")}


def test_an_auditor_reads_the_day_and_is_offered_nothing_to_do(web: Web, course: UUID) -> None:
    page = web.visitor("erin").get("/")
    assert "Bob Example" in page.text
    assert {form.attributes["action"] for form in page.all("form")} == {"/sign-out", "/courses"}


@pytest.mark.parametrize(
    "path",
    ["/?day=nonsense", "/?page=0", "/?page=999999999", "/?recorded=x:1-2", "/?day=0001-01-01", "/?day=9999-12-31"],
)
def test_an_odd_address_shows_a_day_all_the_same(web: Web, path: str) -> None:
    web.visitor("alice").get(path)


@pytest.mark.parametrize(
    "typed",
    [{}, {"course": "x"}, {"course": str(uuid4()), "seen_revision": "1", "request_id": "r", "cycle": "one"}],
    ids=["nothing", "no id", "no number"],
)
@pytest.mark.parametrize("path", ["/day/given", "/day/undo"])
def test_a_form_that_nobody_made_is_refused(web: Web, path: str, typed: dict[str, str]) -> None:
    visitor = web.visitor("alice")
    assert visitor.post(path, visitor.get("/"), **typed).status_code == 422


def test_courses_are_found_and_filtered_by_a_form(web: Web, course: UUID) -> None:
    visitor = web.visitor("alice")
    page = visitor.get("/courses?q=bob+EX&state=running")
    assert [link.text for link in page.all("a") if link.attributes["href"] == f"/courses/{course}"] == ["Bob Example"]
    assert "1 course found" in page.text
    assert "No course is like that." in visitor.get("/courses?q=nobody").text
    for odd in ("state=x", "need=x", "page=0", "regimen=x", "q=%25"):
        visitor.get(f"/courses?{odd}")


def test_a_clinic_with_eighty_visits_a_day_has_light_pages(web: Web) -> None:
    for number in range(80):
        made = web.course(f"Averylongfirstname Averylonglastname the {number:02} of Example")
        if number % 3:
            web.record(made, FIRST)
    visitor = web.visitor("alice")
    for path in ("/", "/?page=2", "/?day=2026-12-13", "/worklist", "/courses", "/courses?need=any"):
        page = visitor.get(path)
        assert len(page.html.encode()) < MOST_BYTES, path
    assert "Page 1 of " in visitor.get("/").text
