"""Who gets a course's mails, as forms over real HTTP: carers with consent, choices, the patient's own address."""

from datetime import date
from uuid import UUID

import pytest

from calendars.kinds import Detail
from reminders.rules import Kind
from scheduler.actions import Hold, HoldCause
from service.audit import entries
from service.carers import RecipientLine, list_recipients
from service.messages import list_messages
from service.queries import load_course
from service.recipients import CalendarFiles
from service.worklist import Todo, worklist
from tests.web_site import Page, Visitor, Web

DORA = {
    "name": "Dora <b>Example</b>",
    "email": "dora@mail.example",
    "consent": "yes",
    "language": "es",
    "zone": "Europe/Paris",
    "detail": "full",
}
LATER = Hold(cycle=1, day=15, on=date(2026, 12, 14), cause=HoldCause.COUNTS)


@pytest.fixture(scope="module")
def alice(web: Web) -> Visitor:
    return web.visitor("alice")


@pytest.fixture
def course(web: Web) -> UUID:
    return web.course()


def recipients(web: Web, course: UUID) -> dict[str, RecipientLine]:
    return {line.role: line for line in list_recipients(web.app, course)}


def add(visitor: Visitor, course: UUID, **typed: str) -> Page:
    """The page after the form was sent with what is asked, and these changes."""
    page = visitor.get(f"/courses/{course}/mails/carers/new")
    answer = visitor.send(page, **DORA | typed)
    return visitor.get(answer.headers["location"]) if answer.status_code == 303 else Page(answer.text)


def test_a_carer_is_added_with_consent_detail_language_and_zone(web: Web, alice: Visitor, course: UUID) -> None:
    page = add(alice, course)
    assert "Stored: the carer gets mails as chosen." in page.text
    carer = recipients(web, course)["carer-1"]
    assert (carer.name, carer.email) == (DORA["name"], DORA["email"])
    assert (carer.language, carer.zone, carer.detail) == ("es", "Europe/Paris", Detail.FULL)
    assert DORA["name"] in page.text
    assert "<b>Example</b>" not in page.html, "what was typed is shown as text"
    waiting = [each for each in list_messages(web.app, course) if each.recipient == "carer-1"]
    assert waiting
    [deed] = [each for each in entries(web.app, course) if each.what == "carer-added"]
    assert (deed.by, deed.detail) == ("alice", {"recipient": "carer-1"})


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"consent": ""}, "The patient must agree: ask, then tick it."),
        ({"name": ""}, "Write the carer's name."),
        ({"email": "nobody"}, "mail address"),
        ({"zone": "Nowhere"}, "Nowhere"),
        ({"language": "xx"}, "choose one of the values"),
        ({"detail": "busy"}, "choose one of the values"),
    ],
    ids=str,
)
def test_what_cannot_be_stored_is_told_at_its_field_and_what_was_typed_stays(
    web: Web, alice: Visitor, course: UUID, typed: dict[str, str], told: str
) -> None:
    page = add(alice, course, **typed)
    assert told in page.text
    assert "Not stored yet" in page.text
    assert {tag.attributes.get("value") for tag in page.all("input")} & (
        {DORA["email"], DORA["name"]} - set(typed.values())
    )
    assert list(recipients(web, course)) == ["patient"]


def test_a_double_click_adds_one_carer_and_the_same_form_with_another_name_none(
    web: Web, alice: Visitor, course: UUID
) -> None:
    page = alice.get(f"/courses/{course}/mails/carers/new")
    assert [alice.send(page, **DORA).status_code for _ in range(2)] == [303, 303]
    assert alice.send(page, **DORA | {"name": "Somebody else"}).status_code == 409
    assert list(recipients(web, course)) == ["patient", "carer-1"]


def test_a_carers_mails_end_after_a_question(web: Web, alice: Visitor, course: UUID) -> None:
    add(alice, course)
    ask = alice.get(f"/courses/{course}/mails/carer-1/withdraw")
    assert "End the mails to Dora" in ask.text
    assert recipients(web, course)["carer-1"].withdrawn_at is None, "looking does nothing"
    page = alice.get(alice.send(ask).headers["location"])
    assert "Stored: no mail goes to the carer any more." in page.text
    assert recipients(web, course)["carer-1"].withdrawn_at is not None
    open_ = [each for each in list_messages(web.app, course) if each.recipient == "carer-1" and not each.settled_at]
    assert open_ == []
    for path in ("withdraw", "choice"):
        alice.get(f"/courses/{course}/mails/carer-1/{path}", status=404)
    alice.get(f"/courses/{course}/mails/patient/withdraw", status=404)


