"""What is known of a patient beside the dates, changed from the course's page over real HTTP."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from service.audit import entries
from service.carers import remove_carer
from service.courses import start_course
from service.patients import Guardian, PatientFacts, change_facts
from tests.stores import NURSE, bob
from tests.web_site import ELSEWHERE, Page, Visitor, Web

ANNA = Guardian(name="Anna Example", relation="mother", email="anna@mail.example", phone="+1 555 0102", consent=True)
MIA = PatientFacts(spoken_language="Tigrinya", interpreter=True, guardian=ANNA)
MIA_ALONE = replace(MIA, guardian=None)
GUARDIAN: dict[str, str | list[str]] = {
    "minor": "yes",
    "guardian": "Anna Example",
    "guardian_relation": "mother",
    "guardian_phone": "+1 555 0102",
    "guardian_email": "anna@mail.example",
    "guardian_consent": "yes",
}
NO_GUARDIAN: dict[str, str | list[str]] = {
    name: [] if name in {"minor", "guardian_consent"} else "" for name in GUARDIAN
}


@pytest.fixture(scope="module")
def alice(web: Web) -> Visitor:
    return web.visitor("alice")


@pytest.fixture
def course(web: Web) -> UUID:
    return web.course()


@pytest.fixture
def mias(web: Web, course: UUID) -> UUID:
    """The same course, of whose patient all is known that can be."""
    change_facts(web.app, course, MIA, by=NURSE)
    return course


def form_of(visitor: Visitor, course: UUID) -> Page:
    return visitor.get(f"/courses/{course}/facts")


def deeds(web: Web, course: UUID) -> list[tuple[str, object]]:
    found = [each for each in entries(web.app, course) if each.what == "patient-changed"]
    return [(each.by, each.detail["changed"]) for each in found]


def test_the_courses_page_leads_to_the_form_and_tells_what_was_stored(web: Web, alice: Visitor, course: UUID) -> None:
    page = alice.get(f"/courses/{course}")
    (link,) = [tag for tag in page.all("a") if tag.attributes["href"] == f"/courses/{course}/facts"]
    assert link.text == "Change what to know of the patient"
    assert "To know nothing noted" in page.text
    answer = alice.send(form_of(alice, course), spoken_language="Tigrinya", interpreter="yes", **GUARDIAN)
    assert answer.status_code == 303
    shown = alice.get(answer.headers["location"])
    assert "Stored: what to know of the patient." in shown.text
    assert "interpreter needed, speaks Tigrinya guardian: Anna Example, mother" in shown.text
    assert web.load(course).facts == MIA
    assert deeds(web, course) == [("alice", "spoken_language, interpreter, guardian")]


def test_the_form_holds_what_is_known_and_sent_as_it_is_changes_nothing(web: Web, alice: Visitor, mias: UUID) -> None:
    page = form_of(alice, mias)
    _, held = page.form()
    assert {name: held[name] for name in GUARDIAN} == {name: [value] for name, value in GUARDIAN.items()}
    assert (held["language"], held["spoken_language"], held["interpreter"]) == (["en"], ["Tigrinya"], ["yes"])
    before = deeds(web, mias)
    assert alice.send(page).status_code == 303
    assert (web.load(mias).facts, deeds(web, mias)) == (MIA, before)


def test_the_day_and_the_worklist_follow_at_once(web: Web) -> None:
    charlie, comes = web.visitor("charlie"), date(2026, 12, 15)  # tomorrow, and no mail tells of it
    zoe = replace(bob(email=None), patient="Zoe Example", course=replace(bob().course, day1=comes), facts=MIA_ALONE)
    course = start_course(web.app, zoe, by=NURSE, clinic_id=ELSEWHERE)
    pages = ("/?day=2026-12-15", "/worklist")
    assert ["Interpreter: Tigrinya" in charlie.get(page).text for page in pages] == [True, True]
    assert charlie.send(form_of(charlie, course), interpreter=[], spoken_language="").status_code == 303
    assert ["Interpreter" in charlie.get(page).text for page in pages] == [False, False]
    assert "Zoe Example" in charlie.get("/worklist").text
    assert charlie.send(form_of(charlie, course), **GUARDIAN).status_code == 303
    assert "Zoe Example" not in charlie.get("/worklist").text, "a guardian with mails is told by one"


def test_the_language_that_the_patient_reads_is_mended_with_the_rest(web: Web, alice: Visitor, mias: UUID) -> None:
    assert alice.send(form_of(alice, mias), language="ar").status_code == 303
    assert web.load(mias).language == "ar"
    assert deeds(web, mias)[-1] == ("alice", "language")


def test_nobody_stands_for_the_patient_any_more(web: Web, alice: Visitor, mias: UUID) -> None:
    page = form_of(alice, mias)
    refused = alice.send(page, minor=[])
    assert refused.status_code == 422
    shown = Page(refused.text)
    assert "A guardian is named: tick this, or empty the guardian's fields." in shown.text
    (section,) = [tag for tag in shown.all("section") if tag.attributes.get("class", "").startswith("guardian")]
    assert section.attributes["class"] == "guardian wanted", "it stays in sight, so that it can be emptied"
    assert alice.send(page, **NO_GUARDIAN).status_code == 303
    assert web.load(mias).facts.guardian is None


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"minor": "yes"}, "guardian", "Write the name of who stands for the patient"),
        ({**GUARDIAN, "minor": []}, "minor", "A guardian is named: tick this"),
        ({**GUARDIAN, "guardian_relation": ""}, "guardian_relation", "Say how the guardian is related"),
        ({**GUARDIAN, "guardian_email": ""}, "guardian_email", "Mails were agreed to"),
        ({**GUARDIAN, "guardian_email": "anna"}, "guardian_email", "Must be a mail address"),
        ({"language": "tlh"}, "language", "choose one of the values"),
        ({"language": ""}, "language", "Choose the language"),
        ({"spoken_language": "x" * 61}, "spoken_language", "at most 60 characters"),
    ],
)
def test_a_fault_stands_beside_its_field_and_what_was_typed_stays(
    web: Web, alice: Visitor, course: UUID, *, typed: dict[str, str | list[str]], field: str, sentence: str
) -> None:
    answer = alice.send(form_of(alice, course), **{"spoken_language": "Dari", **typed})
    refused = Page(answer.text)
    assert answer.status_code == 422, refused.text
    (fault,) = [tag for tag in refused.all("p") if tag.attributes.get("id") == f"{field}-fault"]
    assert sentence in fault.text
    assert refused.form()[1]["spoken_language"] == [typed.get("spoken_language", "Dari")]
    assert web.load(course).facts == PatientFacts()


def test_a_double_click_stores_once(web: Web, alice: Visitor, course: UUID) -> None:
    page = form_of(alice, course)
    assert [alice.send(page, spoken_language="Dari").status_code for _ in range(2)] == [303, 303]
    assert deeds(web, course) == [("alice", "spoken_language")]


def test_a_stale_page_stores_nothing_shows_what_is_stored_now_and_goes_through_when_sent_anew(
    web: Web, alice: Visitor, mias: UUID
) -> None:
    page = form_of(alice, mias)
    remove_carer(web.app, mias, "guardian", by="pia")  # consent ended while the page was open
    now = replace(MIA, guardian=replace(ANNA, consent=False))
    answer = alice.send(page, spoken_language="<b>Somali</b>")
    shown = Page(answer.text)
    assert answer.status_code == 409
    assert "This was changed since the page was opened." in shown.text
    assert "Stored now: reads English; interpreter needed, speaks Tigrinya" in shown.text
    assert "+1 555 0102; anna@mail.example is kept, without consent nothing is sent" in shown.text
    assert shown.form()[1]["spoken_language"] == ["<b>Somali</b>"]
    assert "<b>Somali" not in answer.text
    assert web.load(mias).facts == now
    assert alice.send(shown, guardian_consent=[]).status_code == 303
    assert web.load(mias).facts == replace(now, spoken_language="<b>Somali</b>")


def test_a_page_that_was_sent_and_opened_again_with_the_back_key_is_stale(
    web: Web, alice: Visitor, course: UUID
) -> None:
    page = form_of(alice, course)
    alice.send(page, spoken_language="Dari")
    assert alice.send(page, spoken_language="Somali").status_code == 409
    assert web.load(course).facts.spoken_language == "Dari"


def test_without_its_marks_a_form_stores_nothing(web: Web, alice: Visitor, course: UUID) -> None:
    page = form_of(alice, course)
    assert alice.post(f"/courses/{course}/facts", page, language="en", spoken_language="Dari").status_code == 409
    assert alice.send(page, token="x", spoken_language="Dari").status_code == 403
    assert web.load(course).facts == PatientFacts()


def test_a_reader_sees_the_facts_and_changes_none_and_another_clinic_finds_nothing(
    web: Web, alice: Visitor, mias: UUID
) -> None:
    erin, charlie = web.visitor("erin"), web.visitor("charlie")
    page = erin.get(f"/courses/{mias}")
    assert "speaks Tigrinya" in page.text
    assert f"/courses/{mias}/facts" not in page.html
    erin.get(f"/courses/{mias}/facts", status=403)
    assert erin.post(f"/courses/{mias}/facts", language="en").status_code == 403
    charlie.get(f"/courses/{mias}/facts", status=404)
    own = web.course(clinic_id=ELSEWHERE)
    _, held = charlie.get(f"/courses/{own}/facts").form()
    answer = charlie.http.post(f"/courses/{mias}/facts", data=held)
    assert answer.status_code == 404
    assert web.load(mias).facts == MIA


def test_that_the_form_was_seen_is_in_the_audit(web: Web, alice: Visitor, course: UUID) -> None:
    form_of(alice, course)
    assert [(each.what, each.by) for each in entries(web.app, course)][-1] == ("course-viewed", "alice")


def test_the_list_of_courses_leads_to_the_import_for_those_who_may(web: Web, alice: Visitor) -> None:
    links = {tag.attributes["href"]: tag.text for tag in alice.get("/courses").all("a")}
    assert links["/courses/import"] == "Import from a table"
    assert "/courses/import" not in {tag.attributes["href"] for tag in web.visitor("erin").get("/courses").all("a")}
