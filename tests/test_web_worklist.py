"""The worklist and a course's mails as pages, over real HTTP."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from scheduler.actions import Defer, Given, Omit
from service.audit import What, entries
from service.feeds import list_feeds
from service.mails import course_mails
from service.messages import suppress
from service.worker import tick
from service.worklist import count_lines
from tests.web_site import BOB, Page, Tag, Visitor, Web, add_staff, running

NIGHT = "2026-12-15T03:00:00+00:00"  # a Monday, ten in the evening in New York


@pytest.fixture(scope="module")
def course(web: Web, tmp_path_factory: pytest.TempPathFactory) -> UUID:
    """Bob's course: day 1 given, day 8 moved and told of by a mail that went, day 15 left out and not told of."""
    made = web.course()
    web.record(made, Given(cycle=1, day=1, on=date(2026, 12, 7)), Defer(cycle=1, day=8, to=date(2026, 12, 16)))
    pass_at(web, tmp_path_factory.mktemp("mail"), web.app.now() + timedelta(minutes=20))
    web.record(made, Omit(cycle=1, day=15, reason="counts"))
    return made


def pass_at(web: Web, folder: Path, at: datetime) -> None:
    """A pass as the worker makes it, into that folder."""
    settings = replace(web.app.settings, mail=replace(web.app.settings.mail, folder=folder))
    tick(replace(web.app, settings=settings, now=lambda: at), at)


def press(visitor: Visitor, page: Page, button: str, **typed: str) -> httpx.Response:
    """Presses the first button whose words begin like this, with what its form holds."""
    for form in page.all("form"):
        for tag in form.inside:
            if tag.name == "button" and tag.text.strip().startswith(button):
                inputs = [each.attributes for each in form.inside if each.name == "input"]
                held = {each["name"]: each["value"] for each in inputs if each.get("type") == "hidden"}
                chosen = {tag.attributes["name"]: tag.attributes["value"]} if "name" in tag.attributes else {}
                return visitor.http.post(form.attributes["action"], data=held | chosen | typed)
    raise AssertionError(f"no button {button!r} in {page.text}")


def count_shown(page: Page) -> int:
    found = [tag.text for tag in page.all("span") if tag.attributes.get("class") == "count"]
    return int(found[0]) if found else 0


def test_a_courses_page_shows_what_was_sent_what_waits_and_for_whom(web: Web, course: UUID) -> None:
    text = web.visitor("alice").get(f"/courses/{course}").text
    assert "Times are the patient's (America/New_York)." in text
    assert "waits until a person has told the patient" in text
    assert "Sent: 1" in text
    assert "The change of cycle 1 day 15" in text
    assert "written" in text