def test_the_patient_chooses_less_than_the_clinic_sends_and_calendar_files(
    web: Web, alice: Visitor, course: UUID
) -> None:
    form = alice.get(f"/courses/{course}/mails/patient/choice")
    shown = {
        (tag.attributes["name"], tag.attributes["value"]) for tag in form.all("input") if "checked" in tag.attributes
    }
    assert {("visit", "3"), ("visit", "1"), ("check", "1"), ("window", "30"), ("change", "0")} <= shown
    page = alice.get(alice.send(form, visit="1", check=[], calendar="never", detail="full").headers["location"])
    patient = recipients(web, course)["patient"]
    assert dict(patient.choice) == {Kind.VISIT: (1,), Kind.CHECK: ()}
    assert (patient.calendar, patient.detail) == (CalendarFiles.NEVER, Detail.FULL)
    assert "visits: 1 day before; checks: none" in page.text
    open_ = [each for each in list_messages(web.app, course) if each.settled_at is None]
    assert {(each.kind, each.offset_days) for each in open_} == {("visit", 1), ("window", 30)}
    again = alice.get(f"/courses/{course}/mails/patient/choice")
    alice.send(again, visit=["3", "1"], check="1")
    assert dict(recipients(web, course)["patient"].choice) == {}, (
        "all ticked: as the clinic sends, whatever it sends later"
    )


def test_more_than_the_clinic_sends_is_refused(web: Web, alice: Visitor, course: UUID) -> None:
    form = alice.get(f"/courses/{course}/mails/patient/choice")
    answer = alice.send(form, visit=["3", "1", "7"])
    assert answer.status_code == 422
    assert "choose one of the values that the form offers" in Page(answer.text).text
    assert dict(recipients(web, course)["patient"].choice) == {}


def test_a_carer_is_offered_nothing_that_concerns_reproduction(web: Web, alice: Visitor, course: UUID) -> None:
    add(alice, course)
    form = alice.get(f"/courses/{course}/mails/carer-1/choice")
    names = {tag.attributes.get("name") for tag in form.all("input")}
    assert names >= {"visit", "check", "change", "detail", "calendar"}
    assert not names & {"window", "email", "consent"}
    assert alice.send(form, visit="1").status_code == 303
    assert dict(recipients(web, course)["carer-1"].choice) == {Kind.VISIT: (1,)}


def test_another_address_and_consent_are_stored_and_what_waits_follows(web: Web, alice: Visitor, course: UUID) -> None:
    form = alice.get(f"/courses/{course}/mails/patient/choice")
    assert alice.send(form, email="new@patients.example", zone="Europe/Berlin", language="ar").status_code == 303
    found = load_course(web.app, course)
    assert (found.email, found.patient_zone, found.language) == ("new@patients.example", "Europe/Berlin", "ar")
    open_ = [each for each in list_messages(web.app, course) if each.settled_at is None and each.kind == "visit"]
    assert {each.send_after.hour for each in open_} == {7, 8}, "nine in Berlin, in summer and in winter"
    form = alice.get(f"/courses/{course}/mails/patient/choice")
    assert alice.send(form, consent=[]).status_code == 303
    assert not load_course(web.app, course).consent
    assert [each for each in list_messages(web.app, course) if each.settled_at is None] == []
    assert "no consent" in alice.get(f"/courses/{course}").text
    answer = alice.send(form, email="nobody at all")
    assert answer.status_code == 422
    assert load_course(web.app, course).email == "new@patients.example"


def test_a_hold_can_be_recorded_with_a_neutral_notice(web: Web, alice: Visitor, course: UUID) -> None:
    preview = alice.preview(alice.get(f"/courses/{course}/record/omit?dose=1-15"), reason="counts")
    assert "Not yet: send a neutral notice" in preview.text
    page = alice.get(alice.confirm(preview, telling="neutral"))
    assert "A neutral notice was let go on Mon 14 Dec 2026" in page.text
    assert [
        each.neutral for each in list_messages(web.app, course) if each.kind == "change" and not each.settled_at
    ] != []
    moved = alice.preview(alice.get(f"/courses/{course}/record/defer?dose=1-8"), to="2026-12-16")
    assert "neutral notice" not in moved.text, "a move is told by its own notice"


def test_a_neutral_notice_is_chosen_on_the_courses_page(web: Web, alice: Visitor, course: UUID) -> None:
    web.record(course, LATER)
    page = alice.get(f"/courses/{course}")
    assert "Neutral notice about the change of" in page.text
    told = alice.send(page, step="neutral")
    page = alice.get(told.headers["location"].partition("#")[0])
    assert "Stored: a neutral notice goes." in page.text
    assert "The patient does not know yet" in page.text
    assert not load_course(web.app, course).entries[-1].patient_told
    assert [
        line.neutral_at is not None for line in worklist(web.app) if line.course_id == course and line.todo is Todo.TELL
    ] == [True]


def test_a_request_id_that_is_none_or_was_used_for_something_else_is_told_and_changes_nothing(
    web: Web, alice: Visitor, course: UUID
) -> None:
    path, page = f"/courses/{course}/mails", alice.get(f"/courses/{course}")
    assert alice.post(f"{path}/pause", page, request_id="x" * 300).status_code == 422
    assert alice.post(f"{path}/pause", page, request_id="once").status_code == 303
    again = alice.post(f"{path}/resume", page, request_id="once")
    assert (again.status_code, "nothing was stored" in Page(again.text).text) == (409, True)