def test_a_mail_is_sent_now_once_however_often_the_button_is_pressed(web: Web) -> None:
    course = web.course("Karl Example")
    visitor = web.visitor("alice")
    page = visitor.get(f"/courses/{course}")
    link = next(tag for tag in page.all("a") if tag.text.startswith("Send now"))
    ask = visitor.get(link.attributes["href"])
    assert "Send this mail now?" in ask.text
    first, second = (press(visitor, ask, "Send it now") for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    shown = visitor.get(first.headers["location"]).text
    assert "goes within the next minutes" in shown
    assert "goes at the next pass, as staff asked" in shown
    assert [entry.what for entry in entries(web.app, course)].count(What.MAIL_HURRIED) == 1


def test_a_mail_that_does_not_wait_any_more_is_told_as_such(web: Web, course: UUID) -> None:
    sent = course_mails(web.app, course).sent[0].ids[0]
    visitor = web.visitor("alice")
    assert "does not wait any more" in visitor.get(f"/courses/{course}/mails/{sent}/send", status=409).text
    other = web.course("Otto Example")
    mail = course_mails(web.app, other).waiting[0].ids[0]
    page = visitor.get(f"/courses/{other}/mails/{mail}/send")
    press(visitor, visitor.get(f"/courses/{other}"), "Pause for this patient")
    assert press(visitor, page, "Send it now").status_code == 409
    action, held = page.form()
    assert visitor.http.post(action.replace(str(other), str(course)), data=held).status_code == 404


def test_mails_are_paused_and_resumed_with_a_name_to_it(web: Web) -> None:
    course = web.course("Paula Example")
    visitor = web.visitor("pia")
    assert press(visitor, visitor.get(f"/courses/{course}"), "Pause for this patient").status_code == 303
    page = visitor.get(f"/courses/{course}")
    assert "Mails are paused for this patient: nothing goes." in page.text
    assert "Send now" not in page.text
    press(visitor, page, "Resume mails")
    assert "Mails are paused" not in visitor.get(f"/courses/{course}").text
    done = [(entry.what, entry.by) for entry in entries(web.app, course) if entry.what != What.COURSE_VIEWED][1:]
    assert done == [(What.MAILS_PAUSED, "pia"), (What.MAILS_RESUMED, "pia")]


def ticks_of(page: Page) -> list[Tag]:
    """The buttons of the lines: not those that sign out, or keep signed in."""
    others = ("Sign out", "Stay signed in", "Given as planned")
    return [tag for tag in page.all("button") if tag.text and not tag.text.strip().startswith(others)]


def test_every_page_counts_the_lines_of_the_worklist(web: Web, course: UUID) -> None:
    visitor = web.visitor("alice")
    lines = visitor.get("/worklist")
    assert count_shown(lines) == count_lines(web.app) == len(ticks_of(lines))
    assert count_shown(visitor.get("/")) == count_shown(visitor.get(f"/courses/{course}")) == count_lines(web.app)
    assert count_shown(web.visitor("charlie").get("/")) == 0


def test_a_line_is_ticked_off_once_and_is_gone(web: Web, course: UUID) -> None:
    visitor = web.visitor("alice")
    page = visitor.get("/worklist")
    before = count_shown(page)
    for _ in range(2):
        assert press(visitor, page, "The patient has been told: Bob Example").headers["location"] == "/worklist?done"
    after = visitor.get("/worklist?done")
    assert "Done, and noted with your name." in after.text
    assert count_shown(after) == before - 1
    told = [entry.by for entry in entries(web.app, course) if entry.what == What.PATIENT_TOLD]
    assert told == ["alice"]


def test_an_undelivered_mail_asks_to_phone_and_shows_who_did(web: Web, tmp_path: Path) -> None:
    course = web.course("Ursula Example", email="ursula@patients.example")
    suppress(web.app, "ursula@patients.example", by="alice")
    pass_at(web, tmp_path, datetime(2026, 12, 18, 15, tzinfo=UTC))
    visitor = web.visitor("alice")
    page = visitor.get("/worklist")
    assert "Please phone Ursula Example A mail about" in page.text
    assert "Nothing goes to ursula@patients.example" in visitor.get(f"/courses/{course}").text
    press(visitor, page, "Phoned: Ursula Example")
    assert "alice, " in visitor.get(f"/courses/{course}").text


@pytest.mark.parametrize("typed", [{"course": "x"}, {"line": "x:1"}, {"line": "phone:"}])
def test_a_mangled_line_is_refused(web: Web, course: UUID, typed: dict[str, str]) -> None:
    visitor = web.visitor("alice")
    page = visitor.get("/worklist")
    token = page.all("input")[0].attributes["value"]
    held = {"token": token, "course": str(course), "line": "phone:1", "request_id": "m"}
    assert visitor.http.post("/worklist", data=held | typed).status_code == 422


def test_readers_see_the_worklist_and_tick_nothing_off(web: Web, course: UUID) -> None:
    visitor = web.visitor("erin")
    page = visitor.get("/worklist")
    assert ticks_of(page) == []
    token = page.all("input")[0].attributes["value"]
    data = {"token": token, "course": str(course), "line": "phone:1"}
    assert visitor.http.post("/worklist", data=data).status_code == 403
    mails = visitor.get(f"/courses/{course}")
    assert not [tag for tag in mails.all("form") if "/mails/" in tag.attributes["action"]]


def test_a_calendar_form_that_is_sent_twice_makes_one_address(web: Web) -> None:
    course = web.course("Doppel Example")
    visitor = web.visitor("alice")
    form = visitor.get(f"/courses/{course}/feeds/new")
    addresses = {Page(visitor.send(form, name="Phone").text).all("code")[0].text for _ in range(2)}
    assert len(addresses) == len(list_feeds(web.app, course)) == 1
    assert httpx.get(addresses.pop()).status_code == 200
    again = visitor.send(form, name="Tablet")
    assert again.status_code == 422
    assert "has made an address already" in Page(again.text).text
    assert visitor.send(Page(again.text)).status_code == 200
    assert {feed.name for feed in list_feeds(web.app, course)} == {"Phone", "Tablet"}
    assert visitor.send(visitor.get(f"/courses/{course}/feeds/new"), name="Phone").status_code == 200
    assert len({feed.id for feed in list_feeds(web.app, course)}) == 3


def test_at_night_a_mail_waits_for_the_morning_unless_the_nurse_says_so(migrated_sqlite: Path, tmp_path: Path) -> None:
    (tmp_path / "infusions.db").write_bytes(migrated_sqlite.read_bytes())
    with running(tmp_path, now=NIGHT) as web:
        add_staff(web.app)
        course = web.course(email=BOB)
        visitor = web.visitor("alice")
        mail = course_mails(web.app, course).waiting[0].ids[0]
        ask = visitor.get(f"/courses/{course}/mails/{mail}/send")
        assert "These are quiet hours for the patient, until Tue 15 Dec 2026, 08:00 (America/New_York)" in ask.text
        answer = press(visitor, ask, "Send it after the quiet hours")
        shown = visitor.get(answer.headers["location"]).text
        assert "goes when the patient's quiet hours end, Tue 15 Dec 2026, 08:00" in shown
        press(visitor, visitor.get(f"/courses/{course}/mails/{mail}/send"), "Send it now all the same")
        assert course_mails(web.app, course).waiting[0].at == web.app.now()
